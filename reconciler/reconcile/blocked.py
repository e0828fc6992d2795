"""`dnc blocked`: what stays in CXone without permission to, as the newest report lists it. Needs no CXone."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from reconciler.audit.report import StoredReport
from reconciler.reconcile.audit import open_books
from reconciler.reconcile.surroundings import Surroundings


@dataclass(frozen=True, slots=True)
class KeptRow:
    """Numbers of one list that are kept for the same reasons, from the same file, under the same terms."""

    list_id: str
    phones: tuple[str, ...]
    blocked_by: tuple[str, ...]
    file: str
    terms: Mapping[str, Any]
    since: str | None


@dataclass(frozen=True, slots=True)
class Blocked:
    """A tenant's kept numbers, and the report that tells of them; none where there is no report yet."""

    tenant: str
    report: StoredReport | None
    rows: tuple[KeptRow, ...]
    asked_at: datetime


def blocked(around: Surroundings) -> Blocked:
    """List what is kept. Raises RepositoryProblem where there is no repository, or the remote is silent."""
    books = open_books(around)
    newest = books.ledger.newest(books.tenant)
    rows = tuple(
        KeptRow(
            row["list_id"],
            tuple(row["phones"]),
            tuple(row["blocked_by"]),
            row["path"],
            row["terms"],
            row["since"],
        )
        for row in (newest.report["kept"] if newest else ())
    )
    return Blocked(books.tenant, newest, rows, around.clock())
