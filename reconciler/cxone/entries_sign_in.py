"""Dialect `entries`: signing in with a client id and its secret. Pure."""

from http import HTTPStatus
from urllib.parse import urlencode

from reconciler.cxone.settings import EntriesSettings
from reconciler.cxone.token import Token, decode
from reconciler.cxone.wire import Again, Request, Response, passing
from reconciler.cxone.words import reason
from reconciler.model.errors import CxoneRefused
from reconciler.model.provider import Failure

_PATH = "/api/v2/oauth/token"
_WRONG = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})


class EntriesSignIn:
    """The client credentials grant. The form is URL-encoded: secrets hold `&`, `=` and `+`."""

    def __init__(self, settings: EntriesSettings) -> None:
        self.secrets = (settings.client_secret,)
        self._organisation = settings.organisation
        self._where = f"POST {_PATH} at {settings.target.host}"
        form = {
            "grant_type": "client_credentials",
            "client_id": settings.client_id,
            "client_secret": settings.client_secret,
        }
        self.request = Request(
            "POST", _PATH, body=urlencode(form).encode(), content_type="application/x-www-form-urlencoded"
        )

    def judge(self, response: Response) -> Token | Again:
        """Read the answer; raises CxoneRefused where trying again would not help."""
        status = response.status
        if status == HTTPStatus.OK:
            return decode(response.body) or Again(
                Failure("unreadable", "the answer to the sign-in holds no token")
            )
        said = reason(response.body)
        if again := passing(response, said):
            return again
        if status in _WRONG:
            raise CxoneRefused(
                f"the sign-in was refused ({status}{': ' if said else ''}{said})",
                "check `clientId` and `clientSecret` of this tenant in dnc.yaml and the variables that they "
                f"name (CXONE_CLIENT_ID, CXONE_CLIENT_SECRET), and that the client belongs to `orgId` "
                f"{self._organisation}",
                where=self._where,
            )
        raise CxoneRefused(
            f"the sign-in was answered {status}{': ' if said else ''}{said}: not the tenant's address",
            f"check `orgId` ({self._organisation}) and `baseUrl` of this tenant in dnc.yaml",
            where=self._where,
        )
