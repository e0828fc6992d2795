"""How git is run: where it is found, with which environment, and what its errors become."""

import os
import re
import shutil
import subprocess

import pytest

from reconciler.core.model.errors import RepositoryProblem
from reconciler.git import environment
from reconciler.git import runner as git_module
from reconciler.git.repository import Repository
from reconciler.git.runner import Git
from tests.support.git import new_clone


def test_outside_of_a_repository_there_is_none(tmp_path):
    assert Repository.discover(tmp_path) is None


def test_without_git_it_is_a_problem_that_says_so(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RepositoryProblem, match="git is not installed") as caught:
        Repository.discover(tmp_path)
    assert caught.value.fix


def test_a_bare_repository_is_refused(origin):
    with pytest.raises(RepositoryProblem, match="bare repository"):
        Repository.discover(origin.folder)


def test_a_subfolder_finds_root_and_prefix(clone):
    clone.write({"teams/us/dnc.yaml": "x"})
    found = Repository.discover(clone.folder / "teams" / "us")
    assert found is not None
    assert (found.root, found.prefix) == (clone.folder.resolve(), "teams/us/")
    at_root = Repository.discover(clone.folder)
    assert at_root is not None
    assert at_root.prefix == ""


def test_before_the_first_commit_there_is_no_head(tmp_path):
    found = Repository.discover(new_clone(tmp_path / "new").folder)
    assert found is not None
    assert found.head() is None
    assert found.user_email() is None
    assert found.remote() is None


def test_a_hooks_environment_does_not_lead_elsewhere(clone, tmp_path, monkeypatch):
    other = new_clone(tmp_path / "other")
    other.commit({"x": "x"})
    monkeypatch.setenv("GIT_DIR", str(other.folder / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other.folder / ".git" / "index"))
    found = Repository.discover(clone.folder)
    assert found is not None
    assert found.head() == clone.git("rev-parse", "HEAD")


def test_home_need_not_be_set(clone, monkeypatch):
    monkeypatch.delenv("HOME")
    found = Repository.discover(clone.folder)
    assert found is not None
    assert found.head() == clone.git("rev-parse", "HEAD")


def test_another_users_repository_is_explained(clone, monkeypatch):
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")  # git's own test switch
    monkeypatch.setattr(environment, "_PASSED_OF_GIT", re.compile(r"GIT_.*"))
    with pytest.raises(RepositoryProblem, match="another user") as caught:
        Repository.discover(clone.folder)
    assert f"safe.directory '{clone.folder}'" in caught.value.fix


def test_several_remotes_without_origin_are_no_guess(clone):
    clone.git("remote", "rename", "origin", "one")
    found = Repository.discover(clone.folder)
    assert found is not None
    assert found.remote() == "one"
    clone.git("remote", "add", "two", "file:///nowhere")
    with pytest.raises(RepositoryProblem, match="one, two"):
        Repository.discover(clone.folder)


@pytest.mark.parametrize(
    "url", ["https://ci:old-secret@git.example/group/project.git", "https://git.example/p"]
)
def test_the_token_goes_to_the_remotes_host_only_and_by_environment(tmp_path, monkeypatch, url):
    monkeypatch.setenv("DNC_GIT_TOKEN", "s3cret-token")
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "core.askPass")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "true")
    clone = new_clone(tmp_path / "clone")
    git = Git(clone.folder)
    seen = {}
    real = subprocess.Popen

    def spy(command, **options):
        seen.update(command=command, env=options["env"])
        return real(command, **options)

    monkeypatch.setattr(subprocess, "Popen", spy)
    there = git.run_unchecked(
        "config", "--get-urlmatch", "http.extraHeader", "https://git.example/group", url=url
    )
    assert there.out.startswith(b"Authorization: Basic ")
    assert "s3cret-token" not in " ".join(seen["command"])
    assert "DNC_GIT_TOKEN" not in seen["env"]
    elsewhere = git.run_unchecked(
        "config", "--get-urlmatch", "http.extraHeader", "https://other.example/", url=url
    )
    assert elsewhere.out == b""
    assert git.run_unchecked("config", "http.https://git.example/.extraHeader").out == b""
    assert git.run_line("config", "core.askPass") == "true"


def test_credentials_are_not_in_an_error(tmp_path, monkeypatch):
    monkeypatch.setenv("DNC_GIT_TOKEN", "s3cret-token")
    clone = new_clone(tmp_path / "clone")
    program = tmp_path / "bin" / "git"
    program.parent.mkdir()
    program.write_text(
        "#!/bin/sh\necho 'fatal: https://me:hunter2@git.example/p: s3cret-token' >&2; exit 1\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    with pytest.raises(RepositoryProblem) as caught:
        Git(clone.folder).run("fetch", "+12125550123")
    assert "hunter2" not in str(caught.value)
    assert "s3cret-token" not in str(caught.value)
    assert "+12125550123" not in str(caught.value)


def test_what_takes_too_long_is_ended_with_its_children(tmp_path, monkeypatch):
    clone = new_clone(tmp_path / "clone")
    program = tmp_path / "bin" / "git"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\n[ "$3" = config ] && exit\nsleep 600 &\nwait\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    with pytest.raises(RepositoryProblem, match=r"did not finish within 0\.1 s"):
        Git(clone.folder).run_unchecked("fetch", seconds=0.1)  # would hang here if the child kept the pipes


def test_in_a_hurry_the_network_gets_but_a_moment(tmp_path, monkeypatch):
    clone = new_clone(tmp_path / "clone")
    clone.commit({"x": "x"})
    program = tmp_path / "bin" / "git"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\n[ "$3" = push ] && exec sleep 600\nexec {shutil.which("git")} "$@"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(git_module, "HURRIED_SECONDS", 0.1)
    asked = iter([False, True])
    git = Git(clone.folder, is_hurried=lambda: next(asked, True))
    with pytest.raises(RepositoryProblem, match="did not finish"):
        git.run_unchecked("push", url="https://git.example/p")
    assert git.within(clone.folder).run_line(
        "rev-parse", "HEAD"
    )  # what is local takes the time that it takes


@pytest.mark.parametrize(
    ("said", "fact"),
    [
        ("error: unable to write file .git/objects/x: No space left on device", "no space left"),
        ("fatal: sha1 file '.git/objects/x' write error. Out of diskspace: Disk quota exceeded", "no space"),
        ("error: insufficient permission for adding an object to repository database", "cannot write into"),
        ("fatal: cannot lock ref 'x': Unable to create '/r/.git/x.lock': Permission denied", "cannot write"),
        ("fatal: Unable to create '/r/.git/x.lock': Read-only file system", "cannot write into this"),
        ("remote: fatal: No space left on device", "failed with exit code 1"),
        ("git@host: Permission denied (publickey).", "refuses our credentials"),
    ],
)
def test_what_git_cannot_write_is_explained(said, fact):
    assert fact in git_module.command_problem("x", git_module.GitOutput(1, b"", said)).fact


def test_the_machines_hooks_do_not_run(clone, tmp_path):
    trace = tmp_path / "ran"
    for name in ("pre-push", "reference-transaction", "post-index-change"):
        hook = clone.folder / ".git" / "hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\necho {name} >> {trace}\nexit 1\n")
        hook.chmod(0o755)
    found = Repository.discover(clone.folder)
    assert found is not None
    head = found.head()
    assert head is not None
    assert found.push_branch("copy", head) == "pushed"
    assert found.advance_branch("other", head, was=None)
    assert not trace.exists()
