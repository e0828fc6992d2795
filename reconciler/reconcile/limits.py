"""Which safety limits hold in a run: a loosened one only from the run after the one that first saw it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.audit.report import StoredReport
from reconciler.desired.configuration import Safety
from reconciler.model.finding import Finding, Severity

RULE = "CONF-08"


@dataclass(frozen=True, slots=True)
class SafetyLimits:
    """The limits as configured today, and as they hold in this run: the tighter of today's and the last's.

    So nobody raises a limit and uses it in one merge request: between the two there is a report that says so.
    """

    configured: Safety
    seen: Safety

    @classmethod
    def of(cls, configured: Safety, newest: StoredReport | None) -> "SafetyLimits":
        """Compare today's limits with those that the newest report saw; without a report today's hold."""
        return cls(configured, _seen(newest.report["safety"]) if newest else configured)

    @property
    def in_force(self) -> Safety:
        """Give the limits of this run."""
        return Safety(
            min(self.configured.max_removals, self.seen.max_removals),
            min(self.configured.max_removal_percent, self.seen.max_removal_percent),
            self.configured.confirm_additions,
            max(self.configured.approvals, self.seen.approvals),
        )

    def json(self) -> dict[str, Any]:
        """Say both as a report keeps them."""
        return {**_told(self.in_force), "configured": _told(self.configured)}

    def findings(self, path: str) -> Iterator[Finding]:
        """Say which limits are looser than the last run saw them."""
        for said in changes(self.seen, self.configured, looser_only=True):
            message = f"{said}: the tighter one holds in this run, the looser from the next on"
            yield Finding(path, 0, 0, "/safety", RULE, Severity.WARNING, message)


def changes(before: Safety, after: Safety, *, looser_only: bool = False) -> Iterator[str]:
    """Say which limits differ: `maxRemovals 500 → 5000`."""
    pairs = (
        ("maxRemovals", before.max_removals, after.max_removals),
        ("maxRemovalPercent", before.max_removal_percent, after.max_removal_percent),
    )
    for name, old, new in pairs:
        if new > old or (new != old and not looser_only):
            yield f"{name} {old:g} → {new:g}"
    if after.approvals < before.approvals or (after.approvals != before.approvals and not looser_only):
        yield f"approvals {before.approvals} → {after.approvals}"


def _seen(told: Mapping[str, Any]) -> Safety:
    # Reports of the first version tell only what was in force, which was what they saw.
    said = told.get("configured", told)
    approvals = said.get("approvals", 0)
    return Safety(said["max_removals"], said["max_removal_percent"], approvals=approvals)


def _told(safety: Safety) -> dict[str, Any]:
    told = {"max_removals": safety.max_removals, "max_removal_percent": safety.max_removal_percent}
    return {**told, **({"approvals": safety.approvals} if safety.approvals else {})}
