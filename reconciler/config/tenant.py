"""A tenant of CXone as the configuration describes it, and its environment references."""

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal
from urllib.parse import urlsplit

from reconciler.core.model.errors import InvalidInput
from reconciler.core.model.target import normalised

REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
DEFAULT_LISTS = ("dnc-lists/**/*.yaml",)

# Customer-supplied specification: base URL `https://{orgId}.my.cxone.com`.
_BASE_URL = "https://{}.my.cxone.com"
# NICE's sign-in and discovery hosts, from its published OpenAPI files and help pages.
_ACCESS_KEY_URL = "https://na1.nice-incontact.com"
_PASSWORD_URL = "https://cxone.niceincontact.com"  # noqa: S105  (a host)
_DISCOVERY_URL = "https://cxone.niceincontact.com"

_ORGANISATION = re.compile(r"[A-Za-z0-9._-]+")
_REFERRING = {
    "org_id": "orgId",
    "base_url": "baseUrl",
    "client_id": "clientId",
    "client_secret": "clientSecret",
    "auth_url": "authUrl",
    "access_key_id": "accessKeyId",
    "access_key_secret": "accessKeySecret",
    "discovery_url": "discoveryUrl",
    "api_url": "apiUrl",
}
_CREDENTIALS = frozenset({"client_id", "client_secret", "access_key_id", "access_key_secret"})
_IDS = frozenset({"access_key_id"})  # tells one organisation from another; the other credentials do not
URL_KEYS = {name: key for name, key in _REFERRING.items() if name.endswith("_url")}


@dataclass(frozen=True, slots=True)
class Tenant:
    """One tenant. Text that is not given is empty; `${NAME}` stands unresolved until `resolve`.

    `list_ids` leads from the files' listId to the tenant's own. `line` is the tenant's in the configuration.
    """

    name: str
    dialect: Literal["entries", "dnc-groups"] = "entries"
    embedded: bool = False
    org_id: str = ""
    base_url: str = ""
    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    lists: tuple[str, ...] = DEFAULT_LISTS
    list_ids: Mapping[str, str] = field(default_factory=dict)
    region: str = "US"
    requests_per_minute: int = 100
    chunk_size: int = 500
    concurrency: int = 4
    removal: Literal["none", "delete", "expire"] = "none"
    read_back: Literal["full", "auto"] = "auto"
    wire_policy: Literal["as-written", "never"] = "as-written"
    auth_url: str = ""
    access_key_id: str = ""
    access_key_secret: str = field(default="", repr=False)
    discovery_url: str = ""
    api_url: str = ""
    api_version: str = "30.0"
    number_form: Literal["national", "international"] = "national"
    days_after: int = 2
    page_size: int = 1000
    line: int = field(default=0, compare=False)

    def own_list_id(self, list_id: str) -> str:
        """Give the tenant's own name or id of a list that the files name."""
        return self.list_ids.get(list_id, list_id)

    @property
    def target(self) -> tuple[str, ...]:
        """Tell tenants apart by the organisation and the address that their lists go to, in one spelling.

        Text with an environment reference is compared as it is written.
        """
        if self.embedded:
            return ("embedded", self.name)  # each has its own state
        if self.dialect == "dnc-groups":
            return (
                self.dialect,
                self.access_key_id,
                _address(self.api_url or self.discovery_url or _DISCOVERY_URL),
            )
        organisation = self.org_id if REFERENCE.search(self.org_id) else self.org_id.casefold()
        return (self.dialect, organisation, _address(self.base_url or _BASE_URL.format(self.org_id)))

    @property
    def destination(self) -> dict[str, str]:
        """Give, by key, the settings that decide where requests and secrets go, as they are written."""
        told = {key: getattr(self, name) for name, key in _REFERRING.items()}
        return {"dialect": self.dialect, "embedded": str(self.embedded).lower(), **told}

    @property
    def variables(self) -> dict[str, str]:
        """Name the environment variables that are filled in, each with the key that has it."""
        if self.embedded:
            return {}
        texts = ((key, getattr(self, name)) for name, key in _REFERRING.items())
        return {variable: key for key, text in texts for variable in REFERENCE.findall(text)}


def filled(tenant: Tenant, environ: Mapping[str, str]) -> Tenant:
    """Put the values of variables that are set in place, for comparing: what is not set stays as written."""
    texts = {name: getattr(tenant, name) for name in _REFERRING if name not in _CREDENTIALS - _IDS}
    values = {
        name: REFERENCE.sub(lambda at: environ.get(at[1]) or at[0], text) for name, text in texts.items()
    }
    return replace(tenant, **values)  # type: ignore[arg-type]  # all of these are text


def resolve(tenant: Tenant, environ: Mapping[str, str], *, credentials: bool = True) -> Tenant:
    """Put the environment's values in place of `${NAME}`, and the defaults that depend on them.

    Without `credentials` those stay as they are written: nobody will sign in.

    Raises InvalidInput for a variable that is not set, or empty, and for an address that may not be used.
    Only `baseUrl` may go without its variable: then it is the organisation's usual address.
    """
    if tenant.embedded:
        return tenant
    values = {
        name: _substituted(tenant, name, environ)
        for name in _REFERRING
        if credentials or name not in _CREDENTIALS
    }
    if tenant.dialect == "entries":
        if not _ORGANISATION.fullmatch(values["org_id"]):
            raise _unusable(tenant, "orgId is no organisation id", "write letters, digits, dots and hyphens")
        values["base_url"] = values["base_url"] or _BASE_URL.format(values["org_id"])
    else:
        values["auth_url"] = values["auth_url"] or (_PASSWORD_URL if tenant.client_id else _ACCESS_KEY_URL)
        values["discovery_url"] = values["discovery_url"] or _DISCOVERY_URL
    for name, key in URL_KEYS.items():
        values[name] = values[name].rstrip("/")
        if values[name] and (why := url_problem(values[name])):
            raise _unusable(tenant, f"{key} {why}", "write https://, a host, and nothing secret")
    return replace(tenant, **values)  # type: ignore[arg-type]  # all of these are text


def url_problem(url: str) -> str:
    """Say why an address may not be used; empty for a good one. https, unless the host is loopback."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "is no address"
    if parts.scheme not in {"http", "https"} or not host or re.search(r"\s", url):
        return "is no https address"
    if parts.username is not None or parts.password is not None or parts.query or parts.fragment:
        return "has more than host, port and path"
    if parts.scheme == "http" and not _is_loopback(host):
        return "is not https, and its host is not loopback"
    return ""


def _address(url: str) -> str:
    return url.rstrip("/") if REFERENCE.search(url) else normalised(url)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _substituted(tenant: Tenant, name: str, environ: Mapping[str, str]) -> str:
    text: str = getattr(tenant, name)
    missing = [variable for variable in REFERENCE.findall(text) if not environ.get(variable)]
    if missing and name == "base_url":
        return ""
    if missing:
        fact = f"the environment variable {missing[0]} is not set, or empty"
        raise _unusable(tenant, fact, f"set it: {_REFERRING[name]} of this tenant is read from it")
    for variable in REFERENCE.findall(text):
        if not _is_utf8(environ[variable]):
            fact = f"the environment variable {variable} is no UTF-8"
            raise _unusable(tenant, fact, f"set it again: {_REFERRING[name]} of this tenant is read from it")
    return REFERENCE.sub(lambda found: environ[found[1]], text)


def _is_utf8(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:  # bytes that were none are kept as text that cannot be written
        return False
    return True


def _unusable(tenant: Tenant, fact: str, way_out: str) -> InvalidInput:
    return InvalidInput(fact, way_out, where=f"tenant {tenant.name}")
