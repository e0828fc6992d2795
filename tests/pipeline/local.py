"""The pipelines run for real, offline: gitlab-ci-local in a checkout, a bare origin behind an https address.

Found by trying with 4.73.0, 2026-11-23: it copies only what is committed, so a checkout is fresh and clean;
it warns on stdout before its JSON; it keeps `paths` as artifacts, not `reports`; jobs inherit the
environment; `retry`, `timeout` and `resource_group` do nothing.
"""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.project import ROOT, SECRET, Project

TOOL = ROOT / ".venv" / "gitlab-ci-local" / "node_modules" / ".bin" / "gitlab-ci-local"
HOST, PATH = "gitlab.example.com", "group/lists"
TOKEN = "a-push-token"
EVENTS = {
    "merge request": {
        "CI_PIPELINE_SOURCE": "merge_request_event",
        "CI_MERGE_REQUEST_IID": "3",
        "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
    },
    "main": {"CI_PIPELINE_SOURCE": "push"},
    "schedule": {"CI_PIPELINE_SOURCE": "schedule"},
}

# gitlab-ci-local copies files by rsync, in three ways; a machine without it gets these three.
_RSYNC = """\
#!/bin/sh
for last; do :; done
mkdir -p "$last"
case "$*" in *--delete-excluded*)
  cp -a .git "$last/" && git ls-files -z | xargs -0 cp -a --parents -t "$last"
  exit ;;
esac
parents=
while [ $# -gt 1 ]; do
  case "$1" in
    --exclude) shift ;;
    -*R*) parents=--parents ;;
    -*) ;;
    *) cp -a $parents "$1" "$last/" || exit ;;
  esac
  shift
done
"""


def why_not() -> str | None:
    """Say why nothing can be run here; None where it can."""
    if shutil.which("node") is None:
        return "node is not on this machine, so no pipeline is run with gitlab-ci-local"
    return (
        None if TOOL.exists() else "gitlab-ci-local is not installed: script/test installs it where node is"
    )


@dataclass(frozen=True)
class Ran:
    """What a pipeline came to: its exit code, what it printed, and where its jobs left what they made."""

    code: int
    said: str
    state: Path

    def artifact(self, job: str, name: str) -> Any:
        """Read a job's artifact: JSON."""
        return json.loads((self.state / "artifacts" / job / name).read_text())

    def report(self, job: str, name: str) -> Any:
        """Read a report of a job: JSON, from where it ran."""
        return json.loads((self.state / "builds" / job / name).read_text())


@dataclass
class Runner:
    """A machine that runs the pipelines of one project."""

    project: Project
    folder: Path
    environ: dict[str, str] = field(default_factory=dict)

    def set_up(self) -> None:
        """Make the machine: tools on its path, nobody's home, and the origin behind an https address."""
        tools = self.folder / "bin"
        tools.mkdir(parents=True)
        (self.folder / "home").mkdir()
        if shutil.which("rsync") is None:
            (tools / "rsync").write_text(_RSYNC)
            (tools / "rsync").chmod(0o755)
        config = self.folder / "gitconfig"
        addresses = [f"https://{who}{HOST}/{PATH}.git" for who in ("", f"oauth2:{TOKEN}@")]
        lines = "".join(f"\tinsteadOf = {address}\n" for address in addresses)
        config.write_text(f'[url "file://{self.project.origin}"]\n{lines}')
        self.environ = {
            "PATH": os.pathsep.join([str(tools), str(Path(sys.executable).parent), os.environ["PATH"]]),
            "HOME": str(self.folder / "home"),
            "GIT_CONFIG_GLOBAL": str(config),
            "GIT_CONFIG_NOSYSTEM": "1",
            "NO_COLOR": "1",
            "CXONE_ORG_ID": "sandbox",
            "CXONE_BASE_URL": self.project.url,
            "CXONE_CLIENT_ID": "dnc-tests",
            "CXONE_CLIENT_SECRET": SECRET,
            "DNC_GIT_TOKEN": TOKEN,
        }

    def checkout(self, name: str, branch: str, *options: str) -> Path:
        """Clone afresh, as a runner does."""
        there = self.folder / name
        self._run(
            ["git", "clone", "-q", *options, "-b", branch, f"https://{HOST}/{PATH}.git", str(there)],
            self.folder,
        )
        self._run(["git", "remote", "set-head", "origin", "main"], there)
        return there

    def jobs(self, event: str, checkout: Path) -> dict[str, str]:
        """List the pipeline's jobs, and when each runs."""
        said = self._local(event, checkout, "--list-json").stdout
        listed = json.loads(said[said.index("\n[") :])
        return {job["name"]: job["when"] for job in listed if job["when"] != "never"}

    def run(self, event: str, checkout: Path, **variables: str) -> Ran:
        """Run every job of the pipeline."""
        options = [part for name, value in variables.items() for part in ("--variable", f"{name}={value}")]
        done = self._local(event, checkout, *options)
        return Ran(done.returncode, done.stdout + done.stderr, checkout / ".gitlab-ci-local")

    def _local(self, event: str, checkout: Path, *options: str) -> subprocess.CompletedProcess[str]:
        said = {**EVENTS[event], "CI_SERVER_HOST": HOST, "CI_PROJECT_PATH": PATH}
        given = [part for name, value in said.items() for part in ("--variable", f"{name}={value}")]
        if event == "merge request":
            given += ["--unset-variable", "CI_COMMIT_BRANCH"]
        safe = ["--force-shell-executor", "--shell-isolation", "--no-artifacts-to-source", "--no-color"]
        return self._run(
            [str(TOOL), *safe, "--home", self.environ["HOME"], *given, *options], checkout, check=False
        )

    def _run(self, command: list[str], folder: Path, *, check=True) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            command,
            cwd=folder,
            env=self.environ,
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        assert not check or done.returncode == 0, done.stderr
        return done
