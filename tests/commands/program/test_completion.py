"""Completion, as bash asks for it: through the script that `--show-completion` prints."""

import os
import shutil
import subprocess
import sys

import pytest

from tests.support.project import ROOT, Project, entry
from tests.support.sandbox import phone


@pytest.fixture(scope="module")
def script() -> str:
    """The script that a user's bash loads."""
    return _dnc("--show-completion", _TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION="1", name="bash")


def _dnc(*arguments: str, name: str = "", **variables: str) -> str:
    command = [sys.executable, "-m", "reconciler.cli.main", *arguments, *([name] if name else [])]
    environ = {**os.environ, **variables, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=True)
    return done.stdout


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not on this machine")
@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("dnc pl", ["plan"]),
        ("dnc audit ver", ["verify"]),
        ("dnc plan --det", ["--detailed-exitcode"]),
        ("dnc add +12125550123 --reason COM", ["COMPANY_POLICY"]),
        ("dnc --tenant prod", ["production"]),
        ("dnc plan --tenant prod", ["production"]),
        ("dnc plan --tenant ", ["production", "toy"]),
        ("dnc plan --tenant nobody", []),
    ],
)
def test_bash_completes(project: Project, script, tmp_path, line, found):
    project.list(entry(phone(0)))
    dnc = tmp_path / "dnc"
    dnc.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m reconciler.cli.main "$@"\n')
    dnc.chmod(0o755)
    words = [*line.split(), *([""] if line.endswith(" ") else [])]
    asked = (
        f"{script}\nCOMP_WORDS=({' '.join(repr(word) for word in words)})\nCOMP_CWORD={len(words) - 1}\n"
        f'_dnc_completion "{dnc}"\nprintf "%s\\n" "${{COMPREPLY[@]}}"\n'
    )
    done = subprocess.run(
        ["bash", "-c", asked],
        cwd=project.folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert [word for word in done.stdout.splitlines() if word] == found, done.stderr


def test_a_folder_without_a_configuration_completes_to_nothing(tmp_path):
    environ = {"_DNC_COMPLETE": "complete_bash", "COMP_WORDS": "dnc --tenant p", "COMP_CWORD": "2"}
    command = [sys.executable, "-m", "reconciler.cli.main"]
    done = subprocess.run(
        command,
        cwd=tmp_path,
        env={**os.environ, **environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout.strip(), done.stderr) == ("", "")
