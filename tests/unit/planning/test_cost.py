"""What a plan costs where a call is of one list, and a removal takes more than one request."""

from dataclasses import replace

import pytest

from reconciler.core.model.entries import Policy, ProjectedTerms, ReasonCode, Terms
from reconciler.core.model.live import Live, LiveEntry
from reconciler.core.model.provider import ApiShape
from reconciler.core.planning.change import Action, Change, Direction, Reason
from reconciler.core.planning.cost import SendRate, estimate_cost
from reconciler.cxone.groups.dialect import GroupsDialect
from tests.unit.planning.builders import numbers

NEVER = Terms(ReasonCode.CUSTOMER_REQUESTED, Policy.NEVER)
SHAPE = ApiShape(page_size=10, one_list=True, per_removal=3)
PACE = SendRate(chunk_size=4, requests_per_minute=60, concurrency=1)


def creating(list_id: str, count: int) -> Change:
    return Change(
        Action.CREATE,
        list_id,
        Direction.PROTECTIVE,
        Reason.DECLARED,
        None,
        NEVER,
        tuple(numbers(count)),
    )


def removing(list_id: str, count: int) -> Change:
    return Change(
        Action.DELETE,
        list_id,
        Direction.EXPOSING,
        Reason.RELEASED,
        ProjectedTerms(),
        None,
        tuple(numbers(count)),
    )


def there(**lists: int) -> Live:
    return Live(
        {
            name: {phone: LiveEntry(ProjectedTerms(), "1") for phone in numbers(count)}
            for name, count in lists.items()
        }
    )


@pytest.mark.parametrize(
    ("changes", "live", "requests"),
    [
        ([creating("a", 5)], there(), 2 + 2),
        ([creating("a", 2), creating("b", 2)], there(), 2 + 3),
        ([creating("a", 2), creating("a", 2)], there(), 1 + 2),
        ([creating("a", 1)], there(a=10, b=1), 1 + 4),
        ([removing("a", 2)], there(a=2), 6 + 2),
    ],
    ids=["chunks", "each list has its own", "one list's groups share", "pages of each list", "removals"],
)
def test_requests(changes, live, requests) -> None:
    assert estimate_cost(changes, live, PACE, SHAPE).requests == requests


def test_the_lists_are_told_apart_only_where_they_have_to_be() -> None:
    others = replace(creating("b", 0), phones=tuple(numbers(4)[2:]))
    shape = ApiShape(page_size=10)
    assert estimate_cost([creating("a", 2), others], there(), PACE, shape).requests == 1 + 1
    # A phone on both needs a call of each.
    assert estimate_cost([creating("a", 2), creating("b", 2)], there(), PACE, shape).requests == 2 + 1


def test_the_shape_of_the_dialect() -> None:
    assert GroupsDialect().shape == ApiShape(
        100, one_list=True, removal_looks=5, day_slack=1, tells_skills=True
    )


@pytest.mark.parametrize(
    ("removals", "there_are", "requests"),
    [(1, 20, 3), (5, 20, 7), (15, 20, 1 + 1 + 2), (15, 150, 1 + 1 + 4), (150, 250, 1 + 2 + 6), (1, 250, 3)],
)
def test_removals_that_share_their_calls(removals: int, there_are: int, requests: int) -> None:
    shape, pace = GroupsDialect().shape, SendRate(chunk_size=100)
    live = Live(
        lists={"dnc-a": {phone: LiveEntry(ProjectedTerms(), "1", None) for phone in numbers(there_are)}}
    )
    pages = 1 + -(-there_are // 100)
    assert estimate_cost([removing("dnc-a", removals)], live, pace, shape).requests == requests + pages
