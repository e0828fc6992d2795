"""Workbooks as spreadsheets save them, made of the few parts that a reader asks for."""

import io
import zipfile

_TYPES = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.'
    'spreadsheetml.sheet.main+xml"/></Types>'
)
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_RELATIONS = '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_BOOK = f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}">'


def workbook(*rows, sheets=(), state="", edit=str):
    """Make a workbook: text as text, numbers as numbers.

    `sheets` are the rows of further sheets, with a `state` attribute or none. `edit` changes the XML of the
    first sheet.
    """
    parts = [edit(_sheet(rows)), *map(_sheet, sheets)]
    count = range(1, len(parts) + 1)
    listed = "".join(f'<sheet name="S{n}" sheetId="{n}"{state if n > 1 else ""} r:id="r{n}"/>' for n in count)
    files = {
        "[Content_Types].xml": _TYPES,
        "_rels/.rels": _relations(("officeDocument", "xl/workbook.xml")),
        "xl/workbook.xml": f"{_BOOK}<sheets>{listed}</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": _relations(*(("worksheet", f"worksheets/sheet{n}.xml") for n in count)),
        **{f"xl/worksheets/sheet{n}.xml": xml for n, xml in zip(count, parts, strict=True)},
    }
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return file.getvalue()


def _sheet(rows):
    lines = "".join(f'<row r="{n}">{_cells(n, row)}</row>' for n, row in enumerate(rows, 1) if row)
    return f'<worksheet xmlns="{_MAIN}"><sheetData>{lines}</sheetData></worksheet>'


def _relations(*targets):
    listed = "".join(
        f'<Relationship Id="r{n}" Type="{_OFFICE}/{kind}" Target="{target}"/>'
        for n, (kind, target) in enumerate(targets, 1)
    )
    return f"{_RELATIONS}{listed}</Relationships>"


def _cells(row, values):
    return "".join(
        f'<c r="{chr(65 + n)}{row}"><v>{value}</v></c>'
        if isinstance(value, int | float)
        else f'<c r="{chr(65 + n)}{row}" t="inlineStr"><is><t>{value}</t></is></c>'
        for n, value in enumerate(values)
    )
