"""What cannot change is asked of git once; what can is asked each time."""

import subprocess

import pytest

from reconciler.git import remembered
from reconciler.git.remembered import RememberedAnswers, is_object_name
from reconciler.git.repository import Repository
from tests.support.git import Clone


@pytest.fixture
def asked(monkeypatch) -> list[str]:
    """Every command of git that is run."""
    commands: list[str] = []
    real = subprocess.Popen

    def spy(command, **options):
        commands.append(" ".join(command[3:]))
        return real(command, **options)

    monkeypatch.setattr(subprocess, "Popen", spy)
    return commands


def opened(clone: Clone) -> Repository:
    found = Repository.discover(clone.folder)
    assert found is not None
    return found


def test_opening_asks_twice(clone, asked):
    repository = opened(clone)
    assert repository.remote() == "origin"
    assert repository.own_folder() == clone.folder.resolve() / ".git" / "dnc"
    assert not repository.is_shallow
    assert repository.user_email() is None
    assert len(asked) == 2


def test_what_the_name_of_an_object_says_is_asked_once(clone, asked):
    first = clone.git("rev-parse", "HEAD")
    second = clone.commit({"dnc-lists/a.yaml": "two\n"})
    repository = opened(clone)

    def answers():
        blobs = repository.listing(second, "dnc-lists/")
        return (
            repository.files(second, lambda _: True),
            repository.read_blobs(list(blobs.values())),
            repository.has_commit(first),
            repository.is_ancestor(first, second),
            repository.is_ancestor(second, second),
            repository.log_changes(second, beyond=first),
            repository.log_changes(second, beyond=second),
        )

    told = answers()
    assert told[1:] == (
        {repository.listing(second)["dnc-lists/a.yaml"]: b"two\n"},
        *(True, True, True),
        [(second, "M", "dnc-lists/a.yaml")],
        [],
    )
    asked.clear()
    assert answers() == told
    assert asked == []


def test_a_name_that_moves_is_asked_each_time(clone):
    repository = opened(clone)
    before = (repository.head(), repository.files("HEAD", lambda _: True), repository.log_changes("main"))
    commit = clone.commit({"dnc-lists/b.yaml": "b\n"})
    assert repository.head() == commit != before[0]
    assert len(repository.files("HEAD", lambda _: True)) == len(before[1]) + 1
    assert len(repository.log_changes("main")) == len(before[2]) + 1


def test_what_is_missing_is_asked_each_time(clone, origin, tmp_path):
    repository = opened(clone)
    old = clone.git("rev-parse", "HEAD")
    other = origin.clone(tmp_path / "other")
    new = other.commit({"dnc-lists/b.yaml": "b\n"})
    other.push("HEAD:main")
    assert not repository.has_commit(new)
    assert repository.fetch_branch("main") == new
    assert repository.has_commit(new)
    assert repository.is_ancestor(old, new)
    assert not repository.is_ancestor(new, old)


def test_what_a_cut_history_says_is_not_kept(clone, origin, tmp_path):
    tip = clone.history("dnc-lists/a.yaml", 3)[-1]
    clone.push("HEAD:main")
    repository = opened(origin.job(tmp_path / "job", depth=1))
    assert repository.is_shallow
    assert {status for _, status, _ in repository.log_changes(tip)} == {"A"}
    repository.ensure_commit(clone.git("rev-list", "--max-parents=0", "HEAD"))
    assert not repository.is_shallow
    assert [status for _, status, _ in repository.log_changes(tip)] == ["A", "A", "M", "M", "M"]


def test_a_folder_may_have_a_line_break_in_its_name(origin, tmp_path):
    made = origin.clone(tmp_path / "a\nb")
    made.write({"c\nd/e": "x"})
    found = Repository.discover(made.folder / "c\nd")
    assert found is not None
    assert (found.root, found.prefix) == (made.folder.resolve(), "c\nd/")
    assert found.own_folder() == made.folder.resolve() / ".git" / "dnc"


@pytest.mark.parametrize(
    ("rev", "never_moves"),
    [
        ("HEAD", False),
        ("a" * 39, False),
        ("a" * 40, True),
        ("a" * 41, False),
        ("a" * 64, True),
        ("g" * 40, False),
    ],
)
def test_only_a_whole_name_never_moves(rev, never_moves):
    assert is_object_name(rev) is never_moves
    assert not is_object_name(f"{rev}^")


def test_the_oldest_answers_are_forgotten(monkeypatch):
    monkeypatch.setattr(remembered, "_MOST_BYTES", 10)
    answers = RememberedAnswers()
    for number in range(6):
        answers.add(number, b"12")
        answers.add(number, b"no second one")
    answers.add("large", b"123")
    assert [answers.get(number) for number in range(6)] == [None, *[b"12"] * 5]
    assert answers.get("large") is None
