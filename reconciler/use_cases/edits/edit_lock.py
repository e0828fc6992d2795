"""Edits one after another: the lock of a clone's list files, and the one way in which they are written."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from reconciler.core.model.errors import InvalidInput
from reconciler.lists.reader import Source
from reconciler.use_cases.workspace.context import CommandContext, iso
from reconciler.use_cases.workspace.files import remove_leftovers, replace_files, state_folder

WAIT_SECONDS = 120.0  # longer than one wait for a remote (60 s), which an edit before this one may have
_LOCK = "edits.lock"
_held_folder: ContextVar[Path | None] = ContextVar("held_folder", default=None)

_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")
_UseCase = Callable[Concatenate[CommandContext, _Arguments], _Result]


def edit(command: str) -> Callable[[_UseCase[_Arguments, _Result]], _UseCase[_Arguments, _Result]]:
    """Let a use case run alone among those that write list files of the clone, so that what it reads stays.

    `command` is what others that wait are told, such as `dnc add`.
    """

    def with_lock(use_case: _UseCase[_Arguments, _Result]) -> _UseCase[_Arguments, _Result]:
        @wraps(use_case)
        def run(ctx: CommandContext, /, *args: _Arguments.args, **kwargs: _Arguments.kwargs) -> _Result:
            with hold_edit_lock(ctx, command):
                return use_case(ctx, *args, **kwargs)

        return run

    return with_lock


@contextmanager
def hold_edit_lock(ctx: CommandContext, command: str) -> Iterator[None]:
    """Wait for the edit that is under way, and keep others from beginning one. Read the files inside.

    RepositoryProblem, naming the command and the process that is under way, when the wait is over.
    """
    if not ctx.options.configuration.is_file():
        yield  # no project, which reading it says better; none of our folders is left there
        return
    from reconciler.git.turns import run_lock  # noqa: PLC0415  (what only checks takes no lock)

    with run_lock(
        state_folder(ctx.folder) / _LOCK,
        "an edit of the list files",
        since=iso(ctx.clock()),
        seconds=WAIT_SECONDS,
        notify=ctx.say,
        command=command,
        fix="let it end, or end that process; then run this command again: nothing was written",
    ):
        token = _held_folder.set(ctx.folder)
        try:
            yield
        finally:
            _held_folder.reset(token)


def write_list_files(
    ctx: CommandContext,
    files: Mapping[str, bytes | None],
    sources: Iterable[Source],
    losing_paths: Collection[str] = (),
) -> None:
    """Write list files: all, or none. None: the file goes.

    `sources` are the files as they were read, and `losing_paths` those that lose entries. They come last, so
    that a process that is killed in between leaves no removal without its release, and no number that moved
    in neither place. Raises InvalidInput where a file has changed since it was read, cannot be written, or is
    new and has a name that Windows reserves.
    """
    if _held_folder.get() != ctx.folder:
        raise RuntimeError("list files are written under the lock only: see `edit`")
    data_before = {source.path: source.data for source in sources if source.path in files}
    for path, data in files.items():
        if data is not None and path not in data_before:
            _demand_portable(path)
    remove_leftovers(ctx.folder, files)
    in_order = sorted(files, key=lambda path: (files[path] is None, path in losing_paths))
    replace_files(ctx.folder, {path: files[path] for path in in_order}, data_before)


# A name before its first dot, in any case, and what no name may have or end with.
_RESERVED = re.compile(
    r"(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9\u00b9\u00b2\u00b3])\x20*(?:\..*)?", re.IGNORECASE
)
_UNFIT = re.compile(r'.*[. ]|.*[\x00-\x1f<>:"|?*\\].*', re.DOTALL)


def is_portable(name: str) -> bool:
    """Tell whether every system can have a file or folder of this name."""
    return not _RESERVED.fullmatch(name) and not _UNFIT.fullmatch(name)


def _demand_portable(path: str) -> None:
    for name in path.split("/"):
        if not is_portable(name):
            fact = f"no clone on Windows could check out the name {name}, so this file would not be there"
            fix = "name another file (--file FILE), or call the list otherwise and map the name: listIds"
            raise InvalidInput(f"{fact}; nothing was written", fix, where=path)
