"""The sandbox's two sign-ins of dialect `dnc-groups`, discovery, and the tokens that they lead to.

NICE's help and developer pages say where each is. The access key, and the registered client of the password
grant, are both among the sandbox's clients.
"""

import base64
import hmac
import re
from typing import Any
from urllib.parse import parse_qsl

import orjson
from starlette.requests import Request
from starlette.responses import Response

from reconciler.sandbox.answers import answer
from reconciler.sandbox.tenant import Tenant
from reconciler.sandbox.tokens import Access

_BEARER = re.compile(r"bearer +([A-Za-z0-9._~+/-]+=*)", re.IGNORECASE)
_BASIC = re.compile(r"basic +([A-Za-z0-9+/]+=*)", re.IGNORECASE)
_FORM = "application/x-www-form-urlencoded"


class GroupsSignIn:
    """Signs in with an access key, both ways, and says where the API is."""

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant

    async def access_key(self, request: Request) -> Response:
        """POST /authentication/v1/token/access-key: JSON in, tokens out."""
        try:
            content = orjson.loads(await request.body())
        except orjson.JSONDecodeError:
            content = None
        if not isinstance(content, dict) or content.keys() != {"accessKeyId", "accessKeySecret"}:
            return self.refusal(400, "send exactly accessKeyId and accessKeySecret")
        return self._issue_tokens(str(content["accessKeyId"]), str(content["accessKeySecret"]))

    async def password(self, request: Request) -> Response:
        """POST /auth/token: the password grant of a client that is registered, by Basic or by the form."""
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
            return self.refusal(400, "send a form")
        form = dict(parse_qsl((await request.body()).decode("utf-8", "replace"), keep_blank_values=True))
        if form.get("grant_type") != "password":
            return self.refusal(400, "only the password grant")
        grant, basic = self._tenant.groups.quirks.grant, _basic(request)
        client = basic if grant in {"both", "basic"} and basic else None
        if client is None and grant in {"both", "form"} and "client_id" in form:
            client = (form["client_id"], form.get("client_secret", ""))
        if client is None or not self._is_registered(*client):
            return self.refusal(401, "unknown client, or a wrong secret")
        return self._issue_tokens(form.get("username", ""), form.get("password", ""))

    async def discovery(self, request: Request) -> Response:
        """GET /.well-known/cxone-configuration: where a tenant's API is."""
        if request.query_params.get("tenantId") != self._tenant.settings.organisation:
            return self.refusal(404, "there is no such tenant")
        return answer({"api_endpoint": str(request.base_url).rstrip("/"), "area": "sandbox"})

    def check_access(self, request: Request, scope: str) -> Response | None:
        """Judge who calls; None when the call may go on."""
        bearer = _BEARER.fullmatch(request.headers.get("authorization", ""))
        token = bearer[1].rpartition(".")[2] if bearer else ""
        match self._tenant.tokens.access(token, scope):
            case Access.GRANTED:
                return None
            case Access.NO_TOKEN:
                return self.refusal(401, "no valid token")
            case Access.NO_SCOPE | Access.OTHER_ORGANISATION:
                return self.refusal(403, "the user may not do this")

    def refusal(self, status: int, words: str) -> Response:
        """Answer that something is wrong, in the body or only in the header."""
        if self._tenant.groups.quirks.errors_in_header:
            return Response(status_code=status, headers={"icStatusDescription": words})
        return answer({"error": "refused", "error_description": words}, status)

    def _issue_tokens(self, key_id: str, secret: str) -> Response:
        issued = self._tenant.tokens.issue(key_id, secret)
        if issued is None:
            return self.refusal(401, "unknown access key, or a wrong secret")
        claim, claims = self._tenant.groups.quirks.claim, {"tenantId": self._tenant.settings.organisation}
        return answer(
            {
                # The sandbox knows a token by its last part.
                "access_token": _jwt(claims if claim == "access_token" else {}, issued),
                "id_token": _jwt(claims if claim == "id_token" else {}, "unsigned"),
                "refresh_token": "none",
                "expires_in": self._tenant.settings.token_seconds,
                "token_type": "Bearer",
            }
        )

    def _is_registered(self, client_id: str, secret: str) -> bool:
        client = self._tenant.settings.clients.get(client_id)
        expected = client.secret if client else ""
        return hmac.compare_digest(expected.encode(), secret.encode()) and client is not None


def _basic(request: Request) -> tuple[str, str] | None:
    match = _BASIC.fullmatch(request.headers.get("authorization", ""))
    try:
        text = base64.b64decode(match[1], validate=True).decode() if match else ""
    except ValueError:
        return None
    user, colon, password = text.partition(":")
    return (user, password) if colon else None


def _jwt(claims: dict[str, Any], signature: str) -> str:
    return ".".join((_part({"alg": "none", "typ": "JWT"}), _part(claims), signature))


def _part(content: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(content)).decode().rstrip("=")
