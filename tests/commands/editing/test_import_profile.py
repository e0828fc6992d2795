"""`dnc import --profile`: how a sender's tables are read stands in `dnc.yaml`; options count first."""

import pytest

from tests.commands.editing.conftest import CONFIGURATION
from tests.commands.editing.test_import_command import lists, numbers
from tests.docs.pages import ROOT, blocks

PROFILE = """imports:
  vendor-a:
    listId: dnc-list-01
    columns: {phone: Kundentelefon, requestedOn: Asked, reasonCode: Code}
    reasons: {D1: CUSTOMER_REQUESTED, 02: COMPANY_POLICY}
    dates: DD.MM.YYYY
    ignore:
      rows: {Status: [TEST, "N/A"]}
      columns: [Number, Agent]
    defaults: {reasonCode: UNKNOWN, expirationPolicy: NEVER, source: vendor-a, jurisdiction: US}
"""
HEADER = "Kundentelefon,Asked,Code,Status,Number,Agent\n"


@pytest.fixture
def vendor(folder):
    """Give a function that imports rows of the vendor's, and the folder."""
    folder.write("dnc.yaml", CONFIGURATION + PROFILE)

    def importing(*rows, options=()):
        folder.write("calls.csv", HEADER + "".join(f"{row}\n" for row in rows))
        return folder.dnc("import", "calls.csv", "--profile", "vendor-a", *options)

    return folder, importing


def test_columns_codes_days_and_defaults_come_from_the_profile(vendor):
    folder, importing = vendor
    done = importing("2125550101,01.11.2026,D1,,7,Ann", "2125550102,2.11.2026 09:30,02,,8,Bob", "2125550103")
    assert done.code == 0, done.err
    found = numbers(folder)
    assert {number: (t.reason_code.value, str(t.requested_on)) for number, t in found.items()} == {
        "+12125550101": ("CUSTOMER_REQUESTED", "2026-11-01"),
        "+12125550102": ("COMPANY_POLICY", "2026-11-02"),
        "+12125550103": ("UNKNOWN", "None"),
    }
    assert {(t.source, t.jurisdiction) for t in found.values()} == {("vendor-a", "US")}
    assert "nothing was taken from" not in done.err
    assert folder.dnc("validate").code == 0


def test_rows_that_are_ignored_are_counted(vendor):
    folder, importing = vendor
    done = importing("2125550101,,D1,TEST", "none,,D1,N/A", "2125550102,,D1,test", "2125550103,,XX,TEST")
    assert done.code == 0, done.err
    assert set(numbers(folder)) == {"+12125550102"}
    assert "rows that the profile ignores: Status N/A (1), Status TEST (2)" in done.err
    assert "4 rows read, 1 added, 0 already there, 0 refused, 3 ignored" in done.err


def test_a_code_that_the_profile_does_not_know_refuses_its_row(vendor):
    folder, importing = vendor
    done = importing("2125550101,,D9", "2125550102,,d1", "2125550103,,LOCAL", "2125550104,,D1")
    assert done.code == 8
    assert set(numbers(folder)) == {"+12125550104"}
    said = "its code is not in imports.vendor-a.reasons: add it there, or otherReason for all that are not"
    assert f"line 2: {said}" in done.err
    assert "D9" not in done.err
    assert "4 rows read, 1 added, 0 already there, 3 refused" in done.err


def test_unknown_codes_have_a_reason_only_where_the_profile_gives_one(vendor):
    folder, importing = vendor
    text = folder.read("dnc.yaml")
    folder.write("dnc.yaml", text.replace("    dates:", "    otherReason: LOCAL\n    dates:"))
    assert importing("2125550101,,D9").code == 0
    assert numbers(folder)["+12125550101"].reason_code == "LOCAL"


def test_options_count_before_the_profile(vendor):
    folder, importing = vendor
    options = ("--list", "dnc-list-02", "--source", "desk", "--reason", "LOCAL", "--map", "phone=Number")
    assert importing("2125550101,,,,2125550102,Ann", options=options).code == 0
    (path,) = lists(folder)
    assert path.startswith("dnc-lists/dnc-list-02-")
    found = numbers(folder)["+12125550102"]
    assert (found.reason_code, found.source, found.jurisdiction) == ("LOCAL", "desk", "US")


def test_a_day_that_is_written_otherwise_refuses_its_row(vendor):
    folder, importing = vendor
    done = importing("2125550101,11/02/2026,D1", "2125550102,31.02.2026,D1", "2125550103,2026-11-01,D1")
    assert done.code == 8
    assert done.err.count("requestedOn: not a date") == 2
    assert set(numbers(folder)) == {"+12125550103"}


def test_the_refused_rows_are_imported_with_the_same_profile(vendor):
    folder, importing = vendor
    importing("2125550101,01.11.2026,D9,,7,Ann")
    folder.write("again.csv", folder.read("calls.csv.rejects.csv").replace("D9", "D1"))
    done = folder.dnc("import", "again.csv", "--profile", "vendor-a")
    assert done.code == 0, done.err
    assert set(numbers(folder)) == {"+12125550101"}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("phone: Kundentelefon", "phone: Tel", "imports.vendor-a.columns.phone: there is no column Tel"),
        ("Status: [TEST", "State: [TEST", "imports.vendor-a.ignore.rows.State: there is no column State"),
        (
            "D1: CUSTOMER_REQUESTED",
            "D1: CUSTOMER",
            "vendor-a.reasons.D1: D1 is CUSTOMER: use NATIONAL",
        ),
        ("    dates:", "    date:", "imports.vendor-a.date: unknown key date: did you mean dates?"),
        ("dates: DD.MM.YYYY", "dates: DD.MM.YY", "imports.vendor-a.dates: no form of a date"),
        ("dates: DD.MM.YYYY", "dates: DD.MMMM.YYYY", "imports.vendor-a.dates: no form of a date"),
        ("jurisdiction: US", "requestedOn: 2026-11-01", "imports.vendor-a.defaults.requestedOn: unknown key"),
        ("reasons: {D1: CUSTOMER_REQUESTED, 02: COMPANY_POLICY}", "otherReason: LOCAL", "needs reasons"),
        ("  vendor-a:", "  Vendor A:", "a profile is named with small letters"),
        (
            "  vendor-a:",
            "  vendor-b:",
            "no import profile 'vendor-a'\n  fix: use one of: vendor-b",
        ),
        ("    listId: dnc-list-01\n", "", "say it: --list LIST, or imports.vendor-a.listId"),
    ],
)
def test_what_is_wrong_names_profile_key_and_way_out(vendor, old, new, said):
    folder, importing = vendor
    text = folder.read("dnc.yaml")
    assert old in text
    folder.write("dnc.yaml", text.replace(old, new))
    done = importing("2125550101,01.11.2026,D1,,7,Ann")
    assert done.code == 4
    assert said in done.err
    assert lists(folder) == []


def test_without_any_profile_the_way_out_is_to_write_one(folder):
    folder.write("calls.csv", HEADER)
    done = folder.dnc("import", "calls.csv", "--profile", "vendor-a")
    assert done.code == 4
    assert "fix: write it below imports: in dnc.yaml" in done.err


def test_without_a_list_or_a_profile_nothing_is_written(folder):
    folder.write("calls.csv", "tel\n2125550101\n")
    done = folder.dnc("import", "calls.csv", "--reason", "LOCAL", "--policy", "NEVER")
    assert done.code == 4
    assert "nothing says which list gets the numbers\n  fix: say it: --list LIST\n" in done.err


def test_the_profile_that_the_guide_shows(folder):
    (shown,) = [b for b in blocks(ROOT / "docs" / "how-to" / "daily.md") if b.lines[0] == "imports:"]
    folder.write("dnc.yaml", CONFIGURATION + "\n".join(shown.lines))
    folder.write("calls.csv", "Tel,Asked,Code,Status\n2125550101,11/02/2026,D1,\n2125550102,,,TEST\n")
    assert folder.dnc("import", "calls.csv", "--profile", "vendor-a").code == 0
    assert str(numbers(folder)["+12125550101"].requested_on) == "2026-11-02"


@pytest.mark.parametrize(
    ("form", "day"),
    [
        ("MM/DD/YYYY", "11/2/2026"),
        ("MM/DD/YYYY", "11/02/2026 4:05 PM"),
        ("YYYYMMDD", "20261102"),
        ("YYYY-MM-DD", "2026-11-02T16:05:00"),
        ("DD MM YYYY", "02 11 2026"),
    ],
)
def test_days_as_senders_write_them(vendor, form, day):
    folder, importing = vendor
    folder.write("dnc.yaml", folder.read("dnc.yaml").replace("DD.MM.YYYY", f'"{form}"'))
    assert importing(f"2125550101,{day},D1").code == 0
    assert str(numbers(folder)["+12125550101"].requested_on) == "2026-11-02"


def test_a_day_without_marks_between_is_of_two_digits_each(vendor):
    folder, importing = vendor
    folder.write("dnc.yaml", folder.read("dnc.yaml").replace("DD.MM.YYYY", "MMDDYYYY"))
    assert importing("2125550101,1112026,D1").code == 8
    assert numbers(folder) == {}
