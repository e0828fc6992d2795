"""A tenant's chain of reports, walked from its head, and what each report says of one number."""

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from reconciler.audit.ledger import Ledger
from reconciler.audit.report import StoredReport
from reconciler.audit.report_files import read_plan
from reconciler.use_cases.history.run_summary import RunSummary

_ATTEMPTED = ("applied", "rejected", "unknown")


@dataclass(frozen=True, slots=True)
class Look:
    """When a run looked into CXone, and which one."""

    at: datetime
    by: RunSummary


@dataclass(frozen=True, slots=True)
class Touch:
    """What one run did to the number on one list, or would have done, word for word as its plan has it."""

    by: RunSummary
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

    by: RunSummary
    read_at: datetime | None
    complete: bool
    touches: tuple[Touch, ...] = ()
    unmanaged: frozenset[str] = frozenset()

    def on(self, list_id: str) -> Iterator[Touch]:
        """Give what it did, or would have done, on one list."""
        return (touch for touch in self.touches if touch.list_id == list_id)


def attempted(stored: StoredReport) -> bool:
    """Tell whether a run sent anything: only then does its plan say what became of a number."""
    outcomes = stored.report.outcomes
    return any(outcomes[outcome] for outcome in _ATTEMPTED)


def told_of(ledger: Ledger, stored: StoredReport, number: str) -> Told:
    """Open the plan beside a report, and take out what it says of one number."""
    by = RunSummary.of(stored)
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
    return tuple(_touches(RunSummary.of(stored), read_plan(data, stored.plan_path), number))


def _touches(by: RunSummary, plan: Mapping[str, Any], number: str) -> Iterator[Touch]:
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


_REMEMBERED = 100  # reports after the moment, of which the first that read CXone is looked for


class Walk:
    """The chain, walked from its head to the moment; `older` goes on from there."""

    def __init__(self, ledger: Ledger, tenant: str, moment: datetime) -> None:
        self.ledger = ledger
        self.moment = moment
        self.count = 0
        self.head: RunSummary | None = None
        self.newest: StoredReport | None = None
        self.later: deque[StoredReport] = deque(maxlen=_REMEMBERED)  # the nearest to the moment last
        self.failed: list[StoredReport] = []
        self.purges: list[
            int
        ] = []  # reports that continue the chain after one: links before it hold as it says
        self._reports = ledger.reports(tenant)
        for stored in self._reports:
            self._count(stored)
            self.head = self.head or RunSummary.of(stored)
            if stored.report.finished_at > moment:
                self.later.append(stored)
            elif stored.report.repeats:
                self.failed.append(stored)
            else:
                self.newest = stored
                break

    def older(self) -> Iterator[StoredReport]:
        """Go on, while it is the same CXone as that of the report at the moment."""
        for stored in self._reports:
            self._count(stored)
            if self.newest is None or not same_target(stored, self.newest):
                return
            yield stored

    def _count(self, stored: StoredReport) -> None:
        self.count += 1
        if stored.report.is_reanchored:
            self.purges.append(stored.report.seq)

    def next_look(self, number: str) -> tuple[StoredReport, Told] | None:
        """Find the first report after the moment whose run read CXone, and what it says of the number."""
        for stored in reversed(self.later):
            if self.newest is None or not same_target(stored, self.newest):
                return None
            if stored.report.repeats:
                continue
            told = told_of(self.ledger, stored, number)
            if told.read_at is not None:
                return stored, told
        return None


def same_list(one: StoredReport, other: StoredReport, list_id: str) -> bool:
    """Tell whether a list was the same group of CXone, where lists are groups."""
    ids = [stored.report.own_ids.get(list_id) for stored in (one, other)]
    return ids[0] == ids[1] or None in ids


def same_target(one: StoredReport, other: StoredReport) -> bool:
    """Tell whether two reports are of one CXone."""
    return one.report.target == other.report.target
