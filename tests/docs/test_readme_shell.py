"""The README, followed in one shell: its commands in their order, then its demo, in a fresh clone.

A newcomer types them one after the other, and each finds what those before it left. This is the one test that
installs: from the package index of whoever runs it, and from pip's cache, which script/setup has filled.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from script.recording import picture, settled
from tests.commands.program.test_demo import assert_whole
from tests.docs.pages import ROOT
from tests.docs.running import shown

README = ROOT / "README.md"
_PROJECT = "https://gitlab.example.com/compliance/my-lists.git"  # the README's empty project
_PATIENCE = 900  # seconds; it takes about one minute on an idle machine
_STEP = """
step() { eval "$1"; local code=$?; echo "$code $1" >> "$CODES"; }
"""
_IDENTITY = "[user]\n\tname = Ana Lyst\n\temail = ana@example.org\n[init]\n\tdefaultBranch = main\n"


def run(*command: object, folder: Path, data: bytes = b"") -> bytes:
    done = subprocess.run(
        [str(part) for part in command], cwd=folder, input=data, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """Clone this repository as it is in the working tree, with an origin of its own, on main."""
    run("git", "clone", "-q", "--bare", ROOT, tmp_path / "origin.git", folder=tmp_path)
    run("git", "clone", "-q", tmp_path / "origin.git", tmp_path / "clone", folder=tmp_path)
    clone = tmp_path / "clone"
    run("git", "checkout", "-q", "-B", "main", folder=clone)
    if changed := run("git", "diff", "--binary", "HEAD", folder=ROOT):
        run("git", "apply", "--index", folder=clone, data=changed)
        identity = ("-c", "user.name=Ana Lyst", "-c", "user.email=ana@example.org")
        run("git", *identity, "commit", "-qm", "changed", folder=clone)
    return clone


def environment(home: Path, bare: Path) -> dict[str, str]:
    """Give a newcomer's environment: no .venv is active, and packages come from where they come from here."""
    home.mkdir()
    (home / ".gitconfig").write_text(f'{_IDENTITY}[url "file://{bare}"]\n\tinsteadOf = {_PROJECT}\n')
    ours = Path(sys.executable).parent
    path = [folder for folder in os.environ["PATH"].split(os.pathsep) if Path(folder) != ours]
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("CI", "GIT_", "CXONE", "DNC_", "PYTEST", "VIRTUAL_ENV", "PYTHON"))
    }
    cache = run(sys.executable, "-m", "pip", "cache", "dir", folder=home).decode().strip()
    for settings in (".config/pip/pip.conf", ".pip/pip.conf"):
        if (file := Path.home() / settings).exists():
            kept.setdefault("PIP_CONFIG_FILE", str(file))
    return {
        **kept,
        "HOME": str(home),
        "PATH": os.pathsep.join(path),
        "PIP_CACHE_DIR": cache,
        "PIP_NO_COMPILE": "1",  # of forty packages that are not run here
        "CODES": str(home / "codes"),
    }


def steps(clone: Path) -> list[str]:
    """List the README's commands, and its demo after them all, in the clone."""
    lines = [line for kind, block in shown(README) if kind == "bash" for line in block]
    assert lines[0] == "python3 -m venv .venv && . .venv/bin/activate"
    # What is somebody's own, also in .venv, and what else a script might take for its own.
    lines.insert(1, "for folder in . .venv dnc-lists script ~; do echo mine > $folder/mine.txt; done")
    assert "| `script/demo` |" in README.read_text(encoding="utf-8")
    return [
        *lines,
        f"cd {clone}",
        "script/demo > ~/demo.txt",
        "script/reference --check",
        "dnc validate",
        "dnc plan",
    ]


def test_its_commands_work_in_one_shell_and_in_their_order(clone: Path, tmp_path: Path):
    home = tmp_path / "home"
    bare = tmp_path / "lists.git"
    run("git", "init", "-q", "--bare", "-b", "main", bare, folder=tmp_path)
    environ = environment(home, bare)
    commands = steps(clone)
    script = _STEP + "".join(f"step {_quoted(command)}\n" for command in commands)
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=clone,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=_PATIENCE,
        check=False,
    )
    codes = (home / "codes").read_text().splitlines()
    assert codes == [f"0 {command}" for command in commands], done.stdout
    story = (home / "demo.txt").read_text()
    assert_whole(story)
    drawn = (ROOT / "docs" / "demo.svg").read_text(encoding="utf-8")
    assert settled(picture(story)) == settled(drawn), "run script/record, and commit what it draws"
    kept = [clone, clone / ".venv", clone / "dnc-lists", clone / "script", home]
    assert [(folder / "mine.txt").read_text() for folder in kept] == ["mine\n"] * len(kept)
    left = run("git", "status", "--porcelain", folder=clone).decode().splitlines()
    assert left == ["?? dnc-lists/mine.txt", "?? mine.txt", "?? script/mine.txt"]
    assert (clone / ".venv/bin/dnc").exists()
    pushed = run("git", "branch", "--format=%(refname:short)", folder=bare).decode().split()
    assert pushed == ["intake", "main"]


def _quoted(command: str) -> str:
    assert "'" not in command
    return f"'{command}'"


@pytest.mark.parametrize("file", sorted(file.name for file in (ROOT / "script").iterdir() if file.is_file()))
def test_a_script_removes_nothing_of_yours(file):
    """What is made in a temporary folder goes with it; nothing else is removed, and no .venv is emptied."""
    text = (ROOT / "script" / file).read_text(encoding="utf-8")
    if file == "test":  # it made this folder itself, one line above, with a name that nobody else has
        own = (
            "  TMPDIR=$(mktemp -d /dev/shm/dnc-test.XXXXXX)\n"
            "  export TMPDIR\n"
            "  trap 'rm -rf \"$TMPDIR\"' EXIT\n"
        )
        assert own in text
        text = text.replace(own, "")
    if text.startswith("#!"):
        assert not re.search(
            r"\brm\b|\brmdir\b|--clear\b|\bmv\b|git clean|git checkout|find .* -delete", text
        )
    else:
        assert [line.strip() for line in text.splitlines() if re.search(r"rmtree|unlink|rmdir", line)] == (
            ["shutil.rmtree(folder)"] if file == "story.py" else []
        )
