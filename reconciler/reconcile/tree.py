"""The project's files, from the working tree or from a tree that git has."""

import os
import stat
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from reconciler.desired.documents import LARGEST, too_large
from reconciler.model.errors import InvalidInput

if TYPE_CHECKING:  # the working tree is read without git
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

    def elsewhere(self) -> list[str]:
        """Name the folders that are none of this tree, and not read: links, and other repositories."""
        ...


@dataclass(frozen=True, slots=True)
class WorkingTree:
    """The files as they lie on the disk. A link is refused, as it is in a tree of git's."""

    folder: Path

    def read(self, wanted: Wanted) -> Mapping[str, bytes]:
        """Read the files whose path is wanted, sorted by path."""
        return {path: self._data(path) for path in self.paths(wanted)}

    def paths(self, wanted: Wanted) -> list[str]:
        """Name the files whose path is wanted, sorted."""
        walked = ((below / name).as_posix() for below, files, _ in self._walk() for name in files)
        return sorted(path for path in walked if wanted(path))

    def elsewhere(self) -> list[str]:
        """Name the folders that are none of this tree: links, and other repositories."""
        return sorted((below / name).as_posix() for below, _, others in self._walk() for name in others)

    def _walk(self) -> Iterator[tuple[Path, list[str], list[str]]]:
        """Give each folder, with the names of its files and of what is none of this tree."""
        for here, folders, files in os.walk(self.folder):
            folders[:] = [name for name in folders if name not in _PASSED_OVER]
            place = Path(here)
            others = [name for name in folders if _is_elsewhere(place / name)]
            folders[:] = [name for name in folders if name not in others]
            yield place.relative_to(self.folder), files, others

    def _data(self, path: str) -> bytes:
        file = self.folder / path
        if not file.resolve().is_relative_to(self.folder.resolve()):
            raise InvalidInput("this link leads out of the project", "put the file itself here", where=path)
        if file.is_symlink():  # where it is read from git, tomorrow as what is held, there is no file
            raise InvalidInput("this is a link", "put the file itself here", where=path)
        try:
            facts = file.stat()
            if not stat.S_ISREG(facts.st_mode):  # a pipe would be waited for
                raise InvalidInput("this is no file", "put a file here", where=path)
            if facts.st_size > LARGEST:
                raise InvalidInput(too_large(facts.st_size), where=path)
            return file.read_bytes()
        except OSError as error:
            raise InvalidInput(f"cannot be read: {error.strerror}", "check the file", where=path) from error


@dataclass(frozen=True, slots=True)
class GitTree:
    """The files of a commit, or of any tree that git has. `at_hand` are files that may be the same there."""

    repository: "Repository"
    revision: str
    at_hand: Mapping[str, bytes] = field(default_factory=dict)

    def paths(self, wanted: Wanted) -> list[str]:
        """Name the files whose path is wanted, sorted."""
        return sorted(file.path for file in self.repository.files(self.revision, wanted))

    def read(self, wanted: Wanted) -> Mapping[str, bytes]:
        """Read the files whose path is wanted, sorted by path."""
        read = self.repository.read_tree_files(self.revision, wanted, self.at_hand)
        return dict(sorted(read.items()))

    def elsewhere(self) -> list[str]:
        """Name what is no file of this tree: links, and other repositories."""
        # A link to a file that is wanted is told when it is read.
        return sorted(
            file.path for file in self.repository.files(self.revision, lambda _: True) if not file.regular
        )


def _is_elsewhere(folder: Path) -> bool:
    return folder.is_symlink() or (folder / ".git").exists()
