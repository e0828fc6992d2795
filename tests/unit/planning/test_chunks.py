"""Chunks: the upserts of a plan in as few requests as there can be."""

import random
from datetime import date, timedelta

import pytest

from reconciler.core.model.entries import Policy, ReasonCode, Terms
from reconciler.core.planning.change import Action, Change, Direction, Reason
from reconciler.core.planning.chunks import count_chunks, split_into_chunks
from reconciler.core.planning.deadlines import Deadline
from tests.unit.planning.builders import numbers

NEVER = Terms(ReasonCode.CUSTOMER_REQUESTED, Policy.NEVER)
DAY = date(2026, 11, 23)


def creating(list_id: str, phones: list[str], day: date | None = None) -> Change:
    due = Deadline(day, day, "R") if day else None
    direction, reason = Direction.PROTECTIVE, Reason.DECLARED
    return Change(Action.CREATE, list_id, direction, reason, None, NEVER, tuple(phones), due=due)


def sizes(changes: list[Change], size: int, *, one_list: bool = False) -> list[int]:
    return [len(chunk) for chunk in split_into_chunks(changes, size, one_list=one_list)]


@pytest.mark.parametrize(("count", "expected"), [(0, []), (1, [1]), (3, [3]), (4, [3, 1]), (7, [3, 3, 1])])
def test_a_chunk_is_full_before_the_next_begins(count: int, expected: list[int]) -> None:
    phones = numbers(count)
    changes = [creating("a", phones)] if count else []
    assert sizes(changes, 3) == expected
    assert [write.phone for chunk in split_into_chunks(changes, 3) for write in chunk] == phones


def test_a_phone_on_several_lists_does_not_cut_a_chunk_short() -> None:
    one, two, three = numbers(3)
    changes = [creating("a", [one, two]), creating("b", [one, three])]
    chunks = [[write.key for write in chunk] for chunk in split_into_chunks(changes, 3)]
    assert chunks == [[("a", one), ("a", two), ("b", three)], [("b", one)]]


@pytest.mark.parametrize("lists", [1, 2, 3, 10])
def test_lists_with_random_days_take_as_few_requests_as_there_can_be(lists: int) -> None:
    """3,000 numbers on three lists took 1,001 requests instead of 6."""
    rng, phones, size = random.Random(lists), numbers(300), 50
    days = [DAY + timedelta(days=n) for n in range(30)]
    groups: dict[tuple[date, str], list[str]] = {}
    for n in range(lists):
        for phone in phones:
            groups.setdefault((rng.choice(days), f"list-{n:02}"), []).append(phone)
    changes = [creating(list_id, found, day) for (day, list_id), found in sorted(groups.items())]
    assert count_chunks(changes, size) <= lists * 300 // size + lists - 1
    assert count_chunks(changes, size, one_list=True) == lists * 300 // size
    same_day = [creating(f"list-{n:02}", phones, DAY) for n in range(lists)]
    assert sizes(same_day, size) == [size] * (lists * 300 // size)


def test_copies_of_few_phones_do_not_come_last() -> None:
    """One phone on two lists, at the end of both: two full chunks, not three."""
    phones = numbers(9)
    assert sizes([creating("a", phones), creating("b", [phones[-1]])], 5) == [5, 5]


def test_where_a_call_is_of_one_list_the_nearest_deadline_goes_first() -> None:
    one, two, three = numbers(3)
    later = DAY + timedelta(days=1)
    changes = [creating("b", [one], DAY), creating("a", [one, two], later), creating("b", [three], later)]
    chunks = [[write.key for write in chunk] for chunk in split_into_chunks(changes, 500, one_list=True)]
    assert chunks == [[("b", one), ("b", three)], [("a", one), ("a", two)]]
