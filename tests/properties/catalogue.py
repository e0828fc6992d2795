"""Every law by its name, with the strategies for its inputs. Tests and seeded faults find them here."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from reconciler.core.model.entries import Policy, ReasonCode, ReleaseReason, Terms
from tests.properties import holds_and_deadlines, properties
from tests.properties.story import ENTRIES, KEYS, PHONES
from tests.properties.strategies import (
    ASKING_STORIES,
    CLAIMED,
    CLEAN_STORIES,
    EARLY_STORIES,
    HELD_STORIES,
    LEAVE_STORIES,
    REGISTRY_STORIES,
    STORIES,
    TAKEN_OFF_STORIES,
    TROUBLED_STORIES,
    UNPERMITTED_STORIES,
)
from tests.support.fake_cxone import Clock

SOON = Clock().now.date() + timedelta(days=20)


@dataclass(frozen=True)
class Law:
    """A check and the strategies for its inputs. The check's name is the law's."""

    check: Callable[..., None]
    inputs: Mapping[str, st.SearchStrategy[Any]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.check.__name__

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


_MANY_KEYS = [(f"list-{n}", f"+1212555010{m}") for n in range(3) for m in range(7)]
_LAWS = (
    Law(properties.a_state_does_not_differ_from_itself, _story()),
    Law(properties.applying_converges, _story(CLEAN_STORIES)),
    Law(
        properties.chunks_are_the_plan,
        {
            "phones": st.lists(st.sampled_from(KEYS), unique=True).map(tuple),
            "size": st.integers(1, 4),
            "largest": st.integers(1, 5),
            "refused": st.sets(st.sampled_from(PHONES)),
        },
    ),
    Law(
        properties.chunks_are_few,
        {
            "keys": st.lists(st.sampled_from(_MANY_KEYS), unique=True),
            "size": st.integers(1, 6),
            "days": st.integers(1, 3),
        },
    ),
    Law(properties.digest_ignores_order, _story(CLAIMED) | {"seed": st.integers(0, 99)}),
    Law(properties.a_failed_apply_is_recovered, _story(st.one_of(STORIES, TROUBLED_STORIES))),
    Law(properties.held_and_desired_is_never_absent, _story()),
    Law(properties.every_change_has_one_outcome, _story(st.one_of(STORIES, TROUBLED_STORIES))),
    Law(properties.nothing_goes_without_permission, _story(UNPERMITTED_STORIES)),
    Law(properties.what_is_not_ours_is_untouched, _story()),
    Law(properties.exposing_after_protective, _story(TROUBLED_STORIES)),
    Law(
        properties.later_opt_out_wins,
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
    Law(
        properties.live_from_first_entry_to_last_permission,
        _story(st.one_of(STORIES, STORIES, LEAVE_STORIES, HELD_STORIES, TAKEN_OFF_STORIES)),
    ),
    Law(properties.an_early_write_hides_no_request, _story(EARLY_STORIES)),
    Law(properties.a_registrys_entry_beside_ours_hides_no_request, _story(REGISTRY_STORIES)),
    Law(holds_and_deadlines.holds_hold, _story(HELD_STORIES)),
    Law(holds_and_deadlines.earlier_deadlines_first, _story(ASKING_STORIES)),
)
LAWS: Mapping[str, Law] = {law.name: law for law in _LAWS}
