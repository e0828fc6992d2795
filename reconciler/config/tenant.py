"""A tenant of CXone as the configuration describes it: its lists, its rules, and how it is reached."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from reconciler.config.connection_settings import KEYS, REFERENCE, Connection
from reconciler.core.model.outbound_skills import Chosen, CoverageSettings

DEFAULT_LISTS = ("dnc-lists/**/*.yaml",)


@dataclass(frozen=True, slots=True)
class Tenant:
    """One tenant. `${NAME}` stands unresolved in `connection` until `resolve`.

    `line` is the tenant's in the configuration, `list_marks` are the places of the patterns of its `lists`.
    """

    name: str
    connection: Connection
    lists: tuple[str, ...] = DEFAULT_LISTS
    removal: Literal["none", "delete", "expire"] = "none"
    read_back: Literal["full", "auto"] = "auto"
    coverage: CoverageSettings = field(default_factory=CoverageSettings)
    line: int = field(default=0, compare=False)
    list_marks: tuple[tuple[int, int], ...] = field(default=(), compare=False)

    @property
    def dialect(self) -> str:
        """The dialect that its CXone speaks."""
        return self.connection.dialect

    @property
    def embedded(self) -> bool:
        """Whether it is the built-in CXone's."""
        return self.connection.embedded

    @property
    def region(self) -> str:
        """The country of numbers that are written without one."""
        return self.connection.region

    def own_list_id(self, list_id: str) -> str:
        """Give the tenant's own name or id of a list that the files name."""
        return self.connection.list_ids.get(list_id, list_id)

    @property
    def target(self) -> tuple[str, ...]:
        """Tell tenants apart by the organisation and the address that their lists go to, in one spelling.

        Text with an environment reference is compared as it is written.
        """
        if self.embedded:
            return ("embedded", self.name)  # each has its own state
        return self.connection.address

    @property
    def destination(self) -> dict[str, str]:
        """Give, by key, the settings that decide where requests and secrets go, as they are written.

        The keys are those of all dialects, so that two tenants can be compared.
        """
        texts = dict.fromkeys(KEYS, "") | self.connection.texts
        return {"dialect": self.dialect, "embedded": str(self.embedded).lower(), **texts}

    @property
    def variables(self) -> dict[str, str]:
        """Name the environment variables that are filled in, each with the key that has it."""
        if self.embedded:
            return {}
        texts = self.connection.texts.items()
        return {variable: key for key, text in texts for variable in REFERENCE.findall(text)}


def coverage_from_yaml(settings: Mapping[str, Any]) -> CoverageSettings:
    """Read `coverage` of a tenant, as the schema has it."""
    return CoverageSettings(
        skills=_chosen(settings.get("skills", "all")),
        lists={list_id: _chosen(value) for list_id, value in settings.get("lists", {}).items()},
        exceptions=settings.get("except", {}),
        assign=settings.get("assign", False),
    )


def _chosen(value: str | list[str]) -> Chosen:
    if isinstance(value, str):
        return "all" if value == "all" else "none"
    return tuple(value)


def with_known_variables(tenant: Tenant, environ: Mapping[str, str]) -> Tenant:
    """Put the values of variables that are set in place, for comparing: what is not set stays as written."""
    return replace(tenant, connection=tenant.connection.with_known_variables(environ))


def resolve(tenant: Tenant, environ: Mapping[str, str], *, credentials: bool = True) -> Tenant:
    """Put the environment's values in place of `${NAME}`, and the defaults that depend on them.

    Without `credentials` those stay as they are written: nobody will sign in.

    Raises InvalidInput for a variable that is not set, or empty, and for an address that may not be used.
    Only `baseUrl` may go without its variable: then it is the organisation's usual address.
    """
    if tenant.embedded:
        return tenant
    where = f"tenant {tenant.name}"
    return replace(tenant, connection=tenant.connection.resolve(environ, where, credentials=credentials))
