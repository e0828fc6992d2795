"""Runs, drift and requests of a tenant's page: what came of each, what others changed, what was late."""

from collections import Counter
from collections.abc import Iterator, Sequence
from statistics import median

from reconciler.cli.render.messages import DRIFT_TEXTS
from reconciler.cli.render.site.blocks import Block, Cell, Chapter, Figure, Table, Text, Value
from reconciler.cli.render.site.chart import Series, period_name, range_bars, stacked_bars
from reconciler.cli.render.site.timeline import Timeline
from reconciler.core.model.finding import count_text
from reconciler.use_cases.history.run_summary import DueRequests, RunFigures
from reconciler.use_cases.history.site import TenantRecord


def drift_chapter(record: TenantRecord, time: Timeline) -> Chapter:
    """Show drift over time, and what the newest run saw."""
    restored = time.totals_by_period(lambda run: run.deviations.restored)
    unmanaged = time.values_by_period(
        lambda runs: next(
            (period_run.unmanaged for period_run in reversed(runs) if period_run.unmanaged is not None), None
        )
    )
    total = sum(value or 0 for value in restored)
    alt_text = f"Numbers that someone removed or weakened in CXone, and that a run put back: {total:,.0f}."
    series = [Series("warn", "put back", restored)]
    rows = (
        (period_name(period), int(back), None if unmanaged_count is None else int(unmanaged_count))
        for period, back, unmanaged_count in zip(time.parts, restored, unmanaged, strict=True)
        if back is not None
    )
    heads = f"{time.period_unit.capitalize()}|#Put back|#Left to agents"
    table = Table.of(f"Drift by {time.period_unit}", heads, rows)
    legend = (Cell(f"put back {total:,.0f}", "warn"),)
    current_drift: Block = Text("The newest run that read CXone saw no drift.")
    if record.drift is None:
        current_drift = Text("Whether there is drift is not known: no plan of a run can be read.")
    elif record.drift:
        drift_rows = (
            (Cell(row.list_id, code=True), row.cause, row.numbers, DRIFT_TEXTS.get(row.cause, ""))
            for row in record.drift
        )
        current_drift = Table.of("As the newest run found it", "List|Kind|#Numbers|What it means", drift_rows)
    figure = Figure(
        "Removed or weakened by others, and put back",
        stacked_bars(alt_text, time.parts, series),
        legend,
        table,
    )
    unmanaged_count = next((run.unmanaged for run in reversed(record.runs) if run.unmanaged is not None), 0)
    unmanaged_text = Text(
        f"{count_text(unmanaged_count)} that agents or scripts added in CXone are left as they are: opt-outs."
    )
    return Chapter("drift", "Drift", (figure, current_drift, *((unmanaged_text,) if unmanaged_count else ())))


MAX_REQUESTS = 50  # rows of late requests, the newest first


def requests_chapter(record: TenantRecord, time: Timeline) -> Chapter:
    """Show deadlines met and missed."""
    blocks: list[Block] = [_requests_figure(record, time), _open_table(record)]
    late_rows = list(_late_rows(record.runs))
    if late_rows:
        note = f"The newest {MAX_REQUESTS} of {len(late_rows)} rows." if len(late_rows) > MAX_REQUESTS else ""
        heads = "Live on|List|Rule|Due|#Numbers|#Days late|Report"
        blocks.append(Table.of("Live, but late", heads, late_rows[:MAX_REQUESTS], note=note))
    else:
        blocks.append(Text("No report has a request that went live late."))
    return Chapter("requests", "Requests and their deadlines", tuple(blocks))


def count_late(run: RunFigures) -> int:
    """Count the numbers that a run made live after their day."""
    return sum(one.numbers for one in run.deadlines.late)


def _requests_figure(record: TenantRecord, time: Timeline) -> Figure:
    met_counts, late_counts = (
        time.totals_by_period(lambda run: run.deadlines.in_time or 0),
        time.totals_by_period(count_late),
    )
    series = [Series("good", "in time", met_counts), Series("bad", "late", late_counts)]
    alt_text = (
        f"Requests that went live: {sum(value or 0 for value in met_counts):,.0f} in time, "
        f"{sum(value or 0 for value in late_counts):,.0f} late. "
        "The table says the same."
    )
    rows = (
        (period_name(period), int(met_count), int(late_count))
        for period, met_count, late_count in zip(time.parts, met_counts, late_counts, strict=True)
        if met_count is not None and late_count is not None and met_count + late_count
    )
    table = Table.of(
        f"Requests live by {time.period_unit}", f"{time.period_unit.capitalize()}|#In time|#Late", rows
    )
    runs_without_counts = sum(run.deadlines.in_time is None for run in record.runs)
    note = (
        f"{count_text(runs_without_counts, 'report')} of an earlier version count the late ones only. "
        if runs_without_counts
        else ""
    )
    note += "Counted are requests that a rule gives a last day."
    legend = tuple(
        Cell(f"{row_series.label} {sum(value or 0 for value in row_series.values):,.0f}", row_series.mark)
        for row_series in series
    )
    return Figure("In time and late", stacked_bars(alt_text, time.parts, series), legend, table, note)


def _open_table(record: TenantRecord) -> Block:
    newest = record.newest
    if newest is None or not newest.deadlines.open:
        return Text(
            "As of the newest run nothing is open: no request is near or past its last day and not live."
        )
    rows = (
        (due_requests.due_date.isoformat(), *_request_cells(due_requests))
        for due_requests in newest.deadlines.open
    )
    return Table.of("Open: not live yet, by last day", "Last day|State|List|Rule|#Numbers", rows)


def _request_cells(due_requests: DueRequests) -> tuple[Value, ...]:
    state = Cell("late", "bad") if due_requests.is_overdue else Cell("open", "warn")
    return (state, Cell(due_requests.list_id, code=True), due_requests.rule, due_requests.numbers)


def _late_rows(runs: tuple[RunFigures, ...]) -> Iterator[tuple[Value, ...]]:
    for run in reversed(runs):
        for due_requests in run.deadlines.late:
            yield (
                run.report.day.isoformat(),
                Cell(due_requests.list_id, code=True),
                due_requests.rule,
                due_requests.due_date.isoformat(),
                due_requests.numbers,
                due_requests.days_late,
                str(run.report.seq),
            )


MAX_RUNS = 50  # runs with a row of their own, the newest first
MAX_FAILED = 20  # that are spelled out
OUTCOME_MARKS = {
    "in-sync": "calm",
    "complete": "good",
    "partial": "warn",
    "interrupted": "odd",
    "failed": "bad",
}


def runs_chapter(record: TenantRecord, time: Timeline) -> Chapter:
    """Show every run, the newest one by one."""
    if not record.runs:
        return Chapter("runs", "Runs", (Text("No report yet: dnc apply writes the first."),))
    blocks: list[Block] = [
        _outcomes_figure(record, time),
        _latency_figure(time),
        _newest_table(record),
        *_failed_tables(record),
    ]
    last_seq = record.runs[-1].report.seq
    if record.problems and len(record.runs) < last_seq:
        read_text = f"{count_text(len(record.runs), 'report')} of {last_seq:,} could be read along the chain"
        blocks.insert(0, Text(f"{read_text}: the others are not on this page.", loud=True))
    return Chapter("runs", "Runs", tuple(blocks))


def _outcomes_figure(record: TenantRecord, time: Timeline) -> Figure:
    totals = Counter(run.report.status for run in record.runs)
    known_statuses = [status for status in OUTCOME_MARKS if totals[status]]
    names = [*known_statuses, *sorted(totals.keys() - OUTCOME_MARKS.keys())]
    series = [
        Series(
            OUTCOME_MARKS.get(status, "odd"),
            status,
            time.totals_by_period(lambda run, s=status: run.report.status == s),  # type: ignore[misc]  # the loop's own value
        )
        for status in names
    ]
    outcomes_text = ", ".join(f"{totals[status]:,} {status}" for status in names)
    alt_text = (
        f"{count_text(len(record.runs), 'run')} by outcome: {outcomes_text}. The table says the same, "
        "and what they did."
    )
    legend = tuple(
        Cell(f"{row_series.label} {totals[row_series.label]:,}", row_series.mark) for row_series in series
    )
    heads = (
        f"{time.period_unit.capitalize()}|#Runs|#Verified|#Not well|#Added|#Changed|#Removed|#Put back|"
        "#p50 ms|#p95 ms|#Longest ms"
    )
    rows = (
        _period_row(period_name(period), period_runs)
        for period, period_runs in zip(time.parts, time.runs, strict=True)
        if period_runs
    )
    table = Table.of(f"All {count_text(len(record.runs), 'run')}, by {time.period_unit}", heads, rows)
    return Figure("Outcomes", stacked_bars(alt_text, time.parts, series), legend, table)


def _period_row(when: str, period_runs: Sequence[RunFigures]) -> tuple[Value, ...]:
    times = _latency_sums(period_runs)
    return (
        when,
        len(period_runs),
        sum(run.report.is_verified for run in period_runs),
        sum(run.report.status not in {"in-sync", "complete"} for run in period_runs),
        sum(run.changes.created for run in period_runs),
        sum(run.changes.updated for run in period_runs),
        sum(run.changes.deleted for run in period_runs),
        sum(run.deviations.restored for run in period_runs),
        *(times or (None, None, None)),
    )


def _latency_sums(period_runs: Sequence[RunFigures]) -> tuple[float, float, float] | None:
    """Sum up latencies: the middle of the runs' p50, the worst run's p95, and the longest request."""
    latencies = [run.writes.latency for run in period_runs if run.writes.latency is not None]
    if not latencies:
        return None
    return (
        median(latency.p50 for latency in latencies),
        max(latency.p95 for latency in latencies),
        max(latency.longest for latency in latencies),
    )


def _latency_figure(time: Timeline) -> Block:
    rows = [_latency_sums(period_runs) for period_runs in time.runs]
    if not any(rows):
        return Text("No run sent a write request yet, so there is no latency to show.")
    alt_text = "How long CXone took to answer write requests, in milliseconds. The table says the same."
    table = Table.of(
        f"Latency in milliseconds, by {time.period_unit}",
        f"{time.period_unit.capitalize()}|#p50|#p95|#Longest|#Requests|#Sent again|#Conflicts",
        (
            (
                period_name(period),
                *row,
                sum(run.writes.requests for run in period_runs),
                sum(run.writes.again for run in period_runs),
                sum(run.writes.conflicts for run in period_runs),
            )
            for period, row, period_runs in zip(time.parts, rows, time.runs, strict=True)
            if row
        ),
    )  # fmt: skip
    legend = (Cell("p50, the middle run's", "p50"), Cell("to p95, the worst run's", "p95"),
              Cell("to the longest request", "longest"))  # fmt: skip
    note = "Runs that had nothing to send have no latency."
    return Figure(
        "Latency of write requests, in milliseconds",
        range_bars(alt_text, time.parts, rows),
        legend,
        table,
        note,
    )


def _newest_table(record: TenantRecord) -> Table:
    newest_runs = record.runs[::-1][:MAX_RUNS]
    notes = []
    if len(record.runs) > MAX_RUNS:
        notes.append(
            f"The newest {MAX_RUNS} of {len(record.runs):,} runs; the table of outcomes has all of them."
        )
    unseen = [str(run.report.seq) for run in newest_runs if run.removals_seen is False]
    if unseen:
        notes.append(
            f"CXone answered that these are removed; no read of the run checked it: {', '.join(unseen)}."
        )
    note = " ".join(notes)
    heads = "Report|Ended (UTC)|Outcome|Verified|#On|#Changed|#Off|#Failed|#Put back|#p95 ms|By|From|Revision"
    table = Table.of("Run by run", heads, (_run_cells(run) for run in newest_runs), note=note)
    return Table(table.caption, table.heads, table.rows, table.note, filtered=True)


def _failed_tables(record: TenantRecord) -> Iterator[Table]:
    """Say what stopped the newest runs that failed."""
    failed_runs = [run for run in reversed(record.runs) if run.error]
    if failed_runs:
        rows = (
            (str(run.report.seq), f"{run.report.finished_at:%Y-%m-%d %H:%M}", run.error)
            for run in failed_runs[:MAX_FAILED]
        )
        note = f"The newest {MAX_FAILED} of {len(failed_runs):,}." if len(failed_runs) > MAX_FAILED else ""
        yield Table.of("Why runs failed", "Report|Ended (UTC)|What stopped it", rows, note=note)


def _run_cells(run: RunFigures) -> tuple[Value, ...]:
    return (
        str(run.report.seq),
        f"{run.report.finished_at:%Y-%m-%d %H:%M}",
        Cell(run.report.status, OUTCOME_MARKS.get(run.report.status, "odd")),
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
