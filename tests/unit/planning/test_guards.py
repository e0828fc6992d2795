"""Guards: what has permission may still not go."""

from dataclasses import replace

import pytest

from reconciler.core.model.entries import ReasonCode
from reconciler.core.planning.change import Action, BlockedBy
from reconciler.core.planning.guards import Circumstances, removal_budget
from reconciler.core.planning.inputs import Limits
from reconciler.core.planning.plan import Plan
from tests.unit.planning.builders import A, B, Case, claims, entry, held, live, never, numbers, release, told

FREE = Limits(max_removals=500, max_removal_percent=100, removable=True)
LINE = never()
LOCAL = never(ReasonCode.LOCAL)


def releasing(
    off: int, of: int, limits: Limits = FREE, met: Circumstances | None = None, list_id: str = A
) -> Case:
    """Make the case of a list of `of` held numbers, `off` of which are released."""
    phones = numbers(of)
    before = claims(*(("a.yaml", list_id, p, LINE) for p in phones))
    now = claims(
        *(("a.yaml", list_id, p, LINE) for p in phones[off:]),
        releases=[release(p, list_id=list_id) for p in phones[:off]],
    )
    stands = live({(list_id, p): entry(LINE, entry_id=p) for p in phones})
    return Case(now, held(before), stands, limits, met=met or Circumstances())


def why(plan: Plan) -> set[BlockedBy]:
    return {b for c in plan.changes for b in c.blocked_by}


def deleted(plan: Plan) -> int:
    return plan.summary["delete"]


# What is left to people


def test_without_removal_it_is_left_to_people_and_nothing_is_blocked() -> None:
    plan = releasing(2, 20, replace(FREE, removable=False)).plan()
    (change,) = plan.changes
    assert (change.by_hand, change.blocked_by) == (True, (BlockedBy.UNSUPPORTED,))
    assert (plan.summary["by_hand"], plan.summary["blocked"], deleted(plan)) == (2, 0, 0)
    assert (plan.pending_count, plan.blocked_keys, plan.exposing_keys) == (0, frozenset(), frozenset())


# The budget


@pytest.mark.parametrize(
    ("count", "most", "percent", "lately", "left"),
    [
        (0, 500, 1, 0, 5),
        (400, 500, 1, 0, 5),
        (699, 500, 1, 0, 6),
        (700, 500, 1, 0, 7),
        (700, 500, 1, 3, 4),
        (700, 500, 1, 9, 0),
        (2000, 12, 1, 0, 12),
        (2000, 2, 1, 0, 5),
        (2000, 0, 1, 0, 0),
        (2000, 500, 0, 0, 0),
        (150, 500, 7.5, 0, 11),
    ],
)
def test_the_budget_of_a_list(count: int, most: int, percent: float, lately: int, left: int) -> None:
    before = held(claims(*(("a.yaml", A, p, LINE) for p in numbers(count))))
    assert removal_budget(A, before, Limits(most, percent), Circumstances({A: lately})) == left


@pytest.mark.parametrize(("lately", "most", "left"), [(0, 500, 5), (3, 500, 2), (5, 500, 0), (0, 0, 0)])
def test_a_list_whose_chain_has_just_begun_has_the_least_budget(lately: int, most: int, left: int) -> None:
    before = held(claims(*(("a.yaml", A, p, LINE) for p in numbers(2000))))
    assert (
        removal_budget(A, before, Limits(most), Circumstances({A: lately}, young_lists=frozenset({A})))
        == left
    )


def test_within_the_budget_all_go_and_over_it_none() -> None:
    limits = Limits(removable=True)
    assert deleted(releasing(5, 20, limits).plan()) == 5
    plan = releasing(6, 20, limits).plan()
    assert (deleted(plan), plan.summary["blocked"], why(plan)) == (0, 6, {BlockedBy.BUDGET})


def test_what_the_last_days_took_off_counts() -> None:
    met = Circumstances(recent_removals={A: 3, B: 9})
    assert deleted(releasing(2, 20, Limits(removable=True), met).plan()) == 2
    assert deleted(releasing(3, 20, Limits(removable=True), met).plan()) == 0


def test_each_list_has_its_own_budget() -> None:
    mine, other = releasing(6, 20, Limits(removable=True)), releasing(5, 20, list_id=B)
    case = Case(
        replace(
            mine.desired,
            files=mine.desired.files + other.desired.files,
            releases={**mine.desired.releases, **other.desired.releases},
        ),
        replace(mine.held, files=mine.held.files + other.held.files),
        replace(mine.live, lists={**mine.live.lists, **other.live.lists}),
        mine.limits,
    )
    assert {(a, list_id) for a, list_id, _ in told(case.plan())} == {(Action.DELETE, B)}


def test_weakening_counts_against_the_budget() -> None:
    case = releasing(6, 20, Limits(removable=True))
    weaker = claims(*(("a.yaml", A, p, LINE if n > 5 else LOCAL) for n, p in enumerate(numbers(20))))
    case.desired = replace(weaker, releases=case.desired.releases)
    plan = case.plan()
    assert [(c.action, c.blocked_by) for c in plan.changes] == [(Action.UPDATE, (BlockedBy.BUDGET,))]


# A list is never emptied


@pytest.mark.parametrize(("of", "goes"), [(9, True), (10, False), (11, False)])
def test_a_list_of_ten_is_never_emptied(of: int, goes: bool) -> None:
    plan = releasing(of, of).plan()
    assert deleted(plan) == (of if goes else 0)
    assert why(plan) == (set() if goes else {BlockedBy.WOULD_EMPTY_LIST})


def test_a_new_number_does_not_make_up_for_all_that_go() -> None:
    case = releasing(10, 10)
    new = claims(("a.yaml", A, "+12125559999", LINE))
    case.desired = replace(case.desired, files=new.files)
    assert deleted(case.plan()) == 0


def test_one_that_stays_is_enough() -> None:
    assert deleted(releasing(11, 12).plan()) == 11


# --allow-removals N


@pytest.mark.parametrize(("allow", "goes"), [(11, False), (12, True), (13, False)])
def test_allow_removals_replaces_both_and_must_be_exact(allow: int, goes: bool) -> None:
    plan = releasing(12, 12, Limits(removable=True, allow=allow)).plan()
    assert deleted(plan) == (12 if goes else 0)
    if not goes:
        assert BlockedBy.BUDGET in why(plan)


def test_deciding_again_there_may_be_fewer_than_allowed() -> None:
    met = Circumstances(protective_sent=True)
    assert deleted(releasing(11, 12, Limits(removable=True, allow=12), met).plan()) == 11
    assert deleted(releasing(12, 12, Limits(removable=True, allow=11), met).plan()) == 0


def test_a_limit_of_none_holds_for_everything_but_what_is_allowed() -> None:
    assert deleted(releasing(1, 20, Limits(0, 1, removable=True)).plan()) == 0
    assert deleted(releasing(1, 20, Limits(0, 1, allow=1, removable=True)).plan()) == 1


# What a run has met


def test_a_row_that_the_latest_look_did_not_see_stays() -> None:
    case = releasing(2, 20)
    first, second = numbers(2)
    case.live = replace(case.live, complete=False, unseen=frozenset({(A, first)}))
    plan = case.plan()
    assert told(plan) == [(Action.DELETE, A, (second,))]
    assert why(plan) == {BlockedBy.INCOMPLETE_READ}
    assert not plan.complete


def test_a_refused_phone_is_held_back_and_the_others_go() -> None:
    first, second = numbers(2)
    plan = releasing(2, 20, met=Circumstances(refused_phones=frozenset({first}))).plan()
    assert told(plan) == [(Action.DELETE, A, (second,))]
    assert why(plan) == {BlockedBy.REFUSED_ELSEWHERE}


@pytest.mark.parametrize("reason", [BlockedBy.REFUSED_ELSEWHERE, BlockedBy.SUPERSEDED, BlockedBy.HOLD])
def test_holding_back_holds_everything_exposing_back(reason: BlockedBy) -> None:
    plan = releasing(2, 20, met=Circumstances(general_block=reason)).plan()
    assert (told(plan), why(plan)) == ([], {reason})


def test_only_what_an_earlier_plan_showed_goes() -> None:
    first, second = numbers(2)
    plan = releasing(2, 20, met=Circumstances(approved_changes=frozenset({(Action.DELETE, A, first)}))).plan()
    assert told(plan) == [(Action.DELETE, A, (first,))]
    assert [c.phones for c in plan.changes if c.blocked_by == (BlockedBy.SUPERSEDED,)] == [(second,)]


def test_guards_never_hold_a_protective_change() -> None:
    met = Circumstances(
        refused_phones=frozenset(numbers(3)), general_block=BlockedBy.HOLD, approved_changes=frozenset()
    )
    now = claims(*(("a.yaml", A, p, LINE) for p in numbers(3)))
    plan = Case(now, limits=Limits(0, 0), met=met).plan()
    assert told(plan) == [(Action.CREATE, A, tuple(numbers(3)))]


def test_several_reasons_stand_in_their_fixed_order() -> None:
    (first,) = numbers(1)
    met = Circumstances(
        refused_phones=frozenset({first}), general_block=BlockedBy.HOLD, approved_changes=frozenset()
    )
    case = releasing(1, 20, met=met)
    case.live = replace(case.live, complete=False, unseen=frozenset({(A, first)}))
    (change,) = case.plan().changes
    assert change.blocked_by == (
        BlockedBy.INCOMPLETE_READ,
        BlockedBy.REFUSED_ELSEWHERE,
        BlockedBy.SUPERSEDED,
        BlockedBy.HOLD,
    )


def test_more_than_the_plans_number_is_not_it() -> None:
    assert deleted(releasing(12, 12, Limits(removable=True, allow=99)).plan()) == 0
