"""`dnc audit compare`: an export that an auditor took out of CXone himself, held against a report."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from reconciler.audit.report import StoredReport
from reconciler.model.errors import InvalidInput
from reconciler.model.terms import Carried
from reconciler.planning.permission import strongest
from reconciler.reconcile.audit import open_books
from reconciler.reconcile.census import named, reasons_of
from reconciler.reconcile.exported import Asked, Exported, dialect_of, read_export
from reconciler.reconcile.known import known_past
from reconciler.reconcile.past import Past
from reconciler.reconcile.surroundings import Surroundings
from reconciler.reconcile.target import Desk


@dataclass(frozen=True, slots=True)
class Counted:
    """How many numbers a list has, how many by reason, and the name of exactly what is on it."""

    count: int
    sha256: str
    reasons: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Differing:
    """Numbers in which a list's export differs from what git and the report tell.

    `weaker` are on both sides, under terms in the export that say less than the files did.
    """

    only_in_export: tuple[str, ...] = ()
    only_in_report: tuple[str, ...] = ()
    weaker: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ListCompared:
    """One list, on both sides. `retold` counts the numbers that git and the report tell, where they differ.

    A report names what was live by a digest. Its numbers are told again from the files of its revision,
    what it lists as kept and not live, and the drift that it saw.
    """

    list_id: str
    report: Counted
    export: Counted
    differing: Differing = Differing()
    retold: int | None = None

    @property
    def is_equal(self) -> bool:
        """Tell whether exactly the same numbers are on it, under the same terms."""
        return (self.report.count, self.report.sha256) == (self.export.count, self.export.sha256)


@dataclass(frozen=True, slots=True)
class Compared:
    """Every list of the report, and what was left out of the export."""

    stored: StoredReport
    export: Exported
    lists: tuple[ListCompared, ...]

    @property
    def is_equal(self) -> bool:
        """Tell whether every list that was compared is equal."""
        return all(one.is_equal for one in self.lists)


def compare(around: Surroundings, asked: Asked, wanted: str | None) -> Compared:
    """Hold an export against a report, the newest where none is named.

    Raises InvalidInput for an export that cannot be read, and for a report of a run that read nothing.
    """
    stored = open_books(around).find(wanted)
    report = stored.report
    if report.repeats or not report["live"].get("after"):
        raise InvalidInput(
            f"the run of report {report.seq} did not read CXone: there is nothing to compare with",
            "name another: --report NUMBER; dnc audit list shows them",
        )
    desk = Desk.open(around)
    export = read_export(asked, report.fields, desk.tenant)
    past = known_past(desk)
    chosen = [export.only] if export.only else sorted(report["live"]["after"])
    return Compared(stored, export, tuple(_compared(desk, past, stored, export, one) for one in chosen))


def _compared(desk: Desk, past: Past, stored: StoredReport, export: Exported, list_id: str) -> ListCompared:
    told: Mapping[str, Any] = stored.report["live"]["after"][list_id]
    reasons = stored.report.get("reasons", {}).get(list_id, {})
    there = export.lists.get(list_id, {})
    ours = Counted(told["count"], told["sha256"], reasons)
    theirs = Counted(len(there), named(there), reasons_of(there.values()))
    if (ours.count, ours.sha256) == (theirs.count, theirs.sha256):
        return ListCompared(list_id, ours, theirs)
    here = _retold(desk, past, stored, list_id)
    dialect = dialect_of(desk.tenant)
    weaker = (
        phone
        for phone, terms in here.items()
        if terms is not None and phone in there and dialect.strength(there[phone]) < dialect.strength(terms)
    )
    differing = Differing(
        only_in_export=tuple(sorted(there.keys() - here.keys())),
        only_in_report=tuple(sorted(here.keys() - there.keys())),
        weaker=tuple(sorted(weaker)),
    )
    return ListCompared(list_id, ours, theirs, differing, len(here))


def _retold(desk: Desk, past: Past, stored: StoredReport, list_id: str) -> dict[str, Carried | None]:
    """Tell the numbers of a list again that a report found live; None: under terms that it does not say."""
    report = stored.report
    dialect = dialect_of(desk.tenant)
    standing = past.claims_at(report.revision).standing(date.fromisoformat(report["as_of"]))
    claimed = strongest(standing.files).get(list_id, {})
    found: dict[str, Carried | None] = {phone: dialect.carried(terms) for phone, terms in claimed.items()}
    for phone in _phones(report["not_live"], list_id):
        found.pop(phone, None)
    found |= dict.fromkeys(_phones(report["kept"], list_id))
    plan = past.ledger.plan(stored) if past.ledger else {}
    drift = [one for one in plan.get("drift", ()) if one["kind"] == "unmanaged"]
    return found | dict.fromkeys(_phones(drift, list_id))


def _phones(rows: list[dict[str, Any]], list_id: str) -> list[str]:
    return [phone for row in rows if row["list_id"] == list_id for phone in row["phones"]]
