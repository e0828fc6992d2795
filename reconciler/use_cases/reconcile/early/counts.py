"""Whether counts verify a run: nothing in it depends on what others did, and the totals rose by what was new.

In doubt about anything here None is answered: everything is read then, in the same run.
"""

from contextlib import suppress
from datetime import timedelta

from reconciler.audit.report import Report
from reconciler.core.apply.counted_run import is_settled
from reconciler.core.apply.early import NOTHING_EARLY
from reconciler.core.apply.outcomes import Outcome
from reconciler.core.model.errors import DncError
from reconciler.core.model.live import Live
from reconciler.core.model.provider import Provider, Write
from reconciler.core.planning.change import Action
from reconciler.core.planning.counted import plan_without_read
from reconciler.core.planning.plan import Plan
from reconciler.use_cases.reconcile.doubt import chain_doubts
from reconciler.use_cases.reconcile.early.writes import EarlyRun
from reconciler.use_cases.reconcile.last_applied import Past
from reconciler.use_cases.reconcile.live_read import CHEAP_READ_REQUESTS
from reconciler.use_cases.reconcile.plan_criteria import CriteriaSource
from reconciler.use_cases.reconcile.plan_inputs import PlanInputs
from reconciler.use_cases.workspace.context import CommandContext


def verify_by_counts(source: CriteriaSource, early: EarlyRun | None) -> tuple[Plan, Live] | None:
    """Give the plan of a run that needs no read, and what was counted; None where it needs one."""
    ctx, inputs, past, provider = source.ctx, source.inputs, source.past, source.provider
    if not _has_recent_full_read(ctx, inputs, past) or past.unreported_runs:
        return None
    rows_before = _rows_at_full_read(past)
    if early is None and not _is_dear(provider, rows_before):
        return None  # a count would be one request more than the read that follows
    writes = early.writes if early else NOTHING_EARLY
    if early is not None and not (early.rose_enough and is_settled(writes, early.tally)):
        return None
    criteria = source.make(early.offset if early else None)
    plan = plan_without_read(criteria.setting, criteria.circumstances, writes.writes)
    if plan is None or chain_doubts(inputs.project.configuration.audit, past.ledger, inputs.tenant.name):
        return None
    new_writes = _new_writes(past, early)
    total = _confirmed_total(provider, early, new_writes)
    if total is None or total < rows_before + len(new_writes):
        return None  # others removed something: a read tells what, and puts it back
    read_at = ctx.clock().isoformat()
    return plan, Live(is_unread=True, is_counted=True, entry_count=total, read_at=read_at)


def _confirmed_total(provider: Provider, early: EarlyRun | None, new_writes: tuple[Write, ...]) -> int | None:
    """Give what CXone counts, where reading it would be dear, and what is new shows as it was sent."""
    with suppress(DncError):
        total = early.total if early else provider.total()
        if total is not None and _is_dear(provider, total) and provider.shows_as_sent(new_writes, total):
            return total
    return None


def _rows_at_full_read(past: Past) -> int:
    """Give how many rows the newest full read left on the lists of this tenant, others' lists left out."""
    report = last_full_read(past)
    return sum(on_list.count for on_list in report.live_after.values()) if report else 0


def _is_dear(provider: Provider, rows: int) -> bool:
    """Tell whether reading so many rows takes more than counts do."""
    return -(-rows // provider.dialect.shape.page_size) > CHEAP_READ_REQUESTS


def last_full_read(past: Past) -> Report | None:
    """Give the newest report of a run that read everything, where only runs that counted came after it."""
    for stored in past.reports:
        report = stored.report
        if report.is_full_reading:
            return report
        if not report.is_counted:
            return None
    return None


def _has_recent_full_read(ctx: CommandContext, inputs: PlanInputs, past: Past) -> bool:
    report = last_full_read(past)
    if report is None or past.has_other_target:
        return False
    age = ctx.clock() - report.finished_at
    max_age = timedelta(hours=inputs.project.configuration.saved_reads.max_age_hours)
    return timedelta(0) <= age < max_age


def _new_writes(past: Past, early: EarlyRun | None) -> tuple[Write, ...]:
    """Give what was stored, but for what runs before had sent: that may stand anywhere."""
    if early is None:
        return ()
    counted = past.counted
    stored = early.tally.results
    return tuple(
        write
        for write in early.writes.writes
        if write.key not in counted
        and (result := stored.get((Action.CREATE, *write.key))) is not None
        and result.outcome is Outcome.APPLIED
    )
