"""A68, A05: rows of a workbook are counted in its raw parts; what only the count has is refused."""

import io
import zipfile

import pytest

from reconciler.core.model.errors import InvalidInput
from reconciler.lists.tables.table import TablePlace, read_table
from reconciler.lists.tables.workbook import UNREAD, read_raw_workbook, workbook_rows
from tests.unit.tables.workbooks import workbook

ROWS = (["Phone"], ["2125550100"], ["2125550101"])


def with_part(name, data):
    """Give a workbook of which one part is another."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook(*ROWS))) as made, zipfile.ZipFile(file, "w") as archive:
        for info in made.infolist():
            archive.writestr(info.filename, data if info.filename == name else made.read(info))
    return file.getvalue()


def zipped(**parts):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name.replace("__", "/").replace("_", "."), data)
    return file.getvalue()


SHEET = "xl/worksheets/sheet1.xml"


def test_rows_with_a_value_are_counted_in_every_sheet():
    raw = read_raw_workbook("w.xlsx", workbook(*ROWS, sheets=[[["x"], [], ["y"]]]))
    assert [(sheet.name, sorted(sheet.rows)) for sheet in raw.sheets] == [("S1", [1, 2, 3]), ("S2", [1, 3])]
    assert raw.numbers(frozenset({"+12125550101", "+12125550109"})) == {"+12125550101"}


@pytest.mark.parametrize(
    ("data", "fact"),
    [
        (b"\xd0\xcf\x11\xe0 an older workbook", "an older workbook, or one with a password"),
        (workbook(*ROWS)[:-9], "this workbook or ZIP can't be read"),
        (zipped(content_xml="<ods/>"), "this kind of workbook cannot be counted"),
        (zipped(xl__workbook_bin="x"), "this kind of workbook cannot be counted"),
        (zipped(xl__workbook_xml="<workbook/>"), "a part of it cannot be read"),
        (with_part(SHEET, "<worksheet><row>"), "a part of it cannot be read"),
        (with_part(SHEET, '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'), "a document type"),
    ],
    ids=["ole", "cut", "ods", "xlsb", "no parts", "cut part", "doctype"],
)
def test_what_cannot_be_counted_is_refused_with_a_fix(data, fact):
    with pytest.raises(InvalidInput) as caught:
        read_table("w.xlsx", data)
    assert fact in str(caught.value)
    assert "CSV" in caught.value.fix


def test_an_error_stands_as_its_code_in_its_cell():
    data = workbook(
        ["Name", "Phone"],
        ["x", "2125550100"],
        edit=lambda xml: xml.replace(
            '<c r="A2" t="inlineStr"><is><t>x</t></is></c>', '<c r="A2" t="e"><v>#N/A</v></c>'
        ),
    )
    table = read_table("w.xlsx", data)
    assert table.rows[1].cells == ("#N/A", "2125550100")
    assert table.doubts == ("w.xlsx:2: a cell has an error instead of a value",)


def test_a_formula_that_nobody_calculated_is_no_empty_cell():
    data = workbook(
        ["Phone"], ["x"], edit=lambda xml: xml.replace('t="inlineStr"><is><t>x</t></is>', "><f>B1</f>")
    )
    assert read_table("w.xlsx", data).rows[1].cells == ("#NO VALUE",)


def test_a_table_anywhere_in_its_sheet_has_its_own_lines_and_places():
    def moved(xml):
        for old, new in (("A1", "D7"), ("A2", "D9"), ('row r="1"', 'row r="7"'), ('row r="2"', 'row r="9"')):
            xml = xml.replace(old, new)
        return xml

    table = read_table("w.xlsx", workbook(["Phone"], ["2125550100"], edit=moved))
    assert [(row.line, row.cells) for row in table.rows] == [
        (7, ("", "", "", "Phone")),
        (9, ("", "", "", "2125550100")),
    ]
    assert table.file_rows == 2


def test_what_only_the_count_sees_is_a_row_with_a_problem():
    raw = read_raw_workbook("w.xlsx", workbook(*ROWS))
    sheet = raw.sheets[0]
    sheet.rows.add(9)
    assert list(workbook_rows("w.xlsx", workbook(*ROWS), sheet))[-1][::2] == (9, UNREAD)


def test_rows_above_the_header_and_of_other_sheets_are_counted():
    data = workbook(["Report"], [], *ROWS, sheets=[ROWS])
    table = read_table("w.xlsx", data, TablePlace("S1", 3))
    assert [row.line for row in table.rows] == [3, 4, 5]
    assert table.set_aside == {"above the header": 1, "sheet S2": 3}
    assert table.file_rows == 7
