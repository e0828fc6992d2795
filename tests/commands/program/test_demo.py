"""The whole story on the other dialect. tests/docs/test_readme_shell.py runs it as a newcomer would."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]


def assert_whole(told: str) -> None:
    """Demand what the story shows, whatever the dialect."""
    assert "10,201 rows live: 10,199 as in git, 1 added by others, 1 blocked" in told
    assert "write requests: 0, new audit commits: 0" in told
    assert "the whole story took" in told


def test_the_demo_tells_the_whole_story_and_leaves_the_clone_clean(tmp_path) -> None:
    tools = str(Path(sys.executable).parent)
    environ = {"PATH": f"{tools}:{os.environ['PATH']}", "HOME": str(tmp_path), "TMPDIR": str(tmp_path)}
    environ |= dict.fromkeys(
        ("HTTP_PROXY", "http_proxy", "ALL_PROXY"), "http://127.0.0.1:9"
    )  # nobody answers
    before = subprocess.run(
        ["git", "status", "--porcelain"], cwd=ROOT, capture_output=True, check=True
    ).stdout
    told = subprocess.run(
        [sys.executable, "script/story.py", "--dialect", "dnc-groups"],
        cwd=ROOT,
        env=environ,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert told.returncode == 0, told.stdout + told.stderr
    assert_whole(told.stdout)
    after = subprocess.run(["git", "status", "--porcelain"], cwd=ROOT, capture_output=True, check=True).stdout
    assert after == before
    assert list(tmp_path.iterdir()) == []
