"""Real git for tests: a bare origin, clones, commits; no identity, no HOME, no machine's configuration."""

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

BARE = {
    "PATH": os.environ.get("PATH", os.defpath),
    "HOME": "/nonexistent",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "LC_ALL": "C",
}
_WHO = {
    f"GIT_{role}_{what}": value
    for role in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "Ann Analyst"), ("EMAIL", "ann@example.com"))
}


def run(folder: Path, *arguments: str, stdin: bytes | None = None) -> str:
    """Run git as a person would, with a name; return what it printed."""
    done = subprocess.run(
        ["git", "-C", str(folder), *arguments],
        env=BARE | _WHO,
        input=stdin,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode("utf-8", "surrogateescape").strip()


@dataclass(frozen=True)
class Clone:
    """A clone with a working tree."""

    folder: Path

    def git(self, *arguments: str) -> str:
        return run(self.folder, *arguments)

    def write(self, files: Mapping[str, str | None]) -> None:
        """Write files; None takes one away."""
        for name, content in files.items():
            path = self.folder / name
            if content is None:
                path.unlink()
            else:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(content, encoding="utf-8")

    def commit(self, files: Mapping[str, str | None], message: str = "change") -> str:
        """Write files and commit them; return the commit."""
        self.write(files)
        self.git("add", "--all", "--force", "--", *files)
        self.git("commit", "--quiet", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")

    def history(self, path: str, count: int) -> list[str]:
        """Commit a file many times, on the checked-out branch; return the commits, oldest first."""
        branch, tip = self.git("symbolic-ref", "HEAD"), self.git("rev-parse", "HEAD")
        start = f"from {tip}\n"
        lines = [
            f"commit {branch}\ncommitter Ann Analyst <ann@example.com> {1_800_000_000 + n} +0000\n"
            f"data 1\nc\n{start if n == 0 else ''}"
            f"M 100644 inline {path}\ndata {len(str(n))}\n{n}\n"
            for n in range(count)
        ]
        run(self.folder, "fast-import", "--quiet", stdin="".join(lines).encode())
        self.git("reset", "--quiet", "--hard")
        return self.git("rev-list", "--reverse", f"--max-count={count}", "HEAD").split()

    def push(self, *refs: str) -> None:
        self.git("push", "--quiet", "origin", *(refs or ("HEAD",)))


@dataclass(frozen=True)
class Origin:
    """A bare repository that clones push to."""

    folder: Path

    @property
    def url(self) -> str:
        return f"file://{self.folder}"

    def git(self, *arguments: str, stdin: bytes | None = None) -> str:
        return run(self.folder, *arguments, stdin=stdin)

    def clone(self, folder: Path, *options: str) -> Clone:
        """Clone, as `git clone` does with these options."""
        run(self.folder, "clone", "--quiet", "--template=", *options, self.url, str(folder))
        return Clone(folder)

    def job(self, folder: Path, depth: int = 20, ref: str = "main") -> Clone:
        """Check out as a pipeline's runner does: shallow, detached, one branch."""
        folder.mkdir()
        clone = Clone(folder)
        clone.git("init", "--quiet", "--template=")
        clone.git("remote", "add", "origin", self.url)
        spec = f"+refs/heads/{ref}:refs/remotes/origin/{ref}"
        clone.git("fetch", "--quiet", "--no-tags", f"--depth={depth}", "origin", spec)
        clone.git("checkout", "--quiet", "--detach", f"origin/{ref}")
        return clone

    def hook(self, name: str, script: str) -> None:
        path = self.folder / "hooks" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)


def bare_origin(folder: Path, *, push_options: bool = False) -> Origin:
    """Make a bare repository whose HEAD names main; it takes push options only if told to, as git's own."""
    folder.mkdir(parents=True)
    run(folder, "init", "--quiet", "--template=", "--bare", "--initial-branch=main")
    if push_options:
        run(folder, "config", "receive.advertisePushOptions", "true")
    return Origin(folder)


def new_clone(folder: Path) -> Clone:
    """Make a repository of its own, without a remote, on main."""
    folder.mkdir(parents=True)
    run(folder, "init", "--quiet", "--template=", "--initial-branch=main")
    return Clone(folder)
