"""Compares the addresses of CXone by where they lead, not by how they are written."""

import posixpath
from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import quote, unquote, urlsplit

from reconciler.core.model.provider import Target

LOOPBACK = "localhost"
_PORTS = {"http": 80, "https": 443}
_PARTS = 4  # of an IPv4 address


def is_same_target(first: Target, second: Target) -> bool:
    """Tell whether two targets are one CXone: same dialect and organisation, hosts compared normalised."""
    return (
        first.dialect == second.dialect
        and first.organisation.casefold() == second.organisation.casefold()
        and normalise_address(first.host) == normalise_address(second.host)
    )


def normalise_address(address: str) -> str:
    """Give an address, or a bare host with its port, as host, port and path in one spelling.

    Scheme, user, query, default port, trailing slash and dot, case, IDNA, other spellings of an IP address
    and the names of the loopback interface make no difference. Text that is no address is given in lower
    case.
    """
    scheme, has_scheme, rest = address.strip().partition("://")
    try:
        parts = urlsplit(f"//{rest if has_scheme else address.strip()}")
        host, port = _host(parts.hostname or ""), parts.port
    except ValueError:
        return address.strip().lower()
    if port is None:
        port = _PORTS.get(scheme.lower(), _PORTS["https"]) if has_scheme else None
    # A bare host does not tell its scheme: https, or http where it is loopback.
    default_ports = {_PORTS["https"], *([_PORTS["http"]] if host == LOOPBACK else [])}
    port_suffix = "" if port is None or port in default_ports else f":{port}"
    return f"{host}{port_suffix}{_path(parts.path)}"


def is_loopback(url: str) -> bool:
    """Tell whether a URL leads to this machine itself, in whatever spelling."""
    return normalise_address(url).partition("/")[0].partition(":")[0] == LOOPBACK


def _host(written: str) -> str:
    host = unquote(written).partition("%")[0].lower()  # what follows % is the zone of an IPv6 address
    with suppress(UnicodeError):  # an empty label, or one that is too long, stays as it is written
        host = host.encode("idna").decode("ascii").lower()
    host = host.rstrip(".")
    address = _ip(host)
    is_loopback = address.is_loopback if address else host == LOOPBACK or host.endswith(f".{LOOPBACK}")
    return LOOPBACK if is_loopback else str(address or host)


def _ip(host: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(host)
    except ValueError:
        return _inet_aton(host)
    return getattr(address, "ipv4_mapped", None) or address


def _inet_aton(host: str) -> IPv4Address | None:
    """Read the short, hexadecimal and octal forms of IPv4 that resolvers take: 127.1, 0x7f.0.0.1."""
    parts = host.split(".")
    try:
        *first, last = [int(part, 8 if _is_octal(part) else 0) for part in parts]
    except ValueError:
        return None
    width = 8 * (_PARTS - len(first))
    if len(parts) > _PARTS or not all(0 <= part <= 255 for part in first) or not 0 <= last < 1 << width:  # noqa: PLR2004  (an octet)
        return None
    return IPv4Address(sum(part << 8 * (3 - place) for place, part in enumerate(first)) + last)


def _is_octal(part: str) -> bool:
    return len(part) > 1 and part.startswith("0") and part.isdecimal()


def _path(written: str) -> str:
    """Give a path without dots, doubled or trailing slashes; what need not be escaped is not."""
    path = posixpath.normpath(f"/{quote(unquote(written), safe='/')}")
    return "/" + path.strip("/") if path.strip("/") else ""
