"""Commits by plumbing, and reading history."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from reconciler.core.model.errors import RepositoryProblem
from reconciler.git.repository import Repository

WHEN = datetime(2026, 11, 23, 12, 15, 7, tzinfo=timezone(timedelta(hours=2)))


def test_a_commit_touches_neither_tree_nor_index_nor_needs_a_name(clone):
    clone.write({"staged": "1", "dnc-lists/a.yaml": "dirty"})
    clone.git("add", "staged")
    before = clone.git("status", "--porcelain=v1"), (clone.folder / ".git" / "index").read_bytes()
    repository = Repository.discover(clone.folder)
    first = repository.commit_files({"audit/x/ü 1": b"\x00\r\n"}, "first", parent=None, committed_at=WHEN)
    second = repository.commit_files({"audit/x/2": b"two"}, "s\n\nbody", parent=first, committed_at=WHEN)
    assert repository.advance_branch("dnc-audit", second, was=None)
    after = clone.git("status", "--porcelain=v1"), (clone.folder / ".git" / "index").read_bytes()
    assert after == before
    assert set(repository.listing(second)) == {"audit/x/ü 1", "audit/x/2"}
    blobs = repository.listing(second, "audit/x/ü 1")
    assert repository.read_blobs(list(blobs.values())) == {blobs["audit/x/ü 1"]: b"\x00\r\n"}
    told = repository.describe(second)
    assert (told.sha, told.author, told.message) == (second, "dnc <dnc@localhost>", "s\n\nbody")
    assert told.when == WHEN
    assert told.when.tzinfo == UTC
    assert clone.git("rev-list", "--parents", "dnc-audit").split() == [second, first, first]
    assert clone.git("fsck", "--strict", "--no-dangling") == ""


def test_the_same_commit_has_the_same_name(clone):
    repository = Repository.discover(clone.folder)
    made = {repository.commit_files({"a": b"1"}, "m", parent=None, committed_at=WHEN) for _ in range(2)}
    assert len(made) == 1


def test_a_branch_moves_only_from_where_it_was(clone):
    repository = Repository.discover(clone.folder)
    one, two, three = (
        repository.commit_files({"a": bytes([n])}, "m", parent=None, committed_at=WHEN) for n in range(3)
    )
    assert not repository.advance_branch("b", two, was=one)
    assert repository.advance_branch("b", one, was=None)
    assert not repository.advance_branch("b", two, was=None)
    assert not repository.advance_branch("b", three, was=two)
    assert repository.branch_tip("b") == one
    with pytest.raises(RepositoryProblem):
        repository.advance_branch("b/below", two, was=None)


def test_additions_come_newest_first_along_the_first_parents(clone):
    repository = Repository.discover(clone.folder)
    one = clone.commit({"audit/t/1": "1", "other": "1"})
    clone.commit({"audit/u/1": "1"})
    three = clone.commit({"audit/t/2": "2", "audit/t/3": "3", "audit/t/1": "changed"})
    assert repository.additions("HEAD", "audit/t/", limit=9) == [
        (three, ["audit/t/2", "audit/t/3"]), (one, ["audit/t/1"]),
    ]  # fmt: skip
    assert repository.additions("HEAD", "audit/t/", limit=1, skip=1) == [(one, ["audit/t/1"])]
    assert repository.additions("HEAD", "audit/none/", limit=9) == []


def test_what_a_merge_brought_was_added_by_the_merge(clone):
    repository = Repository.discover(clone.folder)
    clone.git("checkout", "-q", "-b", "side")
    clone.commit({"audit/t/2": "2"})
    clone.git("checkout", "-q", "main")
    one = clone.commit({"audit/t/1": "1"})
    clone.git("merge", "-q", "--no-ff", "-m", "merge", "side")
    told = repository.additions("HEAD", "audit/t/", limit=9)
    assert told == [(repository.head(), ["audit/t/2"]), (one, ["audit/t/1"])]


def test_changes_of_every_commit_are_told_merges_included(clone):
    repository = Repository.discover(clone.folder)
    base = repository.head()
    one = clone.commit({"audit/1": "1"})
    clone.git("checkout", "-q", "-b", "side", base)
    side = clone.commit({"audit/2": "2"})
    clone.git("checkout", "-q", "main")
    clone.git("merge", "-q", "-s", "ours", "--no-ff", "-m", "drops what side had", "side")
    merge = repository.head()
    told = repository.log_changes("HEAD", "audit", beyond=base)
    assert sorted(told) == sorted(
        [
            (one, "A", "audit/1"),
            (side, "A", "audit/2"),
            (merge, "D", "audit/2"),
            (merge, "A", "audit/1"),
        ]
    )
    assert (base, "A", "dnc.yaml") in repository.log_changes("HEAD")


def test_the_commit_that_brought_a_number_is_found(clone, origin, tmp_path):
    clone.commit({"sub/list.yaml": "+12125550101\n"})
    clone.commit({"sub/list.yaml": "\n"})
    again = clone.commit({"sub/list.yaml": "+12125550101\n"}, "again")
    clone.commit({"sub/list.yaml": "+12125550100\n+12125550101\n"})
    for n in range(5):
        clone.commit({"x": f"{n}"})
    clone.push("main")
    job = origin.job(tmp_path / "job", depth=2)
    for folder in (clone.folder, job.folder):
        found = Repository.discover(folder / "sub").introducing_commit("list.yaml", "+12125550101")
        assert found is not None
        assert (found.sha, found.message) == (again, "again")
    assert Repository.discover(clone.folder).introducing_commit("dnc.yaml", "nothing") is None


def test_a_files_name_is_no_pattern(clone):
    right = clone.commit({"dnc-lists/[x].yaml": "+12125550101\n"})
    clone.commit({"dnc-lists/x.yaml": "+12125550101\n"})
    found = Repository.discover(clone.folder).introducing_commit("dnc-lists/[x].yaml", "+12125550101")
    assert found.sha == right


def test_whoever_is_configured_is_told(clone):
    clone.git("config", "user.email", "ann@example.com")
    assert Repository.discover(clone.folder).user_email() == "ann@example.com"
