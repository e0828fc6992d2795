"""The three pipelines, run offline by gitlab-ci-local: from the lists to the audit commit on the origin."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.pipeline.local import EVENTS, TOKEN, Runner, why_not
from tests.support.project import ROOT, Project, entry, making
from tests.support.sandbox import phone

pytestmark = pytest.mark.skipif(why_not() is not None, reason=why_not() or "")

A, B, C = (phone(n) for n in range(3))
PIPELINE = """\
include:
  - local: templates/dnc.yml
    inputs:
      tenant: production
      install: dnc --version
"""
JOBS = {
    "merge request": {"validate", "plan"},
    "main": {"validate", "apply"},
    "schedule": {"validate", "apply", "drift", "audit"},
}


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """A list repository that has the three pipelines by one include."""
    with making(tmp_path) as made:
        made.write("templates/dnc.yml", (ROOT / "templates" / "dnc.yml").read_text())
        made.write(".gitlab-ci.yml", PIPELINE)
        made.list(entry(A))
        yield made


@pytest.fixture
def runner(project: Project, tmp_path: Path) -> Runner:
    made = Runner(project, tmp_path / "runner")
    made.set_up()
    return made


@pytest.mark.parametrize("event", EVENTS)
def test_an_event_has_these_jobs(runner: Runner, event):
    assert set(runner.jobs(event, runner.checkout("checkout", "main"))) == JOBS[event]


def test_the_site_ends_a_pipeline_that_publishes(runner: Runner, project: Project):
    project.write(".gitlab-ci.yml", PIPELINE + "      pages: true\n")
    project.commit()
    for event in ("main", "schedule"):
        assert "site" in runner.jobs(event, runner.checkout(event, "main"))
    ran = runner.run("main", runner.checkout("run", "main"))
    assert ran.code == 0, ran.said
    assert "2 pages in public: open public/index.html" in ran.said
    assert (ran.state / "artifacts" / "site" / "public" / "tenant-production.html").exists()


def test_from_the_lists_to_the_audit_commit(runner: Runner, project: Project):
    project.git("switch", "-qc", "work")
    project.list(entry(A, B))
    ran = runner.run(
        "merge request", runner.checkout("merge-request", "work", "--depth", "1", "--no-single-branch")
    )
    assert ran.code == 0, ran.said
    shown = ran.report("plan", "plan-terraform.json")
    assert shown == {"create": 2, "update": 0, "delete": 0}
    assert {item["severity"] for item in ran.report("validate", "gl-code-quality-report.json")} <= {
        "minor",
        "info",
    }
    assert project.tip() == ""
    assert not project.live()

    project.git("switch", "-q", "main")
    project.git("merge", "-q", "--no-ff", "work")
    project.git("push", "-q", "origin", "main")
    ran = runner.run("main", runner.checkout("main", "main"))
    assert ran.code == 0, ran.said
    assert set(project.live()) == {A, B}
    report = ran.artifact("apply", "report.json")
    assert (report["status"], report["revision"]) == ("complete", project.head)
    assert project.tip()
    assert TOKEN not in ran.said

    project.agent("add", C)
    ran = runner.run("schedule", runner.checkout("schedule", "main"))
    assert ran.code == 0, ran.said
    assert "1 number unmanaged" in ran.said
    project.git("fetch", "-q", "origin", "+dnc-audit:dnc-audit")
    assert [found["seq"] for found in project.reports()] == [1, 2]
    for number in (A, B, C):
        assert number not in ran.said


def test_an_error_fails_validate_and_plan_and_keeps_their_artifacts(runner: Runner, project: Project):
    project.git("switch", "-qc", "work")
    project.list(entry("+1212555"))
    ran = runner.run("merge request", runner.checkout("checkout", "work"))
    assert ran.code != 0, ran.said
    found = ran.report("validate", "gl-code-quality-report.json")
    assert found[0]["location"]["path"] == "dnc-lists/main.yaml"
    assert ran.report("plan", "plan-terraform.json")["create"] == 0


HOOK = """\
#!/bin/sh
while read -r old new ref; do
  {body}
done
"""


def hook(project: Project, body: str) -> None:
    file = project.origin / "hooks" / "pre-receive"
    file.write_text(HOOK.format(body=body))
    file.chmod(0o755)


def test_a_protected_audit_branch_is_exit_9_and_protects_all_the_same(runner: Runner, project: Project):
    hook(project, 'case "$ref" in */dnc-audit) echo "GL-HOOK-ERR: protected branch" >&2; exit 1;; esac')
    ran = runner.run("main", runner.checkout("main", "main"))
    # The job's own exit: an after_script that then finds no report hides it from gitlab-ci-local's.
    assert re.search(r"^apply +finished in .* FAIL 9", ran.said, re.MULTILINE), ran.said
    assert "GL-HOOK-ERR: protected branch" in ran.said
    assert set(project.live()) == {A}
    assert project.tip() == ""


def test_a_branch_that_moved_meanwhile_is_fetched_and_the_report_lands(runner: Runner, project: Project):
    assert runner.run("main", runner.checkout("first", "main")).code == 0
    other = runner.checkout("other", "main")
    project.list(entry(A, B))
    # Another tenant's job lands its report right before ours: once, the push is not a fast-forward any more.
    moved = (
        'case "$ref" in */dnc-audit) if [ ! -e moved ]; then touch moved; '
        "unset GIT_QUARANTINE_PATH GIT_OBJECT_DIRECTORY GIT_ALTERNATE_OBJECT_DIRECTORIES; "
        "GIT_AUTHOR_NAME=x GIT_AUTHOR_EMAIL=x@y GIT_COMMITTER_NAME=x GIT_COMMITTER_EMAIL=x@y "
        'git update-ref "$ref" "$(git commit-tree -p "$old" -m other "$old^{tree}")"; fi;; esac'
    )
    hook(project, moved.replace("{", "{{").replace("}", "}}").replace("{{tree}}", "{tree}"))
    ran = runner.run("main", runner.checkout("second", "main"))
    assert ran.code == 0, ran.said
    subjects = subprocess.run(
        ["git", "-C", project.origin, "log", "--format=%s", "dnc-audit"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    assert "other" in subjects[1:]
    assert (project.origin / "moved").exists()
    assert other.exists()
    assert set(project.live()) == {A, B}
