"""Tables as people and registries send them: the right numbers are added, or each row is refused by its line.

Each test names its case. Every one also shows that the rows of the file add up.
"""

import gzip
import io
import re
import sys
import zipfile
from dataclasses import dataclass
from datetime import date
from types import SimpleNamespace

import pytest

from tests.commands.editing.conftest import CONFIGURATION
from tests.commands.editing.test_import_command import TERMS, TO, lists, numbers
from tests.unit.tables.workbooks import workbook

GERMAN = CONFIGURATION.replace("embedded: true", "embedded: true, region: DE")


def packed(**files):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, data in files.items():
            archive.writestr(name.replace("__", "/").replace("_", "."), data)
    return made.getvalue()


@dataclass(frozen=True)
class Case:
    """A table, the options to read it with, the numbers that are added, and the lines that are refused."""

    table: str | bytes
    added: tuple[str, ...]
    refused: tuple[int, ...] = ()
    options: tuple[str, ...] = ()
    said: tuple[str, ...] = ()
    configuration: str = CONFIGURATION


A, B, C = "+12125550101", "+12125550102", "+12125550103"
FLAT = "212,5550101\n212,5550102\n"
XML = (
    "<list type='full' level='ac' val='212'><ac val='212'><ph val='5550101'/><ph val='5550102'/></ac></list>"
)
CASES = {
    "A01 an open quote": Case(
        'Phone,Note\n2125550101,"said no\n2125550102,ok\n2125550103,ok\n',
        (B, C),
        (2,),
        said=("a quote opens",),
    ),
    "A05 cells with errors": Case(
        workbook(
            ["Phone"],
            [2125550101],
            ["x"],
            edit=lambda x: x.replace('t="inlineStr"><is><t>x</t></is>', 't="e"><v>#N/A</v>'),
        ),
        (A,),
        (3,),
        said=("the cell has an error, #N/A",),
    ),
    "A06 no header, places": Case(
        "2125550101,2026-11-20\n2125550102,2026-11-21\n",
        (A, B),
        options=("--map", "phone=1", "--map", "requestedOn=2"),
    ),
    "A06 a header that is said to be none": Case(
        "7,2125550101\n8,2125550102\n", (A, B), options=("--header-row", "0", "--map", "phone=2")
    ),
    "A07 the one that is meant": Case(
        "Number,Customer Phone\n4155550101,2125550102\n", (B,), options=("--map", "phone=Customer Phone")
    ),
    "A08 a country": Case(
        "Country Code,Phone\n44,2079460123\n1,2125550101\n47,23456789\n", ("+442079460123", A, "+4723456789")
    ),
    "A08 countries by their names": Case(
        "Phone;Country\n020 7946 0123;GB\n030 1234567;de\n2125550101;\n2125550102;Atlantis\n",
        ("+442079460123", "+49301234567", A),
        (5,),
    ),
    "A10 area codes of another country": Case(
        "Vorwahl;Rufnummer\n030;1234567\n089;7654321\n",
        ("+49301234567", "+49897654321"),
        configuration=GERMAN,
    ),
    "A10 area codes without a header": Case(
        "030,1234567\n089,7654321\n",
        ("+49301234567", "+49897654321"),
        options=("--map", "areaCode=1", "--map", "phone=2"),
        configuration=GERMAN,
    ),
    "A14 moments": Case(
        "phone,Requested On\n2125550101,2026-11-02T15:04:05Z\n2125550102,2026-11-02 15:04\n"
        "2125550103,2026-11-02T23:30:00-05:00\n2125550104,2026-11-02T00:00:00.000+0000\n"
        '2125550105,"Nov 2, 2026"\n2125550106,02-Nov-2026\n2125550107,20261102\n'
        "2125550108,2026/11/2 3:04 PM\n",
        tuple(f"+1212555010{n}" for n in range(1, 9)),
    ),
    "A14 a day that is none for certain": Case("phone,Requested On\n2125550101,11/02/2026\n", (), (2,)),
    "A16 a ZIP with one table": Case(packed(list_txt=FLAT, __MACOSX___list_txt="x"), (A, B)),
    "A16 gzip": Case(gzip.compress(FLAT.encode()), (A, B)),
    "A16 a ZIP with a workbook": Case(packed(list_xlsx=workbook(["Phone"], ["2125550101"])), (A,)),
    "A18 white space": Case("Phone\n212\u202f555\u00a00101\n212\u2009555\u30000102\n", (A, B)),
    "A23 the registry's XML": Case(XML, (A, B)),
    "A23 XML with a mark": Case(("<?xml version='1.0' encoding='utf-16'?>" + XML).encode("utf-16"), (A, B)),
    "A24 a comma at the end": Case("212,5550101,\n212,5550102,\n", (A, B)),
    "A25 numbers that no plan has": Case(
        "212,5550101\n123,5550100\n911,5550100\n212,0550100\n000,0000000\n", (A,), (2, 3, 4, 5)
    ),
    "A26 apostrophes": Case("Phone\n'2125550101\n'+12125550102\n", (A, B)),
    "A27 formulas that are text": Case('Phone\n="2125550101"\n="+12125550102"\n', (A, B)),
    "A28 a line that names the delimiter": Case("sep=;\nPhone;Name\n2125550101;Ann\n", (A,)),
    "A29 a title above": Case(
        "Do Not Call report, generated 2026-11-20\n\nPhone Number;Reason\n2125550101;x\n2125550102;x\n",
        (A, B),
        options=("--header-row", "3"),
        said=("1 above the header",),
    ),
    "A30 area code and number": Case("Area Code,Phone Number\n212,5550101\n212,(212) 555-0102\n", (A, B)),
    "A31 several numbers in a row": Case(
        "Name,Phone Number,Mobile Phone Number\nAnn,2125550101,2125550102\nBob,,2125550103\nCy,,\n",
        (A, B, C),
        (4,),
        options=("--phone-columns", "Phone Number, Mobile Phone Number"),
    ),
    "A31 one of several numbers is none": Case(
        "Home,Work\n2125550101,none\n2125550102,2125550103\n",
        (A, B, C),
        (2,),
        ("--phone-columns", "Home,Work"),
    ),
    "A32 a plus sign that a spreadsheet dropped": Case(
        "Phone\n+442079460123\n2125550101\n6563334444\n", ("+442079460123", A), (4,), said=("lost its +",)
    ),
    "A33 one country, no plus": Case("Phone\n+12125550102\n2125550101\n6563334444\n", (A, B, "+16563334444")),
    "A34 CXone's own columns": Case(
        "Phone Number,Expire Date,Requested On\n2125550101,2031-11-20,2026-11-02\n2125550102,,2026-11-02\n",
        (A, B),
    ),
    "A35 UTF-16 without a mark": Case("Phone,Name\n2125550101,a\n2125550102,b\n".encode("utf-16-le"), (A, B)),
    "A35 the other byte order": Case("Phone,Name\n2125550101,a\n2125550102,b\n".encode("utf-16-be"), (A, B)),
    "A38 a very long note": Case(
        f'Phone,Note\n2125550101,ok\n2125550102,"{"x" * 140_000}"\n2125550103,ok\n', (A, C), (3,)
    ),
    "A54 many columns": Case(
        ",".join(["Phone", *(f"Field{chr(65 + n // 26)}{chr(65 + n % 26)}" for n in range(199))])
        + "\n2125550101"
        + "," * 199
        + "\n",
        (A,),
        said=("and 189 more",),
    ),
    "A63 a title in another language": Case("Numéro de téléphone;Nom\n2125550101;x\n", (A,)),
    "A63 a title of the trade": Case("ANI|Agent\n2125550101|x\n", (A,)),
    "C01 a country code and a trunk zero": Case(
        "phone\n+49015112345679\n+49 (0)30 123456\n+610255501234\n",
        ("+4915112345679", "+4930123456", "+61255501234"),
    ),
    "more cells than the header": Case("Phone,Note\n2125550101,no,never\n2125550102,ok\n", (B,), (2,)),
    "change lists": Case("212,5550101,A,2026-11-20\n212,5550102,D,2026-11-20\n", (A,), (2,)),
    "our own changes": Case(
        "action,phone\nadd,2125550101\nremove,2125550102\n",
        (A,),
        (3,),
        said=("this row takes its number off",),
    ),
}
SUM = re.compile(r"rows in the file: ([0-9,]+) = (.*)")


@pytest.mark.parametrize("name", CASES)
def test_the_numbers_that_were_meant_are_added(folder, name):
    case = CASES[name]
    folder.write("dnc.yaml", case.configuration)
    folder.write("table.csv", case.table)
    policy = "ABSOLUTE" if name.startswith("A34") else "NEVER"
    done = folder.dnc(
        "import", "table.csv", *TO, "--reason", "CUSTOMER_REQUESTED", "--policy", policy, *case.options
    )
    assert set(numbers(folder)) == set(case.added), done.err
    assert done.code == (8 if case.refused else 0), done.err
    for said in (*case.said, *(f"line {line}: " for line in case.refused)):
        assert said in done.err
    whole, parts = SUM.search(done.err).groups()
    assert int(whole) == sum(int(part.split()[0]) for part in parts.split(" + "))
    assert f"{len(case.refused)} refused" in parts
    assert not re.search(r"[0-9]{7}", re.sub(r"sha256|[0-9]{8}-[0-9a-f]{8}", "", done.err)), done.err


REFUSED = {
    "A03 two sheets": (
        workbook(["Phone"], ["2125550101"], sheets=[[["Phone"], ["2125550102"]]]),
        "which sheet is meant: S1 (2 rows), S2 (2 rows)",
    ),
    "A06 no header": ("2125550101,2026-11-20\n2125550102,2026-11-21\n", "there is no header"),
    "A07 two columns that may be it": (
        "Number,Customer Phone\n4155550101,2125550102\n",
        "two columns may be the phone: Number and Customer Phone",
    ),
    "A07 a column of another name holds numbers": (
        "Phone,Backup\n2125550101,2125550102\n",
        'two columns may be the phone: Phone and Backup\n  fix: say which: --map "phone=Phone"; or take',
    ),
    "A16 a ZIP with two tables": (packed(a_csv=FLAT, b_csv=FLAT), "this ZIP has 2 files"),
    "A16 a gzip that is cut": (gzip.compress(FLAT.encode())[:-9], "it may be cut"),
    "A19 columns with digits": (
        "Phone 1,Phone 2,Phone 3\n2125550101,2125550102,\n",
        '--phone-columns "Phone 1,Phone 2,Phone 3"',
    ),
    "A20 names and numbers": ("Ann Smith,2125550101\nBob Jones,2125550102\n", "there is no header"),
    "A23 XML that is cut": (XML[:-20], "it may be cut"),
    "A28 a title above": (
        "Do Not Call report\n\nPhone Number,Reason\n2125550101,x\n",
        "its line: --header-row N",
    ),
    "A33 three columns": (
        "DNC_Home,DNC_Cell\n2125550101,2125550102\n",
        '--phone-columns "DNC_Cell,DNC_Home"',
    ),
    "HTML": ("<html><table><tr><td>2125550101</td></tr></table></html>", "this is HTML or XML"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_certain_is_asked_and_nothing_is_written(folder, name):
    table, said = REFUSED[name]
    folder.write("table.csv", table)
    done = folder.dnc("import", "table.csv", *TO, *TERMS)
    assert done.code == 4
    assert said in done.err
    assert lists(folder) == []
    assert not re.search(r"[0-9]{7}|Ann|Bob", done.err)


def test_a10_a_flat_form_is_of_north_america_only(folder):
    """A10: 030 is no area code of +1, and the region is DE."""
    folder.write("dnc.yaml", GERMAN)
    folder.write("table.csv", "030,1234567\n089,7654321\n")
    done = folder.dnc("import", "table.csv", *TO, *TERMS)
    assert (done.code, lists(folder)) == (4, [])


def test_a11_of_several_requests_the_earliest_counts_with_its_evidence(folder):
    """A11: in one table, and against what is listed."""
    head = "Phone,Requested On,evidence\n"
    folder.write(
        "first.csv", head + "2125550101,2026-11-20,B\n2125550101,2026-10-01,A\n2125550101,2026-11-21,C\n"
    )
    done = folder.dnc("import", "first.csv", *TO, *TERMS)
    assert "3 rows read, 1 added, 2 already there" in done.err
    assert "2 rows of numbers that other rows have, too" in done.err
    assert [str(terms.requested_on) for terms in numbers(folder).values()] == ["2026-10-01"]
    assert "evidence: A" in folder.read(lists(folder)[0])
    folder.write("later.csv", head + "2125550101,2026-11-02,D\n")
    assert "0 added, 1 already there" in folder.dnc("import", "later.csv", *TO, *TERMS).err
    folder.write("earlier.csv", head + "2125550101,2026-09-02,E\n")
    assert "1 added, 0 already there" in folder.dnc("import", "earlier.csv", *TO, *TERMS).err
    assert any("evidence: E" in folder.read(path) for path in lists(folder))
    assert "0 added, 1 already there" in folder.dnc("import", "earlier.csv", *TO, *TERMS).err
    assert folder.dnc("validate").code == 0


def test_a11_requests_with_terms_of_their_own_are_both_entries(folder):
    """A11: the later end stands, and the earlier request says by when it must be honoured."""
    folder.write("table.csv", "Phone,Requested On\n2125550101,2026-11-20\n2125550101,2026-10-01\n")
    options = ("--reason", "CUSTOMER_REQUESTED", "--policy", "RELATIVE", "--retention", "P5Y")
    done = folder.dnc("import", "table.csv", *TO, *options)
    assert "2 rows read, 2 added" in done.err
    days = {re.search(r"requestedOn: (\S+)", folder.read(path))[1] for path in lists(folder)}
    assert days == {"2026-11-20", "2026-10-01"}
    assert folder.dnc("validate").code == 0


def test_a15_a_profile_reads_its_days_and_those_that_are_plain(folder):
    """A15: both with a time of day."""
    profile = "imports:\n  p: {columns: {phone: Tel, requestedOn: Asked}, dates: MM/DD/YYYY}\n"
    folder.write("dnc.yaml", CONFIGURATION + profile)
    rows = ["11/02/2026", "11/02/2026 3:04 PM", "2026-11-02T15:04:05Z", "2026-11-02 15:04:05"]
    folder.write("table.csv", "Tel,Asked\n" + "".join(f"212555010{n},{day}\n" for n, day in enumerate(rows)))
    assert folder.dnc("import", "table.csv", *TO, *TERMS, "--profile", "p").code == 0
    assert {terms.requested_on for terms in numbers(folder).values()} == {date(2026, 11, 2)}
    assert len(numbers(folder)) == 4


def test_a34_an_end_says_the_policy(folder):
    """A34, A67: without a day it is NEVER."""
    folder.write("table.csv", "Phone Number,Expire Date,evidence\n2125550101,2027-11-20,X\n2125550102,,X\n")
    done = folder.dnc("import", "table.csv", *TO, "--reason", "COMPANY_POLICY")
    assert done.code == 0, done.err
    assert {number: str(terms.end) for number, terms in numbers(folder).items()} == {
        A: "2027-11-20",
        B: "None",
    }


def test_a64_a_table_from_standard_input(folder, monkeypatch):
    """A64: what is refused goes into the working folder."""
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(b"Phone\n2125550101\n212555\n")))
    done = folder.dnc("import", "-", *TO, *TERMS)
    assert done.code == 8
    assert set(numbers(folder)) == {A}
    assert "import.rejects.csv" in done.err
    assert folder.read("import.rejects.csv").splitlines()[1].startswith("3,")


def test_a66_the_refused_rows_of_an_earlier_import_go(folder):
    """A66: a file that looks current is of the last import, and nobody else's file is touched."""
    folder.write("table.csv", "Phone\n212555\n")
    assert folder.dnc("import", "table.csv", *TO, *TERMS).code == 8
    folder.write("table.csv", "Phone\n2125550101\n")
    assert folder.dnc("import", "table.csv", *TO, *TERMS).code == 0
    assert "table.csv.rejects.csv" not in folder.files()
    folder.write("table.csv.rejects.csv", "mine\n")
    folder.write("table.csv", "Phone\n2125550102\n")
    folder.dnc("import", "table.csv", *TO, *TERMS)
    assert folder.read("table.csv.rejects.csv") == "mine\n"


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (("--expect-rows", "2"), 0),
        (("--expect-rows", "3"), 4),
        (("--sha256", "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855"), 4),
    ],
)
def test_a72_a_count_or_a_digest_of_the_senders_vouches(folder, options, code):
    """A72: another count or digest is another file, or a part of it."""
    folder.write("table.csv", "Phone\n2125550101\n2125550102\n")
    assert folder.dnc("import", "table.csv", *TO, *TERMS, *options).code == code
    assert len(numbers(folder)) == (0 if code else 2)


def test_every_row_of_a_million_is_not_shown(folder):
    """Ten columns are named, ten refused rows are printed: what people can read."""
    folder.write("table.csv", "Phone,Note\n" + '2125550101,"x\n' * 30)
    done = folder.dnc("import", "table.csv", *TO, *TERMS)
    assert done.err.count("a quote opens") == 10
    assert "20 more are in table.csv.rejects.csv" in done.err
