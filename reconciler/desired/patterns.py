"""Patterns of rules, as JSON Schema means them, and with an end: a rule file is a repository's own text."""

import re
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

from reconciler.model.errors import InvalidInput

SECONDS = 1.0  # for one search; a good pattern takes microseconds
_SHORT = 16  # characters: the worst pattern is through with these in a millisecond
_VARIABLE = re.compile(r"[*+?}|]")


class _TooLong(Exception):
    """The time for one search is over."""


@lru_cache(maxsize=256)
def ecma_pattern(pattern: str) -> re.Pattern[str]:
    r"""Compile a pattern as JSON Schema means it: `$` is the very end, and `\d` is ASCII."""
    anchored = re.sub(r"(?<!\\)\$(?=\Z|\)|\|)", r"\\Z", pattern)
    return re.compile(anchored, re.ASCII)


def found(pattern: str, text: str) -> bool:
    """Tell whether the pattern is found in the text.

    Raises InvalidInput where that takes too long: a repeat inside a repeat tries every way to share a text
    out, which are twice as many with each character.
    """
    expression = ecma_pattern(pattern)
    if len(text) <= _SHORT or not _may_take_long(pattern):
        return expression.search(text) is not None
    try:
        with _limited():
            return expression.search(text) is not None
    except _TooLong:
        raise InvalidInput(
            f"a pattern took over {SECONDS:g} s for a text of {len(text):,} characters: {pattern[:200]}",
            "write it without a repeat inside a repeat, in the rule file that has it",
            where="schema",
        ) from None


@lru_cache(maxsize=256)
def _may_take_long(pattern: str) -> bool:
    """Tell whether something may be shared out in several ways: it takes two that vary."""
    return len(_VARIABLE.findall(pattern)) > 1


@contextmanager
def _limited() -> Iterator[None]:
    """Limit the time of what Python's own engine does: it looks for signals while it searches.

    Only the main thread gets those, and only there are files judged; Windows has none.
    """
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
        yield
        return

    def too_long(*_: object) -> None:
        raise _TooLong

    before = signal.signal(signal.SIGALRM, too_long)
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
