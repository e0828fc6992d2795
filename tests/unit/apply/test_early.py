"""What goes before the read: once, settled by the read that follows, and a refusal counts as any other."""

from collections import deque

from reconciler.core.apply.early import EarlySender, EarlyWrites, left_to_send
from reconciler.core.apply.outcomes import Outcome, Tally
from reconciler.core.apply.sender import Applier
from reconciler.core.model.entries import ProjectedTerms
from reconciler.core.model.provider import Verdict, Write
from reconciler.core.planning.change import Action
from reconciler.core.planning.chunks import pack_in_order
from tests.properties.world import World
from tests.support.fake_cxone import FakeCxone
from tests.unit.apply.scripted import LIST, phones, upserting
from tests.unit.apply.test_run import STRONG, declare, kinds, outcome, withdraw, world

ONE, TWO, THREE = phones(3)


def test_it_goes_before_the_read_which_verifies_it() -> None:
    made = world(ONE)
    declare(made, TWO, STRONG)
    run = made.run()
    assert kinds(made) == ["total", "upsert", "total", "read"]
    assert (run.read_back, run.is_clean, run.early.seen) == ("full", True, {(LIST, TWO)})
    assert run.plan.summary["create"] == 1
    assert run.live_before.get((LIST, TWO)) is None
    assert run.live_after.get((LIST, TWO)) is not None
    assert run.written_keys == {(LIST, TWO)}
    made.cxone.calls.clear()
    made.run()
    assert kinds(made) == ["read"]


def test_nothing_goes_early_where_nothing_is_held() -> None:
    made = world()
    declare(made, ONE, STRONG)
    made.run()
    assert kinds(made) == ["read", "upsert", "read"]


def test_what_was_seen_is_not_sent_again() -> None:
    made = world(ONE)
    declare(made, TWO, STRONG)
    declare(made, THREE)
    run = made.run()
    sent = [[write.phone for write in call.writes] for call in made.cxone.calls if call.kind == "upsert"]
    assert sent == [[TWO], [THREE]]
    assert run.is_clean


def test_what_replaced_somebody_elses_entry_is_not_ours() -> None:
    made = world(ONE)
    made.cxone.put((LIST, TWO), ProjectedTerms("LOCAL", "NEVER"))
    declare(made, TWO, STRONG)
    run = made.run()
    assert run.plan.overwrites == {(LIST, TWO)}
    assert run.written_keys == frozenset()


def test_a_refusal_holds_back_what_exposes_the_phone() -> None:
    made = world(ONE, THREE)
    withdraw(made, ONE)
    made.files.lines["b.yaml", "dnc-b", THREE] = STRONG
    made.run()
    made.clock.tick(60)
    made.files.lines["b.yaml", "dnc-b", ONE] = STRONG
    made.files.lines["a.yaml", LIST, ONE] = STRONG
    withdraw(made, ONE)
    made.cxone.faults.refused = {ONE}
    made.cxone.calls.clear()
    run = made.run()
    assert kinds(made).count("upsert") == 1
    assert "remove" not in kinds(made)
    assert run.tally.results[Action.CREATE, "dnc-b", ONE].outcome is Outcome.REJECTED


def test_what_is_in_doubt_is_settled_by_the_read() -> None:
    made = world(ONE)
    declare(made, TWO, STRONG)
    made.cxone.faults.upserts = deque(["stored"])
    run = made.run()
    assert outcome(run, Action.CREATE, TWO) is Outcome.APPLIED
    assert kinds(made).count("upsert") == 1
    assert run.written_keys == frozenset()


def test_what_the_read_does_not_show_goes_again() -> None:
    made = world(ONE)
    declare(made, TWO, STRONG)
    made.cxone.faults.upserts = deque([Verdict.AMBIGUOUS.value])
    run = made.run()
    assert kinds(made) == ["total", "upsert", "total", "read", "upsert", "read"]
    assert outcome(run, Action.CREATE, TWO) is Outcome.APPLIED
    assert run.is_clean


def test_what_was_taken_otherwise_is_updated_and_has_one_outcome() -> None:
    made = world(ONE)
    made.cxone.put((LIST, TWO), ProjectedTerms("LOCAL", "ABSOLUTE"))
    declare(made, TWO, STRONG)
    made.cxone.faults.upserts = deque([Verdict.AMBIGUOUS.value])
    run = made.run()
    assert [key for key in run.tally.results if key[2] == TWO] == [(Action.UPDATE, LIST, TWO)]
    assert run.is_clean


def test_without_a_read_nothing_is_sent_twice() -> None:
    tally = Tally()
    early = EarlyWrites(tuple(Write(LIST, phone, STRONG) for phone in (ONE, TWO, THREE)), 1)
    tally.settle((Action.CREATE, LIST, ONE), Outcome.APPLIED)
    tally.settle((Action.CREATE, LIST, TWO), Outcome.UNKNOWN)
    tally.settle((Action.CREATE, LIST, THREE), Outcome.NOT_ATTEMPTED)
    (left,) = left_to_send([upserting((ONE, TWO, THREE), terms=STRONG)], early, tally)
    assert left.phones == (THREE,)


def test_a_number_is_ours_only_by_the_last_reading_and_the_totals() -> None:
    def own(cxone: FakeCxone, *, absent: bool | None) -> frozenset[tuple[str, str]]:
        applier = Applier(cxone, chunk_size=10, concurrency=1)
        was_absent = None if absent is None else lambda _: absent
        sender = EarlySender(cxone, [[Write(LIST, ONE, STRONG)]], 1, was_absent)
        sender.look()
        return sender.send(applier)

    there = FakeCxone()
    there.put((LIST, ONE), ProjectedTerms("LOCAL", "NEVER"))
    assert own(there, absent=True) == frozenset()
    assert own(FakeCxone(), absent=False) == frozenset()
    assert own(FakeCxone(), absent=None) == frozenset()
    assert own(FakeCxone(), absent=True) == {(LIST, ONE)}


def test_writes_are_packed_in_their_own_order() -> None:
    writes = [Write(LIST, TWO, STRONG), Write("dnc-b", TWO, STRONG), Write(LIST, ONE, STRONG)]
    packed = [[write.key for write in chunk] for chunk in pack_in_order(writes, 2)]
    assert packed == [[(LIST, TWO), (LIST, ONE)], [("dnc-b", TWO)]]
    split = [[write.key for write in chunk] for chunk in pack_in_order(writes, 1, one_list=True)]
    assert split == [[(LIST, TWO)], [("dnc-b", TWO)], [(LIST, ONE)]]


def test_a_world_without_early_writes_asks_for_no_total() -> None:
    made: World = world(ONE)
    made.run()
    assert kinds(made) == ["read"]


def rises(cxone: FakeCxone, counted: frozenset[tuple[str, str]] = frozenset()) -> bool:
    sender = EarlySender(cxone, [[Write(LIST, ONE, STRONG)]], 1, None, counted)
    sender.look()
    sender.send(Applier(cxone, chunk_size=10, concurrency=1))
    return sender.rose_enough


def test_a_total_that_does_not_rise_is_not_enough() -> None:
    there = FakeCxone()
    there.put((LIST, ONE), ProjectedTerms("LOCAL", "NEVER"))
    assert not rises(there)
    assert rises(FakeCxone())


def test_what_was_only_counted_need_not_raise_the_total() -> None:
    there = FakeCxone()
    there.put((LIST, ONE), ProjectedTerms("CUSTOMER_REQUESTED", "NEVER"))
    assert rises(there, frozenset({(LIST, ONE)}))
