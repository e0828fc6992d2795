"""What stdout and stderr cannot take: characters, a full disk, a pipe that was closed, nothing at all."""

import csv
import errno
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.cli.terminal import GuardedStream, escape_json, replace_unencodable
from tests.support.project import ROOT, Project, entry
from tests.support.sandbox import phone

A, B, C = (phone(n) for n in range(3))
ENCODINGS = ["ascii", "cp437", "cp932", "cp1252", "gbk", "iso8859-15", "utf-8"]
NAME = "vendor \u0142 \U0001f600 2026"  # in none of them but UTF-8


@pytest.fixture
def project(project: Project) -> Project:
    project.list(entry(A), name=NAME)
    project.apply()
    project.list(entry(B), name="more")
    return project


def printed(project: Project, encoding: str, *arguments: str, **environ: str) -> tuple[int, str, str]:
    """Call `dnc` with a stdout of this encoding, which is strict, as a pipe's is."""
    data, err = io.BytesIO(), io.StringIO()
    out = io.TextIOWrapper(data, encoding=encoding)
    code = project.run_into(out, err, *arguments, **environ)
    out.flush()
    assert "unexpected error" not in err.getvalue()
    return code, data.getvalue().decode(encoding), err.getvalue()


@given(st.text(), st.sampled_from(ENCODINGS))
def test_what_the_encoding_has_stays_and_the_rest_is_ascii(text, encoding):
    shown = replace_unencodable(text, encoding)
    shown.encode(encoding)
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        assert shown != text
    else:
        assert shown == text


@given(st.text(), st.sampled_from(ENCODINGS))
def test_json_says_the_same_in_every_encoding(text, encoding):
    shown = escape_json(json.dumps({text: [text]}, ensure_ascii=False), encoding)
    assert json.loads(shown.encode(encoding).decode(encoding)) == {text: [text]}


SHOWN = [
    ["plan"],
    ["drift"],
    ["status"],
    ["check", A],
    ["audit", "show"],
    ["audit", "list"],
    ["audit", "summary", "--format", "markdown"],
    ["audit", "export"],
    ["audit", "evidence"],
    ["rules"],
    ["add", "--help"],  # it has an ellipsis
]


@pytest.mark.parametrize("encoding", ["ascii", "cp437", "gbk"])
def test_a_character_that_cannot_be_shown_is_replaced(project: Project, encoding):
    for arguments in SHOWN:
        usual = project.run(*arguments)
        code, shown, err = printed(project, encoding, *arguments)
        assert code == usual.code
        assert len(shown.splitlines()) == len(usual.out.splitlines()) > 0
        assert len(err.splitlines()) == len(usual.err.splitlines())


def test_a_masked_number_and_a_files_name_can_be_read(project: Project):
    assert f"{B[:2]} {B[2:5]} *** **{B[-2:]}" in printed(project, "cp437", "plan")[1]
    code, shown, _ = printed(project, "cp1252", "check", A)
    assert code == 0
    assert r"vendor \u0142 \U0001f600 2026.yaml" in shown


JSON = [
    ["plan"],
    ["plan", "--tenant", "nobody \u0142"],
    ["check", A],
    ["validate"],
    ["audit", "show"],
    ["audit", "export"],
    ["audit", "evidence"],
    ["ci", "tenants"],
]


@pytest.mark.parametrize("encoding", ["ascii", "cp437", "gbk"])
def test_json_stays_valid_and_says_the_same(project: Project, encoding):
    changing = {"created_at", "live", "as_of"}  # moments and ages
    for arguments in JSON:
        usual = project.run(*arguments, "--format", "json")
        code, shown, _ = printed(project, encoding, *arguments, "--format", "json")
        assert code == usual.code
        first, second = (
            {k: v for k, v in json.loads(t).items() if k not in changing} for t in (shown, usual.out)
        )
        assert first == second


def test_files_are_utf_8_whatever_the_terminal_is(project: Project):
    code, _, _ = printed(project, "cp437", "plan", "-o", "plan.json", "--report", "markdown=plan.md")
    assert code == 0
    assert "\u2022" in (project.folder / "plan.md").read_text(encoding="utf-8")
    assert json.loads((project.folder / "plan.json").read_bytes())["changes"][0]["phones"] == [B]
    assert printed(project, "cp437", "audit", "export", "-o", "changes.csv")[0] == 0
    with (project.folder / "changes.csv").open(encoding="utf-8") as file:
        assert next(csv.DictReader(file))["phone"] == A


def process(
    project: Project, *arguments: str, shell: str, **environ: str
) -> subprocess.CompletedProcess[bytes]:
    """Call `dnc` by a shell that redirects it: `shell` has `dnc` in the place of the call."""
    program = project.folder.parent / "dnc"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m reconciler.cli.main "$@"\n')
    program.chmod(0o755)
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", shell.replace("dnc", f'{program} "$@"'), "bash", *arguments],
        cwd=project.folder,
        env={**project.environment(), "PYTHONPATH": str(ROOT), **environ},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    for said in (b"Traceback", b"unexpected error", b"Exception ignored"):
        assert said not in done.stderr, done.stderr
    return done


@pytest.mark.parametrize(
    "environ",
    [{"PYTHONIOENCODING": "cp437"}, {"LC_ALL": "C"}, {"LC_ALL": "POSIX"}],
    ids=str,
)
def test_as_a_process_of_its_own(project: Project, environ):
    for arguments, code in ((["plan"], 0), (["plan", "--tenant", NAME], 4)):
        done = process(project, *arguments, shell="dnc", **environ)
        assert done.returncode == code, done.stderr


FULL = pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")


USUAL = [(["--version"], 0), (["plan", "--help"], 0), (["plan", "--format", "json"], 0), (["check", C], 3)]


@FULL
def test_a_full_output_is_said(project: Project):
    for arguments, usual in USUAL:
        assert process(project, *arguments, shell="dnc > /dev/null").returncode == usual
        done = process(project, *arguments, shell="dnc > /dev/full")
        assert done.returncode == 4
        assert b"error: the output cannot be written: No space left on device" in done.stderr


def test_a_closed_output_is_said(project: Project):
    for arguments, _ in USUAL:
        done = process(project, *arguments, shell="dnc >&-")
        assert done.returncode == 4
        assert b"error: the output cannot be written: it is closed" in done.stderr


def test_a_closed_pipe_ends_quietly_with_the_usual_code(project: Project):
    for arguments, usual in [*USUAL, (["nonsense"], 2), (["plan", "--tenant", "x"], 4)]:
        assert process(project, *arguments, shell="dnc 2>&1 | head -0").returncode == usual
    quiet = process(project, "plan", shell="dnc | head -0")
    assert (quiet.returncode, b"output" in quiet.stderr) == (0, False)


@FULL
@pytest.mark.parametrize("shell", ["dnc 2> /dev/full", "dnc 2>&- <&-"])
def test_stderr_that_takes_nothing_changes_no_code(project: Project, shell):
    assert process(project, "plan", "--verbose", shell=shell).returncode == 0
    assert process(project, "plan", "--tenant", "nobody", shell=shell).returncode == 4


@FULL
@pytest.mark.parametrize("shell", ["dnc > /dev/full", "dnc >&-", "dnc > /dev/full 2>&1", "dnc >&- 2>&- <&-"])
@pytest.mark.parametrize("form", ["text", "json"])
def test_an_apply_is_recorded_whatever_takes_its_output(project: Project, shell, form):
    done = process(project, "apply", "--yes", "--format", form, shell=shell)
    assert done.returncode == 4
    assert set(project.live()) == {A, B}
    assert project.newest["status"] == "complete"
    if b"error:" in done.stderr:
        assert b"`dnc audit show` shows what this run did" in done.stderr


def test_an_apply_into_a_closed_pipe_is_recorded(project: Project):
    assert process(project, "apply", "--yes", shell="dnc 2>&1 | head -0").returncode == 0
    assert set(project.live()) == {A, B}
    assert project.newest["status"] == "complete"


@FULL
def test_a_graver_code_stays(project: Project):
    project.sandbox.conduct.refused = {C: "INVALID"}
    project.list(entry(B, C), name="more")
    assert process(project, "apply", "--yes", shell="dnc > /dev/full").returncode == 8


def test_no_file_gets_the_number_of_a_closed_stream(project: Project):
    """A file that is opened gets the lowest free number: what is printed must not be written into it."""
    done = process(project, "apply", "--yes", "--tenant", "toy", "--verbose", shell="dnc <&- >&- 2>&-")
    assert done.returncode == 4
    assert process(project, "plan", "--tenant", "toy", shell="dnc").returncode == 0
    assert project.git("fsck", "--strict") == ""


FILES = [
    ["plan", "-o", "/dev/full"],
    ["plan", "--report", "markdown=/dev/full"],
    ["validate", "--report", "junit=/dev/full"],
    ["check", A, "--at", "2026-11-23T12:00Z", "--report", "html=/dev/full"],
    ["audit", "export", "-o", "/dev/full"],
    ["audit", "evidence", "-o", "/dev/full"],
    ["export", "--list", "dnc-list-01", "-o", "/dev/full"],
    ["ci", "tenants", "-o", "/dev/full"],
    ["ci", "gather", "-o", "/dev/full"],
]


@FULL
def test_a_file_on_a_full_disk_is_said(project: Project):
    for arguments in FILES:
        done = project.run(*arguments)
        assert done.code == 4, arguments
        assert done.err.count("/dev/full: cannot be written: No space left on device") == 1
        assert "another file" in done.err


@FULL
def test_an_error_is_said_beside_a_file_that_cannot_be_written(project: Project):
    done = project.run("plan", "-o", "/dev/full", "--format", "json", CXONE_CLIENT_SECRET="wrong")
    assert done.code == 5
    assert done.json["errored"] is True
    assert "/dev/full: cannot be written" in done.err
    assert "fix: check" in done.err
    done = project.run("plan", "-o", "no/such/plan.json", "--format", "json", CXONE_CLIENT_SECRET="wrong")
    assert done.code == 5


def test_the_first_error_is_kept_and_nothing_follows_it():
    class Full(io.StringIO):
        def write(self, text: str) -> int:
            if "full" in text:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return super().write(text)

    stream = Full()
    guarded = GuardedStream(stream)
    for text in ("one", "full", "two"):
        assert guarded.write(text) == len(text)
    guarded.flush()
    assert stream.getvalue() == "one"
    assert guarded.error is not None
    assert guarded.error.errno == errno.ENOSPC
