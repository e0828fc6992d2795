"""`safety.approvals: 1`: what comes off, two people have looked at."""

import json
import subprocess

import pytest

from tests.support.project import LIST, Project, entry, release
from tests.support.sandbox import phone

STAYS, GOES = phone(1), phone(2)
ANN, BOB = ("Ann", "ann@example.com"), ("Bob", "bob@example.com")
RELEASES = "dnc-lists/releases.yaml"


@pytest.fixture
def project(project: Project) -> Project:
    """Two numbers are live, and releases need somebody else."""
    project.configure(lambda c: c["safety"].update(approvals=1))
    project.list(entry(STAYS), entry(GOES))
    project.apply()
    return project


def commit(project: Project, who: tuple[str, str], *, push: bool = True) -> str:
    name, mail = who
    project.git("add", "-A")
    command = ["git", "-C", str(project.folder), "-c", f"user.name={name}", "-c", f"user.email={mail}"]
    subprocess.run([*command, "commit", "-qm", "a change"], env=project._base(), check=True)
    if push:
        project.git("push", "-q", "origin", "HEAD:main")
    return project.head


def released(project: Project, **more: str) -> None:
    content = {"listId": LIST, "releases": [release(GOES, **more)]}
    project.write(RELEASES, json.dumps(content, indent=1))


def cut(project: Project) -> None:
    project.list(entry(STAYS), commit=False)


def blocked(project: Project, code: int = 6) -> list[list[str]]:
    return [change["blocked_by"] for change in project.plan(code=code).json["changes"]]


def off(project: Project) -> bool:
    return GOES not in project.live()


def test_the_author_alone_lets_nobody_off(project):
    released(project, approvedBy="bob")
    cut(project)
    commit(project, ANN)
    done = project.plan(code=6)
    assert [change["blocked_by"] for change in done.json["changes"]] == [["approval"]]
    project.apply(code=6)
    assert not off(project)


def test_somebody_elses_commit_does_and_waiting_has_not_spent_it(project):
    released(project)
    cut(project)
    commit(project, ANN)
    project.apply(code=6)
    released(project, approvedBy="bob")
    commit(project, BOB)
    project.apply()
    assert off(project)
    assert project.newest["safety"]["approved"] == {"verified": 0, "asserted": 1}


@pytest.mark.parametrize(
    "who",
    [
        ("Ann", "other@example.com"),
        ("Annie", "ANN@example.com"),
        ("  ann ", "x@example.com"),
    ],
)
def test_the_same_person_under_another_name_or_address_does_not(project, who):
    released(project)
    cut(project)
    commit(project, ANN)
    released(project, approvedBy="bob")
    commit(project, who)
    assert blocked(project) == [["approval"]]


def test_an_approval_is_of_the_release_as_it_stood(project):
    released(project)
    cut(project)
    commit(project, ANN)
    released(project, approvedBy="bob")
    commit(project, BOB)
    text = (project.folder / RELEASES).read_text()
    project.write(RELEASES, text.replace("FORM-221", "FORM-999"))
    commit(project, ANN)
    assert blocked(project) == [["approval"]]


def test_a_release_that_was_taken_out_and_put_back_needs_a_new_one(project):
    released(project)
    cut(project)
    commit(project, ANN)
    released(project, approvedBy="bob")
    commit(project, BOB)
    (project.folder / RELEASES).unlink()
    commit(project, ANN)
    released(project, approvedBy="bob")
    commit(project, ANN)
    assert blocked(project) == [["approval"]]


def test_whoever_merges_is_not_its_author(project):
    """Ann writes it on a branch, Bob merges: Ann's own approvedBy is still hers."""
    project.git("checkout", "-q", "-b", "ann")
    released(project)
    cut(project)
    commit(project, ANN, push=False)
    project.git("checkout", "-q", "main")
    project.write("note.txt", "x")
    commit(project, BOB)
    project.git("-c", "user.name=Bob", "-c", "user.email=bob@example.com", "merge", "-q", "--no-ff", "ann")
    project.git("push", "-q", "origin", "main")
    assert blocked(project) == [["approval"]]
    released(project, approvedBy="ann")
    commit(project, ANN)
    assert blocked(project) == [["approval"]]
    released(project, approvedBy="carla")
    commit(project, ("Carla", "carla@example.com"))
    assert blocked(project, code=0) == [[]]


def test_a_merge_request_is_judged_by_its_own_branch_and_what_it_meets(project):
    released(project)
    commit(project, ANN)
    project.git("checkout", "-q", "-b", "branch", "HEAD~1")
    cut(project)
    commit(project, BOB, push=False)
    done = project.plan("--onto", "origin/main", code=6).json
    assert [change["blocked_by"] for change in done["changes"]] == [["approval"]]


def test_what_is_not_committed_yet_nobody_approved(project):
    released(project, approvedBy="bob")
    cut(project)
    assert blocked(project) == [["approval"]]


def test_a_shallow_clone_fetches_what_it_needs(project):
    released(project)
    cut(project)
    commit(project, ANN)
    released(project, approvedBy="bob")
    commit(project, BOB)
    shallow = project.clone("shallow", "--depth", "1")
    assert blocked(shallow, code=0) == [[]]


def test_a_lapse_and_an_addition_need_nobody(project):
    project.list(entry(STAYS), entry(GOES), entry(phone(3)))
    project.apply()
    assert phone(3) in project.live()


def test_it_can_not_be_switched_off_and_used_in_one_go(project):
    project.configure(lambda c: c["safety"].update(approvals=0))
    released(project)
    cut(project)
    commit(project, ANN)
    done = project.plan(code=6).json
    assert [change["blocked_by"] for change in done["changes"]] == [["approval"]]
    assert any("approvals 1 → 0" in f["message"] for f in done["findings"])
    project.apply(code=6)
    project.apply()
    assert off(project)


def test_where_nobody_asks_the_report_does_not_speak_of_it(project):
    assert "approved" not in project.newest["safety"]
    assert project.newest["safety"]["approvals"] == 1
