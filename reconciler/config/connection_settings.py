"""How a tenant's CXone is reached and written to, by dialect, and the settings' environment references.

A further dialect is one more class here, named in `DIALECTS`: the configuration, the comparison of
destinations and of saved readings, and the provider all take what they need from it.
"""

import ipaddress
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Literal, Self
from urllib.parse import urlsplit

from reconciler.core.model.errors import InvalidInput
from reconciler.core.model.provider import Target
from reconciler.core.model.target import is_loopback, normalise_address

WirePolicy = Literal["as-written", "never"]
NumberForm = Literal["national", "international"]

REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")

# Customer-supplied specification: base URL `https://{orgId}.my.cxone.com`.
_BASE_URL = "https://{}.my.cxone.com"
# NICE's sign-in and discovery hosts, from its published OpenAPI files and help pages; the hosts of the other
# environments from public clients (read 2026-11-30), which use one for both.
_ACCESS_KEY_URL = "https://na1.nice-incontact.com"
_ACCESS_KEY_DOMAIN = ".nice-incontact.com"
_ENVIRONMENTS = {
    "global": "https://cxone.niceincontact.com",
    "fedramp": "https://cxone-gov.niceincontact.com",
    "au": "https://nicecxone-sov1.au",
    "eu": "https://nicecxone-sov1.eu",
    "uk": "https://nicecxone-sov1.uk",
}

_ORGANISATION = re.compile(r"[A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionSettings(ABC):
    """What the settings of every dialect have. Text that is not given is empty; no secret is in a repr.

    `list_ids` maps the files' names to the tenant's own where they differ; `region` is the country of numbers
    that are written without one; `embedded` marks the built-in CXone, whose port means nothing.
    """

    dialect: ClassVar[str]
    keys: ClassVar[Mapping[str, str]]  # in dnc.yaml, of the fields that may refer to the environment
    credentials: ClassVar[frozenset[str]]  # the fields that nobody needs who does not sign in
    optional: ClassVar[frozenset[str]] = frozenset()  # the fields whose variable need not be set
    read_fields: ClassVar[tuple[str, ...]] = ("list_ids", "region")  # what else decides what a read gives

    embedded: bool = False
    list_ids: Mapping[str, str] = field(default_factory=dict)
    region: str = "US"
    requests_per_minute: int = 100
    chunk_size: int = 500  # customer-supplied specification: bulk takes up to 500
    concurrency: int = 4

    @property
    def texts(self) -> dict[str, str]:
        """Give, by its key in dnc.yaml, each text that may refer to the environment."""
        return {key: getattr(self, name) for name, key in self.keys.items()}

    @property
    @abstractmethod
    def address(self) -> tuple[str, ...]:
        """Tell CXones apart by organisation and address, in one spelling.

        Text with an environment reference is compared as it is written.
        """

    @property
    @abstractmethod
    def credential_id(self) -> str:
        """Give the id of the credential that signs in."""

    @abstractmethod
    def with_defaults(self, where: str) -> Self:
        """Put the defaults in place that depend on other settings. Raises InvalidInput for unusable text."""

    @abstractmethod
    def for_built_in(self, url: str, *, instance: str, client: tuple[str, str]) -> Self:
        """Give the settings of the built-in CXone that listens at `url`; `client` is an id and its secret."""

    def read_settings(self) -> dict[str, Any]:
        """Give the settings that decide what a read gives, without any secret."""
        names = (*(name for name in self.keys if not _is_secret(name)), *self.read_fields)
        return {"dialect": self.dialect, **{name: getattr(self, name) for name in names}}

    def with_known_variables(self, environ: Mapping[str, str]) -> Self:
        """Put variables that are set in place, secrets left out: what is not set stays as it is written."""
        values = {
            name: REFERENCE.sub(lambda at: environ.get(at[1]) or at[0], getattr(self, name))
            for name in self.keys
            if not _is_secret(name)
        }
        return replace(self, **values)  # type: ignore[arg-type]  # all of these are text

    def resolve(self, environ: Mapping[str, str], where: str, *, credentials: bool = True) -> Self:
        """Put the environment's values in place of `${NAME}`, and the defaults that depend on them.

        Without `credentials` those stay as they are written. Raises InvalidInput, which says `where`, for a
        variable that is not set, or empty, and for an address that may not be used.
        """
        names = [name for name in self.keys if credentials or name not in self.credentials]
        values = {name: self._substituted(name, environ, where) for name in names}
        usable = replace(self, **values).with_defaults(where)  # type: ignore[arg-type]  # all of these are text
        urls = {name: getattr(usable, name).rstrip("/") for name in self.keys if name.endswith("_url")}
        for name, url in urls.items():
            if url and (why := url_problem(url)):
                raise InvalidInput(
                    f"{self.keys[name]} {why}", "write https://, a host, and nothing secret", where=where
                )
        return replace(usable, **urls)

    def _substituted(self, name: str, environ: Mapping[str, str], where: str) -> str:
        text: str = getattr(self, name)
        variables = REFERENCE.findall(text)
        missing = [variable for variable in variables if not environ.get(variable)]
        if missing and name in self.optional:
            return ""
        source = f"{self.keys[name]} of this tenant is read from it"
        if missing:
            fact = f"the environment variable {missing[0]} is not set, or empty"
            raise InvalidInput(fact, f"set it: {source}", where=where)
        for variable in variables:
            if not _is_utf8(environ[variable]):
                fact = f"the environment variable {variable} is no UTF-8"
                raise InvalidInput(fact, f"set it again: {source}", where=where)
        return REFERENCE.sub(lambda found: environ[found[1]], text)


@dataclass(frozen=True, slots=True, kw_only=True)
class EntriesSettings(ConnectionSettings):
    """The settings of dialect `entries`. `base_url` is the tenant's, without the path of any call."""

    dialect: ClassVar[str] = "entries"
    keys: ClassVar[Mapping[str, str]] = {
        "org_id": "orgId",
        "base_url": "baseUrl",
        "client_id": "clientId",
        "client_secret": "clientSecret",
    }
    credentials: ClassVar[frozenset[str]] = frozenset({"client_id", "client_secret"})
    optional: ClassVar[frozenset[str]] = frozenset({"base_url"})

    org_id: str = ""
    base_url: str = ""
    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    wire_policy: WirePolicy = "as-written"

    @property
    def target(self) -> Target:
        """Which CXone this is, for reports."""
        host = "embedded" if self.embedded else urlsplit(self.base_url).netloc.rpartition("@")[2]
        return Target(self.dialect, self.org_id, host)

    @property
    def address(self) -> tuple[str, ...]:
        """Tell CXones apart by organisation and address, in one spelling."""
        organisation = self.org_id if REFERENCE.search(self.org_id) else self.org_id.casefold()
        return (self.dialect, organisation, _spelling(self.base_url or _BASE_URL.format(self.org_id)))

    @property
    def credential_id(self) -> str:
        """Give the id of the credential that signs in."""
        return self.client_id

    def with_defaults(self, where: str) -> Self:
        """Put the organisation's usual address in place. Raises InvalidInput for no organisation id."""
        if not _ORGANISATION.fullmatch(self.org_id):
            raise InvalidInput(
                "orgId is no organisation id", "write letters, digits, dots and hyphens", where=where
            )
        return replace(self, base_url=self.base_url or _BASE_URL.format(self.org_id))

    def for_built_in(self, url: str, *, instance: str, client: tuple[str, str]) -> Self:
        """Give the settings of the built-in CXone that listens at `url`."""
        client_id, secret = client
        return replace(self, base_url=url, client_id=client_id, client_secret=secret, org_id=instance)


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupsSettings(ConnectionSettings):
    """The settings of dialect `dnc-groups`.

    With `client_id` and `client_secret` the sign-in is the password grant, else the access key's own.
    `discovery_url` finds the API's host from the token's tenant id; `api_url` skips that. `environment` sets
    both hosts where they are not given; without it discovery is where the sign-in is. `list_ids` leads to
    the tenant's groups, by name or id. `organisation` is who this is, where the token does not say: the
    built-in CXone's. There, groups that it lacks are made.

    What NICE does not publish is a setting: `days_after` is how many days after the last day `expiredDate` is
    written (its zone is unknown), `page_size` how many records are asked for at once.
    """

    dialect: ClassVar[str] = "dnc-groups"
    keys: ClassVar[Mapping[str, str]] = {
        "client_id": "clientId",
        "client_secret": "clientSecret",
        "environment": "environment",
        "auth_url": "authUrl",
        "access_key_id": "accessKeyId",
        "access_key_secret": "accessKeySecret",
        "discovery_url": "discoveryUrl",
        "api_url": "apiUrl",
    }
    credentials: ClassVar[frozenset[str]] = frozenset(
        {"access_key_id", "access_key_secret", "client_id", "client_secret"}
    )
    read_fields: ClassVar[tuple[str, ...]] = ("list_ids", "region", "number_form", "days_after")

    chunk_size: int = 100  # public clients cap groups at 100
    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    environment: str = ""
    auth_url: str = ""
    access_key_id: str = ""
    access_key_secret: str = field(default="", repr=False)
    discovery_url: str = ""
    api_url: str = ""
    api_version: str = "30.0"
    organisation: str = ""
    number_form: NumberForm = "national"
    days_after: int = 2
    page_size: int = 1000

    @property
    def address(self) -> tuple[str, ...]:
        """Tell CXones apart by access key, which is of one organisation, and address, in one spelling."""
        url = self.api_url or self._discovery_url
        return (self.dialect, self.access_key_id, _spelling(url))

    @property
    def credential_id(self) -> str:
        """Give the id of the credential that signs in."""
        return self.access_key_id

    @property
    def _discovery_url(self) -> str:
        """Where discovery is: as given, the environment's, or at the sign-in unless that is apart."""
        if self.discovery_url or self.environment:
            return self.discovery_url or _ENVIRONMENTS[self.environment]
        is_apart = (urlsplit(self.auth_url).hostname or "").endswith(_ACCESS_KEY_DOMAIN)
        return _ENVIRONMENTS["global"] if is_apart or not self.auth_url else self.auth_url

    def with_defaults(self, where: str) -> Self:  # noqa: ARG002  (of the other dialect)
        """Put NICE's hosts in place."""
        environment = self.environment or "global"
        is_by_key = environment == "global" and not self.client_id
        usual = _ACCESS_KEY_URL if is_by_key else _ENVIRONMENTS[environment]
        return replace(self, auth_url=self.auth_url or usual, discovery_url=self._discovery_url)

    def for_built_in(self, url: str, *, instance: str, client: tuple[str, str]) -> Self:
        """Give the settings of the built-in CXone that listens at `url`."""
        key_id, secret = client
        return replace(
            self,
            access_key_id=key_id,
            access_key_secret=secret,
            auth_url=url,
            api_url=url,
            client_id="",
            client_secret="",
            environment="",
            organisation=instance,
        )


Connection = EntriesSettings | GroupsSettings
DIALECTS: Mapping[str, type[Connection]] = {one.dialect: one for one in (EntriesSettings, GroupsSettings)}
KEYS = tuple(dict.fromkeys(key for settings in DIALECTS.values() for key in settings.keys.values()))
URL_KEYS = tuple(key for key in KEYS if key.endswith("Url"))


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


def proxy_exemption(url: str) -> dict[str, str]:
    """Give the `proxies` with which `requests` asks for a URL: none where it is loopback, else as set around.

    What a company sets for its network (HTTP_PROXY, HTTPS_PROXY, ALL_PROXY) cannot lead to this machine.
    """
    return {"no_proxy": urlsplit(url).hostname or ""} if is_loopback(url) else {}


def _is_secret(name: str) -> bool:
    return name.endswith("_secret")


def _spelling(url: str) -> str:
    return url.rstrip("/") if REFERENCE.search(url) else normalise_address(url)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _is_utf8(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:  # bytes that were none are kept as text that cannot be written
        return False
    return True
