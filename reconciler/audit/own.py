"""Which reports this clone has appended, until they are seen at the remote: others only say that it did."""

import os
from collections.abc import Container
from contextlib import suppress
from pathlib import Path

from reconciler.model.errors import RepositoryProblem


class Own:
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

    def known(self, path: str, sha256: str) -> bool:
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

    def forget(self, seen: Container[str]) -> None:
        """Forget the reports that were seen at the remote, by their paths."""
        with suppress(OSError):
            for file in self._folder.iterdir():
                if file.read_bytes().decode(errors="replace") in seen:
                    file.unlink(missing_ok=True)
