"""What `dnc check` says of removals, other tenants, and a record or a CXone that cannot be asked."""

import pytest

from tests.commands.record.test_check_answer import (
    DO_NOT_CALL,
    NOT_LISTED,
    SCHEDULED,
    UNKNOWN,
    A,
    B,
    C,
    another_tenant,
    applied,
    both,
    old,
    removed,
)
from tests.support.groups_project import grouped
from tests.support.project import BRANCH, Project, entry


def test_a_removal_is_told_to_machines(project: Project):
    removed(project)
    (one,) = both(project, A)[0]["lists"]
    told = one["removed"]
    assert (told["seq"], told["release"], told["evidence"]) == (2, "CONSENT_GIVEN", "FORM-77")
    assert (told["author"], told["reason"], told["certain"]) == ("Ann", "released", True)


def test_a_removal_of_weeks_ago_is_found_by_its_release(project: Project, monkeypatch):
    monkeypatch.setattr("reconciler.use_cases.history.number_record.REPORTS_BACK", 2)
    removed(project)
    for _ in range(3):
        project.apply(**SCHEDULED)
    assert "removed by report 2" in both(project, A)[1].out


def test_another_tenants_list_is_named_where_one_tenant_was_asked_about(project: Project):
    another_tenant(project)
    found, shown = both(project, A, "--tenant", "production")
    assert found["answer"] == NOT_LISTED
    assert "of tenant toy: toys/main.yaml" in shown.out


def test_a_remote_that_does_not_answer_is_in_doubt(project: Project):
    applied(project)
    project.git("remote", "set-url", "origin", "/nowhere")
    found, shown = both(project, A)
    assert found["answer"] == UNKNOWN, shown
    assert both(project, B)[0]["answer"] == DO_NOT_CALL


def test_a_revision_that_is_gone_is_in_doubt(project: Project):
    applied(project)
    project.purge_history()
    fresh = project.clone("fresh")
    assert both(fresh, A)[0]["answer"] == UNKNOWN
    assert both(fresh, B)[0]["answer"] == DO_NOT_CALL


def test_without_a_repository_nothing_is_known_of_cxone(project: Project, tmp_path):
    applied(project)
    folder = tmp_path / "copy"
    (folder / "dnc-lists").mkdir(parents=True)
    for name in ("dnc.yaml", "dnc-lists/main.yaml"):
        (folder / name).write_bytes((project.folder / name).read_bytes())
    copy = Project(folder, None, project.sandbox, project.url, project.clock)
    found, shown = both(copy, A)
    assert (found["answer"], "no git repository" in shown.out) == (UNKNOWN, True)
    assert both(copy, B)[0]["answer"] == DO_NOT_CALL


def test_a_report_that_is_not_at_the_remote_is_named(project: Project):
    project.list(entry(A))
    project.apply("--yes", CI="")
    found, shown = both(project, A)
    assert found["as_of"]["unpushed"]
    assert "report 1 is only in this clone, not at the remote: dnc audit push" in shown.out
    project.git("push", "-q", "origin", BRANCH)
    assert "only in this clone" not in both(project, A)[1].out


@pytest.mark.parametrize(("number", "answer"), [(A, UNKNOWN), (B, DO_NOT_CALL)])
def test_where_cxone_does_not_answer_the_record_does(project: Project, number, answer):
    applied(project)
    found, shown = both(project, number, "--live", CXONE_CLIENT_SECRET="wrong")
    assert (found["answer"], found["errored"], found["exit_code"]) == (answer, True, 5)
    assert shown.code == 5
    assert "CXone could not be asked" in shown.out
    assert "error:" in shown.err


def test_a_pipeline_shows_no_whole_number(project: Project):
    old(project)
    done = project.run("check", A)
    assert done.out.startswith("UNKNOWN: +1 212 ••• ••01 ")
    assert "fix: ask CXone: dnc check NUMBER --live" in done.out
    assert A not in done.out + done.err


GROUPS = [
    (lambda _: None, A, (NOT_LISTED, NOT_LISTED)),
    (lambda project: project.acts("add", A), A, (DO_NOT_CALL, DO_NOT_CALL)),
    (lambda project: (project.group("Corporate DNC"), project.acts("add", A, list_id="Corporate DNC")), A,
     (UNKNOWN, DO_NOT_CALL)),
    (lambda project: (project.group("Corporate DNC"), project.acts("add", C, list_id="Corporate DNC")), A,
     (UNKNOWN, NOT_LISTED)),
    (lambda _: None, B, (DO_NOT_CALL, DO_NOT_CALL)),
]  # fmt: skip


@pytest.mark.parametrize(("act", "number", "answers"), GROUPS)
def test_the_answer_where_lists_are_groups(tmp_path, act, number, answers):
    with grouped(tmp_path) as project:
        project.list(entry(B))
        project.apply()
        act(project)
        project.apply(**SCHEDULED)
        found = [both(project, number, *arguments)[0]["answer"] for arguments in ((), ("--live",))]
        assert tuple(found) == answers


@pytest.mark.parametrize("arguments", [(), ("--live",)])
def test_a_list_file_that_cannot_be_opened_is_in_doubt(project: Project, arguments):
    applied(project)
    (project.folder / "dnc-lists" / "link.yaml").symlink_to("/etc/hostname")
    found, shown = both(project, A, *arguments)
    assert (found["answer"], found["errored"], shown.code) == (UNKNOWN, True, 4)
    assert "dnc-lists/link.yaml" in shown.out
