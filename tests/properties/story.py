"""Stories: chapters of edits, agents' acts, days and faults, each ending in a run; and how to play them."""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Literal

from reconciler.core.apply.run import Run
from reconciler.core.model.entries import (
    Hold,
    Key,
    Policy,
    ProjectedTerms,
    ReasonCode,
    Release,
    ReleaseReason,
    Terms,
)
from reconciler.core.planning.state import AppliedEntry
from tests.properties.world import LISTS, Line, World
from tests.support.fake_cxone import Call, Faults

PHONES = ("+12125550101", "+12125550102")
PATHS = ("p.yaml", "q.yaml")
KEYS: tuple[Key, ...] = tuple((list_id, phone) for list_id in sorted(LISTS) for phone in PHONES)


@dataclass(frozen=True)
class Said:
    """Terms as a story says them: the end in days from the day of the edit, the request in days before it."""

    reason: ReasonCode
    days: int | None = None
    source: str = "dnc"
    asked: int | None = None

    def on(self, world: World) -> Terms:
        requested = None if self.asked is None else world.as_of - timedelta(days=self.asked)
        if self.days is None:
            return Terms(self.reason, Policy.NEVER, None, requested, self.source)
        end = world.as_of + timedelta(days=self.days)
        return Terms(self.reason, Policy.ABSOLUTE, end, requested, self.source)


@dataclass(frozen=True)
class Edit:
    """An edit of the files. A release is `days` old; `path` is where a line moves to.

    A hold of some `scope` around the line lasts `until` days after the edit; the oldest is lifted first.
    """

    kind: Literal[
        "put", "cut", "drop", "move", "release", "forget", "revert", "hold", "lift", "shorten", "narrow"
    ]
    line: Line
    said: Said = Said(ReasonCode.CUSTOMER_REQUESTED)
    path: str = PATHS[0]
    release: ReleaseReason = ReleaseReason.CONSENT_GIVEN
    days: int = 0
    scope: Literal["phone", "list", "all"] = "phone"
    until: int | None = None

    def do(self, world: World) -> None:  # noqa: C901  (a case each)
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
                files.tidied += [r for r in files.releases if (r.list_id, r.phone) == key]
                files.releases = [r for r in files.releases if (r.list_id, r.phone) != key]
            case "revert":
                files.releases, files.tidied = [*files.releases, *files.tidied], []
            case "hold":
                until = None if self.until is None else world.as_of + timedelta(days=self.until)
                hold = Hold("LIT-7", world.as_of, until)
                names = {
                    "phone": replace(hold, phones=frozenset({key[1]})),
                    "list": replace(hold, list_id=key[0]),
                    "all": replace(hold, everything=True),
                }
                files.holds.append(names[self.scope])
            case "lift":
                del files.holds[:1]
            case "shorten":
                yesterday = world.as_of - timedelta(days=1)
                files.holds[:1] = [replace(h, until=yesterday) for h in files.holds[:1]]
            case "narrow":
                other = next(p for p in PHONES if p != key[1])
                files.holds[:1] = [
                    replace(h, phones=frozenset({other}), list_id=None, everything=False)
                    for h in files.holds[:1]
                ]


# What an agent or a script may enter, whatever is there.
ENTRIES = {
    "strengthen": ProjectedTerms("CUSTOMER_REQUESTED", "NEVER"),
    "weaken": ProjectedTerms("UNKNOWN", "RELATIVE"),
    "date": ProjectedTerms("CUSTOMER_REQUESTED", "ABSOLUTE"),
    "national": ProjectedTerms("NATIONAL", "NEVER"),
    "state": ProjectedTerms("STATE", "ABSOLUTE"),
    "local": ProjectedTerms("LOCAL", "NEVER"),
    "policy": ProjectedTerms("COMPANY_POLICY", "ABSOLUTE"),
}
OVER = Terms(ReasonCode.CUSTOMER_REQUESTED, Policy.NEVER, date(2020, 1, 1))


@dataclass(frozen=True)
class Act:
    """What somebody does besides commits: in CXone by `touch`, `add`, `remove` or one of ENTRIES.

    `enter` adds the entry where there is none. `forge`: a report is appended that calls a number kept by a
    term that is over. `omit`: one is appended that leaves out what keeps it. `rename`: another path or branch
    of the audit, name of the tenant, or target.
    """

    kind: str
    key: Key
    enter: bool = False

    def do(self, world: World) -> bool:
        """Do it where it makes sense; tell whether it touched an entry."""
        there = world.cxone.at(self.key)
        match self.kind:
            case "remove":
                world.cxone.take_off(self.key)
                return False
            case "forge" | "omit":
                known = any(r.held.was_declared(self.key) for r in world.reports)
                if known:
                    claim = AppliedEntry(
                        PATHS[0], OVER, world.clock.now, last_revision=world.reports[-1].revision
                    )
                    world.forge(self.key, claim if self.kind == "forge" else None)
                return known
            case "rename":
                world.begin_chain()
                return False
            case "add":
                if there is None:
                    world.cxone.put(self.key, ProjectedTerms("UNKNOWN", "NEVER"))
                return there is None
        if there is None and not self.enter:
            return False
        world.cxone.put(self.key, ENTRIES.get(self.kind, there or ProjectedTerms("UNKNOWN", "NEVER")))
        return True


@dataclass(frozen=True)
class Chapter:
    """Edits and acts, then days pass, then a run with its faults. `stop` is when it is stopped, in requests.

    `counts`: nothing is read that need not be. `doubt`: this machine's clock and CXone's are apart, or GitLab
    is silent about who approved what.
    """

    edits: tuple[Edit, ...] = ()
    acts: tuple[Act, ...] = ()
    days: int = 0
    faults: tuple[tuple[str, str], ...] = ()
    stop: int | None = None
    doubt: Literal["", "apart", "silent"] = ""
    counts: bool = False

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
    before: dict[Key, ProjectedTerms]
    calls: tuple[Call, ...]

    @property
    def after(self) -> dict[Key, ProjectedTerms]:
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
        world.cxone.faults, world.doubt = Faults(), chapter.doubt
        world.counts = chapter.counts
        chapter.spoil(world.cxone.faults)
        seen, before = len(world.cxone.calls), world.cxone.stored
        before_run()
        calls = world.cxone.calls
        stopped = (lambda: False) if chapter.stop is None else _after(chapter.stop, calls, seen)
        run = world.run(stopped=stopped)
        yield Moment(world, chapter, run, before, tuple(calls[seen:]))
        world.cxone.faults, world.doubt = Faults(), ""


def _after(stop: int, calls: list[Call], seen: int) -> Callable[[], bool]:
    return lambda: len(calls) - seen > stop
