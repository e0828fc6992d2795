"""Rows of the visible sheets of a workbook, and which sheets are none of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from reconciler.core.model.errors import InvalidInput
from reconciler.lists.tables.content import Form, open_content
from reconciler.lists.tables.rows import Row
from reconciler.lists.tables.workbook import RawSheet, read_raw_workbook, workbook_rows


@dataclass(frozen=True, slots=True)
class Workbook:
    """A workbook's sheets that have rows: those that people see, and those that they do not."""

    name: str
    data: bytes
    visible: tuple[RawSheet, ...]
    hidden: tuple[RawSheet, ...]

    @classmethod
    def open(cls, file: Path, data: bytes) -> "Workbook":
        """Open an XLSX file. Raises InvalidInput for what is none, or cannot be counted."""
        content = open_content(file.name, data)
        if content.form is not Form.WORKBOOK:
            raise InvalidInput("this is packed, and no workbook", "unpack it first", where=str(file))
        sheets = [sheet for sheet in read_raw_workbook(content.name, content.data).sheets if sheet.rows]
        visible = tuple(sheet for sheet in sheets if sheet.is_visible)
        hidden = tuple(sheet for sheet in sheets if not sheet.is_visible)
        if not visible:
            raise InvalidInput("no visible sheet has a row", "show the sheet that is meant", where=str(file))
        return cls(content.name, content.data, visible, hidden)

    def rows(self, sheet: RawSheet) -> Iterator[Row]:
        """Give the rows of a sheet that are not blank."""
        return workbook_rows(self.name, self.data, sheet)
