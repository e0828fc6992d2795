"""Sending: chunks, halving, outcomes, removals, and what the read-back decides."""

from collections.abc import Sequence
from threading import Barrier

import pytest

from reconciler.core.apply.outcomes import Outcome
from reconciler.core.apply.sender import Applier
from reconciler.core.model.entries import Key, ProjectedTerms
from reconciler.core.model.errors import CxoneUnavailable
from reconciler.core.model.live import Live, LiveEntry
from reconciler.core.model.provider import Answer, Failure, Verdict, Write
from reconciler.core.planning.change import Action, Change
from tests.unit.apply.scripted import LIST, Scripted, deleting, done, phones, upserting

WHY = Failure("500", "sorry")


def applier(provider: Scripted, *, size: int = 4, concurrency: int = 1) -> Applier:
    return Applier(provider, chunk_size=size, concurrency=concurrency)


def outcomes(of: Applier) -> dict[str, Outcome]:
    return {phone: result.outcome for (_, _, phone), result in of.tally.results.items()}


# Halving


def _limit(largest: int, verdict: Verdict, why: Failure | None = None):
    return lambda chunk: done() if len(chunk) <= largest else Answer(verdict, attempts=1, cause=why)


def test_a_chunk_that_is_too_large_is_halved_and_the_rest_is_cut_smaller() -> None:
    provider = Scripted(_limit(2, Verdict.TOO_LARGE))
    sending = applier(provider, size=8)
    sending.upsert([upserting(phones(18))])
    assert [len(c) for c in provider.sent] == [8, 4, *[2] * 9]
    assert [p for c in provider.sent[2:] for p in c] == list(phones(18))
    assert set(outcomes(sending).values()) == {Outcome.APPLIED}


def test_a_single_number_that_is_too_large_is_rejected() -> None:
    sending = applier(Scripted(_limit(0, Verdict.TOO_LARGE, WHY)))
    sending.upsert([upserting(phones(1))])
    (result,) = sending.tally.results.values()
    assert (result.outcome, result.failure) == (Outcome.REJECTED, WHY)


def test_a_conflict_of_the_whole_chunk_is_halved_but_the_others_stay_large() -> None:
    provider = Scripted(_limit(3, Verdict.AMBIGUOUS, Failure("409", "conflict")))
    sending = applier(provider)
    provider.on_upsert = lambda c: (
        _limit(3, Verdict.AMBIGUOUS, Failure("409", "x"))(c)
        if phones(1)[0] in {w.phone for w in c}
        else done()
    )
    sending.upsert([upserting(phones(8))])
    assert [len(c) for c in provider.sent] == [4, 2, 2, 4]


def test_what_was_sent_in_a_larger_chunk_stays_unknown_when_a_stop_comes() -> None:
    provider = Scripted(lambda _: Answer(Verdict.AMBIGUOUS, attempts=1, cause=Failure("409", "conflict")))
    sending = Applier(provider, chunk_size=4, concurrency=1, is_stopped=lambda: bool(provider.sent))
    sending.upsert([upserting(phones(6))])
    assert list(outcomes(sending).values()).count(Outcome.UNKNOWN) == 4
    assert list(outcomes(sending).values()).count(Outcome.NOT_ATTEMPTED) == 2


# Outcomes


@pytest.mark.parametrize(
    ("verdict", "outcome"),
    [
        (Verdict.ANSWERED, Outcome.APPLIED),
        (Verdict.AMBIGUOUS, Outcome.UNKNOWN),
        (Verdict.REFUSED, Outcome.REJECTED),
        (Verdict.UNSUPPORTED, Outcome.REJECTED),
        (Verdict.TOO_LARGE, Outcome.REJECTED),
        (Verdict.NOT_SENT, Outcome.NOT_ATTEMPTED),
    ],
)
def test_every_verdict_has_its_outcome(verdict: Verdict, outcome: Outcome) -> None:
    sending = applier(Scripted(lambda _: Answer(verdict, attempts=1)))
    sending.upsert([upserting(phones(1))])
    assert set(outcomes(sending).values()) == {outcome}


@pytest.mark.parametrize(
    ("action", "outcome"), [(Action.CREATE, Outcome.APPLIED), (Action.UPDATE, Outcome.UNKNOWN)]
)
def test_a_conflict_is_protection_on_a_create_and_unknown_on_an_update(
    action: Action, outcome: Outcome
) -> None:
    one, two = phones(2)
    provider = Scripted(lambda _: Answer(Verdict.ANSWERED, conflicts=frozenset({one}), attempts=1))
    sending = applier(provider)
    sending.upsert([upserting([one, two], action)])
    assert outcomes(sending) == {one: outcome, two: Outcome.APPLIED}


def test_failures_are_told_apart_by_phone() -> None:
    one, two = phones(2)
    sending = applier(Scripted(lambda _: Answer(Verdict.ANSWERED, failures={one: WHY}, attempts=1)))
    sending.upsert([upserting([one, two])])
    assert outcomes(sending) == {one: Outcome.REJECTED, two: Outcome.APPLIED}
    assert sending.tally.results[Action.CREATE, LIST, one].failure == WHY


def test_an_error_ends_the_sending_and_the_rest_is_not_attempted() -> None:
    def fails(chunk: Sequence[Write]) -> Answer:
        if phones(5)[4] in {w.phone for w in chunk}:
            raise CxoneUnavailable("no answer")
        return done()

    provider = Scripted(fails)
    sending = applier(provider)
    sending.upsert([upserting(phones(12))])
    assert [len(c) for c in provider.sent] == [4, 4]
    assert list(outcomes(sending).values()) == [Outcome.APPLIED] * 4 + [Outcome.NOT_ATTEMPTED] * 8
    assert isinstance(sending.tally.error, CxoneUnavailable)


def test_a_stop_is_asked_for_before_each_request() -> None:
    provider = Scripted()
    sending = Applier(provider, chunk_size=2, concurrency=1, is_stopped=lambda: len(provider.sent) > 1)
    sending.upsert([upserting(phones(8))])
    assert list(outcomes(sending).values()) == [Outcome.APPLIED] * 4 + [Outcome.NOT_ATTEMPTED] * 4


def test_several_chunks_are_under_way_at_once() -> None:
    met = Barrier(3, timeout=10)
    provider = Scripted(lambda _: done(met.wait()))
    sending = applier(provider, size=2, concurrency=3)
    sending.upsert([upserting(phones(6))])
    assert set(outcomes(sending).values()) == {Outcome.APPLIED}


def test_progress_and_requests_are_told() -> None:
    told: list[int] = []
    sending = Applier(Scripted(), chunk_size=4, concurrency=1, progress=told.append)
    sending.upsert([upserting(phones(6)), upserting(phones(7)[6:], Action.UPDATE)])
    assert told == [4, 3]
    assert [(s.action, s.size) for s in sending.tally.sent_requests] == [("create", 4), ("create+update", 3)]


def test_changes_may_come_as_a_stream() -> None:
    provider = Scripted()
    applier(provider).upsert(change for change in [upserting(phones(3))])
    assert provider.sent == [list(phones(3))]


# Removals


def there(*numbers: str, twins: dict[Key, tuple[str, ...]] | None = None) -> Live:
    entries = {p: LiveEntry(ProjectedTerms("LOCAL", "NEVER"), f"id-{p}") for p in numbers}
    return Live({LIST: entries}, duplicate_ids=twins or {})


def removing(provider: Scripted, change: Change, live: Live, *, concurrency: int = 1) -> Applier:
    sending = applier(provider, concurrency=concurrency)
    sending.remove([change], live)
    return sending


def test_a_number_is_removed_by_its_id() -> None:
    (one,) = phones(1)
    provider = Scripted()
    assert outcomes(removing(provider, deleting([one]), there(one))) == {one: Outcome.APPLIED}
    assert provider.removed == [(one, f"id-{one}")]


def test_one_that_is_gone_already_counts_as_removed() -> None:
    (one,) = phones(1)
    provider = Scripted()
    assert outcomes(removing(provider, deleting([one]), there())) == {one: Outcome.APPLIED}
    assert provider.removed == []


def test_twins_go_before_the_entry_and_what_is_left_keeps_the_number_silent() -> None:
    (one,) = phones(1)
    live = there(one, twins={(LIST, one): ("t1", "t2")})
    provider = Scripted()
    removing(provider, deleting([one]), live)
    assert [i for _, i in provider.removed] == ["t1", "t2", f"id-{one}"]
    provider = Scripted(on_remove=lambda _, i: Answer(Verdict.REFUSED, attempts=1) if i == "t2" else done())
    assert outcomes(removing(provider, deleting([one]), live)) == {one: Outcome.REJECTED}
    assert [i for _, i in provider.removed] == ["t1", "t2"]


@pytest.mark.parametrize("concurrency", [1, 4])
def test_where_there_is_no_such_call_one_request_tells(concurrency: int) -> None:
    provider = Scripted(on_remove=lambda *_: Answer(Verdict.UNSUPPORTED, attempts=1))
    sending = removing(provider, deleting(phones(9)), there(*phones(9)), concurrency=concurrency)
    assert len(provider.removed) == 1
    assert list(outcomes(sending).values()) == [Outcome.REJECTED] + [Outcome.NOT_ATTEMPTED] * 8
    assert all(r.failure and r.failure.code == "UNSUPPORTED" for r in sending.tally.results.values())


@pytest.mark.parametrize(
    ("verdict", "outcome"),
    [
        (Verdict.AMBIGUOUS, Outcome.UNKNOWN),
        (Verdict.REFUSED, Outcome.REJECTED),
        (Verdict.NOT_SENT, Outcome.NOT_ATTEMPTED),
    ],
)
def test_what_becomes_of_a_removal(verdict: Verdict, outcome: Outcome) -> None:
    (one,) = phones(1)
    provider = Scripted(on_remove=lambda *_: Answer(verdict, attempts=1))
    assert outcomes(removing(provider, deleting([one]), there(one))) == {one: outcome}


def test_an_error_ends_the_removals() -> None:
    def fails(key: Key, _: str) -> Answer:
        if key[1] == phones(2)[1]:
            raise CxoneUnavailable("no answer")
        return done()

    sending = removing(Scripted(on_remove=fails), deleting(phones(4)), there(*phones(4)))
    assert list(outcomes(sending).values()) == [Outcome.APPLIED] + [Outcome.NOT_ATTEMPTED] * 3
    assert sending.tally.error is not None


# The read-back decides


@pytest.mark.parametrize("first", [Outcome.APPLIED, Outcome.UNKNOWN])
@pytest.mark.parametrize(
    ("shown", "complete", "outcome", "code"),
    [
        (ProjectedTerms("LOCAL", "NEVER"), True, Outcome.APPLIED, None),
        (ProjectedTerms("CUSTOMER_REQUESTED", "NEVER"), True, Outcome.APPLIED, None),
        (ProjectedTerms("UNKNOWN", "NEVER"), True, Outcome.REJECTED, "NOT_TAKEN"),
        (ProjectedTerms("LOCAL", "ABSOLUTE"), False, Outcome.REJECTED, "NOT_TAKEN"),
        (None, True, Outcome.REJECTED, "NOT_FOUND"),
        (None, False, Outcome.UNKNOWN, "NOT_FOUND"),
    ],
)
def test_what_the_read_back_shows_decides(
    first: Outcome, shown: ProjectedTerms | None, complete: bool, outcome: Outcome, code: str | None
) -> None:
    if first is Outcome.UNKNOWN and code is not None:
        code = "NOT_STORED"  # CXone never said that it had it
    (one,) = phones(1)
    sending = applier(Scripted())
    sending.tally.settle((Action.CREATE, LIST, one), first, WHY)
    live = Live({LIST: {one: LiveEntry(shown, "1")}} if shown else {}, complete)
    sending.verify([upserting([one])], live)
    (result,) = sending.tally.results.values()
    assert (result.outcome, result.failure.code if result.failure else None) == (outcome, code)


@pytest.mark.parametrize("first", [Outcome.REJECTED, Outcome.NOT_ATTEMPTED])
def test_the_read_back_does_not_excuse_what_was_refused_or_never_sent(first: Outcome) -> None:
    (one,) = phones(1)
    sending = applier(Scripted())
    sending.tally.settle((Action.CREATE, LIST, one), first, WHY)
    sending.verify([upserting([one])], there(one))
    assert outcomes(sending) == {one: first}
