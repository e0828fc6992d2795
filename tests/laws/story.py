"""Stories: chapters of edits, agents' acts, days and faults, each ending in a run; and how to play them."""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Literal

from hypothesis import strategies as st

from reconciler.apply.run import Run
from reconciler.model.claims import Key, Release, ReleaseReason
from reconciler.model.terms import Carried, Policy, ReasonCode, Terms
from tests.laws.world import LISTS, Line, World
from tests.support.fake_cxone import RAISE, Call, Faults

PHONES = ("+12125550101", "+12125550102")
PATHS = ("p.yaml", "q.yaml")
KEYS: tuple[Key, ...] = tuple((list_id, phone) for list_id in sorted(LISTS) for phone in PHONES)


@dataclass(frozen=True)
class Said:
    """Terms as a story says them: the end in days from the day of the edit."""

    reason: ReasonCode
    days: int | None = None
    source: str = "dnc"

    def on(self, world: World) -> Terms:
        if self.days is None:
            return Terms(self.reason, Policy.NEVER, source=self.source)
        end = world.as_of + timedelta(days=self.days)
        return Terms(self.reason, Policy.ABSOLUTE, end, source=self.source)


@dataclass(frozen=True)
class Edit:
    """An edit of the files. A release is `days` old; `path` is where a line moves to."""

    kind: Literal["put", "cut", "drop", "move", "release", "forget"]
    line: Line
    said: Said = Said(ReasonCode.CUSTOMER_REQUESTED)
    path: str = PATHS[0]
    release: ReleaseReason = ReleaseReason.CONSENT_GIVEN
    days: int = 0

    def do(self, world: World) -> None:
        files, key = world.files, self.line[1:]
        match self.kind:
            case "put":
                files.lines[self.line] = self.said.on(world)
            case "cut":
                files.lines.pop(self.line, None)
            case "drop":
                files.lines = {line: t for line, t in files.lines.items() if line[1:] != key}
            case "move":
                if (terms := files.lines.pop(self.line, None)) is not None:
                    files.lines[self.path, *key] = terms
            case "release":
                to = next(i for i in LISTS if i != key[0]) if self.release == ReleaseReason.MOVED else None
                on = world.as_of - timedelta(days=self.days)
                files.releases.append(Release(*key, on, self.release, "FORM-1", to))
            case "forget":
                files.releases = [r for r in files.releases if (r.list_id, r.phone) != key]


@dataclass(frozen=True)
class Act:
    """What an agent or a script does in CXone."""

    kind: Literal["add", "touch", "strengthen", "weaken", "remove"]
    key: Key

    def do(self, world: World) -> bool:
        """Do it where it makes sense; tell whether it touched an entry."""
        there = world.cxone.at(self.key)
        if self.kind == "remove":
            world.cxone.take_off(self.key)
            return False
        if self.kind == "add":
            if there is None:
                world.cxone.put(self.key, Carried("UNKNOWN", "NEVER"))
            return there is None
        if there is None:
            return False
        new = {"strengthen": Carried("CUSTOMER_REQUESTED", "NEVER"), "weaken": Carried("UNKNOWN", "RELATIVE")}
        world.cxone.put(self.key, new.get(self.kind, there))
        return True


@dataclass(frozen=True)
class Chapter:
    """Edits and acts, then days pass, then a run with its faults. `at` is when a stop comes, in requests."""

    edits: tuple[Edit, ...] = ()
    acts: tuple[Act, ...] = ()
    days: int = 0
    faults: tuple[tuple[str, str], ...] = ()
    stop: int | None = None

    @property
    def clean(self) -> bool:
        return not self.faults and self.stop is None

    def spoil(self, faults: Faults) -> None:
        for name, what in self.faults:
            place = getattr(faults, name)
            if name == "reads":
                place.extend(["", what])  # the plan has read, the read-back fails
            elif isinstance(place, deque):
                place.append(what)
            elif name in {"unseen", "missed"}:
                place.update((list_id, what) for list_id in LISTS)
            else:
                place.add(what)


@dataclass(frozen=True)
class Moment:
    """One run as it went: what stood before it, the calls that it made, what stands now."""

    world: World
    chapter: Chapter
    run: Run
    before: dict[Key, Carried]
    calls: tuple[Call, ...]

    @property
    def after(self) -> dict[Key, Carried]:
        return self.world.cxone.stored


def play(
    story: tuple[Chapter, ...],
    *,
    world: World | None = None,
    acted: Callable[[Key, Act, bool], None] = lambda *_: None,
    before_run: Callable[[], None] = lambda: None,
) -> Iterator[Moment]:
    """Play chapter after chapter, giving the moment after each run."""
    world = world or World()
    for chapter in story:
        for edit in chapter.edits:
            edit.do(world)
        world.clock.tick(60)
        for act in chapter.acts:
            acted(act.key, act, act.do(world))
            world.clock.tick(60)
        world.clock.tick(chapter.days * 86400)
        world.cxone.faults = Faults()
        chapter.spoil(world.cxone.faults)
        seen, before = len(world.cxone.calls), world.cxone.stored
        before_run()
        calls = world.cxone.calls
        stopped = (lambda: False) if chapter.stop is None else _after(chapter.stop, calls, seen)
        run = world.run(stopped=stopped)
        yield Moment(world, chapter, run, before, tuple(calls[seen:]))
        world.cxone.faults = Faults()


def _after(stop: int, calls: list[Call], seen: int) -> Callable[[], bool]:
    return lambda: len(calls) - seen > stop


SAID = st.sampled_from(
    [
        Said(ReasonCode.CUSTOMER_REQUESTED),
        Said(ReasonCode.LOCAL),
        Said(ReasonCode.NATIONAL),
        Said(ReasonCode.CUSTOMER_REQUESTED, 3),
        Said(ReasonCode.CUSTOMER_REQUESTED, 12),
        Said(ReasonCode.LOCAL, 8),
        Said(ReasonCode.LOCAL, None, "registry"),
        Said(ReasonCode.STATE, 3),
        Said(ReasonCode.UNKNOWN, 1),
    ]
)
# One number meets most of what happens: two things that never meet tell nothing.
OFTEN = (KEYS[0], KEYS[0], KEYS[0], *KEYS)
LINES: st.SearchStrategy[Line] = st.builds(
    lambda path, key: (path, *key), st.sampled_from(PATHS), st.sampled_from(OFTEN)
)
PUTS = st.builds(Edit, st.just("put"), LINES, SAID)
DROPS = st.builds(Edit, st.sampled_from(["drop", "cut"]), LINES)
MOVES = st.builds(Edit, st.just("move"), LINES, path=st.sampled_from(PATHS))
RELEASES = st.builds(
    Edit,
    st.just("release"),
    LINES,
    release=st.sampled_from([*ReleaseReason, ReleaseReason.CONSENT_GIVEN]),
    days=st.integers(0, 2),
)
FORGETS = st.builds(Edit, st.just("forget"), LINES)
# What belongs together more often than chance has it: a line goes, with a release or to the other list.
GOES = LINES.flatmap(
    lambda line: st.sampled_from(ReleaseReason).map(
        lambda why: (Edit("drop", line), Edit("release", line, release=why))
    )
)
MOVED = LINES.map(
    lambda line: (
        Edit("drop", line),
        Edit("release", line, release=ReleaseReason.MOVED),
        Edit("put", (line[0], next(i for i in sorted(LISTS) if i != line[1]), line[2])),
    )
)
EDITS = st.one_of(
    st.lists(st.one_of(PUTS, PUTS, DROPS, MOVES, RELEASES, FORGETS), max_size=3).map(tuple), GOES, MOVED
)
ACTS = st.builds(
    Act, st.sampled_from(["add", "touch", "strengthen", "weaken", "remove"]), st.sampled_from(OFTEN)
)
PHONE = st.sampled_from([KEYS[0][1], *PHONES])
FAULTS = st.one_of(
    st.tuples(st.sampled_from(["refused", "dropped", "weakened", "unseen", "missed"]), PHONE),
    st.tuples(
        st.just("upserts"),
        st.sampled_from(["ambiguous", "stored", "refused", "not-sent", "too-large", RAISE, ""]),
    ),
    st.tuples(
        st.just("removals"),
        st.sampled_from(["ambiguous", "gone", "refused", "unsupported", "not-sent", RAISE]),
    ),
    st.just(("reads", RAISE)),
)
FIRST = st.builds(Chapter, st.lists(PUTS, min_size=1, max_size=4).map(tuple))
CHAPTERS = st.builds(
    Chapter,
    EDITS,
    st.lists(ACTS, max_size=1).map(tuple),
    st.sampled_from([0, 0, 1, 4, 9]),
    st.one_of(st.just(()), st.just(()), st.lists(FAULTS, min_size=1, max_size=2).map(tuple)),
    st.sampled_from([None, None, None, None, None, 1, 2, 3, 4]),
)
# Chapters in which something comes off while something else goes on, and wrong.
PERMITTED = st.lists(LINES, min_size=1, max_size=2).map(
    lambda lines: tuple(
        edit
        for line in lines
        for edit in (Edit("drop", line), Edit("release", line, release=ReleaseReason.ENTERED_IN_ERROR))
    )
)
TROUBLE = st.builds(
    Chapter,
    st.builds(lambda off, on: off + on, st.one_of(PERMITTED, MOVED), st.lists(PUTS, max_size=2).map(tuple)),
    st.just(()),
    st.sampled_from([2, 9]),
    st.lists(FAULTS, min_size=1, max_size=2).map(tuple),
    st.sampled_from([None, None, None, 1, 2]),
)


def stories(chapters: st.SearchStrategy[Chapter] = CHAPTERS) -> st.SearchStrategy[tuple[Chapter, ...]]:
    """Give stories that begin with claims and a run that nothing disturbs."""
    rest = st.lists(chapters, min_size=1, max_size=5)
    return st.builds(lambda first, then: (first, *then), FIRST, rest)


def _quiet(chapter: Chapter) -> Chapter:
    return replace(chapter, faults=(), stop=None)


CLAIMED = st.lists(PUTS, max_size=10).map(lambda puts: (Chapter(tuple(puts)),))
STORIES = stories()
TROUBLED_STORIES = stories(TROUBLE)
CLEAN_STORIES = stories(CHAPTERS.map(_quiet))
UNPERMITTED_STORIES = stories(
    CHAPTERS.map(lambda c: replace(c, days=0, edits=tuple(e for e in c.edits if e.kind != "release")))
)
