"""Dialect `dnc-groups`: its two sign-ins, and who the token says that we are.

NICE's help and developer pages: an access key signs in by itself at one address, or as user and password of
the password grant of a registered client at another.
"""

import base64
from dataclasses import replace
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

import orjson

from reconciler.config.connection_settings import GroupsSettings
from reconciler.core.model.errors import CxoneRefused
from reconciler.core.model.provider import Failure
from reconciler.cxone.groups.calls import refusal_reason
from reconciler.cxone.http.messages import Request, Response, RetryableFailure, parse_retryable
from reconciler.cxone.http.token import Token, parse_token

_KEY_PATH = "/authentication/v1/token/access-key"
_GRANT_PATH = "/auth/token"
_FORM = "application/x-www-form-urlencoded"
_WRONG = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})
_PARTS_OF_A_JWT = 3


class GroupsSignIn:
    """Signs in with an access key. A registered client's password grant goes as HTTP Basic, then as a form.

    Which of the two ways a client is registered for is unknown, so the second is tried where the first is
    refused, and the one that worked is kept.
    """

    def __init__(self, settings: GroupsSettings) -> None:
        self._requests = (
            _password_grant_requests(settings) if settings.client_id else [_access_key_request(settings)]
        )
        basic = base64.b64encode(f"{settings.client_id}:{settings.client_secret}".encode()).decode()
        secret = settings.client_secret
        self.secrets = (settings.access_key_secret, *((secret, basic) if secret else ()))
        self.tenant_id = ""
        self._keys = "`accessKeyId` and `accessKeySecret`" + (
            ", `clientId` and `clientSecret`" if settings.client_id else ""
        )

    @property
    def request(self) -> Request:
        """The request for a token."""
        return self._requests[0]

    def judge(self, response: Response) -> Token | RetryableFailure:
        """Read the answer; raises CxoneRefused where trying again would not help."""
        status = response.status
        if status == HTTPStatus.OK:
            token = parse_token(response.body)
            if token is None:
                return RetryableFailure(Failure("unreadable", "the answer to the sign-in holds no token"))
            self.tenant_id = _tenant_id(response.body)
            return token
        reason_text = refusal_reason(response)
        if again := parse_retryable(response, reason_text):
            return again
        where = self.request.at("")
        answer_text = f"{status}{': ' if reason_text else ''}{reason_text}"
        if status not in _WRONG:
            raise CxoneRefused(
                f"the sign-in was answered {answer_text}: not an address to sign in at",
                "check `authUrl` of this tenant in dnc.yaml",
                where=where,
            )
        if len(self._requests) > 1:
            del self._requests[0]
            return RetryableFailure(Failure(str(status), reason_text))
        raise CxoneRefused(
            f"the sign-in was refused ({answer_text})",
            f"check {self._keys} of this tenant in dnc.yaml and the variables that they name, and that the "
            "access key is active in CXone",
            where=where,
        )


def _access_key_request(settings: GroupsSettings) -> Request:
    body = {"accessKeyId": settings.access_key_id, "accessKeySecret": settings.access_key_secret}
    return Request(
        "POST",
        _KEY_PATH,
        body=orjson.dumps(body),
        content_type="application/json",
        base=settings.auth_url,
        setting="authUrl",
    )


def _password_grant_requests(settings: GroupsSettings) -> list[Request]:
    user = {
        "grant_type": "password",
        "username": settings.access_key_id,
        "password": settings.access_key_secret,
    }
    client = (settings.client_id, settings.client_secret)
    fields = user | {"client_id": client[0], "client_secret": client[1]}
    form = Request(
        "POST",
        _GRANT_PATH,
        body=urlencode(fields).encode(),
        content_type=_FORM,
        base=settings.auth_url,
        setting="authUrl",
    )
    return [replace(form, body=urlencode(user).encode(), basic=client), form]


def _tenant_id(body: bytes) -> str:
    """Find the `tenantId` claim in the tokens of a sign-in's answer; empty where none has it."""
    answer = orjson.loads(body)
    for name in ("id_token", "access_token"):
        tenant = _jwt_claims(answer.get(name)).get("tenantId")
        if isinstance(tenant, str) and tenant:
            return tenant
    return ""


def _jwt_claims(token: object) -> dict[str, Any]:
    """Read the claims of a JWT. Nothing is verified: they only say what to ask for next."""
    parts = token.split(".") if isinstance(token, str) else []
    if len(parts) != _PARTS_OF_A_JWT:
        return {}
    try:
        claims = orjson.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except ValueError:
        return {}
    return claims if isinstance(claims, dict) else {}
