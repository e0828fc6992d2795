"""JSON and text output of a command, its progress, and files for their owner only."""

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Annotated, Any, BinaryIO, TextIO, cast

import typer

from reconciler.cli.call import FORMAT_HELP, Format, exit_on_errors, print_json
from reconciler.cli.waiting import WAITING
from reconciler.core.model.errors import DncError, InvalidInput
from reconciler.core.model.finding import finding_to_json

Output = Annotated[Format, typer.Option("--format", help=FORMAT_HELP)]


def error_output(
    output: Format,
    fields: Callable[[DncError], Mapping[str, Any]] = lambda _: {},
    closing: Callable[[DncError], str] | None = None,
) -> AbstractContextManager[None]:
    """Turn the errors of the tree into the fixed exit code, and say them as the format asks.

    `fields` are further keys of the JSON answer; `closing` is the last line of the text.
    """

    def on_error(error: DncError) -> None:
        if output is Format.JSON:
            findings = [finding_to_json(finding) for finding in error.findings]
            own = {"findings": findings, **fields(error)}
            print_json(to_answer(own, code=error.exit_code, errored=True))

    def on_end(error: DncError) -> None:
        if closing is not None and output is not Format.JSON:
            print(closing(error))

    return exit_on_errors(on_error, on_end)


def to_answer(fields: Mapping[str, Any], *, code: int = 0, errored: bool = False) -> dict[str, Any]:
    """Make the document that a command answers with, `fields` being what is its own."""
    head = {"format_version": "1.0", "errored": errored, "exit_code": code}
    return {**head, **fields, "findings": fields.get("findings", [])}


@contextmanager
def open_private_file(file: Path) -> Iterator[TextIO]:
    """Open a file to be written by and for its owner. Raises InvalidInput where that can't be done."""
    with _open_private(file, "w", encoding="utf-8", errors="replace", newline="") as stream:
        yield cast("TextIO", stream)


def write_private_file(file: Path, data: bytes) -> None:
    """Write bytes likewise."""
    with _open_private(file, "wb") as stream:
        cast("BinaryIO", stream).write(data)


@contextmanager
def _open_private(file: Path, mode: str, **open_options: str) -> Iterator[object]:
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, mode, **open_options) as stream:  # type: ignore[call-overload]  # text or bytes, as asked
            yield stream
    except OSError as error:
        raise InvalidInput(
            f"cannot be written: {error.strerror}", "name another file: -o", where=str(file)
        ) from error


def write_text_file(file: Path, text: str, option: str) -> None:
    """Write a file that an option names, in UTF-8.

    Raises a usage error where no file can be there, and InvalidInput where it cannot be written now, as on a
    full disk.
    """
    try:
        file.write_text(text, encoding="utf-8", errors="replace")  # a file's name may be no UTF-8
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError, PermissionError) as error:
        raise typer.BadParameter(f"{file}: {error.strerror}", param_hint=option) from None
    except OSError as error:
        raise InvalidInput(
            f"cannot be written: {error.strerror}",
            f"free space, or name another file: {option}",
            where=str(file),
        ) from error


_PROGRESS_LINES = 10


@contextmanager
def show_progress(total: int) -> Iterator[Callable[[int], None]]:
    """Give a function that is told of numbers as they are sent."""
    if not total:
        yield lambda _: None
    elif sys.stderr.isatty():
        with WAITING.sending(total) as advance:
            yield advance
    else:
        yield _progress_lines(total)


def _progress_lines(total: int) -> Callable[[int], None]:
    done = 0
    step = max(1, total // _PROGRESS_LINES)

    def advance(count: int) -> None:
        nonlocal done
        before, done = done, done + count
        if done // step > before // step or done == total:
            print(f"sent {done:,} of {total:,}", file=sys.stderr)

    return advance
