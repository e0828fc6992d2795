"""Reports that could not be pushed: kept, and delivered by `dnc audit push` or the next apply, in order."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.project import BRANCH, Project, entry, making
from tests.support.sandbox import phone

A, B, C, D = (phone(n) for n in range(4))


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with making(tmp_path) as made:
        yield made


class Shut:
    """An origin that takes no audit report, for one reason or another."""

    def __init__(self, project: Project, how: str) -> None:
        self.hook = project.origin / "hooks/pre-receive"
        self.origin, self.how = project.origin, how
        match how:
            case "a hook":
                self.hook.write_text(
                    "#!/bin/sh\nwhile read o n ref; do case $ref in */dnc-audit) exit 1;; esac; done\n"
                )
                self.hook.chmod(0o755)
            case "no right":
                self.hook.write_text(
                    "#!/bin/sh\necho 'GitLab: You are not allowed to push code to protected branches' >&2\n"
                    "while read o n ref; do case $ref in */dnc-audit) exit 1;; esac; done\n"
                )
                self.hook.chmod(0o755)
            case "gone meanwhile":
                project.on_read[2] = self.go

    def go(self) -> None:
        self.origin.rename(self.origin.with_suffix(".gone"))

    def open(self) -> None:
        if self.how == "gone meanwhile":
            self.origin.with_suffix(".gone").rename(self.origin)
        else:
            self.hook.unlink()


HOWS = ["a hook", "no right", "gone meanwhile"]


@pytest.mark.parametrize("how", HOWS)
def test_it_is_kept_and_pushed_by_hand(project: Project, how):
    project.list(entry(A))
    shut = Shut(project, how)
    done = project.apply(code=9)
    assert "dnc audit push" in done.err
    assert set(project.live()) == {A}
    assert [r["seq"] for r in project.reports()] == [1]
    if how != "gone meanwhile":
        refused = project.run("audit", "push", "--format", "json")
        assert (refused.code, refused.json["exit_code"]) == (9, 9)
    project.on_read.clear()
    shut.open()
    pushed = project.run("audit", "push", "--format", "json")
    assert (pushed.code, pushed.json["pushed"]) == (0, [done.json["report"]["path"]])
    assert project.tip() == project.git("rev-parse", BRANCH)
    again = project.run("audit", "push")
    assert (again.code, again.out) == (0, "nothing waits: the remote has every report\n")


@pytest.mark.parametrize("how", HOWS[:2])
def test_the_next_apply_delivers_it_although_none_is_due(project: Project, how):
    project.list(entry(A))
    shut = Shut(project, how)
    project.apply(code=9)
    still = project.apply(code=9)
    assert (still.json["status"], still.json["report"]) == ("in-sync", None)
    shut.open()
    project.apply()
    assert [r["seq"] for r in project.reports(at=f"origin/{BRANCH}")] == [1]


def test_many_are_delivered_in_order_behind_what_others_pushed(project: Project):
    project.list(entry(A))
    project.apply()
    other = project.clone("other")
    shut = Shut(project, "a hook")
    waiting = []
    for numbers in ((A, B), (A, B, C)):
        project.list(entry(*numbers))
        waiting.append(project.apply(code=9).json["report"]["path"])
    shut.open()
    other.git("pull", "-q")
    other.apply(CI_PIPELINE_SOURCE="schedule")
    pushed = project.run("audit", "push", "--format", "json")
    assert pushed.json["pushed"] == waiting
    reports = project.reports(at=f"origin/{BRANCH}")
    assert [r["seq"] for r in reports] == [1, 2, 3, 4]
    assert [r["summary"]["create"] for r in reports] == [1, 0, 1, 1]
    assert project.run("audit", "verify").code == 0


def test_pushing_needs_a_remote(tmp_path: Path):
    with making(tmp_path, origin=False) as project:
        project.list(entry(A))
        project.apply()
        done = project.run("audit", "push")
        assert done.code == 4
        assert "no remote" in done.err


def test_a_remote_that_is_not_there(project: Project):
    project.list(entry(A))
    project.apply("--yes", CI="")
    project.origin.rename(project.origin.with_suffix(".gone"))
    done = project.run("audit", "push")
    assert done.code == 9
    assert "does not answer" in done.err
    assert [r["seq"] for r in project.reports()] == [1]


def test_before_the_first_report_nothing_waits(project: Project):
    project.list(entry(A))
    assert "nothing waits" in project.run("audit", "push").out
