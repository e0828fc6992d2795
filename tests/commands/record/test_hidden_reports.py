"""Commits of the audit branch that hide reports, or change them: what they said still counts as doubt."""

import json

import pytest

from tests.support.project import BRANCH, Project, dated, entry
from tests.support.sandbox import phone

A, NEW = phone(1), phone(9)
MANY = [phone(n) for n in range(20, 40)]


def merge(project: Project) -> None:
    """A merge that has the older report's tree, and the newer one only as its second parent."""
    other = project.clone("mallory", "-b", BRANCH)
    old, tip = other.git("rev-parse", "HEAD~1"), other.git("rev-parse", "HEAD")
    made = other.git("commit-tree", f"{old}^{{tree}}", "-p", old, "-p", tip, "-m", "merge")
    other.git("push", "-q", "origin", f"{made}:refs/heads/{BRANCH}")


def merge_and_more(project: Project) -> None:
    merge(project)
    other = project.clone("more", "-b", BRANCH)
    other.git("commit", "-q", "--allow-empty", "-m", "nothing")
    other.git("push", "-q", "origin", BRANCH)


def again(project: Project) -> None:
    """The newest report is removed in one commit, and added again in the next, without what it keeps."""
    other = project.clone("mallory", "-b", BRANCH)
    paths = [other.folder / n for n in other.git("ls-files").splitlines() if n.endswith(".json")]
    newest = max(paths, key=lambda path: json.loads(path.read_text())["seq"])
    report = json.loads(newest.read_text())
    newest.unlink()
    other.git("commit", "-qam", "removed")
    newest.write_text(json.dumps({**report, "kept": []}))
    other.git("add", "-A")
    other.git("commit", "-qm", "added again")
    other.git("push", "-q", "origin", BRANCH)


@pytest.mark.parametrize("hide", [merge, merge_and_more, again])
@pytest.mark.parametrize("fresh", [True, False])
def test_reports_that_a_commit_hides_are_a_broken_chain(project: Project, hide, fresh: bool):
    """B26, B15: what the hidden report knew (a later end) would be forgotten, and the number come off."""
    project.list(dated(A, until="2026-11-28"), entry(*MANY))
    project.apply()
    project.list(dated(A, until="2030-06-30"), entry(*MANY))
    project.apply()
    hide(project)
    assert project.run("audit", "verify").code == 4
    tip = project.git("ls-remote", "origin", BRANCH)
    clone = project.clone("fresh") if fresh else project
    clone.list(dated(A, until="2026-11-28"), entry(*MANY), entry(NEW))
    planned = clone.run("plan", "--format", "json")
    assert any(f["rule"] == "AUDIT" and f["severity"] == "alarm" for f in planned.json["findings"])
    assert "nothing was removed" in clone.apply(code=4).err
    clone.clock.move(days=10)
    clone.apply(code=4)
    assert {A, NEW, *MANY} == set(clone.live())
    assert project.git("ls-remote", "origin", BRANCH) == tip
