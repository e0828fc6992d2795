"""The pages of a site: one for all tenants, and one for each, with the figures at its top."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from reconciler.cli.render.html import render_masked_page
from reconciler.cli.render.messages import age_text, count_text
from reconciler.cli.render.site.blocks import NO_VALUE, Block, Cell, Fact, Table, Text, Value
from reconciler.cli.render.site.chain import chain_chapter, chain_verdict, problem_blocks, remark_blocks
from reconciler.cli.render.site.chart import sparkline
from reconciler.cli.render.site.lists import lapses_chapter, open_issues_chapter, sizes_chapter
from reconciler.cli.render.site.runs import count_late, drift_chapter, requests_chapter, runs_chapter
from reconciler.cli.render.site.timeline import Timeline
from reconciler.use_cases.history.run_summary import RunFigures
from reconciler.use_cases.history.site import Site, TenantRecord

MAX_AGE = timedelta(hours=26)  # as `dnc status` has it by default
_RECENT = timedelta(days=30)
_MARKS_BY_SEVERITY = ("bad", "warn", "good")


def tenant_facts(record: TenantRecord, made_at: datetime) -> tuple[Fact, ...]:
    """Give the figures, the most asked for first."""
    return (
        _live_fact(record.runs),
        _verified_fact(record, made_at),
        _days_fact(record.runs, made_at),
        _open_requests_fact(record),
        _in_time_fact(record.runs),
        _open_issues_fact(record),
        _restored_fact(record.runs, made_at),
        _chain_fact(record),
    )


def tenant_state(record: TenantRecord, made_at: datetime) -> tuple[str, str]:
    """Say how the tenant stands: the worst mark, and a sentence with all that is not well."""
    problems = list(_state_problems(record, made_at)) or [("good", "as git says")]
    return min(problems, key=lambda one: _MARKS_BY_SEVERITY.index(one[0]))[0], "; ".join(
        sentence for _, sentence in problems
    )


def _state_problems(record: TenantRecord, made_at: datetime) -> Iterator[tuple[str, str]]:
    newest, newest_verified = record.newest, record.newest_verified
    if record.problems:
        yield "bad", "the chain of reports does not hold"
    if newest is None:
        yield "warn", "no report yet"
        return
    if newest.deviations.not_live:
        yield "bad", f"{count_text(newest.deviations.not_live)} not live"
    if newest.deviations.unverified:
        yield "bad", f"{count_text(newest.deviations.unverified)} sent and not verified"
    late_count = sum(
        due_requests.numbers for due_requests in newest.deadlines.open if due_requests.is_overdue
    )
    if late_count:
        yield "bad", f"{count_text(late_count, 'request')} late"
    if newest.report.status == "failed":
        yield "bad", "the newest run failed"
    if newest_verified is None:
        yield "warn", "never verified"
    elif made_at - newest_verified.report.finished_at > MAX_AGE:
        yield "warn", f"last verified {age_text(newest_verified.report.finished_at, made_at)} before"
    waiting = sum(due_requests.numbers for due_requests in newest.deadlines.open) - late_count
    if waiting:
        yield "warn", f"{count_text(waiting, 'request')} open"


def total_live(run: RunFigures) -> int:
    """Count what was live after a run, on all lists."""
    return sum(n for reasons in run.live.values() for _, n in reasons)


def _live_fact(runs: Sequence[RunFigures]) -> Fact:
    run = next((run for run in reversed(runs) if run.live), None)
    if run is None:
        return Fact("Numbers live", NO_VALUE, "no reading of CXone yet")
    return Fact("Numbers live", f"{total_live(run):,}", f"on {count_text(len(run.live), 'list')}")


def _verified_fact(record: TenantRecord, made_at: datetime) -> Fact:
    run = record.newest_verified
    if run is None:
        return Fact("Last verified", NO_VALUE, "no run read all back", "warn")
    is_old = made_at - run.report.finished_at > MAX_AGE
    detail = f"{age_text(run.report.finished_at, made_at)} before this page"
    return Fact(
        "Last verified", f"{run.report.finished_at:%d %b %H:%M}", detail, "warn" if is_old else "good"
    )


def _days_fact(runs: Sequence[RunFigures], made_at: datetime) -> Fact:
    if not runs:
        return Fact("Days verified", NO_VALUE)
    first_day = min(run.report.day for run in runs)
    days = (max(made_at.date(), first_day) - first_day).days + 1
    verified_days = {run.report.day for run in runs if run.report.is_verified}
    return Fact("Days verified", f"{len(verified_days):,} of {days:,}", f"since {first_day.isoformat()}")


def _open_requests_fact(record: TenantRecord) -> Fact:
    if record.newest is None:
        return Fact("Requests not live", NO_VALUE)
    rows = record.newest.deadlines.open
    late_count = sum(due_requests.numbers for due_requests in rows if due_requests.is_overdue)
    waiting = sum(due_requests.numbers for due_requests in rows) - late_count
    mark = "bad" if late_count else "warn" if waiting else "good"
    return Fact("Requests not live", f"{late_count:,} late", f"{waiting:,} open, near their day", mark)


def _in_time_fact(runs: Sequence[RunFigures]) -> Fact:
    met_count = sum(run.deadlines.in_time or 0 for run in runs)
    late_count = sum(count_late(run) for run in runs)
    if not met_count + late_count:
        return Fact("Live in time", NO_VALUE, "no request with a last day")
    return Fact(
        "Live in time",
        f"{met_count:,} of {met_count + late_count:,}",
        f"{late_count:,} late, of all on record",
    )


def _open_issues_fact(record: TenantRecord) -> Fact:
    newest = record.newest
    if newest is None:
        return Fact("Not live", NO_VALUE)
    retained_text = f"{newest.deviations.kept:,} kept without permission"
    return Fact(
        "Not live",
        f"{newest.deviations.not_live:,}",
        retained_text,
        "bad" if newest.deviations.not_live else "good",
    )


def _restored_fact(runs: Sequence[RunFigures], made_at: datetime) -> Fact:
    lately = sum(run.deviations.restored for run in runs if run.report.finished_at > made_at - _RECENT)
    return Fact("Put back", f"{lately:,}", "taken off by others, in 30 days")


def _chain_fact(record: TenantRecord) -> Fact:
    if record.problems:
        return Fact("Chain", "does not hold", count_text(len(record.problems), "problem"), "bad")
    newest = record.newest
    if newest is None:
        return Fact("Chain", NO_VALUE, "no report yet")
    return Fact("Chain", count_text(newest.report.seq, "report"), f"head {newest.report.sha256[:12]}", "good")


INDEX = "index.html"
_HEADS = (
    "Tenant|Stands|#Numbers live|Size over time|Last verified (UTC)|#Late|#Open|#Not live|#Kept|#Reports|"
    "Chain's head"
)


def render_site(site: Site) -> dict[str, str]:
    """Write every page: name to HTML. The same data gives the same bytes."""
    page_texts = {INDEX: _index_page(site)}
    for record in site.records:
        page_texts[page_name(record.tenant)] = _tenant_page(site, record)
    return page_texts


def page_name(tenant: str) -> str:
    """Name a tenant's page; a tenant may be called index."""
    return f"tenant-{tenant}.html"


def _index_page(site: Site) -> str:
    rows = (_tenant_row(record, site.made_at) for record in site.records)
    table = Table.of("Every tenant", _HEADS, rows)
    broken = site.verification.problems
    alert = chain_verdict(site, broken) if broken else None
    blocks: list[Block] = [
        *([] if broken else [chain_verdict(site, broken)]),
        *problem_blocks(broken),
        *remark_blocks(site),
    ]
    blocks.append(table if site.records else Text("No tenant has a report yet: dnc apply writes the first."))
    return render_masked_page(
        "overview.html",
        title="Do-not-call record",
        **_common_values(site),
        blocks=blocks,
        facts=_site_facts(site),
        alert=alert,
        here="",
    )


def _tenant_page(site: Site, record: TenantRecord) -> str:
    time = Timeline.of(record.runs, site.made_at)
    mark, sentence = tenant_state(record, site.made_at)
    has_runs = bool(record.runs)
    chapters = (
        sizes_chapter(record, time),
        *((requests_chapter(record, time),) if has_runs else ()),
        runs_chapter(record, time),
        *((drift_chapter(record, time),) if has_runs else ()),
        lapses_chapter(record, site.made_at),
        *((open_issues_chapter(record),) if has_runs else ()),
        chain_chapter(site, record),
    )
    return render_masked_page(
        "tenant.html",
        title=f"{record.tenant}: do-not-call record",
        **_common_values(site),
        here=record.tenant,
        mark=mark,
        sentence=sentence,
        target=_target_text(record),
        facts=tenant_facts(record, site.made_at),
        alert=chain_verdict(site, record.problems) if record.problems else None,
        chapters=chapters,
    )


def _common_values(site: Site) -> dict[str, Any]:
    return {
        "made_at": f"{site.made_at:%Y-%m-%d %H:%M} UTC",
        "version": site.tool_version,
        "revision": (site.revision or "no commit")[:12],
    }


def _target_text(record: TenantRecord) -> str:
    target = record.target
    parts = (target.organisation, target.host, target.dialect) if target else ()
    return ", ".join(part for part in parts if part)


def _tenant_row(record: TenantRecord, made_at: datetime) -> Iterable[Value]:
    time = Timeline.of(record.runs, made_at)
    size = time.values_by_period(
        lambda some: next((total_live(run) for run in reversed(some) if run.live), None)
    )
    newest, newest_verified = record.newest, record.newest_verified
    live = next((total_live(run) for run in reversed(record.runs) if run.live), None)
    mark, sentence = tenant_state(record, made_at)
    waiting = newest.deadlines.open if newest else ()
    return (
        Cell(record.tenant, href=page_name(record.tenant)),
        Cell(sentence, mark),
        live,
        Cell("", spark=sparkline(size)),
        f"{newest_verified.report.finished_at:%Y-%m-%d %H:%M}" if newest_verified else None,
        sum(due_requests.numbers for due_requests in waiting if due_requests.is_overdue),
        sum(due_requests.numbers for due_requests in waiting if not due_requests.is_overdue),
        newest.deviations.not_live if newest else None,
        newest.deviations.kept if newest else None,
        newest.report.seq if newest else None,
        Cell(newest.report.sha256[:16], code=True) if newest else None,
    )


def _site_facts(site: Site) -> tuple[Fact, ...]:
    newest = [record.newest for record in site.records if record.newest]
    live = sum(next((total_live(r) for r in reversed(x.runs) if r.live), 0) for x in site.records)
    late_count = sum(
        due_requests.numbers
        for run in newest
        for due_requests in run.deadlines.open
        if due_requests.is_overdue
    )
    every = [run for record in site.records for run in record.runs]
    met_count, missed_count = (
        sum(run.deadlines.in_time or 0 for run in every),
        sum(count_late(run) for run in every),
    )
    not_live = sum(run.deviations.not_live for run in newest)
    well = sum(tenant_state(record, site.made_at)[0] == "good" for record in site.records)
    verified_mark = "good" if well == len(site.records) else "warn"
    well_text = f"{well} of {len(site.records)}"
    broken = site.is_broken
    late_mark = "bad" if late_count else "good"
    in_time = f"{met_count:,} of {met_count + missed_count:,}" if met_count + missed_count else NO_VALUE
    return (
        Fact("Tenants as git says", well_text, "verified within 26 hours", verified_mark),
        Fact("Numbers live", f"{live:,}", "on all lists"),
        Fact("Requests late", f"{late_count:,}", "not live past their day", late_mark),
        Fact("Live in time", in_time, "of all on record"),
        Fact("Not live", f"{not_live:,}", "on a list and not protected", "bad" if not_live else "good"),
        Fact("Chains", "do not all hold" if broken else "hold", count_text(len(every), "report"),
             "bad" if broken else "good"),
    )  # fmt: skip
