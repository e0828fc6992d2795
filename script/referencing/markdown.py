"""Markdown that any site generator takes."""

import re
from collections.abc import Iterable, Sequence

GENERATED = "*Written by `script/reference`. Change the program or the schema, not this page.*"


def cell(text: object) -> str:
    """Put text into a cell of a table, with nothing in it that reads as HTML or ends the cell."""
    words = " ".join(str(text or "").split()).replace("|", "\\|")
    return "".join(  # code spans show what is in them as it is
        part if place % 2 else part.replace("<", "\\<")
        for place, part in enumerate(re.split("(`[^`]*`)", words))
    )


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a table; nothing where it has no rows."""
    lines = [f"| {' | '.join(row)} |" for row in rows]
    ruler = f"| {' | '.join('---' for _ in head)} |"
    return "\n".join((f"| {' | '.join(head)} |", ruler, *lines)) if lines else ""
