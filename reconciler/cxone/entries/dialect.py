"""Dialect `entries`: its settings, and the terms that its API carries. Pure; contract of 2026-11-23."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

from reconciler.core.model.entries import REASON_RANK, Carried, Policy, ReasonCode, Terms
from reconciler.core.model.provider import Shape, Target

WirePolicy = Literal["as-written", "never"]


@dataclass(frozen=True, slots=True)
class EntriesSettings:
    """One tenant of dialect `entries`. The secret never shows in a repr.

    `base_url` is the tenant's, without the path of any call; `list_ids` maps the files' names to the tenant's
    own where they differ; `embedded` marks the built-in CXone, whose port means nothing.
    """

    base_url: str
    client_id: str
    client_secret: str = field(repr=False)
    organisation: str
    requests_per_minute: int = 100
    chunk_size: int = 500
    concurrency: int = 4
    list_ids: Mapping[str, str] = field(default_factory=dict)
    wire_policy: WirePolicy = "as-written"
    embedded: bool = False

    @property
    def target(self) -> Target:
        """Which CXone this is, for reports."""
        host = "embedded" if self.embedded else urlsplit(self.base_url).netloc.rpartition("@")[2]
        return Target("entries", self.organisation, host)


_SHAPE = Shape()
_DATED = frozenset({Policy.RELATIVE, Policy.ABSOLUTE})


@dataclass(frozen=True, slots=True)
class EntriesDialect:
    """Reason and policy travel; the end, the evidence and the jurisdiction live only in git.

    A dated policy goes on the wire without its date, and what CXone then does by itself is unknown:
    `wire_policy` "never" sends every policy as NEVER instead.
    """

    wire_policy: WirePolicy = "as-written"
    name: str = "entries"
    removal_note: str = ""
    shape: Shape = _SHAPE

    def carried(self, terms: Terms) -> Carried:
        """Reduce terms to reason and policy as CXone will give them back."""
        return Carried(terms.reason_code.value, self._policy(terms))

    def strength(self, carried: Carried) -> tuple[int, ...]:
        """NEVER over dated, then by reason. A policy that we do not know may be endless, so it counts so."""
        endless = carried.expiration_policy not in _DATED
        return (int(endless), REASON_RANK.get(carried.reason_code, REASON_RANK[ReasonCode.UNKNOWN]))

    def wire(self, terms: Terms) -> Mapping[str, str]:
        """Say what a write sends besides number and list."""
        return {
            "reasonCode": terms.reason_code.value,
            "expirationPolicy": self._policy(terms),
            "source": terms.source,
        }

    def uncarried(self, terms: Terms) -> tuple[str, ...]:
        """Name what stays in git: the dates, and the jurisdiction."""
        told = {
            "expirationDate": terms.end,
            "requestedOn": terms.requested_on,
            "jurisdiction": terms.jurisdiction,
        }
        return tuple(name for name, value in told.items() if value is not None)

    def _policy(self, terms: Terms) -> str:
        if self.wire_policy == "never" or terms.registry:  # a registry's entry has no end of ours
            return Policy.NEVER.value
        return terms.expiration_policy.value
