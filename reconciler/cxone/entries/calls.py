"""Dialect `entries`: its calls, its sign-in, and what their refusals mean. Pure."""

from http import HTTPStatus
from typing import NoReturn
from urllib.parse import quote, urlencode

from reconciler.config.connection_settings import EntriesSettings
from reconciler.core.model.errors import CxoneRefused, CxoneUnavailable
from reconciler.core.model.provider import Failure
from reconciler.cxone.http.messages import Request, Response, RetryableFailure, parse_retryable
from reconciler.cxone.http.sanitize import refusal_text
from reconciler.cxone.http.token import Token, parse_token

PAGE_SIZE = 500  # customer-supplied specification: at most 500
_ENTRIES = "/api/v2/dnc/entries"
_READ, _WRITE = "dnc:entries:read", "dnc:entries:write"


def page_request(number: int, size: int = PAGE_SIZE) -> Request:
    """Ask for one page; they count from 1."""
    return Request("GET", _ENTRIES, query=f"pageSize={size}&page={number}")


def bulk_request(body: bytes) -> Request:
    """Upsert what `bulk.encode` made."""
    return Request("POST", f"{_ENTRIES}/bulk", body=body, content_type="application/json")


def removal_request(entry_id: str) -> Request:
    """Take one entry off. Assumed, not given: the specification shows no removal."""
    return Request("DELETE", f"{_ENTRIES}/{quote(entry_id, safe='')}", label=f"{_ENTRIES}/{{id}}")


class Refusals:
    """Says what an answer means that no call of ours can go on after."""

    def __init__(self, organisation: str, host: str) -> None:
        self._organisation = organisation
        self._host = host

    def raise_for_access(self, request: Request, response: Response) -> None:
        """Raise where credentials, scope or address are wrong: 401 after a new token, 403, a redirect."""
        where = f"{request.call} at {self._host}"
        scope = _READ if request.method == "GET" else _WRITE
        if response.status == HTTPStatus.UNAUTHORIZED:
            raise CxoneRefused(
                "401 even with a token that was fetched just now",
                f"check that the client's credentials are active and belong to `orgId` {self._organisation}",
                where=where,
            )
        if response.status == HTTPStatus.FORBIDDEN:
            message = refusal_text(response.body)
            raise CxoneRefused(
                f"403: the client may not do this{': ' if message else ''}{message}",
                f"it needs the scope {scope}: see the scopes of the client in CXone; or the client is of "
                f"another organisation than `orgId` {self._organisation} in dnc.yaml",
                where=where,
            )
        if HTTPStatus.MULTIPLE_CHOICES <= response.status < HTTPStatus.BAD_REQUEST:
            raise CxoneUnavailable(
                f"{response.status}: redirects to another host or path; a token is never sent after it",
                "set `baseUrl` of this tenant to the address that serves the API itself",
                where=where,
            )

    def raise_for_read(self, request: Request, response: Response) -> NoReturn:
        """Raise for an answer to a read that is neither a page nor worth another attempt."""
        self.raise_for_access(request, response)
        where, message = f"{request.call} at {self._host}", refusal_text(response.body)
        if response.status == HTTPStatus.NOT_FOUND:
            raise CxoneRefused(
                "404: there are no do-not-call entries at this address",
                f"check `orgId` ({self._organisation}) and `baseUrl` of this tenant in dnc.yaml",
                where=where,
            )
        raise CxoneUnavailable(
            f"answered {response.status}{': ' if message else ''}{message}",
            "the contract knows no such answer; confirm it with your CXone representative",
            where=where,
        )


_PATH = "/api/v2/oauth/token"
_WRONG = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})


class EntriesSignIn:
    """The client credentials grant. The form is URL-encoded: secrets hold `&`, `=` and `+`."""

    def __init__(self, settings: EntriesSettings) -> None:
        self.secrets = (settings.client_secret,)
        self._organisation = settings.org_id
        self._where = f"POST {_PATH} at {settings.target.host}"
        form = {
            "grant_type": "client_credentials",
            "client_id": settings.client_id,
            "client_secret": settings.client_secret,
        }
        self.request = Request(
            "POST", _PATH, body=urlencode(form).encode(), content_type="application/x-www-form-urlencoded"
        )

    def judge(self, response: Response) -> Token | RetryableFailure:
        """Read the answer; raises CxoneRefused where trying again would not help."""
        status = response.status
        if status == HTTPStatus.OK:
            return parse_token(response.body) or RetryableFailure(
                Failure("unreadable", "the answer to the sign-in holds no token")
            )
        message = refusal_text(response.body)
        if again := parse_retryable(response, message):
            return again
        if status in _WRONG:
            raise CxoneRefused(
                f"the sign-in was refused ({status}{': ' if message else ''}{message})",
                "check `clientId` and `clientSecret` of this tenant in dnc.yaml and the variables that they "
                f"name (CXONE_CLIENT_ID, CXONE_CLIENT_SECRET), and that the client belongs to `orgId` "
                f"{self._organisation}",
                where=self._where,
            )
        raise CxoneRefused(
            f"the sign-in was answered {status}{': ' if message else ''}{message}: not the tenant's address",
            f"check `orgId` ({self._organisation}) and `baseUrl` of this tenant in dnc.yaml",
            where=self._where,
        )
