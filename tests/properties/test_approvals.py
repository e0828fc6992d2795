"""Permission where releases need an approval: no number comes off on a release that nobody approved."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import strategies as st

from reconciler.core.model.entries import Key, Release
from reconciler.core.planning.change import Reason
from reconciler.core.planning.inputs import Limits, PlanFacts
from tests.properties.catalogue import Law
from tests.properties.oracle import Oracle
from tests.properties.story import play
from tests.properties.strategies import HELD_STORIES, LEAVE_STORIES, STORIES
from tests.properties.world import World

EVERY = st.one_of(STORIES, LEAVE_STORIES, HELD_STORIES)


class Careful(World):
    """A world in which releases count once they are approved."""

    def __init__(self) -> None:
        super().__init__()
        self.approved: list[Release] = []

    def setting(self, limits: Limits) -> PlanFacts:
        return replace(super().setting(limits), is_approved=self.approved.__contains__)


class Strict(Oracle):
    """Permission is a lapse, or a release that is approved today."""

    def _unused(self, key: Key) -> Iterator[Release]:
        return (release for release in super()._unused(key) if release in self.world.approved)


def check_unapproved(story):
    """Without any approval no number comes off but by a lapse."""
    for moment in play(story, world=Careful()):
        exposing = [c for c in moment.run.plan.changes if c.is_exposing and c.is_allowed]
        assert all(change.reason is Reason.LAPSED for change in exposing)


def check_owed(story, approvals):
    """Whenever releases are approved, each number stays from its first claim until its last permission."""
    world = Careful()
    oracle = Strict(world)
    coming = iter(approvals)

    def begin():
        if next(coming, False):
            world.approved = list(world.files.releases)
        oracle.begin()

    for moment in play(story, world=world, acted=oracle.acted, before_run=begin):
        oracle.end(moment)


def check_everything_approved(story):
    """Where everything is approved nothing differs from where nobody asks."""
    worlds = World(), Careful()

    def approve():
        worlds[1].approved = list(worlds[1].files.releases)

    plays = zip(play(story, world=worlds[0]), play(story, world=worlds[1], before_run=approve), strict=True)
    for one, other in plays:
        assert one.run.plan.changes == other.run.plan.changes
        assert one.after == other.after


LAWS = {
    "unapproved": Law(check_unapproved, {"story": EVERY}),
    "owed": Law(check_owed, {"story": EVERY, "approvals": st.lists(st.booleans(), max_size=8)}),
    "everything approved": Law(check_everything_approved, {"story": EVERY}),
}


@pytest.mark.parametrize("name", LAWS)
def test_law_holds_with_approvals(name):
    LAWS[name].hold(400 if name == "owed" else 120)
