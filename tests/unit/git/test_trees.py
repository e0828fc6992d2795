"""What a revision has, what differs from it, and what a merge would give."""

import pytest

from reconciler.core.model.errors import RepositoryProblem
from reconciler.git.repository import Repository
from reconciler.use_cases.workspace.tree import WorkingTree
from tests.support.git import Clone, new_clone


def lists(path: str) -> bool:
    return path.startswith("dnc-lists/") and path.endswith(".yaml")


def differing(repository: Repository, wanted=lists) -> list[str]:
    here = WorkingTree(repository.root / repository.prefix)
    return repository.changed_files(wanted, here.existing_paths(wanted))


def test_files_are_read_from_commits_and_trees(clone):
    repository = Repository.discover(clone.folder)
    head = clone.git("rev-parse", "HEAD")
    expected = {"dnc-lists/a.yaml": b"one\ntwo\nthree\n"}
    assert repository.read_tree_files(head, lists) == expected
    assert repository.read_tree_files(clone.git("rev-parse", "HEAD^{tree}"), lists) == expected
    (file,) = repository.files("HEAD", lists)
    assert file.path == "dnc-lists/a.yaml"
    assert repository.read_blobs([file.sha]) == {file.sha: b"one\ntwo\nthree\n"}
    assert repository.read_blobs([]) == {}


@pytest.mark.parametrize("kind", ["sha1", "sha256"])
def test_what_is_at_hand_is_read_only_where_it_differs(tmp_path, kind):
    clone = Clone(tmp_path)
    clone.git("init", "--quiet", "--template=", f"--object-format={kind}")
    clone.commit({"dnc-lists/a.yaml": "a" * 100, "dnc-lists/b.yaml": "b", "dnc-lists/c.yaml": "c"})
    at_hand = {"dnc-lists/a.yaml": b"a" * 100, "dnc-lists/b.yaml": b"later", "dnc-lists/d.yaml": b"c"}
    read = Repository.discover(clone.folder).read_tree_files("HEAD", lists, at_hand)
    assert read == {"dnc-lists/a.yaml": b"a" * 100, "dnc-lists/b.yaml": b"b", "dnc-lists/c.yaml": b"c"}
    assert read["dnc-lists/a.yaml"] is at_hand["dnc-lists/a.yaml"]


def test_a_project_in_a_subfolder_sees_its_own_files_only(clone):
    clone.commit({"team/dnc-lists/b.yaml": "b\n", "team2/dnc-lists/c.yaml": "c\n"})
    repository = Repository.discover(clone.folder / "team")
    assert repository.read_tree_files("HEAD", lists) == {"dnc-lists/b.yaml": b"b\n"}
    clone.write({"dnc-lists/a.yaml": "changed", "team/dnc-lists/new.yaml": "n"})
    assert differing(repository) == ["dnc-lists/new.yaml"]


def test_a_folder_that_a_revision_does_not_have_is_empty(clone):
    clone.write({"team/dnc.yaml": "x"})
    assert Repository.discover(clone.folder / "team").read_tree_files("HEAD", lambda _: True) == {}


@pytest.mark.parametrize("name", ["ü ber", "tab\there", 'quo"te', "line\nfeed", "*", ":(top)x", "\x01", "-n"])
def test_odd_names_survive(clone, name):
    path = f"dnc-lists/{name}.yaml"
    (clone.folder / path).write_text("odd")
    repository = Repository.discover(clone.folder)
    assert differing(repository) == [path]
    clone.git("add", "--all")
    clone.git("commit", "-q", "-m", "odd")
    assert repository.read_tree_files("HEAD", lists)[path] == b"odd"
    assert differing(repository) == []


def test_a_name_that_is_no_utf8_survives(clone):
    sha = clone.git("rev-parse", "HEAD:dnc.yaml")
    path = "dnc-lists/\udcff.yaml"
    repository = Repository.discover(clone.folder)
    commit = repository.commit_files(
        {path: b"x: 1\n"}, "odd", parent=None, committed_at=repository.describe("HEAD").when
    )
    assert repository.listing(commit) == {path: sha}


def test_a_symbolic_link_is_not_followed(clone):
    (clone.folder / "dnc-lists" / "link.yaml").symlink_to("/etc/passwd")
    clone.git("add", "--all")
    clone.git("commit", "-q", "-m", "link")
    repository = Repository.discover(clone.folder)
    assert [f.path for f in repository.files("HEAD", lists) if not f.is_regular] == ["dnc-lists/link.yaml"]
    with pytest.raises(RepositoryProblem, match=r"dnc-lists/link\.yaml"):
        repository.read_tree_files("HEAD", lists)
    assert repository.read_tree_files("HEAD", lambda path: path == "dnc.yaml") == {"dnc.yaml": b"x: 1\n"}


def test_a_blob_that_is_not_there_is_a_problem(clone):
    with pytest.raises(RepositoryProblem, match="not in this clone"):
        Repository.discover(clone.folder).read_blobs(["0" * 40])


def test_many_blobs_of_any_bytes_come_back_whole(clone):
    files = {f"dnc-lists/{n}.yaml": "\n" * n + "blob 3 missing\n" for n in range(300)}
    clone.commit(files)
    read = Repository.discover(clone.folder).read_tree_files("HEAD", lists)
    assert {path: data.decode() for path, data in read.items() if path != "dnc-lists/a.yaml"} == files


def test_every_kind_of_dirt_is_seen(clone):
    names = ("modified", "staged", "deleted", "unlinked", "staged-and-back")
    clone.commit(
        {f"dnc-lists/{name}.yaml": "0" for name in names} | {".gitignore": "/dnc-lists/ign*\n/out/\n"}
    )
    repository = Repository.discover(clone.folder)
    assert differing(repository, lambda _: True) == []
    clone.write({"dnc-lists/modified.yaml": "1", "dnc-lists/deleted.yaml": None})
    clone.write({"dnc-lists/staged.yaml": "1", "dnc-lists/staged-and-back.yaml": "1"})
    clone.git("add", "dnc-lists/staged.yaml", "dnc-lists/staged-and-back.yaml")
    clone.git("rm", "-q", "--cached", "dnc-lists/unlinked.yaml")
    clone.write({"dnc-lists/staged-and-back.yaml": "0"})
    clone.write(
        {"dnc-lists/new/deep.yaml": "1", "dnc-lists/ignored.yaml": "1", "dnc-lists/ign/deep.yaml": "1"}
    )
    clone.write({"out/x.yaml": "1", "notes.md": "1"})
    nested = new_clone(clone.folder / "dnc-lists" / "nested")
    nested.commit({"inner.yaml": "1"})
    assert differing(repository) == [
        "dnc-lists/deleted.yaml",
        "dnc-lists/ign/deep.yaml",
        "dnc-lists/ignored.yaml",
        "dnc-lists/modified.yaml",
        "dnc-lists/nested/inner.yaml",
        "dnc-lists/new/deep.yaml",
        "dnc-lists/staged.yaml",
    ]  # and not what only the index has otherwise: it decides nothing
    assert "notes.md" in differing(repository, lambda _: True)


def test_dirt_is_seen_without_a_commit(tmp_path):
    clone = new_clone(tmp_path / "new")
    clone.write({"dnc-lists/a.yaml": "1", "dnc-lists/b.yaml": "1"})
    clone.git("add", "dnc-lists/a.yaml")
    assert differing(Repository.discover(clone.folder)) == ["dnc-lists/a.yaml", "dnc-lists/b.yaml"]


def test_a_branch_behind_main_merges_with_what_main_has(origin, clone, tmp_path):
    clone.git("checkout", "-q", "-b", "feature")
    clone.commit({"dnc-lists/feature.yaml": "f"})
    clone.push("feature")
    clone.git("checkout", "-q", "main")
    clone.commit({"dnc-lists/main.yaml": "m"})
    clone.push("main")
    work = origin.clone(tmp_path / "work", "--branch", "feature", "--single-branch")
    repository = Repository.discover(work.folder)
    before = work.git("status", "--porcelain")
    tree = repository.merged_tree("origin/main")
    assert set(repository.read_tree_files(tree, lists)) == {
        "dnc-lists/a.yaml", "dnc-lists/feature.yaml", "dnc-lists/main.yaml",
    }  # fmt: skip
    assert work.git("status", "--porcelain") == before


def test_fast_forwards_merge_both_ways(clone):
    old = clone.git("rev-parse", "HEAD")
    clone.commit({"dnc-lists/b.yaml": "b"})
    repository = Repository.discover(clone.folder)
    assert repository.merged_tree(old) == clone.git("rev-parse", "HEAD^{tree}")
    assert repository.merged_tree("origin/main") == clone.git("rev-parse", "HEAD^{tree}")
    clone.push("main")
    clone.git("checkout", "-q", "--detach", old)
    assert repository.merged_tree("origin/main") == clone.git("rev-parse", "main^{tree}")


def test_a_conflict_names_the_files(clone):
    clone.git("checkout", "-q", "-b", "feature")
    clone.commit({"dnc-lists/a.yaml": "one\nTWO\nthree\n", "dnc-lists/fine.yaml": "x"})
    clone.git("checkout", "-q", "main")
    clone.commit({"dnc-lists/a.yaml": "one\nzwei\nthree\n"})
    with pytest.raises(RepositoryProblem, match=r"conflicts .* in dnc-lists/a\.yaml\n") as caught:
        Repository.discover(clone.folder).merged_tree("feature")
    assert "resolve" in caught.value.fix


def test_a_target_that_is_not_there_is_named(clone):
    repository = Repository.discover(clone.folder)
    with pytest.raises(RepositoryProblem, match="there is no origin/nowhere"):
        repository.merged_tree("origin/nowhere")
    with pytest.raises(RepositoryProblem, match="there is no elsewhere"):
        repository.merged_tree("elsewhere")
    with pytest.raises(RepositoryProblem, match="there is no --help"):
        repository.merged_tree("--help")


def test_unrelated_histories_do_not_merge(clone):
    clone.git("checkout", "-q", "--orphan", "lonely")
    clone.commit({"dnc-lists/a.yaml": "z"})
    with pytest.raises(RepositoryProblem, match="no common history"):
        Repository.discover(clone.folder).merged_tree("main")


def test_a_worktree_is_a_repository_of_its_own(clone, tmp_path):
    clone.git("worktree", "add", "-q", "-b", "side", str(tmp_path / "side"))
    repository = Repository.discover(tmp_path / "side")
    assert repository.root == (tmp_path / "side").resolve()
    assert repository.checked_out_at("main") == str(clone.folder.resolve())
    assert repository.checked_out_at("nothing") is None
    (tmp_path / "side" / "dnc-lists" / "a.yaml").write_text("x")
    assert differing(repository) == ["dnc-lists/a.yaml"]
    assert differing(Repository.discover(clone.folder)) == []


def test_an_older_merge_base_that_a_cut_lets_through_is_not_believed(origin, clone, tmp_path):
    # main adds x, the feature merges that, main takes x away again. The cut hides that merge, and a second
    # way leads to a commit before x: taken for the base, it would bring x back.
    before = clone.git("rev-parse", "HEAD")
    clone.commit({"dnc-lists/x.yaml": "x"})
    clone.git("checkout", "-q", "-b", "feature", before)
    clone.commit({"f": "1"})
    clone.git("merge", "-q", "--no-ff", "-m", "merge", "main")
    tip = clone.history("g", 9)[-1]
    both = clone.git("commit-tree", f"{tip}^{{tree}}", "-p", tip, "-p", before, "-m", "a second way")
    clone.push(f"{both}:refs/heads/feature")
    clone.git("checkout", "-q", "main")
    clone.commit({"dnc-lists/x.yaml": None})
    clone.push("main")
    job = origin.job(tmp_path / "job", depth=4, ref="feature")
    job.git("fetch", "-q", "origin", "+refs/heads/main:refs/remotes/origin/main")
    assert job.git("merge-base", "HEAD", "origin/main") == before
    repository = Repository.discover(job.folder)
    tree = repository.merged_tree("origin/main")
    assert set(repository.read_tree_files(tree, lists)) == {"dnc-lists/a.yaml"}
