"""The pages of a site: one for all tenants, and one for each, with the figures at its top."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from reconciler.cli.render.html import guarded
from reconciler.cli.render.messages import age, count
from reconciler.cli.render.site.blocks import NOTHING, Block, Cell, Fact, Table, Text, Value
from reconciler.cli.render.site.chain import chain, problems, remarks, verdict
from reconciler.cli.render.site.chart import spark
from reconciler.cli.render.site.lists import lapses, left, sizes
from reconciler.cli.render.site.runs import drift, late_in, requests, runs
from reconciler.cli.render.site.timeline import Timeline
from reconciler.use_cases.history.run_summary import RunFigures
from reconciler.use_cases.history.site import Record, Site

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
    if newest.deviations.not_live:
        yield "bad", f"{count(newest.deviations.not_live)} not live"
    late = sum(one.numbers for one in newest.deadlines.open if one.past)
    if late:
        yield "bad", f"{count(late, 'request')} late"
    if newest.report.status == "failed":
        yield "bad", "the newest run failed"
    if verified is None:
        yield "warn", "never verified"
    elif made_at - verified.report.finished_at > OLD:
        yield "warn", f"last verified {age(verified.report.finished_at, made_at)} before"
    waiting = sum(one.numbers for one in newest.deadlines.open) - late
    if waiting:
        yield "warn", f"{count(waiting, 'request')} open"


def total_live(run: RunFigures) -> int:
    """Count what was live after a run, on all lists."""
    return sum(n for reasons in run.live.values() for _, n in reasons)


def _live(runs: Sequence[RunFigures]) -> Fact:
    run = next((run for run in reversed(runs) if run.live), None)
    if run is None:
        return Fact("Numbers live", NOTHING, "no reading of CXone yet")
    return Fact("Numbers live", f"{total_live(run):,}", f"on {count(len(run.live), 'list')}")


def _verified(record: Record, made_at: datetime) -> Fact:
    run = record.verified
    if run is None:
        return Fact("Last verified", NOTHING, "no run read all back", "warn")
    old = made_at - run.report.finished_at > OLD
    detail = f"{age(run.report.finished_at, made_at)} before this page"
    return Fact("Last verified", f"{run.report.finished_at:%d %b %H:%M}", detail, "warn" if old else "good")


def _days(runs: Sequence[RunFigures], made_at: datetime) -> Fact:
    if not runs:
        return Fact("Days verified", NOTHING)
    first = min(run.report.day for run in runs)
    days = (max(made_at.date(), first) - first).days + 1
    seen = {run.report.day for run in runs if run.report.is_verified}
    return Fact("Days verified", f"{len(seen):,} of {days:,}", f"since {first.isoformat()}")


def _waiting(record: Record) -> Fact:
    if record.newest is None:
        return Fact("Requests not live", NOTHING)
    rows = record.newest.deadlines.open
    late = sum(one.numbers for one in rows if one.past)
    waiting = sum(one.numbers for one in rows) - late
    mark = "bad" if late else "warn" if waiting else "good"
    return Fact("Requests not live", f"{late:,} late", f"{waiting:,} open, near their day", mark)


def _in_time(runs: Sequence[RunFigures]) -> Fact:
    met = sum(run.deadlines.in_time or 0 for run in runs)
    late = sum(late_in(run) for run in runs)
    if not met + late:
        return Fact("Live in time", NOTHING, "no request with a last day")
    return Fact("Live in time", f"{met:,} of {met + late:,}", f"{late:,} late, of all on record")


def _left(record: Record) -> Fact:
    newest = record.newest
    if newest is None:
        return Fact("Not live", NOTHING)
    kept = f"{newest.deviations.kept:,} kept without permission"
    return Fact(
        "Not live", f"{newest.deviations.not_live:,}", kept, "bad" if newest.deviations.not_live else "good"
    )


def _restored(runs: Sequence[RunFigures], made_at: datetime) -> Fact:
    lately = sum(run.deviations.restored for run in runs if run.report.finished_at > made_at - _LATELY)
    return Fact("Put back", f"{lately:,}", "taken off by others, in 30 days")


def _chain(record: Record) -> Fact:
    if record.problems:
        return Fact("Chain", "does not hold", count(len(record.problems), "problem"), "bad")
    newest = record.newest
    if newest is None:
        return Fact("Chain", NOTHING, "no report yet")
    return Fact("Chain", count(newest.report.seq, "report"), f"head {newest.report.sha256[:12]}", "good")


INDEX = "index.html"
_HEADS = (
    "Tenant|Stands|#Numbers live|Size over time|Last verified (UTC)|#Late|#Open|#Not live|#Kept|#Reports|"
    "Chain's head"
)


def pages(site: Site) -> dict[str, str]:
    """Write every page: name to HTML. The same data gives the same bytes."""
    found = {INDEX: _index(site)}
    for record in site.records:
        found[page_name(record.tenant)] = _tenant(site, record)
    return found


def page_name(tenant: str) -> str:
    """Name a tenant's page; a tenant may be called index."""
    return f"tenant-{tenant}.html"


def _index(site: Site) -> str:
    rows = (_row(record, site.made_at) for record in site.records)
    table = Table.of("Every tenant", _HEADS, rows)
    broken = site.verification.problems
    alert = verdict(site, broken) if broken else None
    blocks: list[Block] = [*([] if broken else [verdict(site, broken)]), *problems(broken), *remarks(site)]
    blocks.append(table if site.records else Text("No tenant has a report yet: dnc apply writes the first."))
    return guarded(
        "overview.html", title="Do-not-call record", **_common(site), blocks=blocks, facts=_sums(site),
        alert=alert, here="",
    )  # fmt: skip


def _tenant(site: Site, record: Record) -> str:
    time = Timeline.of(record.runs, site.made_at)
    mark, sentence = standing(record, site.made_at)
    ran = bool(record.runs)
    chapters = (
        sizes(record, time),
        *((requests(record, time),) if ran else ()),
        runs(record, time),
        *((drift(record, time),) if ran else ()),
        lapses(record, site.made_at),
        *((left(record),) if ran else ()),
        chain(site, record),
    )
    return guarded(
        "tenant.html",
        title=f"{record.tenant}: do-not-call record",
        **_common(site),
        here=record.tenant,
        mark=mark,
        sentence=sentence,
        target=_target(record),
        facts=facts(record, site.made_at),
        alert=verdict(site, record.problems) if record.problems else None,
        chapters=chapters,
    )


def _common(site: Site) -> dict[str, Any]:
    return {
        "made_at": f"{site.made_at:%Y-%m-%d %H:%M} UTC",
        "version": site.tool_version,
        "revision": (site.revision or "no commit")[:12],
    }


def _target(record: Record) -> str:
    target = record.target
    parts = (target.organisation, target.host, target.dialect) if target else ()
    return ", ".join(part for part in parts if part)


def _row(record: Record, made_at: datetime) -> Iterable[Value]:
    time = Timeline.of(record.runs, made_at)
    size = time.each(lambda some: next((total_live(run) for run in reversed(some) if run.live), None))
    newest, verified = record.newest, record.verified
    live = next((total_live(run) for run in reversed(record.runs) if run.live), None)
    mark, sentence = standing(record, made_at)
    waiting = newest.deadlines.open if newest else ()
    return (
        Cell(record.tenant, href=page_name(record.tenant)),
        Cell(sentence, mark),
        live,
        Cell("", spark=spark(size)),
        f"{verified.report.finished_at:%Y-%m-%d %H:%M}" if verified else None,
        sum(one.numbers for one in waiting if one.past),
        sum(one.numbers for one in waiting if not one.past),
        newest.deviations.not_live if newest else None,
        newest.deviations.kept if newest else None,
        newest.report.seq if newest else None,
        Cell(newest.report.sha256[:16], code=True) if newest else None,
    )


def _sums(site: Site) -> tuple[Fact, ...]:
    newest = [record.newest for record in site.records if record.newest]
    live = sum(next((total_live(r) for r in reversed(x.runs) if r.live), 0) for x in site.records)
    late = sum(one.numbers for run in newest for one in run.deadlines.open if one.past)
    every = [run for record in site.records for run in record.runs]
    met, missed = sum(run.deadlines.in_time or 0 for run in every), sum(late_in(run) for run in every)
    not_live = sum(run.deviations.not_live for run in newest)
    well = sum(standing(record, site.made_at)[0] == "good" for record in site.records)
    good = "good" if well == len(site.records) else "warn"
    broken = site.broken
    return (
        Fact("Tenants as git says", f"{well} of {len(site.records)}", "verified within 26 hours", good),
        Fact("Numbers live", f"{live:,}", "on all lists"),
        Fact("Requests late", f"{late:,}", "not live past their day", "bad" if late else "good"),
        Fact("Live in time", f"{met:,} of {met + missed:,}" if met + missed else NOTHING, "of all on record"),
        Fact("Not live", f"{not_live:,}", "on a list and not protected", "bad" if not_live else "good"),
        Fact("Chains", "do not all hold" if broken else "hold", count(len(every), "report"),
             "bad" if broken else "good"),
    )  # fmt: skip
