"""The audit branch in this clone: which of its reports this clone appended, and how the branch moves."""

import os
from collections.abc import Container, Iterator
from contextlib import suppress
from pathlib import Path

from reconciler.audit.report_files import sha256, tenant_of_path
from reconciler.audit.trust import GOOD, Doubt, Signers
from reconciler.core.model.errors import DncError, RepositoryProblem
from reconciler.git.repository import Repository


class AppendedReports:
    """A file for each report that this clone appended, named by its SHA-256; its path on the branch inside.

    A file each, because runs of several tenants may write at the same time.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def add(self, path: str, sha256: str) -> None:
        """Remember a report that is about to be committed; on disk when it returns. RepositoryProblem."""
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            file = os.open(self._folder / sha256, os.O_WRONLY | os.O_TRUNC | os.O_CREAT, 0o600)
            try:
                os.write(file, path.encode())
                os.fsync(file)
            finally:
                os.close(file)
        except OSError as error:
            raise RepositoryProblem(
                f"what this clone has reported cannot be kept: {error.strerror or type(error).__name__}",
                "free space there, and let this user read and write it",
                where=str(self._folder),
            ) from error

    def has(self, path: str, sha256: str) -> bool:
        """Tell whether this clone appended a report with these bytes there."""
        try:
            return (self._folder / sha256).read_bytes() == path.encode()
        except OSError:
            return False  # what cannot be read vouches for nothing

    def paths(self) -> list[str]:
        """Name the reports that are remembered, by their paths."""
        with suppress(OSError):
            return [file.read_bytes().decode(errors="replace") for file in self._folder.iterdir()]
        return []

    def forget(self, pushed_paths: Container[str]) -> None:
        """Forget the reports that were seen at the remote, by their paths."""
        with suppress(OSError):
            for file in self._folder.iterdir():
                if file.read_bytes().decode(errors="replace") in pushed_paths:
                    file.unlink(missing_ok=True)


_AT_ONCE = 500  # paths in one call of git


class LocalBranch:
    """A branch of this clone that may be ahead of the remote's.

    A report that only this clone has counts where this clone remembers to have appended it, or where its
    commit has a good signature: anybody who can write to the clone could have committed it. Without a remote
    the branch itself is the record.
    """

    def __init__(self, git: Repository, branch: str, folder: str, signers: Signers) -> None:
        self.branch = branch
        self.tip: str | None = None  # where it was when `vouched` looked
        self.unvouched: tuple[str, ...] = ()  # the reports that nobody stands behind
        self._git = git
        self._folder = folder
        self._signers = signers
        self._appended_reports = AppendedReports(git.own_folder() / branch / folder / "appended")

    @property
    def doubt(self) -> Doubt:
        """Say that there are reports which nobody stands behind."""
        count = len(self.unvouched)
        reports = "a report is" if count == 1 else f"{count} reports are"
        return Doubt(
            f"{reports} on the local branch {self.branch} and not at the remote; this clone does not remember"
            " to have appended it, and it has no good signature: not believed, and not pushed",
            self.branch,
        )

    def vouched_tip(self, remote_tip: str | None) -> str | None:
        """Look where the branch is; give the commit up to which it counts. `remote_tip` is the remote's."""
        self.tip, self.unvouched = self._git.branch_tip(self.branch), ()
        if self.tip is None or self.tip == remote_tip or self._git.remote() is None:
            return self.tip
        last = remote_tip
        reports = list(self._reports_beyond(self.tip, remote_tip))
        for place, (commit, path, sha) in enumerate(reports):
            if not (self._appended_reports.has(path, sha) or self._has_good_signature(commit)):
                self.unvouched = tuple(path for _, path, _ in reports[place:])
                return last
            last = commit
        return self.tip

    def move(self, to: str, remote_tip: str | None) -> bool:
        """Move the branch to a commit whose reports are ours; False if it is not where `vouched_tip` saw it.

        What nobody stands behind stays on a branch beside it.
        """
        if to == self.tip:
            return True
        if self._git.remote() is not None:
            for _, path, sha in self._reports_beyond(to, remote_tip):
                self._appended_reports.add(path, sha)
        if self.unvouched and self.tip:
            self._git.advance_branch(f"{self.branch}-doubtful-{self.tip[:12]}", self.tip, was=None)
        if not self._git.advance_branch(self.branch, to, was=self.tip):
            return False
        self.tip = to
        return True

    def forget(self, remote_tip: str) -> None:
        """Forget which reports this clone appended, as far as the remote has them."""
        paths = self._appended_reports.paths()
        for start in range(0, len(paths), _AT_ONCE):
            self._appended_reports.forget(self._git.listing(remote_tip, *paths[start : start + _AT_ONCE]))

    def _reports_beyond(self, tip: str, remote_tip: str | None) -> Iterator[tuple[str, str, str]]:
        """Give every report that a commit beyond the remote's tip added: commit, path, SHA-256 as added."""
        added = [
            (commit, path)
            for commit, status, path in self._git.log_changes(tip, beyond=remote_tip)
            if status == "A" and tenant_of_path(path, self._folder)
        ]
        blobs = self._git.listing(tip, self._folder) if added else {}
        current_data = self._git.read_blobs([blobs[path] for _, path in added if path in blobs])
        for commit, path in added:
            data = current_data.get(blobs.get(path, ""), b"")
            # A later commit may have changed it.
            if commit != tip and not self._appended_reports.has(path, sha256(data)):
                blob = self._git.listing(commit, path).get(path, "")
                data = self._git.read_blobs([blob])[blob] if blob else b""
            yield commit, path, sha256(data)

    def _has_good_signature(self, commit: str) -> bool:
        try:
            signers = self._signers()
            return (
                signers is not None
                and self._git.signatures.letters_of_commits([commit], signers)[commit] == GOOD
            )
        except DncError:
            return False  # what cannot be checked vouches for nothing
