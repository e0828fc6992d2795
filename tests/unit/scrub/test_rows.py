"""Hostile and damaged calling lists: no row is lost, and what is doubtful is never clean."""

import io
from pathlib import Path

import pytest

from reconciler.core.model.errors import InvalidInput
from reconciler.lists.scrub.columns import find_phone_columns
from reconciler.lists.scrub.listed import ListedNumbers, Listing
from reconciler.lists.scrub.rows import Kind, RowJudge
from reconciler.lists.scrub.second_reader import listings_in_lines, suspect_texts
from reconciler.lists.scrub.text import TextRows, inspect_text, text_lines

LISTED, FREE = "2125550123", "3125550177"


@pytest.fixture(scope="module")
def listed() -> ListedNumbers:
    numbers = ListedNumbers("US")
    numbers.add(Listing("customers", "CUSTOMER_REQUESTED"), [f"+1{LISTED}", "+6563334444"])
    return numbers


def kinds(listed: ListedNumbers, text: str, *wanted: str) -> list[str]:
    """Say what becomes of each row, the second reader's word included."""
    raws = list(TextRows.of(io.StringIO(text, newline="")))
    columns = find_phone_columns("leads.csv", [raw.row for raw in raws[:201]], wanted, "US")
    judge = RowJudge(listed, columns, "US")
    found = []
    for raw in raws[bool(columns.header) :]:
        kind = judge.judge(raw).kind
        is_suspect = suspect_texts(listed, [raw.text]) and any(listings_in_lines(listed, raw.text))
        found.append("unreadable" if kind is Kind.CLEAN and is_suspect else kind.value)
    return found


@pytest.mark.parametrize(
    ("cell", "kind"),
    [
        (FREE, "clean"),
        ("+1 (312) 555-0177", "clean"),
        (f"{FREE} x45", "unreadable"),
        (f"{LISTED} x45", "blocked"),
        ("1-212-555-0123;ext=5", "blocked"),
        (f"{FREE} / {LISTED}", "blocked"),
        ("212-555-0199/23", "blocked"),
        ("212-555-0199 / 98", "unreadable"),
        ("6563334444", "blocked"),  # +65 6333 4444 that lost its +
        ("4.917E+12", "unreadable"),
        ("2.125550123E+09", "blocked"),
        ("2125550123.0", "blocked"),
        ('"=""2125550123"""', "blocked"),
        ("'2125550123", "blocked"),
        ("tel:%2B12125550123", "blocked"),
        ("5550123", "unreadable"),
        ("1-800-FLOWERS", "unreadable"),
        ("#N/A", "unreadable"),
        ("", "unreadable"),
        ("2\u200b1\u200d2\u00ad5\u20605\ufeff50123", "blocked"),
        ("212\u0301 555 0123", "blocked"),
        ("²¹²5550123", "blocked"),
        ("2125\x0b550123", "blocked"),
    ],
)
def test_a_cell_of_a_phone_column(listed: ListedNumbers, cell, kind):
    assert kinds(listed, f"Name,Phone\nAnn,{cell}\n") == [kind]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # A quote swallows the next line.
        (f'Name,Phone\n"Ann,{FREE}\nBob,{LISTED}\n', ["unreadable", "blocked"]),
        (f'Name,Phone\n"Ann\nBob,{LISTED}",{FREE}\n', ["unreadable", "unreadable"]),
        (f'Name,Phone,Note\nAnn,{FREE},"a\nb,c,d\ne"\n', ["unreadable", "unreadable", "unreadable"]),
        (f'Name,Phone,Note\nAnn,{FREE},"a\nb\nc"\n', ["clean"]),
        (f'Name,Phone,Note\nAnn,{FREE},"old\n212-555-0123"\n', ["unreadable", "unreadable"]),
        # A number split over cells, or in a column that is none of numbers.
        (f"Name,A,B,Phone\nAnn,212,5550123,{FREE}\n", ["unreadable"]),
        (f"Name,A,B,C,Phone\nAnn,212,555,0123,{FREE}\n", ["unreadable"]),
        (f"Name,Note,Phone\nAnn,call {LISTED} first,{FREE}\n", ["unreadable"]),
        # More cells than the header, fewer, none.
        (f"Phone,Name\n{FREE},Ann,x\n{FREE}\n,\n{FREE},Bob\n", ["unreadable", "clean", "clean"]),
        # Every line end there is, and lines with nothing.
        (f"Phone\r\n{FREE}\r{LISTED}\n\n\r\n{FREE}", ["clean", "blocked", "clean"]),
        # Other marks between cells.
        (f"Name;Phone\nAnn;{LISTED}\nBob;{FREE}\n", ["blocked", "clean"]),
        (f"Name\tPhone\nAnn\t{LISTED}\nBob\t{FREE}\n", ["blocked", "clean"]),
        (f"sep=;\nName;Phone\nAnn;{LISTED}\n", ["blocked"]),
        # A first row that is none of titles.
        (f"{LISTED} x5,Ann\n{FREE},Bob\n", ["blocked", "clean"]),
        # A country, or an area code, beside the number.
        (f"Country,Phone\nSG,63334444\nUS,{FREE}\n", ["blocked", "clean"]),
        ("Area Code,Phone\n212,5550123\n312,5550177\n", ["blocked", "clean"]),
    ],
)
def test_a_damaged_table(listed: ListedNumbers, text, expected):
    assert kinds(listed, text) == expected


def test_columns_left_out_block_and_need_not_be_readable(listed: ListedNumbers):
    text = f"Phone,Mobile\n{FREE},{LISTED}\n{FREE},unknown\n{FREE},2125550199\n{FREE},2125550198\n"
    assert kinds(listed, text, "Phone") == ["blocked", "clean", "clean", "clean"]
    assert kinds(listed, text)[1] == "unreadable"


@pytest.mark.parametrize("lines", [1, 999, 1000, 1001, 1002, 5000])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_no_line_is_lost_and_every_byte_comes_back(tmp_path: Path, lines, encoding):
    file = tmp_path / "leads.csv"
    text = "Name,Phone\r\n" + "".join(f"José {n},{FREE}\r\n" for n in range(lines)) + "Zoë,5"
    file.write_bytes(text.encode(encoding))
    found = inspect_text(file)
    rows = TextRows.of(text_lines(found))
    raws = list(rows)
    assert len(raws) == lines + 2
    assert rows.seen == found.lines == lines + 2
    assert b"".join(found.encode(raw.text) for raw in raws) == file.read_bytes()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"Phone\n21255\x0050123\n", "no table"),
        (b"\x1f\x8b123", "gzip"),
        (b"\xd0\xcf\x11\xe0", "older workbook"),
        (b"<html><table>", "HTML"),
        (b"\xff\xfe<\0t\0", "HTML"),
        (b"1" * (1 << 21), "a line has more than"),
    ],
)
def test_what_is_no_text_of_rows_is_refused(tmp_path: Path, data, said):
    file = tmp_path / "leads.csv"
    file.write_bytes(data)
    with pytest.raises(InvalidInput, match=said):
        inspect_text(file)


def test_bytes_that_are_no_text_are_unreadable_and_come_back(tmp_path: Path):
    file = tmp_path / "leads.csv"
    data = f"Name,Phone\nA\x81nn,{FREE}\n".encode("latin-1")
    file.write_bytes(data)
    found = inspect_text(file)
    raws = list(TextRows.of(text_lines(found)))
    assert b"".join(found.encode(raw.text) for raw in raws) == data


def test_a_file_that_ends_within_a_character_or_changes_is_refused(tmp_path: Path):
    file = tmp_path / "leads.csv"
    file.write_bytes("Phone\n1\n".encode("utf-16") + b"1")
    with pytest.raises(InvalidInput, match="ends within a character"):
        list(text_lines(inspect_text(file)))
    file.write_bytes(b"Phone\n1\n")
    found = inspect_text(file)
    file.write_bytes(b"Phone\n2\n")
    with pytest.raises(InvalidInput, match="changed while it was read"):
        list(text_lines(found))
