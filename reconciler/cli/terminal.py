"""Text on its way to a terminal, or to a pipeline's log, which shows escape codes as a terminal does."""

import re
import sys
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from typing import Any, TextIO, cast

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


def escape_json(text: str) -> str:
    """Do the same for JSON, in JSON's own way: what it says stays the same."""
    return _UNSAFE_IN_TEXT.sub(_json_escape, text)


def escape_event(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Do the same for a log's event, as structlog's processors do."""
    return {
        escape_line(name): escape_line(value) if isinstance(value, str) else value
        for name, value in event.items()
    }


@contextmanager
def escape_streams() -> Iterator[None]:
    """Neutralise all that is written to stdout and stderr, whoever writes it and wherever it came from."""
    streams, err = _EscapingStream(sys.stdout), _EscapingStream(sys.stderr)
    with redirect_stdout(cast("TextIO", streams)), redirect_stderr(cast("TextIO", err)):
        yield


def escaped_stderr() -> TextIO:
    """Give stderr for those who mean their escape codes, and neutralise what they show themselves."""
    stream = sys.stderr
    return stream.stream if isinstance(stream, _EscapingStream) else stream


class _EscapingStream:
    """A stream over another one, whose text it neutralises. Everything else is that one's."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream

    def write(self, text: str) -> int:
        self.stream.write(escape_text(text))
        return len(text)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  (whatever the stream has)
        return getattr(self.stream, name)


def _python_escape(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape").decode("ascii")


def _json_escape(match: re.Match[str]) -> str:
    units = match[0].encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[position : position + 4]}" for position in range(0, len(units), 4))
