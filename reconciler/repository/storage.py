"""Where a clone keeps things below .git, and whether it takes more of them."""

import os
import tempfile
from pathlib import Path

from reconciler.model.errors import RepositoryProblem
from reconciler.repository.git import Git, text

FOLDER = "dnc"  # our own, beside git's: locks and journals, which no commit and no `git clean` touches


def common_folder(git: Git) -> Path:
    """Name the .git folder that all worktrees of this clone share."""
    return Path(text(git.run("rev-parse", "--path-format=absolute", "--git-common-dir")).removesuffix("\n"))


def demand_writable(git: Git) -> None:
    """RepositoryProblem where git could not add objects, move a branch or build a commit.

    Tried with a file, because permissions tell nothing of a full disk, a quota or a read-only mount.
    """
    inside = common_folder(git)
    for folder in (inside / "objects", inside / "refs" / "heads", _temporary()):
        try_writing(folder)


def try_writing(folder: Path) -> None:
    """Write a file into a folder and take it away; RepositoryProblem where that fails."""
    try:
        with tempfile.NamedTemporaryFile(dir=folder, prefix="dnc-try-") as tried:
            tried.write(b"\0" * 4096)
            tried.flush()
            os.fsync(tried.fileno())
    except OSError as error:
        raise cannot_write(folder, error) from error


def cannot_write(path: Path, error: OSError) -> RepositoryProblem:
    """Say that something below .git, or the folder for temporary files, takes nothing more."""
    return RepositoryProblem(
        f"cannot be written: {error.strerror or type(error).__name__}",
        "free space there, and let this user write into it",
        where=str(path),
    )


def no_temporary_files(what: str, error: OSError) -> RepositoryProblem:
    """Say that something that needs temporary files cannot be made."""
    return RepositoryProblem(
        f"{what} cannot be made among the temporary files: {error.strerror or type(error).__name__}",
        "free space there, or set TMPDIR to a folder that can be written",
    )


def _temporary() -> Path:
    try:
        return Path(tempfile.gettempdir())
    except OSError as error:
        raise RepositoryProblem(
            "there is no folder for temporary files that can be written",
            "set TMPDIR to one that can",
        ) from error
