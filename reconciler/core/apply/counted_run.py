"""A run that is verified by counts: what is new has been written, and nothing else depends on a read."""

from dataclasses import replace

from reconciler.core.apply.early import EarlyWrites
from reconciler.core.apply.outcomes import Outcome, Tally
from reconciler.core.apply.run import Run
from reconciler.core.model.entries import Key
from reconciler.core.model.live import Live
from reconciler.core.planning.change import Action
from reconciler.core.planning.plan import Plan

COUNTS = "counts"
_SETTLED = frozenset({Outcome.APPLIED, Outcome.REJECTED})


def is_settled(early: EarlyWrites, tally: Tally) -> bool:
    """Tell whether CXone's answers say of each number whether it was stored."""
    results = (tally.results.get((Action.CREATE, *key)) for key in early.keys)
    return all(result is not None and result.outcome in _SETTLED for result in results)


def counted_keys(run: Run) -> frozenset[Key]:
    """Name the numbers that a run wrote and only counted: they stay new until a reading has seen them."""
    return run.early.written(run.tally) if run.read_back == COUNTS else frozenset()


def finish_counted(plan: Plan, tally: Tally, early: EarlyWrites, *, entry_count: int, read_at: str) -> Run:
    """End a run whose counts add up. `plan` has what went early; nothing else is to be done."""
    live = Live(is_unread=True, is_counted=True, entry_count=entry_count, read_at=read_at)
    plan = replace(plan, overwrites=plan.overwrites | early.overwrites(tally))
    rejected = frozenset(key[1:] for key in tally.with_outcome(Outcome.REJECTED))
    left = (
        replace(change, phones=tuple(p for p in change.phones if (change.list_id, p) in rejected))
        if change.action is Action.CREATE
        else change
        for change in plan.changes
    )
    final_plan = replace(plan, changes=tuple(change for change in left if change.phones))
    missing = sum(len(change.phones) for change in final_plan.changes if change.action is Action.CREATE)
    return Run(tally, plan, final_plan, live, live, COUNTS, missing, rows_read=entry_count, early=early)
