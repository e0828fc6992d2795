"""A run where CXone could not be read: it sends only what is surely missing, and exposes nothing."""

from dataclasses import replace

from reconciler.core.apply.early import NOTHING_EARLY, EarlyWrites, left_to_send
from reconciler.core.apply.outcomes import Outcome
from reconciler.core.apply.run import Decide, Run, apply_to_live
from reconciler.core.apply.sender import Applier
from reconciler.core.model.errors import DncError
from reconciler.core.model.live import Live
from reconciler.core.model.provider import Dialect
from reconciler.core.planning.change import Action, BlockedBy, Change, Direction, Reason, in_block_order
from reconciler.core.planning.plan import Plan
from reconciler.core.planning.state import Retained

UNREAD = Live(complete=False, is_unread=True)
"""What stands for live where it could not be read; a plan is made on it, and then cut down by `narrowed`."""


def restrict_to_unread(plan: Plan) -> Plan:
    """Cut a plan that was made on `UNREAD` down to what may be done without a reading.

    Everything held that has permission to come off or to weaken stays held, for want of sight: the next
    report must not forget it. An opt-out may stand where a number is created, and would be written over: so
    what such a run writes counts as touched by somebody else, and no release from before lets it off.
    """
    changes = tuple(c for c in plan.changes if not c.is_allowed or _is_surely_missing(c))
    retained = dict(plan.target_state.retained)
    for key, authorization in plan.target_state.authorizations.items():
        previous = retained.get(key)
        entries = (*previous.entries, *authorization.entries) if previous else authorization.entries
        blocks = (*(previous.blocked_by if previous else ()), BlockedBy.INCOMPLETE_READ)
        retained[key] = Retained(entries, in_block_order(blocks))
    written_keys = frozenset(key for c in changes if c.is_allowed for key in c.keys)
    target_state = replace(plan.target_state, retained=retained, authorizations={})
    return replace(
        plan, changes=changes, drift=(), target_state=target_state, complete=False, overwrites=written_keys
    )


def _is_surely_missing(change: Change) -> bool:
    return change.action is Action.CREATE and change.reason is not Reason.RESTORED


def carry_out_without_read(  # noqa: PLR0913  (a run is made of these)
    plan: Plan,
    applier: Applier,
    *,
    dialect: Dialect,
    decide: Decide,
    error: DncError,
    early: EarlyWrites = NOTHING_EARLY,
) -> Run:
    """Send what a plan made on `UNREAD` may send. `error` is why there is no reading; it ends up in the run.

    What went `early` is not sent again.

    The run is never `clean`: what was sent has not been seen. What arrived by CXone's own word is held from
    now on; the rest is `not_live`, and sent again by the next run.
    """
    tally = applier.tally
    plan = restrict_to_unread(plan)
    protective = plan.allowed_changes(Direction.PROTECTIVE)
    applier.upsert(left_to_send(protective, early, tally))
    after = apply_to_live(UNREAD, protective, tally, dialect)
    refused_phones = frozenset(phone for _, _, phone in tally.with_outcome(Outcome.REJECTED))
    replanned = decide(after, refused=refused_phones, hold_back=BlockedBy.INCOMPLETE_READ, wrote=frozenset())
    final_plan = restrict_to_unread(replanned)
    missing_count = sum(len(c.phones) for c in final_plan.allowed_changes(Direction.PROTECTIVE))
    return Run(tally, plan, final_plan, UNREAD, after, "failed", missing_count, error, early=early)
