"""How lines look on a terminal: colour by meaning, and breaks between words.

Only what is already neutral comes here: the escape codes below are the program's own.
"""

import os
import re
import shutil
import textwrap
from contextvars import ContextVar
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class ColorMode(StrEnum):
    """When colours are used: on terminals, always, or never."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


COLOR: ContextVar[ColorMode] = ContextVar("COLOR", default=ColorMode.AUTO)

_RESET = "\x1b[0m"
_GREEN, _RED, _YELLOW, _CYAN, _DIM = "\x1b[32m", "\x1b[31m", "\x1b[33m", "\x1b[36m", "\x1b[2m"
_BOLD, _BOLD_RED, _BOLD_GREEN, _BOLD_YELLOW = "\x1b[1m", "\x1b[1;31m", "\x1b[1;32m", "\x1b[1;33m"

# The signs of a plan's rows: added, removed, changed, blocked, not protected, seen in CXone only.
_SIGNS = {"+": _GREEN, "-": _RED, "~": _CYAN, "=": _YELLOW, "!": _BOLD_RED, "?": _YELLOW}
_SIGN = re.compile(r" {2,4}([-+~=!?]) (?=\S)")
_SEVERITIES = {"error": _BOLD_RED, "alarm": _BOLD_RED, "warning": _YELLOW}
_SEVERITY = re.compile(r"(?:^|(?<=: )|(?<= ))(error|alarm|warning)(?=: )", re.IGNORECASE)
_VERDICTS = {
    "OK": _BOLD_GREEN,
    "No changes": _BOLD_GREEN,
    "FAILED": _BOLD_RED,
    "NOT PROTECTED": _BOLD_RED,
    "NOT VERIFIED": _BOLD_YELLOW,
    "NOTHING TO VERIFY": _BOLD_YELLOW,
    "DO NOT CALL": _BOLD_RED,
    "NOT LISTED": _BOLD_YELLOW,
    "UNKNOWN": _BOLD_YELLOW,
    "Plan": _BOLD,
    "Applied": _BOLD,
}
_VERDICT = re.compile(rf"(?:{'|'.join(sorted(_VERDICTS, key=len, reverse=True))})(?=[:.])")
_HINTS = ("Chain: ", "next: ", "report: ")
_COMMAND = re.compile(r"\s*(?:(?:\$ )?(?:dnc|git|script/\w+) |[\w-]+: \{)")  # or a line of YAML to paste
_HANGING = 2  # columns that the rest of a broken line stands further in
_NARROWEST = 30


class _Stream(Protocol):
    def isatty(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Layout:
    """How one stream shows lines: `columns` to break at, 0 for no breaks, and whether in colour."""

    columns: int
    is_colored: bool

    def styled(self, line: str) -> str:
        """Show one line, without its end. A command is never broken: it is there to be copied."""
        lines = self._broken(line)
        return "\n".join(map(_colored, lines)) if self.is_colored else "\n".join(lines)

    def _broken(self, line: str) -> list[str]:
        if not self.columns or len(line) <= self.columns or _COMMAND.match(line):
            return [line]
        indent = len(line) - len(line.lstrip())
        start = _SIGN.match(line)
        hanging = start.end() if start else indent + _HANGING
        return textwrap.wrap(
            line,
            self.columns,
            subsequent_indent=" " * hanging,
            break_long_words=False,
            break_on_hyphens=False,
            replace_whitespace=False,
            drop_whitespace=True,
        )


def layout_of(stream: _Stream) -> Layout | None:
    """Say how a stream shows lines; None for one that is a pipe or a file, and gets them as they are."""
    mode, is_terminal = COLOR.get(), stream.isatty()
    wants_color = is_terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    is_colored = mode is ColorMode.ALWAYS or (mode is ColorMode.AUTO and wants_color)
    if not is_terminal and not is_colored:
        return None
    columns = shutil.get_terminal_size().columns if is_terminal else 0
    return Layout(max(columns, _NARROWEST) if columns else 0, is_colored)


def _colored(line: str) -> str:
    if sign := _SIGN.match(line):
        return f"{_SIGNS[sign[1]]}{line}{_RESET}"
    if line.startswith(_HINTS):
        return f"{_DIM}{line}{_RESET}"
    if verdict := _VERDICT.match(line):
        return f"{_VERDICTS[verdict[0]]}{verdict[0]}{_RESET}{line[verdict.end() :]}"
    return _SEVERITY.sub(lambda match: f"{_SEVERITIES[match[0].lower()]}{match[0]}{_RESET}", line, count=1)
