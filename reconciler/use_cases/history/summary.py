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
    Archive,
    FilesThen,
    ListFiles,
    ReleasesThen,
    open_archive,
)
from reconciler.use_cases.history.period import Period, day_of, reports_since, within
from reconciler.use_cases.workspace.context import CommandContext


@dataclass(frozen=True, slots=True)
class RuleChange:
    """What differs from the report before: rules, configuration, program, limits."""

    day: date
    seq: int
    what: tuple[str, ...]
    revision: str


def rule_changes_in(reports: Iterable[StoredReport]) -> Iterator[RuleChange]:
    """Compare each report with the one before it; of the first there is nothing to say."""
    before: Report | None = None
    for stored in reports:
        report = stored.report
        if report.repeats:  # it repeats the one before
            continue
        if before is not None and (what := tuple(_differing(before, report))):
            yield RuleChange(day_of(stored), report.seq, what, report.revision)
        before = report


def _differing(before: Report, now: Report) -> Iterator[str]:
    yield from (name for name in ("rules", "configuration") if before.hashes[name] != now.hashes[name])
    if before.tool_version != now.tool_version:
        yield f"program {before.tool_version} to {now.tool_version}"


@dataclass(frozen=True, slots=True)
class HonourDays:
    """Requests that went live, counted by the days that they took. `untold` reports say no counts."""

    took: Mapping[int, int]
    untold: int = 0

    @property
    def requests(self) -> int:
        """Count them."""
        return sum(self.took.values())

    def percentile(self, share: float) -> int | None:
        """Give the nearest-rank percentile in days; None of no requests."""
        days = sorted(Counter(self.took).elements())
        return days[max(1, ceil(share * len(days))) - 1] if days else None


def honour_days(reports: Iterable[StoredReport]) -> HonourDays:
    """Add up what reports say."""
    took: Counter[int] = Counter()
    untold = 0
    for stored in reports:
        requests = stored.report.requests
        untold += requests.is_without_counts
        took.update(requests.took)
    return HonourDays(took, untold)


def received(reports: Iterable[StoredReport], period: Period) -> int:
    """Count the requests that were made on the period's days, and went live then or later."""
    return sum(
        count
        for stored in reports
        for days, count in stored.report.requests.took.items()
        if day_of(stored) - timedelta(days=days) in period
    )


_LOOKED_UP = 20  # in git, each with its own search of history


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
    why: str


def late_requests(reports: Sequence[StoredReport], period: Period, files: ListFiles) -> Iterator[LateRequest]:
    """Give those that went live in the period. `reports` are older ones too, oldest first."""
    looked_up = 0
    tried: dict[Key, str] = {}  # what CXone answered, by the newest run before
    for stored in reports:
        late = stored.report.requests.late if day_of(stored) in period else ()
        for row in late:
            for key in row.keys:
                looked_up += 1
                why = tried.get(key) or (
                    _entered(key, row.due, stored, files) if looked_up <= _LOOKED_UP else "not looked up"
                )
                yield LateRequest(
                    *key,
                    row.requested_on,
                    row.due,
                    day_of(stored),
                    row.days_late,
                    row.rule,
                    stored.report.seq,
                    why,
                )
        tried |= _refused(stored)


def _refused(stored: StoredReport) -> dict[Key, str]:
    """Say what a run tried, and what CXone answered. One that failed repeats what the run before told."""
    if stored.report.is_failed:
        return {}
    return {
        failed.key: f"report {stored.report.seq} had tried: {failed.code or failed.outcome}"
        for failed in stored.report.failures
    }


def _entered(key: Key, due: date, stored: StoredReport, files: ListFiles) -> str:
    """Say when its entry came to git: after its day, or in time without a run that sent it."""
    report = stored.report
    then = FilesThen(files.repository, files.project, files.tenant, key[1])
    try:
        standing = then.standing(report.revision, report.as_of)
        lines = list(then.lines(report.revision, standing, key[0]))
    except RepositoryProblem:
        return "its files are gone from this repository"
    entered = min((line.commit.when.date() for line in lines if line.commit), default=None)
    if entered is None:
        return "not known"
    if entered > due:
        return f"its entry came to git on {entered}"
    return f"in git since {entered}, and no run sent it before report {report.seq}"


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
            why = next((by.release for by in row.authorizations if by.release), row.reason)
            groups.setdefault(why, []).append(row)
    return tuple(
        Removal(
            why,
            len(some),
            sum(any(by.evidence for by in row.authorizations) for row in some),
            sum(any(by.is_approved for by in row.authorizations) for row in some),
        )
        for why, some in sorted(groups.items())
    )


def verified_days(reports: Iterable[StoredReport]) -> frozenset[date]:
    """Give the days, in UTC, on which a verified run was finished."""
    return frozenset(day_of(stored) for stored in reports if stored.report.is_verified_without_gaps)


_BEFORE = timedelta(days=45)  # reports before the period that tell what its first ones changed, and had tried


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
class Board:
    """One tenant's period. `period` has both days; without a report in it, all the rest is empty.

    `alarms` are those of its newest report.
    """

    tenant: str
    period: Period
    reports: Sequence[StoredReport]
    requests: RequestTotals
    changes: ChangeTotals
    runs: RunTotals
    alarms: Sequence[Mapping[str, Any]]
    rule_changes: tuple[RuleChange, ...]
    overrides: tuple[tuple[int, Mapping[str, Any]], ...]


def board(ctx: CommandContext, period: Period) -> Board:
    """Sum up a period. Raises RepositoryProblem and BrokenChain as the ledger does."""
    archive = open_archive(ctx)
    before = Period(period.first - _BEFORE if period.first else None)
    every = reports_since(archive.ledger, archive.tenant, before)
    today = ctx.clock().date()
    period = Period(period.first or (day_of(every[0]) if every else today), period.last or today)
    reports = within(every, period)
    newest = reports[-1].report if reports else None
    days = frozenset(period.days(today))
    return Board(
        tenant=archive.tenant,
        period=period,
        reports=reports,
        requests=RequestTotals(
            received=received(every, period),
            honoured=honour_days(reports),
            in_time=sum(s.report.requests.in_time or 0 for s in reports),
            late=tuple(late_requests(every, period, archive.files)),
            open=newest.requests.open if newest else (),
        ),
        changes=ChangeTotals(
            put_on=sum(_put_on(stored, archive) for stored in reports),
            removed=removals(_exposing(reports, archive)),
            restored=sum(count_numbers(stored.report.restored) for stored in reports),
            adopted=sum(stored.report.adopted for stored in reports),
        ),
        runs=RunTotals(
            days=len(days),
            verified_days=len(verified_days(reports) & days),
            failed=sum(stored.report.is_failed for stored in reports),
        ),
        alarms=newest.alarms if newest else (),
        rule_changes=tuple(change for change in rule_changes_in(every) if change.day in period),
        overrides=tuple((s.report.seq, s.report.overrides) for s in reports if s.report.overrides),
    )


def _put_on(stored: StoredReport, archive: Archive) -> int:
    """Count the numbers that a run put on, those left out that it put back."""
    if not stored.report.actions["create"]:
        return 0
    changes = archive.ledger.plan(stored)["changes"]
    new = (c for c in changes if c["action"] == "create" and c["reason"] != "restored")
    return sum(len(change["phones"]) for change in new if change["outcome"] == "applied")


def _exposing(reports: Sequence[StoredReport], archive: Archive) -> Iterator[ChangeRow]:
    """Give what came off; only plans of runs that took something off are opened."""
    releases = ReleasesThen(archive.files)
    for stored in reports:
        if stored.report.removed:
            rows = rows_of(stored, archive.ledger.plan(stored), releases)
            yield from (row for row in rows if row.exposing)
