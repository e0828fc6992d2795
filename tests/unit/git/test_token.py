"""git's token: it gets to the remote's own host, and is nowhere to be read."""

import os
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.githost import Host, hosting
from tests.support.project import SECRET, Project, entry, making
from tests.support.result import Result
from tests.support.sandbox import phone

CANARY = "glpat-Canary.0123456789"
A, B = phone(0), phone(1)


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with making(tmp_path) as made:
        made.origin.joinpath("config").write_text(
            made.origin.joinpath("config").read_text() + "[http]\n\treceivepack = true\n"
        )
        made.list(entry(A, B))
        yield made


@pytest.fixture
def host(project: Project) -> Iterator[Host]:
    with hosting(project.origin.parent, CANARY) as served:
        project.git("remote", "set-url", "origin", f"{served.url}/{project.origin.name}")
        yield served


def watched(project: Project, folder: Path) -> dict[str, str]:
    """Put a git before git that writes down how every git that is called was called, by us or by itself."""
    folder.mkdir()
    program = folder / "git"
    real = shlex.quote(shutil.which("git") or "git")
    program.write_text(
        "#!/bin/sh\n"
        f'printf "%s\\n" "$@" >> {folder}/arguments\n'
        f"cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' '\\n' >> {folder}/processes\n"
        f'exec {real} "$@"\n'
    )
    program.chmod(0o755)
    return {"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}", "DNC_GIT_TOKEN": CANARY}


def found(project: Project, *places: Path) -> list[str]:
    """Name the files below these places that the token can be read in."""
    files = (file for place in places for file in place.rglob("*") if file.is_file())
    return [str(file) for file in files if CANARY.encode() in file.read_bytes()]


def silent(*results: Result) -> bool:
    return all(CANARY not in done.out + done.err for done in results)


def test_a_run_reads_and_pushes_with_it_and_shows_it_nowhere(project: Project, host: Host, tmp_path: Path):
    environ = watched(project, tmp_path / "bin")
    done = project.apply("--verbose", "--log-format", "json", **environ)
    pushed = [path for path, given in host.asked if "git-receive-pack" in path and given == host.expected]
    assert pushed
    verified = project.run("audit", "verify", "--format", "json", **environ)
    assert verified.code == 0
    assert silent(done, verified)
    assert (tmp_path / "bin/arguments").stat().st_size
    assert (tmp_path / "bin/processes").stat().st_size
    # Neither among the arguments, nor in the clone, nor in what was pushed.
    assert found(project, tmp_path) == []
    for report in project.reports():
        assert CANARY not in str(report)


@pytest.mark.parametrize("command", ["apply", "plan", "audit push", "audit verify"])
def test_no_error_repeats_it(project: Project, host: Host, tmp_path: Path, command):
    environ = watched(project, tmp_path / "bin")
    host.token = "another"  # which the server wants
    done = project.run(*command.split(), "--format", "json", "--verbose", **environ)
    assert silent(done)
    assert found(project, tmp_path) == []
    if command != "plan":
        told = {"apply": 4, "audit push": 0, "audit verify": 4}
        assert done.code == told[command], done.err
    if command != "audit push":
        assert "the remote refuses our credentials" in done.err
        assert "DNC_GIT_TOKEN" in done.out + done.err or command == "plan"


def test_a_push_with_a_token_that_is_over_names_the_right_and_the_command(project: Project, host: Host):
    project.on_read[2] = lambda: setattr(host, "token", "another")  # after the branch was fetched
    done = project.run("apply", DNC_GIT_TOKEN=CANARY)
    assert done.code == 9
    assert silent(done)
    assert "the remote refuses our credentials" in done.err
    assert "a project access token with write_repository in DNC_GIT_TOKEN" in done.err
    assert "; then run `dnc audit push` in this clone" in done.err
    again = project.run("audit", "push", DNC_GIT_TOKEN=CANARY)
    assert again.code == 9
    assert "write_repository in DNC_GIT_TOKEN" in again.err
    assert "dnc audit push" not in again.err


def test_a_crash_repeats_it_no_more_than_any_secret(project: Project, host: Host, monkeypatch):
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr("reconciler.use_cases.reconcile.prepared_plan.make_plan", broken)
    done = project.run("apply", DNC_GIT_TOKEN=CANARY)
    assert done.code == 1
    assert silent(done)
    with pytest.raises(AssertionError) as caught:  # by a traceback, which --verbose asks for
        project.run("apply", "--verbose", DNC_GIT_TOKEN=CANARY)
    shown = str(caught.value)
    assert "RuntimeError: broken" in shown
    assert CANARY not in shown
    assert SECRET not in shown


def test_it_does_not_follow_a_redirect_to_another_host(project: Project, host: Host):
    with hosting(project.origin.parent, CANARY) as other:
        host.elsewhere = other.url
        done = project.run("apply", DNC_GIT_TOKEN=CANARY)
        assert done.code == 4
        assert silent(done)
        assert host.expected in {given for _, given in host.asked}
        assert {given for _, given in other.asked} <= {""}


def test_it_stands_in_for_what_a_runner_wrote_into_the_address(project: Project, host: Host):
    """A pipeline's clone has the job's own token in its address, which may not push."""
    address = host.url.replace("http://", "http://gitlab-ci-token:job-token@")
    project.git("remote", "set-url", "origin", f"{address}/{project.origin.name}")
    project.apply(DNC_GIT_TOKEN=CANARY)
    assert {given for _, given in host.asked} == {host.expected}
