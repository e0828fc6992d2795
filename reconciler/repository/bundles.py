"""A git bundle of a part of a branch: the same commits give the same bytes, with the same git and zlib."""

from datetime import datetime

from reconciler.model.errors import RepositoryProblem
from reconciler.repository.git import Git, reason

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
    def made_by(self) -> str:
        """Tell which git this is."""
        return self._git.line("version").removeprefix("git version ")

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
        return int(self._git.line("rev-list", "--count", "--end-of-options", *wanted, "--"))

    def make(self, branch: str, tip: str, base: str | None) -> bytes:
        """Pack these commits as `git bundle` would (gitformat-bundle), `tip` being that branch.

        `git bundle create` itself takes over what lies packed, so its bytes differ from clone to clone.
        """
        head = "# v2 git bundle\n" if len(tip) == _SHA1 else "# v3 git bundle\n@object-format=sha256\n"
        needs = f"-{base} \n" if base else ""
        wanted = f"{tip}\n" + (f"^{base}\n" if base else "")
        packed = self._git.run(*_PACK, stdin=wanted.encode())
        return f"{head}{needs}{tip} refs/heads/{branch}\n\n".encode() + packed

    def verify(self, file: str) -> None:
        """Let git verify a bundle that was written. RepositoryProblem where it does not hold."""
        said = self._git.ask("bundle", "verify", file)
        if said.code:
            fact = f"git does not verify the bundle: {reason(said.err)}"
            raise RepositoryProblem(fact, "check the disk, and make it again", where=file)
