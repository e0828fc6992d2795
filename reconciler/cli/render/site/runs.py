"""Runs, drift and requests of a tenant's page: what came of each, what others changed, what was late."""

from collections import Counter
from collections.abc import Iterator, Sequence
from statistics import median

from reconciler.cli.render.messages import DRIFT, count
from reconciler.cli.render.site.blocks import Block, Cell, Chapter, Figure, Table, Text, Value
from reconciler.cli.render.site.chart import Series, ranges, span, stacked
from reconciler.cli.render.site.timeline import Timeline
from reconciler.use_cases.history.run_summary import RunFigures, Waiting
from reconciler.use_cases.history.site import Record


def drift(record: Record, time: Timeline) -> Chapter:
    """Show drift over time, and what the newest run saw."""
    restored = time.total(lambda run: run.deviations.restored)
    unmanaged = time.each(
        lambda runs: next((r.unmanaged for r in reversed(runs) if r.unmanaged is not None), None)
    )
    total = sum(value or 0 for value in restored)
    says = f"Numbers that somebody took off or weakened in CXone, and that a run put back: {total:,.0f}."
    series = [Series("warn", "put back", restored)]
    rows = (
        (span(part), int(back), None if added is None else int(added))
        for part, back, added in zip(time.parts, restored, unmanaged, strict=True)
        if back is not None
    )
    heads = f"{time.word.capitalize()}|#Put back|#Left to agents"
    table = Table.of(f"Drift by {time.word}", heads, rows)
    legend = (Cell(f"put back {total:,.0f}", "warn"),)
    now: Block = Text("The newest run that read CXone saw no drift.")
    if record.drift:
        seen = ((Cell(one.list_id, code=True), one.cause, one.numbers, DRIFT.get(one.cause, ""))
                for one in record.drift)  # fmt: skip
        now = Table.of("As the newest run found it", "List|Kind|#Numbers|What it means", seen)
    figure = Figure(
        "Taken off or weakened by others, and put back", stacked(says, time.parts, series), legend, table
    )
    added = next((run.unmanaged for run in reversed(record.runs) if run.unmanaged is not None), 0)
    told = Text(f"{count(added)} that agents or scripts added in CXone are left as they are: opt-outs.")
    return Chapter("drift", "Drift", (figure, now, *((told,) if added else ())))


REQUESTS_SHOWN = 50  # rows of late requests, the newest first


def requests(record: Record, time: Timeline) -> Chapter:
    """Show deadlines met and missed."""
    blocks: list[Block] = [_figure(record, time), _open(record)]
    late = list(_late(record.runs))
    if late:
        note = f"The newest {REQUESTS_SHOWN} of {len(late)} rows." if len(late) > REQUESTS_SHOWN else ""
        heads = "Live on|List|Rule|Due|#Numbers|#Days late|Report"
        blocks.append(Table.of("Live, but late", heads, late[:REQUESTS_SHOWN], note=note))
    else:
        blocks.append(Text("No report tells of a request that went live late."))
    return Chapter("requests", "Requests and their deadlines", tuple(blocks))


def late_in(run: RunFigures) -> int:
    """Count the numbers that a run made live after their day."""
    return sum(one.numbers for one in run.deadlines.late)


def _figure(record: Record, time: Timeline) -> Figure:
    met, late = time.total(lambda run: run.deadlines.in_time or 0), time.total(late_in)
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
    untold = sum(run.deadlines.in_time is None for run in record.runs)
    note = f"{count(untold, 'report')} of an earlier version count the late ones only. " if untold else ""
    note += "Counted are requests that a rule gives a last day."
    legend = tuple(Cell(f"{one.label} {sum(v or 0 for v in one.values):,.0f}", one.mark) for one in series)
    return Figure("In time and late", stacked(says, time.parts, series), legend, table, note)


def _open(record: Record) -> Block:
    newest = record.newest
    if newest is None or not newest.deadlines.open:
        return Text("Nothing is open: no request is near or past its last day without being live.")
    rows = ((one.due.isoformat(), *_what(one)) for one in newest.deadlines.open)
    return Table.of("Open: not live yet, by last day", "Last day|State|List|Rule|#Numbers", rows)


def _what(one: Waiting) -> tuple[Value, ...]:
    state = Cell("late", "bad") if one.past else Cell("open", "warn")
    return (state, Cell(one.list_id, code=True), one.rule, one.numbers)


def _late(runs: tuple[RunFigures, ...]) -> Iterator[tuple[Value, ...]]:
    for run in reversed(runs):
        for one in run.deadlines.late:
            yield (run.report.day.isoformat(), Cell(one.list_id, code=True), one.rule, one.due.isoformat(),
                   one.numbers, one.days_late, str(run.report.seq))  # fmt: skip


RUNS_SHOWN = 50  # runs with a row of their own, the newest first
FAILED = 20  # that are spelled out
OUTCOMES = {"in-sync": "calm", "complete": "good", "partial": "warn", "interrupted": "odd", "failed": "bad"}


def runs(record: Record, time: Timeline) -> Chapter:
    """Show every run, the newest one by one."""
    if not record.runs:
        return Chapter("runs", "Runs", (Text("No report yet: dnc apply writes the first."),))
    blocks: list[Block] = [_outcomes(record, time), _latency(time), _newest(record), *_failed(record)]
    written = record.runs[-1].report.seq
    if record.problems and len(record.runs) < written:
        read = f"{count(len(record.runs), 'report')} of {written:,} could be read along the chain"
        blocks.insert(0, Text(f"{read}: the others are not on this page.", loud=True))
    return Chapter("runs", "Runs", tuple(blocks))


def _outcomes(record: Record, time: Timeline) -> Figure:
    totals = Counter(run.report.status for run in record.runs)
    known = [status for status in OUTCOMES if totals[status]]
    names = [*known, *sorted(totals.keys() - OUTCOMES.keys())]
    series = [
        Series(OUTCOMES.get(status, "odd"), status, time.total(lambda run, s=status: run.report.status == s))  # type: ignore[misc]  # the loop's own value
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


def _row(when: str, some: Sequence[RunFigures]) -> tuple[Value, ...]:
    times = _times(some)
    return (
        when,
        len(some),
        sum(run.report.is_verified for run in some),
        sum(run.report.status not in {"in-sync", "complete"} for run in some),
        sum(run.changes.created for run in some),
        sum(run.changes.updated for run in some),
        sum(run.changes.deleted for run in some),
        sum(run.deviations.restored for run in some),
        *(times or (None, None, None)),
    )


def _times(some: Sequence[RunFigures]) -> tuple[float, float, float] | None:
    """Sum up latencies: the middle of the runs' p50, the worst run's p95, and the longest request."""
    told = [run.writes.latency for run in some if run.writes.latency is not None]
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
            (span(part), *row, sum(r.writes.requests for r in some), sum(r.writes.again for r in some),
             sum(r.writes.conflicts for r in some))
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
    few = record.runs[::-1][:RUNS_SHOWN]
    note = ""
    if len(record.runs) > RUNS_SHOWN:
        note = f"The newest {RUNS_SHOWN} of {len(record.runs):,} runs; the table of outcomes has all of them."
    heads = "Report|Ended (UTC)|Outcome|Verified|#On|#Changed|#Off|#Failed|#Put back|#p95 ms|By|From|Revision"
    table = Table.of("Run by run", heads, (_one(run) for run in few), note=note)
    return Table(table.caption, table.heads, table.rows, table.note, filtered=True)


def _failed(record: Record) -> Iterator[Table]:
    """Say what stopped the newest runs that failed."""
    failed = [run for run in reversed(record.runs) if run.error]
    if failed:
        rows = (
            (str(run.report.seq), f"{run.report.finished_at:%Y-%m-%d %H:%M}", run.error)
            for run in failed[:FAILED]
        )
        note = f"The newest {FAILED} of {len(failed):,}." if len(failed) > FAILED else ""
        yield Table.of("Why runs failed", "Report|Ended (UTC)|What stopped it", rows, note=note)


def _one(run: RunFigures) -> tuple[Value, ...]:
    return (
        str(run.report.seq),
        f"{run.report.finished_at:%Y-%m-%d %H:%M}",
        Cell(run.report.status, OUTCOMES.get(run.report.status, "odd")),
        "yes" if run.report.is_verified else "no",
        run.changes.created,
        run.changes.updated,
        run.changes.deleted,
        run.changes.failed,
        run.deviations.restored,
        run.writes.latency.p95 if run.writes.latency else None,
        run.by,
        "schedule" if run.scheduled else "",
        Cell(run.report.revision[:8], code=True),
    )
