"""Builds commits by plumbing: no working tree, no index, no identity and no hook is touched."""

import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from reconciler.repository.git import Git, problem, raw
from reconciler.repository.storage import no_temporary_files

AUTHOR = ("dnc", "dnc@localhost")

# How `update-ref` says that somebody else was faster.
_OUTRUN = re.compile(r"but expected|reference already exists|File exists|unable to resolve reference")


@dataclass(frozen=True, slots=True)
class Made:
    """What a commit says besides its files. Without a parent it is an orphan; `merged` are further ones."""

    message: str
    parent: str | None
    when: datetime
    author: tuple[str, str] = AUTHOR
    merged: Sequence[str] = ()


class Signed(Protocol):
    """Runs `git commit-tree` so that the commit is signed; None where it could not."""

    def __call__(
        self, arguments: Sequence[str], *, stdin: bytes, environment: Mapping[str, str]
    ) -> str | None:
        """Make the commit."""
        ...


def build(
    git: Git, files: Mapping[str, bytes], made: Made, *, onto: str | None = None, signed: Signed | None = None
) -> str:
    """Commit `files` (paths from the root), signed if that can be done. Moves no ref.

    `onto` is the tree that the files are put into; the parent's without it.
    """
    blobs = {path: git.line("hash-object", "-w", "--stdin", stdin=data) for path, data in files.items()}
    try:
        with tempfile.TemporaryDirectory(prefix="dnc-index-") as folder:
            tree = _tree(git, blobs, onto or made.parent, {"GIT_INDEX_FILE": str(Path(folder) / "index")})
    except OSError as error:
        raise no_temporary_files("an index", error) from error
    date = f"@{int(made.when.astimezone(UTC).timestamp())} +0000"
    who = {
        f"GIT_{role}_{what}": value
        for role in ("AUTHOR", "COMMITTER")
        for what, value in (("NAME", made.author[0]), ("EMAIL", made.author[1]), ("DATE", date))
    }
    parents = [word for sha in (made.parent, *made.merged) if sha for word in ("-p", sha)]
    message = f"{made.message}\n".encode()
    sha = signed((tree, *parents), stdin=message, environment=who) if signed else None
    return sha or git.line("commit-tree", tree, *parents, stdin=message, environment=who)


def _tree(git: Git, blobs: Mapping[str, str], onto: str | None, index: Mapping[str, str]) -> str:
    git.run("read-tree", onto or "--empty", environment=index)
    lines = b"".join(f"100644 {sha}\t".encode() + raw(path) + b"\0" for path, sha in blobs.items())
    git.run("update-index", "-z", "--index-info", stdin=lines, environment=index)
    return git.line("write-tree", environment=index)


def move_ref(git: Git, ref: str, to: str, *, was: str | None, why: str) -> bool:
    """Move a ref from `was` (None: it must not exist) to `to`; False if it is not there any more."""
    said = git.ask("update-ref", "-m", why, ref, to, was or "0" * len(to))
    if said.code == 0:
        return True
    if _OUTRUN.search(said.err):
        return False
    raise problem("update-ref", said)
