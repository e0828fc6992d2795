"""Tables that other systems write, as rows of text with line numbers, and which column is which key."""

import csv
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from io import BytesIO, StringIO
from itertools import chain

from reconciler.config.import_profile import ImportProfile
from reconciler.core.model.errors import InvalidInput
from reconciler.lists.edit.changes import ENTRY_KEYS
from reconciler.lists.phone_input import parse_phone_input

# How workbooks begin: a ZIP archive (xlsx, ods) or an OLE file (xls).
WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
Row = tuple[int, tuple[str, ...]]


def read_table(name: str, data: bytes) -> Iterator[Row]:
    """Give the rows that are not empty, each with its line from 1; of a workbook, those of its first sheet.

    Raises InvalidInput for what is no table.
    """
    rows = _workbook_rows(name, data) if data.startswith(WORKBOOKS) else _text_rows(name, data)
    for line, cells in rows:
        stripped = tuple(cell.strip() for cell in cells)
        if any(stripped):
            yield line, stripped


def _text_rows(name: str, data: bytes) -> Iterator[Row]:
    text = decode_table(name, data)
    reader = csv.reader(StringIO(text, newline=""), delimiter=find_delimiter(text))
    while True:
        try:
            cells = next(reader, None)
        except csv.Error as error:
            raise InvalidInput(
                f"this row can't be read: {error}", "correct it", where=f"{name}:{reader.line_num}"
            ) from error
        if cells is None:
            return
        yield reader.line_num, tuple(cells)


def find_delimiter(text: str) -> str:
    """Find what separates cells: the mark that the first line has most of."""
    first_line = text.partition("\n")[0]
    # Spreadsheets write semicolons where the comma is the decimal mark.
    return max("\t;,", key=lambda mark: (first_line.count(mark), mark == ","))


def decode_table(name: str, data: bytes) -> str:
    """Decode a table of text. Raises InvalidInput for what is no text."""
    if data.startswith(_UTF16):
        return data.decode("utf-16", errors="replace")
    if b"\0" in data:
        raise InvalidInput("this is no table", "export it as CSV, TSV or XLSX", where=name)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")  # what spreadsheets write where it is not UTF-8


def _workbook_rows(name: str, data: bytes) -> Iterator[Row]:
    import python_calamine  # noqa: PLC0415  (only workbooks need it)

    try:
        sheet = python_calamine.CalamineWorkbook.from_filelike(BytesIO(data)).get_sheet_by_index(0)
    except (python_calamine.CalamineError, IndexError) as error:
        fact = "this workbook can't be read"
        raise InvalidInput(fact, "save it again without a password, or as CSV", where=name) from error
    first_line = (sheet.start or (0, 0))[0] + 1
    for line, cells in enumerate(sheet.iter_rows(), first_line):
        yield line, tuple(_cell_text(cell) for cell in cells)


def _cell_text(value: object) -> str:
    """Write a cell as people see it: numbers without a decimal point, dates as YYYY-MM-DD."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime):
        return value.date().isoformat()
    return value.isoformat() if isinstance(value, date) else str(value)


FIELDS = ("phone", *ENTRY_KEYS)
_PHONE_TITLES = frozenset(
    {
        *("phone", "phonenumber", "phoneno", "telephone", "telephonenumber", "tel", "number"),
        *("mobile", "mobilenumber", "cell", "cellphone", "msisdn", "e164"),
    }
)
# As the FTC's National Do Not Call Registry writes them: `AAA,NNNNNNN`, without a header.
_AREA_CODE, _LOCAL_NUMBER = re.compile("[0-9]{3}"), re.compile("[0-9]{7}")
_FLAT_COLUMNS = 2


@dataclass(frozen=True, slots=True)
class Columns:
    """Where each field stands. `is_flat`: area code and number, each in a column of its own.

    `header` are the table's own names; empty where it has none. `profile` says how the rows are read.
    """

    indexes: Mapping[str, int]
    header: tuple[str, ...] = ()
    is_flat: bool = False
    profile: ImportProfile = field(default_factory=ImportProfile)

    def ignored_value(self, cells: tuple[str, ...]) -> str:
        """Say for which value the profile leaves a row out, as `COLUMN VALUE`; empty: it does not."""
        for title, values in self.profile.ignored_rows.items():
            index = self.header.index(title)
            value = cells[index] if index < len(cells) else ""
            if value in values:
                return f"{title} {value}".rstrip()
        return ""

    def parse_row(self, cells: tuple[str, ...]) -> dict[str, str]:
        """Give what a row says, by field, in the sender's own words; what is empty says nothing."""
        if self.is_flat:
            area, local = (*cells, "", "")[:_FLAT_COLUMNS]
            is_number = _AREA_CODE.fullmatch(area) and _LOCAL_NUMBER.fullmatch(local)
            return {"phone": f"+1{area}{local}" if is_number else " ".join(cells)}
        fields = {
            key: cells[index] for key, index in self.indexes.items() if index < len(cells) and cells[index]
        }
        if "expirationPolicy" in fields:
            fields["expirationPolicy"] = fields["expirationPolicy"].upper()
        return fields

    @property
    def ignored_titles(self) -> tuple[str, ...]:
        """Name the columns that nothing is taken from, but for those that the profile names."""
        used_indexes = {*self.indexes.values(), *map(self.header.index, self.profile.ignored_rows)}
        ignored_columns = self.profile.ignored_columns
        return tuple(
            title
            for index, title in enumerate(self.header)
            if title and index not in used_indexes and title not in ignored_columns
        )


def find_columns(
    name: str,
    rows: Iterator[Row],
    mapped_titles: Mapping[str, str],
    region: str,
    profile: ImportProfile | None = None,
) -> tuple[Columns, Iterator[Row]]:
    """Find the columns by the header, or by the first row where there is none; give them and the data rows.

    `mapped_titles` says which header a field has; where it does not, the profile may. Raises InvalidInput
    where it is not clear which the number is, and for a column that is named and not there.
    """
    first_row = next(rows, None)
    if first_row is None:
        raise InvalidInput("this table is empty", "export it again", where=name)
    used_profile, cells = profile or ImportProfile(), first_row[1]
    has_header = mapped_titles or used_profile.columns or used_profile.ignored_rows
    if (
        not has_header
        and len(cells) == _FLAT_COLUMNS
        and _AREA_CODE.fullmatch(cells[0])
        and _LOCAL_NUMBER.fullmatch(cells[1])
    ):
        return Columns({}, is_flat=True, profile=used_profile), chain([first_row], rows)
    if not has_header and len(cells) == 1 and parse_phone_input(cells[0], region).phone:
        return Columns({"phone": 0}, profile=used_profile), chain([first_row], rows)
    sources = {
        key: (title, used_profile.key_path("columns", key)) for key, title in used_profile.columns.items()
    }
    sources |= {key: (title, f"--map {key}={title}") for key, title in mapped_titles.items()}
    for title in used_profile.ignored_rows:
        _column_index(cells, title, used_profile.key_path("ignore", "rows", title))
    return Columns(
        _column_indexes(name, cells, sources, used_profile.ignored_columns), cells, profile=used_profile
    ), rows


def _column_indexes(
    name: str,
    header: tuple[str, ...],
    sources: Mapping[str, tuple[str, str]],
    ignored_columns: Collection[str],
) -> dict[str, int]:
    """Find each field's column. `sources` names some, with where that is said; others may be ignored."""
    known_titles = {_normalized_title(key): key for key in ENTRY_KEYS} | dict.fromkeys(_PHONE_TITLES, "phone")
    indexes = {key: _column_index(header, title, source) for key, (title, source) in sources.items()}
    for index, title in enumerate(header):
        key = "" if title in ignored_columns else known_titles.get(_normalized_title(title), "")
        if not key or key in sources or index in indexes.values():
            continue
        if key in indexes:
            fact = f"two columns may be the {key}: {header[indexes[key]]} and {title}"
            raise InvalidInput(fact, f"say which: --map {key}={title}", where=name)
        indexes[key] = index
    if "phone" not in indexes:
        fact = f"no column is known to be the number: the first row has {_title_list(header)}"
        raise InvalidInput(fact, "say which: --map phone=COLUMN", where=name)
    return indexes


def _column_index(header: tuple[str, ...], title: str, where: str) -> int:
    if title not in header:
        raise InvalidInput(f"there is no column {title}", f"name one of: {_title_list(header)}", where=where)
    return header.index(title)


def _normalized_title(title: str) -> str:
    return re.sub("[^a-z0-9]", "", title.lower())


def _title_list(header: Iterable[str]) -> str:
    """Name columns, but nothing that may be a number or a person: the first row may be no header."""
    titles = [title for title in header if title]
    return ", ".join(title if re.fullmatch(r"[^0-9@]{1,30}", title) else "(not shown)" for title in titles)
