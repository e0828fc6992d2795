"""The laws as plain functions: each takes what hypothesis generates, and asserts."""

from tests.laws.oracle import Oracle
from tests.laws.story import Chapter, play
from tests.laws.world import World


def check_law_14(story: tuple[Chapter, ...]) -> None:
    """Every number stays live from its first claim until its last permission."""
    world = World()
    oracle = Oracle(world)
    for moment in play(story, world=world, acted=oracle.acted, before_run=oracle.begin):
        oracle.end(moment)
