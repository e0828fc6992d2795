"""What others changed in CXone: put back, made stronger, or added."""

from reconciler.cli.render.site.blocks import Block, Cell, Chapter, Figure, Table, Text
from reconciler.cli.render.site.chart import Series, span, stacked
from reconciler.cli.render.site.timeline import Timeline
from reconciler.cli.render.words import DRIFT, count
from reconciler.reconcile.site import Record


def drift(record: Record, time: Timeline) -> Chapter:
    """Show drift over time, and what the newest run saw."""
    restored = time.total(lambda run: run.restored)
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
