"""A tenant's chain of reports, walked from its head, and what each report says of one number."""

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from reconciler.audit.ledger import Ledger
from reconciler.audit.report import StoredReport
from reconciler.audit.report_files import parse_plan
from reconciler.use_cases.history.run_summary import RunSummary

_ATTEMPTED = ("applied", "rejected", "unknown")


@dataclass(frozen=True, slots=True)
class RunRead:
    """When a run looked into CXone, and which one."""

    at: datetime
    reported: RunSummary


@dataclass(frozen=True, slots=True)
class NumberChange:
    """What one run did to the number on one list, or would have done, word for word as its plan has it."""

    reported: RunSummary
    list_id: str
    action: str
    direction: str
    reason: str
    before: Mapping[str, str] | None
    after: Mapping[str, str] | None
    blocked_by: tuple[str, ...]
    outcome: str

    @property
    def is_attempted(self) -> bool:
        """Tell whether it was sent to CXone."""
        return self.outcome in _ATTEMPTED


@dataclass(frozen=True, slots=True)
class NumberInReport:
    """One report's words on one number. `read_at` is when its plan's reading began; None: it read nothing.

    `foreign` and `unreadable` count the rows of that reading whose numbers nobody looked at.
    """

    reported: RunSummary
    read_at: datetime | None
    is_complete: bool
    changes: tuple[NumberChange, ...] = ()
    unmanaged: frozenset[str] = frozenset()
    foreign: int = 0
    unreadable: int = 0

    def changes_on(self, list_id: str) -> Iterator[NumberChange]:
        """Give what it did, or would have done, on one list."""
        return (touch for touch in self.changes if touch.list_id == list_id)


def has_attempts(stored_report: StoredReport) -> bool:
    """Tell whether a run sent anything: only then does its plan say what became of a number."""
    outcomes = stored_report.report.outcomes
    return any(outcomes[outcome] for outcome in _ATTEMPTED)


def parse_number_in_report(ledger: Ledger, stored_report: StoredReport, number: str) -> NumberInReport:
    """Open the plan beside a report, and take out what it says of one number."""
    reported = RunSummary.of(stored_report)
    data = ledger.plan_bytes(stored_report)
    is_named = f'"{number}"'.encode() in data
    plan = parse_plan(data, stored_report.plan_path)
    live = plan.get("live", {})  # a plan that was purged says nothing
    read_at = live.get("read_at")
    return NumberInReport(
        reported,
        datetime.fromisoformat(read_at) if read_at else None,
        bool(plan.get("complete")),
        tuple(_number_changes(reported, plan, number)) if is_named else (),
        frozenset(_unmanaged_lists(plan, number)) if is_named else frozenset(),
        live.get("foreign", 0),
        live.get("unreadable", 0),
    )


def parse_number_changes(
    ledger: Ledger, stored_report: StoredReport, number: str
) -> tuple[NumberChange, ...]:
    """Give what a run did to one number; a plan that does not name it is not even taken apart."""
    data = ledger.plan_bytes(stored_report)
    if f'"{number}"'.encode() not in data:
        return ()
    return tuple(
        _number_changes(RunSummary.of(stored_report), parse_plan(data, stored_report.plan_path), number)
    )


def _number_changes(reported: RunSummary, plan: Mapping[str, Any], number: str) -> Iterator[NumberChange]:
    for change in plan["changes"]:
        if number in change["phones"]:
            yield NumberChange(
                reported,
                change["list_id"],
                change["action"],
                change["direction"],
                change["reason"],
                change["before"],
                change["after"],
                tuple(change["blocked_by"]),
                change["outcome"],
            )


def _unmanaged_lists(plan: Mapping[str, Any], number: str) -> Iterator[str]:
    for drift in plan["drift"]:
        if drift["kind"] == "unmanaged" and number in drift["phones"]:
            yield drift["list_id"]


_MAX_REMEMBERED = 100  # reports after the moment, of which the first that read CXone is looked for


class ChainWalk:
    """The chain, walked from its head to the moment; `older_reports` goes on from there."""

    def __init__(self, ledger: Ledger, tenant: str, moment: datetime) -> None:
        self.ledger = ledger
        self.moment = moment
        self.count = 0
        self.head: RunSummary | None = None
        self.newest: StoredReport | None = None
        self.later_reports: deque[StoredReport] = deque(
            maxlen=_MAX_REMEMBERED
        )  # the nearest to the moment last
        self.failed_reports: list[StoredReport] = []
        self.purges: list[
            int
        ] = []  # reports that continue the chain after one: links before it hold as it says
        self._reports = ledger.reports(tenant)
        for stored_report in self._reports:
            self._count(stored_report)
            self.head = self.head or RunSummary.of(stored_report)
            if stored_report.report.finished_at > moment:
                self.later_reports.append(stored_report)
            elif stored_report.report.is_repeat:
                self.failed_reports.append(stored_report)
            else:
                self.newest = stored_report
                break

    def older_reports(self) -> Iterator[StoredReport]:
        """Go on, while it is the same CXone as that of the report at the moment."""
        for stored_report in self._reports:
            self._count(stored_report)
            if self.newest is None or not is_same_target(stored_report, self.newest):
                return
            yield stored_report

    def _count(self, stored_report: StoredReport) -> None:
        self.count += 1
        if stored_report.report.is_reanchored:
            self.purges.append(stored_report.report.seq)

    def next_read(self, number: str) -> tuple[StoredReport, NumberInReport] | None:
        """Find the first report after the moment whose run read CXone, and what it says of the number."""
        for stored_report in reversed(self.later_reports):
            if self.newest is None or not is_same_target(stored_report, self.newest):
                return None
            if stored_report.report.is_repeat:
                continue
            number_in_report = parse_number_in_report(self.ledger, stored_report, number)
            if number_in_report.read_at is not None:
                return stored_report, number_in_report
        return None


def is_same_list(report: StoredReport, other: StoredReport, list_id: str) -> bool:
    """Tell whether a list was the same group of CXone, where lists are groups."""
    ids = [stored_report.report.own_ids.get(list_id) for stored_report in (report, other)]
    return ids[0] == ids[1] or None in ids


def is_same_target(report: StoredReport, other: StoredReport) -> bool:
    """Tell whether two reports are of one CXone."""
    return report.report.target == other.report.target
