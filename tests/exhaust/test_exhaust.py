"""script/exhaust itself: that it plays what it counts, and finds what it is there to find."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from reconciler.core.model import entries
from reconciler.core.planning import permission, state, verdict
from script.exhausting.events import EVENTS
from script.exhausting.scene import Scene, without_threads
from script.exhausting.search import Search, digest
from tests.properties.seeding import Fault, seeded
from tests.properties.world import World
from tests.support.project import ROOT

BY_WORDS = {event.words: event for event in EVENTS}
_Judge = verdict.EntryJudge


@dataclass(frozen=True)
class Hole:
    """A rule taken out, and the shortest history that must show it."""

    faults: tuple[tuple[object, str, str], ...]
    history: tuple[str, ...]

    @property
    def alphabet(self) -> tuple[str, ...]:
        beside = ("file p says LOCAL", "the releases are tidied up", "a hold names the number")
        return tuple(dict.fromkeys((*sorted(self.history), *beside)))


HOLES = {
    "a registry's end": Hole(
        (
            (entries.Terms.effective_end, "None if self.is_registry else self.end", "self.end"),
            (state.AppliedEntry.is_covered_by_terms, "terms.is_registry == self.is_registry and ", ""),
            (state.AppliedEntry.is_covered_by, "other.is_registry == self.is_registry and ", ""),
        ),
        (
            "file p says STATE with an end in 5 days",
            "file p says CUSTOMER_REQUESTED that ends in 5 days",
        ),
    ),
    "our date on others' entry": Hole(
        ((_Judge._is_kept_for_others, "return shown.end is None and", "return False and"),),
        (
            "an agent enters CUSTOMER_REQUESTED with an end that nobody can tell",
            "file p says CUSTOMER_REQUESTED that ends in 5 days",
            "10 days pass",
        ),
    ),
    "an old release": Hole(
        ((_Judge._is_older, "if requested is not None and released_on < requested and", "if False and"),),
        (
            "file p says CUSTOMER_REQUESTED, requested yesterday",
            "all lines go, with a CONSENT_GIVEN of 5 days ago",
        ),
    ),
    "a used release": Hole(
        ((_Judge._is_already_used, "if self._history.is_used(release):", "if False:"),),
        (
            "file p says CUSTOMER_REQUESTED without an end",
            "all lines go, with a CONSENT_GIVEN of today",
            "the releases are tidied up",
            "file p says CUSTOMER_REQUESTED without an end",
            "all lines go, with a CONSENT_GIVEN of today",
        ),
    ),
    "what a run saw of others": Hole(
        ((World._touched, "found[key] = ", "_ = "),),
        (
            "file p says CUSTOMER_REQUESTED that ends in 5 days",
            "an agent enters CUSTOMER_REQUESTED with an end that nobody can tell",
            "an agent takes the number off",
            "10 days pass",
        ),
    ),
    "a registry's word over what others asked for": Hole(
        (
            (
                permission._EntryPartition.partition,
                "if BlockedBy.LATER_OPT_OUT in blocked and",
                "if False and",
            ),
        ),
        (
            "an agent enters UNKNOWN without an end, where there is nothing",
            "file p says CUSTOMER_REQUESTED that ends in 5 days",
            "a script enters NATIONAL",
            "10 days pass",
            "all lines go, with a REGISTRY_REMOVED of today",
        ),
    ),
    "a registry's entry above ours": Hole(
        (
            (
                permission._overwritten_registry_entries,
                "if terms is None or",
                "if terms is None or terms.effective_end or",
            ),
        ),
        (
            "a script enters NATIONAL",
            "file p says CUSTOMER_REQUESTED that ends in 5 days",
            "an agent enters CUSTOMER_REQUESTED with an end that nobody can tell",
            "10 days pass",
            "all lines go, with a CONSENT_GIVEN of today",
        ),
    ),
    "the state's word on a national entry": Hole(
        (
            (
                permission._overwritten_registry_entries,
                "_explains(terms, ReasonCode.NATIONAL)",
                "terms.is_registry",
            ),
        ),
        (
            "a script enters NATIONAL",
            "file p says STATE with an end in 5 days",
            "an agent takes the number off",
            "10 days pass",
            "all lines go, with a REGISTRY_REMOVED of today",
        ),
    ),
    "MOVED to what says less": Hole(
        ((_Judge._moved_terms, "if self._is_equivalent(c, key, entry)", "if True"),),
        (
            "file p says NATIONAL",
            "all lines go, with a MOVED; the other list gets one that ends in 5 days",
        ),
    ),
}


@pytest.fixture(autouse=True)
def _in_turn() -> Iterator[None]:
    with without_threads():
        yield


def _shortest(words: tuple[str, ...], most: int) -> tuple[tuple[str, ...], str]:
    """Give the shortest history of these events that exposes the number, and what it says of it."""
    for length in range(1, most + 2):  # what is owed and no longer held shows one event later
        search = Search([BY_WORDS[one] for one in words])
        search.all(Scene(), (), length)
        if search.found.wrong:
            return tuple(words[place] for place in search.found.path), search.found.wrong
    return (), ""


@pytest.mark.parametrize("name", HOLES)
def test_it_finds_the_hole_that_a_rule_closes(name: str) -> None:
    """With the rule taken out, the shortest history is the one that was played by hand."""
    hole = HOLES[name]
    with ExitStack() as faults:
        for of, good, bad in hole.faults:
            faults.enter_context(seeded(Fault(name, of, good, bad)))
        path, wrong = _shortest(hole.alphabet, len(hole.history))
    assert (sorted(path), wrong != "") == (sorted(hole.history), True)  # in whichever order they do it
    assert _shortest(hole.alphabet, min(3, len(hole.history))) == ((), "")


ONCE_EXPOSED = (
    # Beside the state's claim, a national entry that others took off was forgotten.
    HOLES["the state's word on a national entry"].history,
    # A registry's entry that is stronger than ours was not held from the reading that saw it.
    (
        "a script enters NATIONAL",
        "file p says CUSTOMER_REQUESTED that ends in 5 days",
        "an agent enters CUSTOMER_REQUESTED with an end that nobody can tell",
        "10 days pass",
        "all lines go, with a CONSENT_GIVEN of today",
    ),
    # The state's claim explained an entry of the national registry.
    (
        "file p says CUSTOMER_REQUESTED without an end",
        "file p says STATE with an end in 5 days",
        "a script enters NATIONAL",
        "10 days pass",
        "all lines go, with a CONSENT_GIVEN of today",
    ),
    # A release of the state's claim let the national registry's entry off.
    (
        "file p says CUSTOMER_REQUESTED that ends in 5 days",
        "file p says STATE with an end in 5 days",
        "a script enters NATIONAL",
        "10 days pass",
        "all lines go, with a REGISTRY_REMOVED of today",
    ),
    # The state's claim, kept, hid the national registry's entry that the run wrote over.
    (
        "file p says STATE with an end in 5 days",
        "file p says CUSTOMER_REQUESTED without an end",
        "a script enters NATIONAL",
        "10 days pass",
        "all lines go, with a CONSENT_GIVEN of today",
    ),
    # A release from before a script's entry let our claim go while others had taken the entry off.
    (
        "file p says CUSTOMER_REQUESTED, requested yesterday",
        "a script enters NATIONAL",
        "all lines go, with a CONSENT_GIVEN of today",
        "an agent takes the number off",
    ),
    # What we restored showed our own time, and a consent from before the agent's entry counted.
    (
        "an agent enters CUSTOMER_REQUESTED with an end that nobody can tell",
        "file p says CUSTOMER_REQUESTED that ends in 5 days",
        "an agent takes the number off",
        "all lines go, with a CONSENT_GIVEN of today",
    ),
    # The registry's word let its entry get weaker than what an agent had asked for before it.
    (
        "an agent enters UNKNOWN without an end, where there is nothing",
        "file p says CUSTOMER_REQUESTED that ends in 5 days",
        "a script enters NATIONAL",
        "10 days pass",
        "all lines go, with a REGISTRY_REMOVED of today",
    ),
)


@pytest.mark.parametrize("history", ONCE_EXPOSED)
def test_a_history_that_once_exposed_the_number_does_not(history: tuple[str, ...]) -> None:
    Search([BY_WORDS[one] for one in history]).play(tuple(range(len(history))))


def test_a_state_is_played_once_and_counted_as_often_as_it_is_reached() -> None:
    alphabet = [BY_WORDS[one] for hole in HOLES.values() for one in hole.history[:2]]
    alphabet = list(dict.fromkeys(alphabet))
    once = Search(alphabet)
    histories = once.all(Scene(), (), 3)

    class Forgetful(dict):  # type: ignore[type-arg]
        def __contains__(self, key: object) -> bool:
            return False

    each = Search(alphabet, ended=Forgetful())
    assert each.all(Scene(), (), 3) == histories
    assert once.found.states < each.found.states


def test_what_differs_by_nothing_but_the_hour_is_one_state() -> None:
    late = Scene()
    late.wait(10)
    late.world.clock.tick(5)
    assert digest(late) == digest(Scene())
    late.world.files.lines["p.yaml", "dnc-a", "+12125550101"] = entries.Terms(
        entries.ReasonCode.LOCAL, entries.Policy.NEVER
    )
    assert digest(late) != digest(Scene())


def test_the_alphabet_is_large_and_every_event_has_its_words() -> None:
    assert len(BY_WORDS) == len(EVENTS)
    assert sum(event.core for event in EVENTS) >= 20


def test_the_script_plays_every_short_history_and_says_how_many() -> None:
    command = [sys.executable, "-m", "script.exhausting", "--events", "2", "--workers", "1"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "no number is off without permission" in done.stdout.splitlines()[-1]
