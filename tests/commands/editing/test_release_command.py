"""`dnc release`: every claim goes, the permission stands in a file, and all of it or nothing."""

from errno import ENOSPC
from pathlib import Path

import pytest

from tests.commands.editing.conftest import HEAD

ONE = ("+12125550123", "--list", "dnc-list-01", "--reason", "CONSENT_GIVEN", "--evidence", "FORM-221")
PLACE = "dnc-lists/releases/dnc-list-01.yaml"
TERMS = "    reasonCode: CUSTOMER_REQUESTED\n    expirationPolicy: NEVER\n"
NATIONAL = HEAD.replace("list-01", "list-02")


def single(number, *more):
    return f'  - phone: "{number}"\n{TERMS}' + "".join(f"    {line}\n" for line in more)


def block(*numbers):
    return TERMS.replace("    r", "  - r", 1) + "    phones:\n" + "".join(f'      - "{n}"\n' for n in numbers)


RELEASE = (
    "# yaml-language-server: $schema=../../schema/dnc-list.schema.json\n"
    'listId: dnc-list-01\ndescription: "Releases of dnc-list-01"\nreleases:\n'
    '  - phone: "+12125550123"\n    releasedOn: 2026-11-23\n'
    '    reason: CONSENT_GIVEN\n    evidence: "FORM-221"\n'
)


def test_the_line_goes_and_the_release_is_written(folder):
    first, last = single("+12125550101", "evidence: A"), single("+12125550140", "evidence: C")
    folder.entries("a", "  # before\n" + first + single("+12125550123", "evidence: B") + last)
    done = folder.dnc("release", *ONE)
    assert (done.code, done.out) == (0, "+12125550123 released from dnc-list-01\n"), done.err
    assert folder.read("dnc-lists/a.yaml") == f"{HEAD}entries:\n  # before\n{first}{last}"
    assert folder.read(PLACE).replace('"FORM-221"', "FORM-221") == RELEASE.replace('"FORM-221"', "FORM-221")
    assert folder.dnc("validate").code == 0
    assert folder.dnc("fmt", "--check").code == 0


def test_every_file_of_the_list_and_all_numbers_at_once(folder):
    folder.entries("a", block("+12125550101", "+12125550123", "+12125550124") + single("+12125550125"))
    folder.entries("b", single("+12125550123", "requestedOn: 2026-11-02", "evidence: CALL-1"))
    done = folder.dnc("release", "2125550124", *ONE)
    assert done.code == 0, done.err
    assert folder.read("dnc-lists/a.yaml") == f"{HEAD}entries:\n" + single("+12125550125").join(
        (block("+12125550101"), "")
    )
    assert folder.read("dnc-lists/b.yaml") == f"{HEAD}entries: []\n"
    assert 'phones:\n      - "+12125550123"\n      - "+12125550124"' in folder.read(PLACE)


def test_the_same_call_twice_changes_nothing(folder):
    folder.entries("a", single("+12125550123"))
    folder.dnc("release", *ONE)
    before = folder.files()
    done = folder.dnc("release", *ONE)
    assert done.code == 0
    assert "nothing to do" in done.err
    assert folder.files() == before


def test_a_release_goes_to_its_sorted_place_beside_comments(folder):
    folder.entries("a", single("+12125550123") + single("+12125550150"))
    folder.dnc("release", "+12125550150", *ONE[1:])
    folder.write(PLACE, "# ours\n" + folder.read(PLACE) + "  # the end\n")
    folder.dnc("release", *ONE)
    text = folder.read(PLACE)
    assert text.startswith("# ours\n")
    assert text.endswith("  # the end\n")
    assert text.index("+12125550123") < text.index("+12125550150")


def test_flow_style_files_are_cut_too(folder):
    folder.write(
        "dnc-lists/a.yaml",
        '{"listId": "dnc-list-01", "entries": [{"phones": ["+12125550101", "+12125550123"], '
        '"reasonCode": "LOCAL", "expirationPolicy": "NEVER"}]}\n',
    )
    assert folder.dnc("release", *ONE).code == 0
    assert "+12125550123" not in folder.read("dnc-lists/a.yaml")
    assert "+12125550101" in folder.read("dnc-lists/a.yaml")


def test_a_reason_that_does_not_fit_is_refused_with_those_that_do(folder):
    folder.entries("a", single("+12125550123").replace("CUSTOMER_REQUESTED", "NATIONAL"))
    before = folder.files()
    done = folder.dnc("release", *ONE)
    assert done.code == 4
    assert "NATIONAL" in done.err
    assert "what fits: ENTERED_IN_ERROR, MOVED, REGISTRY_REMOVED" in done.err
    assert folder.files() == before


def test_which_lists_keep_it_and_why(folder):
    folder.entries("a", single("+12125550123"))
    folder.write(
        "dnc-lists/n.yaml",
        f"{NATIONAL}entries:\n" + single("+12125550123").replace("CUSTOMER_REQUESTED", "NATIONAL"),
    )
    folder.write(
        "dnc-lists/h.yaml",
        f'{HEAD}holds:\n  - phones: ["+12125550123"]\n    from: 2026-11-01\n    matter: CASE-7\n',
    )
    done = folder.dnc("release", *ONE)
    assert done.code == 0, done.err
    assert "+12125550123 stays on dnc-list-01: a hold names it: CASE-7" in done.out
    assert "+12125550123 stays on dnc-list-02: NATIONAL NEVER, dnc-lists/n.yaml:4" in done.out


def test_all_lists_are_taken_or_none(folder):
    folder.entries("a", single("+12125550123"))
    folder.write("dnc-lists/n.yaml", f"{NATIONAL}entries:\n" + single("+12125550123"))
    ambiguous = folder.dnc("release", ONE[0], *ONE[3:])
    assert ambiguous.code == 4
    assert "is on 2 lists: dnc-list-01, dnc-list-02" in ambiguous.err
    done = folder.dnc("release", ONE[0], "--all-lists", *ONE[3:])
    assert done.code == 0, done.err
    assert "entries: []" in folder.read("dnc-lists/a.yaml")
    assert "entries: []" in folder.read("dnc-lists/n.yaml")
    assert "+12125550123" in folder.read("dnc-lists/releases/dnc-list-02.yaml")


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ((*ONE[:-1], "EVIDENCE"), "it must be yours"),
        ((*ONE[:-1], "two words"), "evidence is a reference"),
        ((*ONE, "--on", "2026-12-24"), "no day that has come"),
        (("+12125550199", *ONE[1:]), "not on dnc-list-01"),
        ((*ONE, "--to", "dnc-list-02"), "MOVED names the other list"),
        ((*ONE[:3], "--reason", "MOVED", "--to", "dnc-list-02", "--evidence", "T-1"), "no file lists"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_written(folder, arguments, why):
    folder.entries("a", single("+12125550123"))
    before = folder.files()
    done = folder.dnc("release", *arguments)
    assert done.code == 4
    assert why in done.err
    assert "5550123" not in done.err
    assert folder.files() == before


def test_a_spent_release_is_not_taken_for_a_new_one(folder):
    folder.entries("a", single("+12125550123"))
    folder.dnc("release", *ONE)
    folder.entries("a", single("+12125550123"))
    done = folder.dnc("release", *ONE)
    assert done.code == 4
    assert "it is used" in done.err
    assert folder.dnc("release", *ONE[:-1], "FORM-222").code == 0


def test_a_file_with_errors_stops_it(folder):
    folder.entries("a", single("+12125550123", "nonsense: 1"))
    before = folder.files()
    assert folder.dnc("release", *ONE).code == 4
    assert folder.files() == before


def test_where_one_file_cannot_be_written_none_is(folder, monkeypatch):
    folder.entries("a", single("+12125550123"))
    folder.entries("b", single("+12125550123"))
    before = folder.files()

    replace = Path.replace

    def full(new_file, file):
        if file.name == "b.yaml" and b"5550123" not in new_file.read_bytes():
            raise OSError(ENOSPC, "no space")
        return replace(new_file, file)

    monkeypatch.setattr(Path, "replace", full)
    done = folder.dnc("release", *ONE)
    assert done.code == 4
    assert "no space" in done.err
    assert folder.files() == before
