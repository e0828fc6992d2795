"""Text on its way to a terminal, or to a pipeline's log, which shows escape codes as a terminal does."""

import re
import sys
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from typing import Any, TextIO, cast

# Moves the cursor, colours, asks the terminal for an answer, turns the direction of writing, does not show
# at all, or (a surrogate: half a character, such as a file's name may have) cannot be written.
_UNSEEN = (
    r"\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    r"\ud800-\udfff\ufeff\ufff9-\ufffb\U000e0000-\U000e007f"
)
_TEXT = re.compile(f"[{_UNSEEN}]")
_LINE = re.compile(rf"[\n\t{_UNSEEN}]")


def harmless(text: str) -> str:
    r"""Show what would not show as itself by its escape, `\x1b` for one. Lines and tabs stay."""
    return _TEXT.sub(_written, text)


def line(text: str) -> str:
    """Do the same for what must stay one line: a finding, or a log's value."""
    return _LINE.sub(_written, text)


def harmless_json(text: str) -> str:
    """Do the same for JSON, in JSON's own way: what it says stays the same."""
    return _TEXT.sub(_in_json, text)


def clean_event(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Do the same for a log's event, as structlog's processors do."""
    return {line(name): line(value) if isinstance(value, str) else value for name, value in event.items()}


@contextmanager
def harmless_streams() -> Iterator[None]:
    """Neutralise all that is written to stdout and stderr, whoever writes it and wherever it came from."""
    out, err = _Harmless(sys.stdout), _Harmless(sys.stderr)
    with redirect_stdout(cast("TextIO", out)), redirect_stderr(cast("TextIO", err)):
        yield


def colourful() -> TextIO:
    """Give stderr for those who mean their escape codes, and neutralise what they show themselves."""
    stream = sys.stderr
    return stream.beneath if isinstance(stream, _Harmless) else stream


class _Harmless:
    """A stream over another one, whose text it neutralises. Everything else is that one's."""

    def __init__(self, stream: TextIO) -> None:
        self.beneath = stream

    def write(self, text: str) -> int:
        self.beneath.write(harmless(text))
        return len(text)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  (whatever the stream has)
        return getattr(self.beneath, name)


def _written(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode("ascii")


def _in_json(found: re.Match[str]) -> str:
    units = found[0].encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))
