"""Runs what the pages show: `dnc` in this process, everything else by a shell, in one scratch repository."""

import shlex
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from tests.docs.pages import blocks
from tests.support.project import Project

_IDENTITY = {
    "GIT_AUTHOR_NAME": "Ana Lyst",
    "GIT_AUTHOR_EMAIL": "ana@example.org",
    "GIT_COMMITTER_NAME": "Ana Lyst",
    "GIT_COMMITTER_EMAIL": "ana@example.org",
}


@dataclass
class Shell:
    """Where the commands of a page are typed: by somebody, or in a pipeline's job."""

    project: Project
    pipeline: bool = False
    said: list[str] = field(default_factory=list)

    def run(self, line: str) -> int:
        """Run one line; what it printed is kept."""
        words = shlex.split(line)
        if words[0] == "cd":
            self.project.folder = self.project.folder / words[1]
            return 0
        if words[0] == "dnc":
            done = self.project.run(*words[1:], CI="true" if self.pipeline else "")
            self.said += [*done.out.splitlines(), *done.err.splitlines()]
            return done.code
        environ = {**self.project.environment(), **_IDENTITY}
        shell = subprocess.run(
            ["bash", "-euc", line], cwd=self.project.folder, env=environ,
            stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
        )  # fmt: skip
        self.said += [*shell.stdout.splitlines(), *shell.stderr.splitlines()]
        return shell.returncode


def shown(page: Path) -> list[tuple[str, tuple[str, ...]]]:
    """Give a page's bash blocks, cut into commands, and the text blocks that show what they print."""
    found = []
    for block in blocks(page):
        if block.language == "bash":
            text = "\n".join(block.lines).replace("\\\n", "")
            lines = (line.partition("  #")[0].strip() for line in text.splitlines())
            found.append(("bash", tuple(line for line in lines if line and not line.startswith("#"))))
        elif block.language == "text":
            found.append(("text", block.lines))
    return found
