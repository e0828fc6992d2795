"""Entries whose last day is near."""

from collections import Counter
from datetime import datetime, timedelta

from reconciler.cli.render.site.blocks import Block, Cell, Chapter, Figure, Table, Text
from reconciler.cli.render.site.chart import Series, span, stacked
from reconciler.cli.render.site.periods import Period, sorted_into
from reconciler.reconcile.lapsing import HORIZON
from reconciler.reconcile.site import Record

SHOWN = 60  # rows, the nearest first
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
    if len(rows) > SHOWN:
        note = (
            f"The nearest {SHOWN} of {len(rows):,} rows, of {len(lists):,} lists; the weeks above have all."
        )
    return Table.of("By last day", "Last day|List|Reason|#Numbers|#Of these on hold", rows[:SHOWN], note=note)
