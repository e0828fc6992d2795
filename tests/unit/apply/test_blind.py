"""Live cannot be read, signing in works: what was never held is sent, and nothing else."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.core.apply.outcomes import Outcome
from reconciler.core.apply.unread_run import UNREAD, restrict_to_unread
from reconciler.core.model.entries import Policy, ProjectedTerms, ReasonCode, Release, ReleaseReason, Terms
from reconciler.core.model.errors import CxoneUnreadable
from reconciler.core.model.provider import Verdict
from reconciler.core.planning import plan as planning
from reconciler.core.planning.change import Action, BlockedBy
from reconciler.core.planning.inputs import Limits
from tests.unit.apply.blind_world import BlindWorld
from tests.unit.apply.scripted import LIST, LOCAL, phones

ONE, TWO, THREE = phones(3)
STRONG = Terms(ReasonCode.CUSTOMER_REQUESTED, Policy.NEVER)
ERROR = CxoneUnreadable("tried 8 times, seen last: 503", "run it again")


def world(*held: str, terms: Terms = LOCAL) -> BlindWorld:
    made = BlindWorld()
    made.files.lines = {("a.yaml", LIST, p): terms for p in held}
    if held:
        made.run()
    made.clock.tick(3 * 86400)
    made.cxone.calls.clear()
    return made


def release(made: BlindWorld, phone: str) -> None:
    made.files.releases.append(Release(LIST, phone, made.as_of, ReleaseReason.CONSENT_GIVEN, "FORM-1"))


def test_what_was_never_held_is_sent_and_nothing_else() -> None:
    made = world(ONE, TWO)
    made.cxone.take_off((LIST, TWO))  # which nobody can see
    made.files.lines["a.yaml", LIST, THREE] = LOCAL
    run = made.run_blind(ERROR)
    assert [[w.phone for w in c.writes] for c in made.cxone.calls] == [[THREE]]
    assert (run.is_clean, run.error, run.read_back) == (False, ERROR, "failed")
    assert run.tally.results[Action.CREATE, LIST, THREE].outcome is Outcome.APPLIED
    assert run.not_live == frozenset()
    assert run.plan.drift == ()
    assert run.live_after.is_unread


def test_one_more_run_that_can_read_sets_everything_right() -> None:
    made = world(ONE, TWO)
    made.cxone.take_off((LIST, TWO))
    made.files.lines["a.yaml", LIST, ONE] = STRONG
    made.files.lines["a.yaml", LIST, THREE] = LOCAL
    made.run_blind(ERROR)
    run = made.run()
    assert run.is_clean
    assert {k[1]: v.reason_code for k, v in made.cxone.stored.items()} == {
        ONE: "CUSTOMER_REQUESTED",
        TWO: "LOCAL",
        THREE: "LOCAL",
    }


def test_a_release_waits_for_a_reading_and_is_not_lost() -> None:
    made = world(ONE, TWO)
    del made.files.lines["a.yaml", LIST, ONE]
    release(made, ONE)
    run = made.run_blind(ERROR)
    assert made.cxone.calls == []
    assert run.retained[LIST, ONE].blocked_by == (BlockedBy.INCOMPLETE_READ,)
    assert (LIST, ONE) in made.held
    made.run()
    assert set(made.cxone.stored) == {(LIST, TWO)}


def test_a_weakening_waits_for_a_reading_and_is_not_lost() -> None:
    made = world(ONE, terms=STRONG)
    made.files.lines["a.yaml", LIST, ONE] = LOCAL
    release(made, ONE)
    for _ in range(2):
        made.run_blind(ERROR)
        assert made.cxone.calls == []
    made.run()
    assert made.cxone.at((LIST, ONE)) == made.cxone.dialect.project(LOCAL)


def test_a_line_that_vanished_stays_kept() -> None:
    made = world(ONE, TWO)
    del made.files.lines["a.yaml", LIST, ONE]
    assert made.run_blind(ERROR).retained[LIST, ONE].blocked_by == (BlockedBy.NO_RELEASE,)


def test_what_did_not_arrive_is_not_live_and_sent_again() -> None:
    made = world()
    made.files.lines = {("a.yaml", LIST, p): LOCAL for p in (ONE, TWO, THREE)}
    made.cxone.faults.upserts.append(Verdict.AMBIGUOUS)
    made.cxone.faults.upserts.append("")
    made.cxone.faults.upserts.extend([Verdict.AMBIGUOUS, Verdict.AMBIGUOUS])
    run = made.run_blind(ERROR)
    assert run.not_live == {(LIST, ONE), (LIST, TWO)}
    made.run_blind(ERROR)
    assert set(made.cxone.stored) == {(LIST, p) for p in (ONE, TWO, THREE)}


def test_an_opt_out_that_was_written_over_unseen_still_counts() -> None:
    """Our time is on an agent's entry now: a release from before that must not let the number off."""
    made = world()
    released = made.as_of
    made.cxone.put((LIST, ONE), ProjectedTerms("CUSTOMER_REQUESTED", "NEVER"))
    made.files.lines["a.yaml", LIST, ONE] = LOCAL
    run = made.run_blind(ERROR)
    assert run.written_keys == frozenset()
    del made.files.lines["a.yaml", LIST, ONE]
    made.files.releases.append(Release(LIST, ONE, released, ReleaseReason.CONSENT_GIVEN, "FORM-1"))
    run = made.run()
    assert run.retained[LIST, ONE].blocked_by == (BlockedBy.LATER_OPT_OUT,)
    assert (LIST, ONE) in made.cxone.stored


def test_narrowing_a_narrowed_plan_changes_nothing() -> None:
    made = world(ONE, TWO)
    del made.files.lines["a.yaml", LIST, ONE]
    made.files.lines["a.yaml", LIST, THREE] = LOCAL
    release(made, ONE)
    plan = restrict_to_unread(planning.make_plan(made.setting(Limits(removable=True)), UNREAD))
    assert restrict_to_unread(plan) == plan
    assert plan == replace(plan, complete=False, drift=())


STATES = st.dictionaries(st.sampled_from(phones(5)), st.sampled_from([LOCAL, STRONG]), max_size=5)


@settings(max_examples=150, deadline=None, print_blob=True)
@given(before=STATES, after=STATES, gone=st.sets(st.sampled_from(phones(5))), released=st.booleans())
def test_however_the_files_change_a_blind_run_exposes_nobody_and_loses_nobody(before, after, gone, released):
    made = BlindWorld()
    made.files.lines = {("a.yaml", LIST, p): t for p, t in before.items()}
    made.run()
    made.clock.tick(3 * 86400)
    for phone in gone:
        made.cxone.take_off((LIST, phone))
    stood = made.cxone.stored
    made.files.lines = {("a.yaml", LIST, p): t for p, t in after.items()}
    for phone in before if released else ():
        release(made, phone)
    made.run_blind(ERROR)
    dialect = made.cxone.dialect
    assert stood.items() <= made.cxone.stored.items()
    assert {(LIST, p) for p in after.keys() - before.keys()} <= made.cxone.stored.keys()
    made.clock.tick(60)
    made.run()
    for phone, terms in after.items():
        found = made.cxone.at((LIST, phone))
        assert found is not None
        assert dialect.strength(found) >= dialect.strength(dialect.project(terms))
    if released:
        assert made.cxone.stored == {(LIST, p): dialect.project(t) for p, t in after.items()}
    else:
        assert {(LIST, p) for p in before} <= made.cxone.stored.keys()
