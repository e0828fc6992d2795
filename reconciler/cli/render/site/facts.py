"""The figures at the top of a tenant's page, and how it stands in one sentence."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from reconciler.cli.render.site.blocks import NOTHING, Fact
from reconciler.cli.render.site.requests import late_in
from reconciler.cli.render.words import age, count
from reconciler.reconcile.brief import Brief
from reconciler.reconcile.site import Record

OLD = timedelta(hours=26)  # as `dnc status` has it by default
_LATELY = timedelta(days=30)
_WORST = ("bad", "warn", "good")


def facts(record: Record, made_at: datetime) -> tuple[Fact, ...]:
    """Give the figures, the most asked for first."""
    return (
        _live(record.runs),
        _verified(record, made_at),
        _days(record.runs, made_at),
        _waiting(record),
        _in_time(record.runs),
        _left(record),
        _restored(record.runs, made_at),
        _chain(record),
    )


def standing(record: Record, made_at: datetime) -> tuple[str, str]:
    """Say how the tenant stands: the worst mark, and a sentence with all that is not well."""
    told = list(_unwell(record, made_at)) or [("good", "as git says")]
    return min(told, key=lambda one: _WORST.index(one[0]))[0], "; ".join(sentence for _, sentence in told)


def _unwell(record: Record, made_at: datetime) -> Iterator[tuple[str, str]]:
    newest, verified = record.newest, record.verified
    if record.problems:
        yield "bad", "the chain of reports does not hold"
    if newest is None:
        yield "warn", "no report yet"
        return
    if newest.not_live:
        yield "bad", f"{count(newest.not_live)} not live"
    late = sum(one.numbers for one in newest.open if one.past)
    if late:
        yield "bad", f"{count(late, 'request')} late"
    if newest.status == "failed":
        yield "bad", "the newest run failed"
    if verified is None:
        yield "warn", "never verified"
    elif made_at - verified.finished_at > OLD:
        yield "warn", f"last verified {age(verified.finished_at, made_at)} before"
    waiting = sum(one.numbers for one in newest.open) - late
    if waiting:
        yield "warn", f"{count(waiting, 'request')} open"


def total_live(run: Brief) -> int:
    """Count what was live after a run, on all lists."""
    return sum(n for reasons in run.live.values() for _, n in reasons)


def _live(runs: Sequence[Brief]) -> Fact:
    run = next((run for run in reversed(runs) if run.live), None)
    if run is None:
        return Fact("Numbers live", NOTHING, "no reading of CXone yet")
    return Fact("Numbers live", f"{total_live(run):,}", f"on {count(len(run.live), 'list')}")


def _verified(record: Record, made_at: datetime) -> Fact:
    run = record.verified
    if run is None:
        return Fact("Last verified", NOTHING, "no run read all back", "warn")
    old = made_at - run.finished_at > OLD
    detail = f"{age(run.finished_at, made_at)} before this page"
    return Fact("Last verified", f"{run.finished_at:%d %b %H:%M}", detail, "warn" if old else "good")


def _days(runs: Sequence[Brief], made_at: datetime) -> Fact:
    if not runs:
        return Fact("Days verified", NOTHING)
    first = min(run.day for run in runs)
    days = (max(made_at.date(), first) - first).days + 1
    seen = {run.day for run in runs if run.verified}
    return Fact("Days verified", f"{len(seen):,} of {days:,}", f"since {first.isoformat()}")


def _waiting(record: Record) -> Fact:
    if record.newest is None:
        return Fact("Requests not live", NOTHING)
    rows = record.newest.open
    late = sum(one.numbers for one in rows if one.past)
    waiting = sum(one.numbers for one in rows) - late
    mark = "bad" if late else "warn" if waiting else "good"
    return Fact("Requests not live", f"{late:,} late", f"{waiting:,} open, near their day", mark)


def _in_time(runs: Sequence[Brief]) -> Fact:
    met = sum(run.in_time or 0 for run in runs)
    late = sum(late_in(run) for run in runs)
    if not met + late:
        return Fact("Live in time", NOTHING, "no request with a last day")
    return Fact("Live in time", f"{met:,} of {met + late:,}", f"{late:,} late, of all on record")


def _left(record: Record) -> Fact:
    newest = record.newest
    if newest is None:
        return Fact("Not live", NOTHING)
    kept = f"{newest.kept:,} kept without permission"
    return Fact("Not live", f"{newest.not_live:,}", kept, "bad" if newest.not_live else "good")


def _restored(runs: Sequence[Brief], made_at: datetime) -> Fact:
    lately = sum(run.restored for run in runs if run.finished_at > made_at - _LATELY)
    return Fact("Put back", f"{lately:,}", "taken off by others, in 30 days")


def _chain(record: Record) -> Fact:
    if record.problems:
        return Fact("Chain", "does not hold", count(len(record.problems), "problem"), "bad")
    newest = record.newest
    if newest is None:
        return Fact("Chain", NOTHING, "no report yet")
    return Fact("Chain", count(newest.seq, "report"), f"head {newest.sha256[:12]}", "good")
