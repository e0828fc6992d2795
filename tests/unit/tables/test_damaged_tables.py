"""Law: whatever damage a table has, each line is a row's, and no number vanishes within another's row."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.core.model.errors import InvalidInput
from reconciler.lists.tables.table import read_table

NOTES = st.sampled_from(
    ["ok", "", "a, b", 'said "no"', "2026-11-20", "two\nlines", "called; asked", "tab\there", "ümlaut", "x|y"]
)
ENDS = st.sampled_from(["\n", "\r\n", "\r"])
DELIMITERS = st.sampled_from([",", ";", "\t", "|"])


@st.composite
def tables(draw):
    """Draw a table as text: numbers, each on a line of its own, in a random column among notes."""
    delimiter, end = draw(DELIMITERS), draw(ENDS)
    place, width = draw(st.integers(0, 2)), 3
    quote_all = draw(st.booleans())

    def cell(text):
        must = any(mark in text for mark in (delimiter, '"', "\n"))
        return '"{}"'.format(text.replace('"', '""').replace("\n", end)) if must or quote_all else text

    lines = [delimiter.join(cell(title) for title in ("Phone", "Note", "Name"))]
    for n in range(draw(st.integers(1, 12))):
        cells = [draw(NOTES) for _ in range(width)]
        cells[place] = f"212555{1000 + n}"
        lines.append(delimiter.join(map(cell, cells)))
    return end.join(lines) + draw(st.sampled_from([end, "", end * 2]))


@st.composite
def damaged(draw):
    """Damage a table in a few places: quotes, delimiters, line ends or other bytes go in, or bytes go out."""
    text = draw(tables())
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(text)))
        if draw(st.booleans()):
            text = (
                text[:at]
                + draw(st.sampled_from(['"', '""', ",", ";", "\n", "\r", '",', ',"', "\t"]))
                + text[at:]
            )
        else:
            text = text[:at] + text[at + draw(st.integers(1, 9)) :]
    encoding = draw(st.sampled_from(["utf-8", "utf-16", "utf-16-le", "cp1252"]))
    return text.encode(encoding, errors="replace"), text


@settings(max_examples=300, deadline=None)
@given(damaged())
def test_every_line_is_a_rows_and_no_number_is_within_another_row(drawn):
    data, text = drawn
    try:
        table = read_table("t.csv", data)
    except InvalidInput:
        return
    lines = re.split(r"\r\n|\r|\n", text)
    owners = {}
    for row in table.rows:
        for line in range(row.line, row.line + row.lines):
            assert line not in owners
            owners[line] = row
    for number, line in enumerate(lines, 1):
        if re.sub(r'""|[,;\t| ]', "", line):
            assert number in owners or number <= sum(table.set_aside.values()), (number, line)
        if re.search(r"[0-9]{10}", line):
            row = owners[number]
            found = set(re.findall(r"(?<![0-9])[0-9]{10}(?![0-9])", line))
            if len(row.cells) > len(table.rows[0].cells):
                continue  # more cells than the header: whoever takes rows refuses it
            if row.lines > 1:
                assert found <= {cell.strip('",;\t| ') for cell in row.cells}, (number, line)
            elif not row.problem:
                assert found <= set(re.findall(r"[0-9]{10}", "\0".join(row.cells))), (number, line)


def numbers_as_cells(table):
    return {
        cell for row in table.rows if not row.problem for cell in row.cells if re.fullmatch("[0-9]{10}", cell)
    }


@settings(max_examples=150)
@given(tables())
def test_without_damage_every_number_is_a_cell(text):
    table = read_table("t.csv", text.encode())
    assert not [row for row in table.rows if row.problem]
    assert numbers_as_cells(table) == set(re.findall(r"212555[0-9]{4}", text))


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ('Phone,Note\n2125550101,"said no\n2125550102,ok\n2125550103,ok\n', {2: "a quote opens"}),
        ('Phone,Note\n2125550101,"said no\n2125550102,x"\n', {2: "may be rows", 3: "a quote neither"}),
        ('Phone,Note\n2125550101,"said\nno"\n2125550102,x\n', {}),
        ('Note,Phone\n"said\nno",2125550101\n', {}),
        ('Phone,Note\n2125550101,6" pipe\n', {2: "a quote neither"}),
        ("Phone,Note\n2125550101,a\n212555010", {3: "the file ends in this row"}),
        ("Phone,Note\n2125550101,\ufffd\n", {2: "cannot be decoded"}),
        ('Phone\n="2125550101"\n', {}),
        (f'Phone,Note\n2125550101,"{"x" * 140_000}"\n2125550102,y\n', {2: "this row can't be read"}),
    ],
)
def test_lines_with_a_problem(text, problems):
    """A01, A27, A38: what speaks against a line is said of that line; the others are rows of their own."""
    found = {row.line: row.problem for row in read_table("t.csv", text.encode()).rows if row.problem}
    assert found.keys() == problems.keys()
    assert all(found[line].startswith(said) or said in found[line] for line, said in problems.items())
