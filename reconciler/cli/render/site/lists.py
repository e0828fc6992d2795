"""Lists of a tenant's page: sizes over time, what lapses soon, what the newest run left open."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from reconciler.cli.render.messages import BLOCKED, WAYS_OUT, count
from reconciler.cli.render.site.blocks import Block, Cell, Chapter, Figure, Sentences, Table, Text, Value
from reconciler.cli.render.site.chart import Series, layers, span, spark, stacked
from reconciler.cli.render.site.periods import Period, sorted_into
from reconciler.cli.render.site.timeline import Timeline
from reconciler.core.model.entries import ReasonCode
from reconciler.use_cases.history.run_summary import UNDIVIDED, RunFigures
from reconciler.use_cases.history.site import HORIZON, Record, Remaining

LAPSES_SHOWN = 60  # rows, the nearest first
_WEEK = 7
_AFTER = {
    "none": "Afterwards people take them off by hand: this tenant removes nothing by itself.",
    "delete": "Afterwards the next run takes them off, within the removal budget.",
    "expire": "Afterwards the next run lets them expire, within the removal budget.",
}


def lapses(record: Record, made_at: datetime) -> Chapter:
    """Show what ends within 90 days."""
    found = record.files.lapsing
    if not found:
        return Chapter("lapsing", "Ending soon", (Text(f"No entry ends within {HORIZON.days} days."),))
    begin = min(made_at.date(), found[0].last_day)
    weeks = []
    while begin <= made_at.date() + HORIZON:
        weeks.append(Period(begin, begin + timedelta(days=_WEEK - 1)))
        begin += timedelta(days=_WEEK)
    sums = [
        sum(one.numbers for one in some) for _, some in sorted_into(weeks, found, lambda one: one.last_day)
    ]
    total = sum(sums)
    says = f"{total:,} entries end within {HORIZON.days} days, by week. The table says the same."
    chart = stacked(says, weeks, [Series("calm", "end", sums)])
    by_week = Table.of(
        "By week", "Week|#Entries", ((span(w), n) for w, n in zip(weeks, sums, strict=True) if n)
    )
    figure = Figure(f"Entries by the week of their last day: {total:,}", chart, (), by_week)
    return Chapter("lapsing", "Ending soon", (figure, _rows(record), Text(_AFTER.get(record.removal, ""))))


def _rows(record: Record) -> Block:
    found = record.files.lapsing
    rows = [
        (one.last_day.isoformat(), Cell(one.list_id, code=True), one.reason, one.numbers, one.held)
        for one in found
    ]
    lists = Counter(one.list_id for one in found)
    note = ""
    if len(rows) > LAPSES_SHOWN:
        note = (
            f"The nearest {LAPSES_SHOWN} of {len(rows):,} rows, of {len(lists):,} lists; "
            "the weeks above have all."
        )
    return Table.of(
        "By last day", "Last day|List|Reason|#Numbers|#Of these on hold", rows[:LAPSES_SHOWN], note=note
    )


LEFT_SHOWN = 50  # rows of each table, and sentences


def left(record: Record) -> Chapter:
    """Show what waits."""
    blocks: list[Block] = []
    if record.not_live:
        rows = ((Cell(one.list_id, code=True), one.numbers) for one in record.not_live[:LEFT_SHOWN])
        blocks.append(Table.of("Not protected: on a list, not live in CXone", "List|#Numbers", rows,
                               note=_more(record.not_live)))  # fmt: skip
    if record.failures:
        failed = (
            (Cell(one.list_id, code=True), one.cause, one.numbers) for one in record.failures[:LEFT_SHOWN]
        )
        blocks.append(
            Table.of("What CXone answered", "List|Code|#Numbers", failed, note=_more(record.failures))
        )
    if record.kept:
        kept = (
            (Cell(one.list_id, code=True), one.numbers, BLOCKED.get(one.cause, one.cause),
             WAYS_OUT.get(one.cause, ""))
            for one in record.kept[:LEFT_SHOWN]
        )  # fmt: skip
        blocks.append(Table.of(
            "Stays live, although the files no longer ask for it", "List|#Numbers|Why|Way out", kept,
            note=_more(record.kept),
        ))  # fmt: skip
    if record.alarms:
        blocks.append(Text(f"Alarms of the newest run: {len(record.alarms):,}."))
        blocks.append(Sentences(record.alarms[:LEFT_SHOWN]))
        if more := _more(record.alarms):
            blocks.append(Text(more))
    return Chapter(
        "people", "Waiting for people", tuple(blocks) or (Text("Nothing: the newest run left nothing over."),)
    )


def _more(rows: Sequence[Remaining] | Sequence[str]) -> str:
    return f"The first {LEFT_SHOWN} of {len(rows):,}." if len(rows) > LEFT_SHOWN else ""


CHARTED = 12  # lists with a chart of their own, the largest first
_KNOWN = {code.value: f"reason-{at}" for at, code in enumerate(ReasonCode, start=1)}
OTHERS = "other reasons"
_ALONE = 8  # reasons that are told apart; CXone may answer with others


def sizes(record: Record, time: Timeline) -> Chapter:
    """Show every list."""
    reports = [run for run in record.runs if run.live]
    newest = reports[-1] if reports else None
    lists = sorted(
        {name for run in reports for name in run.live}, key=lambda name: (-_size(newest, name), name)
    )
    blocks: list[Block] = [_all(record, newest, lists)]
    blocks += [_figure(list_id, time) for list_id in lists[:CHARTED]]
    if len(lists) > CHARTED:
        blocks.append(Text(f"The {CHARTED} largest of {len(lists)} lists have a chart."))
    return Chapter("lists", "Lists", tuple(blocks))


def _size(run: RunFigures | None, list_id: str) -> int:
    return sum(n for _, n in run.live.get(list_id, ())) if run else 0


def _all(record: Record, newest: RunFigures | None, lists: Sequence[str]) -> Table:
    """Set what is live beside what the files claim."""
    claimed = {one.list_id: one for one in record.files.claimed}
    names = [*lists, *(name for name in claimed if name not in lists)]
    rows: list[list[Value]] = []
    for name in names:
        files = claimed.get(name)
        live = _size(newest, name) if newest and name in newest.live else None
        rows.append([Cell(name, code=True), live, files.numbers if files else 0, files.dated if files else 0])
    seen = (
        f"Live as the newest reading of CXone had it, {newest.report.finished_at:%Y-%m-%d %H:%M} UTC. "
        if newest
        else ""
    )
    wrong = record.files.errors
    errors = f" {count(wrong, 'error')} in the files: what they concern is not counted." if wrong else ""
    note = f"{seen}Claimed by the files as they lie here.{errors}"
    return Table.of("Every list", "List|#Live in CXone|#Claimed by files|#With an end", rows, note=note)


def _figure(list_id: str, time: Timeline) -> Figure:
    told = [_last(runs, list_id) for runs in time.runs]
    reasons = _reasons(told)
    series = [Series(_mark(r), name(r), [_value(one, r) for one in told]) for r in reasons]
    newest = next((sum(one.values()) for one in reversed(told) if one is not None), 0)
    says = (
        f"{list_id}: numbers by reason over time; {newest:,} in the newest reading. The table says the same."
    )
    rows = (
        (
            span(part),
            *(_value(one, r) for r in reasons),
            sum(one.values()),
        )
        for part, one in zip(time.parts, told, strict=True)
        if one is not None
    )
    heads = (time.word.capitalize(), *(f"#{name(r)}" for r in reasons), "#All")
    undivided = UNDIVIDED in reasons
    note = "Reports of earlier versions give a list's size without its reasons." if undivided else ""
    table = Table.of(f"{list_id}, by {time.word}: the last reading of each", heads, rows)
    return Figure(list_id, layers(says, time.parts, series), tuple(_legend(series)), table, note)


def _legend(series: Sequence[Series]) -> Iterator[Cell]:
    """Give each reason with its count now, what that is to its first, and a line on its own scale."""
    for one in series:
        values = [value for value in one.values if value is not None]
        change = int(values[-1] - values[0])
        grown = f"{change:+,} since {'the first' if change else 'then'}" if change else "unchanged"
        own = spark(one.values) if len(series) > 1 else ""
        yield Cell(f"{one.label} {int(values[-1]):,} ({grown})", one.mark, spark=own)


def _last(runs: Sequence[RunFigures], list_id: str) -> Mapping[str, int] | None:
    """Give the last reading of a period; None without one, empty where it did not have the list."""
    run = next((run for run in reversed(runs) if run.live), None)
    return None if run is None else dict(run.live.get(list_id, ()))


def _reasons(told: Sequence[Mapping[str, int] | None]) -> list[str]:
    """Order the reasons that occur: strongest first, then unknown ones, then what is not divided."""
    found = {reason for one in told if one for reason in one}
    known = [code for code in _KNOWN if code in found]
    others = sorted(found - _KNOWN.keys() - {UNDIVIDED})
    if len(known) + len(others) > _ALONE:
        others = [OTHERS]
    return [*known, *others, *([UNDIVIDED] if UNDIVIDED in found or not found else [])]


def _value(one: Mapping[str, int] | None, reason: str) -> int | None:
    if one is None:
        return None
    if reason == OTHERS:
        return sum(n for r, n in one.items() if r not in _KNOWN and r != UNDIVIDED)
    return one.get(reason, 0)


def _mark(reason: str) -> str:
    return "reason-0" if reason == UNDIVIDED else _KNOWN.get(reason, "reason-7")


def name(reason: str) -> str:
    """Name a reason for people."""
    return reason or "not divided"
