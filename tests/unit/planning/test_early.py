"""Which entries may go before the read, in which order, and how many."""

from dataclasses import replace
from datetime import date, timedelta

from reconciler.core.model.entries import DeclaredEntries, ReasonCode, Terms
from reconciler.core.planning.early import early_chunks
from reconciler.core.planning.inputs import PlanFacts
from reconciler.core.planning.state import AppliedEntry, LastApplied, Retained
from reconciler.cxone.groups.dialect import GroupsDialect
from tests.unit.planning.builders import (
    CR,
    DIALECT,
    ONE,
    THREE,
    TODAY,
    TWO,
    A,
    B,
    Ledger,
    claims,
    never,
    numbers,
    until,
)


def facts_of(declared: DeclaredEntries) -> PlanFacts:
    return PlanFacts(declared, LastApplied(), DIALECT, Ledger(), TODAY)


def chunks(lines, held=(), *, size=500, list_ids=(A, B), known_live=(), **more):
    before = LastApplied(claims(*held).files, revision="r1", **more)
    facts = replace(facts_of(claims(*lines)), last_applied=before)
    return [
        [write.phone for write in chunk]
        for chunk in early_chunks(facts, size, list_ids=list_ids, known_live=frozenset(known_live))
    ]


def line(phone: str, terms: Terms, list_id: str = A, path: str = "p.yaml"):
    return (path, list_id, phone, terms)


def asked(days_ago: int) -> Terms:
    return replace(never(), requested_on=TODAY - timedelta(days=days_ago))


def test_only_what_no_entry_can_exceed_goes():
    for terms in (until(date(2027, 1, 1)), *(never(reason) for reason in ReasonCode if reason is not CR)):
        assert chunks([line(ONE, terms), line(TWO, never())]) == [[TWO]]


def test_the_strongest_of_several_claims_is_what_counts():
    both = [line(ONE, until(date(2027, 1, 1))), line(ONE, never(), path="q.yaml")]
    assert chunks(both) == [[ONE]]


def test_in_groups_any_claim_without_an_end_goes():
    facts = replace(
        facts_of(claims(line(ONE, never(ReasonCode.LOCAL)), line(TWO, until(date(2027, 1, 1))))),
        last_applied=LastApplied(revision="r1"),
        dialect=GroupsDialect(0),
    )
    assert [[w.phone for w in chunk] for chunk in early_chunks(facts, 9, list_ids={A})] == [[ONE]]


def test_what_is_held_or_kept_is_not_new_and_what_was_not_live_is():
    held = [line(ONE, never()), line(TWO, never())]
    kept = {(A, THREE): Retained((AppliedEntry("p.yaml", never()),), ())}
    lines = [*held, line(THREE, never())]
    assert chunks(lines, held, retained=kept) == []
    assert chunks(lines, held, retained=kept, not_live=frozenset({(A, TWO)})) == [[TWO]]


def test_lists_and_numbers_that_wait_for_the_read():
    lines = [line(ONE, never()), line(TWO, never(), B), line(THREE, never())]
    assert chunks(lines, list_ids={A}, known_live=[(A, ONE)]) == [[THREE]]


def test_recent_requests_go_first_the_newest_first():
    lines = [line(ONE, asked(40)), line(TWO, asked(20)), line(THREE, asked(1))]
    assert chunks(lines) == [[THREE, TWO, ONE]]


def test_ten_chunks_at_most():
    many = numbers(25)
    sent = chunks([line(phone, never()) for phone in many], size=2)
    assert [len(chunk) for chunk in sent] == [2] * 10


def test_nothing_is_early_where_nothing_is_held():
    facts = facts_of(claims(line(ONE, never())))
    assert early_chunks(facts, 9, list_ids={A}) == []
