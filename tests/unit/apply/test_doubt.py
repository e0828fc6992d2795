"""What CXone gives no clear answer to: chunks in doubt, an entry that it fails over, conflicts, refusals."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.core.apply.outcomes import Outcome
from reconciler.core.apply.run import Run
from reconciler.core.apply.sender import Applier
from reconciler.core.model.entries import ProjectedTerms
from reconciler.core.model.live import Live, LiveEntry
from reconciler.core.model.provider import Answer, Failure, Verdict, Write
from reconciler.core.planning.change import Action
from tests.properties.world import World
from tests.unit.apply.scripted import LIST, LOCAL, Scripted, done, phones, upserting

WHY = Failure("500", "sorry")
DOUBT = Answer(Verdict.AMBIGUOUS, attempts=8, cause=WHY)


def sending(provider: Scripted, size: int = 500, concurrency: int = 1, **more) -> Applier:
    return Applier(provider, chunk_size=size, concurrency=concurrency, **more)


def outcomes(of: Applier) -> dict[str, Outcome]:
    return {phone: result.outcome for (_, _, phone), result in of.tally.results.items()}


def failing_over(*poison: str):
    """Answer as a server does that falls over some entries, and stores the others."""

    def answer(chunk: Sequence[Write]) -> Answer:
        return DOUBT if {w.phone for w in chunk} & set(poison) else done()

    return answer


def test_where_nothing_gets_through_one_chunk_is_tried_in_halves_and_no_more() -> None:
    told: list[int] = []
    provider = Scripted(lambda _: DOUBT)
    of = sending(provider, 4, progress=told.append)
    of.upsert([upserting(phones(12))])
    assert [len(c) for c in provider.sent] == [4, 4, 4, 2, 2]
    assert set(outcomes(of).values()) == {Outcome.UNKNOWN}
    assert sum(told) == 12


@settings(max_examples=60, deadline=None, print_blob=True)
@given(
    size=st.integers(1, 40),
    poison=st.integers(0, 99),
    concurrency=st.integers(1, 4),
    count=st.integers(1, 100),
)
def test_an_entry_that_cxone_fails_over_does_not_keep_its_neighbours_out(size, poison, concurrency, count):
    numbers = phones(count)
    bad = numbers[poison % count]
    provider = Scripted(failing_over(bad))
    told: list[int] = []
    of = sending(provider, size, concurrency, progress=told.append)
    of.upsert([upserting(numbers)])
    assert outcomes(of) == {n: Outcome.UNKNOWN if n == bad else Outcome.APPLIED for n in numbers}
    assert sum(told) == count
    assert len(provider.sent) <= -(-count // size) + 2 * 7


def test_several_such_entries() -> None:
    numbers = phones(200)
    bad = {numbers[n] for n in (3, 77, 78, 199)}
    provider = Scripted(failing_over(*bad))
    of = sending(provider, 50, 4)
    of.upsert([upserting(numbers)])
    assert {n for n, outcome in outcomes(of).items() if outcome is not Outcome.APPLIED} == bad


def test_a_server_that_dies_in_the_middle_is_not_asked_for_ever() -> None:
    provider = Scripted()
    provider.on_upsert = lambda _: done() if len(provider.sent) <= 3 else DOUBT
    of = sending(provider, 4)
    of.upsert([upserting(phones(80))])
    assert len(provider.sent) == 20 + 2
    assert list(outcomes(of).values()).count(Outcome.APPLIED) == 12


def test_a_stop_leaves_what_is_in_doubt_in_doubt() -> None:
    provider = Scripted(failing_over(phones(1)[0]))
    of = Applier(provider, chunk_size=4, concurrency=1, is_stopped=lambda: len(provider.sent) >= 2)
    of.upsert([upserting(phones(8))])
    assert [outcomes(of)[n] for n in phones(8)] == [Outcome.UNKNOWN] * 4 + [Outcome.APPLIED] * 4


def test_whole_answers_of_409_end_at_single_numbers() -> None:
    """A server that answers every chunk so costs two requests a number, never more."""
    provider = Scripted(lambda _: Answer(Verdict.AMBIGUOUS, attempts=1, cause=Failure("409", "conflict")))
    of = sending(provider)
    of.upsert([upserting(phones(64))])
    assert len(provider.sent) == 127
    assert set(outcomes(of).values()) == {Outcome.UNKNOWN}


@pytest.mark.parametrize("in_doubt", [True, False])
def test_a_chunk_in_doubt_that_is_throttled_afterwards_stays_in_doubt(in_doubt) -> None:
    """It may be stored already: that its halves are turned away at the door says nothing of it."""
    slow = Failure("429", "slow down")
    large = Answer(Verdict.TOO_LARGE, attempts=4, cause=slow, in_doubt=in_doubt)
    provider = Scripted(lambda c: large if len(c) > 1 else Answer(Verdict.REFUSED, attempts=8, cause=slow))
    of = sending(provider, 2)
    of.upsert([upserting(phones(2))])
    assert set(outcomes(of).values()) == {Outcome.UNKNOWN if in_doubt else Outcome.NOT_ATTEMPTED}


@pytest.mark.parametrize(
    ("shown", "outcome", "code"),
    [
        (ProjectedTerms("LOCAL", "NEVER"), Outcome.APPLIED, None),
        (ProjectedTerms("UNKNOWN", "NEVER"), Outcome.REJECTED, "NOT_TAKEN"),
    ],
)
def test_a_conflict_on_an_update_is_unknown_until_the_read_back(shown, outcome, code) -> None:
    (one,) = phones(1)
    of = sending(Scripted(lambda _: Answer(Verdict.ANSWERED, conflicts=frozenset({one}), attempts=1)))
    change = upserting([one], Action.UPDATE, LOCAL)
    of.upsert([change])
    assert outcomes(of) == {one: Outcome.UNKNOWN}
    of.verify([change], Live({LIST: {one: LiveEntry(shown, "1")}}))
    (result,) = of.tally.results.values()
    assert (result.outcome, result.failure and result.failure.code) == (outcome, code)


def test_what_never_came_to_pass_is_told_with_its_cause_and_is_no_refusal() -> None:
    made = World()
    made.files.lines = {("a.yaml", LIST, phones(1)[0]): LOCAL}
    made.cxone.faults.upserts.append(Verdict.AMBIGUOUS)
    run: Run = made.run()
    (result,) = run.tally.results.values()
    assert result.outcome is Outcome.REJECTED
    assert result.failure is not None
    assert result.failure.code == "NOT_STORED"
    assert "500: sorry" in result.failure.message
    assert run.is_in_doubt
    assert run.not_live == {(LIST, phones(1)[0])}


def test_a_refusal_is_one_whatever_else_was_in_doubt() -> None:
    made = World()
    made.files.lines = {("a.yaml", LIST, phones(1)[0]): LOCAL}
    made.cxone.faults.refused = {phones(1)[0]}
    run = made.run()
    assert (run.is_clean, run.is_in_doubt) == (False, False)


def test_terms_that_are_not_taken_cost_one_write_a_run() -> None:
    (one,) = phones(1)
    made = World()
    made.files.lines = {("a.yaml", LIST, one): LOCAL}
    made.cxone.put((LIST, one), ProjectedTerms("UNKNOWN", "ABSOLUTE"))
    made.cxone.faults.weakened = {one}
    for _ in range(3):
        made.cxone.calls.clear()
        run = made.run()
        assert [c.kind for c in made.cxone.calls] == ["read", "upsert", "read"]
        assert run.tally.results[Action.UPDATE, LIST, one].failure.code == "NOT_TAKEN"
        assert not run.is_in_doubt


def test_what_cxone_does_not_say_to_have_stored_is_noted_with_its_first_request() -> None:
    """Somebody else may have stored it before: no touch from before that request is ours."""
    at = datetime(2026, 11, 23, 18, tzinfo=UTC)
    one, two, three = phones(3)
    answers = [
        Answer(Verdict.ANSWERED, conflicts=frozenset({one}), attempts=1, started=at),
        Answer(Verdict.AMBIGUOUS, attempts=8, cause=WHY, started=at + timedelta(minutes=1)),
        Answer(Verdict.ANSWERED, attempts=1, started=at + timedelta(minutes=2)),
    ]
    provider = Scripted(lambda _: answers.pop(0) if answers else done())
    of = sending(provider, 1)
    of.upsert([upserting([one, two, three])])
    assert of.tally.doubtful == {(LIST, one): at, (LIST, two): at + timedelta(minutes=1)}
