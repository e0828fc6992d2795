"""What one report says of one number, read from it and its stored plan: nothing is worked out anew."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from reconciler.audit.ledger import Ledger
from reconciler.audit.report import StoredReport, read_plan
from reconciler.reconcile.verified import is_verified

_ATTEMPTED = ("applied", "rejected", "unknown")


@dataclass(frozen=True, slots=True)
class Reported:
    """A report, named so that anybody finds it: its place in the chain, its file, the SHA-256 of its bytes.

    `verified`: its run saw CXone as it left it, number by number.
    """

    seq: int
    path: str
    sha256: str
    status: str
    revision: str
    started_at: datetime
    finished_at: datetime
    verified: bool

    @classmethod
    def of(cls, stored: StoredReport) -> "Reported":
        """Name a stored report."""
        report = stored.report
        return cls(
            report.seq,
            stored.path,
            stored.sha256,
            report["status"],
            report.revision,
            datetime.fromisoformat(report["started_at"]),
            report.finished_at,
            is_verified(stored) and (report["read_back"] or {}).get("complete", True),
        )


@dataclass(frozen=True, slots=True)
class Look:
    """When a run looked into CXone, and which one."""

    at: datetime
    by: Reported


@dataclass(frozen=True, slots=True)
class Touch:
    """What one run did to the number on one list, or would have done, word for word as its plan has it."""

    by: Reported
    list_id: str
    action: str
    direction: str
    reason: str
    before: Mapping[str, str] | None
    after: Mapping[str, str] | None
    blocked_by: tuple[str, ...]
    outcome: str

    @property
    def attempted(self) -> bool:
        """Tell whether it was sent to CXone."""
        return self.outcome in _ATTEMPTED


@dataclass(frozen=True, slots=True)
class Told:
    """One report's words on one number. `read_at` is when its plan's reading began; None: it read nothing."""

    by: Reported
    read_at: datetime | None
    complete: bool
    touches: tuple[Touch, ...] = ()
    unmanaged: frozenset[str] = frozenset()

    def on(self, list_id: str) -> Iterator[Touch]:
        """Give what it did, or would have done, on one list."""
        return (touch for touch in self.touches if touch.list_id == list_id)


def attempted(stored: StoredReport) -> bool:
    """Tell whether a run sent anything: only then does its plan say what became of a number."""
    summary = stored.report["summary"]
    return any(summary.get(outcome, 0) for outcome in _ATTEMPTED)


def told_of(ledger: Ledger, stored: StoredReport, number: str) -> Told:
    """Open the plan beside a report, and take out what it says of one number."""
    by = Reported.of(stored)
    data = ledger.plan_of(stored)
    named = f'"{number}"'.encode() in data
    plan = read_plan(data, stored.plan_path)
    read_at = plan.get("live", {}).get("read_at")  # a plan that was purged says nothing
    return Told(
        by,
        datetime.fromisoformat(read_at) if read_at else None,
        bool(plan.get("complete")),
        tuple(_touches(by, plan, number)) if named else (),
        frozenset(_unmanaged(plan, number)) if named else frozenset(),
    )


def touches_in(ledger: Ledger, stored: StoredReport, number: str) -> tuple[Touch, ...]:
    """Give what a run did to one number; a plan that does not name it is not even taken apart."""
    data = ledger.plan_of(stored)
    if f'"{number}"'.encode() not in data:
        return ()
    return tuple(_touches(Reported.of(stored), read_plan(data, stored.plan_path), number))


def _touches(by: Reported, plan: Mapping[str, Any], number: str) -> Iterator[Touch]:
    for change in plan["changes"]:
        if number in change["phones"]:
            yield Touch(
                by,
                change["list_id"],
                change["action"],
                change["direction"],
                change["reason"],
                change["before"],
                change["after"],
                tuple(change["blocked_by"]),
                change["outcome"],
            )


def _unmanaged(plan: Mapping[str, Any], number: str) -> Iterator[str]:
    for drift in plan["drift"]:
        if drift["kind"] == "unmanaged" and number in drift["phones"]:
            yield drift["list_id"]
