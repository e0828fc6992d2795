"""A run without a reading: signing in works and live cannot be read, so only what is surely missing is sent.

What desired has and held does not goes out. Nothing else does: whether a held number is still there, or
stands with stronger terms, only a reading tells, and nothing may come off that nobody has looked at.
"""

from dataclasses import replace

from reconciler.apply.applier import Applier
from reconciler.apply.run import Decide, Run, patched
from reconciler.apply.tally import Outcome
from reconciler.model.errors import Unread
from reconciler.model.live import Live
from reconciler.model.provider import Dialect
from reconciler.planning.change import Action, BlockedBy, Change, Direction, Reason
from reconciler.planning.held import Kept
from reconciler.planning.plan import Plan

UNREAD = Live(complete=False, unread=True)
"""What stands for live where it could not be read; a plan is made on it, and then cut down by `narrowed`."""


def narrowed(plan: Plan) -> Plan:
    """Cut a plan that was made on `UNREAD` down to what may be done without a reading.

    Everything held that has permission to come off or to weaken stays held, for want of sight: the next
    report must not forget it. An opt-out may stand where a number is created, and would be written over: so
    what such a run writes counts as touched by somebody else, and no release from before lets it off.
    """
    changes = tuple(c for c in plan.changes if not c.goes or _surely_missing(c))
    kept = dict(plan.wanted.kept)
    for key, grant in plan.wanted.granted.items():
        before = kept.get(key)
        claims = (*before.claims, *grant.claims) if before else grant.claims
        kept[key] = Kept(claims, before.blocked_by if before else (BlockedBy.INCOMPLETE_READ,))
    written = frozenset(key for c in changes if c.goes for key in c.keys)
    wanted = replace(plan.wanted, kept=kept, granted={})
    return replace(plan, changes=changes, drift=(), wanted=wanted, complete=False, overwrites=written)


def _surely_missing(change: Change) -> bool:
    return change.action is Action.CREATE and change.reason is not Reason.RESTORED


def carry_out_blind(plan: Plan, applier: Applier, *, dialect: Dialect, decide: Decide, error: Unread) -> Run:
    """Send what a plan made on `UNREAD` may send. `error` is why there is no reading; it ends up in the run.

    The run is never `clean`: what was sent has not been seen. What arrived by CXone's own word is held from
    now on; the rest is `not_live`, and sent again by the next run.
    """
    tally = applier.tally
    plan = narrowed(plan)
    protective = plan.going(Direction.PROTECTIVE)
    applier.upsert(protective)
    after = patched(UNREAD, protective, tally, dialect)
    refused = frozenset(phone for _, _, phone in tally.having(Outcome.REJECTED))
    again = decide(after, refused=refused, hold_back=BlockedBy.INCOMPLETE_READ, wrote=frozenset())
    final = narrowed(again)
    missing = sum(len(c.phones) for c in final.going(Direction.PROTECTIVE))
    return Run(tally, plan, final, UNREAD, after, "failed", missing, error)
