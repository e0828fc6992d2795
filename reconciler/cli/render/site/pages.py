"""The pages of a site: one for all tenants, and one for each, with the figures at its top."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from reconciler.cli.render.html import render_masked_page
from reconciler.cli.render.messages import age_text
from reconciler.cli.render.site.blocks import NO_VALUE, Block, Cell, Fact, Table, Text, Value
from reconciler.cli.render.site.chain import chain_chapter, chain_verdict, problem_blocks, remark_blocks
from reconciler.cli.render.site.chart import sparkline
from reconciler.cli.render.site.lists import (
    coverage_chapter,
    lapses_chapter,
    open_issues_chapter,
    sizes_chapter,
)
from reconciler.cli.render.site.runs import count_late, drift_chapter, requests_chapter, runs_chapter
from reconciler.cli.render.site.timeline import Timeline
from reconciler.core.model.finding import count_text
from reconciler.use_cases.history.record_verdict import ChainCopies
from reconciler.use_cases.history.run_summary import UNFINISHED, Deviations, RunFigures
from reconciler.use_cases.history.site import Site, TenantRecord

MAX_AGE = timedelta(hours=26)  # as `dnc status` has it by default
_RECENT = timedelta(days=30)
_MARKS_BY_SEVERITY = ("bad", "warn", "good")


def tenant_facts(record: TenantRecord, made_at: datetime, copies: ChainCopies) -> tuple[Fact, ...]:
    """Give the figures, the most asked for first."""
    is_current = _is_current(record.newest, made_at)
    return (
        _live_fact(record.runs),
        _verified_fact(record, made_at),
        _days_fact(record.runs, made_at),
        _open_requests_fact(record.newest, is_current=is_current),
        _in_time_fact(record.runs),
        _not_live_fact([record.newest] if record.newest else [], is_current=is_current),
        _blocked_fact([record.newest] if record.newest else []),
        _restored_fact(record.runs, made_at),
        _chain_fact(record, copies),
        _remote_fact([copies], is_broken=bool(record.problems)),
    )


def _is_current(newest: RunFigures | None, made_at: datetime) -> bool:
    """Tell whether the newest run is young and did all that it was to do: else its figures praise nothing."""
    if newest is None or newest.report.status in UNFINISHED:
        return False
    return made_at - newest.report.finished_at <= MAX_AGE


def tenant_state(record: TenantRecord, made_at: datetime, copies: ChainCopies) -> tuple[str, str]:
    """Say how the tenant stands: the worst mark, and a sentence with all that is not well."""
    problems = list(_state_problems(record, made_at, copies)) or [("good", "verified")]
    return min(problems, key=lambda one: _MARKS_BY_SEVERITY.index(one[0]))[0], "; ".join(
        sentence for _, sentence in problems
    )


def _state_problems(
    record: TenantRecord, made_at: datetime, copies: ChainCopies
) -> Iterator[tuple[str, str]]:
    newest = record.newest
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
    yield from (("warn", sentence) for sentence in _warnings(record, newest, made_at, copies))
    waiting = sum(due_requests.numbers for due_requests in newest.deadlines.open) - late_count
    if waiting:
        yield "warn", f"{count_text(waiting, 'request')} open"


def _warnings(
    record: TenantRecord, newest: RunFigures, made_at: datetime, copies: ChainCopies
) -> Iterator[str]:
    """Say what keeps a tenant from being called verified, although nobody is known to be unprotected."""
    verified, status = record.newest_verified, newest.report.status
    if status in UNFINISHED - {"failed"}:
        yield f"the newest run is {status}"
    if verified is None:
        yield "never verified"
    elif made_at - verified.report.finished_at > MAX_AGE:
        yield f"last verified {age_text(verified.report.finished_at, made_at)} before"
    elif verified is not newest and status not in UNFINISHED:
        yield f"the newest run did not verify; report {verified.report.seq} did"
    yield from _kept_warnings(newest.deviations)
    if copies.not_at_remote and not record.problems:
        yield f"not at the remote: {count_text(copies.not_at_remote, 'report')}"
    if record.files.errors:
        yield f"{count_text(record.files.errors, 'error')} in the files"
    if (unsent := count_unsent(record) - newest.deviations.not_live) > 0:
        yield f"{count_text(unsent)} in the files and not in CXone yet"
    if uncovered := sum((record.coverage.uncovered_counts() if record.coverage else {}).values()):
        yield f"{count_text(uncovered, 'skill')} not scrubbed"
    if record.alarms:
        yield count_text(len(record.alarms), "alarm")


def _kept_warnings(deviations: Deviations) -> Iterator[str]:
    for number, word in (
        (deviations.kept, "blocked"),
        (deviations.by_hand, "to remove by hand"),
        (deviations.not_removed, "not removed"),
    ):
        if number:
            yield f"{count_text(number)} {word}"


def count_unsent(record: TenantRecord) -> int:
    """Count by how many numbers lists have less in CXone, as last read, than the files claim today."""
    live = next((run.live for run in reversed(record.runs) if run.live), {})
    sizes = {list_id: sum(count for _, count in reasons) for list_id, reasons in live.items()}
    return sum(max(0, files.numbers - sizes.get(files.list_id, 0)) for files in record.files.declared)


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


def _good(is_current: bool) -> str:
    """Give the mark of what is as it should be: none where nobody has looked lately."""
    return "good" if is_current else ""


def _open_requests_fact(newest: RunFigures | None, *, is_current: bool) -> Fact:
    if newest is None:
        return Fact("Requests not live", NO_VALUE)
    rows = newest.deadlines.open
    late_count = sum(due_requests.numbers for due_requests in rows if due_requests.is_overdue)
    waiting = sum(due_requests.numbers for due_requests in rows) - late_count
    mark = "bad" if late_count else "warn" if waiting else _good(is_current)
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


def _not_live_fact(newest_runs: Sequence[RunFigures], *, is_current: bool) -> Fact:
    if not newest_runs:
        return Fact("Not live", NO_VALUE, "no report yet")
    number = sum(run.deviations.not_live for run in newest_runs)
    mark = "bad" if number else _good(is_current)
    return Fact("Not live", f"{number:,}", "on a list and not protected", mark)


def _blocked_fact(newest_runs: Sequence[RunFigures]) -> Fact:
    if not newest_runs:
        return Fact("Blocked", NO_VALUE, "no report yet")
    number = sum(run.deviations.kept for run in newest_runs)
    by_hand = sum(run.deviations.by_hand for run in newest_runs)
    not_removed = sum(run.deviations.not_removed for run in newest_runs)
    detail = "stay in CXone without a line"
    detail += f"; {by_hand:,} to remove by hand" if by_hand else ""
    detail += f"; {not_removed:,} not removed" if not_removed else ""
    return Fact("Blocked", f"{number:,}", detail, "warn" if number or by_hand or not_removed else "")


def _remote_fact(chains: Sequence[ChainCopies], *, is_broken: bool) -> Fact:
    name, chains = "Not at the remote", [copies for copies in chains if copies.head]
    if is_broken:
        return Fact(name, NO_VALUE, "the chain does not hold")
    if not chains:
        return Fact(name, NO_VALUE, "no report yet")
    if not chains[0].remote:
        return Fact(name, NO_VALUE, "there is no remote")
    number = sum(copies.not_at_remote for copies in chains)
    if number:
        return Fact(name, count_text(number, "report"), "push: dnc audit push", "warn")
    return Fact(name, "0 reports", f"{chains[0].remote} has all", "good")


def _restored_fact(runs: Sequence[RunFigures], made_at: datetime) -> Fact:
    lately = sum(run.deviations.restored for run in runs if run.report.finished_at > made_at - _RECENT)
    return Fact("Put back", f"{lately:,}", "removed by others, in 30 days")


def _chain_fact(record: TenantRecord, copies: ChainCopies) -> Fact:
    if record.problems:
        return Fact("Chain", "does not hold", count_text(len(record.problems), "problem"), "bad")
    newest = record.newest
    if newest is None:
        return Fact("Chain", NO_VALUE, "no report yet")
    mark = "warn" if copies.not_at_remote else "good"
    return Fact("Chain", count_text(newest.report.seq, "report"), f"head {newest.report.sha256[:12]}", mark)


INDEX = "index.html"
_HEADS = (
    "Tenant|State|#Numbers live|Size over time|Last verified (UTC)|#Late|#Open|#Not live|#Blocked|#Reports|"
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
    rows = (_tenant_row(record, site.made_at, site.copies(record.tenant)) for record in site.records)
    table = Table.of("Every tenant", _HEADS, rows)
    broken = site.verification.problems
    verdict = chain_verdict(site, broken, [record.tenant for record in site.records])
    alert = verdict if broken else None
    blocks: list[Block] = [
        *([] if broken else [verdict]),
        *problem_blocks(broken),
        *remark_blocks(site),
    ]
    blocks.append(table if site.records else Text("No tenant has a report."))
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
    time, copies = Timeline.of(record.runs, site.made_at), site.copies(record.tenant)
    mark, sentence = tenant_state(record, site.made_at, copies)
    has_runs = bool(record.runs)
    chapters = (
        sizes_chapter(record, time),
        *((requests_chapter(record, time),) if has_runs else ()),
        runs_chapter(record, time),
        *((drift_chapter(record, time),) if has_runs else ()),
        *((coverage_chapter(record),) if record.coverage and record.coverage.rows else ()),
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
        facts=tenant_facts(record, site.made_at, copies),
        alert=chain_verdict(site, record.problems, [record.tenant]) if record.problems else None,
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


def _tenant_row(record: TenantRecord, made_at: datetime, copies: ChainCopies) -> Iterable[Value]:
    time = Timeline.of(record.runs, made_at)
    size = time.values_by_period(
        lambda some: next((total_live(run) for run in reversed(some) if run.live), None)
    )
    newest, newest_verified = record.newest, record.newest_verified
    live = next((total_live(run) for run in reversed(record.runs) if run.live), None)
    mark, sentence = tenant_state(record, made_at, copies)
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
    chains = [site.copies(record.tenant) for record in site.records]
    is_current = all(_is_current(record.newest, site.made_at) for record in site.records)
    live = sum(next((total_live(r) for r in reversed(x.runs) if r.live), 0) for x in site.records)
    every = [run for record in site.records for run in record.runs]
    met_count, missed_count = (
        sum(run.deadlines.in_time or 0 for run in every),
        sum(count_late(run) for run in every),
    )
    in_time = f"{met_count:,} of {met_count + missed_count:,}" if met_count + missed_count else NO_VALUE
    return (
        _tenants_fact(site),
        Fact("Numbers live", f"{live:,}" if newest else NO_VALUE, "on all lists"),
        _late_fact(newest, is_current=is_current),
        Fact("Live in time", in_time, "of all on record"),
        _not_live_fact(newest, is_current=is_current),
        _blocked_fact(newest),
        _chains_fact(site, chains, len(every)),
        _remote_fact(chains, is_broken=site.is_broken),
    )


def _tenants_fact(site: Site) -> Fact:
    count = len(site.records)
    well = sum(
        tenant_state(record, site.made_at, site.copies(record.tenant))[0] == "good" for record in site.records
    )
    mark = "good" if count and well == count else "warn"
    return Fact("Tenants verified", f"{well} of {count}", "within 26 hours, with nothing left open", mark)


def _late_fact(newest: Sequence[RunFigures], *, is_current: bool) -> Fact:
    if not newest:
        return Fact("Requests late", NO_VALUE, "no report yet")
    number = sum(
        due_requests.numbers
        for run in newest
        for due_requests in run.deadlines.open
        if due_requests.is_overdue
    )
    mark = "bad" if number else _good(is_current)
    return Fact("Requests late", f"{number:,}", "not live past their day", mark)


def _chains_fact(site: Site, chains: Sequence[ChainCopies], reports: int) -> Fact:
    if site.is_broken:
        return Fact("Chains", "do not all hold", count_text(reports, "report"), "bad")
    if not reports:
        return Fact("Chains", NO_VALUE, "no report yet")
    mark = "warn" if any(copies.not_at_remote for copies in chains) else "good"
    return Fact("Chains", "hold", count_text(reports, "report"), mark)
