"""The pages of a site: one for all tenants, and one for each."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from reconciler.cli.render.page import guarded
from reconciler.cli.render.site.blocks import NOTHING, Block, Cell, Fact, Table, Text, Value
from reconciler.cli.render.site.chain import chain, problems, remarks, verdict
from reconciler.cli.render.site.chart import spark
from reconciler.cli.render.site.drift import drift
from reconciler.cli.render.site.facts import facts, standing, total_live
from reconciler.cli.render.site.lapses import lapses
from reconciler.cli.render.site.left import left
from reconciler.cli.render.site.requests import late_in, requests
from reconciler.cli.render.site.runs import runs
from reconciler.cli.render.site.sizes import sizes
from reconciler.cli.render.site.timeline import Timeline
from reconciler.cli.render.words import count
from reconciler.reconcile.site import Record, Site

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
    told = [str(record.target.get(name) or "") for name in ("organisation", "host", "dialect")]
    return ", ".join(part for part in told if part)


def _row(record: Record, made_at: datetime) -> Iterable[Value]:
    time = Timeline.of(record.runs, made_at)
    size = time.each(lambda some: next((total_live(run) for run in reversed(some) if run.live), None))
    newest, verified = record.newest, record.verified
    live = next((total_live(run) for run in reversed(record.runs) if run.live), None)
    mark, sentence = standing(record, made_at)
    waiting = newest.open if newest else ()
    return (
        Cell(record.tenant, href=page_name(record.tenant)),
        Cell(sentence, mark),
        live,
        Cell("", spark=spark(size)),
        f"{verified.finished_at:%Y-%m-%d %H:%M}" if verified else None,
        sum(one.numbers for one in waiting if one.past),
        sum(one.numbers for one in waiting if not one.past),
        newest.not_live if newest else None,
        newest.kept if newest else None,
        newest.seq if newest else None,
        Cell(newest.sha256[:16], code=True) if newest else None,
    )


def _sums(site: Site) -> tuple[Fact, ...]:
    newest = [record.newest for record in site.records if record.newest]
    live = sum(next((total_live(r) for r in reversed(x.runs) if r.live), 0) for x in site.records)
    late = sum(one.numbers for run in newest for one in run.open if one.past)
    every = [run for record in site.records for run in record.runs]
    met, missed = sum(run.in_time or 0 for run in every), sum(late_in(run) for run in every)
    not_live = sum(run.not_live for run in newest)
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
