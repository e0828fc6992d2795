"""Which columns of a calling list hold numbers, and what the numbers of a row are read from."""

from collections.abc import Sequence
from dataclasses import dataclass

from reconciler.core.model.errors import InvalidInput
from reconciler.lists.phone_input import PhoneInput, read_country
from reconciler.lists.scrub.readings import plain_text
from reconciler.lists.tables.columns import (
    column_index,
    columns_with_numbers,
    is_data_row,
    place_index,
    read_number,
    registry_form,
    with_area_code,
)
from reconciler.lists.tables.rows import Row, holds_number
from reconciler.lists.tables.titles import AREA_CODE, COUNTRY, field_of_title, header_text

SAMPLE = 200  # rows by which a column is told
_OPTION = "--column"


@dataclass(frozen=True, slots=True)
class PhoneColumns:
    """Where the numbers of a row are, by place from 0.

    `header` is empty where the table has none. `left_out` hold numbers as well, and were not asked for:
    whoever is listed there blocks the row, and nothing there has to be readable. `area_code` and `country`
    are the places of what belongs to a number and is written beside it; -1: there is no such column. `width`
    is how many cells a row has: of the header, or else of the first row.
    """

    phones: tuple[int, ...]
    header: tuple[str, ...] = ()
    left_out: tuple[int, ...] = ()
    area_code: int = -1
    country: int = -1
    width: int = 0

    def title(self, index: int) -> str:
        """Name a column for people: by its title, or by its place from 1."""
        title = self.header[index] if index < len(self.header) else ""
        return title or f"column {index + 1}"

    def country_of(self, cells: Sequence[str]) -> str:
        """Give the country (ISO 3166) that a row names beside its numbers; empty for none that is known."""
        text = _cell(cells, self.country)
        return read_country(plain_text(text).strip())[1] if text else ""

    def phone_texts(self, cells: Sequence[str]) -> list[tuple[int, str]]:
        """Give the texts of a row's numbers with their columns, each with its area code."""
        area = _cell(cells, self.area_code)
        texts = [(index, cells[index]) for index in self.phones if index < len(cells) and cells[index]]
        return [(index, with_area_code(area, text)) for index, text in texts] if area else texts

    def read(self, text: str, cells: Sequence[str], region: str) -> PhoneInput:
        """Read one of these texts: it is one number for certain, or there is a problem."""
        return read_number(text, _cell(cells, self.country), region)


def _cell(cells: Sequence[str], index: int) -> str:
    return cells[index] if 0 <= index < len(cells) else ""


def find_phone_columns(name: str, sample: Sequence[Row], wanted: Sequence[str], region: str) -> PhoneColumns:
    """Find the columns that hold numbers, by their titles and by what is below them, or those `wanted`.

    `wanted` are titles, or places from 1. Raises InvalidInput where no column holds numbers, and for one that
    is named and not there.
    """
    first = sample[0]
    has_header = _is_header(first, region)
    header = first.cells if has_header else ()
    rows = sample[1:] if has_header else sample
    fields = [field_of_title(title) for title in header]
    area_code, country = (fields.index(key) if key in fields else -1 for key in (AREA_CODE, COUNTRY))
    found = [index for index, key in enumerate(fields) if key == "phone"]
    flat = None if has_header else registry_form(rows, region)
    if flat is not None:
        area_code, found = 0, [1]
    else:
        by_content = columns_with_numbers([*rows[:SAMPLE]], region)
        found += [index for index in by_content if index not in {*found, area_code, country}]
    width = max((len(row.cells) for row in sample), default=0)
    asked = [
        column_index(header, title, _OPTION) if header else place_index(title, width, _OPTION)
        for title in wanted
    ]
    phones = tuple(dict.fromkeys(asked or sorted(found)))
    if not phones:
        shown = f"the first row has {header_text(first.cells)}" if has_header else "no cell reads as one"
        fact = f"no column is known to hold numbers: {shown}"
        raise InvalidInput(fact, f"say which: {_OPTION} COLUMN, its title or its place from 1", where=name)
    left_out = tuple(index for index in sorted(found) if index not in phones)
    return PhoneColumns(phones, header, left_out, area_code, country, len(first.cells))


def _is_header(row: Row, region: str) -> bool:
    """Tell whether a first row is the header. One with anything like a number in it is a row to be judged."""
    if row.problem or not any(row.cells):
        return False
    return not is_data_row(row.cells, region) and not any(
        holds_number(plain_text(cell)) for cell in row.cells
    )
