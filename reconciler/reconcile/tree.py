"""The project's files, from the working tree or from a tree that git has."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from reconciler.model.errors import InvalidInput
from reconciler.repository.repository import Repository

Wanted = Callable[[str], bool]

# Tools' own folders: nothing in them is a list, and walking them takes time.
_PASSED_OVER = frozenset({".git", ".venv", ".dnc", "node_modules", "__pycache__"})


class Tree(Protocol):
    """Files by path from the project's folder, with `/`."""

    def paths(self, wanted: Wanted) -> list[str]:
        """Name the files whose path is wanted, sorted."""
        ...

    def read(self, wanted: Wanted) -> Mapping[str, bytes]:
        """Read the files whose path is wanted, sorted by path."""
        ...


@dataclass(frozen=True, slots=True)
class WorkingTree:
    """The files as they lie on the disk. A link that leads out of the project is refused."""

    folder: Path

    def read(self, wanted: Wanted) -> Mapping[str, bytes]:
        """Read the files whose path is wanted, sorted by path."""
        return {path: self._data(path) for path in self.paths(wanted)}

    def paths(self, wanted: Wanted) -> list[str]:
        """Name the files whose path is wanted, sorted."""
        paths: list[str] = []
        for here, folders, files in os.walk(self.folder):
            folders[:] = [name for name in folders if name not in _PASSED_OVER]
            below = Path(here).relative_to(self.folder)
            paths.extend(path for name in files if wanted(path := (below / name).as_posix()))
        return sorted(paths)

    def _data(self, path: str) -> bytes:
        file = self.folder / path
        if not file.resolve().is_relative_to(self.folder.resolve()):
            raise InvalidInput("this link leads out of the project", "put the file itself here", where=path)
        try:
            return file.read_bytes()
        except OSError as error:
            raise InvalidInput(f"cannot be read: {error.strerror}", "check the file", where=path) from error


@dataclass(frozen=True, slots=True)
class GitTree:
    """The files of a commit, or of any tree that git has."""

    repository: Repository
    revision: str

    def paths(self, wanted: Wanted) -> list[str]:
        """Name the files whose path is wanted, sorted."""
        return sorted(file.path for file in self.repository.files(self.revision, wanted))

    def read(self, wanted: Wanted) -> Mapping[str, bytes]:
        """Read the files whose path is wanted, sorted by path."""
        return dict(sorted(self.repository.read_tree_files(self.revision, wanted).items()))
