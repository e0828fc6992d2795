"""The whole story, as a newcomer would run it, and the picture of it in the README."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from script.recording import picture, settled

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("dialect", ["entries", "dnc-groups"])
def test_the_demo_tells_the_whole_story_and_leaves_the_clone_clean(tmp_path, dialect) -> None:
    tools = str(Path(sys.executable).parent)
    environ = {"PATH": f"{tools}:{os.environ['PATH']}", "HOME": str(tmp_path), "TMPDIR": str(tmp_path)}
    environ |= dict.fromkeys(
        ("HTTP_PROXY", "http_proxy", "ALL_PROXY"), "http://127.0.0.1:9"
    )  # nobody answers
    before = subprocess.run(
        ["git", "status", "--porcelain"], cwd=ROOT, capture_output=True, check=True
    ).stdout
    told = subprocess.run(
        [sys.executable, "script/story.py", "--dialect", dialect],
        cwd=ROOT,
        env=environ,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert told.returncode == 0, told.stdout + told.stderr
    assert "10,201 rows live: 10,199 as in git, 1 added by others, 1 blocked" in told.stdout
    assert "write requests: 0, new audit commits: 0" in told.stdout
    if dialect == "entries":
        drawn = (ROOT / "docs" / "demo.svg").read_text(encoding="utf-8")
        assert settled(picture(told.stdout)) == settled(drawn), "run script/record, and commit what it draws"
    after = subprocess.run(["git", "status", "--porcelain"], cwd=ROOT, capture_output=True, check=True).stdout
    assert after == before
    assert list(tmp_path.iterdir()) == []
