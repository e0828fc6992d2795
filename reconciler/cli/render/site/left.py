"""What the newest run left for people: not live, kept without permission, alarms."""

from collections.abc import Sequence

from reconciler.cli.render.site.blocks import Block, Cell, Chapter, Sentences, Table, Text
from reconciler.cli.render.words import BLOCKED, WAYS_OUT
from reconciler.reconcile.site import Record, Remaining

SHOWN = 50  # rows of each table, and sentences


def left(record: Record) -> Chapter:
    """Show what waits."""
    blocks: list[Block] = []
    if record.not_live:
        rows = ((Cell(one.list_id, code=True), one.numbers) for one in record.not_live[:SHOWN])
        blocks.append(Table.of("Not protected: on a list, not live in CXone", "List|#Numbers", rows,
                               note=_more(record.not_live)))  # fmt: skip
    if record.failures:
        failed = ((Cell(one.list_id, code=True), one.cause, one.numbers) for one in record.failures[:SHOWN])
        blocks.append(
            Table.of("What CXone answered", "List|Code|#Numbers", failed, note=_more(record.failures))
        )
    if record.kept:
        kept = (
            (Cell(one.list_id, code=True), one.numbers, BLOCKED.get(one.cause, one.cause),
             WAYS_OUT.get(one.cause, ""))
            for one in record.kept[:SHOWN]
        )  # fmt: skip
        blocks.append(Table.of(
            "Stays live, although the files no longer ask for it", "List|#Numbers|Why|Way out", kept,
            note=_more(record.kept),
        ))  # fmt: skip
    if record.alarms:
        blocks.append(Text(f"Alarms of the newest run: {len(record.alarms):,}."))
        blocks.append(Sentences(record.alarms[:SHOWN]))
        if more := _more(record.alarms):
            blocks.append(Text(more))
    return Chapter(
        "people", "Waiting for people", tuple(blocks) or (Text("Nothing: the newest run left nothing over."),)
    )


def _more(rows: Sequence[Remaining] | Sequence[str]) -> str:
    return f"The first {SHOWN} of {len(rows):,}." if len(rows) > SHOWN else ""
