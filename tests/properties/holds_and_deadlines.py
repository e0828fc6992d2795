"""The laws of holds and deadlines: what is on hold stays, and the nearest deadline goes first."""

from datetime import date, timedelta

from reconciler.core.model.entries import Key
from tests.properties.properties import Story, nothing_exposed
from tests.properties.requests import on_hold
from tests.properties.story import KEYS, play
from tests.properties.world import World


def holds_hold(story: Story) -> None:
    """While a hold stands, nothing that it names comes off, gets weaker or is left to people to take off."""
    world = World()
    named: set[Key] = set()

    def begin() -> None:
        named.clear()
        named.update(key for key in KEYS if on_hold(world, key))

    for moment in play(story, world=world, before_run=begin):
        nothing_exposed(moment, named)
        by_hand = {
            key
            for c in (*moment.run.plan.changes, *moment.run.final_plan.changes)
            if c.by_hand
            for key in c.keys
        }
        assert not by_hand & named


def earlier_deadlines_first(story: Story) -> None:
    """Nothing with an earlier deadline is sent after a later one, or after what has none.

    A chunk passes over a phone that it has already.

    Before the read the newest of the recent requests go first.
    """
    world = World()
    dues: dict[Key, date] = {}

    def begin() -> None:
        dues.clear()
        for (_, *key), terms in world.files.lines.items():
            at = (key[0], key[1])
            over = terms.end is not None and terms.end < world.as_of
            new = at not in world.cxone.stored and at not in world.held
            if new and not over and terms.reason_code == "CUSTOMER_REQUESTED" and terms.requested_on:
                due = terms.requested_on + timedelta(days=14)
                dues[at] = min(due, dues.get(at, due))

    for moment in play(story, world=world, before_run=begin):
        read = next((place for place, call in enumerate(moment.calls) if call.kind == "read"), 0)
        early = [write.terms.requested_on for call in moment.calls[:read] for write in call.writes]
        assert early == sorted(early, key=lambda day: day or date.min, reverse=True)
        chunks = [call.writes for call in moment.calls[read:] if call.writes]
        for place, chunk in enumerate(chunks):
            days = [dues.get(write.key, date.max) for write in chunk]
            assert days == sorted(days)
            first_days = {write.phone: day for write, day in zip(chunk, days, strict=True)}
            for write in (write for later in chunks[place + 1 :] for write in later):
                day = dues.get(write.key, date.max)
                assert day >= days[-1] or first_days.get(write.phone, date.max) <= day
        assert dues.keys() <= {write.key for call in moment.calls for write in call.writes}
