"""`dnc audit`: what the ledger has, and whether it is still what it was."""

from collections.abc import Iterator
from dataclasses import dataclass

from reconciler.audit.ledger import Ledger
from reconciler.audit.report import StoredReport
from reconciler.model.errors import InvalidInput, RepositoryProblem
from reconciler.reconcile.opening import open_record
from reconciler.reconcile.surroundings import Surroundings

_DAY = 8  # digits of a day, with which every report's name begins


@dataclass(frozen=True, slots=True)
class Books:
    """The ledger, fetched, and the tenant that was asked for."""

    ledger: Ledger
    tenant: str

    def push(self) -> tuple[str, ...]:
        """Push the reports that only this clone has, in order; their paths. Raises NotDelivered."""
        if not self.ledger.has_remote:
            raise RepositoryProblem(
                "the repository has no remote to push to", "add one: git remote add origin URL"
            )
        waiting = tuple(self.ledger.waiting())
        self.ledger.deliver(push=True)
        self.ledger.demand_vouched()
        self.ledger.demand_signed()
        return waiting

    def reports(self) -> Iterator[StoredReport]:
        """Give the tenant's reports, newest first."""
        return self.ledger.reports(self.tenant)

    def find(self, wanted: str | None) -> StoredReport:
        """Find a report by number, by name or by a part of its name; the newest where none is named."""
        named: StoredReport | None = None
        # A short number is a report's own, and no part of a name: names hold hexadecimal by chance.
        numbered = wanted is not None and wanted.isdigit() and len(wanted) < _DAY
        for stored in self.reports():
            if wanted is None or str(stored.report.seq) == wanted:
                return stored
            if named is None and not numbered and wanted in stored.path:
                named = stored
        if named is not None:
            return named
        raise InvalidInput(
            f"there is no report {wanted}" if wanted else f"there is no report for {self.tenant} yet",
            "dnc audit list shows them" if wanted else "dnc apply writes the first",
        )


def open_books(around: Surroundings, *, fetch: bool = True) -> Books:
    """Open the audit branch, fetched. Raises RepositoryProblem when the remote does not answer.

    `fetch=False` is for `verify`, which fetches by itself and finds what the fetch cannot get over, and for
    `push`, which fetches where somebody else pushed first.
    """
    _, project, ledger = open_record(around)
    if fetch:
        ledger.refresh()
    return Books(ledger, project.tenant(around.tenant).name)
