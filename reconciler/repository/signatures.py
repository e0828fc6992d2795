"""SSH signatures on commits, by git's own tooling; nobody's git configuration is read for them or changed."""

import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from reconciler.model.errors import RepositoryProblem
from reconciler.repository.git import SIGNING_KEY, Git, Said, reason

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
            with _private(Path(self._git.signing_key)) as key:
                options = (*_FORMAT, "-c", f"user.signingkey={key}")
                said = self._git.ask(
                    *options, "commit-tree", "-S", *arguments, stdin=stdin, environment=environment
                )
        except OSError as error:
            self.failure = f"the file that {SIGNING_KEY} names cannot be used: {error.strerror}"
            return None
        except RepositoryProblem as problem:
            self.failure = problem.fact
            return None
        self.failure = "" if said.code == 0 else _why(said)
        return said.out.decode().strip() if said.code == 0 else None

    def of(self, rev: str, signers: bytes) -> list[tuple[str, str]]:
        """Give every commit of a history with git's letter for its signature, oldest first.

        G: good, by one of the allowed signers; N: none; everything else is a signature that does not count.
        """
        return self._letters(signers, "--reverse", "--topo-order", "--end-of-options", rev)

    def among(self, commits: Sequence[str], signers: bytes) -> dict[str, str]:
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
def _private(key: Path) -> Iterator[Path]:
    """Copy a key to where only we can read it: ssh-keygen refuses a pipeline's file, open to all, without."""
    data = key.read_bytes()
    with tempfile.TemporaryDirectory(prefix="dnc-key-") as folder:
        copy = Path(folder) / "key"
        copy.touch(mode=0o600)
        copy.write_bytes(data.rstrip() + b"\n")
        yield copy


def _why(said: Said) -> str:
    if shutil.which(_PROGRAM) is None:
        return f"{_PROGRAM} is not installed"
    return f"git could not sign with the key that {SIGNING_KEY} names: {reason(said.err)}"
