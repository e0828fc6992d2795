"""Applying converges in this dialect: what was applied needs nothing more, nor once its term is over."""

from datetime import UTC, date, datetime, timedelta

import pytest

from reconciler.core.apply.outcomes import Outcome
from reconciler.core.apply.sender import Applier
from reconciler.core.model.entries import Policy, ReasonCode, Terms
from reconciler.core.planning.change import Action
from reconciler.core.planning.inputs import Limits, PlanFacts
from reconciler.core.planning.plan import make_plan
from reconciler.core.planning.state import LastApplied
from tests.unit.cxone.groups_world import LIST, NEVER, number, until, world
from tests.unit.cxone.standin import START
from tests.unit.planning.builders import Ledger, claims, held

LAST_DAY = date(2026, 12, 10)
REGISTRY = Terms(ReasonCode.STATE, Policy.ABSOLUTE, end=date(2026, 12, 1))
DESIRED = claims(
    ("a.yaml", LIST, number(1), NEVER),
    ("a.yaml", LIST, number(2), until(LAST_DAY)),
    ("a.yaml", LIST, number(3), REGISTRY),
)


def planned(w, live, *, kept=None, as_of=None):
    setting = PlanFacts(
        declared=DESIRED,
        last_applied=held(DESIRED) if kept else LastApplied(),
        dialect=w.provider.dialect,
        history=Ledger(),
        as_of=as_of or date(2026, 11, 23),
        limits=Limits(removable=True),
    )
    return make_plan(setting, live)


@pytest.mark.parametrize("second_post", ["update", "duplicate"])
def test_what_was_applied_needs_nothing_more(second_post):
    with world() as w:
        w.quirks.second_post = second_post
        w.put(2, expired="2026-12-01")
        plan = planned(w, w.read())
        assert [change.action for change in plan.changes] == [Action.CREATE, Action.UPDATE]
        applier = Applier(w.provider, chunk_size=100, concurrency=1)
        applier.upsert(plan.changes)
        live = w.read()
        applier.verify(plan.changes, live)
        assert {result.outcome for result in applier.tally.results.values()} == {Outcome.APPLIED}
        again = planned(w, live)
        assert (again.changes, again.drift, again.unchanged) == ((), (), 3)


def test_a_second_post_that_fails_is_rejected_by_the_read_back():
    with world() as w:
        w.quirks.second_post = "fail"
        w.put(2, expired="2026-12-01")
        plan = planned(w, w.read())
        applier = Applier(w.provider, chunk_size=100, concurrency=1)
        applier.upsert(plan.changes)
        applier.verify(plan.changes, w.read())
        rejected = [
            key for key, result in applier.tally.results.items() if result.outcome is Outcome.REJECTED
        ]
        assert rejected == [(Action.UPDATE, LIST, number(2))]


@pytest.mark.parametrize("minutes", [-1, 0, 1])
def test_a_record_is_over_in_the_very_minute_in_which_its_claim_lapses(minutes):
    with world() as w:
        applier = Applier(w.provider, chunk_size=100, concurrency=1)
        applier.upsert(planned(w, w.read()).changes)
        # The last day is over at UTC-12.
        lapse = datetime(2026, 12, 11, 12, tzinfo=UTC) + timedelta(minutes=minutes)
        w.time.seconds += (lapse - START).total_seconds()
        live = w.read()
        as_of = (lapse - timedelta(hours=12)).date()
        plan = planned(w, live, kept=True, as_of=as_of)
        assert plan.changes == ()
        assert (number(2) in live.lists[LIST]) is (minutes < 0)
        assert {number(1), number(3)} <= live.lists[LIST].keys()
