"""The ways out of what blocks a change, with the commands that take them, ready to paste."""

import re
from collections.abc import Sequence

from reconciler.cli.render.numbers import Shown
from reconciler.cli.render.words import WAYS_OUT

_LIST_ID = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")
# What nothing but a line or a release settles.
_FOR_NUMBERS = frozenset({"no-release", "release-does-not-fit", "later-opt-out"})


def way_out(why: str, list_id: str, phones: Sequence[str], shown: Shown) -> str:
    """Say the way out of one reason, with the two commands that edit the files where they settle it."""
    if why not in _FOR_NUMBERS:
        return WAYS_OUT[why]
    restored, released = commands(list_id, phones, shown)
    return f"{WAYS_OUT[why]}: `{restored}`, or `{released}`"


def commands(list_id: str, phones: Sequence[str], shown: Shown) -> tuple[str, str]:
    """Give the commands that put lines back and that release their numbers.

    Where numbers are masked, or too many, NUMBER stands for them. REASON and EVIDENCE are always for people:
    a reason that was only pasted would be no reason.
    """
    whole = not shown.masked and len(phones) <= shown.samples
    numbers = " ".join(phones) if whole else "NUMBER"
    # An id as files have it. Any other is nothing to paste into a shell, or to show as code.
    name = list_id if _LIST_ID.fullmatch(list_id) else "LIST"
    return (
        f"dnc restore {numbers} --list {name}",
        f"dnc release {numbers} --list {name} --reason REASON --evidence EVIDENCE",
    )
