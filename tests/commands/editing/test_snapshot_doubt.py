"""A68: a snapshot releases nothing while any part of its file is not accounted for; new numbers go on."""

import csv
import io

import pytest

from tests.commands.editing.test_snapshot_command import TO, flat, numbers, released
from tests.unit.tables.workbooks import workbook

GONE = 7  # in the middle: a healthy snapshot without it releases it
COUNT = 100


def phone(n):
    return f"212-555-{100 + n:04d}"


def rows(notes=None, *, without=(GONE,), new=True):
    """Give a healthy snapshot: one number is gone, one is new; some rows have notes."""
    kept = [[phone(n), (notes or {}).get(n, "ok")] for n in range(COUNT) if n not in without]
    return [["Phone", "Note"], *kept, *([["213-555-0100", "new"]] if new else [])]


def text(table, end="\n", delimiter=","):
    """Write a table as it is, without any quote of its own."""
    return "".join(delimiter.join(row) + end for row in table)


@pytest.fixture
def snapshot(folder):
    """Give a function that takes a snapshot in, after one with all numbers."""

    def taking(data, at="2026-11-20", *options):
        folder.write("all.csv", data)
        to = (*TO, "--snapshot", "--retrieved-at", at, "--rejects", "bad.csv")
        return folder.dnc("import", "all.csv", *to, *options)

    assert taking(text(rows(without=(), new=False)), "2026-10-20").code == 0
    return taking


def quoted():
    """Write a healthy table as a spreadsheet does that quotes: with commas and doubled quotes in cells."""
    made = io.StringIO()
    table = rows({3: 'called "twice", or more', 50: '"', 60: 'said "no"'})
    csv.writer(made, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerows(table)
    return made.getvalue()


def with_blanks():
    lines = text(rows()).splitlines()
    return "\n\n   \n,\n".join(lines) + "\n\n\n"


HEALTHY = {
    "plain": text(rows()),
    "crlf": text(rows(), "\r\n"),
    "cr": text(rows(), "\r"),
    "tab": text(rows(), delimiter="\t"),
    "semicolon": text(rows(), delimiter=";"),
    "bom": "\ufeff" + text(rows()),
    "utf-16": text(rows()).encode("utf-16"),
    "cp1252": text(rows({9: "café"})).encode("cp1252"),
    "quoted": quoted(),
    "blank lines": with_blanks(),
    "workbook": workbook(*rows()),
    "workbook with hidden rows": workbook(
        *rows(), edit=lambda xml: xml.replace('<row r="9"', '<row hidden="1" r="9"')
    ),
    "workbook with an empty sheet": workbook(*rows(), sheets=[[]]),
    "workbook with blank rows": workbook(*rows()[:20], (), ("", ""), *rows()[20:]),
}


def backwards(row):
    return row[0][::-1]


def broken(at, new):
    """Replace the note of a row by something that is no whole cell."""
    return text(rows({at: new}))


OPEN = "a quote opens in this line and does not close"
SWALLOWED = "a quoted cell spans lines, and what is in it may be rows of their own"
STRAY = "a quote neither opens nor closes a cell"
END = "the last line does not end as the first one does"
CUT = "would follow its last number"
SEEN = "1 of the missing numbers are somewhere"
DAMAGED = {
    "a note opens a quote": (text(rows({97: '"see file', 98: "ok", 99: "ok"}, without=())), OPEN),
    "a note opens a quote, the last row closes it": (broken(90, '"see file')[:-1] + '"\n', SWALLOWED),
    "a quote at the end of the file": (text(rows())[:-1] + '"\n', STRAY),
    "a quote in the middle of a note": (broken(50, '6" pipe'), STRAY),
    "two stray quotes": (text(rows({50: '"open', 52: 'close"'})), SWALLOWED),
    "a doubled quote that closes nothing": (broken(50, '"say ""no""'), "a quote"),
    "a cell that spans lines": (broken(50, '"one\n212-555-0107,two"'), SWALLOWED),
    "a row in a cell": (broken(50, '"one\n212-555-0107,ok\n"'), SWALLOWED),
    "cut in a line": (text(rows())[:-30], END),
    "cut before the line end": (text(rows())[:-1], END),
    "cut in the line end": (text(rows(), "\r\n")[:-1], END),
    "cut in a line end of UTF-16": (text(rows()).encode("utf-16")[:-1], "cannot be decoded"),
    "cut at a line end": (text(rows(without=(99,), new=False)), CUT),
    "cut at a line end, one gone": (text(rows(without=(3, 99), new=False)), CUT),
    "falling, cut at a line end": (text([rows()[0], *reversed(rows(without=(0,), new=False)[1:])]), CUT),
    "unsorted, all losses in the last area code": (
        text([["Phone", "Note"], ["213-555-0100", ""], *sorted(rows(new=False)[1:], key=backwards)]),
        CUT,
    ),
    "fewer columns": (
        text(rows()).replace("212-555-0150,ok", "212-555-0150"),
        ":51: the line has another number",
    ),
    "more columns": (broken(50, "a,b"), "another number of columns than the first, 2"),
    "a refused row": (text([*rows(), ["212-555-01", "ok"]]), "1 rows were refused"),
    "NUL in UTF-16": (broken(50, "a\0b").encode("utf-16"), "cannot be decoded"),
    "the number in another column": (broken(50, phone(GONE)), SEEN),
    "the number in another writing": (broken(50, "1 (212) 555 0107"), SEEN),
    "tab, a note opens a quote": (text(rows({50: '"see'}), delimiter="\t"), OPEN),
    "carriage returns, a note opens a quote": (text(rows({50: '"see'}), "\r"), OPEN),
    "flat, a quote": (
        flat(("212", COUNT), ("213", 1), without=("212,5550107",)).replace("212,5550150", '"212,5550150'),
        "a quote",
    ),
    "flat, cut": (flat(("212", COUNT - 1)), CUT),
    "error cell": (
        workbook(
            *rows(),
            edit=lambda xml: xml.replace(
                '<c r="B51" t="inlineStr"><is><t>ok</t></is></c>', '<c r="B51" t="e"><v>#N/A</v></c>'
            ),
        ),
        "all.csv:51: a cell has an error instead of a value",
    ),
    "the number in another cell": (workbook(*rows({50: phone(GONE)})), SEEN),
}


@pytest.mark.parametrize("kind", HEALTHY)
def test_a_file_that_is_accounted_for_releases_what_is_gone(folder, snapshot, kind):
    """A68: quotes, blank lines and hidden rows by themselves are no doubt."""
    done = snapshot(HEALTHY[kind])
    assert done.code == 0, done.err
    assert set(released(folder)) == {"+12125550107"}
    assert "+12135550100" in numbers(folder)


@pytest.mark.parametrize("kind", DAMAGED)
def test_a_file_in_doubt_releases_nothing_and_says_why(folder, snapshot, kind):
    """A68: place, fact, limit and fix are printed; no number leaves the files, no block is dated."""
    data, fact = DAMAGED[kind]
    before = set(numbers(folder))
    block = folder.read("dnc-lists/dnc-list-01/ftc-registry/212-0001.yaml")
    done = snapshot(data)
    assert done.code == 8, done.err
    assert "all.csv:" in done.err
    assert fact in done.err
    assert "nothing was released: a snapshot releases numbers only if every row" in done.err
    assert "download the file again, or repair" in done.err
    assert "dnc release NUMBER" not in done.err  # the numbers may stand in the file
    assert released(folder) == {}
    assert before <= set(numbers(folder))
    assert folder.read("dnc-lists/dnc-list-01/ftc-registry/212-0001.yaml") == block


SHEETS = {
    "further sheet": (workbook(*rows(), sheets=[rows()[:3]]), "S1 (101 rows), S2 (3 rows)"),
    "hidden sheet": (
        workbook(*rows(), sheets=[[["x"]]], state=' state="hidden"'),
        "S1 (101 rows), S2 (1 row, hidden)",
    ),
}


@pytest.mark.parametrize("kind", SHEETS)
def test_a_workbook_with_further_sheets_is_refused_until_one_is_named(folder, snapshot, kind):
    """A03, A68: the sheets are named with their rows; one of several never lets a number off."""
    data, sheets = SHEETS[kind]
    done = snapshot(data)
    assert done.code == 4
    assert f"it is not certain which sheet is meant: {sheets}" in done.err
    done = snapshot(data, "2026-11-20", "--sheet", "S1")
    assert done.code == 8
    assert "all.csv: the sheet S2 was not read, and has" in done.err
    assert released(folder) == {}
    assert "+12135550100" in numbers(folder)


def test_new_numbers_go_on_from_a_file_in_doubt(folder, snapshot):
    """A68: protective changes are not held up; the same file again changes nothing."""
    snapshot(broken(50, '6" pipe'))
    assert "+12135550100" in numbers(folder)
    before = folder.files()
    done = snapshot(broken(50, '6" pipe'))
    assert (done.code, done.out) == (8, "")
    assert folder.files() == before


def test_a_repaired_file_of_the_same_day_releases(folder, snapshot):
    """A68: the way on that the message names works."""
    assert snapshot(broken(50, '"see file')).code == 8
    assert snapshot(text(rows())).code == 0
    assert set(released(folder)) == {"+12125550107"}


def test_what_may_be_cut_off_is_named(snapshot):
    """A72: the numbers are those to ask the registry about."""
    done = snapshot(text(rows(without=(99,), new=False)))
    assert (
        "+12125550199 stays on dnc-list-01: it is missing at the end of the file, which may be cut"
        in done.err
    )


def test_a_count_of_the_registrys_shows_that_a_file_is_whole(folder, snapshot):
    """A72: then what would stand at its end is really gone; another count is another file."""
    data = text(rows(without=(99,), new=False))
    assert snapshot(data, "2026-11-20", "--expect-rows", "100").code == 4
    assert snapshot(data, "2026-11-20", "--expect-rows", "99").code == 0
    assert set(released(folder)) == {"+12125550199"}


def test_a_count_does_not_vouch_for_rows_that_were_refused(folder, snapshot):
    """A72: only whether the file is cut is told by a count."""
    assert snapshot(broken(50, '6" pipe'), "2026-11-20", "--expect-rows", str(COUNT)).code == 8
    assert released(folder) == {}


CHANGES = "212,5550107,D,2026-11-20\n213,5550100,A,2026-11-20\n212,5550108,D,2026-11-19\n"


def test_a_change_list_adds_its_a_and_releases_its_d(folder, snapshot):
    """A22: all else stays, and the files of the last snapshot keep their day."""
    block = folder.read("dnc-lists/dnc-list-01/ftc-registry/212-0001.yaml").partition("entries:")[0]
    done = snapshot(CHANGES + "212,5550108,A,2026-11-20\n")
    assert done.code == 0, done.err
    assert set(released(folder)) == {"+12125550107"}  # the other has an A, too
    assert "+12135550100" in numbers(folder)
    assert len(numbers(folder)) == COUNT
    assert folder.read("dnc-lists/dnc-list-01/ftc-registry/212-0001.yaml").startswith(block)
    assert "rows in the file: 4 = 0 header + 1 added + 1 already there + 0 refused + 2 that take" in done.err


@pytest.mark.parametrize(
    ("data", "at"),
    [
        (CHANGES + "212,5550,D,2026-11-20\n", "2026-11-20"),
        (CHANGES + '212,5550109,"D,2026-11-20\n', "2026-11-20"),
        (CHANGES[:-1], "2026-11-20"),
        (CHANGES, "2026-10-19"),
    ],
    ids=["a row that is refused", "a quote", "cut", "older than the files"],
)
def test_a_change_list_in_doubt_releases_nothing(folder, snapshot, data, at):
    """A22: and its A go on."""
    snapshot(data, at)
    assert released(folder) == {}
    assert "+12135550100" in numbers(folder)


def test_a_workbook_that_unpacks_to_very_much_is_not_counted(folder, snapshot, monkeypatch):
    """A68: the count stops at a limit, and what is not counted releases nothing."""
    monkeypatch.setattr("reconciler.lists.tables.content.MAX_BYTES", 1 << 10)
    done = snapshot(workbook(*rows()))
    assert done.code == 4
    assert "the rows of this workbook cannot be counted: it unpacks to more than" in done.err
    assert released(folder) == {}
