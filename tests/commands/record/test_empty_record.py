"""A record without reports: each answer says that there is nothing, and none is a page of zeros."""

import pytest

from tests.support.project import BRANCH, Project, entry
from tests.support.sandbox import phone

A, B = phone(0), phone(1)
NO_REPORT = (
    "there is no report of production: dnc apply writes the first; if there was one before, it was removed"
)


@pytest.fixture(params=["before the first run", "removed"])
def empty(request, project: Project) -> Project:
    """A record without any report: none was written yet, or the branch is gone here and at the remote."""
    project.list(entry(A, evidence="CALL-1"))
    if request.param == "removed":
        project.apply()
        project.git("branch", "-D", BRANCH)
        project.git("push", "-q", "origin", f":{BRANCH}")
    return project


@pytest.mark.parametrize("form", ["text", "markdown"])
def test_a_summary_of_nothing_is_no_page_of_zeros(empty: Project, form: str):
    done = empty.run("audit", "summary", "--format", form)
    assert done.code == 3
    assert NO_REPORT in done.out.replace("\\", "")
    assert "run dnc audit verify" in done.out
    assert "0 received" not in done.out
    assert "Open alarms" not in done.out


def test_a_summary_of_nothing_as_json_says_so(empty: Project):
    done = empty.run("audit", "summary", "--format", "json")
    assert (done.code, done.json["reports"]["count"]) == (3, 0)
    assert done.json["note"].startswith(NO_REPORT)


def test_evidence_of_nothing(empty: Project):
    done = empty.run("audit", "evidence")
    assert (done.code, done.out.startswith(NO_REPORT)) == (3, True)
    told = empty.run("audit", "evidence", "--format", "json")
    assert (told.code, told.json["references"], told.json["note"].startswith(NO_REPORT)) == (3, [], True)
    table = empty.run("audit", "evidence", "--format", "csv")
    assert (table.code, len(table.out.splitlines()), table.err.startswith(NO_REPORT)) == (3, 1, True)


def test_an_export_of_nothing(empty: Project):
    done = empty.run("audit", "export")
    assert (done.code, len(done.out.splitlines()), done.err.startswith(NO_REPORT)) == (3, 1, True)
    told = empty.run("audit", "export", "--format", "json")
    assert (told.code, told.json["rows"], told.json["note"].startswith(NO_REPORT)) == (3, 0, True)


def test_listing_and_showing_nothing(empty: Project):
    listed = empty.run("audit", "list")
    assert (listed.code, listed.out.startswith(NO_REPORT)) == (0, True)
    told = empty.run("audit", "list", "--format", "json").json
    assert (told["reports"], told["note"].startswith(NO_REPORT)) == ([], True)
    shown = empty.run("audit", "show")
    assert shown.code == 4
    assert "there is no report of production\n" in shown.err
    assert "if there was one before, it was removed: run dnc audit verify" in shown.err


def test_days_without_a_report_beside_days_with(project: Project):
    project.list(entry(A, requestedOn="2026-11-20"))
    project.apply()
    period = ("--from", "2026-11-01", "--to", "2026-11-20")
    done = project.run("audit", "summary", *period)
    assert done.code == 0
    assert "production, 2026-11-01 to 2026-11-20 (no report)" in done.out
    assert (
        "no report is of these days: what was done in them, and whether it was in time, is not known"
        in done.out
    )
    assert "1 received, as later reports tell" in done.out
    assert "0 of 20 days" in done.out
    assert "Late" not in done.out
    exported = project.run("audit", "export", *period)
    assert (exported.code, exported.err) == (0, "no report of production is of these days\n")
    assert project.run("audit", "summary", "--format", "json").json["note"] is None
