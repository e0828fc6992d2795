"""Dialect `entries`: the terms that its API carries. Pure; contract of 2026-11-23."""

from collections.abc import Mapping
from dataclasses import dataclass

from reconciler.config.connection_settings import WirePolicy
from reconciler.core.model.entries import REASON_RANK, Carried, Policy, ReasonCode, Terms
from reconciler.core.model.provider import Shape

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
