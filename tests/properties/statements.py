"""Each law with what it is to hold for: the one place where tests and seeded faults find them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from reconciler.core.model.entries import Policy, ReasonCode, ReleaseReason, Terms
from tests.properties import laws, regulated
from tests.properties.story import ENTRIES, KEYS, PHONES
from tests.properties.strategies import (
    ASKING_STORIES,
    CLAIMED,
    CLEAN_STORIES,
    HELD_STORIES,
    LEAVE_STORIES,
    STORIES,
    TROUBLED_STORIES,
    UNPERMITTED_STORIES,
)
from tests.support.fake_cxone import Clock

SOON = Clock().now.date() + timedelta(days=20)


@dataclass(frozen=True)
class Law:
    """A check, and what it takes."""

    check: Callable[..., None]
    inputs: Mapping[str, st.SearchStrategy[Any]] = field(default_factory=dict)

    def hold(self, examples: int, *, phases: tuple[Phase, ...] = tuple(Phase)) -> None:
        """Try it on so many examples, the same ones each time."""
        setting = settings(
            max_examples=examples,
            derandomize=True,
            database=None,
            deadline=None,
            phases=phases,
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        )
        setting(given(**self.inputs)(_fresh(self.check)))()


def _fresh(check: Callable[..., None]) -> Callable[..., None]:
    """Wrap a check: hypothesis remembers the function that it was given."""

    def law(**inputs: Any) -> None:
        check(**inputs)

    return law


def _story(stories: st.SearchStrategy[Any] = STORIES) -> dict[str, st.SearchStrategy[Any]]:
    return {"story": stories}


LAWS: dict[int, Law] = {
    1: Law(laws.check_law_1, _story()),
    2: Law(laws.check_law_2, _story(CLEAN_STORIES)),
    3: Law(
        laws.check_law_3,
        {
            "phones": st.lists(st.sampled_from(KEYS), unique=True).map(tuple),
            "size": st.integers(1, 4),
            "largest": st.integers(1, 5),
            "refused": st.sets(st.sampled_from(PHONES)),
        },
    ),
    4: Law(laws.check_law_4, _story(CLAIMED) | {"seed": st.integers(0, 99)}),
    5: Law(laws.check_law_5, _story(st.one_of(STORIES, TROUBLED_STORIES))),
    6: Law(laws.check_law_6, _story()),
    7: Law(laws.check_law_7, _story(st.one_of(STORIES, TROUBLED_STORIES))),
    8: Law(laws.check_law_8, _story(UNPERMITTED_STORIES)),
    9: Law(laws.check_law_9, _story()),
    10: Law(laws.check_law_10, _story(TROUBLED_STORIES)),
    13: Law(
        laws.check_law_13,
        {
            "said": st.sampled_from(
                [
                    Terms(ReasonCode.CUSTOMER_REQUESTED, Policy.ABSOLUTE, SOON),
                    Terms(ReasonCode.LOCAL, Policy.ABSOLUTE, SOON),
                ]
            ),
            "act": st.sampled_from(["touch", *ENTRIES]),
            "why": st.sampled_from(
                [ReleaseReason.CONSENT_GIVEN, ReleaseReason.NUMBER_REASSIGNED, ReleaseReason.ENTERED_IN_ERROR]
            ),
            "days": st.integers(0, 3),
            "age": st.integers(-2, 2),
            "path": st.sampled_from(["p.yaml", "q.yaml"]),
            "quiet": st.integers(0, 2),
        },
    ),
    14: Law(laws.check_law_14, _story(st.one_of(STORIES, STORIES, LEAVE_STORIES, HELD_STORIES))),
    15: Law(regulated.check_law_15, _story(HELD_STORIES)),
    16: Law(regulated.check_law_16, _story(ASKING_STORIES)),
}
