"""The remote, and clones that lack history."""

import pytest

from reconciler.core.model.errors import BrokenChain, RepositoryProblem
from reconciler.git.repository import Repository
from tests.support.git import bare_origin, new_clone


def long_history(clone, count=30):
    shas = clone.history("dnc-lists/long.yaml", count)
    clone.push("main")
    return shas


def test_the_default_branch_is_what_head_names(origin, clone, tmp_path):
    clone.git("checkout", "-q", "-b", "trunk")
    tip = clone.commit({"x": "x"})
    clone.push("trunk")
    origin.git("symbolic-ref", "HEAD", "refs/heads/trunk")
    job = origin.job(tmp_path / "job", ref="main")
    repository = Repository.discover(job.folder)
    assert repository.default_branch_tip("main") == ("trunk", tip)
    assert repository.has_commit(tip)


@pytest.mark.parametrize(
    ("branches", "hint", "expected"),
    [
        (["other", "develop", "main"], "develop", "develop"),
        (["other", "master", "main"], None, "main"),
        (["other", "master"], "gone", "master"),
        (["other", "dnc-audit"], None, "other"),
    ],
)
def test_an_unborn_head_falls_back(origin, clone, branches, hint, expected):
    tip = clone.git("rev-parse", "HEAD")
    clone.push(*(f"HEAD:refs/heads/{name}" for name in branches))
    origin.git("symbolic-ref", "HEAD", "refs/heads/unborn")
    if "main" not in branches:
        clone.push(":main")
    repository = Repository.discover(clone.folder)
    assert repository.default_branch_tip(hint, besides="dnc-audit") == (expected, tip)


def test_no_branch_to_choose_is_a_problem(origin, clone):
    origin.git("symbolic-ref", "HEAD", "refs/heads/unborn")
    clone.push("HEAD:refs/heads/one", "HEAD:refs/heads/two", ":main")
    repository = Repository.discover(clone.folder)
    with pytest.raises(RepositoryProblem, match="does not say which of 2"):
        repository.default_branch_tip()
    clone.push(":one", ":two")
    with pytest.raises(RepositoryProblem, match="has no branch yet"):
        repository.default_branch_tip()


def test_a_remote_that_does_not_answer_is_a_problem(clone, tmp_path):
    clone.git("remote", "set-url", "origin", f"file://{tmp_path}/gone.git")
    repository = Repository.discover(clone.folder)
    for call in (
        repository.default_branch_tip,
        lambda: repository.fetch_branch("dnc-audit"),
        lambda: repository.push_branch("x", repository.head()),
        lambda: repository.merged_tree("origin/main"),
    ):
        with pytest.raises(RepositoryProblem, match="does not answer") as caught:
            call()
        assert not isinstance(caught.value, BrokenChain)


def test_without_a_remote_what_needs_one_says_so(tmp_path):
    clone = new_clone(tmp_path / "alone")
    clone.commit({"x": "x"})
    with pytest.raises(RepositoryProblem, match="no remote"):
        Repository.discover(clone.folder).default_branch_tip()


def test_a_branch_is_fetched_and_absence_is_no_silence(clone):
    repository = Repository.discover(clone.folder)
    assert repository.fetch_branch("dnc-audit") is None
    tip = clone.git("rev-parse", "HEAD")
    clone.push("HEAD:refs/heads/dnc-audit")
    assert repository.fetch_branch("dnc-audit") == tip == repository.tracking_tip("dnc-audit")


def test_a_branch_that_only_grows_may_not_be_rewritten(origin, clone):
    repository = Repository.discover(clone.folder)
    first = clone.git("rev-parse", "HEAD")
    clone.commit({"x": "x"})
    clone.push("HEAD:refs/heads/dnc-audit")
    tip = repository.fetch_branch("dnc-audit", grows_only=True)
    origin.git("update-ref", "refs/heads/dnc-audit", first)
    for _ in range(2):  # and it stays said
        with pytest.raises(BrokenChain, match="was rewritten"):
            repository.fetch_branch("dnc-audit", grows_only=True)
        assert repository.tracking_tip("dnc-audit") == tip
    origin.git("update-ref", "-d", "refs/heads/dnc-audit")
    with pytest.raises(BrokenChain, match="is gone from the remote"):
        repository.fetch_branch("dnc-audit", grows_only=True)
    assert repository.tracking_tip("dnc-audit") == tip


@pytest.mark.parametrize("options", [False, True])
def test_a_push_skips_the_pipeline_where_the_remote_can(tmp_path, options):
    origin = bare_origin(tmp_path / "o.git", push_options=options)
    origin.hook("pre-receive", f'echo "$GIT_PUSH_OPTION_COUNT:$GIT_PUSH_OPTION_0" >> {tmp_path}/options')
    clone = origin.clone(tmp_path / "c")
    first = clone.commit({"x": "1"})
    second = clone.commit({"x": "2"})
    repository = Repository.discover(clone.folder)
    assert repository.push_branch("dnc-audit", first) == "pushed"
    assert repository.push_branch("dnc-audit", second) == "pushed"
    seen = (tmp_path / "options").read_text().split()
    assert seen == (["1:ci.skip"] * 2 if options else ["0:"] * 2)
    assert repository.tracking_tip("dnc-audit") == second
    assert origin.git("rev-parse", "dnc-audit") == second


def test_a_push_is_remembered_where_other_branches_are_not_fetched(origin, tmp_path, clone):
    narrow = origin.clone(tmp_path / "narrow", "--single-branch", "--branch=main")
    repository = Repository.discover(narrow.folder)
    repository.push_branch("dnc-audit", repository.head())
    assert repository.tracking_tip("dnc-audit") == repository.head()


def test_a_push_is_never_by_force(origin, clone):
    repository = Repository.discover(clone.folder)
    first = repository.head()
    theirs = clone.commit({"x": "theirs"})
    clone.push("HEAD:refs/heads/dnc-audit")
    clone.git("reset", "-q", "--hard", first)
    ours = clone.commit({"x": "ours"})
    assert repository.push_branch("dnc-audit", ours) == "outrun"
    assert origin.git("rev-parse", "dnc-audit") == theirs


def test_a_refusal_is_no_race(origin, clone):
    origin.hook("pre-receive", "echo 'GitLab: You are not allowed to push' >&2; exit 1")
    repository = Repository.discover(clone.folder)
    with pytest.raises(
        RepositoryProblem, match=r"refuses the push to dnc-audit: .*pre-receive hook declined"
    ):
        repository.push_branch("dnc-audit", repository.head())


def test_a_shallow_clone_believes_no_only_with_whole_history(origin, clone, tmp_path):
    shas = long_history(clone)
    job = origin.job(tmp_path / "job", depth=5)
    repository = Repository.discover(job.folder)
    assert repository.is_ancestor(shas[-3], shas[-1])
    assert job.git("rev-parse", "--is-shallow-repository") == "true"
    assert not repository.has_commit(shas[0])
    repository.ensure_commit(shas[0])
    assert repository.is_ancestor(shas[0], shas[-1])
    assert not repository.is_ancestor(shas[-1], shas[0])


def test_history_behind_a_merge_is_fetched_before_a_no(origin, clone, tmp_path):
    # `old` is in the history of the tip, by a way that the cut hides, and is here by another.
    old = clone.git("rev-parse", "HEAD")
    clone.push("HEAD:refs/heads/old")
    long_history(clone)
    job = origin.job(tmp_path / "job", depth=5)
    job.git("fetch", "-q", "--depth=1", "origin", "refs/heads/old:refs/heads/old")
    repository = Repository.discover(job.folder)
    assert repository.is_ancestor(old, repository.head())


def test_a_commit_that_no_branch_has_any_more_is_still_asked_for(origin, clone, tmp_path):
    base = clone.git("rev-parse", "HEAD")
    lost = clone.commit({"x": "x"})
    clone.push("main")
    origin.git("update-ref", "refs/heads/main", base)
    job = origin.job(tmp_path / "job")
    repository = Repository.discover(job.folder)
    repository.ensure_commit(lost)
    assert repository.has_commit(lost)
    with pytest.raises(RepositoryProblem, match="0123456789ab") as caught:
        repository.ensure_commit("0123456789abcdef0123456789abcdef01234567")
    assert "GIT_DEPTH: 0" in caught.value.fix


def test_a_shallow_detached_clone_merges_after_fetching_what_is_missing(origin, clone, tmp_path):
    clone.git("checkout", "-q", "-b", "feature")
    clone.history("dnc-lists/feature.yaml", 25)
    clone.push("feature")
    clone.git("checkout", "-q", "main")
    long_history(clone)
    expected = {"dnc-lists/a.yaml", "dnc-lists/feature.yaml", "dnc-lists/long.yaml"}
    job = origin.job(tmp_path / "job", depth=20, ref="feature")
    repository = Repository.discover(job.folder)
    tree = repository.merged_tree("origin/main")
    assert set(repository.read_tree_files(tree, lambda path: path.startswith("dnc-lists/"))) == expected


def test_a_revert_behind_the_cut_stays_reverted(origin, clone, tmp_path):
    # main: base, add x, (feature merges here), take x away. An older merge base would bring x back.
    clone.git("checkout", "-q", "-b", "feature")
    clone.history("f", 6)
    clone.git("checkout", "-q", "main")
    clone.commit({"dnc-lists/x.yaml": "x"})
    clone.git("checkout", "-q", "feature")
    clone.git("merge", "-q", "--no-ff", "-m", "merge", "main")
    clone.history("g", 6)
    clone.push("feature")
    clone.git("checkout", "-q", "main")
    clone.commit({"dnc-lists/x.yaml": None})
    clone.push("main")
    for depth in (1, 2, 5, 7, 8, 10, 13):
        job = origin.job(tmp_path / f"job{depth}", depth=depth, ref="feature")
        repository = Repository.discover(job.folder)
        tree = repository.merged_tree("origin/main")
        assert "dnc-lists/x.yaml" not in repository.read_tree_files(tree, lambda _: True), depth


def test_a_remote_that_is_cut_itself_is_named(origin, clone, tmp_path):
    shas = long_history(clone)
    cut = origin.clone(tmp_path / "cut.git", "--bare", "--depth=10")
    job = origin.job(tmp_path / "job", depth=5)
    job.git("remote", "set-url", "origin", f"file://{cut.folder}")
    with pytest.raises(RepositoryProblem) as caught:
        Repository.discover(job.folder).is_ancestor(shas[-1], shas[-2])
    assert "GIT_DEPTH: 0" in caught.value.fix


def test_the_audit_branch_comes_whole_into_a_shallow_clone(origin, clone, tmp_path):
    clone.git("checkout", "-q", "-b", "dnc-audit")
    tip = clone.history("audit/x", 29)[-1]
    clone.push("dnc-audit")
    clone.git("checkout", "-q", "main")
    long_history(clone)
    job = origin.clone(tmp_path / "shallow", "--depth=5", "--no-single-branch")
    assert job.git("rev-list", "--count", "origin/dnc-audit") == "5"
    assert Repository.discover(job.folder).fetch_branch("dnc-audit", grows_only=True) == tip
    assert job.git("rev-list", "--count", "origin/dnc-audit") == "30"
