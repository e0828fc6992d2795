"""Where a clone keeps files below .git, and git bundles of a part of a branch."""

import os
import tempfile
from datetime import datetime
from pathlib import Path

from reconciler.core.model.errors import RepositoryProblem
from reconciler.git.runner import Git, error_line

FOLDER = "dnc"  # our own, beside git's: locks and journals, which no commit and no `git clean` touches


def demand_writable(git: Git) -> None:
    """RepositoryProblem where git could not add objects, move a branch or build a commit.

    Tried with a file, because permissions tell nothing of a full disk, a quota or a read-only mount.
    """
    for folder in (git.common_folder / "objects", git.common_folder / "refs" / "heads", _temporary_folder()):
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


def _temporary_folder() -> Path:
    try:
        return Path(tempfile.gettempdir())
    except OSError as error:
        raise RepositoryProblem(
            "there is no folder for temporary files that can be written",
            "set TMPDIR to one that can",
        ) from error


# Everything that decides how objects are packed is said here, so that no machine's configuration does.
_PACK = (
    *("pack-objects", "--revs", "--stdout", "--no-reuse-delta", "--no-reuse-object"),
    *("--threads=1", "--window=10", "--depth=50", "--compression=6"),
    *("--no-sparse", "--no-use-bitmap-index", "--delta-base-offset", "--quiet"),
)
_SHA1 = 40  # hexadecimal digits


class Bundles:
    """Makes and verifies bundles. Every error is a RepositoryProblem."""

    def __init__(self, git: Git) -> None:
        self._git = git

    @property
    def git_version(self) -> str:
        """Tell which git this is."""
        return self._git.run_line("version").removeprefix("git version ")

    def last_before(self, tip: str, moment: datetime) -> str | None:
        """Find the newest commit of a branch's own line from before a moment; None if there is none."""
        line = (
            self._git.run("log", "--first-parent", "--format=%H %ct", "--end-of-options", tip, "--")
            .decode()
            .splitlines()
        )
        end = moment.timestamp()
        return next((sha for sha, seconds in map(str.split, line) if int(seconds) < end), None)

    def commits(self, tip: str, base: str | None) -> int:
        """Count the commits of `tip` that `base` does not have."""
        wanted = (tip, *([f"^{base}"] if base else []))
        return int(self._git.run_line("rev-list", "--count", "--end-of-options", *wanted, "--"))

    def make(self, branch: str, tip: str, base: str | None) -> bytes:
        """Pack these commits as `git bundle` would (gitformat-bundle), `tip` being that branch.

        `git bundle create` itself takes over what lies packed, so its bytes differ from clone to clone.
        """
        head = "# v2 git bundle\n" if len(tip) == _SHA1 else "# v3 git bundle\n@object-format=sha256\n"
        needs = f"-{base} \n" if base else ""
        revisions = f"{tip}\n" + (f"^{base}\n" if base else "")
        packed = self._git.run(*_PACK, stdin=revisions.encode())
        return f"{head}{needs}{tip} refs/heads/{branch}\n\n".encode() + packed

    def verify(self, file: str) -> None:
        """Let git verify a bundle that was written. RepositoryProblem where it does not hold."""
        output = self._git.run_unchecked("bundle", "verify", file)
        if output.code:
            fact = f"git does not verify the bundle: {error_line(output.err)}"
            raise RepositoryProblem(fact, "check the disk, and make it again", where=file)
