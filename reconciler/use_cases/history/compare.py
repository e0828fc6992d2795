"""`dnc audit compare`: an export that an auditor took out of CXone, compared with a report."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from pathlib import Path

from reconciler.audit.report import Report, StoredReport
from reconciler.audit.report_rows import NumberRow
from reconciler.config.configuration import Tenant
from reconciler.config.connection_settings import EntriesSettings
from reconciler.core.model.entries import Carried, strongest_terms
from reconciler.core.model.errors import InvalidInput
from reconciler.core.model.phone import is_e164
from reconciler.core.model.provider import Dialect
from reconciler.cxone.entries.dialect import EntriesDialect
from reconciler.cxone.groups.dialect import GroupsDialect
from reconciler.lists.edit.tables import Columns, Row, columns_of, read_table
from reconciler.lists.phone_input import typed
from reconciler.use_cases.history.status import open_books
from reconciler.use_cases.reconcile.last_applied import Past, known_past
from reconciler.use_cases.reconcile.report.list_changes import named, reasons_of
from reconciler.use_cases.workspace.context import CommandContext
from reconciler.use_cases.workspace.tenant_lists import Desk

LIST = "listId"
_LISTS = frozenset({"listid", "list", "listname", "dncgroup", "groupname", "groupid"})
_ENDS = frozenset({"expireddate", "expiredate", "expirydate"})  # as the Admin API writes an end
_END = "expirationDate"
_CODES = ("reasonCode", "expirationPolicy")
FIELDS = ("phone", LIST, *_CODES, _END)


@dataclass(frozen=True, slots=True)
class Asked:
    """An export, and how it is read: which column is which field, or which list all of it is."""

    file: Path
    named: Mapping[str, str] = field(default_factory=dict)
    list_id: str | None = None


@dataclass(slots=True)
class Exported:
    """The rows of an export by the files' list, then number.

    `only` is the one list that it was read for, None where it was read for all. `foreign` counts rows of
    lists that are not compared, `unreadable` rows whose number is none, and `repeated` numbers that stand on
    one list more than once: the strongest row counts, as in a reading.
    """

    sha256: str
    only: str | None
    lists: dict[str, dict[str, Carried]] = field(default_factory=dict)
    rows: int = 0
    foreign: dict[str, int] = field(default_factory=dict)
    unreadable: int = 0
    repeated: int = 0


def dialect_of(tenant: Tenant) -> Dialect:
    """Say what a tenant's wire carries."""
    settings = tenant.connection
    if isinstance(settings, EntriesSettings):
        return EntriesDialect(settings.wire_policy)
    return GroupsDialect(settings.days_after)


def read_export(asked: Asked, report: Report, tenant: Tenant) -> Exported:
    """Read an export as the report's run would have read CXone. Raises InvalidInput for what is no export."""
    try:
        data = asked.file.read_bytes()
    except OSError as error:
        raise InvalidInput(
            f"cannot be read: {error.strerror}", "check the file", where=str(asked.file)
        ) from error
    name = asked.file.name
    header, rows = _header(read_table(name, data))
    columns, rows = columns_of(name, rows, {**_known(header, asked.named), **asked.named}, tenant.region)
    dialect = dialect_of(tenant)
    terms_in = _terms(columns, dialect, report.as_of, name)
    names = _names(report, tenant)
    only = _only(asked, columns, names, name)
    found = Exported(sha256(data).hexdigest(), only)
    for line, cells in rows:
        found.rows += 1
        own = _cell(columns, LIST, cells)
        list_id = names.get(own) if LIST in columns.places else only
        phone = _phone(_cell(columns, "phone", cells), tenant.region)
        if list_id is None or (only is not None and list_id != only):
            found.foreign[own] = found.foreign.get(own, 0) + 1
        elif not phone:
            found.unreadable += 1
        elif (terms := terms_in(line, cells)) is not None:
            _put(found, list_id, phone, terms, dialect)
    return found


def _put(found: Exported, list_id: str, phone: str, terms: Carried, dialect: Dialect) -> None:
    numbers = found.lists.setdefault(list_id, {})
    known = numbers.get(phone)
    found.repeated += known is not None
    if known is None or dialect.strength(terms) > dialect.strength(known):
        numbers[phone] = terms


def _header(rows: Iterator[Row]) -> tuple[tuple[str, ...], Iterator[Row]]:
    first = next(rows, None)

    def again() -> Iterator[Row]:
        yield from () if first is None else (first,)
        yield from rows

    return (first[1] if first else ()), again()


def _known(header: tuple[str, ...], named: Mapping[str, str]) -> dict[str, str]:
    """Find the columns that only an export has: the list, and an end as the Admin API names it."""
    found: dict[str, str] = {}
    for key, words in ((LIST, _LISTS), (_END, _ENDS)):
        titles = [title for title in header if "".join(filter(str.isalnum, title.lower())) in words]
        if titles and key not in named:
            found[key] = titles[0]
    return found


def _names(report: Report, tenant: Tenant) -> dict[str, str]:
    """Map each name that a list may have in an export to the files' own."""
    listed = report.live_after
    found = {tenant.own_list_id(list_id): list_id for list_id in listed}
    found |= {own: list_id for list_id, own in report.own_ids.items() if list_id in listed}
    return {list_id: list_id for list_id in listed if list_id not in found} | found


def _only(asked: Asked, columns: Columns, names: Mapping[str, str], name: str) -> str | None:
    """Say which list is meant; None: all, and a column says which."""
    lists = sorted(set(names.values()))
    known = ", ".join(lists) or "none"
    if asked.list_id is not None:
        if asked.list_id not in lists:
            raise InvalidInput("the report names no such list", f"name one of: {known}", where="--list")
        return asked.list_id
    if LIST in columns.places:
        return None
    if len(lists) == 1:
        return lists[0]
    raise InvalidInput(
        "no column says which list a row is of",
        f"say it: --map {LIST}=COLUMN, or --list with one of: {known}",
        where=name,
    )


def _terms(
    columns: Columns, dialect: Dialect, as_of: date, name: str
) -> Callable[[int, tuple[str, ...]], Carried | None]:
    """Give what reads a row's terms as the dialect carries them; None of a record that is over."""
    if not isinstance(dialect, GroupsDialect):
        missing = [key for key in _CODES if key not in columns.places]
        if missing:
            raise InvalidInput(
                f"no column is known to be the {missing[0]}",
                f"say which: --map {missing[0]}=COLUMN",
                where=name,
            )
        shared: dict[tuple[str, str], Carried] = {}

        def of_codes(_: int, cells: tuple[str, ...]) -> Carried:
            pair = (_cell(columns, _CODES[0], cells), _cell(columns, _CODES[1], cells))
            return shared.setdefault(pair, Carried(*pair))

        return of_codes

    def of_end(line: int, cells: tuple[str, ...]) -> Carried | None:
        text = _cell(columns, _END, cells)
        try:
            end = dialect.end_of(date.fromisoformat(text[:10])) if text else None
        except ValueError:
            raise InvalidInput(
                "this is no date", "export dates as YYYY-MM-DD", where=f"{name}:{line}"
            ) from None
        return Carried(end=end) if end is None or end >= as_of else None

    return of_end


def _cell(columns: Columns, key: str, cells: tuple[str, ...]) -> str:
    if columns.is_flat:
        return columns.read(cells).get(key, "")
    place = columns.places.get(key)
    return cells[place] if place is not None and place < len(cells) else ""


def _phone(text: str, region: str) -> str:
    """Read a number as a reading of CXone does: what is E.164 is taken as it is."""
    return text if is_e164(text) else typed(text, region).phone


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


def compare(ctx: CommandContext, asked: Asked, wanted: str | None) -> Compared:
    """Hold an export against a report, the newest where none is named.

    Raises InvalidInput for an export that cannot be read, and for a report of a run that read nothing.
    """
    stored = open_books(ctx).find(wanted)
    report = stored.report
    if report.repeats or not report.live_after:
        raise InvalidInput(
            f"the run of report {report.seq} did not read CXone: there is nothing to compare with",
            "name another: --report NUMBER; dnc audit list shows them",
        )
    desk = Desk.open(ctx)
    export = read_export(asked, report, desk.tenant)
    past = known_past(desk)
    chosen = [export.only] if export.only else sorted(report.live_after)
    return Compared(stored, export, tuple(_compared(desk, past, stored, export, one) for one in chosen))


def _compared(desk: Desk, past: Past, stored: StoredReport, export: Exported, list_id: str) -> ListCompared:
    live = stored.report.live_after[list_id]
    reasons = stored.report.reasons.get(list_id, {})
    there = export.lists.get(list_id, {})
    ours = Counted(live.count, live.sha256, reasons)
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
    standing = past.claims_at(report.revision).standing(report.as_of)
    claimed = strongest_terms(standing.files).get(list_id, {})
    found: dict[str, Carried | None] = {phone: dialect.carried(terms) for phone, terms in claimed.items()}
    for phone in _phones(report.not_live, list_id):
        found.pop(phone, None)
    found |= dict.fromkeys(_phones(report.kept, list_id))
    plan = past.ledger.plan(stored) if past.ledger else {}
    drift = [NumberRow(one) for one in plan.get("drift", ()) if one["kind"] == "unmanaged"]
    return found | dict.fromkeys(_phones(drift, list_id))


def _phones(rows: Iterable[NumberRow], list_id: str) -> list[str]:
    return [phone for row in rows if row.list_id == list_id for phone in row.phones]
