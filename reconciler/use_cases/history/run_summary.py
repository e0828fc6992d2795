"""One report, summed up: who is named by it, and what a page about hundreds of them keeps of each."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from reconciler.audit.report import Report, StoredReport
from reconciler.audit.report_rows import (
    BLOCKED,
    BY_HAND,
    NOT_REMOVED,
    Latency,
    LateRow,
    OpenRow,
    count_numbers,
)

Reasons = tuple[tuple[str, int], ...]
"""How many numbers a list has by reason code; under an empty code those that a report does not divide."""

UNDIVIDED = ""

UNFINISHED = frozenset({"failed", "partial", "interrupted"})
"""The states of a run that did not do, or did not see, all that it was to do."""


@dataclass(frozen=True, slots=True)
class RunSummary:
    """A report, named so that anybody finds it: its place in the chain, its file, the SHA-256 of its bytes.

    `is_verified`: its run saw CXone as it left it. `is_verified_without_gaps`: it saw every number.
    """

    seq: int
    path: str
    sha256: str
    status: str
    revision: str
    started_at: datetime
    finished_at: datetime
    is_verified: bool
    is_verified_without_gaps: bool

    @classmethod
    def of(cls, stored: StoredReport) -> "RunSummary":
        """Name a stored report."""
        report = stored.report
        return cls(
            report.seq,
            stored.path,
            stored.sha256,
            report.status,
            report.revision,
            report.started_at,
            report.finished_at,
            report.is_verified,
            report.is_verified_without_gaps,
        )

    @property
    def day(self) -> date:
        """The day on which it ended, UTC."""
        return self.finished_at.date()


@dataclass(frozen=True, slots=True)
class Deviations:
    """How many numbers a run left otherwise than the files say, and how many it had to put back.

    `kept`: guards block their removal, as the plan and the run said. `by_hand`: people are to remove them.
    `not_removed`: their removal was authorized and did not succeed. `unverified` were sent and confirmed by
    no read: whether they are live is unknown.
    """

    kept: int
    not_live: int
    restored: int
    unverified: int = 0
    by_hand: int = 0
    not_removed: int = 0

    @classmethod
    def of(cls, report: Report) -> "Deviations":
        """Count them. A number that is kept for several claims counts once."""
        kept, by_hand, not_removed = (
            len(report.retained_of_kind(kind)) for kind in (BLOCKED, BY_HAND, NOT_REMOVED)
        )
        return cls(
            kept,
            count_numbers(report.not_live),
            count_numbers(report.restored),
            sum(report.unverified.values()),
            by_hand,
            not_removed,
        )


@dataclass(frozen=True, slots=True)
class ChangeCounts:
    """How many numbers a run changed, and how many it did not write or is not sure of.

    By a report of an earlier version, how many it was to change.
    """

    created: int
    updated: int
    deleted: int
    failed: int


@dataclass(frozen=True, slots=True)
class Writes:
    """The write requests of a run: how many, how often one was sent again, and how long they took."""

    requests: int
    again: int
    conflicts: int
    latency: Latency | None


@dataclass(frozen=True, slots=True)
class DueRequests:
    """Requests of one list with one day to be live by. `days_late` is 0 while they are open.

    `is_overdue`: the day is over, and they are not live.
    """

    list_id: str
    rule: str | None
    due_date: date
    numbers: int
    days_late: int = 0
    is_overdue: bool = False


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Requests with a last day. `in_time` None: the report does not count what was live by its day."""

    in_time: int | None
    late: tuple[DueRequests, ...]
    open: tuple[DueRequests, ...]


@dataclass(frozen=True, slots=True)
class RunFigures:
    """One run in figures: counts only, no number.

    `unmanaged` counts what others had added, None where CXone was not read. `live` is what CXone had after
    the run, by list; empty where it was not read. `error` is why it failed; empty where it did not.
    `removals_seen`: whether a read looked again at what was taken off; None where nothing was.
    """

    report: RunSummary
    by: str
    scheduled: bool
    changes: ChangeCounts
    deviations: Deviations
    unmanaged: int | None
    writes: Writes
    deadlines: Deadlines
    live: Mapping[str, Reasons]
    error: str
    removals_seen: bool | None = None

    @classmethod
    def of(cls, stored: StoredReport) -> "RunFigures":
        """Sum up one report. What a report of an earlier version lacks is nothing, or not told."""
        report = stored.report
        return cls(
            report=RunSummary.of(stored),
            by=_starter(report),
            scheduled=report.is_scheduled,
            changes=_changes(report),
            deviations=Deviations.of(report),
            unmanaged=report.unmanaged,
            writes=_writes(report),
            deadlines=_deadlines(report),
            live=_live_counts(report),
            error=report.error.fact if report.error else "",
            removals_seen=report.read_back.removals_seen if report.read_back else None,
        )


def _starter(report: Report) -> str:
    """Name who started the run, and say where GitLab vouches for it."""
    name, how = report.initiator
    return f"{name or 'unknown'} (verified)" if how == "verified" else name or "unknown"


def _changes(report: Report) -> ChangeCounts:
    actions, outcomes = report.done_actions, report.outcomes
    failed = outcomes["rejected"] + outcomes["unknown"]
    return ChangeCounts(actions["create"], actions["update"], actions["delete"], failed)


def _writes(report: Report) -> Writes:
    chunks = report.chunks
    again = sum(max(0, chunk.attempts - 1) for chunk in chunks)
    return Writes(len(chunks), again, sum(chunk.conflicts for chunk in chunks), report.latency)


def _deadlines(report: Report) -> Deadlines:
    requests = report.requests
    return Deadlines(requests.in_time, _late_requests(requests.late), _open_requests(requests.open))


def _late_requests(rows: Iterable[LateRow]) -> tuple[DueRequests, ...]:
    """Join numbers of one list that were due on one day and went live on the same."""
    counts: dict[tuple[str, str, date, int], int] = {}
    for row in rows:
        key = (row.list_id, row.rule or "", row.due, row.days_late)
        counts[key] = counts.get(key, 0) + len(row.phones)
    return tuple(
        DueRequests(list_id, rule, due_date, numbers, days_late)
        for (list_id, rule, due_date, days_late), numbers in sorted(counts.items())
    )


def _open_requests(rows: Iterable[OpenRow]) -> tuple[DueRequests, ...]:
    return tuple(
        DueRequests(row.list_id, row.rule, row.due, len(row.phones), is_overdue=row.is_past) for row in rows
    )


def _live_counts(report: Report) -> dict[str, Reasons]:
    """Count what was live after the run; a failed run's report may tell of no reading."""
    reasons = report.reasons
    return {
        list_id: _split_by_reason(live.count, reasons.get(list_id, {}))
        for list_id, live in report.live_after.items()
    }


def _split_by_reason(count: int, reasons: Mapping[str, int]) -> Reasons:
    reason_counts = {reason: reason_count for reason, reason_count in reasons.items() if reason_count}
    undivided_count = count - sum(reason_counts.values())
    if undivided_count > 0:
        reason_counts[UNDIVIDED] = reason_counts.get(UNDIVIDED, 0) + undivided_count
    return tuple(sorted(reason_counts.items()))
