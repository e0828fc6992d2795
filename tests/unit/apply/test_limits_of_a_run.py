"""What ends a run before it is through: the time, and an allowance that others use up."""

import pytest

from reconciler.core.apply.outcomes import Outcome
from reconciler.core.apply.sender import Applier
from reconciler.core.model.entries import Release, ReleaseReason
from reconciler.core.model.provider import Answer, Failure, Verdict
from reconciler.core.planning.change import Action, BlockedBy
from tests.properties.world import World
from tests.unit.apply.scripted import LIST, LOCAL, Scripted, deleting, done, phones, upserting
from tests.unit.apply.test_applier import there

THROTTLED = Answer(Verdict.TOO_LARGE, attempts=3, cause=Failure("429", "slow down"))
TO_THE_END = Answer(Verdict.REFUSED, attempts=8, cause=Failure("429", "slow down"))


def sending(provider: Scripted, size: int, **more) -> Applier:
    return Applier(provider, chunk_size=size, concurrency=1, **more)


def outcomes(of: Applier) -> list[Outcome]:
    return [result.outcome for result in of.tally.results.values()]


def codes(of: Applier) -> set[str]:
    return {result.failure.code for result in of.tally.results.values() if result.failure}


def test_a_chunk_that_keeps_being_throttled_is_halved_down_to_one_and_the_size_is_kept() -> None:
    provider = Scripted(lambda c: done() if len(c) == 1 else THROTTLED)
    of = sending(provider, 500)
    of.upsert([upserting(phones(500))])
    assert [len(c) for c in provider.sent[:9]] == [500, 250, 125, 62, 31, 15, 7, 3, 1]
    assert [len(c) for c in provider.sent].count(1) == 500
    assert set(outcomes(of)) == {Outcome.APPLIED}
    of.upsert([upserting(phones(600)[500:])])  # the exposing phase of the same run
    assert {len(c) for c in provider.sent[-100:]} == {1}


@pytest.mark.parametrize(("answer", "next_size"), [("429", 250), ("413", 2)])
def test_throttling_says_nothing_against_a_chunk_that_is_short_anyway(answer: str, next_size: int) -> None:
    why = Answer(Verdict.TOO_LARGE, attempts=1, cause=Failure(answer, ""))
    provider = Scripted()
    provider.on_upsert = lambda _: why if len(provider.sent) == 1 else done()
    of = sending(provider, 500)
    of.upsert([upserting(phones(4))])
    of.upsert([upserting(phones(1004)[4:])])
    assert len(provider.sent[3]) == next_size


def test_single_numbers_throttled_to_the_end_end_the_run_and_are_no_refusals() -> None:
    provider = Scripted(lambda c: TO_THE_END if len(c) == 1 else THROTTLED)
    of = sending(provider, 500)
    of.upsert([upserting(phones(500))])
    assert len(provider.sent) == 8 + 3
    assert outcomes(of) == [Outcome.NOT_ATTEMPTED] * 500
    assert codes(of) == {"429"}


def test_one_that_gets_through_gives_the_next_its_chance() -> None:
    provider = Scripted()
    provider.on_upsert = lambda _: done() if len(provider.sent) % 3 == 0 else TO_THE_END
    of = sending(provider, 1)
    of.upsert([upserting(phones(30))])
    assert len(provider.sent) == 30


def test_what_does_not_fit_into_the_time_is_not_attempted_and_says_so() -> None:
    provider = Scripted()
    of = sending(provider, 4, is_out_of_time=lambda: len(provider.sent) >= 2)
    of.upsert([upserting(phones(12))])
    assert outcomes(of) == [Outcome.APPLIED] * 8 + [Outcome.NOT_ATTEMPTED] * 4
    assert codes(of) == {"DEADLINE"}


def test_a_chunk_that_the_time_overtakes_says_so_too() -> None:
    provider = Scripted(lambda _: Answer(Verdict.NOT_SENT, attempts=1))
    of = sending(provider, 4, is_out_of_time=lambda: bool(provider.sent))
    of.upsert([upserting(phones(4))])
    assert (outcomes(of), codes(of)) == ([Outcome.NOT_ATTEMPTED] * 4, {"DEADLINE"})


def test_a_request_to_stop_is_no_end_of_time() -> None:
    of = sending(Scripted(), 4, is_stopped=lambda: True)
    of.upsert([upserting(phones(4))])
    assert (outcomes(of), codes(of)) == ([Outcome.NOT_ATTEMPTED] * 4, set())


def test_no_removal_begins_after_the_time() -> None:
    provider = Scripted()
    of = sending(provider, 4, is_out_of_time=lambda: len(provider.removed) >= 2)
    of.remove([deleting(phones(5))], there(*phones(5)))
    assert outcomes(of) == [Outcome.APPLIED] * 2 + [Outcome.NOT_ATTEMPTED] * 3
    assert codes(of) == {"DEADLINE"}


def test_the_next_run_goes_on_and_nothing_comes_off_before() -> None:
    one, *others = phones(9)
    made = World()
    made.files.lines = {("a.yaml", LIST, one): LOCAL}
    made.run()
    made.clock.tick(3 * 86400)
    made.files.lines = {("a.yaml", LIST, p): LOCAL for p in others}
    made.files.releases.append(Release(LIST, one, made.as_of, ReleaseReason.CONSENT_GIVEN, "FORM-1"))
    began = len(made.cxone.calls)
    run = made.run(out_of_time=lambda: sum(c.kind == "upsert" for c in made.cxone.calls[began:]) >= 2)
    assert run.is_out_of_time
    assert not run.is_clean
    assert sum(k[0] is Action.CREATE for k in run.tally.with_outcome(Outcome.NOT_ATTEMPTED)) == 4
    assert run.retained[LIST, one].blocked_by == (BlockedBy.REFUSED_ELSEWHERE,)
    run = made.run()
    assert (run.is_clean, run.is_out_of_time) == (True, False)
    assert set(made.cxone.stored) == {(LIST, p) for p in others}
