"""The README's first merge request, done as it is written there, on the built-in CXone."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.pages import ROOT, blocks

BLOCKS = blocks(ROOT / "README.md")


@pytest.fixture
def clone(tmp_path):
    """Give a repository with this one's lists and configuration, and a way to run commands in it."""
    for name in ("dnc.yaml", "dnc-lists"):
        source = ROOT / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, tmp_path / name)
    environ = {k: v for k, v in os.environ.items() if not k.startswith(("CI", "GIT_", "CXONE"))} | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_AUTHOR_NAME": "Ana Lyst", "GIT_AUTHOR_EMAIL": "ana@example.org",
        "GIT_COMMITTER_NAME": "Ana Lyst", "GIT_COMMITTER_EMAIL": "ana@example.org",
    }  # fmt: skip

    def run(*lines: str, code: int = 0) -> str:
        done = subprocess.run(
            ["bash", "-euc", "\n".join(lines)], cwd=tmp_path, env=environ,
            stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout

    run("git init -q -b main", "git add -A", "git commit -qm lists", "dnc apply --yes")
    return tmp_path, run


def block(language: str, having: str) -> tuple[str, ...]:
    found = [b.lines for b in BLOCKS if b.language == language and any(having in line for line in b.lines)]
    assert len(found) == 1
    return found[0]


def write(folder: Path, lines: tuple[str, ...]) -> None:
    (folder / lines[0].removeprefix("# ")).write_text("\n".join(lines) + "\n", encoding="utf-8")


def test_a_number_goes_on(clone):
    folder, run = clone
    write(folder, block("yaml", "# dnc-lists/intake-2026-11.yaml"))
    assert "1 to add" in run(*block("bash", "git switch -c"))
    told = run(*block("bash", "git merge"))
    assert "sandbox: complete: 1 added" in told
    assert "report 2 of sandbox: complete" in told


def test_a_release_lets_a_number_off_by_hand(clone):
    folder, run = clone
    write(folder, block("yaml", "# dnc-lists/releases-2026-11.yaml"))
    company = folder / "dnc-lists" / "company.yaml"
    entry = '  - phone: "+12125550123"\n    requestedOn: 2026-11-02\n    evidence: CALL-8831\n'
    text = company.read_text(encoding="utf-8")
    assert entry in text
    company.write_text(text.replace(entry, ""), encoding="utf-8")
    assert "1 to remove by hand" in run("dnc plan")
    (folder / "dnc-lists" / "releases-2026-11.yaml").unlink()
    assert "1 blocked" in run("dnc plan", code=6)
