"""`dnc audit summary`: a period on one page, for people who decide and do not operate."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import ceil
from typing import Any

from reconciler.audit.report import Report, StoredReport
from reconciler.audit.report_rows import OpenRow, count_numbers
from reconciler.core.model.entries import Key
from reconciler.core.model.errors import RepositoryProblem
from reconciler.use_cases.history.changes import ChangeRow, rows_of
from reconciler.use_cases.history.files_at_revision import (
    FilesAtRevision,
    ListFiles,
    ReleasesAtRevision,
    ReportArchive,
    open_archive,
)
from reconciler.use_cases.history.period import Period, finished_day, reports_since, reports_within
from reconciler.use_cases.workspace.context import CommandContext


@dataclass(frozen=True, slots=True)
class RuleChange:
    """What differs from the report before: rules, configuration, program, limits."""

    day: date
    seq: int
    changed_parts: tuple[str, ...]
    revision: str


def rule_changes_in(reports: Iterable[StoredReport]) -> Iterator[RuleChange]:
    """Compare each report with the one before it; of the first there is nothing to say."""
    previous_report: Report | None = None
    for stored_report in reports:
        report = stored_report.report
        if report.is_repeat:  # it repeats the one before
            continue
        if previous_report is not None and (changed_parts := tuple(_changed_parts(previous_report, report))):
            yield RuleChange(finished_day(stored_report), report.seq, changed_parts, report.revision)
        previous_report = report


def _changed_parts(previous_report: Report, report: Report) -> Iterator[str]:
    yield from (
        name for name in ("rules", "configuration") if previous_report.hashes[name] != report.hashes[name]
    )
    if previous_report.tool_version != report.tool_version:
        yield f"program {previous_report.tool_version} to {report.tool_version}"


@dataclass(frozen=True, slots=True)
class HonourDays:
    """Requests that went live, counted by the days that they took. `reports_without_counts` say none."""

    counts_by_days: Mapping[int, int]
    reports_without_counts: int = 0

    @property
    def request_count(self) -> int:
        """Count them."""
        return sum(self.counts_by_days.values())

    def percentile(self, share: float) -> int | None:
        """Give the nearest-rank percentile in days; None of no requests."""
        days = sorted(Counter(self.counts_by_days).elements())
        return days[max(1, ceil(share * len(days))) - 1] if days else None


def honour_days(reports: Iterable[StoredReport]) -> HonourDays:
    """Add up what reports say."""
    took: Counter[int] = Counter()
    reports_without_counts = 0
    for stored_report in reports:
        requests = stored_report.report.requests
        reports_without_counts += requests.is_without_counts
        took.update(requests.counts_by_days)
    return HonourDays(took, reports_without_counts)


def count_received(reports: Iterable[StoredReport], period: Period) -> int:
    """Count the requests that were made on the period's days, and went live then or later."""
    return sum(
        count
        for stored_report in reports
        for days, count in stored_report.report.requests.counts_by_days.items()
        if finished_day(stored_report) - timedelta(days=days) in period
    )


_MAX_LOOKUPS = 20  # in git, each with its own search of history


@dataclass(frozen=True, slots=True)
class LateRequest:
    """One request: when it was made, due, and live; by which rule; and why late, as far as anything tells."""

    list_id: str
    phone: str
    requested_on: date
    due: date
    live_on: date
    days_late: int
    rule: str | None
    seq: int
    reason: str


def late_requests(reports: Sequence[StoredReport], period: Period, files: ListFiles) -> Iterator[LateRequest]:
    """Give those that went live in the period. `reports` are older ones too, oldest first."""
    looked_up = 0
    failure_reasons: dict[Key, str] = {}  # what CXone answered, by the newest run before
    for stored_report in reports:
        late_rows = stored_report.report.requests.late if finished_day(stored_report) in period else ()
        for row in late_rows:
            for key in row.keys:
                looked_up += 1
                reason = failure_reasons.get(key) or (
                    _entry_delay(key, row.due, stored_report, files)
                    if looked_up <= _MAX_LOOKUPS
                    else "not looked up"
                )
                yield LateRequest(
                    *key,
                    row.requested_on,
                    row.due,
                    finished_day(stored_report),
                    row.days_late,
                    row.rule,
                    stored_report.report.seq,
                    reason,
                )
        failure_reasons |= _failure_reasons(stored_report)


def _failure_reasons(stored_report: StoredReport) -> dict[Key, str]:
    """Say what a run tried, and what CXone answered. One that failed repeats what the run before told."""
    if stored_report.report.is_failed:
        return {}
    return {
        failure.key: f"report {stored_report.report.seq} had tried: {failure.code or failure.outcome}"
        for failure in stored_report.report.failures
    }


def _entry_delay(key: Key, due: date, stored_report: StoredReport, files: ListFiles) -> str:
    """Say when its entry came to git: after its day, or in time without a run that sent it."""
    report = stored_report.report
    revision_files = FilesAtRevision(files.repository, files.project, files.tenant, key[1])
    try:
        active = revision_files.active_entries(report.revision, report.as_of)
        lines = list(revision_files.lines(report.revision, active, key[0]))
    except RepositoryProblem:
        return "its files are gone from this repository"
    entered_on = min((line.commit.when.date() for line in lines if line.commit), default=None)
    if entered_on is None:
        return "not known"
    if entered_on > due:
        return f"its entry came to git on {entered_on}"
    return f"in git since {entered_on}, and no run sent it before report {report.seq}"


@dataclass(frozen=True, slots=True)
class Removal:
    """Numbers that came off, or may have, for one reason: a release's own, or that of the plan.

    `with_evidence` have a release that names evidence, `approved_count` one that somebody other than its
    author approved, as far as anything tells.
    """

    reason: str
    numbers: int
    with_evidence: int
    approved_count: int


def count_removals(rows: Iterable[ChangeRow]) -> tuple[Removal, ...]:
    """Count them."""
    groups: dict[str, list[ChangeRow]] = {}
    for row in rows:
        if row.is_exposing and row.outcome in {"applied", "unknown"}:
            reason = next((by.release for by in row.authorizations if by.release), row.reason)
            groups.setdefault(reason, []).append(row)
    return tuple(
        Removal(
            reason,
            len(reason_rows),
            sum(any(by.evidence for by in row.authorizations) for row in reason_rows),
            sum(any(by.is_approved for by in row.authorizations) for row in reason_rows),
        )
        for reason, reason_rows in sorted(groups.items())
    )


def verified_days(reports: Iterable[StoredReport]) -> frozenset[date]:
    """Give the days, in UTC, on which a verified run was finished."""
    return frozenset(
        finished_day(stored_report)
        for stored_report in reports
        if stored_report.report.is_verified_without_gaps
    )


_LOOKBACK = timedelta(
    days=45
)  # reports before the period that tell what its first ones changed, and had tried


@dataclass(frozen=True, slots=True)
class RequestTotals:
    """The requests of a period.

    `received` counts them by the day on which they were made, `honoured` those that went live in the period
    by the days that they took. `in_time` counts those that had a day and were live by it. `open` are those
    of its newest report.
    """

    received: int
    honoured: HonourDays
    in_time: int
    late: tuple[LateRequest, ...]
    open: tuple[OpenRow, ...]


@dataclass(frozen=True, slots=True)
class ChangeTotals:
    """The numbers that runs of a period put on, removed, put back and adopted."""

    put_on: int
    removed: tuple[Removal, ...]
    restored: int
    adopted: int


@dataclass(frozen=True, slots=True)
class RunTotals:
    """The runs of a period: its days that have begun, those with a verified run, and the runs that failed."""

    days: int
    verified_days: int
    failed: int


@dataclass(frozen=True, slots=True)
class PeriodSummary:
    """One tenant's period. `period` has both days; without a report in it, all the rest is empty.

    `is_record_empty`: the tenant has no report at all. `alarms` are those of the period's newest report.
    """

    tenant: str
    period: Period
    is_record_empty: bool
    reports: Sequence[StoredReport]
    requests: RequestTotals
    changes: ChangeTotals
    runs: RunTotals
    alarms: Sequence[Mapping[str, Any]]
    rule_changes: tuple[RuleChange, ...]
    overrides: tuple[tuple[int, Mapping[str, Any]], ...]


def summarize_period(ctx: CommandContext, period: Period) -> PeriodSummary:
    """Sum up a period. Raises RepositoryProblem and BrokenChain as the ledger does."""
    archive = open_archive(ctx)
    lookback = Period(period.first - _LOOKBACK if period.first else None)
    every = reports_since(archive.ledger, archive.tenant, lookback)
    today = ctx.clock().date()
    period = Period(period.first or (finished_day(every[0]) if every else today), period.last or today)
    reports = reports_within(every, period)
    newest = reports[-1].report if reports else None
    days = frozenset(period.days(today))
    return PeriodSummary(
        tenant=archive.tenant,
        period=period,
        is_record_empty=archive.is_empty,
        reports=reports,
        requests=RequestTotals(
            received=count_received(every, period),
            honoured=honour_days(reports),
            in_time=sum(stored.report.requests.in_time or 0 for stored in reports),
            late=tuple(late_requests(every, period, archive.files)),
            open=newest.requests.open if newest else (),
        ),
        changes=ChangeTotals(
            put_on=sum(_count_added(stored_report, archive) for stored_report in reports),
            removed=count_removals(_exposing_changes(reports, archive)),
            restored=sum(count_numbers(stored_report.report.restored) for stored_report in reports),
            adopted=sum(stored_report.report.adopted for stored_report in reports),
        ),
        runs=RunTotals(
            days=len(days),
            verified_days=len(verified_days(reports) & days),
            failed=sum(stored_report.report.is_failed for stored_report in reports),
        ),
        alarms=newest.alarms if newest else (),
        rule_changes=tuple(change for change in rule_changes_in(every) if change.day in period),
        overrides=tuple(
            (stored.report.seq, stored.report.overrides) for stored in reports if stored.report.overrides
        ),
    )


def _count_added(stored_report: StoredReport, archive: ReportArchive) -> int:
    """Count the numbers that a run put on, those left out that it put back."""
    if not stored_report.report.actions["create"]:
        return 0
    changes = archive.ledger.plan(stored_report)["changes"]
    added_changes = (c for c in changes if c["action"] == "create" and c["reason"] != "restored")
    return sum(len(change["phones"]) for change in added_changes if change["outcome"] == "applied")


def _exposing_changes(reports: Sequence[StoredReport], archive: ReportArchive) -> Iterator[ChangeRow]:
    """Give what came off; only plans of runs that took something off are opened."""
    releases = ReleasesAtRevision(archive.files)
    for stored_report in reports:
        if stored_report.report.removed:
            rows = rows_of(stored_report, archive.ledger.plan(stored_report), releases)
            yield from (row for row in rows if row.is_exposing)
