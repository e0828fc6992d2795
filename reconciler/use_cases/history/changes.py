"""`dnc audit export`: every change of a period with what authorised it, checked against the reports."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from reconciler.audit.ledger import Ledger
from reconciler.audit.report import Report, StoredReport
from reconciler.audit.report_people import AuthorizationRow
from reconciler.core.model.entries import Key
from reconciler.use_cases.history.files_at_revision import ReleasesAtRevision, ReportArchive, open_archive
from reconciler.use_cases.history.period import Period, reports_since, reports_within
from reconciler.use_cases.reconcile.unreported_runs import journal_runs, without_report
from reconciler.use_cases.workspace.context import CommandContext


def authorizations_in(report: Report) -> Mapping[Key, tuple[AuthorizationRow, ...]] | None:
    """Give what authorised each number that came off; None where the report does not say."""
    rows = report.people.authorizations if report.people else None
    if rows is None:
        return None
    found: dict[Key, tuple[AuthorizationRow, ...]] = {}
    for row in rows:
        for key in row.keys:
            found[key] = (*found.get(key, ()), row)
    return found


_OUTCOMES = ("applied", "rejected", "unknown")


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """One change of one number that a run sent, or was to send, and what authorised it."""

    stored_report: StoredReport
    action: str
    direction: str
    list_id: str
    phone: str
    reason: str
    before: Mapping[str, str] | None
    after: Mapping[str, str] | None
    outcome: str
    authorizations: tuple[AuthorizationRow, ...] = ()

    @property
    def is_exposing(self) -> bool:
        """Tell whether it took protection away."""
        return self.direction == "exposing"


def rows_of(
    stored_report: StoredReport, plan: Mapping[str, Any], releases: ReleasesAtRevision
) -> Iterator[ChangeRow]:
    """Give the changes of one run, in order of sending. What guards kept was no change."""
    reported = authorizations_in(stored_report.report)
    for change in plan["changes"]:
        if change["blocked_by"]:
            continue
        exposing = change["direction"] == "exposing"
        for phone in change["phones"]:
            key = (change["list_id"], phone)
            found: tuple[AuthorizationRow, ...] = ()
            if exposing and reported is not None:
                found = reported.get(key, ())
            elif exposing and change["reason"] != "lapsed":
                found = tuple(
                    map(AuthorizationRow.of_release, releases.of_number(stored_report.report.revision, key))
                )
            yield ChangeRow(
                stored_report,
                change["action"],
                change["direction"],
                change["list_id"],
                phone,
                change["reason"],
                change["before"],
                change["after"],
                change["outcome"],
                found,
            )


def has_changes(stored_report: StoredReport) -> bool:
    """Tell whether a report sums up any change: otherwise its plan need not be opened."""
    actions, outcomes = stored_report.report.actions, stored_report.report.outcomes
    return any(actions.values()) or any(outcomes[name] for name in _OUTCOMES)


@dataclass(slots=True)
class Sums:
    """Counts of the rows of one run's plan, to be compared with the counts of its report."""

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
        if row.is_exposing and row.outcome in {"applied", "unknown"}:
            self.removed[row.list_id] += 1

    def differences(self, report: Report) -> Iterator[str]:
        """Say where the report sums up something else than its plan has."""
        outcomes = {name: report.outcomes[name] for name in _OUTCOMES}
        for counts, told in ((self.actions, report.actions), (self.outcomes, outcomes)):
            for name, said in told.items():
                if counts[name] != said:
                    yield f"{counts[name]:,} {name} in its plan, {said:,} in its summary"
        told = report.removed
        for list_id in sorted(self.removed.keys() | told.keys()):
            planned, said = self.removed[list_id], told.get(list_id, 0)
            if planned != said:
                yield f"{planned:,} removed from {list_id} by its plan, {said:,} by the report"


@dataclass
class ChangesExport:
    """The reports of a period and their changes. `rows` gives them once, oldest first, and fills the rest in.

    `differences` are what does not add up, report by report; `outcomes` and `actions` count all changes,
    whether or not only exposing ones are given. `remarks` say what the record does not have, or not yet
    where others find it. `is_record_empty`: the tenant has no report at all.
    """

    tenant: str
    is_record_empty: bool
    reports: list[StoredReport]
    releases: ReleasesAtRevision
    ledger: Ledger
    exposing_only: bool
    remarks: tuple[str, ...] = ()
    row_count: int = 0
    actions: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    differences: list[str] = field(default_factory=list)

    def rows(self) -> Iterator[ChangeRow]:
        """Give the changes, one plan in memory at a time."""
        for stored_report in self.reports:
            sums = Sums.empty()
            plan = self.ledger.plan(stored_report) if has_changes(stored_report) else {"changes": []}
            for row in rows_of(stored_report, plan, self.releases):
                sums.count(row)
                if row.is_exposing or not self.exposing_only:
                    self.row_count += 1
                    yield row
            self.actions.update(sums.actions)
            self.outcomes.update(sums.outcomes)
            differences = sums.differences(stored_report.report)
            self.differences += [
                f"report {stored_report.report.seq}: {difference}" for difference in differences
            ]


def export_changes(ctx: CommandContext, period: Period, *, exposing: bool = False) -> ChangesExport:
    """Open the reports of a period. Raises RepositoryProblem without a repository, BrokenChain where due."""
    archive = open_archive(ctx)
    reports = reports_within(reports_since(archive.ledger, archive.tenant, period), period)
    return ChangesExport(
        archive.tenant,
        archive.is_empty,
        reports,
        ReleasesAtRevision(archive.files),
        archive.ledger,
        exposing,
        (*_unpushed_remarks(archive.ledger, reports), *_unreported_remarks(ctx, archive)),
    )


def _unpushed_remarks(ledger: Ledger, reports: Iterable[StoredReport]) -> Iterator[str]:
    unpushed = set(ledger.unpushed_reports())
    for stored_report in reports:
        if stored_report.path in unpushed:
            seq = stored_report.report.seq
            yield f"report {seq} is only in this clone, not at the remote; fix: dnc audit push"


def _unreported_remarks(ctx: CommandContext, archive: ReportArchive) -> Iterator[str]:
    """Name the runs of this clone that no report tells of yet."""
    files = archive.files
    runs = journal_runs(files.repository, files.project, files.tenant, ctx)
    if not runs:
        return
    since = min(datetime.fromisoformat(run.started_at) for run in runs)
    reports = (stored.report for stored in archive.ledger.reports(archive.tenant, since))
    for run in without_report(runs, reports):
        started = f"a run that began at {run.started_at[:19]}Z left no report"
        yield f"{started}: what it changed is not among these rows; fix: dnc apply, which reports it"
