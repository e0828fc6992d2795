"""Tables as CSV: cells that a spreadsheet does not run, in files for their owner only."""

import csv
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

# What a spreadsheet takes for a formula. A number begins with + as well, and is none.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_NUMBER = re.compile(r"\+[0-9][0-9 ().-]*")


def harmless(value: object) -> str:
    """Write one cell, with an apostrophe before what a spreadsheet would run."""
    text = str(value)
    return f"'{text}" if text.startswith(_FORMULA) and not _NUMBER.fullmatch(text) else text


def write_table(out: TextIO, header: Iterable[object], rows: Iterable[Iterable[object]]) -> None:
    """Write a table row by row; lines end as git has them."""
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([harmless(cell) for cell in header])
    writer.writerows([harmless(cell) for cell in row] for row in rows)


@contextmanager
def own_table(file: Path) -> Iterator[TextIO]:
    """Open a file that holds whole numbers, for its owner only, also where it is there. Raises OSError."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8", errors="replace", newline="") as out:
        if hasattr(os, "fchmod"):
            os.fchmod(descriptor, 0o600)
        yield out
