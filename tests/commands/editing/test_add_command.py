"""`dnc add`: numbers into their sorted place; all or none, and never anything else."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.lists.edit.canonical import canonical_list
from reconciler.lists.edit.changes import with_numbers
from tests.commands.editing.conftest import HEAD
from tests.unit.list_edit.drawn import PHONES, drawn
from tests.unit.list_edit.test_canonical import claims, comments

ASKED = ("--list", "dnc-list-01", "--reason", "CUSTOMER_REQUESTED", "--policy", "NEVER")
PROOF = ("--requested-on", "2026-11-02", "--evidence", "CALL-8831")
LOCAL = ("--list", "dnc-list-01", "--reason", "LOCAL", "--policy", "NEVER")
TERMS = "    reasonCode: LOCAL\n    expirationPolicy: NEVER\n"


def single(number, *more):
    return f'  - phone: "{number}"\n{TERMS}' + "".join(f"    {line}\n" for line in more)


def block(*numbers):
    return TERMS.replace("    r", "  - r", 1) + "    phones:\n" + "".join(f'      - "{n}"\n' for n in numbers)


def test_a_list_without_a_file_gets_one(folder):
    done = folder.dnc("add", "(212) 555-0124", *ASKED, *PROOF)
    assert (done.code, done.out) == (0, "+12125550124 added to dnc-lists/dnc-list-01.yaml\n")
    assert folder.read("dnc-lists/dnc-list-01.yaml") == HEAD + (
        'entries:\n  - phone: "+12125550124"\n    reasonCode: CUSTOMER_REQUESTED\n'
        "    expirationPolicy: NEVER\n    requestedOn: 2026-11-02\n    evidence: CALL-8831\n"
    )
    assert folder.dnc("validate").code == 0


def test_the_same_call_twice_changes_nothing(folder):
    folder.dnc("add", "2125550124", "2125550126", *ASKED, *PROOF)
    before = folder.files()
    done = folder.dnc("add", "2125550124", "+1 212 555 0126", *ASKED, *PROOF)
    assert done.code == 0
    assert done.out == (
        "+12125550124 is there already, dnc-lists/dnc-list-01.yaml:4\n"
        "+12125550126 is there already, dnc-lists/dnc-list-01.yaml:9\n"
    )
    assert folder.files() == before


def test_a_number_goes_to_its_sorted_place_and_nothing_else_moves(folder):
    last = "  # about 03\n" + single("+12125550103", "evidence: C") + "\n  # these\n" + block("+13125550101")
    folder.entries("a", single("+12125550101", "evidence: A  # sic") + "\n" + last)
    folder.dnc("add", "2125550102", *LOCAL, "--evidence", "B")
    assert folder.read("dnc-lists/a.yaml") == f"{HEAD}entries:\n" + (
        single("+12125550101", "evidence: A  # sic") + single("+12125550102", "evidence: B") + "\n" + last
    )


def test_without_evidence_it_goes_to_the_block_of_its_terms(folder):
    folder.entries("a", block("+12125550101", "+12125550103"))
    folder.dnc("add", "2125550104", "2125550102", *LOCAL)
    listed = [f"+1212555010{n}" for n in (1, 2, 3, 4)]
    assert folder.read("dnc-lists/a.yaml") == f"{HEAD}entries:\n{block(*listed)}"


def test_what_the_defaults_say_is_not_written_again(folder):
    head = f"{HEAD}defaults: {{reasonCode: LOCAL, expirationPolicy: NEVER, source: office}}\n"
    folder.write("dnc-lists/a.yaml", f"{head}entries: []  # none yet\n")
    folder.dnc("add", "2125550102", *LOCAL, "--evidence", "B")
    text = f'{head}entries:  # none yet\n  - phone: "+12125550102"\n    evidence: B\n'
    assert folder.read("dnc-lists/a.yaml") == text


def test_defaults_of_one_request_do_not_slip_in(folder):
    text = f"{HEAD}defaults: {{requestedOn: 2020-01-01, retention: P5Y}}\nentries: []\n"
    folder.write("dnc-lists/a.yaml", text)
    keys = ("--reason", "LOCAL", "--policy", "RELATIVE", "--retention", "P5Y")
    done = folder.dnc("add", "2125550102", "--list", "dnc-list-01", *keys)
    assert done.code == 4
    assert "the file's defaults would give requestedOn to the numbers" in done.err
    assert folder.read("dnc-lists/a.yaml") == text


def test_a_file_of_releases_is_no_file_to_choose_from(folder):
    release = "  - {phone: +12125550199, releasedOn: 2026-11-20, reason: CONSENT_GIVEN, evidence: F-1}\n"
    folder.write("dnc-lists/releases.yaml", f"{HEAD}releases:\n{release}")
    folder.entries("a", single("+12125550101"))
    assert folder.dnc("add", "2125550102", *LOCAL, "--evidence", "B").out.endswith("a.yaml\n")


def test_a_file_without_entries_gets_them_below(folder):
    release = "  - {phone: +12125550199, releasedOn: 2026-11-20, reason: CONSENT_GIVEN, evidence: F-1}\n"
    folder.write("dnc-lists/dnc-list-01.yaml", f"{HEAD}releases:\n{release}\n")
    folder.dnc("add", "2125550102", *LOCAL)
    text = f"{HEAD}releases:\n{release}entries:\n{single('+12125550102')}"
    assert folder.read("dnc-lists/dnc-list-01.yaml") == text


def test_of_several_files_one_must_be_named(folder):
    folder.entries("a", single("+12125550101"))
    folder.entries("b", single("+12125550101"))
    done = folder.dnc("add", "2125550102", *LOCAL)
    assert done.code == 4
    assert "2 files have numbers of dnc-list-01: dnc-lists/a.yaml, dnc-lists/b.yaml" in done.err
    assert "--file" in done.err
    named = folder.dnc("add", "2125550102", *LOCAL, "--file", "dnc-lists/b.yaml")
    assert (named.code, named.out) == (0, "+12125550102 added to dnc-lists/b.yaml\n")


@pytest.mark.parametrize(
    ("numbers", "said"),
    [
        (["2125550102", "212555010"], "number 2 of 2 can't be read"),
        (["21255501", "212555010"], "number 1 of 2: too few digits"),
        (["nobody"], "the number can't be read"),
    ],
)
def test_nothing_is_written_when_a_number_is_bad(folder, numbers, said):
    before = folder.files()
    done = folder.dnc("add", *numbers, *LOCAL)
    assert done.code == 4
    assert said in done.err
    assert "nothing was written" in done.err
    assert folder.files() == before


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--policy", "RELATIVE"), "RELATIVE needs requestedOn"),
        (("--policy", "NEVER", "--until", "2030-01-01"), "expirationDate: NEVER has no end"),
        (("--policy", "NEVER", "--requested-on", "2.11.2026"), "requestedOn: not a date"),
        (("--policy", "NEVER", "--requested-on", "2026-12-24"), "in the future: today is 2026-11-24 at most"),
        (("--policy", "NEVER", "--evidence", "Ann said"), "evidence: not a reference"),
        (("--policy", "NEVER", "--file", "a.yaml"), "it would not be applied"),
        (("--policy", "NEVER", "--file", "dnc-lists/other.yaml"), "this file is one of the list other"),
        (("--policy", "NEVER", "--file", "dnc-lists/wrong.yaml"), "dnc-lists/wrong.yaml has errors"),
        (("--policy", "NEVER", "--list", "../x"), "a list is named with letters"),
    ],
)
def test_nothing_is_written_when_the_entry_or_the_file_is_bad(folder, options, said):
    folder.write("dnc-lists/other.yaml", "listId: other\nentries: []\n")
    folder.write("dnc-lists/wrong.yaml", "listId: dnc-list-01\nentris: []\n")
    before = folder.files()
    done = folder.dnc("add", "2125550102", "--list", "dnc-list-01", "--reason", "LOCAL", *options)
    assert done.code == 4
    assert said in done.err
    assert folder.files() == before


def test_under_weaker_terms_it_is_refused_under_stronger_ones_it_is_there(folder):
    folder.entries("a", single("+12125550102"))
    before = folder.files()
    stronger = folder.dnc("add", "2125550102", *ASKED, *PROOF)
    assert stronger.code == 4
    assert (
        "dnc-lists/a.yaml:4: +1 212 ••• ••02 is on the list here already, under weaker terms" in stronger.err
    )
    weaker = folder.dnc(
        "add", "2125550102", "--list", "dnc-list-01", "--reason", "COMPANY_POLICY", "--policy", "NEVER"
    )
    assert (weaker.code, weaker.out) == (0, "+12125550102 is there already, dnc-lists/a.yaml:4\n")
    assert folder.files() == before


def test_errors_in_another_file_hold_nobody_up(folder):
    folder.entries("a", single("+12125550102"))
    folder.write("dnc-lists/wrong.yaml", "listId: other\nentris: []\n")
    assert folder.dnc("add", "2125550103", *LOCAL).code == 0


def test_numbers_are_masked_in_a_pipeline(folder):
    folder.environ["CI"] = "true"
    done = folder.dnc("add", "2125550124", *LOCAL)
    assert done.out == "+1 212 ••• ••24 added to dnc-lists/dnc-list-01.yaml\n"
    assert "2125550124" not in done.out + done.err


def test_the_region_is_the_tenants(folder):
    folder.write("dnc.yaml", folder.read("dnc.yaml").replace("embedded: true", "embedded: true, region: GB"))
    done = folder.dnc("add", "020 7946 0018", *LOCAL)
    assert done.out.startswith("+442079460018 added")


@settings(deadline=None, max_examples=100)
@given(st.integers(0, 2**32), st.integers(1, 3), st.booleans())
def test_adding_keeps_every_claim_and_comment_and_the_canonical_form(seed, count, apart):
    keys = {"reasonCode": "CUSTOMER_REQUESTED", "expirationPolicy": "NEVER"}
    keys |= {"evidence": "CALL-1"} if apart else {}
    data = drawn(seed)
    had = claims(data)[0]
    new = [phone for phone in PHONES if phone not in had][:count]
    for file in (data, canonical_list("a.yaml", data)):
        written = with_numbers("a.yaml", file, keys, new, separate=apart)
        numbers, releases = claims(written)
        assert {n: terms for n, terms in numbers.items() if n not in new} == claims(file)[0]
        assert releases == claims(file)[1]
        assert comments(written) == comments(file)
    assert canonical_list("a.yaml", written) == written


def test_add_knows_the_daily_case(folder):
    (folder.path / "dnc-lists").mkdir()
    (folder.path / "dnc-lists/customers.yaml").write_text(
        HEAD.replace("dnc-list-01", "customers") + "entries: []\n"
    )
    done = folder.dnc("add", "2125550124", "--requested-on", "2026-11-20", "--evidence", "CALL-9001")
    assert done.code == 0, done.err
    text = folder.read("dnc-lists/customers.yaml")
    assert "reasonCode: CUSTOMER_REQUESTED\n    expirationPolicy: NEVER\n" in text


def test_add_asks_for_the_list_where_there_are_several(folder):
    (folder.path / "dnc-lists").mkdir()
    for name in ("one", "two"):
        (folder.path / f"dnc-lists/{name}.yaml").write_text(f"listId: {name}\nentries: []\n")
    before = folder.files()
    done = folder.dnc("add", "2125550124")
    assert done.code == 4
    assert "has 2 lists: one, two" in done.err
    assert folder.files() == before


@pytest.mark.parametrize(
    ("options", "policy"),
    [
        (("--until", "2030-01-01"), "ABSOLUTE"),
        (("--requested-on", "2026-11-02", "--retention", "P5Y"), "RELATIVE"),
    ],
)
def test_add_takes_the_policy_from_what_is_said(folder, options, policy):
    done = folder.dnc("add", "2125550124", "--list", "a", "--new-list", "--reason", "LOCAL", *options)
    assert done.code == 0, done.err
    assert f"expirationPolicy: {policy}" in folder.read("dnc-lists/a.yaml")
