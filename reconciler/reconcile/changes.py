"""What runs changed, one row a change, from the stored plans; and whether that is what the reports sum up."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.audit.report import Report, StoredReport
from reconciler.reconcile.permits import Permit, permit_of, permits_told
from reconciler.reconcile.releases_then import ReleasesThen

_OUTCOMES = ("applied", "rejected", "unknown")
_ACTIONS = ("create", "update", "delete")


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """One change of one number that a run sent, or was to send. `permits` are what permitted it, if any."""

    stored: StoredReport
    action: str
    direction: str
    list_id: str
    phone: str
    reason: str
    before: Mapping[str, str] | None
    after: Mapping[str, str] | None
    outcome: str
    permits: tuple[Permit, ...] = ()

    @property
    def exposing(self) -> bool:
        """Tell whether it took protection away."""
        return self.direction == "exposing"


def rows_of(stored: StoredReport, plan: Mapping[str, Any], releases: ReleasesThen) -> Iterator[ChangeRow]:
    """Give the changes of one run, in order of sending. What guards kept was no change."""
    permits = permits_told(stored.report)
    for change in plan["changes"]:
        if change["blocked_by"]:
            continue
        exposing = change["direction"] == "exposing"
        for phone in change["phones"]:
            key = (change["list_id"], phone)
            permitted: tuple[Permit, ...] = ()
            if exposing and permits is not None:
                permitted = permits.get(key, ())
            elif exposing and change["reason"] != "lapsed":
                permitted = tuple(map(permit_of, releases.of(stored.report.revision, key)))
            yield ChangeRow(
                stored,
                change["action"],
                change["direction"],
                change["list_id"],
                phone,
                change["reason"],
                change["before"],
                change["after"],
                change["outcome"],
                permitted,
            )


def says_changes(stored: StoredReport) -> bool:
    """Tell whether a report sums up any change: otherwise its plan need not be opened."""
    summary = stored.report["summary"]
    return any(summary.get(name, 0) for name in (*_OUTCOMES, *_ACTIONS))


@dataclass(slots=True)
class Sums:
    """Counts of one run's rows, to be held against what its report sums up."""

    actions: Counter[str]
    outcomes: Counter[str]
    removed: Counter[str]

    @classmethod
    def empty(cls) -> "Sums":
        """Begin with nothing."""
        return cls(Counter(), Counter(), Counter())

    def count(self, row: ChangeRow) -> None:
        """Count one row."""
        self.actions[row.action] += 1
        self.outcomes[row.outcome] += 1
        if row.exposing and row.outcome in {"applied", "unknown"}:
            self.removed[row.list_id] += 1

    def differences(self, report: Report) -> Iterator[str]:
        """Say where the report sums up something else than its plan has."""
        summary = report["summary"]
        for counts, names in ((self.actions, _ACTIONS), (self.outcomes, _OUTCOMES)):
            for name in names:
                if counts[name] != summary.get(name, 0):
                    yield f"{counts[name]:,} {name} in its plan, {summary.get(name, 0):,} in its summary"
        told = report.get("removed", {})
        for list_id in sorted(self.removed.keys() | told.keys()):
            planned, said = self.removed[list_id], told.get(list_id, 0)
            if planned != said:
                yield f"{planned:,} came off {list_id} by its plan, {said:,} by the report"
