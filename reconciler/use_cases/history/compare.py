"""`dnc audit compare`: an export that an auditor took out of CXone, compared with a report."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from pathlib import Path

from reconciler.audit.report import Report, StoredReport
from reconciler.audit.report_rows import NumberRow
from reconciler.config.configuration import Tenant
from reconciler.config.connection_settings import EntriesSettings
from reconciler.core.model.entries import ProjectedTerms, strongest_terms
from reconciler.core.model.errors import InvalidInput
from reconciler.core.model.phone import is_e164
from reconciler.core.model.provider import Dialect
from reconciler.cxone.entries.dialect import EntriesDialect
from reconciler.cxone.groups.dialect import GroupsDialect
from reconciler.lists.phone_input import parse_phone_input
from reconciler.lists.tables.columns import ColumnChoice, Columns, find_columns
from reconciler.lists.tables.table import read_table
from reconciler.use_cases.history.status import open_reports
from reconciler.use_cases.reconcile.last_applied import Past, load_past
from reconciler.use_cases.reconcile.report.list_changes import content_hash, count_reasons
from reconciler.use_cases.workspace.context import CommandContext
from reconciler.use_cases.workspace.tenant_lists import TenantLists

LIST = "listId"
_LIST_TITLES = frozenset({"listid", "list", "listname", "dncgroup", "groupname", "groupid"})
_END_TITLES = frozenset({"expireddate", "expiredate", "expirydate"})  # as the Admin API writes an end
_END = "expirationDate"
_CODE_KEYS = ("reasonCode", "expirationPolicy")
FIELDS = ("phone", LIST, *_CODE_KEYS, _END)


@dataclass(frozen=True, slots=True)
class ExportFile:
    """An export, and how it is read: which column is which field, or which list all of it is."""

    file: Path
    mapped_columns: Mapping[str, str] = field(default_factory=dict)
    list_id: str | None = None


@dataclass(slots=True)
class CxoneExport:
    """The rows of an export by the files' list, then number.

    `single_list` is the one list that it was read for, None where it was read for all. `foreign` counts rows
    of lists that are not compared, `unreadable` rows whose number is none, and `repeated` numbers that stand
    on one list more than once: the strongest row counts, as in a reading.
    """

    sha256: str
    single_list: str | None
    lists: dict[str, dict[str, ProjectedTerms]] = field(default_factory=dict)
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


def read_export(export_file: ExportFile, report: Report, tenant: Tenant) -> CxoneExport:
    """Read an export as the report's run would have read CXone. Raises InvalidInput for what is no export."""
    try:
        data = export_file.file.read_bytes()
    except OSError as error:
        raise InvalidInput(
            f"cannot be read: {error.strerror}", "check the file", where=str(export_file.file)
        ) from error
    name = export_file.file.name
    table = read_table(name, data)
    found = _export_columns(table.rows[0].cells, export_file.mapped_columns)
    choice = ColumnChoice({**found, **export_file.mapped_columns})
    columns, rows = find_columns(table, choice, tenant.region)
    dialect = dialect_of(tenant)
    terms_in = _terms_reader(columns, dialect, report.as_of, name)
    names = _list_names(report, tenant)
    single_list = _single_list(export_file, columns, names, name)
    export = CxoneExport(sha256(data).hexdigest(), single_list)
    for line, cells, problem, _ in rows:
        export.rows += 1
        list_cell = columns.value(LIST, cells)
        list_id = names.get(list_cell) if LIST in columns.indexes else single_list
        phone = "" if problem else _parse_phone(columns.phone_text(cells), tenant.region)
        if list_id is None or (single_list is not None and list_id != single_list):
            export.foreign[list_cell] = export.foreign.get(list_cell, 0) + 1
        elif not phone:
            export.unreadable += 1
        elif (terms := terms_in(line, cells)) is not None:
            _add_record(export, list_id, phone, terms, dialect)
    return export


def _add_record(
    export: CxoneExport, list_id: str, phone: str, terms: ProjectedTerms, dialect: Dialect
) -> None:
    numbers = export.lists.setdefault(list_id, {})
    known_terms = numbers.get(phone)
    export.repeated += known_terms is not None
    if known_terms is None or dialect.strength(terms) > dialect.strength(known_terms):
        numbers[phone] = terms


def _export_columns(header: tuple[str, ...], mapped_columns: Mapping[str, str]) -> dict[str, str]:
    """Find the columns that only an export has: the list, and an end as the Admin API names it."""
    columns: dict[str, str] = {}
    for key, words in ((LIST, _LIST_TITLES), (_END, _END_TITLES)):
        titles = [title for title in header if "".join(filter(str.isalnum, title.lower())) in words]
        if titles and key not in mapped_columns:
            columns[key] = titles[0]
    return columns


def _list_names(report: Report, tenant: Tenant) -> dict[str, str]:
    """Map each name that a list may have in an export to the files' own."""
    list_ids = report.live_after
    names = {tenant.own_list_id(list_id): list_id for list_id in list_ids}
    names |= {cxone_id: list_id for list_id, cxone_id in report.own_ids.items() if list_id in list_ids}
    return {list_id: list_id for list_id in list_ids if list_id not in names} | names


def _single_list(
    export_file: ExportFile, columns: Columns, names: Mapping[str, str], name: str
) -> str | None:
    """Say which list is meant; None: all, and a column says which."""
    lists = sorted(set(names.values()))
    known_lists = ", ".join(lists) or "none"
    if export_file.list_id is not None:
        if export_file.list_id not in lists:
            raise InvalidInput("the report names no such list", f"name one of: {known_lists}", where="--list")
        return export_file.list_id
    if LIST in columns.indexes:
        return None
    if len(lists) == 1:
        return lists[0]
    raise InvalidInput(
        "no column says which list a row is of",
        f"say it: --map {LIST}=COLUMN, or --list with one of: {known_lists}",
        where=name,
    )


def _terms_reader(
    columns: Columns, dialect: Dialect, as_of: date, name: str
) -> Callable[[int, tuple[str, ...]], ProjectedTerms | None]:
    """Give what reads a row's terms as the dialect carries them; None of a record that is over."""
    if not isinstance(dialect, GroupsDialect):
        missing_columns = [key for key in _CODE_KEYS if key not in columns.indexes]
        if missing_columns:
            raise InvalidInput(
                f"no column is known to be the {missing_columns[0]}",
                f"say which: --map {missing_columns[0]}=COLUMN",
                where=name,
            )
        shared_terms: dict[tuple[str, str], ProjectedTerms] = {}

        def of_codes(_: int, cells: tuple[str, ...]) -> ProjectedTerms:
            pair = (columns.value(_CODE_KEYS[0], cells), columns.value(_CODE_KEYS[1], cells))
            return shared_terms.setdefault(pair, ProjectedTerms(*pair))

        return of_codes

    def of_end(line: int, cells: tuple[str, ...]) -> ProjectedTerms | None:
        text = columns.value(_END, cells)
        try:
            end = dialect.end_of(date.fromisoformat(text[:10])) if text else None
        except ValueError:
            raise InvalidInput(
                "this is no date", "export dates as YYYY-MM-DD", where=f"{name}:{line}"
            ) from None
        return ProjectedTerms(end=end) if end is None or end >= as_of else None

    return of_end


def _parse_phone(text: str, region: str) -> str:
    """Read a number as a reading of CXone does: what is E.164 is taken as it is."""
    return text if is_e164(text) else parse_phone_input(text, region).phone


@dataclass(frozen=True, slots=True)
class ListContent:
    """How many numbers a list has, how many by reason, and the name of exactly what is on it."""

    count: int
    sha256: str
    reasons: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class ListDifference:
    """Numbers in which a list's export differs from what git and the report tell.

    `weaker` are on both sides, under terms in the export that say less than the files did.
    """

    only_in_export: tuple[str, ...] = ()
    only_in_report: tuple[str, ...] = ()
    weaker: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ListComparison:
    """One list, on both sides. `reconstructed_count`: numbers that git and the report tell, if they differ.

    A report names what was live by a digest. Its numbers are told again from the files of its revision,
    what it lists as kept and not live, and the drift that it saw.
    """

    list_id: str
    report: ListContent
    export: ListContent
    difference: ListDifference = ListDifference()
    reconstructed_count: int | None = None

    @property
    def is_equal(self) -> bool:
        """Tell whether exactly the same numbers are on it, under the same terms."""
        return (self.report.count, self.report.sha256) == (self.export.count, self.export.sha256)


@dataclass(frozen=True, slots=True)
class ExportComparison:
    """Every list of the report, and what was left out of the export."""

    stored_report: StoredReport
    export: CxoneExport
    lists: tuple[ListComparison, ...]

    @property
    def is_equal(self) -> bool:
        """Tell whether every list that was compared is equal."""
        return all(one.is_equal for one in self.lists)


def compare(ctx: CommandContext, export_file: ExportFile, report_name: str | None) -> ExportComparison:
    """Hold an export against a report, the newest where none is named.

    Raises InvalidInput for an export that cannot be read, and for a report of a run that read nothing.
    """
    stored_report = open_reports(ctx).find(report_name)
    report = stored_report.report
    if report.is_repeat or not report.live_after:
        raise InvalidInput(
            f"the run of report {report.seq} did not read CXone: there is nothing to compare with",
            "name another: --report NUMBER; dnc audit list shows them",
        )
    tenant_lists = TenantLists.open(ctx)
    export = read_export(export_file, report, tenant_lists.tenant)
    past = load_past(tenant_lists)
    chosen = [export.single_list] if export.single_list else sorted(report.live_after)
    return ExportComparison(
        stored_report,
        export,
        tuple(_compare_list(tenant_lists, past, stored_report, export, list_id) for list_id in chosen),
    )


def _compare_list(
    tenant_lists: TenantLists, past: Past, stored_report: StoredReport, export: CxoneExport, list_id: str
) -> ListComparison:
    live = stored_report.report.live_after[list_id]
    reasons = stored_report.report.reasons.get(list_id, {})
    exported_terms = export.lists.get(list_id, {})
    report_content = ListContent(live.count, live.sha256, reasons)
    export_content = ListContent(
        len(exported_terms), content_hash(exported_terms), count_reasons(exported_terms.values())
    )
    if (report_content.count, report_content.sha256) == (export_content.count, export_content.sha256):
        return ListComparison(list_id, report_content, export_content)
    reconstructed = _reconstruct_list(tenant_lists, past, stored_report, list_id)
    dialect = dialect_of(tenant_lists.tenant)
    weaker = (
        phone
        for phone, terms in reconstructed.items()
        if terms is not None
        and phone in exported_terms
        and dialect.strength(exported_terms[phone]) < dialect.strength(terms)
    )
    differing = ListDifference(
        only_in_export=tuple(sorted(exported_terms.keys() - reconstructed.keys())),
        only_in_report=tuple(sorted(reconstructed.keys() - exported_terms.keys())),
        weaker=tuple(sorted(weaker)),
    )
    return ListComparison(list_id, report_content, export_content, differing, len(reconstructed))


def _reconstruct_list(
    tenant_lists: TenantLists, past: Past, stored_report: StoredReport, list_id: str
) -> dict[str, ProjectedTerms | None]:
    """Tell the numbers of a list again that a report found live; None: under terms that it does not say."""
    report = stored_report.report
    dialect = dialect_of(tenant_lists.tenant)
    active = past.declarations_at(report.revision).active_on(report.as_of)
    declared_terms = strongest_terms(active.files).get(list_id, {})
    reconstructed: dict[str, ProjectedTerms | None] = {
        phone: dialect.project(terms) for phone, terms in declared_terms.items()
    }
    for phone in _phones(report.not_live, list_id):
        reconstructed.pop(phone, None)
    reconstructed |= dict.fromkeys(_phones(report.retained, list_id))
    plan = past.ledger.plan(stored_report) if past.ledger else {}
    drift = [NumberRow(drift_row) for drift_row in plan.get("drift", ()) if drift_row["kind"] == "unmanaged"]
    return reconstructed | dict.fromkeys(_phones(drift, list_id))


def _phones(rows: Iterable[NumberRow], list_id: str) -> list[str]:
    return [phone for row in rows if row.list_id == list_id for phone in row.phones]
