"""`dnc audit summary`: a period on one page, for people who decide and do not operate."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from reconciler.audit.report import StoredReport
from reconciler.reconcile.archive import Archive, open_archive
from reconciler.reconcile.changed_rules import RuleChange, rule_changes_in
from reconciler.reconcile.changes import ChangeRow, rows_of
from reconciler.reconcile.honour_days import HonourDays, honour_days, received
from reconciler.reconcile.late_requests import LateRequest, late_requests
from reconciler.reconcile.period import Period, day_of, reports_since, within
from reconciler.reconcile.releases_then import ReleasesThen
from reconciler.reconcile.removals import Removal, removals
from reconciler.reconcile.surroundings import Surroundings
from reconciler.reconcile.verified_days import verified_days

_BEFORE = timedelta(days=45)  # reports before the period that tell what its first ones changed, and had tried


@dataclass(frozen=True, slots=True)
class Board:
    """One tenant's period. `period` has both days; without a report in it, all the rest is empty.

    `received` counts requests by the day on which they were made, `honoured` those that went live in the
    period by the days that they took. `in_time` counts those that had a day
    and were live by it. `days` counts the period's days that have begun. `open` and `alarms` are those of
    its newest report.
    """

    tenant: str
    period: Period
    reports: Sequence[StoredReport]
    received: int
    honoured: HonourDays
    in_time: int
    late: tuple[LateRequest, ...]
    open: Sequence[Mapping[str, Any]]
    put_on: int
    removed: tuple[Removal, ...]
    restored: int
    adopted: int
    verified: int
    days: int
    failed: int
    alarms: Sequence[Mapping[str, Any]]
    rule_changes: tuple[RuleChange, ...]
    overrides: tuple[tuple[int, Mapping[str, Any]], ...]


def board(around: Surroundings, period: Period) -> Board:
    """Sum up a period. Raises RepositoryProblem and BrokenChain as the ledger does."""
    archive = open_archive(around)
    before = Period(period.first - _BEFORE if period.first else None)
    every = reports_since(archive.ledger, archive.tenant, before)
    today = around.clock().date()
    period = Period(period.first or (day_of(every[0]) if every else today), period.last or today)
    reports = within(every, period)
    newest = reports[-1].report if reports else None
    days = frozenset(period.days(today))
    return Board(
        tenant=archive.tenant,
        period=period,
        reports=reports,
        received=received(every, period),
        honoured=honour_days(reports),
        in_time=sum(s.report.get("requests", {}).get("in_time", 0) for s in reports),
        late=tuple(late_requests(every, period, archive.files)),
        open=newest.get("requests", {}).get("open", ()) if newest else (),
        put_on=sum(_put_on(stored, archive) for stored in reports),
        removed=removals(_exposing(reports, archive)),
        restored=sum(len(row["phones"]) for stored in reports for row in stored.report["restored"]),
        adopted=sum(row["count"] for stored in reports for row in stored.report.get("adopted", ())),
        verified=len(verified_days(reports) & days),
        days=len(days),
        failed=sum(stored.report["status"] == "failed" for stored in reports),
        alarms=newest.get("alarms", ()) if newest else (),
        rule_changes=tuple(change for change in rule_changes_in(every) if change.day in period),
        overrides=tuple((s.report.seq, s.report["overrides"]) for s in reports if s.report["overrides"]),
    )


def _put_on(stored: StoredReport, archive: Archive) -> int:
    """Count the numbers that a run put on, those left out that it put back."""
    if not stored.report["summary"]["create"]:
        return 0
    changes = archive.ledger.plan(stored)["changes"]
    new = (c for c in changes if c["action"] == "create" and c["reason"] != "restored")
    return sum(len(change["phones"]) for change in new if change["outcome"] == "applied")


def _exposing(reports: Sequence[StoredReport], archive: Archive) -> Iterator[ChangeRow]:
    """Give what came off; only plans of runs that took something off are opened."""
    releases = ReleasesThen(archive.files)
    for stored in reports:
        if stored.report.get("removed"):
            rows = rows_of(stored, archive.ledger.plan(stored), releases)
            yield from (row for row in rows if row.exposing)
