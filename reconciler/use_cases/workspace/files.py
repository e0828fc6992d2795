"""Files on the disk: list files written whole or not at all, private folders, and tables as CSV."""

import csv
import os
import re
import stat
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from stat import S_IMODE
from tempfile import NamedTemporaryFile
from typing import TextIO

from reconciler.core.model.errors import InvalidInput
from reconciler.lists.reader import Source
from reconciler.use_cases.workspace.context import STATE_FOLDER
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
    file = _file_in(folder, path)
    with _write_errors(path), _staged(file, data) as new_file:
        new_file.replace(file)


def replace_files(
    folder: Path, files: Mapping[str, bytes | None], data_before: Mapping[str, bytes | None]
) -> None:
    """Write files, and remove those that are None, one after another in this order: all, or none.

    All new content is on the disk before the first file is replaced. So one that cannot be written changes
    nothing, and where a step fails or is interrupted, those before it are put back. A process that is killed
    in between leaves those replaced that come first, each of them whole.

    `data_before` is what the caller has read of each, None for a file that is not there. Raises InvalidInput,
    and writes nothing, where a file has changed since, or where something cannot be written.
    """
    places = {path: _file_in(folder, path) for path in files}
    with ExitStack() as stack:
        new_files = _stage_all(stack, places, files)
        # Copies, so that a disk that is full by then keeps nothing from being put back.
        copied = data_before if len(files) > 1 else {}
        old_files = _stage_all(stack, places, {path: copied.get(path) for path in files})
        for path, file in places.items():
            _demand_unchanged(path, file, data_before.get(path))
        reached_paths: list[str] = []
        try:
            for path, file in places.items():
                reached_paths.append(path)
                with _write_errors(path):
                    if path in new_files:
                        new_files[path].replace(file)
                    else:
                        file.unlink(missing_ok=True)
        except BaseException:  # Ctrl-C as well
            _put_back({path: places[path] for path in reversed(reached_paths)}, old_files, data_before)
            raise


def remove_leftovers(folder: Path, paths: Iterable[str]) -> None:
    """Remove what a process that was killed left beside these files. Nobody else may be writing them."""
    for place in {(folder / path).parent for path in paths}:
        for leftover in place.glob(f"{_STAGED}*.tmp"):
            with suppress(OSError):
                leftover.unlink()


_STAGED = ".dnc-"


def _file_in(folder: Path, path: str) -> Path:
    file = (folder / path).resolve()
    if not file.is_relative_to(folder.resolve()):
        raise InvalidInput("this link leads out of the project", "put the file itself here", where=path)
    return file


@contextmanager
def _write_errors(path: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        fact = f"cannot be written: {error.strerror}"
        raise InvalidInput(fact, "check the folder's rights and the disk's free space", where=path) from error


def _stage_all(
    stack: ExitStack, places: Mapping[str, Path], files: Mapping[str, bytes | None]
) -> dict[str, Path]:
    staged_files = {}
    for path, data in files.items():
        if data is not None:
            with _write_errors(path):
                staged_files[path] = stack.enter_context(_staged(places[path], data))
    return staged_files


@contextmanager
def _staged(file: Path, data: bytes) -> Iterator[Path]:
    """Write content whole into a new file beside the one that it is for; remove it if it stays unused."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=file.parent, prefix=_STAGED, suffix=".tmp", delete=False) as stream:
        new_file = Path(stream.name)
        try:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
            new_file.chmod(_file_mode(file))
        except BaseException:
            new_file.unlink(missing_ok=True)
            raise
    try:
        yield new_file
    finally:
        new_file.unlink(missing_ok=True)


def _demand_unchanged(path: str, file: Path, data_before: bytes | None) -> None:
    """Refuse to write over what the caller has not read: an editor, or git, has changed it meanwhile."""
    with _write_errors(path):
        data = file.read_bytes() if file.exists() else None
    if data != data_before:
        fact = "this file was changed by another program meanwhile: nothing was written"
        raise InvalidInput(fact, "run the same command again; it reads the file anew", where=path)


def _put_back(
    places: Mapping[str, Path], old_files: Mapping[str, Path], data_before: Mapping[str, bytes | None]
) -> None:
    changed_paths = []
    for path, file in places.items():
        try:
            if path in old_files:
                old_files[path].replace(file)
            elif data_before.get(path) is None:
                file.unlink(missing_ok=True)
        except OSError:
            changed_paths.append(path)
    if changed_paths:
        fact = "a write failed, and these files could not be put back as they were"
        raise InvalidInput(
            fact, "look at them (git diff), and restore them with git", where=", ".join(changed_paths)
        )


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


def state_folder(folder: Path) -> Path:
    """Make the folder for what is kept between runs, and keep git from seeing it."""
    state = folder / STATE_FOLDER
    try:
        state.mkdir(mode=0o700, exist_ok=True)
        if not (state / ".gitignore").exists():
            (state / ".gitignore").write_text("*\n")
        make_private(state)
    except OSError as error:
        raise InvalidInput(
            f"cannot be written: {error.strerror}", "make the folder writable", where=str(state)
        ) from error
    return state


# What a spreadsheet takes for a formula, in full width, too. A number begins with + as well, and is none.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_NUMBER = re.compile(r"\+[0-9][0-9 ().-]*")
# Where the comma is the decimal mark, semicolons part cells, and then quotes within a line do not count.
_FORMULA_WITHIN = re.compile(r"(?<=[;\r\n])(?=[=+\-@\uff1d\uff0b\uff0d\uff20])(?!\+[0-9])")


def harmless_cell(value: object) -> str:
    """Write one cell, with an apostrophe before what a spreadsheet would run."""
    text = _FORMULA_WITHIN.sub("'", str(value))
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
