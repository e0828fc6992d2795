"""The audit branch in this clone: which of its reports may be believed, and how it moves."""

from collections.abc import Iterator

from reconciler.audit.belief import GOOD, Doubt, Signers
from reconciler.audit.own import Own
from reconciler.audit.port import GitPort
from reconciler.audit.report import sha256, tenant_of
from reconciler.model.errors import DncError

_AT_ONCE = 500  # paths in one call of git


class LocalBranch:
    """A branch of this clone that may be ahead of the remote's.

    A report that only this clone has counts where this clone remembers to have appended it, or where its
    commit has a good signature: anybody who can write to the clone could have committed it. Without a remote
    the branch itself is the record.
    """

    def __init__(self, git: GitPort, branch: str, folder: str, signers: Signers) -> None:
        self.branch = branch
        self.tip: str | None = None  # where it was when `vouched` looked
        self.foreign: tuple[str, ...] = ()  # the reports that nobody stands behind
        self._git = git
        self._folder = folder
        self._signers = signers
        self._own = Own(git.own_folder() / branch / folder / "appended")

    @property
    def doubt(self) -> Doubt:
        """Say that there are reports which nobody stands behind."""
        count = len(self.foreign)
        reports = "a report is" if count == 1 else f"{count} reports are"
        return Doubt(
            f"{reports} on the local branch {self.branch} and not at the remote; this clone does not remember"
            " to have appended it, and it has no good signature: not believed, and not pushed",
            self.branch,
        )

    def vouched(self, known: str | None) -> str | None:
        """Look where the branch is; give the commit up to which it counts, `known` being the remote's tip."""
        self.tip, self.foreign = self._git.branch_tip(self.branch), ()
        if self.tip is None or self.tip == known or self._git.remote() is None:
            return self.tip
        last = known
        added = list(self._appended(self.tip, known))
        for place, (commit, path, sha) in enumerate(added):
            if not (self._own.known(path, sha) or self._signed(commit)):
                self.foreign = tuple(path for _, path, _ in added[place:])
                return last
            last = commit
        return self.tip

    def move(self, to: str, known: str | None) -> bool:
        """Move the branch to a commit whose reports are ours; False when it is not where `vouched` saw it.

        What nobody stands behind stays on a branch beside it.
        """
        if to == self.tip:
            return True
        if self._git.remote() is not None:
            for _, path, sha in self._appended(to, known):
                self._own.add(path, sha)
        if self.foreign and self.tip:
            self._git.advance_branch(f"{self.branch}-doubtful-{self.tip[:12]}", self.tip, was=None)
        if not self._git.advance_branch(self.branch, to, was=self.tip):
            return False
        self.tip = to
        return True

    def forget(self, remote_tip: str) -> None:
        """Forget which reports this clone appended, as far as the remote has them."""
        paths = self._own.paths()
        for start in range(0, len(paths), _AT_ONCE):
            self._own.forget(self._git.listing(remote_tip, *paths[start : start + _AT_ONCE]))

    def _appended(self, tip: str, known: str | None) -> Iterator[tuple[str, str, str]]:
        """Give every report that a commit beyond the remote's tip added: commit, path, SHA-256 as added."""
        added = [
            (commit, path)
            for commit, status, path in self._git.log_changes(tip, beyond=known)
            if status == "A" and tenant_of(path, self._folder)
        ]
        blobs = self._git.listing(tip, self._folder) if added else {}
        now = self._git.read_blobs([blobs[path] for _, path in added if path in blobs])
        for commit, path in added:
            data = now.get(blobs.get(path, ""), b"")
            if not self._own.known(path, sha256(data)):  # a later commit may have changed it
                blob = self._git.listing(commit, path).get(path, "")
                data = self._git.read_blobs([blob])[blob] if blob else b""
            yield commit, path, sha256(data)

    def _signed(self, commit: str) -> bool:
        try:
            signers = self._signers()
            return signers is not None and self._git.signatures.among([commit], signers)[commit] == GOOD
        except DncError:
            return False  # what cannot be checked vouches for nothing
