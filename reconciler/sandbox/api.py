"""The calls of the API, dialect `entries`. Contract as given by the seed, read 2026-11-23."""

import re
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response

from reconciler.sandbox import chunk
from reconciler.sandbox.answers import answer, problem
from reconciler.sandbox.tenant import Tenant
from reconciler.sandbox.tokens import READ, WRITE, Access

LARGEST_PAGE = 500

# The seed: the base URL is `https://{orgId}.my.cxone.com`.
_DOMAIN = ".my.cxone.com"
_COUNT = re.compile(r"[0-9]{1,18}")
_BEARER = re.compile(r"bearer +([A-Za-z0-9._~+/-]+=*)", re.IGNORECASE)
_GRANT = {"grant_type", "client_id", "client_secret"}


class Api:
    """Answers the four calls for one tenant."""

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant

    async def token(self, request: Request) -> Response:
        """POST /api/v2/oauth/token: sign a client in."""
        if _media_type(request) != "application/x-www-form-urlencoded":
            return _grant_refused(400, "invalid_request", "send a form")
        form = _form(await request.body(), "utf-8")
        if form is None or form.keys() != _GRANT:
            return _grant_refused(400, "invalid_request", f"send exactly {', '.join(sorted(_GRANT))}")
        if form["grant_type"] != "client_credentials":
            return _grant_refused(400, "unsupported_grant_type", "only client_credentials")
        token = self._tenant.tokens.issue(form["client_id"], form["client_secret"])
        if token is None:
            return _grant_refused(401, "invalid_client", "unknown client, or a wrong secret")
        content = {
            "access_token": token,
            "expires_in": self._tenant.settings.token_seconds,
            "token_type": "Bearer",
        }
        return answer(content, headers={"Cache-Control": "no-store"})

    async def read(self, request: Request) -> Response:
        """GET /api/v2/dnc/entries: one page, in the order in which the entries came."""
        if refused := self._refused(request, READ):
            return refused
        query = _form(request.url.query.encode(), "ascii")
        if query is None or query.keys() != {"pageSize", "page"}:
            return problem(400, "send pageSize and page, and nothing else")
        size, number = _count(query["pageSize"]), _count(query["page"])
        if not 1 <= size <= LARGEST_PAGE or number < 1:
            return problem(400, f"pageSize is 1 to {LARGEST_PAGE}, page counts from 1")
        entries, total = self._tenant.store.page(number, size)
        request.state.items = len(entries)
        return answer({"entity": [entry.wire() for entry in entries], "page": number, "total": total})

    async def bulk(self, request: Request) -> Response:
        """POST /api/v2/dnc/entries/bulk: create or update up to 500 entries."""
        if refused := self._refused(request, WRITE):
            return refused
        if _media_type(request) != "application/json":
            return problem(415, "send application/json")
        body = await request.body()
        if len(body) > self._tenant.settings.largest_body:
            return problem(413, f"the body has more than {self._tenant.settings.largest_body} bytes")
        try:
            entries = chunk.parse(body)
        except chunk.Malformed as error:
            return problem(400, str(error))
        request.state.items = len(entries)
        most = self._tenant.conduct.most_items
        if most is not None and len(entries) > most:
            return problem(413, f"more than {most} entries")
        judged = chunk.judge(entries, self._tenant.conduct)
        content, status = judged.settle(self._tenant.store.upsert(judged.to_store, self._tenant.now()))
        return answer(content, status)

    async def delete(self, request: Request) -> Response:
        """DELETE /api/v2/dnc/entries/{id}: take one entry off. Assumed: the seed shows no removal."""
        if refused := self._refused(request, WRITE):
            return refused
        if not self._tenant.conduct.deletes:
            return problem(405, "this tenant cannot remove", {"Allow": ""})
        if not self._tenant.store.delete(request.path_params["id"]):
            return problem(404, "there is no such entry")
        return Response(status_code=204)

    def _refused(self, request: Request, scope: str) -> Response | None:
        """Judge who calls; None when the call may go on."""
        if self._names_another_organisation(request):
            return problem(403, "the host names another organisation")
        bearer = _BEARER.fullmatch(request.headers.get("authorization", ""))
        match self._tenant.tokens.access(bearer[1] if bearer else "", scope):
            case Access.GRANTED:
                return None
            case Access.NO_TOKEN:
                return problem(401, "no valid token", {"WWW-Authenticate": "Bearer"})
            case Access.NO_SCOPE:
                return problem(403, f"the client does not have the scope {scope}")
            case Access.OTHER_ORGANISATION:
                return problem(403, "the client belongs to another organisation")

    def _names_another_organisation(self, request: Request) -> bool:
        host = request.headers.get("host", "").partition(":")[0].lower()
        return host.endswith(_DOMAIN) and host != self._tenant.settings.organisation.lower() + _DOMAIN


def _media_type(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def _form(text: bytes, encoding: str) -> dict[str, str] | None:
    """Read a form or a query; None when it cannot be read, or names something twice."""
    try:
        pairs = parse_qsl(text.decode(encoding), keep_blank_values=True, strict_parsing=True, errors="strict")
    except ValueError:
        return None
    fields = dict(pairs)
    return fields if len(fields) == len(pairs) else None


def _count(text: str) -> int:
    return int(text) if _COUNT.fullmatch(text) else 0


def _grant_refused(status: int, error: str, description: str) -> Response:
    """Refuse a sign-in, in the form that OAuth 2.0 gives (RFC 6749, section 5.2)."""
    return answer({"error": error, "error_description": description}, status)
