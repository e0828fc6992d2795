"""The audit branch is never the branch that lists are merged into: reports would pass every review."""

import subprocess

import pytest

from tests.support.project import BRANCH, Project, entry

A = "+12125550101"


def audit(project: Project, branch: str) -> None:
    project.configure(lambda c: c.update(audit={"branch": branch}))


def refused(project: Project, branch: str, *arguments: str, **environ: str) -> str:
    done = project.run(*arguments, **environ)
    told = done.out + done.err
    assert done.code == 4, told
    lines = (project.folder / "dnc.yaml").read_text().splitlines()
    line = next(number for number, text in enumerate(lines, 1) if f'"branch": "{branch}"' in text)
    assert f"dnc.yaml:{line}:" in told
    assert f"audit.branch is {branch}, " in told
    assert "write a branch of its own, such as dnc-audit" in told
    assert "[CONF-12]" in told
    return told


@pytest.mark.parametrize("branch", ["main", "master"])
@pytest.mark.parametrize("command", ["validate", "plan", "apply", "drift", "doctor", "status"])
def test_no_command_takes_it(project, branch, command):
    project.list(entry(A))
    audit(project, branch)
    head = project.git("ls-remote", "origin", "main")
    refused(project, branch, command)
    assert project.live() == {}
    assert project.git("ls-remote", "origin", "main") == head


def test_a_detached_job_commits_no_report_among_the_lists(project):
    project.list(entry(A))
    audit(project, "main")
    project.git("checkout", "-q", "--detach")
    head = project.git("ls-remote", "origin", "main")
    refused(project, "main", "apply", CI_COMMIT_BRANCH="main", CI_DEFAULT_BRANCH="main")
    assert project.git("ls-remote", "origin", "main") == head


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({"CI_DEFAULT_BRANCH": "trunk"}, "the default branch"),
        (
            {"CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "trunk", "CI_PIPELINE_SOURCE": "merge_request_event"},
            "the branch that this merge request is for",
        ),
        ({"CI_COMMIT_BRANCH": "trunk"}, "the branch that the lists are on"),
    ],
)
def test_the_pipeline_tells_which_it_is(project, environ, said):
    project.list(entry(A))
    audit(project, "trunk")
    assert said in refused(project, "trunk", "validate", **environ)


def test_the_pipeline_tells_it_of_the_usual_name_too(project):
    project.list(entry(A))
    audit(project, BRANCH)
    refused(project, BRANCH, "validate", CI_DEFAULT_BRANCH=BRANCH)


def trunk(project: Project) -> None:
    project.list(entry(A))
    audit(project, "trunk")
    project.git("switch", "-qc", "trunk")
    project.git("push", "-q", "origin", "trunk")
    subprocess.run(["git", "-C", str(project.origin), "symbolic-ref", "HEAD", "refs/heads/trunk"], check=True)


def test_the_branch_that_is_checked_out_tells_it(project):
    trunk(project)
    assert "the branch that the lists are on" in refused(project, "trunk", "validate")


def test_a_clone_remembers_the_remotes(project):
    trunk(project)
    clone = project.clone("other")
    clone.git("switch", "-qc", "work")
    for command in ("validate", "plan", "status"):
        assert "the remote's default branch" in refused(clone, "trunk", command)


@pytest.mark.parametrize("command", ["apply", "doctor"])
def test_who_asks_the_remote_is_told(project, command):
    trunk(project)
    project.git("switch", "-q", "--detach")
    assert "the remote's default branch" in refused(project, "trunk", command)


@pytest.mark.parametrize("branch", [BRANCH, "records", "audit/main", "main-audit"])
def test_a_branch_of_its_own_is_fine(project, branch):
    project.list(entry(A))
    audit(project, branch)
    assert project.run("validate").code == 0
    assert project.run("apply").code == 0
    assert project.run("doctor").code == 0
    assert project.git("ls-remote", "origin", f"refs/heads/{branch}")


def test_what_only_reads_the_record_goes_on(project):
    """An auditor can still look at what there is."""
    project.list(entry(A))
    audit(project, "main")
    assert "CONF-12" not in project.run("audit", "list").err
