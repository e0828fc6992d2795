"""Dialect `dnc-groups`: from a tenant's id to the host of its API. Pure."""

import ipaddress
import re
from http import HTTPStatus
from urllib.parse import quote, urlsplit

from reconciler.cxone.groups_words import Malformed, content, said
from reconciler.cxone.wire import Again, Request, Response, passing
from reconciler.model.errors import CxoneRefused
from reconciler.model.provider import Failure

_PATH = "/.well-known/cxone-configuration"
_SKIP = "write `apiUrl` of this tenant in dnc.yaml, which skips discovery"


def discovery(discovery_url: str, tenant_id: str) -> Request:
    """Ask where a tenant's API is. Raises CxoneRefused where the token did not say whose it is."""
    request = Request(
        "GET",
        _PATH,
        query=f"tenantId={quote(tenant_id, safe='')}",
        base=discovery_url,
        setting="discoveryUrl",
    )
    if not tenant_id:
        raise CxoneRefused("the token names no tenant (`tenantId`)", _SKIP, where=request.at(""))
    return request


def judge_discovery(response: Response, request: Request) -> str | Again:
    """Give the API's address. Raises CxoneRefused where there is none to be used."""
    words = said(response)
    if response.status == HTTPStatus.OK:
        try:
            endpoint = content(response.body).get("api_endpoint")
        except Malformed as fault:
            return Again(Failure("unreadable", str(fault)))
        if isinstance(endpoint, str) and usable(endpoint):
            return endpoint.rstrip("/")
        raise CxoneRefused(
            "discovery names no API that can be used (`api_endpoint`)", _SKIP, where=request.at("")
        )
    if again := passing(response, words):
        return again
    shown = f"{response.status}{': ' if words else ''}{words}"
    raise CxoneRefused(
        f"discovery was answered {shown}", f"check `discoveryUrl`; or {_SKIP}", where=request.at("")
    )


def usable(url: str) -> bool:
    """Tell whether a token may be sent there: https, or loopback, and nothing but host, port and path."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    if not host or re.search(r"\s", url) or parts.username is not None or parts.query or parts.fragment:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(host))


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
