"""Who changed a file, and what it was before: the history that authors of releases are found in."""

import pytest

from reconciler.git.repository import Repository


@pytest.mark.parametrize("name", ["dnc-lists/a b.yaml", "dnc-lists/line\nfeed.yaml", "dnc-lists/a blob"])
def test_a_file_s_revisions_have_their_blobs(clone, name):
    first = clone.commit({name: "one"})
    clone.commit({"README.md": "other"})
    second = clone.commit({name: "two!"})
    clone.git("rm", "--quiet", "--", name)
    gone = clone.commit({})
    repository = Repository.discover(clone.folder)
    revisions = repository.list_file_revisions(name, "HEAD")
    assert [(r.sha, r.parents, r.size) for r in revisions] == [
        (gone, (second,), 0),
        (second, (first,), 4),
        (first, (), 3),
    ]
    assert {r.name for r in revisions} == {"Ann Analyst"}
    assert revisions[0].blob is None
    blobs = repository.read_blobs([r.blob for r in revisions if r.blob])
    assert sorted(blobs.values()) == [b"one", b"two!"]


def test_what_a_commit_changed_or_took_away(clone):
    first = clone.commit({"dnc-lists/a.yaml": "a", "dnc-lists/b.yaml": "b", "README.md": "x"})
    clone.git("mv", "dnc-lists/a.yaml", "dnc-lists/c.yaml")
    second = clone.commit({"dnc-lists/b.yaml": "b2", "dnc-lists/new.yaml": "new"})
    repository = Repository.discover(clone.folder)
    parent, paths = repository.replaced_paths(second)
    assert (parent, sorted(paths)) == (first, ["dnc-lists/a.yaml", "dnc-lists/b.yaml"])
    inner = Repository.discover(clone.folder / "dnc-lists")
    assert sorted(inner.replaced_paths(second)[1]) == ["a.yaml", "b.yaml"]


def test_a_root_and_a_merge_have_no_only_parent(clone):
    base = clone.git("rev-parse", "HEAD")
    clone.git("checkout", "--quiet", "-b", "side")
    clone.commit({"dnc-lists/side.yaml": "s"})
    clone.git("checkout", "--quiet", "-b", "other", base)
    clone.commit({"dnc-lists/other.yaml": "o"})
    clone.git("merge", "--quiet", "--no-ff", "-m", "both", "side")
    repository = Repository.discover(clone.folder)
    assert repository.replaced_paths("HEAD") == (None, [])
    root = clone.git("rev-list", "--max-parents=0", "HEAD")
    assert repository.replaced_paths(root) == (None, [])
