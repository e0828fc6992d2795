"""What the ledger needs of git. Paths are named from the repository's root; commits by their full name."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Literal, Protocol


class CommitLike(Protocol):
    """A commit's moment (UTC) and message."""

    @property
    def when(self) -> datetime:
        """When it was made."""
        ...

    @property
    def message(self) -> str:
        """Its whole message."""
        ...


class SignaturesPort(Protocol):
    """Signatures on commits."""

    @property
    def failure(self) -> str:
        """Say why the last commit is not signed, although there is a key; empty: it is, or there is none."""
        ...

    def of(self, rev: str, signers: bytes) -> list[tuple[str, str]]:
        """Give every commit with git's letter for its signature, oldest first."""
        ...

    def among(self, commits: Sequence[str], signers: bytes) -> dict[str, str]:
        """Give git's letter for the signature of each of these commits."""
        ...


class GitPort(Protocol):
    """Git, as far as the ledger knows it. Raises RepositoryProblem."""

    @property
    def signatures(self) -> SignaturesPort:
        """Give what signs commits and checks them."""
        ...

    def own_folder(self) -> Path:
        """Give a folder of this clone alone, which no commit takes along."""
        ...

    def remote(self) -> str | None:
        """Name the remote; None without any."""
        ...

    def branch_tip(self, branch: str) -> str | None:
        """Tell where a local branch is."""
        ...

    def tracking_tip(self, branch: str) -> str | None:
        """Tell where the remote's branch was when it was last fetched or pushed."""
        ...

    def check_writable(self) -> None:
        """RepositoryProblem where it could not take a commit."""
        ...

    def checked_out_at(self, branch: str) -> str | None:
        """Name the folder in which a local branch is checked out."""
        ...

    def fetch_branch(self, branch: str, *, grows_only: bool = False) -> str | None:
        """Fetch a branch with its whole history; None if the remote has none; BrokenChain if rewritten."""
        ...

    def push_branch(self, branch: str, sha: str, *, skip_ci: bool = True) -> Literal["pushed", "outrun"]:
        """Push a commit as a branch, never by force."""
        ...

    def has_commit(self, sha: str) -> bool:
        """Tell whether this clone has the commit."""
        ...

    def is_ancestor(self, ancestor: str, commit: str) -> bool:
        """Tell whether `commit` contains `ancestor`."""
        ...

    def listing(self, rev: str, *paths: str) -> dict[str, str]:
        """List regular files below the paths: path to blob."""
        ...

    def read_blobs(self, shas: Sequence[str]) -> dict[str, bytes]:
        """Read blobs by their names."""
        ...

    def additions(self, rev: str, folder: str, *, limit: int, skip: int = 0) -> list[tuple[str, list[str]]]:
        """List commits that added files below a folder, newest first along the first parents."""
        ...

    def log_changes(
        self, rev: str, folder: str = "", *, beyond: str | None = None, last: int | None = None
    ) -> list[tuple[str, str, str]]:
        """List (commit, status letter, path) of every commit, oldest first, merges against each parent.

        `last` bounds how many of the newest are looked at, where none is a merge.
        """
        ...

    def describe(self, rev: str) -> CommitLike:
        """Read a commit's moment and message."""
        ...

    def commit_files(
        self, files: Mapping[str, bytes], message: str, *, parent: str | None, when: datetime, sign: bool
    ) -> str:
        """Build a commit that adds files, signed where there is a key and it can be; moves nothing."""
        ...

    def advance_branch(self, branch: str, to: str, *, was: str | None) -> bool:
        """Move a local branch; False when it is not at `was` any more."""
        ...
