"""`dnc audit export`: every change of a period, row by row, and the sums held against the reports' own."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from reconciler.audit.ledger import Ledger
from reconciler.audit.report import StoredReport
from reconciler.reconcile.archive import open_archive
from reconciler.reconcile.changes import ChangeRow, Sums, rows_of, says_changes
from reconciler.reconcile.period import Period, reports_since, within
from reconciler.reconcile.releases_then import ReleasesThen
from reconciler.reconcile.surroundings import Surroundings


@dataclass
class Exported:
    """The reports of a period and their changes. `rows` gives them once, oldest first, and fills the rest in.

    `differences` are what does not add up, report by report; `outcomes` and `actions` count all changes,
    whether or not only exposing ones are given.
    """

    tenant: str
    reports: list[StoredReport]
    releases: ReleasesThen
    ledger: Ledger
    exposing: bool
    given: int = 0
    actions: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    differences: list[str] = field(default_factory=list)

    def rows(self) -> Iterator[ChangeRow]:
        """Give the changes, one plan in memory at a time."""
        for stored in self.reports:
            sums = Sums.empty()
            plan = self.ledger.plan(stored) if says_changes(stored) else {"changes": []}
            for row in rows_of(stored, plan, self.releases):
                sums.count(row)
                if row.exposing or not self.exposing:
                    self.given += 1
                    yield row
            self.actions.update(sums.actions)
            self.outcomes.update(sums.outcomes)
            said = sums.differences(stored.report)
            self.differences += [f"report {stored.report.seq}: {one}" for one in said]


def export_changes(around: Surroundings, period: Period, *, exposing: bool = False) -> Exported:
    """Open the reports of a period. Raises RepositoryProblem without a repository, BrokenChain where due."""
    archive = open_archive(around)
    reports = within(reports_since(archive.ledger, archive.tenant, period), period)
    return Exported(archive.tenant, reports, ReleasesThen(archive.files), archive.ledger, exposing)
