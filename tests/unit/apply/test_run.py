"""A whole run: protective first, the read-back, the second decision, and what the next run is told."""

import pytest

from reconciler.core.apply.outcomes import Outcome
from reconciler.core.apply.run import Run, _WrittenKeys
from reconciler.core.model.entries import Policy, ProjectedTerms, ReasonCode, Release, ReleaseReason, Terms
from reconciler.core.model.provider import Verdict
from reconciler.core.planning.change import Action, BlockedBy
from reconciler.core.planning.inputs import Limits
from tests.properties.world import World
from tests.support.fake_cxone import RAISE
from tests.unit.apply.scripted import LIST, LOCAL, phones
from tests.unit.planning.builders import DIALECT

ONE, TWO, THREE = phones(3)
STRONG = Terms(ReasonCode.CUSTOMER_REQUESTED, Policy.NEVER)


def world(*held: str) -> World:
    """Make a world in which these numbers have been held for a while."""
    made = World()
    made.files.lines = {("a.yaml", LIST, p): LOCAL for p in held}
    if held:
        made.run()
    made.clock.tick(3 * 86400)
    made.cxone.calls.clear()
    return made


def withdraw(made: World, phone: str) -> None:
    del made.files.lines["a.yaml", LIST, phone]
    made.files.releases.append(Release(LIST, phone, made.as_of, ReleaseReason.CONSENT_GIVEN, "FORM-1"))


def declare(made: World, phone: str, terms: Terms = LOCAL) -> None:
    made.files.lines["a.yaml", LIST, phone] = terms


def kinds(made: World) -> list[str]:
    return [c.kind for c in made.cxone.calls]


def outcome(run: Run, action: Action, phone: str) -> Outcome:
    return run.tally.results[action, LIST, phone].outcome


def test_protective_then_read_back_then_exposing() -> None:
    made = world(ONE, TWO)
    withdraw(made, ONE)
    declare(made, THREE)
    run = made.run()
    assert kinds(made) == ["read", "upsert", "read", "remove"]
    assert run.is_clean
    assert run.read_back == "full"
    assert set(made.cxone.stored) == {(LIST, TWO), (LIST, THREE)}
    assert dict(run.retained) == {}
    assert run.live_after.entry_count == 2


def test_nothing_to_do_reads_once() -> None:
    made = world(ONE)
    run = made.run()
    assert kinds(made) == ["read"]
    assert run.read_back == "none"
    assert run.live_after is run.live_before


def test_a_refusal_holds_its_phone_back_on_every_list() -> None:
    made = world(ONE, TWO)
    withdraw(made, ONE)
    withdraw(made, TWO)
    made.files.lines["b.yaml", "dnc-b", ONE] = LOCAL
    made.cxone.faults.refused = {ONE}
    run = made.run()
    assert outcome(run, Action.DELETE, TWO) is Outcome.APPLIED
    assert outcome(run, Action.DELETE, ONE) is Outcome.NOT_ATTEMPTED
    assert run.retained[LIST, ONE].blocked_by == (BlockedBy.REFUSED_ELSEWHERE,)
    assert run.not_live == {("dnc-b", ONE)}
    assert not run.is_clean


@pytest.mark.parametrize("fault", [Verdict.AMBIGUOUS, Verdict.NOT_SENT, RAISE])
def test_what_is_unknown_or_not_attempted_holds_everything_back(fault: str) -> None:
    made = world(ONE, TWO)
    withdraw(made, ONE)
    declare(made, THREE)
    made.cxone.faults.upserts.append(fault)
    made.cxone.faults.missed = {(LIST, THREE)} if fault == Verdict.AMBIGUOUS else set()
    run = made.run()
    assert "remove" not in kinds(made)
    assert run.retained[LIST, ONE].blocked_by == (BlockedBy.REFUSED_ELSEWHERE,)
    assert (LIST, ONE) in made.cxone.stored


@pytest.mark.parametrize(
    ("fault", "becomes"), [("stored", Outcome.APPLIED), (Verdict.AMBIGUOUS, Outcome.REJECTED)]
)
def test_the_read_back_decides_what_became_of_an_ambiguous_write(fault: str, becomes: Outcome) -> None:
    made = world(ONE, TWO)
    withdraw(made, ONE)
    declare(made, THREE)
    made.cxone.faults.upserts.append(fault)
    run = made.run()
    assert outcome(run, Action.CREATE, THREE) is becomes
    assert outcome(run, Action.DELETE, ONE) is Outcome.APPLIED  # only THREE itself is held back


def test_what_cxone_counts_and_does_not_store_is_rejected_and_not_live() -> None:
    made = world(ONE)
    declare(made, THREE)
    made.cxone.faults.dropped = {THREE}
    run = made.run()
    assert outcome(run, Action.CREATE, THREE) is Outcome.REJECTED
    assert run.not_live == {(LIST, THREE)}
    assert run.missing == 1


def test_a_held_number_that_no_look_saw_stays_held_and_a_new_one_is_not() -> None:
    made = world(ONE)
    declare(made, THREE)
    made.cxone.faults.missed = {(LIST, ONE), (LIST, THREE)}
    assert made.run().not_live == {(LIST, THREE)}
    assert (LIST, ONE) in made.held


def test_a_read_back_that_fails_holds_everything_exposing_back() -> None:
    made = world(ONE, TWO)
    withdraw(made, ONE)
    made.cxone.faults.reads.extend(["", RAISE])
    run = made.run()
    assert (run.read_back, "remove" in kinds(made)) == ("failed", False)
    assert run.retained[LIST, ONE].blocked_by == (BlockedBy.INCOMPLETE_READ,)
    assert run.error is not None
    assert not run.is_clean


def test_an_opt_out_between_plan_and_removal_wins() -> None:
    made = world(ONE, TWO)
    withdraw(made, ONE)
    declare(made, THREE)
    made.cxone.watchers.append(
        lambda call: (
            made.cxone.put((LIST, ONE), ProjectedTerms("LOCAL", "NEVER")) if call.kind == "upsert" else None
        )
    )
    run = made.run()
    assert "remove" not in kinds(made)
    assert run.retained[LIST, ONE].blocked_by == (BlockedBy.LATER_OPT_OUT,)


def test_the_question_before_the_first_exposing_write_is_asked_once_and_last() -> None:
    made = world(ONE, TWO)
    withdraw(made, ONE)
    declare(made, THREE)
    asked: list[list[str]] = []

    def superseded() -> BlockedBy:
        asked.append(kinds(made))
        return BlockedBy.SUPERSEDED

    run = made.run(may_expose=superseded)
    assert asked == [["read", "upsert", "read"]]
    assert kinds(made) == asked[0]
    assert run.retained[LIST, ONE].blocked_by == (BlockedBy.SUPERSEDED,)


def test_the_question_is_not_asked_where_nothing_is_exposing() -> None:
    made = world(ONE)
    declare(made, TWO)
    made.run(may_expose=lambda: pytest.fail("asked"))


def test_what_the_plan_kept_does_not_go_unannounced() -> None:
    made = world(ONE, TWO)
    withdraw(made, ONE)
    run = made.run(Limits(removable=True, allow=2))
    assert "remove" not in kinds(made)
    assert run.plan.exposing_keys == frozenset()
    assert run.retained[LIST, ONE].blocked_by == (BlockedBy.SUPERSEDED,)


def test_removal_by_hand_stays_kept_until_somebody_does_it() -> None:
    made = world(ONE, TWO)
    withdraw(made, ONE)
    for _ in range(2):
        run = made.run(Limits())
        assert run.plan.summary["by_hand"] == 1
        assert (LIST, ONE) in run.retained
    made.cxone.take_off((LIST, ONE))
    run = made.run(Limits())
    assert (dict(run.retained), made.cxone.at((LIST, ONE))) == ({}, None)


@pytest.mark.parametrize("fault", [Verdict.AMBIGUOUS, Verdict.REFUSED, Verdict.UNSUPPORTED, RAISE])
def test_a_removal_that_was_not_done_is_kept_and_done_the_next_time(fault: str) -> None:
    made = world(ONE, TWO)
    withdraw(made, ONE)
    made.cxone.faults.removals.append(fault)
    assert (LIST, ONE) in made.run().retained
    assert dict(made.run().retained) == {}
    assert set(made.cxone.stored) == {(LIST, TWO)}


def test_what_is_kept_is_told_whole_every_time() -> None:
    made = world(ONE, TWO)
    del made.files.lines["a.yaml", LIST, ONE]
    for _ in range(3):
        assert made.run().retained[LIST, ONE].blocked_by == (BlockedBy.NO_RELEASE,)


def test_an_exposing_update_is_sent() -> None:
    made = world()
    declare(made, ONE, STRONG)
    made.run()
    made.clock.tick(3 * 86400)
    declare(made, ONE, LOCAL)
    made.files.releases.append(Release(LIST, ONE, made.as_of, ReleaseReason.CONSENT_GIVEN, "FORM-1"))
    run = made.run()
    assert outcome(run, Action.UPDATE, ONE) is Outcome.APPLIED
    assert made.cxone.at((LIST, ONE)) == DIALECT.project(LOCAL)
    assert run.live_after.get((LIST, ONE)) is not None
    assert dict(run.retained) == {}


def test_our_own_write_in_the_same_run_is_no_opt_out() -> None:
    made = world()
    declare(made, ONE, STRONG)
    made.run()
    made.clock.tick(3 * 86400)
    made.cxone.take_off((LIST, ONE))
    declare(made, ONE, LOCAL)
    made.files.releases.append(Release(LIST, ONE, made.as_of, ReleaseReason.CONSENT_GIVEN, "FORM-1"))
    run = made.run()
    assert made.cxone.at((LIST, ONE)) == DIALECT.project(LOCAL)
    assert dict(run.retained) == {}
    assert made.plan()[0].pending_count == 0


def test_what_a_run_wrote_leaves_out_what_it_wrote_over() -> None:
    made = world(ONE, TWO)
    made.cxone.put((LIST, ONE), ProjectedTerms("UNKNOWN", "NEVER"))
    declare(made, THREE)
    run = made.run()
    assert outcome(run, Action.UPDATE, ONE) is Outcome.APPLIED
    assert run.written_keys == {(LIST, THREE)}


def test_a_removal_that_was_not_done_uses_no_release() -> None:
    made = world(ONE, TWO)
    withdraw(made, ONE)
    made.cxone.faults.removals.append(Verdict.REFUSED)
    assert dict(made.run().used_releases) == {}
    assert made.run().used_releases[LIST, ONE] == tuple(made.files.releases)


def test_a_write_in_doubt_does_not_claim_an_agents_in_the_same_run() -> None:
    """What CXone did not confirm may have been there before the run asked: it is not ours alone."""
    made = world(ONE, TWO)
    declare(made, THREE)
    made.cxone.faults.upserts.append("stored")
    run = made.run()
    assert (LIST, THREE) in run.tally.doubtful
    assert (LIST, THREE) not in _WrittenKeys(run.tally, run.plan)
