"""Requests by their day: how many were live in time, which were late, which are open."""

from collections.abc import Iterator

from reconciler.cli.render.site.blocks import Block, Cell, Chapter, Figure, Table, Text, Value
from reconciler.cli.render.site.chart import Series, span, stacked
from reconciler.cli.render.site.timeline import Timeline
from reconciler.cli.render.words import count
from reconciler.reconcile.brief import Brief, Waiting
from reconciler.reconcile.site import Record

SHOWN = 50  # rows of late requests, the newest first


def requests(record: Record, time: Timeline) -> Chapter:
    """Show deadlines met and missed."""
    blocks: list[Block] = [_figure(record, time), _open(record)]
    late = list(_late(record.runs))
    if late:
        note = f"The newest {SHOWN} of {len(late)} rows." if len(late) > SHOWN else ""
        heads = "Live on|List|Rule|Due|#Numbers|#Days late|Report"
        blocks.append(Table.of("Live, but late", heads, late[:SHOWN], note=note))
    else:
        blocks.append(Text("No report tells of a request that went live late."))
    return Chapter("requests", "Requests and their deadlines", tuple(blocks))


def late_in(run: Brief) -> int:
    """Count the numbers that a run made live after their day."""
    return sum(one.numbers for one in run.late)


def _figure(record: Record, time: Timeline) -> Figure:
    met, late = time.total(lambda run: run.in_time or 0), time.total(late_in)
    series = [Series("good", "in time", met), Series("bad", "late", late)]
    says = (
        f"Requests that went live: {sum(v or 0 for v in met):,.0f} in time, "
        f"{sum(v or 0 for v in late):,.0f} late. "
        "The table says the same."
    )
    rows = (
        (span(part), int(a), int(b))
        for part, a, b in zip(time.parts, met, late, strict=True)
        if a is not None and b is not None and a + b
    )
    table = Table.of(f"Requests live by {time.word}", f"{time.word.capitalize()}|#In time|#Late", rows)
    untold = sum(run.in_time is None for run in record.runs)
    note = f"{count(untold, 'report')} of an earlier version count the late ones only. " if untold else ""
    note += "Counted are requests that a rule gives a last day."
    legend = tuple(Cell(f"{one.label} {sum(v or 0 for v in one.values):,.0f}", one.mark) for one in series)
    return Figure("In time and late", stacked(says, time.parts, series), legend, table, note)


def _open(record: Record) -> Block:
    newest = record.newest
    if newest is None or not newest.open:
        return Text("Nothing is open: no request is near or past its last day without being live.")
    rows = ((one.due.isoformat() if one.due else None, *_what(one)) for one in newest.open)
    return Table.of("Open: not live yet, by last day", "Last day|State|List|Rule|#Numbers", rows)


def _what(one: Waiting) -> tuple[Value, ...]:
    state = Cell("late", "bad") if one.past else Cell("open", "warn")
    return (state, Cell(one.list_id, code=True), one.rule, one.numbers)


def _late(runs: tuple[Brief, ...]) -> Iterator[tuple[Value, ...]]:
    for run in reversed(runs):
        for one in run.late:
            due = one.due.isoformat() if one.due else None
            yield (run.day.isoformat(), Cell(one.list_id, code=True), one.rule, due, one.numbers,
                   one.days_late, str(run.seq))  # fmt: skip
