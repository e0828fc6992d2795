"""Builds commits by plumbing: no working tree, no index, no identity and no hook is touched."""

import re
import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from reconciler.model.errors import RepositoryProblem
from reconciler.repository.git import Git, problem, raw

AUTHOR = ("dnc", "dnc@localhost")

# How `update-ref` says that somebody else was faster.
_OUTRUN = re.compile(r"but expected|reference already exists|File exists|unable to resolve reference")


def build(  # noqa: PLR0913  (a commit is made of these)
    git: Git,
    files: Mapping[str, bytes],
    message: str,
    *,
    parent: str | None,
    when: datetime,
    author: tuple[str, str] = AUTHOR,
    merged: Sequence[str] = (),
    onto: str | None = None,
) -> str:
    """Commit `files` (paths from the root) on top of `parent`; an orphan without one. Moves no ref.

    `merged` are further parents, and `onto` the tree that the files are put into; the parent's without it.
    """
    blobs = {path: git.line("hash-object", "-w", "--stdin", stdin=data) for path, data in files.items()}
    try:
        with tempfile.TemporaryDirectory(prefix="dnc-index-") as folder:
            tree = _tree(git, blobs, onto or parent, {"GIT_INDEX_FILE": str(Path(folder) / "index")})
    except OSError as error:
        raise RepositoryProblem(
            f"no index can be made among the temporary files: {error.strerror}",
            "free space there, or set TMPDIR to a folder that can be written",
        ) from error
    date = f"@{int(when.astimezone(UTC).timestamp())} +0000"
    who = {
        f"GIT_{role}_{what}": value
        for role in ("AUTHOR", "COMMITTER")
        for what, value in (("NAME", author[0]), ("EMAIL", author[1]), ("DATE", date))
    }
    parents = [word for sha in (parent, *merged) if sha for word in ("-p", sha)]
    return git.line("commit-tree", tree, *parents, stdin=f"{message}\n".encode(), environment=who)


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
