"""`dnc audit compare`: an export that an auditor takes himself, beside what a report says."""

import csv
import io
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.support.groups_project import GroupsProject, grouped
from tests.support.project import LIST, Project, dated, entry

A, B, C, D = (f"+1202555010{n}" for n in range(4))
OTHER = "dnc-list-02"


def export(project: Project, name="export.csv", *, without=(), also=(), header=None) -> str:
    """Write what CXone has as an administrator's export would."""
    columns = header or ["phone", "listId", "reasonCode", "expirationPolicy"]
    rows = [
        [e.phone, e.list_id, e.reason_code, e.expiration_policy]
        for e in project.sandbox.entries()
        if e.phone not in without
    ]
    return table(project, name, columns, [*rows, *also])


def table(project: Project, name: str, columns: list[str], rows: Iterable[list[str]]) -> str:
    written = io.StringIO()
    csv.writer(written).writerows([columns, *rows])
    file = Path(project.folder.parent / name)
    file.write_text(written.getvalue())
    return str(file)


@pytest.fixture
def applied(project: Project) -> Project:
    project.list(entry(A, B), dated(C))
    project.list(entry(D, reason="NATIONAL"), name="other", list_id=OTHER)
    project.agent("add", "+12025550150")
    project.apply()
    return project


def test_an_export_of_the_same_moment_is_equal(applied: Project):
    done = applied.run("audit", "compare", export(applied), "--format", "json")
    assert done.code == 0, done.err
    assert (done.json["equal"], done.json["exit_code"]) == (True, 0)
    told = applied.newest["live"]["after"]
    assert {one["list_id"]: one["export"]["sha256"] for one in done.json["lists"]} == {
        list_id: one["sha256"] for list_id, one in told.items()
    }
    text = applied.run("audit", "compare", export(applied))
    assert f"{LIST}: equal: 4 numbers" in text.out
    assert f"{OTHER}: equal: 1 number" in text.out


def test_what_differs_is_named_on_its_side(applied: Project):
    weaker = [C, LIST, "UNKNOWN", "ABSOLUTE"]
    file = export(applied, without=[B, C], also=[["+12025550160", LIST, "COMPANY_POLICY", "NEVER"], weaker])
    done = applied.run("audit", "compare", file, "--format", "json")
    assert done.code == 3
    first, second = done.json["lists"]
    assert (first["equal"], second["equal"]) == (False, True)
    assert first["differing"] == {
        "only_in_export": ["+12025550160"], "only_in_report": [B], "weaker": [C]
    }  # fmt: skip
    assert (first["retold"], first["report"]["count"], first["export"]["count"]) == (4, 4, 4)
    text = applied.run("audit", "compare", file)
    assert text.code == 3
    assert "1 number live as the report and git tell it, and not in the export: +1 202 ••• ••01" in text.out
    assert B not in text.out + text.err


def test_an_older_report_is_compared_with_its_own_files(applied: Project):
    before = export(applied, "before.csv")
    applied.list(entry(A, B, "+12025550170"), dated(C))
    applied.apply()
    assert applied.run("audit", "compare", before, "--report", "1").code == 0
    done = applied.run("audit", "compare", before, "--format", "json")
    assert done.code == 3
    assert done.json["lists"][0]["differing"]["only_in_report"] == ["+12025550170"]


def test_columns_by_other_names_and_numbers_as_people_write_them(applied: Project):
    header = ["Telephone", "Group", "Code", "Policy"]
    rows = [
        [f"({e.phone[2:5]}) {e.phone[5:8]}-{e.phone[8:]}", e.list_id, e.reason_code, e.expiration_policy]
        for e in applied.sandbox.entries()
    ]
    file = table(applied, "odd.csv", header, [*rows, ["nobody", LIST, "", ""], [A, "elsewhere", "", ""]])
    refused = applied.run("audit", "compare", file)
    assert (refused.code, "--map reasonCode=COLUMN" in refused.err) == (4, True)
    maps = ("--map", "listId=Group", "--map", "reasonCode=Code", "--map", "expirationPolicy=Policy")
    done = applied.run("audit", "compare", file, *maps, "--format", "json")
    assert done.code == 0, done.out
    assert (done.json["export"]["unreadable"], done.json["export"]["foreign"]) == (1, {"elsewhere": 1})


def test_an_export_of_one_list_says_which(applied: Project):
    rows = [[D, "NATIONAL", "NEVER"], [D, "UNKNOWN", "NEVER"]]
    file = table(applied, "one.csv", ["phone", "reasonCode", "expirationPolicy"], rows)
    assert "--list" in applied.run("audit", "compare", file).err
    done = applied.run("audit", "compare", file, "--list", OTHER, "--format", "json")
    assert done.code == 0
    assert [one["list_id"] for one in done.json["lists"]] == [OTHER]
    assert done.json["export"]["repeated"] == 1
    assert applied.run("audit", "compare", file, "--list", "no-such").code == 4


def test_an_empty_export_lacks_everything(applied: Project):
    file = table(applied, "none.csv", ["phone", "listId", "reasonCode", "expirationPolicy"], [])
    done = applied.run("audit", "compare", file, "--format", "json")
    assert done.code == 3
    assert done.json["lists"][0]["differing"]["only_in_report"] == [A, B, C, "+12025550150"]


def test_what_can_not_be_compared(applied: Project, tmp_path: Path):
    for file in (tmp_path / "absent.csv", tmp_path):
        assert applied.run("audit", "compare", str(file)).code == 4
    assert applied.run("audit", "compare", export(applied), "--report", "9").code == 4
    assert applied.run("audit", "compare", export(applied), "--map", "colour=Red").code == 2


def test_groups_are_compared_by_number_and_end(tmp_path: Path):
    with grouped(tmp_path) as project:
        assert isinstance(project, GroupsProject)
        project.list(entry(A), dated(B))
        project.apply()
        rows = [[r.phone, LIST, r.expired or ""] for r in project.records()]
        file = table(project, "groups.csv", ["PhoneNumber", "GroupName", "ExpiredDate"], rows)
        done = project.run("audit", "compare", file, "--format", "json")
        assert done.code == 0, done.out + done.err
        table(
            project, "groups.csv", ["PhoneNumber", "GroupName", "ExpiredDate"], [[*rows[0][:2], "2027-01-01"]]
        )
        done = project.run("audit", "compare", file, "--format", "json")
        assert done.code == 3
