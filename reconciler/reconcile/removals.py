"""What came off or got weaker, by why, and how much of it somebody approved. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from reconciler.reconcile.changes import ChangeRow


@dataclass(frozen=True, slots=True)
class Removal:
    """Numbers that came off, or may have, for one reason: a release's own, or that of the plan.

    `with_evidence` have a release that names evidence, `approved` one that somebody other than its author
    approved, as far as anything tells.
    """

    why: str
    numbers: int
    with_evidence: int
    approved: int


def removals(rows: Iterable[ChangeRow]) -> tuple[Removal, ...]:
    """Count them."""
    groups: dict[str, list[ChangeRow]] = {}
    for row in rows:
        if row.exposing and row.outcome in {"applied", "unknown"}:
            why = next((permit.reason for permit in row.permits if permit.reason), row.reason)
            groups.setdefault(why, []).append(row)
    return tuple(
        Removal(
            why,
            len(some),
            sum(any(permit.evidence for permit in row.permits) for row in some),
            sum(any(permit.approved for permit in row.permits) for row in some),
        )
        for why, some in sorted(groups.items())
    )
