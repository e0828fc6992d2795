"""Dialect `entries`: the terms that its API carries. Pure; contract of 2026-11-23."""

from collections.abc import Mapping
from dataclasses import dataclass

from reconciler.config.connection_settings import WirePolicy
from reconciler.core.model.entries import REASON_RANK, Policy, ProjectedTerms, ReasonCode, Terms
from reconciler.core.model.provider import ApiShape

_SHAPE = ApiShape()
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
    shape: ApiShape = _SHAPE

    def project(self, terms: Terms) -> ProjectedTerms:
        """Reduce terms to reason and policy as CXone will give them back."""
        return ProjectedTerms(terms.reason_code.value, self._policy(terms))

    def strength(self, projected: ProjectedTerms) -> tuple[int, ...]:
        """NEVER over dated, then by reason. A policy that we do not know may be endless, so it counts so."""
        endless = projected.expiration_policy not in _DATED
        return (int(endless), REASON_RANK.get(projected.reason_code, REASON_RANK[ReasonCode.UNKNOWN]))

    def is_unsurpassed(self, terms: Terms) -> bool:
        """Tell whether it is the strongest reason without an end, in git as well as on the wire."""
        return terms.reason_code is ReasonCode.CUSTOMER_REQUESTED and _is_endless(terms)

    def write_fields(self, terms: Terms) -> Mapping[str, str]:
        """Say what a write sends besides number and list."""
        return {
            "reasonCode": terms.reason_code.value,
            "expirationPolicy": self._policy(terms),
            "source": terms.source,
        }

    def git_only_fields(self, terms: Terms) -> tuple[str, ...]:
        """Name what stays in git: the dates, and the jurisdiction."""
        fields = {
            "expirationDate": terms.end,
            "requestedOn": terms.requested_on,
            "jurisdiction": terms.jurisdiction,
        }
        return tuple(name for name, value in fields.items() if value is not None)

    def _policy(self, terms: Terms) -> str:
        if self.wire_policy == "never" or terms.is_registry:  # a registry's entry has no end of ours
            return Policy.NEVER.value
        return terms.expiration_policy.value


def _is_endless(terms: Terms) -> bool:
    return terms.expiration_policy is Policy.NEVER and terms.end is None
