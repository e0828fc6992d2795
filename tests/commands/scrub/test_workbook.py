"""`dnc scrub` of a workbook, and rows that only the second reader finds."""

import json

import pytest

from tests.support.project import LIST, Project, entry
from tests.unit.tables.workbooks import workbook

A, FREE = "+12125550123", "3125550177"


@pytest.fixture
def listing(project: Project) -> Project:
    project.list(entry(A))
    project.apply()
    return project


def test_all_visible_sheets_become_one_table(listing: Project):
    sheets = [[["Phone", "Town"], [2125550123, "Ulm"], [3125550178, "Bonn"]], [["Notes"], ["call 5"]]]
    data = workbook(["Name", "Phone"], ["Ann", A], ["Bob", FREE], ["Cy", "#N/A"], sheets=sheets)
    (listing.folder / "leads.xlsx").write_bytes(data)
    assert listing.run("scrub", "leads.xlsx").code == 8
    assert (listing.folder / "leads.clean.csv").read_text() == (
        f"sheet,Name,Phone,Town,column 1\nS1,Bob,{FREE},,\nS2,,3125550178,Bonn,\n"
    )
    unreadable = (listing.folder / "leads.unreadable.csv").read_text()
    assert unreadable.splitlines()[0] == "line,why,sheet,Name,Phone,Town,column 1"
    assert 'S1:4,"the cell has an error, #N/A' in unreadable
    assert ",S1,Cy,#N/A,,\n" in unreadable
    assert (
        "S3:2,no column of this sheet is known to hold numbers: name it with --column,S3,,,,call 5"
        in unreadable
    )


def test_hidden_sheets_are_named_and_in_no_output(listing: Project):
    sheets = [[["Phone"], [2125550199]]]
    data = workbook(["Phone"], [FREE], sheets=sheets, state=' state="hidden"')
    (listing.folder / "leads.xlsx").write_bytes(data)
    done = listing.run("scrub", "leads.xlsx")
    assert done.code == 0
    assert "hidden sheet S2 (2 rows)" in done.out
    assert (listing.folder / "leads.clean.csv").read_text() == f"Phone\n{FREE}\n"
    said = json.loads((listing.folder / "leads.certificate.json").read_text())
    assert said["input"]["hidden_sheets"] == [{"name": "S2", "rows": 2}]


def test_the_second_reader_finds_what_columns_hide(listing: Project):
    listing.write("leads.csv", f"Id,Area,Local,Phone\n1,212,555-0123,{FREE}\n2,312,555-0166,{FREE}\n")
    assert listing.run("scrub", "leads.csv", "--column", "Phone").code == 8
    assert (listing.folder / "leads.clean.csv").read_text().splitlines()[1:] == [f"2,312,555-0166,{FREE}"]
    (row,) = (listing.folder / "leads.unreadable.csv").read_text().splitlines()[1:]
    assert row.startswith("2,")
    assert LIST in row
    assert row.endswith(f",1,212,555-0123,{FREE}")


def test_a_header_with_a_listed_number_is_no_header(listing: Project):
    listing.write("leads.csv", f"A,212,555,0123\nx,1,2,{FREE}\n")
    done = listing.run("scrub", "leads.csv")
    assert done.code == 4
    assert "taken for the header" in done.err
    assert not (listing.folder / "leads.clean.csv").exists()
