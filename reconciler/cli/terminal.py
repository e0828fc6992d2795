"""Text on its way to a terminal, or to a pipeline's log, which shows escape codes as a terminal does.

stdout and stderr never fail inside of a command: a character that the encoding lacks is replaced, and the
first error of writing is kept for the end. A command has work to finish, such as the report of an apply.
"""

import errno
import os
import re
import sys
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from typing import Any, TextIO, cast

from reconciler.cli.styling import layout_of
from reconciler.cli.waiting import WAITING

# Moves the cursor, colours, asks the terminal for an answer, turns the direction of writing, does not show
# at all, or (a surrogate: half a character, such as a file's name may have) cannot be written.
_UNSAFE_CHARACTERS = (
    r"\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    r"\ud800-\udfff\ufeff\ufff9-\ufffb\U000e0000-\U000e007f"
)
_UNSAFE_IN_TEXT = re.compile(f"[{_UNSAFE_CHARACTERS}]")
_UNSAFE_IN_LINE = re.compile(rf"[\n\t{_UNSAFE_CHARACTERS}]")


def escape_text(text: str) -> str:
    r"""Show what would not show as itself by its escape, `\x1b` for one. Lines and tabs stay."""
    return _UNSAFE_IN_TEXT.sub(_python_escape, text)


def escape_line(text: str) -> str:
    """Do the same for what must stay one line: a finding, or a log's value."""
    return _UNSAFE_IN_LINE.sub(_python_escape, text)


def escape_json(text: str, encoding: str | None = None) -> str:
    """Do the same for JSON, in JSON's own way: what it says stays the same.

    `encoding` is that of the stream which the text is for: what it lacks is escaped, too.
    """
    escaped = _UNSAFE_IN_TEXT.sub(_json_escape, text)
    return escaped if _is_encodable(escaped, encoding) else _NOT_ASCII.sub(_json_escape, escaped)


_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
# What messages and masked numbers use. The stand-ins are ASCII, which every encoding has.
_STAND_INS = {"•": "*", "…": "...", "→": "->"}


def replace_unencodable(text: str, encoding: str | None) -> str:
    r"""Replace what an encoding lacks: by ASCII that looks alike, or by its escape, `\u0142` for one."""
    if _is_encodable(text, encoding):
        return text
    return _NOT_ASCII.sub(
        lambda match: match[0] if _is_encodable(match[0], encoding) else _stand_in(match), text
    )


def _stand_in(match: re.Match[str]) -> str:
    return _STAND_INS.get(match[0]) or _python_escape(match)


def _is_encodable(text: str, encoding: str | None) -> bool:
    """Tell whether an encoding has all of a text. A stream in memory has none, and takes everything."""
    if encoding is None or text.isascii():
        return True
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def escape_event(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Do the same for a log's event, as structlog's processors do."""
    return {
        escape_line(name): escape_line(value) if isinstance(value, str) else value
        for name, value in event.items()
    }


@contextmanager
def escape_streams() -> Iterator["GuardedStream"]:
    """Neutralise all that is written to stdout and stderr, whoever writes it and wherever it came from.

    Neither raises an error within the block. Gives stdout, which keeps its first one.
    """
    _reopen_closed()
    out, err = (_EscapingStream(GuardedStream(stream)) for stream in (sys.stdout, sys.stderr))
    with redirect_stdout(cast("TextIO", out)), redirect_stderr(cast("TextIO", err)):
        try:
            yield out.stream
        finally:
            WAITING.end()
            out.flush()
            err.flush()


def escaped_stderr() -> TextIO:
    """Give stderr for those who mean their escape codes, and neutralise what they show themselves."""
    stream = sys.stderr
    return cast("TextIO", stream.stream) if isinstance(stream, _EscapingStream) else stream


def _reopen_closed() -> None:
    """Open the null device where stdin, stdout or stderr is closed.

    The next file that is opened would get that number, and what is printed would be written into it.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            opened = os.open(os.devnull, os.O_RDWR)
            os.dup2(opened, number)
            if opened == number:  # dup2 then changes nothing, and programs that we call have it closed
                os.set_inheritable(number, True)
            else:
                os.close(opened)
    if sys.stdin is None:
        sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115  (it stays open)


class GuardedStream:
    """A stream over another one, which never raises. Everything else is that one's.

    `error` is the first error of writing; nothing is written after it. Python has no stream where it was
    started with a closed one.
    """

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream
        self.error: OSError | None = None

    def write(self, text: str) -> int:
        """Write, with a replacement for each character that the encoding lacks."""
        if text and self.error is None:
            if self._stream is None:
                self.error = OSError(errno.EBADF, "it is closed")
                return len(text)
            try:
                self._stream.write(replace_unencodable(text, self.encoding))
            except OSError as error:
                self._end(error)
        return len(text)

    def flush(self) -> None:
        """Write what is buffered."""
        if self._stream is not None and self.error is None:
            try:
                self._stream.flush()
            except OSError as error:
                self._end(error)

    @property
    def encoding(self) -> str | None:
        """Name the encoding; None where there is none, as in memory."""
        return self._stream.encoding if self._stream is not None else None

    def isatty(self) -> bool:
        """Tell whether this is a terminal."""
        return self._stream is not None and self._stream.isatty()

    def _end(self, error: OSError) -> None:
        """Keep the error, and turn the file into the null device: Python writes what is buffered again."""
        self.error = error
        with suppress(OSError, ValueError):  # a stream in memory has no number
            number = self.fileno()
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, number)
            os.close(null)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  (whatever the stream has)
        if name == "buffer":  # with it, Typer writes past this stream where the encoding is ASCII
            raise AttributeError(name)
        return getattr(self._stream, name)


class _EscapingStream:
    """A guarded stream whose text is neutralised, and shown line by line as its terminal shows lines."""

    def __init__(self, stream: GuardedStream) -> None:
        self.stream = stream
        self.is_plain = False
        self._begun_line = ""

    def write(self, text: str) -> int:
        escaped = escape_text(text)
        WAITING.hide()
        layout = None if self.is_plain else layout_of(self.stream)
        if layout is None:
            self._show_begun_line()
            self.stream.write(escaped)
            return len(text)
        *lines, self._begun_line = (self._begun_line + escaped).split("\n")
        self.stream.write("".join(f"{layout.styled(line)}\n" for line in lines))
        return len(text)

    def flush(self) -> None:
        """Show a line that is begun, such as a question, and write what is buffered."""
        self._show_begun_line()
        self.stream.flush()

    def _show_begun_line(self) -> None:
        begun, self._begun_line = self._begun_line, ""
        if begun:
            self.stream.write(begun)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  (whatever the stream has)
        return getattr(self.stream, name)


@contextmanager
def plain_stdout() -> Iterator[TextIO]:
    """Give stdout for what another program reads, such as CSV: neutralised, with no colour and no break."""
    stream = sys.stdout
    if not isinstance(stream, _EscapingStream):
        yield stream
        return
    was_plain, stream.is_plain = stream.is_plain, True
    try:
        yield cast("TextIO", stream)
    finally:
        stream.is_plain = was_plain


def _python_escape(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape").decode("ascii")


def _json_escape(match: re.Match[str]) -> str:
    units = match[0].encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[position : position + 4]}" for position in range(0, len(units), 4))
