"""`dnc import`: every row is added, was there, or is refused with its line and reason; none is lost."""

import csv
import io
import json
from pathlib import Path

import pytest

from reconciler.lists.tables.columns import FIELDS
from reconciler.use_cases.edits import import_table, table_rows
from tests.unit.list_edit.test_canonical import claims
from tests.unit.tables.workbooks import workbook

ROOT = Path(__file__).parents[3]
TO = ("--list", "dnc-list-01")
TERMS = ("--reason", "LOCAL", "--policy", "NEVER")


def numbers(folder):
    """Read every number that the lists claim, with its terms."""
    found = {}
    for path, data in folder.files().items():
        if path.startswith("dnc-lists/"):
            found |= claims(data)[0]
    return found


def lists(folder):
    return sorted(path for path in folder.files() if path.startswith("dnc-lists/"))


def test_columns_are_found_by_their_names(folder):
    rows = "Phone Number,reason_code,Requested On,evidence,Name\n(212) 555-0101,local,2026-11-01,CALL-1,Ann\n"
    folder.write("calls.csv", rows)
    done = folder.dnc("import", "calls.csv", *TO, "--policy", "NEVER", "--source", "crm", "--batch", "b1")
    assert (done.code, done.out) == (0, "dnc-lists/dnc-list-01-b1-0001.yaml\n")
    assert "batch b1: 1 rows read, 1 added, 0 already there, 0 refused" in done.err
    assert "ignored columns: Name" in done.err
    assert folder.read("dnc-lists/dnc-list-01-b1-0001.yaml") == (
        "# yaml-language-server: $schema=../schema/dnc-list.schema.json\nlistId: dnc-list-01\n"
        'description: "Batch b1"\nentries:\n  - phone: "+12125550101"\n    reasonCode: LOCAL\n'
        "    expirationPolicy: NEVER\n    source: crm\n    requestedOn: 2026-11-01\n    evidence: CALL-1\n"
    )


def test_every_key_of_an_entry_may_be_a_column():
    schema = json.loads((ROOT / "schema" / "dnc-list.schema.json").read_text())
    assert {*FIELDS, "phones"} == set(schema["$defs"]["entry"]["properties"])


@pytest.mark.parametrize(
    "table",
    [
        b"phone\n+12125550101\n+12125550102\n",
        b"phone\r\n+12125550101\r\n\r\n+12125550102",
        b"\xef\xbb\xbfphone;city\n212-555-0101;K\xc3\xb6ln\n2125550102;Bonn\n",
        b"city;phone\nK\xf6ln;212-555-0101\nBonn;2125550102\n",
        b'name,phone\n"Doe, Ann",2125550101\nBob,2125550102\n',
        b"name\tphone\nDoe, Ann\t2125550101\nBob\t2125550102\n",
        "phone\n2125550101\n2125550102\n".encode("utf-16"),
        b"212,5550101\n212,5550102\n",
        b"2125550101\n2125550102\n",
        workbook(["phone"], [12125550101], ["(212) 555-0102"]),
        workbook([], ["name", "phone"], ["Ann", 2125550101.0], [], ["Bob", "2125550102"]),
    ],
    ids=["csv", "crlf", "semicolons", "ansi", "quotes", "tsv", "utf-16", "flat", "bare", "xlsx", "sparse"],
)
def test_tables_of_every_form(folder, table):
    folder.write("table", table)
    done = folder.dnc("import", "table", *TO, *TERMS)
    assert done.code == 0, done.err
    assert set(numbers(folder)) == {"+12125550101", "+12125550102"}


def test_what_is_bad_is_refused_by_its_line_and_the_rest_is_added(folder):
    rows = ["tel,requestedOn,evidence", "2125550101,2026-11-01,A", "212555,2026-11-01,B"]
    rows += ["2125550103,01.11.2026,C", "", "2125550104,2026-11-01,Ann said", "2125550105,2026-12-24,E"]
    folder.write("calls.csv", "\n".join(rows))
    done = folder.dnc("import", "calls.csv", *TO, *TERMS)
    assert done.code == 8
    assert set(numbers(folder)) == {"+12125550101"}
    said = [line for line in done.err.splitlines() if line.startswith("line ")]
    assert [line.partition(":")[0] for line in said] == ["line 3", "line 4", "line 6", "line 7"]
    assert "too few digits" in said[0]
    assert "requestedOn: not a date" in said[1]
    assert "evidence: not a reference" in said[2]
    assert "5 rows read, 1 added, 0 already there, 4 refused" in done.err
    assert "Ann" not in done.err
    refused = list(csv.reader(io.StringIO(folder.read("calls.csv.rejects.csv"))))
    assert refused[0] == ["line", "why", "tel", "requestedOn", "evidence"]
    assert [(row[0], row[2]) for row in refused[1:]] == [
        ("3", "212555"),
        ("4", "2125550103"),
        ("6", "2125550104"),
        ("7", "2125550105"),
    ]


def test_the_refused_rows_are_a_table_to_correct_and_import(folder):
    folder.write("calls.csv", "tel\n2125550101\n212555\n")
    folder.dnc("import", "calls.csv", *TO, *TERMS, "--rejects", "again.csv")
    folder.write("again.csv", folder.read("again.csv").replace(",212555", ",2125550102"))
    assert folder.dnc("import", "again.csv", *TO, *TERMS).code == 0
    assert set(numbers(folder)) == {"+12125550101", "+12125550102"}


def test_ten_refusals_are_printed_and_the_others_counted(folder):
    folder.write("calls.csv", "tel\n" + "212555\n" * 13)
    done = folder.dnc("import", "calls.csv", *TO, *TERMS)
    assert done.code == 8
    assert done.err.count("too few digits") == 10
    assert "3 more are in calls.csv.rejects.csv" in done.err
    assert lists(folder) == []


def test_the_same_table_twice_changes_nothing(folder):
    folder.write("calls.csv", "tel\n2125550101\n2125550102\n")
    folder.dnc("import", "calls.csv", *TO, *TERMS)
    before = folder.files()
    done = folder.dnc("import", "calls.csv", *TO, *TERMS)
    assert (done.code, done.out) == (0, "")
    assert "2 rows read, 0 added, 2 already there, 0 refused" in done.err
    assert folder.files() == before


def test_a_number_is_added_again_only_under_stronger_terms(folder):
    folder.write("old.csv", "tel\n2125550101\n2125550102\n")
    folder.dnc("import", "old.csv", *TO, *TERMS)
    rows = "tel,reasonCode\n2125550101,COMPANY_POLICY\n2125550102,STATE\n2125550102,COMPANY_POLICY\n"
    folder.write("new.csv", rows + "2125550102,NATIONAL\n")
    done = folder.dnc("import", "new.csv", *TO, "--policy", "NEVER", "--batch", "new")
    assert "4 rows read, 1 added, 3 already there, 0 refused" in done.err
    written = claims(folder.files()["dnc-lists/dnc-list-01-new-0001.yaml"])[0]
    assert {number: terms.reason_code for number, terms in written.items()} == {"+12125550102": "NATIONAL"}


def test_files_hold_so_many_numbers_and_are_canonical(folder, monkeypatch):
    monkeypatch.setattr(import_table, "MAX_FILE_NUMBERS", 4)
    rows = [f"21255501{n:02d},{'AB'[n % 2]}-{n // 5}" for n in range(10)]
    folder.write("calls.csv", "\n".join(["tel,evidence", *rows]))
    folder.dnc("import", "calls.csv", *TO, *TERMS, "--batch", "b")
    assert lists(folder) == [f"dnc-lists/dnc-list-01-b-000{n}.yaml" for n in (1, 2, 3)]
    assert [len(claims(data)[0]) for path, data in sorted(folder.files().items()) if "-b-" in path] == [
        4,
        4,
        2,
    ]
    assert folder.dnc("fmt", "--check").code == 0
    folder.write("more.csv", "tel\n2125550150\n")
    done = folder.dnc("import", "more.csv", *TO, *TERMS, "--batch", "b")
    assert done.out == "dnc-lists/dnc-list-01-b-0004.yaml\n"


def test_a_batch_is_named_by_day_and_content(folder):
    folder.write("calls.csv", "tel\n2125550101\n")
    done = folder.dnc("import", "calls.csv", *TO, *TERMS)
    assert done.out.startswith("dnc-lists/dnc-list-01-20261123-")


def test_long_files_show_progress(folder, monkeypatch):
    monkeypatch.setattr(table_rows, "_STEP", 2)
    folder.write("calls.csv", "tel\n" + "2125550101\n" * 5)
    assert [
        line
        for line in folder.dnc("import", "calls.csv", *TO, *TERMS).err.splitlines()
        if "rows read" in line
    ][:2] == ["2 rows read", "4 rows read"]


@pytest.mark.parametrize(
    ("table", "options", "said"),
    [
        ("", TERMS, "this table is empty"),
        ("phone,name\n2125550101,\0\n", TERMS, "this is no table"),
        ("who,when\nAnn,1\n", TERMS, "no column is known to be the number: the first row has who, when"),
        (
            "ann@example.com,2125550101\n",
            TERMS,
            "there is no header: the first row, of 2 columns, holds a num",
        ),
        ("phone,mobile\n1,2\n", TERMS, "two columns may be the phone: phone and mobile"),
        ("phone\n1\n", (*TERMS, "--map", "phone=Tel"), "there is no column Tel"),
        ("phone\n1\n", TERMS[:2], "neither a column nor --policy says the expirationPolicy"),
        ("phone\n1\n", (*TERMS, "--batch", "../x"), "this is no name of a batch"),
        ("phone\n1\n", (*TERMS, "--list", "../x"), "this is no name of a list"),
        ("phone\n1\n", (*TERMS, "--rejects", "none/x.csv"), "the refused rows cannot be written"),
        ("PK\x03\x04", TERMS, "this workbook or ZIP can't be read"),
    ],
)
def test_what_is_no_table_is_said_and_nothing_is_written(folder, table, options, said):
    folder.write("calls.csv", table)
    before = folder.files()
    done = folder.dnc("import", "calls.csv", *TO, *options)
    assert done.code == 4
    assert said in done.err
    assert folder.files() == before


def test_a_file_that_is_not_there_is_said(folder):
    done = folder.dnc("import", "calls.csv", *TO, *TERMS)
    assert done.code == 4
    assert "calls.csv: cannot be read: No such file or directory" in done.err


@pytest.mark.parametrize("said", ["phone", "telephone=Tel", "phone="])
def test_a_map_that_is_none_is_wrong_usage(folder, said):
    folder.write("calls.csv", "tel\n2125550101\n")
    assert folder.dnc("import", "calls.csv", *TO, *TERMS, "--map", said).code == 2


def test_a_tenant_whose_lists_do_not_reach_the_new_files_is_told(folder):
    text = folder.read("dnc.yaml").replace("embedded: true", 'embedded: true, lists: ["lists/a.yaml"]')
    folder.write("dnc.yaml", text)
    folder.write("calls.csv", "tel\n2125550101\n")
    done = folder.dnc("import", "calls.csv", *TO, *TERMS)
    assert done.code == 4
    assert "it would not be applied" in done.err
    assert lists(folder) == []


def test_a_tenant_with_a_folder_of_its_own_gets_its_files_there(folder):
    text = folder.read("dnc.yaml").replace("embedded: true", 'embedded: true, lists: ["acme/**/*.yaml"]')
    folder.write("dnc.yaml", text)
    folder.write("calls.csv", "tel\n2125550101\n")
    done = folder.dnc("import", "calls.csv", *TO, *TERMS, "--batch", "b")
    assert done.out == "acme/dnc-list-01-b-0001.yaml\n", done.err
    done = folder.dnc("add", "+12125550102", "--list", "dnc-list-02", "--new-list", *TERMS)
    assert done.out == "+12125550102 added to acme/dnc-list-02.yaml\n", done.err
