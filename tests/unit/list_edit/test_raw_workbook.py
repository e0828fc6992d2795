"""A68: rows of a workbook are counted in its raw parts; what cannot be counted says so, without an error."""

import io
import zipfile

import pytest

from reconciler.lists.edit.raw_tables import RawWorkbook
from tests.unit.list_edit.workbooks import workbook

ROWS = (["Phone"], ["2125550100"], ["2125550101"])


def changed(**parts):
    """Give a workbook with other parts beside its own."""
    file = io.BytesIO(workbook(*ROWS))
    with zipfile.ZipFile(file, "a") as archive:
        for name, data in parts.items():
            archive.writestr(f"xl/worksheets/{name}.xml", data)
    return file.getvalue()


def without_sheets():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("content.xml", "<ods/>")
    return file.getvalue()


def test_rows_with_a_value_are_counted_in_every_sheet():
    sheet = (
        '<x:worksheet xmlns:x="m"><x:row><x:c><x:v>1</x:v></x:c></x:row><x:row><x:c/></x:row></x:worksheet>'
    )
    raw = RawWorkbook.read(changed(other=sheet), {"+12125550101"})
    assert raw.rows == {"sheet1.xml": 3, "other.xml": 1}
    assert raw.numbers == {"+12125550101"}
    assert list(raw.doubts("w.xlsx", 4)) == []
    assert "other.xml 1" in next(raw.doubts("w.xlsx", 3))


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"\xd0\xcf\x11\xe0 an older workbook", "not a zip file"),
        (workbook(*ROWS)[:-9], "not a zip file"),
        (without_sheets(), "no sheets as XLSX has them"),
        (changed(other="<worksheet><row>"), "no element found"),
        (changed(other='<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'), "a document type"),
    ],
)
def test_what_cannot_be_counted_is_a_doubt(data, why):
    (doubt,) = RawWorkbook.read(data, ()).doubts("w.xlsx", 3)
    assert "the rows of this workbook cannot be counted" in doubt
    assert why in doubt
    assert "save it as CSV" in doubt
