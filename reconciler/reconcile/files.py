"""List files on the disk: which ones are meant, and written so that nobody ever reads half of one."""

import os
import stat
from collections.abc import Container, Sequence
from pathlib import Path
from tempfile import NamedTemporaryFile

from reconciler.desired.lists import Source
from reconciler.model.errors import InvalidInput
from reconciler.reconcile.project import Project, as_sources


def relative(path: Path, folder: Path) -> str:
    """Give a path as the project names it: from its folder, with `/`. Others stay absolute."""
    absolute = Path(os.path.normpath(path.absolute()))
    return absolute.relative_to(folder).as_posix() if absolute.is_relative_to(folder) else absolute.as_posix()


def selected(
    project: Project, folder: Path, paths: Sequence[Path], changed: Container[str] | None = None
) -> tuple[Source, ...]:
    """Read the lists that are named, those below a folder that is named, those that `changed`, or all.

    Raises InvalidInput for a path that no list is at.
    """
    every = project.tree.paths(project.is_list)
    if changed is not None:
        return as_sources(project.tree.read(lambda path: path in changed and project.is_list(path)))
    if not paths:
        return as_sources(project.tree.read(project.is_list))
    chosen: set[str] = set()
    for path in paths:
        name = relative(path, folder)
        below = [list_ for list_ in every if list_ == name or list_.startswith(f"{name}/") or name == "."]
        if not below:
            is_there = path.exists()
            fact = "no tenant's lists reach this path" if is_there else "there is no such file"
            raise InvalidInput(fact, "name a list file, or a folder with lists in it", where=str(path))
        chosen.update(below)
    return as_sources(project.tree.read(chosen.__contains__))


def put(folder: Path, path: str, data: bytes) -> None:
    """Write a file of the project in one step: it is there as it was, or as it is to be, never in between.

    Raises InvalidInput where that cannot be done.
    """
    file = (folder / path).resolve()
    if not file.is_relative_to(folder.resolve()):
        raise InvalidInput("this link leads out of the project", "put the file itself here", where=path)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile(dir=file.parent, prefix=".dnc-", suffix=".tmp", delete=False) as new:
            try:
                new.write(data)
                new.flush()
                os.fsync(new.fileno())
                Path(new.name).chmod(_mode(file))
                Path(new.name).replace(file)
            except OSError:
                Path(new.name).unlink(missing_ok=True)
                raise
    except OSError as error:
        fact = f"cannot be written: {error.strerror}"
        raise InvalidInput(fact, "check the folder's rights and the disk's free space", where=path) from error


def _mode(file: Path) -> int:
    """Give the rights that the file has, or those that a new one gets here."""
    try:
        return stat.S_IMODE(file.stat().st_mode)
    except FileNotFoundError:
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask
