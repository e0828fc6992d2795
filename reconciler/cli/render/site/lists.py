"""Lists of a tenant's page: sizes over time, what lapses soon, what the newest run left open."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from reconciler.cli.render.messages import BLOCK_TEXTS, FIXES
from reconciler.cli.render.site.blocks import Block, Cell, Chapter, Figure, Sentences, Table, Text, Value
from reconciler.cli.render.site.chart import Series, period_name, sparkline, stacked_areas, stacked_bars
from reconciler.cli.render.site.periods import ChartPeriod, group_by_period
from reconciler.cli.render.site.timeline import Timeline
from reconciler.core.model.entries import ReasonCode
from reconciler.core.model.finding import count_text
from reconciler.core.planning.coverage import Coverage, SkillRow, shown_name
from reconciler.use_cases.history.run_summary import UNDIVIDED, UNFINISHED, RunFigures
from reconciler.use_cases.history.site import HORIZON, RemainingNumbers, TenantRecord

MAX_LAPSES = 60  # rows, the nearest first
_WEEK = 7
_AFTER_LAPSE = {
    "none": "Afterwards people take them off by hand: this tenant removes nothing by itself.",
    "delete": "Afterwards the next run takes them off, within the removal budget.",
    "expire": "Afterwards the next run lets them expire, within the removal budget.",
}


def lapses_chapter(record: TenantRecord, made_at: datetime) -> Chapter:
    """Show what ends within 90 days."""
    record_lapses = record.files.lapses
    if not record_lapses:
        sentence = f"No entry ends within {HORIZON.days} days.{_errors_text(record)}"
        return Chapter("lapsing", "Ending soon", (Text(sentence),))
    begin = min(made_at.date(), record_lapses[0].last_day)
    weeks = []
    while begin <= made_at.date() + HORIZON:
        weeks.append(ChartPeriod(begin, begin + timedelta(days=_WEEK - 1)))
        begin += timedelta(days=_WEEK)
    sums = [
        sum(lapse.numbers for lapse in week_lapses)
        for _, week_lapses in group_by_period(weeks, record_lapses, lambda lapse: lapse.last_day)
    ]
    total = sum(sums)
    alt_text = f"{total:,} entries end within {HORIZON.days} days, by week. The table says the same."
    chart = stacked_bars(alt_text, weeks, [Series("calm", "end", sums)])
    by_week = Table.of(
        "By week",
        "Week|#Entries",
        ((period_name(week), week_sum) for week, week_sum in zip(weeks, sums, strict=True) if week_sum),
    )
    figure = Figure(f"Entries by the week of their last day: {total:,}", chart, (), by_week)
    return Chapter(
        "lapsing", "Ending soon", (figure, _lapse_table(record), Text(_AFTER_LAPSE.get(record.removal, "")))
    )


def _lapse_table(record: TenantRecord) -> Block:
    record_lapses = record.files.lapses
    rows = [
        (
            lapse.last_day.isoformat(),
            Cell(lapse.list_id, code=True),
            lapse.reason,
            lapse.numbers,
            lapse.on_hold,
        )
        for lapse in record_lapses
    ]
    lists = Counter(lapse.list_id for lapse in record_lapses)
    note = ""
    if len(rows) > MAX_LAPSES:
        note = (
            f"The nearest {MAX_LAPSES} of {len(rows):,} rows, of {len(lists):,} lists; "
            "the weeks above have all."
        )
    return Table.of(
        "By last day", "Last day|List|Reason|#Numbers|#Of these on hold", rows[:MAX_LAPSES], note=note
    )


MAX_OPEN_ISSUES = 50  # rows of each table, and sentences


def open_issues_chapter(record: TenantRecord) -> Chapter:
    """Show what waits."""
    blocks: list[Block] = []
    status = record.newest.report.status if record.newest else ""
    if status in UNFINISHED:
        blocks.append(Text(f"The newest run is {status}: what it left open is only what is known of it."))
    if record.not_live:
        rows = (
            (Cell(remaining.list_id, code=True), remaining.numbers)
            for remaining in record.not_live[:MAX_OPEN_ISSUES]
        )
        blocks.append(Table.of("Not protected: on a list, not live in CXone", "List|#Numbers", rows,
                               note=_rest_text(record.not_live)))  # fmt: skip
    if record.newest is not None and record.newest.deviations.unverified:
        unverified = count_text(record.newest.deviations.unverified)
        sentence = (
            f"Not verified: {unverified} sent and confirmed by no read, so their protection is unknown."
        )
        blocks.append(Text(sentence, loud=True))
    if record.failures:
        failure_rows = (
            (Cell(remaining.list_id, code=True), remaining.cause, remaining.numbers)
            for remaining in record.failures[:MAX_OPEN_ISSUES]
        )
        blocks.append(
            Table.of(
                "What CXone answered", "List|Code|#Numbers", failure_rows, note=_rest_text(record.failures)
            )
        )
    if record.retained:
        retained_rows = (
            (
                Cell(remaining.list_id, code=True),
                remaining.numbers,
                "; ".join(BLOCK_TEXTS.get(block, block) for block in remaining.cause.split()),
                "; ".join(FIXES[block] for block in remaining.cause.split() if block in FIXES),
            )
            for remaining in record.retained[:MAX_OPEN_ISSUES]
        )  # fmt: skip
        blocks.append(Table.of(
            "Stays live, although the files no longer ask for it", "List|#Numbers|Why|Fix", retained_rows,
            note=_rest_text(record.retained),
        ))  # fmt: skip
    for title, remaining_rows in (
        ("To remove by hand: dnc removes nothing from this tenant", record.by_hand),
        ("Not removed: the removal was authorized, and did not succeed", record.not_removed),
    ):
        if remaining_rows:
            rows = (
                (Cell(remaining.list_id, code=True), remaining.numbers)
                for remaining in remaining_rows[:MAX_OPEN_ISSUES]
            )
            blocks.append(Table.of(title, "List|#Numbers", rows, note=_rest_text(remaining_rows)))
    if record.alarms:
        blocks.append(Text(f"Alarms of the newest run: {len(record.alarms):,}."))
        blocks.append(Sentences(record.alarms[:MAX_OPEN_ISSUES]))
        if rest_text := _rest_text(record.alarms):
            blocks.append(Text(rest_text))
    return Chapter(
        "people", "Needs action", tuple(blocks) or (Text("Nothing: the newest run left nothing over."),)
    )


def _rest_text(rows: Sequence[RemainingNumbers] | Sequence[str]) -> str:
    return f"The first {MAX_OPEN_ISSUES} of {len(rows):,}." if len(rows) > MAX_OPEN_ISSUES else ""


def coverage_chapter(record: TenantRecord) -> Chapter:
    """Show which skills honour each list, as last read."""
    coverage = record.coverage or Coverage()
    rows = (
        (
            Cell(row.list_id, code=True),
            shown_name(row.group),
            row.honoured,
            _skill_cell(row.uncovered, "bad"),
            _skill_cell(row.excepted, ""),
            _skill_cell(row.unstoppable, "warn"),
        )
        for row in coverage.rows
    )
    table = Table.of(
        "Outbound skills by list",
        "List|DNC group|#Honoured by|Not honoured by|Excepted|Stopped by no group",
        rows,
        note=f"Skills as read {(coverage.read_at or '')[:16]}Z. A group stops the calls of its skills alone.",
    )
    return Chapter("coverage", "Coverage", (table,))


def _skill_cell(skills: Sequence[SkillRow], mark: str) -> Cell:
    names = [shown_name(skill.name) + f" ({skill.reference})" * bool(skill.reference) for skill in skills]
    return Cell(", ".join(names), mark if skills else "")


MAX_CHARTS = 12  # lists with a chart of their own, the largest first
_REASON_MARKS = {code.value: f"reason-{at}" for at, code in enumerate(ReasonCode, start=1)}
OTHERS = "other reasons"
_ALONE = 8  # reasons that are told apart; CXone may answer with others


def sizes_chapter(record: TenantRecord, time: Timeline) -> Chapter:
    """Show every list."""
    reports = [run for run in record.runs if run.live]
    newest = reports[-1] if reports else None
    lists = sorted(
        {name for run in reports for name in run.live}, key=lambda name: (-_size(newest, name), name)
    )
    blocks: list[Block] = [_lists_table(record, newest, lists)]
    blocks += [_size_figure(list_id, time) for list_id in lists[:MAX_CHARTS]]
    if len(lists) > MAX_CHARTS:
        blocks.append(Text(f"The {MAX_CHARTS} largest of {len(lists)} lists have a chart."))
    return Chapter("lists", "Lists", tuple(blocks))


def _size(run: RunFigures | None, list_id: str) -> int:
    return sum(reason_count for _, reason_count in run.live.get(list_id, ())) if run else 0


def _lists_table(record: TenantRecord, newest: RunFigures | None, lists: Sequence[str]) -> Table:
    """Set what is live beside what the files claim."""
    declared = {declared_counts.list_id: declared_counts for declared_counts in record.files.declared}
    names = [*lists, *(name for name in declared if name not in lists)]
    rows: list[list[Value]] = []
    for name in names:
        files = declared.get(name)
        live = _size(newest, name) if newest and name in newest.live else None
        rows.append(
            [Cell(name, code=True), live, files.numbers if files else 0, files.with_end if files else 0]
        )
    caption = (
        f"Live as the newest reading of CXone had it, {newest.report.finished_at:%Y-%m-%d %H:%M} UTC. "
        if newest
        else ""
    )
    note = f"{caption}In the files as they are here.{_errors_text(record)}"
    return Table.of("Every list", "List|#Live in CXone|#In the files|#With an end", rows, note=note)


def _errors_text(record: TenantRecord) -> str:
    """Say that errors in the files keep entries from being counted; empty where there are none."""
    count = record.files.errors
    return f" {count_text(count, 'error')} in the files: what they concern is not counted." if count else ""


def _size_figure(list_id: str, time: Timeline) -> Figure:
    counts_by_period = [_last_counts(runs, list_id) for runs in time.runs]
    reasons = _ordered_reasons(counts_by_period)
    series = [
        Series(
            _reason_mark(reason),
            reason_name(reason),
            [_reason_value(period_counts, reason) for period_counts in counts_by_period],
        )
        for reason in reasons
    ]
    newest = next(
        (
            sum(period_counts.values())
            for period_counts in reversed(counts_by_period)
            if period_counts is not None
        ),
        0,
    )
    alt_text = (
        f"{list_id}: numbers by reason over time; {newest:,} in the newest reading. The table says the same."
    )
    rows = (
        (
            period_name(period),
            *(_reason_value(period_counts, reason) for reason in reasons),
            sum(period_counts.values()),
        )
        for period, period_counts in zip(time.parts, counts_by_period, strict=True)
        if period_counts is not None
    )
    heads = (time.period_unit.capitalize(), *(f"#{reason_name(reason)}" for reason in reasons), "#All")
    has_undivided = UNDIVIDED in reasons
    note = "Reports of earlier versions give a list's size without its reasons." if has_undivided else ""
    table = Table.of(f"{list_id}, by {time.period_unit}: the last reading of each", heads, rows)
    return Figure(list_id, stacked_areas(alt_text, time.parts, series), tuple(_legend(series)), table, note)


def _legend(series: Sequence[Series]) -> Iterator[Cell]:
    """Give each reason with its count now, what that is to its first, and a line on its own scale."""
    for row_series in series:
        values = [value for value in row_series.values if value is not None]
        change = int(values[-1] - values[0])
        grown = f"{change:+,} since {'the first' if change else 'then'}" if change else "unchanged"
        sparkline_path = sparkline(row_series.values) if len(series) > 1 else ""
        yield Cell(f"{row_series.label} {int(values[-1]):,} ({grown})", row_series.mark, spark=sparkline_path)


def _last_counts(runs: Sequence[RunFigures], list_id: str) -> Mapping[str, int] | None:
    """Give the last reading of a period; None without one, empty where it did not have the list."""
    run = next((run for run in reversed(runs) if run.live), None)
    return None if run is None else dict(run.live.get(list_id, ()))


def _ordered_reasons(counts_by_period: Sequence[Mapping[str, int] | None]) -> list[str]:
    """Order the reasons that occur: strongest first, then unknown ones, then what is not divided."""
    reasons = {reason for counts in counts_by_period if counts for reason in counts}
    known_reasons = [code for code in _REASON_MARKS if code in reasons]
    other_reasons = sorted(reasons - _REASON_MARKS.keys() - {UNDIVIDED})
    if len(known_reasons) + len(other_reasons) > _ALONE:
        other_reasons = [OTHERS]
    return [*known_reasons, *other_reasons, *([UNDIVIDED] if UNDIVIDED in reasons or not reasons else [])]


def _reason_value(counts: Mapping[str, int] | None, reason: str) -> int | None:
    if counts is None:
        return None
    if reason == OTHERS:
        return sum(n for r, n in counts.items() if r not in _REASON_MARKS and r != UNDIVIDED)
    return counts.get(reason, 0)


def _reason_mark(reason: str) -> str:
    return "reason-0" if reason == UNDIVIDED else _REASON_MARKS.get(reason, "reason-7")


def reason_name(reason: str) -> str:
    """Name a reason for people."""
    return reason or "not divided"
