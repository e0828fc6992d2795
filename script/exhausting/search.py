"""Plays every history of so many events, sharing what they begin with, and each state but once."""

import gc
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from hashlib import blake2b
from multiprocessing import get_context

from script.exhausting.events import ALPHABETS, Event
from script.exhausting.scene import Scene, without_threads

SHARED = 2  # events that are played before the histories are shared out
Path = tuple[int, ...]
"""A history: places in the alphabet."""


@dataclass
class Found:
    """What a search has found: so many histories, and the shortest that exposes a number."""

    histories: int = 0
    states: int = 0
    runs: int = 0
    path: Path = ()
    wrong: str = ""

    def add(self, other: "Found") -> None:
        """Count another part of the same search."""
        self.histories += other.histories
        self.states += other.states
        self.runs += other.runs
        if other.wrong and (not self.wrong or (len(other.path), other.path) < (len(self.path), self.path)):
            self.path, self.wrong = other.path, other.wrong


@dataclass
class Search:
    """Plays histories of one alphabet. `ended` has the states that have been played to the end, and how far.

    A history in which an event changes nothing is another, shorter history, so it is not played. Of histories
    that come to the same state, only the first is played on; the others are counted.
    """

    alphabet: Sequence[Event]
    found: Found = field(default_factory=Found)
    ended: dict[tuple[bytes, int], int] = field(default_factory=dict)

    def all(self, scene: Scene, path: Path, left: int) -> int:
        """Play every history that goes on from here with so many events more; count them."""
        histories = 0
        for place in range(len(self.alphabet)):
            here = (*path, place)
            after = self.step(scene, here, last=left == 1)
            if after is None:
                continue
            if left == 1:
                histories += 1
                continue
            state = (digest(after), left - 1)
            if state not in self.ended:
                self.found.states += 1
                self.ended[state] = self.all(after, here, left - 1)
            histories += self.ended[state]
        return histories

    def step(self, scene: Scene, path: Path, *, last: bool = False) -> Scene | None:
        """Let an event happen to a copy, and a run follow; None where nothing changes or a number is exposed.

        After the last event only a plan is made at first: where it exposes nothing, nor does the run.
        """
        event, after = self.alphabet[path[-1]], scene.copy()
        before = after.outline
        after.world.clock.tick(1)
        event.do(after)
        if after.outline == before:
            return None
        if not event.runs or (last and not after.may_expose):
            return after
        self.found.runs += 1
        try:
            after.run()
        except AssertionError as error:
            self.found.add(Found(path=path, wrong=str(error).splitlines()[0]))
            return None
        return after

    def play(self, path: Path) -> Scene:
        """Play one history, which is known to go well."""
        scene = Scene()
        for n in range(1, len(path) + 1):
            after = self.step(scene, path[:n])
            if after is None:
                raise AssertionError(path)
            scene = after
        return scene


def digest(scene: Scene) -> bytes:
    """Name a state."""
    return blake2b(scene.state().encode(), digest_size=16).digest()


def beginnings(search: Search, length: int) -> list[tuple[Path, int]]:
    """Give the distinct states after so many events: a history that leads there, and how many do."""
    here: dict[bytes, tuple[Path, int, Scene]] = {b"": ((), 1, Scene())}
    for _ in range(length):
        then: dict[bytes, tuple[Path, int, Scene]] = {}
        for path, many, scene in here.values():
            for place in range(len(search.alphabet)):
                after = search.step(scene, (*path, place))
                if after is not None:
                    name = digest(after)
                    first, known, same = then.get(name, ((*path, place), 0, after))
                    then[name] = (first, known + many, same)
        here = then
    return [(path, many) for path, many, _ in here.values()]


def exhaust(name: str, length: int, workers: int) -> Found:
    """Play every history of one length of an alphabet."""
    if workers == 1 or length <= SHARED:
        return _share(name, [((), 1)], length)
    search = Search(ALPHABETS[name])
    with without_threads():
        starts = beginnings(search, SHARED)
    found = search.found
    found.states = len(starts)
    if found.wrong:
        return found
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        shares = [starts[n::workers] for n in range(workers)]
        for part in pool.map(_share, [name] * workers, shares, [length - SHARED] * workers):
            found.add(part)
    return found


def _share(name: str, starts: Sequence[tuple[Path, int]], left: int) -> Found:
    """Play what goes on from some beginnings."""
    gc.set_threshold(50_000, 20, 20)  # a history leaves much behind at once: a fifth of the time was for that
    search = Search(ALPHABETS[name])
    with without_threads():
        for path, many in starts:
            search.found.histories += many * search.all(search.play(path), path, left)
    return search.found
