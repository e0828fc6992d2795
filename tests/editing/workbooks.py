"""Workbooks as spreadsheets save them, made of the few parts that a reader asks for."""

import io
import zipfile

_TYPES = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.'
    'spreadsheetml.sheet.main+xml"/></Types>'
)
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_RELATION = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    f'<Relationship Id="r1" Type="{_OFFICE}/{{}}" Target="{{}}"/></Relationships>'
)
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_BOOK = (
    f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}">'
    '<sheets><sheet name="Calls" sheetId="1" r:id="r1"/></sheets></workbook>'
)


def workbook(*rows):
    """Make a workbook of one sheet: text as text, numbers as numbers."""
    lines = "".join(f'<row r="{n}">{_cells(n, row)}</row>' for n, row in enumerate(rows, 1) if row)
    parts = {
        "[Content_Types].xml": _TYPES,
        "_rels/.rels": _RELATION.format("officeDocument", "xl/workbook.xml"),
        "xl/workbook.xml": _BOOK,
        "xl/_rels/workbook.xml.rels": _RELATION.format("worksheet", "worksheets/sheet1.xml"),
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{_MAIN}"><sheetData>{lines}</sheetData></worksheet>',
    }
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return file.getvalue()


def _cells(row, values):
    return "".join(
        f'<c r="{chr(65 + n)}{row}"><v>{value}</v></c>'
        if isinstance(value, int | float)
        else f'<c r="{chr(65 + n)}{row}" t="inlineStr"><is><t>{value}</t></is></c>'
        for n, value in enumerate(values)
    )
