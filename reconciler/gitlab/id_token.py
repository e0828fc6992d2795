"""A job's `id_token`: what GitLab signed about the job, checked against the keys that GitLab publishes.

Claims and addresses as GitLab's documentation of ID tokens has them (read 2026-11-27).
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import requests

from reconciler.config.connection_settings import proxy_exemption
from reconciler.gitlab.client import GitLabProblem, is_safe

AUDIENCE = "dnc"
KEYS = "/oauth/discovery/keys"
TIMEOUT = (3.0, 5.0)  # seconds to connect, and between two bytes of the answer
_LEEWAY = 60  # seconds between two machines' clocks
_FIX = "id_tokens: {DNC_ID_TOKEN: {aud: dnc}} in the job gives one"


def verify_claims(token: str, server: str, now: datetime) -> Mapping[str, Any]:
    """Verify a token's signature, issuer, audience and time; give its claims.

    Raises GitLabProblem where any of these is not as it must be, or the keys cannot be had.
    """
    import jwt  # noqa: PLC0415  (only where a job has a token; its cryptography takes a while to load)

    try:
        header = jwt.get_unverified_header(token)
        keys = jwt.PyJWKSet.from_dict(_keys(server))
        claims: Mapping[str, Any] = jwt.decode(
            token,
            keys[str(header.get("kid"))].key,
            algorithms=["RS256"],
            audience=AUDIENCE,
            issuer=server.rstrip("/"),
            # The time is judged by the run's own clock, below.
            options={
                "require": ["exp", "iss", "aud"],
                "verify_exp": False,
                "verify_nbf": False,
                "verify_iat": False,
            },
        )
        is_expired = now.timestamp() > int(claims["exp"]) + _LEEWAY
        is_early = now.timestamp() < int(claims.get("nbf", 0)) - _LEEWAY
    except (jwt.PyJWTError, KeyError, TypeError, ValueError) as error:
        # Its text may hold the token.
        raise GitLabProblem(f"the id_token is not to be believed ({type(error).__name__})", _FIX) from None
    if is_expired or is_early:
        raise GitLabProblem("the id_token is over, or not valid yet", _FIX)
    return claims


def _keys(server: str) -> dict[str, Any]:
    if not is_safe(server):
        raise GitLabProblem("CI_SERVER_URL is not https: keys from there prove nothing", "give it as https")
    try:
        with requests.Session() as session:
            session.auth = lambda request: request  # a .netrc would add its own header
            answer = session.get(
                server.rstrip("/") + KEYS,
                timeout=TIMEOUT,
                allow_redirects=False,
                proxies=proxy_exemption(server),
            )
            keys = answer.json() if answer.status_code == requests.codes.ok else None
    except (OSError, ValueError) as error:  # all that requests raises is one
        host = urlsplit(server).hostname
        raise GitLabProblem(
            f"{host} does not give its keys ({type(error).__name__})", "", is_passing=True
        ) from None
    if not isinstance(keys, dict):
        raise GitLabProblem(f"{urlsplit(server).hostname} does not give its keys", "", is_passing=True)
    return keys
