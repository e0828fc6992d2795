"""Which column of a table is which field, told by its header, by options, or by a registry's own form."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from phonenumbers import country_code_for_region, is_valid_number, parse
from phonenumbers.phonenumberutil import NumberParseException

from reconciler.config.import_profile import ImportProfile
from reconciler.core.model.errors import InvalidInput
from reconciler.lists.edit.changes import ENTRY_KEYS
from reconciler.lists.phone_input import PhoneInput, parse_phone_input, parse_with_country
from reconciler.lists.tables.rows import Row
from reconciler.lists.tables.table import Table, TablePlace
from reconciler.lists.tables.titles import (
    ACTION,
    AREA_CODE,
    COUNTRY,
    field_of_title,
    header_text,
    titles_text,
)

FIELDS = ("phone", *ENTRY_KEYS)
MAPPABLE = (*FIELDS, AREA_CODE, COUNTRY)
_LOCAL_DIGITS = 7
_AREA, _LOCAL = re.compile("[0-9]{3}"), re.compile("[0-9]{7}")
_SHORT_CODE = re.compile(r"\(?0?[0-9]{1,5}\)?")
_REMOVALS = frozenset({"d", "delete", "deleted", "remove", "removed"})
_SAMPLE = 200  # rows that are looked at before a column is asked about
_ERRORS = re.compile(r"#(?:NULL!|DIV/0!|VALUE!|REF!|NAME\?|NUM!|N/A|GETTING_DATA|NO VALUE|SPILL!|CALC!)")


@dataclass(frozen=True, slots=True)
class ColumnChoice:
    """What is said of a table's columns before it is read: by options, then by a profile.

    `titles` says which column a field has, by its title or its place from 1. `phones` names all columns with
    numbers, where there are several.
    """

    titles: Mapping[str, str] = field(default_factory=dict)
    phones: Sequence[str] = ()
    profile: ImportProfile = field(default_factory=ImportProfile)


@dataclass(frozen=True, slots=True)
class Columns:
    """Where each field stands, by place from 0; `phones` are those with numbers.

    `header` are the table's own names; empty where it has none. `is_change_list`: its rows say A or D, and
    it is no whole list. `profile` says how the rows are read.
    """

    indexes: Mapping[str, int]
    phones: tuple[int, ...]
    header: tuple[str, ...] = ()
    is_change_list: bool = False
    profile: ImportProfile = field(default_factory=ImportProfile)

    def ignored_value(self, cells: tuple[str, ...]) -> str:
        """Say for which value the profile leaves a row out, as `COLUMN VALUE`; empty: it does not."""
        for title, values in self.profile.ignored_rows.items():
            value = _cell(cells, self.header.index(title))
            if value in values:
                return f"{title} {value}".rstrip()
        return ""

    def fields(self, cells: tuple[str, ...]) -> dict[str, str]:
        """Give what a row says besides its number, in the sender's own words; what is empty says nothing."""
        fields = {
            key: cells[index]
            for key, index in self.indexes.items()
            if key in ENTRY_KEYS and index < len(cells) and cells[index]
        }
        if "expirationPolicy" in fields:
            fields["expirationPolicy"] = fields["expirationPolicy"].upper()
        return fields

    def value(self, key: str, cells: tuple[str, ...]) -> str:
        """Give the cell of a field; empty where there is no such column."""
        return _cell(cells, self.indexes[key]) if key in self.indexes else ""

    def phone_text(self, cells: tuple[str, ...]) -> str:
        """Give the text of the first number of a row, its area code before it where that has a column."""
        return next(iter(self.phone_texts(cells)), "")

    def numbers(self, cells: tuple[str, ...], region: str) -> list[PhoneInput]:
        """Read the numbers of a row, one where there is none: it says so. `region` is of bare numbers."""
        country = self.value(COUNTRY, cells)
        return [read_number(text, country, region) for text in self.phone_texts(cells) or [""]]

    def is_removal(self, cells: tuple[str, ...]) -> bool:
        """Tell whether a row of a change list takes its number off."""
        return self.value(ACTION, cells).lower() in _REMOVALS

    @property
    def terms_places(self) -> tuple[int, ...]:
        """Say in which places the terms of a row stand: rows that are the same there have the same terms."""
        return tuple(index for key, index in self.indexes.items() if key in ENTRY_KEYS)

    @property
    def ignored_titles(self) -> tuple[str, ...]:
        """Name the columns that nothing is taken from, but for those that the profile names."""
        used = {*self.indexes.values(), *self.phones, *map(self.header.index, self.profile.ignored_rows)}
        return tuple(
            title
            for index, title in enumerate(self.header)
            if title and index not in used and title not in self.profile.ignored_columns
        )

    def phone_texts(self, cells: tuple[str, ...]) -> list[str]:
        """Give the texts of a row's numbers, each with its area code."""
        area = self.value(AREA_CODE, cells)
        texts = [cells[index] for index in self.phones if index < len(cells) and cells[index]]
        return [with_area_code(area, text) for text in texts] if area else texts


def _cell(cells: tuple[str, ...], index: int) -> str:
    return cells[index] if index < len(cells) else ""


def with_area_code(area: str, text: str) -> str:
    """Put an area code before a local number; a number that has one already stays as it is."""
    if not _SHORT_CODE.fullmatch(area) or text.startswith(("+", "00")):
        return text
    digits, own_code = ("".join(filter(str.isdigit, part)) for part in (text, area))
    if _AREA.fullmatch(area):  # of +1, where a local number has seven digits
        return f"{area}{digits}" if _LOCAL.fullmatch(digits) else text
    return text if digits.startswith(own_code) and len(digits) > _LOCAL_DIGITS else f"{area} {text}"


def read_number(text: str, country: str, region: str) -> PhoneInput:
    """Read the number of a cell, with the country beside it, if there is one."""
    if _ERRORS.fullmatch(text):
        return PhoneInput(
            "", f"the cell has an error, {text}, where its number should be: correct the formula"
        )
    return parse_with_country(text, country, region) if country else parse_phone_input(text, region)


def find_columns(
    table: Table, choice: ColumnChoice, region: str, place: TablePlace | None = None
) -> tuple[Columns, Sequence[Row]]:
    """Find the columns, and give them and the rows of data.

    Raises InvalidInput where it is not clear which column the number is, and for one that is named and not
    there.
    """
    first, place = table.rows[0], place or TablePlace()
    sample = table.rows[:_SAMPLE]
    has_names = bool(choice.profile.columns or choice.profile.ignored_rows)
    has_header = place.header_line != 0 and (
        place.header_line is not None or has_names or not is_data_row(first.cells, region)
    )
    if has_header:
        if first.problem:
            raise InvalidInput(f"the header can't be read: {first.problem}", "correct it", where=table.name)
        return _titled(table, choice, region), table.rows[1:]
    columns = _placed(table, choice) or registry_form(sample, region) or _bare(sample)
    if columns is None:
        fact = f"there is no header: the first row, of {len(first.cells):,} columns, holds a number"
        fix = (
            "say columns by their places: --map phone=2 --map requestedOn=3, for one; "
            "if there is a header further down, its line: --header-row N"
        )
        raise InvalidInput(fact, fix, where=f"{table.name}:{first.line}")
    return replace(columns, profile=choice.profile), table.rows


def is_data_row(cells: Sequence[str], region: str) -> bool:
    """Tell whether a first row holds a number, so that it is no header."""
    return (
        any(parse_phone_input(cell, region).phone for cell in cells)
        or any("@" in cell for cell in cells)
        or _is_flat(cells)
    )


def _is_flat(cells: Sequence[str]) -> bool:
    return len(cells) > 1 and bool(_AREA.fullmatch(cells[0]) and _LOCAL.fullmatch(cells[1]))


CHANGES = frozenset("AD")  # of a change list: added, deleted
_FLAT = {AREA_CODE: 0}
_CHANGES = {AREA_CODE: 0, ACTION: 2}


def registry_form(sample: Sequence[Row], region: str) -> Columns | None:
    """Tell the form of registries: area code, number, nothing more or A or D and a day."""
    flat = [row.cells for row in sample if _is_flat(row.cells)]
    if country_code_for_region(region) != 1 or len(flat) * 2 < len(sample):
        return None
    if not any(map(_has_area_in_use, flat)):
        return None
    if not any(any(cells[2:]) for cells in flat):
        return Columns(_FLAT, (1,))
    if sum(_cell(cells, _CHANGES[ACTION]) in CHANGES for cells in flat) * 2 >= len(flat):
        return Columns(_CHANGES, (1,), is_change_list=True)
    return None


def _has_area_in_use(cells: Sequence[str]) -> bool:
    try:
        return is_valid_number(parse(f"+1{cells[0]}{cells[1]}"))
    except NumberParseException:
        return False


def _bare(sample: Sequence[Row]) -> Columns | None:
    """Tell a table of nothing but numbers, of which the first row has shown that it is one."""
    return Columns({}, (0,)) if all(len(row.cells) == 1 for row in sample) else None


def _placed(table: Table, choice: ColumnChoice) -> Columns | None:
    """Take columns by their places, where options name places."""
    if not choice.titles and not choice.phones:
        return None
    width = max(len(row.cells) for row in table.rows)
    indexes = {key: place_index(title, width, f"--map {key}={title}") for key, title in choice.titles.items()}
    phones = [place_index(title, width, "--phone-columns") for title in choice.phones]
    phones = phones or ([indexes.pop("phone")] if "phone" in indexes else [])
    if not phones:
        raise InvalidInput(
            "no column is known to be the number", "say which: --map phone=1", where=table.name
        )
    return Columns(indexes, tuple(phones), profile=choice.profile)


def place_index(title: str, width: int, where: str) -> int:
    """Give the place, from 0, of a column that is named by its place from 1. Raises InvalidInput."""
    if not title.isdecimal() or not 1 <= int(title) <= width:
        option = where.partition("=")[0]
        fact = "the table has no header, so columns have places, not names"
        raise InvalidInput(fact, f"name a place, 1 to {width}", where=option)
    return int(title) - 1


def _titled(table: Table, choice: ColumnChoice, region: str) -> Columns:
    header, profile = table.rows[0].cells, choice.profile
    sources = {key: (title, profile.key_path("columns", key)) for key, title in profile.columns.items()}
    sources |= {key: (title, f"--map {key}={title}") for key, title in choice.titles.items()}
    for title in profile.ignored_rows:
        column_index(header, title, profile.key_path("ignore", "rows", title))
    indexes = {key: column_index(header, title, source) for key, (title, source) in sources.items()}
    phones = [column_index(header, title, "--phone-columns") for title in choice.phones]
    if not phones and "phone" in indexes:
        phones = [indexes["phone"]]
    is_said = bool(phones)
    indexes.pop("phone", None)
    taken = {*indexes.values(), *phones}
    for index, title in enumerate(header):
        key = "" if title in profile.ignored_columns or index in taken else field_of_title(title)
        if key == "phone" and not is_said:
            phones.append(index)
        elif key in indexes and key not in sources:
            first = titles_text([header[indexes[key]]])
            fact = f"two columns may be the {key}: {first} and {titles_text([title])}"
            raise InvalidInput(fact, f"say which: --map {key}=COLUMN", where=table.name)
        elif key and key != "phone" and key not in indexes:
            indexes[key] = index
    if not is_said:
        others = [
            index
            for index in columns_with_numbers(table.rows[1 : _SAMPLE + 1], region)
            if index not in phones and index not in indexes.values() and index < len(header)
        ]
        others = [index for index in others if header[index] not in profile.ignored_columns]
        _demand_one(table.name, header, phones, others)
    return Columns(indexes, tuple(phones), header, profile=profile)


def _demand_one(name: str, header: Sequence[str], phones: Sequence[int], others: Sequence[int]) -> None:
    """See that one column is the number for certain. `others` hold numbers too, by what stands in them."""
    found = [header[index] for index in (*phones, *others)]
    if not phones:
        holding = (
            f"; the cells below {titles_text(found)} look like numbers" if len(header) > 1 and found else ""
        )
        fact = f"no column is known to be the number: the first row has {header_text(header)}{holding}"
        fix = "say which: --map phone=COLUMN; if the header is further down, its line: --header-row N"
        raise InvalidInput(fact, fix, where=name)
    if len(found) > 1:
        count = "two" if len(found) == 2 else f"{len(found):,}"  # noqa: PLR2004  (as people say it)
        names = f"{titles_text(found[:-1])} and {titles_text(found[-1:])}"
        fact = f"{count} columns may be the phone: {names}"
        shown = [title for title in found if title == titles_text([title])]
        fix = f'say which: --map "phone={shown[0]}"' if shown else "say which: --map phone=COLUMN"
        if len(shown) == len(found):
            fix += f'; or take the numbers of all: --phone-columns "{",".join(shown)}"'
        raise InvalidInput(fact, fix, where=name)


def columns_with_numbers(sample: Sequence[Row], region: str) -> list[int]:
    """Give the columns of which half of what stands there, or more, reads as a number."""
    filled: dict[int, int] = {}
    read: dict[int, int] = {}
    for row in sample:
        for index, cell in enumerate(row.cells):
            if cell:
                filled[index] = filled.get(index, 0) + 1
                read[index] = read.get(index, 0) + bool(parse_phone_input(cell, region).phone)
    return [index for index, count in filled.items() if read[index] * 2 >= count]


def column_index(header: tuple[str, ...], title: str, where: str) -> int:
    """Give the place, from 0, of a column that is named by its title, or its place from 1.

    Raises InvalidInput for one that is not there; `where` is the option that named it.
    """
    if title in header:
        return header.index(title)
    if title.isdecimal() and 1 <= int(title) <= len(header):
        return int(title) - 1
    raise InvalidInput(
        f"there is no column {titles_text([title])}",
        f"name one of: {header_text(header)}",
        where=where.partition("=")[0] if where.startswith("--map") else where,
    )
