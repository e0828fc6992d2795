"""Builds commits by plumbing, without a working tree or index, and signs and checks them with SSH keys."""

import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from reconciler.core.model.errors import RepositoryProblem
from reconciler.git.runner import SIGNING_KEY, Git, GitOutput, command_problem, encode_text, error_line
from reconciler.git.storage import no_temporary_files

AUTHOR = ("dnc", "dnc@localhost")

# How `update-ref` says that somebody else was faster.
_OUTRUN = re.compile(r"but expected|reference already exists|File exists|unable to resolve reference")


@dataclass(frozen=True, slots=True)
class CommitContent:
    """What a commit says besides its files. Without a parent it is an orphan; `merged` are further ones."""

    message: str
    parent: str | None
    when: datetime
    author: tuple[str, str] = AUTHOR
    merged: Sequence[str] = ()


class CommitSigner(Protocol):
    """Runs `git commit-tree` so that the commit is signed; None where it could not."""

    def __call__(
        self, arguments: Sequence[str], *, stdin: bytes, environment: Mapping[str, str]
    ) -> str | None:
        """Make the commit."""
        ...


def build_commit(
    git: Git,
    files: Mapping[str, bytes],
    content: CommitContent,
    *,
    base_tree: str | None = None,
    sign: CommitSigner | None = None,
) -> str:
    """Commit `files` (paths from the root), signed if that can be done. Moves no ref.

    `base_tree` is the tree that the files are put into; the parent's without it.
    """
    blobs = {path: git.run_line("hash-object", "-w", "--stdin", stdin=data) for path, data in files.items()}
    try:
        with tempfile.TemporaryDirectory(prefix="dnc-index-") as folder:
            tree = _tree(
                git, blobs, base_tree or content.parent, {"GIT_INDEX_FILE": str(Path(folder) / "index")}
            )
    except OSError as error:
        raise no_temporary_files("an index", error) from error
    date = f"@{int(content.when.astimezone(UTC).timestamp())} +0000"
    identity = {
        f"GIT_{role}_{what}": value
        for role in ("AUTHOR", "COMMITTER")
        for what, value in (("NAME", content.author[0]), ("EMAIL", content.author[1]), ("DATE", date))
    }
    parents = [argument for sha in (content.parent, *content.merged) if sha for argument in ("-p", sha)]
    message = f"{content.message}\n".encode()
    sha = sign((tree, *parents), stdin=message, environment=identity) if sign else None
    return sha or git.run_line("commit-tree", tree, *parents, stdin=message, environment=identity)


def _tree(git: Git, blobs: Mapping[str, str], onto: str | None, index: Mapping[str, str]) -> str:
    if onto:  # without an index there is an empty one
        git.run("read-tree", onto, environment=index)
    lines = b"".join(f"100644 {sha}\t".encode() + encode_text(path) + b"\0" for path, sha in blobs.items())
    git.run("update-index", "-z", "--index-info", stdin=lines, environment=index)
    return git.run_line("write-tree", environment=index)


def move_ref(git: Git, ref: str, to: str, *, was: str | None, message: str) -> bool:
    """Move a ref from `was` (None: it must not exist) to `to`; False if it is not there any more."""
    output = git.run_unchecked("update-ref", "-m", message, ref, to, was or "0" * len(to))
    if output.code == 0:
        return True
    if _OUTRUN.search(output.err):
        return False
    raise command_problem("update-ref", output)


_PROGRAM = "ssh-keygen"
# A signature of another kind is none of ours: no program is run for it.
_FORMAT = (
    *("-c", "gpg.format=ssh", "-c", f"gpg.ssh.program={_PROGRAM}"),
    *("-c", "gpg.program=false", "-c", "gpg.openpgp.program=false", "-c", "gpg.x509.program=false"),
)


class Signatures:
    """Signs commits where there is a key, and checks them. `failure` says why the last one is not signed."""

    def __init__(self, git: Git) -> None:
        self.failure = ""
        self._git = git

    def commit(self, arguments: Sequence[str], *, stdin: bytes, environment: Mapping[str, str]) -> str | None:
        """Run `git commit-tree`, signed; None where there is no key, or signing failed."""
        if not self._git.signing_key:
            return None
        try:
            with private_key_copy(Path(self._git.signing_key)) as key:
                options = (*_FORMAT, "-c", f"user.signingkey={key}")
                output = self._git.run_unchecked(
                    *options, "commit-tree", "-S", *arguments, stdin=stdin, environment=environment
                )
        except OSError as error:
            self.failure = f"the file that {SIGNING_KEY} names cannot be used: {error.strerror}"
            return None
        except RepositoryProblem as problem:
            self.failure = problem.fact
            return None
        self.failure = "" if output.code == 0 else _signing_failure(output)
        return output.out.decode().strip() if output.code == 0 else None

    def letters_of_history(self, rev: str, signers: bytes) -> list[tuple[str, str]]:
        """Give every commit of a history with git's letter for its signature, oldest first.

        G: good, by one of the allowed signers; N: none; everything else is a signature that does not count.
        """
        return self._letters(signers, "--reverse", "--topo-order", "--end-of-options", rev)

    def letters_of_commits(self, commits: Sequence[str], signers: bytes) -> dict[str, str]:
        """Give git's letter for the signature of each of these commits."""
        return dict(self._letters(signers, "--no-walk", "--end-of-options", *commits)) if commits else {}

    def _letters(self, signers: bytes, *which: str) -> list[tuple[str, str]]:
        if shutil.which(_PROGRAM) is None:
            raise RepositoryProblem(
                f"{_PROGRAM} is not installed: signatures cannot be checked", "install OpenSSH"
            )
        with tempfile.TemporaryDirectory(prefix="dnc-signers-") as folder:
            file = Path(folder) / "signers"
            file.write_bytes(signers)
            options = (*_FORMAT, "-c", f"gpg.ssh.allowedSignersFile={file}")
            out = self._git.run(*options, "log", "--format=%H %G?", *which, "--")
        return [(sha, letter) for sha, letter in map(str.split, out.decode().splitlines())]


@contextmanager
def private_key_copy(key: Path) -> Iterator[Path]:
    """Copy a key to where only we can read it: ssh-keygen refuses a pipeline's file, open to all, without."""
    data = key.read_bytes()
    with tempfile.TemporaryDirectory(prefix="dnc-key-") as folder:
        copy = Path(folder) / "key"
        copy.touch(mode=0o600)
        copy.write_bytes(data.rstrip() + b"\n")
        yield copy


def _signing_failure(output: GitOutput) -> str:
    if shutil.which(_PROGRAM) is None:
        return f"{_PROGRAM} is not installed"
    return f"git could not sign with the key that {SIGNING_KEY} names: {error_line(output.err)}"
