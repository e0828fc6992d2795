"""Tables that other systems write, as rows of text with line numbers, and which column is which key."""

import csv
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from io import BytesIO, StringIO
from itertools import chain

from reconciler.config.import_profile import Profile
from reconciler.core.model.errors import InvalidInput
from reconciler.lists.edit.changes import KEYS
from reconciler.lists.phone_input import typed

# How workbooks begin: a ZIP archive (xlsx, ods) or an OLE file (xls).
WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
Row = tuple[int, tuple[str, ...]]


def read_table(name: str, data: bytes) -> Iterator[Row]:
    """Give the rows that are not empty, each with its line from 1; of a workbook, those of its first sheet.

    Raises InvalidInput for what is no table.
    """
    rows = _workbook(name, data) if data.startswith(WORKBOOKS) else _text(name, data)
    for line, cells in rows:
        stripped = tuple(cell.strip() for cell in cells)
        if any(stripped):
            yield line, stripped


def _text(name: str, data: bytes) -> Iterator[Row]:
    text = decoded(name, data)
    reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter_of(text))
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


def delimiter_of(text: str) -> str:
    """Find what separates cells: the mark that the first line has most of."""
    first = text.partition("\n")[0]
    # Spreadsheets write semicolons where the comma is the decimal mark.
    return max("\t;,", key=lambda mark: (first.count(mark), mark == ","))


def decoded(name: str, data: bytes) -> str:
    """Decode a table of text. Raises InvalidInput for what is no text."""
    if data.startswith(_UTF16):
        return data.decode("utf-16", errors="replace")
    if b"\0" in data:
        raise InvalidInput("this is no table", "export it as CSV, TSV or XLSX", where=name)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")  # what spreadsheets write where it is not UTF-8


def _workbook(name: str, data: bytes) -> Iterator[Row]:
    import python_calamine  # noqa: PLC0415  (only workbooks need it)

    try:
        sheet = python_calamine.CalamineWorkbook.from_filelike(BytesIO(data)).get_sheet_by_index(0)
    except (python_calamine.CalamineError, IndexError) as error:
        fact = "this workbook can't be read"
        raise InvalidInput(fact, "save it again without a password, or as CSV", where=name) from error
    first = (sheet.start or (0, 0))[0] + 1
    for line, cells in enumerate(sheet.iter_rows(), first):
        yield line, tuple(_cell(cell) for cell in cells)


def _cell(value: object) -> str:
    """Write a cell as people see it: numbers without a decimal point, dates as YYYY-MM-DD."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime):
        return value.date().isoformat()
    return value.isoformat() if isinstance(value, date) else str(value)


FIELDS = ("phone", *KEYS)
_PHONE = frozenset(
    {
        *("phone", "phonenumber", "phoneno", "telephone", "telephonenumber", "tel", "number"),
        *("mobile", "mobilenumber", "cell", "cellphone", "msisdn", "e164"),
    }
)
# As the FTC's National Do Not Call Registry writes them: `AAA,NNNNNNN`, without a header.
_AREA, _LOCAL = re.compile("[0-9]{3}"), re.compile("[0-9]{7}")
_IN_TWO = 2


@dataclass(frozen=True, slots=True)
class Columns:
    """Where each field stands. `is_flat`: area code and number, each in a column of its own.

    `header` are the table's own names; empty where it has none. `profile` says how the rows are read.
    """

    places: Mapping[str, int]
    header: tuple[str, ...] = ()
    is_flat: bool = False
    profile: Profile = field(default_factory=Profile)

    def left_out(self, cells: tuple[str, ...]) -> str:
        """Say for which value the profile leaves a row out, as `COLUMN VALUE`; empty: it does not."""
        for title, values in self.profile.ignored_rows.items():
            at = self.header.index(title)
            value = cells[at] if at < len(cells) else ""
            if value in values:
                return f"{title} {value}".rstrip()
        return ""

    def read(self, cells: tuple[str, ...]) -> dict[str, str]:
        """Give what a row says, by field, in the sender's own words; what is empty says nothing."""
        if self.is_flat:
            area, local = (*cells, "", "")[:_IN_TWO]
            is_number = _AREA.fullmatch(area) and _LOCAL.fullmatch(local)
            return {"phone": f"+1{area}{local}" if is_number else " ".join(cells)}
        said = {key: cells[at] for key, at in self.places.items() if at < len(cells) and cells[at]}
        if "expirationPolicy" in said:
            said["expirationPolicy"] = said["expirationPolicy"].upper()
        return said

    @property
    def ignored(self) -> tuple[str, ...]:
        """Name the columns that nothing is taken from, but for those that the profile names."""
        taken = {*self.places.values(), *map(self.header.index, self.profile.ignored_rows)}
        mute = self.profile.ignored_columns
        return tuple(n for at, n in enumerate(self.header) if n and at not in taken and n not in mute)


def columns_of(
    name: str, rows: Iterator[Row], named: Mapping[str, str], region: str, profile: Profile | None = None
) -> tuple[Columns, Iterator[Row]]:
    """Find the columns by the header, or by the first row where there is none; give them and the data rows.

    `named` says which header a field has; where it does not, the profile may. Raises InvalidInput where it
    is not clear which the number is, and for a column that is named and not there.
    """
    first = next(rows, None)
    if first is None:
        raise InvalidInput("this table is empty", "export it again", where=name)
    known, cells = profile or Profile(), first[1]
    has_header = named or known.columns or known.ignored_rows
    if not has_header and len(cells) == _IN_TWO and _AREA.fullmatch(cells[0]) and _LOCAL.fullmatch(cells[1]):
        return Columns({}, is_flat=True, profile=known), chain([first], rows)
    if not has_header and len(cells) == 1 and typed(cells[0], region).phone:
        return Columns({"phone": 0}, profile=known), chain([first], rows)
    wanted = {key: (title, known.at("columns", key)) for key, title in known.columns.items()}
    wanted |= {key: (title, f"--map {key}={title}") for key, title in named.items()}
    for title in known.ignored_rows:
        _place(cells, title, known.at("ignore", "rows", title))
    return Columns(_places(name, cells, wanted, known.ignored_columns), cells, profile=known), rows


def _places(
    name: str, header: tuple[str, ...], wanted: Mapping[str, tuple[str, str]], mute: Collection[str]
) -> dict[str, int]:
    """Find each field's column. `wanted` names some, with where that is said; `mute` are not looked at."""
    known = {_plain(key): key for key in KEYS} | dict.fromkeys(_PHONE, "phone")
    places = {key: _place(header, title, where) for key, (title, where) in wanted.items()}
    for at, title in enumerate(header):
        key = "" if title in mute else known.get(_plain(title), "")
        if not key or key in wanted or at in places.values():
            continue
        if key in places:
            fact = f"two columns may be the {key}: {header[places[key]]} and {title}"
            raise InvalidInput(fact, f"say which: --map {key}={title}", where=name)
        places[key] = at
    if "phone" not in places:
        fact = f"no column is known to be the number: the first row has {_listed(header)}"
        raise InvalidInput(fact, "say which: --map phone=COLUMN", where=name)
    return places


def _place(header: tuple[str, ...], title: str, where: str) -> int:
    if title not in header:
        raise InvalidInput(f"there is no column {title}", f"name one of: {_listed(header)}", where=where)
    return header.index(title)


def _plain(title: str) -> str:
    return re.sub("[^a-z0-9]", "", title.lower())


def _listed(header: Iterable[str]) -> str:
    """Name columns, but nothing that may be a number or a person: the first row may be no header."""
    titles = [title for title in header if title]
    return ", ".join(title if re.fullmatch(r"[^0-9@]{1,30}", title) else "(not shown)" for title in titles)
