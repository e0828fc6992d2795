"""One process of git answers what names mean and what blobs have in them, and never gives an old answer."""

import os
import shutil
import subprocess
import weakref

import pytest

from reconciler.core.model.errors import RepositoryProblem
from reconciler.git import object_reader
from reconciler.git.object_reader import Unanswered
from reconciler.git.repository import Repository
from reconciler.git.runner import Git
from tests.support.git import Clone

A, B = "refs/heads/a", "refs/heads/b"


def opened(clone: Clone) -> Repository:
    found = Repository.discover(clone.folder)
    assert found is not None
    return found


@pytest.fixture
def started(monkeypatch) -> list[list[str]]:
    """What is started, without the program and where it is."""
    commands: list[list[str]] = []
    real = subprocess.Popen

    def spy(command, **options):
        commands.append(list(command[3:]))
        return real(command, **options)

    monkeypatch.setattr(subprocess, "Popen", spy)
    return commands


def test_many_questions_are_one_process(clone, started):
    repository = opened(clone)
    started.clear()
    head = repository.head()
    assert head == repository.branch_tip("main") == clone.git("rev-parse", "HEAD")
    started[:] = [command for command in started if command[0] != "rev-parse"]  # the test's own
    assert repository.branch_tip("none") is None
    blobs = repository.listing("HEAD")
    assert repository.read_blobs([blobs["dnc-lists/a.yaml"]]) == {
        blobs["dnc-lists/a.yaml"]: b"one\ntwo\nthree\n"
    }
    assert [command[0] for command in started if command[0] != "config"] == ["cat-file", "ls-tree"]


def test_it_sees_what_others_do_meanwhile(clone, origin, tmp_path):
    repository = opened(clone)
    tips = [repository.branch_tip("main")]
    for number in range(3):
        clone.commit({"dnc-lists/a.yaml": f"{number}\n"})
        if number == 1:
            clone.git("pack-refs", "--all", "--prune")
            clone.git("gc", "-q", "--prune=now")
        tips.append(repository.branch_tip("main"))
        assert tips[-1] == repository.head() == clone.git("rev-parse", "HEAD")
        blob = repository.listing("HEAD")["dnc-lists/a.yaml"]
        assert repository.read_blobs([blob])[blob] == f"{number}\n".encode()
    assert len(set(tips)) == 4
    clone.git("checkout", "-q", "--detach")
    clone.git("branch", "-D", "main")
    assert repository.branch_tip("main") is None
    assert repository.head() == tips[-1]
    other = origin.clone(tmp_path / "other")
    new = other.commit({"dnc-lists/b.yaml": "b\n"})
    other.push("HEAD:main")
    assert not repository.has_commit(new)
    clone.git("fetch", "-q", "origin")  # as another process does
    assert repository.has_commit(new)
    assert repository.tracking_tip("main") == new


@pytest.mark.parametrize("name", ["HEAD@{0}", "main~0", ":/change", "-x", "a b", "HEAD\nHEAD", "ü", ""])
def test_other_names_are_asked_by_themselves(clone, started, name):
    git = Git(clone.folder)
    with pytest.raises(Unanswered):
        git.objects.find_object(name)
    assert [command for command in started if command[0] == "cat-file"] == []


def test_what_is_no_blob_here_is_said_as_ever(clone):
    repository = opened(clone)
    with pytest.raises(RepositoryProblem, match="is not in this clone"):
        repository.read_blobs(["1" * 40])
    assert repository.head() == clone.git("rev-parse", "HEAD")


@pytest.mark.parametrize("answer", ["exit 1", "echo no answer", "echo -n 12; sleep 9", "exec sleep 9"])
def test_where_it_does_not_answer_git_is_asked_anew(clone, tmp_path, monkeypatch, answer):
    program = tmp_path / "bin" / "git"
    program.parent.mkdir()
    program.write_text(
        f'#!/bin/sh\n[ "$4" = --batch-command ] && {{ {answer}; exit; }}\nexec {shutil.which("git")} "$@"\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(object_reader, "_SECONDS", 0.2)
    repository = opened(clone)
    assert repository.head() == clone.git("rev-parse", "HEAD")
    blobs = list(repository.listing("HEAD").values())
    assert len(repository.read_blobs(blobs)) == len(blobs) == 2


def test_an_answer_that_was_not_waited_for_is_nobody_elses(clone, monkeypatch):
    first, second = clone.git("rev-parse", "HEAD"), clone.commit({"dnc-lists/a.yaml": "2\n"})
    clone.git("branch", "a", first)
    clone.git("branch", "b", second)
    git = Git(clone.folder)
    assert git.objects.find_object(A) == first

    def interrupted(_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(git.objects, "_read_more", interrupted)
        with pytest.raises(KeyboardInterrupt):
            git.objects.find_object(A)
    with pytest.raises(Unanswered):
        git.objects.find_object(B)
    assert opened(clone).branch_tip("b") == second


def test_it_ends_with_the_repository(clone):
    repository = opened(clone)
    repository.head()
    reader = repository._git.objects
    process, gone = reader._process, weakref.ref(reader)
    assert process.poll() is None
    del repository, reader
    assert gone() is None
    assert process.returncode == -9
