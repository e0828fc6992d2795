"""The project's files, from the working tree or from a tree that git has."""

import os
import stat
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from reconciler.core.model.errors import InvalidInput
from reconciler.yaml_tree.documents import LARGEST, too_large

if TYPE_CHECKING:
    from reconciler.git.repository import Repository


Wanted = Callable[[str], bool]
Reached = Callable[[str], bool]
"""Tells of a folder, ending in `/`, whether there may be anything in it that is asked for."""

_GIT = ".git"  # git has no file of this name, nor of anything below


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

    def reaching(self, reached: Reached) -> "Tree":
        """Give the same tree, looking into these folders only where looking takes time."""
        ...


@dataclass(frozen=True, slots=True)
class WorkingTree:
    """The files as they lie on the disk, whatever git ignores. A link is refused, as in a tree of git's.

    No name of a folder is passed over, because git passes none over: a `node_modules` below the lists counts.
    What keeps a walk short is `reached`, which knows where anything could be.
    """

    folder: Path
    reached: Reached = lambda _: True

    def read(self, wanted: Wanted) -> Mapping[str, bytes]:
        """Read the files whose path is wanted, sorted by path."""
        return {path: self._data(path) for path in self.paths(wanted)}

    def paths(self, wanted: Wanted) -> list[str]:
        """Name the files whose path is wanted, sorted."""
        walked = (below + name for below, files, _ in self._walk("") for name in files)
        return sorted(path for path in walked if wanted(path))

    def elsewhere(self) -> list[str]:
        """Name the folders that are none of this tree: links, and other repositories."""
        return sorted(below + name for below, _, others in self._walk("") for name in others)

    def lying(self, wanted: Wanted) -> list[str]:
        """Name the wanted files that are here, those of other repositories and links to folders as well."""
        return sorted(path for path in self._lying("") if wanted(path))

    def reaching(self, reached: Reached) -> "WorkingTree":
        """Look into these folders only."""
        return replace(self, reached=reached)

    def _lying(self, start: str) -> Iterator[str]:
        for below, files, others in self._walk(start):
            yield from (below + name for name in files)
            for path in (below + name for name in others):
                if (self.folder / path).is_symlink():
                    yield path
                else:
                    yield from self._lying(f"{path}/")

    def _walk(self, start: str) -> Iterator[tuple[str, list[str], list[str]]]:
        """Give each folder, the project's as "", with the names of its files and what is none of this tree.

        `start` is where to begin: "", or a folder ending in `/`.
        """
        top = self.folder / start
        for here, folders, files in os.walk(top):
            place = Path(here)
            below = start if place == top else f"{place.relative_to(self.folder).as_posix()}/"
            folders[:] = [name for name in folders if name != _GIT and self.reached(f"{below}{name}/")]
            others = [name for name in folders if _is_elsewhere(place / name)]
            folders[:] = [name for name in folders if name not in others]
            yield below, [name for name in files if name != _GIT], others

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

    def reaching(self, reached: Reached) -> "GitTree":
        """Stay as it is: git lists every file in one go."""
        del reached
        return self


def _is_elsewhere(folder: Path) -> bool:
    return folder.is_symlink() or (folder / ".git").exists()
