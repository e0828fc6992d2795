"""`--format json` of the commands that edit files: one document, also when the command fails."""

import json

import pytest

from tests.commands.editing.conftest import CONFIGURATION, HEAD
from tests.commands.editing.test_release_command import ONE, single
from tests.commands.editing.test_snapshot_command import TO, flat
from tests.docs.pages import ROOT, first_cells, names, section

HEADS = {"format_version", "errored", "exit_code", "findings", "files"}
ADD = ("--list", "dnc-list-01", "--reason", "LOCAL", "--policy", "NEVER")
PAGE = section(ROOT / "docs" / "how-to" / "daily.md", "For programs")


@pytest.fixture
def asked(folder):
    """Give a function that calls a command for JSON, and gives its document: nothing else is on stdout."""

    def asking(*arguments, code=0):
        done = folder.dnc(*arguments, "--format", "json")
        assert done.code == code, done.err
        document = json.loads(done.out)
        assert (document["format_version"], document["exit_code"]) == ("1.0", code)
        assert document["errored"] == (code == 4)
        return document

    return asking


def own(document):
    return set(document) - HEADS


def explained(command):
    """Give the keys that the page explains for a command."""
    rows = [row.split("|") for row in PAGE.splitlines() if row.startswith(f"| `{command}` |")]
    assert len(rows) == 1
    return set(names([rows[0][2]]))


def test_the_page_explains_what_all_have(asked):
    assert (
        set(names(first_cells(PAGE, "key of every answer")))
        == set(asked("add", "+12125550101", *ADD)) & HEADS
    )


def test_add(folder, asked):
    document = asked("add", "(212) 555-0101", *ADD)
    assert own(document) == explained("dnc add")
    assert (document["added"], document["files"]) == (["+12125550101"], ["dnc-lists/dnc-list-01.yaml"])
    assert document["terms"]["reasonCode"] == "LOCAL"
    again = asked("add", "(212) 555-0101", *ADD)
    assert (again["added"], again["files"]) == ([], [])
    assert again["present"] == [{"phone": "+12125550101", "line": 4}]


def test_add_tells_what_is_odd(asked):
    document = asked("add", "+12125550101", "--list", "x", "--reason", "UNKNOWN", "--policy", "NEVER")
    assert "GEN-01" in {finding["rule"] for finding in document["findings"]}


def test_import(folder, asked):
    folder.write("calls.csv", "tel,who\n2125550101,Ann\n212555,Bob\n")
    document = asked("import", "calls.csv", *ADD, "--batch", "b", code=8)
    assert own(document) == explained("dnc import")
    assert document["summary"] == {
        "read": 2,
        "added": 1,
        "present": 0,
        "refused": 1,
        "ignored": 0,
        "removals": 0,
        "repeated": 0,
        "file_rows": 3,
        "header": 1,
        "set_aside": {},
    }
    assert document["files"] == ["dnc-lists/dnc-list-01-b-0001.yaml"]
    assert [row["line"] for row in document["refused"]] == [3]
    assert (document["rejects"], document["ignored_columns"]) == ("calls.csv.rejects.csv", ["who"])
    assert document["snapshot"] is None


def test_import_of_a_snapshot(folder, asked):
    fewer = flat(("212", 50), without=("212,5550107",))
    for at, table in (("2026-10-20", flat(("212", 50), ("213", 2))), ("2026-11-20", fewer)):
        folder.write("all.txt", table)
        document = asked("import", "all.txt", *TO, "--snapshot", "--retrieved-at", at)
    assert own(document) == explained("dnc import")
    snapshot = document["snapshot"]
    assert set(snapshot) == set(names(first_cells(PAGE, "key of a snapshot")))
    assert snapshot["released"] == [{"list_id": "dnc-list-01", "phones": ["+12125550107"]}]
    assert snapshot["doubts"] == []
    assert [one["area_code"] for one in snapshot["unchanged"]] == ["213"]


def test_fmt(folder, asked):
    folder.entries("a", single("+12125550102") + single("+12125550101"))
    document = asked("fmt", "--check", code=3)
    assert own(document) == explained("dnc fmt")
    assert (document["changed"], document["files"]) == (["dnc-lists/a.yaml"], [])
    assert asked("fmt")["files"] == ["dnc-lists/a.yaml"]
    folder.entries("a", single("+12125550102", "nonsense: 1"))
    assert [finding["file"] for finding in asked("fmt", code=4)["findings"]] == ["dnc-lists/a.yaml"]


def test_release(folder, asked):
    folder.entries("a", single("+12125550123"))
    other = f"{HEAD.replace('list-01', 'list-02')}entries:\n" + single("+12125550123")
    folder.write("dnc-lists/b.yaml", other)
    document = asked("release", *ONE)
    assert own(document) == explained("dnc release")
    assert document["released"] == [{"list_id": "dnc-list-01", "phones": ["+12125550123"]}]
    assert [(one["phone"], one["list_id"]) for one in document["stays"]] == [("+12125550123", "dnc-list-02")]
    assert set(document["files"]) == {"dnc-lists/a.yaml", "dnc-lists/releases/dnc-list-01.yaml"}


def test_undo(folder, asked):
    folder.write("calls.csv", "tel\n2125550101\n")
    asked("import", "calls.csv", *ADD, "--batch", "b")
    document = asked("undo", "b")
    assert own(document) == explained("dnc undo")
    assert document["released"] == [{"list_id": "dnc-list-01", "phones": ["+12125550101"]}]


def test_init(asked):
    document = asked("init", "new")
    assert own(document) == set()
    assert "new/dnc.yaml" in document["files"]


@pytest.mark.parametrize(
    "command",
    [
        ("add", "212555", *ADD),
        ("import", "none.csv", *ADD),
        ("import", "none.csv", *TO, "--snapshot", "--retrieved-at", "2026-11-20"),
        ("release", *ONE),
        ("restore", "+12125550123"),
        ("undo", "b"),
        ("init", "."),
        ("pull",),
        ("rules",),
        ("rules", "show", "NONE-01"),
        ("ci", "tenants"),
        ("check", "212555"),
    ],
    ids=" ".join,
)
def test_what_fails_says_so_in_the_same_form(folder, asked, command):
    if command[0] not in {"add", "check", "undo", "init"}:
        folder.write("dnc.yaml", CONFIGURATION.replace("entries", "none"))
    if command[0] == "rules":
        folder.write("schema/regulations/us.json", "{")
    document = asked(*command, code=4)
    assert set(document) == HEADS - {"files"}
    assert document["findings"]
    assert all(finding["severity"] == "error" for finding in document["findings"])
