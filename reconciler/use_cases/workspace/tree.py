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


PathFilter = Callable[[str], bool]
FolderFilter = Callable[[str], bool]
"""Tells of a folder, ending in `/`, whether there may be anything in it that is asked for."""

_GIT = ".git"  # git has no file of this name, nor of anything below


class Tree(Protocol):
    """Files by path from the project's folder, with `/`."""

    def paths(self, wanted: PathFilter) -> list[str]:
        """Name the files whose path is wanted, sorted."""
        ...

    def read(self, wanted: PathFilter) -> Mapping[str, bytes]:
        """Read the files whose path is wanted, sorted by path."""
        ...

    def foreign_folders(self) -> list[str]:
        """Name the folders that are none of this tree, and not read: links, and other repositories."""
        ...

    def limited_to(self, reached: FolderFilter) -> "Tree":
        """Give the same tree, looking into these folders only where looking takes time."""
        ...


@dataclass(frozen=True, slots=True)
class WorkingTree:
    """The files as they lie on the disk, whatever git ignores. A link is refused, as in a tree of git's.

    No name of a folder is passed over, because git passes none over: a `node_modules` below the lists counts.
    What keeps a walk short is `is_reached`, which knows where anything could be.
    """

    folder: Path
    is_reached: FolderFilter = lambda _: True

    def read(self, wanted: PathFilter) -> Mapping[str, bytes]:
        """Read the files whose path is wanted, sorted by path."""
        return {path: self._data(path) for path in self.paths(wanted)}

    def paths(self, wanted: PathFilter) -> list[str]:
        """Name the files whose path is wanted, sorted."""
        all_paths = (folder_path + name for folder_path, files, _ in self._walk("") for name in files)
        return sorted(path for path in all_paths if wanted(path))

    def foreign_folders(self) -> list[str]:
        """Name the folders that are none of this tree: links, and other repositories."""
        return sorted(
            folder_path + name for folder_path, _, foreign_names in self._walk("") for name in foreign_names
        )

    def existing_paths(self, wanted: PathFilter) -> list[str]:
        """Name the wanted files that are here, those of other repositories and links to folders as well."""
        return sorted(path for path in self._foreign_paths("") if wanted(path))

    def limited_to(self, reached: FolderFilter) -> "WorkingTree":
        """Look into these folders only."""
        return replace(self, is_reached=reached)

    def _foreign_paths(self, start: str) -> Iterator[str]:
        for folder_path, files, foreign_names in self._walk(start):
            yield from (folder_path + name for name in files)
            for path in (folder_path + name for name in foreign_names):
                if (self.folder / path).is_symlink():
                    yield path
                else:
                    yield from self._foreign_paths(f"{path}/")

    def _walk(self, start: str) -> Iterator[tuple[str, list[str], list[str]]]:
        """Give each folder, the project's as "", with the names of its files and what is none of this tree.

        `start` is where to begin: "", or a folder ending in `/`.
        """
        top = self.folder / start
        for files_and_folders, folders, files in os.walk(top):
            place = Path(files_and_folders)
            folder_path = start if place == top else f"{place.relative_to(self.folder).as_posix()}/"
            folders[:] = [
                name for name in folders if name != _GIT and self.is_reached(f"{folder_path}{name}/")
            ]
            foreign_names = [name for name in folders if _is_foreign(place / name)]
            folders[:] = [name for name in folders if name not in foreign_names]
            yield folder_path, [name for name in files if name != _GIT], foreign_names

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

    def paths(self, wanted: PathFilter) -> list[str]:
        """Name the files whose path is wanted, sorted."""
        return sorted(file.path for file in self.repository.files(self.revision, wanted))

    def read(self, wanted: PathFilter) -> Mapping[str, bytes]:
        """Read the files whose path is wanted, sorted by path."""
        data_by_path = self.repository.read_tree_files(self.revision, wanted, self.at_hand)
        return dict(sorted(data_by_path.items()))

    def foreign_folders(self) -> list[str]:
        """Name what is no file of this tree: links, and other repositories."""
        # A link to a file that is wanted is told when it is read.
        return sorted(
            file.path for file in self.repository.files(self.revision, lambda _: True) if not file.is_regular
        )

    def limited_to(self, reached: FolderFilter) -> "GitTree":
        """Stay as it is: git lists every file in one go."""
        del reached
        return self


def _is_foreign(folder: Path) -> bool:
    return folder.is_symlink() or (folder / ".git").exists()
