"""The runs: what came of each, how long CXone took to answer, and every period in one table."""

from collections import Counter
from collections.abc import Iterator, Sequence
from statistics import median

from reconciler.cli.render.site.blocks import Block, Cell, Chapter, Figure, Table, Text, Value
from reconciler.cli.render.site.chart import Series, ranges, span, stacked
from reconciler.cli.render.site.timeline import Timeline
from reconciler.cli.render.words import count
from reconciler.reconcile.brief import Brief
from reconciler.reconcile.site import Record

SHOWN = 50  # runs with a row of their own, the newest first
FAILED = 20  # that are spelled out
OUTCOMES = {"in-sync": "calm", "complete": "good", "partial": "warn", "interrupted": "odd", "failed": "bad"}


def runs(record: Record, time: Timeline) -> Chapter:
    """Show every run, the newest one by one."""
    if not record.runs:
        return Chapter("runs", "Runs", (Text("No report yet: dnc apply writes the first."),))
    blocks: list[Block] = [_outcomes(record, time), _latency(time), _newest(record), *_failed(record)]
    written = record.runs[-1].seq
    if record.problems and len(record.runs) < written:
        read = f"{count(len(record.runs), 'report')} of {written:,} could be read along the chain"
        blocks.insert(0, Text(f"{read}: the others are not on this page.", loud=True))
    return Chapter("runs", "Runs", tuple(blocks))


def _outcomes(record: Record, time: Timeline) -> Figure:
    totals = Counter(run.status for run in record.runs)
    known = [status for status in OUTCOMES if totals[status]]
    names = [*known, *sorted(totals.keys() - OUTCOMES.keys())]
    series = [
        Series(OUTCOMES.get(status, "odd"), status, time.total(lambda run, s=status: run.status == s))  # type: ignore[misc]  # the loop's own value
        for status in names
    ]
    said = ", ".join(f"{totals[status]:,} {status}" for status in names)
    says = f"{count(len(record.runs), 'run')} by outcome: {said}. The table says the same, and what they did."
    legend = tuple(Cell(f"{one.label} {totals[one.label]:,}", one.mark) for one in series)
    heads = (
        f"{time.word.capitalize()}|#Runs|#Verified|#Not well|#Put on|#Changed|#Taken off|#Put back|"
        "#p50 ms|#p95 ms|#Longest ms"
    )
    rows = (_row(span(part), some) for part, some in zip(time.parts, time.runs, strict=True) if some)
    table = Table.of(f"All {count(len(record.runs), 'run')}, by {time.word}", heads, rows)
    return Figure("Outcomes", stacked(says, time.parts, series), legend, table)


def _row(when: str, some: Sequence[Brief]) -> tuple[Value, ...]:
    times = _times(some)
    return (
        when,
        len(some),
        sum(run.verified for run in some),
        sum(run.status not in {"in-sync", "complete"} for run in some),
        sum(run.created for run in some),
        sum(run.updated for run in some),
        sum(run.deleted for run in some),
        sum(run.restored for run in some),
        *(times or (None, None, None)),
    )


def _times(some: Sequence[Brief]) -> tuple[float, float, float] | None:
    """Sum up latencies: the middle of the runs' p50, the worst run's p95, and the longest request."""
    told = [run.latency for run in some if run.latency is not None]
    if not told:
        return None
    return median(t.p50 for t in told), max(t.p95 for t in told), max(t.longest for t in told)


def _latency(time: Timeline) -> Block:
    rows = [_times(some) for some in time.runs]
    if not any(rows):
        return Text("No run sent a write request yet, so there is no latency to show.")
    says = "How long CXone took to answer write requests, in milliseconds. The table says the same."
    table = Table.of(
        f"Latency in milliseconds, by {time.word}",
        f"{time.word.capitalize()}|#p50|#p95|#Longest|#Requests|#Sent again|#Conflicts",
        (
            (span(part), *row, sum(r.writes for r in some), sum(r.again for r in some),
             sum(r.conflicts for r in some))
            for part, row, some in zip(time.parts, rows, time.runs, strict=True)
            if row
        ),
    )  # fmt: skip
    legend = (Cell("p50, the middle run's", "p50"), Cell("to p95, the worst run's", "p95"),
              Cell("to the longest request", "longest"))  # fmt: skip
    note = "Runs that had nothing to send have no latency."
    return Figure(
        "Latency of write requests, in milliseconds", ranges(says, time.parts, rows), legend, table, note
    )


def _newest(record: Record) -> Table:
    few = record.runs[::-1][:SHOWN]
    note = ""
    if len(record.runs) > SHOWN:
        note = f"The newest {SHOWN} of {len(record.runs):,} runs; the table of outcomes has all of them."
    heads = "Report|Ended (UTC)|Outcome|Verified|#On|#Changed|#Off|#Failed|#Put back|#p95 ms|By|From|Revision"
    table = Table.of("Run by run", heads, (_one(run) for run in few), note=note)
    return Table(table.caption, table.heads, table.rows, table.note, filtered=True)


def _failed(record: Record) -> Iterator[Table]:
    """Say what stopped the newest runs that failed."""
    failed = [run for run in reversed(record.runs) if run.error]
    if failed:
        rows = ((str(run.seq), f"{run.finished_at:%Y-%m-%d %H:%M}", run.error) for run in failed[:FAILED])
        note = f"The newest {FAILED} of {len(failed):,}." if len(failed) > FAILED else ""
        yield Table.of("Why runs failed", "Report|Ended (UTC)|What stopped it", rows, note=note)


def _one(run: Brief) -> tuple[Value, ...]:
    return (
        str(run.seq),
        f"{run.finished_at:%Y-%m-%d %H:%M}",
        Cell(run.status, OUTCOMES.get(run.status, "odd")),
        "yes" if run.verified else "no",
        run.created,
        run.updated,
        run.deleted,
        run.failed,
        run.restored,
        run.latency.p95 if run.latency else None,
        run.by,
        "schedule" if run.scheduled else "",
        Cell(run.revision[:8], code=True),
    )
