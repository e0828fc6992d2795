"""`dnc blocked`: what the newest run kept, and what the files add to it, told apart."""

import pytest

from reconciler.sandbox.faults import Fault, FaultAction, RequestKind
from tests.support.project import LIST, Project, entry, release

A, B, C = "+12125550101", "+12125550102", "+12125550103"


@pytest.fixture
def applied(project: Project) -> Project:
    project.list(entry(A), entry(B), entry(C))
    project.apply()
    return project


def counts(project: Project) -> tuple[int, int]:
    found = project.run("blocked", "--format", "json").json["counts"]
    return found["newest_run"], found["in_files"]


def test_what_the_files_add_is_told_before_it_is_applied(applied):
    assert "in the newest run: 0; in your files, not applied yet: 0" in applied.run("blocked").out
    applied.list(entry(A), entry(B), commit=False)
    done = applied.run("blocked", CI="")
    assert done.code == 0
    assert "in the newest run: 0; in your files, not applied yet: 1" in done.out
    assert f"  {LIST}: 1 number (its line was deleted or weakened)\n      {C}\n" in done.out
    assert "no-release: no release allows its removal; fix: restore the line, or add a release" in done.out
    assert f"`dnc restore {C} --list {LIST}`" in done.out
    assert applied.plan(code=6).json["summary"]["blocked"] == 1
    applied.commit()
    applied.apply(code=6)
    assert counts(applied) == (1, 0)


def test_what_the_files_settle_is_told(applied):
    applied.list(entry(C))
    applied.apply(code=6)
    applied.list(entry(B), entry(C), releases=[release(A)], commit=False)
    document = applied.run("blocked", "--format", "json").json
    assert document["counts"] == {"newest_run": 2, "in_files": 0}
    assert document["in_files"]["returned"] == [{"list_id": LIST, "phones": [B]}]
    assert document["in_files"]["authorized"] == [{"list_id": LIST, "phones": [A]}]
    text = applied.run("blocked").out
    assert "Of the newest run, listed in your files again: 1 number" in text
    assert "Of the newest run, released by your files: the next run removes them: 1 number" in text


def test_another_reason_is_told_as_such(applied):
    applied.list(entry(B), entry(C))
    applied.apply(code=6)
    applied.list(entry(B), entry(C), releases=[release(A, reason="REGISTRY_REMOVED")], commit=False)
    document = applied.run("blocked", "--format", "json").json
    assert document["counts"] == {"newest_run": 1, "in_files": 0}
    (row,) = document["in_files"]["other_reason"]
    assert (row["phones"], row["blocked_by"]) == ([A], ["release-does-not-fit"])
    assert "Kept for another reason by your files, not applied yet: 1 number" in applied.run("blocked").out


def test_what_only_cxone_tells_is_not_told_as_settled(applied):
    """A later opt-out is in CXone: files alone do not tell whether it still counts."""
    applied.clock.move(days=2)
    applied.agent("modify", A)
    applied.list(entry(B), entry(C), releases=[release(A)])
    applied.apply(code=6)
    document = applied.run("blocked", "--format", "json").json
    assert document["counts"] == {"newest_run": 1, "in_files": 0}
    assert (document["in_files"]["authorized"], document["in_files"]["other_reason"]) == ([], [])
    assert "CXone was not asked: a later opt-out there" in applied.run("blocked").out


def test_files_that_are_not_valid_keep_what_would_come_off(applied):
    applied.list(entry(B), entry(C))
    applied.apply(code=6)
    applied.list(entry(C), releases=[release(B)])
    applied.write("dnc-lists/broken.yaml", "listId: [")
    done = applied.run("blocked")
    assert done.code == 0
    assert "in the newest run: 1; in your files, not applied yet: 1" in done.out
    assert "invalid-files: a list file has errors" in done.out


def test_what_people_are_to_remove_is_not_called_blocked(applied):
    applied.tenant(removal="none")
    applied.list(entry(B), entry(C), releases=[release(A)])
    text = applied.run("blocked").out
    assert "in the newest run: 0; in your files, not applied yet: 0" in text
    assert "To remove by hand, once your files are applied: 1 number" in text
    applied.apply()
    text = applied.run("blocked").out
    assert "in the newest run: 0; in your files, not applied yet: 0" in text
    assert "To remove by hand, in the newest run: 1 number" in text
    assert "0 blocked, 1 to remove by hand" in applied.run("status").out


def test_a_removal_that_did_not_succeed_is_told_as_such(applied):
    applied.list(entry(B), entry(C), releases=[release(A)])
    applied.sandbox.plan(Fault(FaultAction.STATUS, RequestKind.DELETE, status=500, times=None))
    applied.apply(code=8)
    text = applied.run("blocked").out
    assert "in the newest run: 0; in your files, not applied yet: 0" in text
    assert "Authorized and not removed, in the newest run: 1 number" in text
    assert "its removal did not succeed" in text
    assert "1 not removed" in applied.run("status").out


def test_a_number_that_another_file_lists_is_not_called_blocked(applied):
    """A registry's line needs a release of its own, and a person's own request keeps the number anyway."""
    applied.list(entry(A, reason="NATIONAL"), name="second")
    applied.apply()
    (applied.folder / "dnc-lists/second.yaml").unlink()
    applied.commit()
    assert applied.plan().counts() == {"unchanged": 3}
    applied.apply()
    (row,) = applied.newest["kept"]
    assert (row["phones"], row["kind"]) == ([A], "listed")
    assert counts(applied) == (0, 0)
    assert " 0 blocked," in applied.run("status").out


def test_it_asks_neither_cxone_nor_needs_its_variables(applied):
    before = len(applied.sandbox.requests.list_requests())
    applied.list(entry(A), entry(B))
    done = applied.run("blocked", CXONE_ORG_ID="", CXONE_BASE_URL="", CXONE_CLIENT_SECRET="")
    assert done.code == 0, done.err
    assert "in your files, not applied yet: 1" in done.out
    assert len(applied.sandbox.requests.list_requests()) == before
