"""Whether every row of a table was read, by counts of the raw file that do not use its reader."""

from collections.abc import Collection, Iterator

from reconciler.desired.raw_text import text_doubts, text_numbers
from reconciler.desired.raw_workbook import RawWorkbook
from reconciler.desired.table import WORKBOOKS


def accounting_doubts(name: str, data: bytes, rows: int, lost: Collection[str]) -> Iterator[str]:
    """Say what in a table cannot be accounted for. Nothing: all of it is certainly read.

    `rows` are those that were read, the header included. `lost` are numbers that no row has: where the raw
    file has one of them all the same, the reader did not see it.
    """
    if data.startswith(WORKBOOKS):
        raw = RawWorkbook.read(data, lost)
        yield from raw.doubts(name, rows)
        unseen = raw.numbers
    else:
        yield from text_doubts(name, data, rows)
        unseen = text_numbers(name, data, lost) if lost else set()
    if unseen:
        yield (
            f"{name}: {len(unseen):,} of the missing numbers are somewhere in the file, "
            "but no row has them as its number"
        )
