"""Whose reports are believed: those with a good signature, and those that this clone remembers."""

import shutil
from pathlib import Path

import pytest

from tests.commands.record.test_doubtful_chain import append, verified
from tests.commands.record.test_signatures import new_key, trust
from tests.support.project import BRANCH, Project, entry, release
from tests.support.sandbox import phone

A, B, NEW = phone(1), phone(2), phone(9)
MANY = [phone(n) for n in range(20, 40)]
WHY = ("--reason", "A report that no run wrote", "--evidence", "INC-7")
FORGED = {
    "list_id": "dnc-list-01",
    "path": "dnc-lists/main.yaml",
    "since": None,
    "blocked_by": ["no-release"],
}
OVER = {"reasonCode": "CUSTOMER_REQUESTED", "expirationPolicy": "ABSOLUTE", "end": "2026-11-01",
        "requestedOn": None, "source": "dnc", "jurisdiction": None}  # fmt: skip

signing = pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="ssh-keygen is not on this machine")


def forge(report: dict) -> None:
    """Say of A that it is held under terms that are over."""
    report["kept"] = [{**FORGED, "phones": [A], "terms": OVER}]


@pytest.fixture
def signed(project: Project, tmp_path: Path) -> Project:
    """One report without a signature, two with; A is kept, because its line is gone."""
    project.list(entry(A), entry(*MANY))
    project.apply()
    key = new_key(tmp_path / "key")
    trust(project, key)
    project.environ["DNC_SIGNING_KEY"] = str(key)
    project.apply()
    project.list(entry(*MANY))
    project.apply(code=6)
    assert verified(project) == (0, "")
    return project


@signing
def test_a_report_without_a_good_signature_is_passed_over(signed: Project):
    """S7: appended by an ordinary push, it took a number off while `verify` alone said no."""
    good = signed.newest
    path = append(signed, forge)
    assert verified(signed)[0] == 4
    signed.list(entry(*MANY), entry(NEW), releases=[release(A)])
    planned = signed.run("plan", "--format", "json")
    assert planned.json["held_revision"] == good["revision"]
    assert any("its" not in f["message"] and path in f["message"] for f in planned.json["findings"])
    signed.apply()  # A was kept before
    assert {A, NEW} <= signed.live().keys()
    assert [one["path"] for one in signed.newest["passed_over"]] == [path]
    # A good one after it does not make it good.
    signed.clock.move(days=1)
    signed.list(entry(*MANY[1:]), entry(NEW), releases=[release(A), release(MANY[0])])
    signed.apply(code=6)
    assert {A, MANY[0]} <= signed.live().keys()
    assert [one["path"] for one in signed.newest["passed_over"]] == [path]
    # A record does, where it is signed.
    del signed.environ["DNC_SIGNING_KEY"]
    assert "the record would not count" in signed.run("audit", "reanchor", *WHY).err
    signed.environ["DNC_SIGNING_KEY"] = str(signed.folder.parent / "key")
    done = signed.run("audit", "reanchor", *WHY)
    assert done.code == 0, done.err
    assert verified(signed) == (0, "")
    signed.apply()
    assert not {A, MANY[0]} & signed.live().keys()
    assert signed.newest["passed_over"] == []


@signing
def test_without_any_signed_report_nothing_comes_off(project: Project, tmp_path: Path):
    project.list(entry(A), entry(B), entry(*MANY))
    project.apply()
    trust(project, new_key(tmp_path / "key"))
    project.list(entry(B), entry(NEW), entry(*MANY), releases=[release(A)])
    project.apply(code=6)
    assert {A, NEW} <= project.live().keys()
    project.environ["DNC_SIGNING_KEY"] = str(tmp_path / "key")
    project.apply(CI_PIPELINE_SOURCE="schedule")  # nothing new is blocked, and this report is signed
    project.apply()
    assert A not in project.live()


def forged_here(project: Project, change) -> str:
    """Append to the local branch only, as whoever can write to a runner's clone can."""
    before = project.tip()
    path = append(project, change, name="writer")
    forged = project.clone("copy").git("rev-parse", f"origin/{BRANCH}")
    project.git("fetch", "-q", "origin", f"{BRANCH}")
    project.git("push", "-qf", "origin", f"{before}:refs/heads/{BRANCH}")
    project.git("update-ref", f"refs/heads/{BRANCH}", forged)
    project.git("update-ref", f"refs/remotes/origin/{BRANCH}", before)
    return path


def test_a_local_report_that_this_clone_did_not_append_is_not_believed(project: Project):
    """S7: the forged report took a number off, and was pushed with the pipeline's own token."""
    project.list(entry(A), entry(*MANY))
    project.apply()
    project.list(entry(*MANY))
    project.apply(code=6)
    path = forged_here(project, forge)
    pushed = project.run("audit", "push")
    assert (pushed.code, "not believed, and not pushed" in pushed.err) == (9, True)
    assert "not believed" in project.run("status").err
    project.list(entry(*MANY), entry(NEW), releases=[release(A)])
    done = project.apply()
    assert {A, NEW} <= project.live().keys()
    assert "not believed, and not pushed" in done.out
    pushed = project.git("ls-tree", "-r", "--name-only", f"origin/{BRANCH}")
    assert path not in pushed
    assert done.json["report"]["path"] in pushed
    # It stays to be looked at, and the branch is ours again.
    (aside,) = project.git(
        "branch", "--list", f"{BRANCH}-doubtful-*", "--format=%(refname:short)"
    ).splitlines()
    assert path in project.git("ls-tree", "-r", "--name-only", aside)
    project.apply()
    assert A not in project.live()
    assert verified(project) == (0, "")


def test_what_this_clone_appended_counts_until_it_is_pushed(project: Project):
    project.list(entry(A), entry(*MANY))
    project.apply("--yes", CI="")
    project.list(entry(*MANY))
    assert project.run("apply", "--yes", CI="").code == 6
    assert project.tip() == ""
    remembered = project.folder / ".git" / "dnc" / BRANCH / "audit" / "appended"
    assert len(list(remembered.iterdir())) == 2
    project.list(entry(*MANY), releases=[release(A)])
    project.apply()
    assert A not in project.live()
    assert list(remembered.iterdir()) == []
    assert [r["seq"] for r in project.reports(at=f"origin/{BRANCH}")] == [1, 2, 3]


def test_without_a_remote_the_local_branch_is_the_record(tmp_path: Path):
    from tests.support.project import making  # noqa: PLC0415  (one without an origin)

    with making(tmp_path, origin=False) as project:
        project.list(entry(A), entry(*MANY))
        project.apply()
        shutil.rmtree(project.folder / ".git" / "dnc", ignore_errors=True)
        project.list(entry(*MANY), releases=[release(A)])
        project.apply()
        assert A not in project.live()
