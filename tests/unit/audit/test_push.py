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


def test_a_refused_push_names_the_missing_right_and_the_command(project: Project):
    project.list(entry(A))
    Shut(project, "no right")
    done = project.run("apply")
    assert done.code == 9
    assert "the right to push to this branch is missing" in done.err
    assert "not allowed to push code to protected branches" in done.err
    assert f"allow {BRANCH} to be pushed" in done.err
    assert "DNC_GIT_TOKEN" in done.err
    assert "; then run `dnc audit push` in this clone" in done.err
    assert "Not at the remote: 1 report (push: dnc audit push)\n" in done.out
    assert project.apply(code=9).json["not_at_remote"] == 1


@pytest.mark.parametrize("how", HOWS[:2])
def test_a_push_by_hand_that_fails_does_not_advise_itself(project: Project, how):
    project.list(entry(A))
    Shut(project, how)
    project.apply(code=9)
    done = project.run("audit", "push")
    assert done.code == 9
    assert "dnc audit push" not in done.err
    assert f"allow {BRANCH} to be pushed" in done.err
    assert "; then run it again in this clone" in done.err
    assert ("the right to push to this branch is missing" in done.err) == (how == "no right")


def test_a_race_lost_by_hand_does_not_advise_itself_either(project: Project):
    project.list(entry(A))
    project.apply("--yes", CI="")
    hook = project.origin / "hooks/pre-receive"
    hook.write_text("#!/bin/sh\necho 'cannot lock ref: incorrect old value' >&2\nexit 1\n")
    hook.chmod(0o755)
    done = project.run("audit", "push")
    assert (done.code, "dnc audit push" in done.err) == (9, False)


def test_outside_of_a_pipeline_the_run_says_that_its_report_is_only_here(project: Project):
    project.list(entry(A))
    done = project.run("apply", "--yes", CI="")
    assert done.code == 0
    assert "\nNot at the remote: 1 report (push: dnc audit push)\n" in done.out
    project.list(entry(A, B))
    again = project.run("apply", "--yes", "--format", "json", CI="")
    assert again.json["not_at_remote"] == 2
    assert project.run("audit", "push").code == 0
    project.list(entry(A, B, C))
    pushed = project.run("apply")
    assert "Not at the remote" not in pushed.out
    assert project.apply().json["not_at_remote"] == 0


def test_a_pipeline_that_never_pushes_says_so_as_well(project: Project):
    project.configure(lambda c: c.update(audit={"push": "never"}))
    project.list(entry(A))
    assert "Not at the remote: 1 report (push: dnc audit push)" in project.run("apply").out


def test_without_a_remote_nothing_is_missing_there(tmp_path: Path):
    with making(tmp_path, origin=False) as project:
        project.list(entry(A))
        done = project.run("apply", "--format", "json")
        assert (done.code, done.json["not_at_remote"]) == (0, None)


def test_a_failed_run_whose_report_is_not_pushed_has_left_one(project: Project):
    project.list(entry(A))
    project.apply()
    Shut(project, "no right")
    done = project.run("apply", "--attest", CXONE_CLIENT_SECRET="wrong")
    assert done.code == 5
    assert "has left no report" not in done.err
    assert "warning: dnc-audit: the audit report is not at the remote" in done.err
    assert [r["status"] for r in project.reports()] == ["complete", "failed"]


def test_nothing_waits_is_said_after_the_remote_was_asked(project: Project):
    assert project.run("audit", "push").out == "nothing waits: there is no report\n"
    project.list(entry(A))
    project.apply()
    assert project.run("audit", "push").out == "nothing waits: the remote has every report\n"
    project.git("-C", str(project.origin), "update-ref", "-d", f"refs/heads/{BRANCH}")
    lost = project.run("audit", "push")
    assert (lost.code, "is gone from the remote" in lost.err) == (4, True)
    project.origin.rename(project.origin.with_suffix(".gone"))
    unasked = project.run("audit", "push")
    assert unasked.code == 0
    assert unasked.out.startswith("nothing waits as far as this clone knows, and the remote was not asked: ")


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
    assert [r["summary"]["create"] for r in reports] == [1, 2, 1, 1]  # written early, unread
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
