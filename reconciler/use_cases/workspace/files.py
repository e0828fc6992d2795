"""Files on the disk: list files written whole or not at all, private folders, and tables as CSV."""

import csv
import os
import re
import stat
from collections.abc import Container, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from stat import S_IMODE
from tempfile import NamedTemporaryFile
from typing import TextIO

from reconciler.core.model.errors import InvalidInput
from reconciler.lists.reader import Source
from reconciler.use_cases.workspace.project import Project, to_sources


def relative_path(path: Path, folder: Path) -> str:
    """Give a path as the project names it: from its folder, with `/`. Others stay absolute."""
    absolute = Path(os.path.normpath(path.absolute()))
    return absolute.relative_to(folder).as_posix() if absolute.is_relative_to(folder) else absolute.as_posix()


def select_sources(
    project: Project, folder: Path, paths: Sequence[Path], changed_paths: Container[str] | None = None
) -> tuple[Source, ...]:
    """Read the lists that are named, those below a folder that is named, those that `changed_paths`, or all.

    Raises InvalidInput for a path that no list is at.
    """
    every = project.tree.paths(project.is_list)
    if changed_paths is not None:
        return to_sources(project.tree.read(lambda path: path in changed_paths and project.is_list(path)))
    if not paths:
        return to_sources(project.tree.read(project.is_list))
    chosen: set[str] = set()
    for path in paths:
        name = relative_path(path, folder)
        list_paths = [
            list_ for list_ in every if list_ == name or list_.startswith(f"{name}/") or name == "."
        ]
        if not list_paths:
            is_there = path.exists()
            fact = "no tenant's lists reach this path" if is_there else "there is no such file"
            raise InvalidInput(fact, "name a list file, or a folder with lists in it", where=str(path))
        chosen.update(list_paths)
    return to_sources(project.tree.read(chosen.__contains__))


def write_file(folder: Path, path: str, data: bytes) -> None:
    """Write a file of the project in one step: it is there as it was, or as it is to be, never in between.

    Raises InvalidInput where that cannot be done.
    """
    file = (folder / path).resolve()
    if not file.is_relative_to(folder.resolve()):
        raise InvalidInput("this link leads out of the project", "put the file itself here", where=path)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile(dir=file.parent, prefix=".dnc-", suffix=".tmp", delete=False) as temporary:
            try:
                temporary.write(data)
                temporary.flush()
                os.fsync(temporary.fileno())
                Path(temporary.name).chmod(_file_mode(file))
                Path(temporary.name).replace(file)
            except OSError:
                Path(temporary.name).unlink(missing_ok=True)
                raise
    except OSError as error:
        fact = f"cannot be written: {error.strerror}"
        raise InvalidInput(fact, "check the folder's rights and the disk's free space", where=path) from error


def _file_mode(file: Path) -> int:
    """Give the rights that the file has, or those that a new one gets here."""
    try:
        return stat.S_IMODE(file.stat().st_mode)
    except FileNotFoundError:
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask


_FOLDER, _FILE = 0o700, 0o600


def make_private(top: Path, folder: Path | None = None) -> None:
    """Make `top`, and `folder` in it, and take others' rights from all that is there. Raises OSError.

    What an earlier version made wider is made narrow; where that is not permitted it stays as it is.
    """
    top.mkdir(mode=_FOLDER, parents=True, exist_ok=True)
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
    for path in (top, *top.rglob("*")):
        with suppress(OSError):
            mode = _FOLDER if path.is_dir() else _FILE
            if not path.is_symlink() and S_IMODE(path.stat().st_mode) & ~mode:
                path.chmod(mode)


# What a spreadsheet takes for a formula. A number begins with + as well, and is none.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_NUMBER = re.compile(r"\+[0-9][0-9 ().-]*")


def harmless_cell(value: object) -> str:
    """Write one cell, with an apostrophe before what a spreadsheet would run."""
    text = str(value)
    return f"'{text}" if text.startswith(_FORMULA) and not _NUMBER.fullmatch(text) else text


def write_table(stream: TextIO, header: Iterable[object], rows: Iterable[Iterable[object]]) -> None:
    """Write a table row by row; lines end as git has them."""
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow([harmless_cell(cell) for cell in header])
    writer.writerows([harmless_cell(cell) for cell in row] for row in rows)


@contextmanager
def open_private_table(file: Path) -> Iterator[TextIO]:
    """Open a file that holds whole numbers, for its owner only, also where it is there. Raises OSError."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8", errors="replace", newline="") as stream:
        if hasattr(os, "fchmod"):
            os.fchmod(descriptor, 0o600)
        yield stream
