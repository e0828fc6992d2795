"""One number on two lists: files, CXone, reports and the oracle, so light that every history has its own."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from reconciler.core.apply import sender
from reconciler.core.model.entries import Key
from reconciler.core.planning.change import Action
from tests.properties.oracle import Oracle
from tests.properties.reports import Past
from tests.properties.story import Chapter, Moment
from tests.properties.world import Files, World
from tests.support.fake_cxone import Faults

PHONE = "+12125550101"
HERE, THERE = ("dnc-a", PHONE), ("dnc-b", PHONE)
FAULTS = {"refused": ("refused", PHONE), "stored": ("upserts", "stored"), "gone": ("removals", "gone")}


class Scene:
    """Where a history stands. Every event comes a few seconds after the one before, or days later."""

    def __init__(self) -> None:
        self.world = World()
        self.oracle = Oracle(self.world)
        self.armed = ""

    def copy(self) -> "Scene":
        """Give a scene of its own that stands where this one does."""
        made, world = object.__new__(Scene), World()
        old = self.world
        made.world = world
        world.clock.now = old.clock.now
        world.files, world.reports, world.revisions = old.files.copy(), list(old.reports), old.revisions
        world.cxone.rows = {i: replace(row) for i, row in old.cxone.rows.items()}
        world.cxone._ids = old.cxone._ids  # noqa: SLF001  (nothing depends on which id an entry has)
        made.oracle = self.oracle.copy(world)
        made.armed = self.armed
        return made

    @property
    def files(self) -> Files:
        return self.world.files

    @property
    def today(self) -> date:
        return self.world.as_of

    def wait(self, days: int) -> None:
        """Let whole days pass: all that happens on one day is within one hour of it."""
        self.world.clock.tick(days * 86400)

    def run(self) -> None:
        """Play one `dnc apply`, watched by the oracle. Raises AssertionError where a number is exposed."""
        world, cxone = self.world, self.world.cxone
        chapter = Chapter(faults=(FAULTS[self.armed],)) if self.armed else Chapter()
        cxone.faults = Faults()
        chapter.spoil(cxone.faults)
        cxone.calls.clear()
        world.runs.clear()
        before = cxone.stored
        self.oracle.begin()
        run = world.run()
        self.oracle.end(Moment(world, chapter, run, before, tuple(cxone.calls)))
        cxone.faults, self.armed = Faults(), ""

    @property
    def may_expose(self) -> bool:
        """Tell whether a run now would send anything but what was never there: by its plan."""
        watchers, self.world.cxone.watchers = self.world.cxone.watchers, []
        plan, _, _ = self.world.plan()
        self.world.cxone.watchers = watchers
        return any(change.is_allowed and change.action is not Action.CREATE for change in plan.changes)

    @property
    def outline(self) -> tuple[Any, ...]:
        """Say what an event may change: an event that leaves this as it was has not happened."""
        files = self.files
        rows = tuple((row.key, row.terms, row.modified) for row in self.world.cxone.rows.values())
        return (
            tuple(files.lines.items()),
            tuple(files.releases),
            tuple(files.holds),
            tuple(files.tidied),
            rows,
            self.armed,
            self.world.clock.now.date(),
            len(self.world.reports),
        )

    def state(self) -> str:
        """Say all that the rest of the history may depend on, whenever it is.

        Of times only their day and their order can matter: everything of one day happens within an hour, in
        which no day begins anywhere. Of the reports only what `Past` can still be asked matters.
        """
        world, now = self.world, self.world.clock.now
        past = Past(tuple(world.reports))
        told = (*self._files(), *self._live(past), *self._held(past), *self._past(past), *self._oracle())
        times = sorted(set(_times(told)))
        ranks = {moment: ((now.date() - moment.date()).days, n) for n, moment in enumerate(times)}
        return repr(_plain(told, ranks, world.as_of))

    def _files(self) -> tuple[Any, ...]:
        files = self.files
        return (sorted(files.lines.items(), key=repr), files.releases, files.holds, files.tidied, self.armed)

    def _live(self, past: Past) -> tuple[Any, ...]:
        rows = self.world.cxone.rows.values()
        return (
            sorted(((r.key, r.terms, r.modified, past.is_ours(r.key, r.modified)) for r in rows), key=repr),
        )

    def _held(self, past: Past) -> tuple[Any, ...]:
        held = self.world.held
        newest = self.world.reports[-1] if self.world.reports else None
        claims = newest.claims.files if newest else ()
        files = sorted(
            ((f.path, f.list_id, tuple(f.numbers.items()), f.retrieved_on) for f in claims), key=repr
        )
        kept = [
            (
                key,
                [(replace(c, last_revision=None), past.is_confirmed_by_git(key, c)) for c in kept.entries],
                kept.blocked_by,
            )
            for key, kept in sorted(held.retained.items())
        ]
        lingering = sorted(newest.lingering.items(), key=repr) if newest else None
        releases = sorted(held.releases.items())
        return (files, kept, sorted(held.not_live), releases, held.holds, lingering, newest and newest.as_of)

    def _past(self, past: Past) -> tuple[Any, ...]:
        now = self.world.clock.now
        week = now - timedelta(days=7)
        off = [(r.finished.date(), sorted(r.took_off.items())) for r in past.reports if r.finished >= week]
        old = max(((now - r.finished).days for r in past.reports), default=-1)
        return (
            [
                (
                    past.applied_since(key, None),
                    past.foreign_entry(key),
                    past.was_removed(key),
                    past.is_accounted_for(key),
                )
                for key in (HERE, THERE)
            ],
            [(_requests(past, key), *_claimed(past, key)) for key in (HERE, THERE)],
            sorted(frozenset().union(*(r.used for r in past.reports)), key=repr),
            [row for row in off if row[1]],
            min(old, 9),
        )

    def _oracle(self) -> tuple[Any, ...]:
        o = self.oracle
        return (
            *(
                sorted(((k, sorted(v.items(), key=repr)) for k, v in lines.items() if v), key=repr)
                for lines in (o.owed, o.waiting)
            ),
            sorted(o.theirs.items()),
            sorted(o.asked.items()),
            sorted(o.let_off),
            sorted(o.used, key=repr),
            sorted(o.beside, key=repr),
            sorted(o.holds.items(), key=repr),
            sorted(o.doubtful),
            sorted(o.known),
            (sorted(o.forged), sorted(o.robbed)),
            sorted((k, [their.at < o.started for their in v]) for k, v in o.theirs.items()),
        )


def _requests(past: Past, key: Key) -> list[tuple[tuple[date, bool], date]]:
    """Give each day of a request, by kind, with the last day on which a report told of it."""
    days: dict[tuple[date, bool], date] = {}
    for report in past.reports:
        for claim in past._claims(report, key):  # noqa: SLF001  (what `latest_request` is made of)
            if claim.request_day:
                days[claim.request_day, claim.is_registry] = report.finished.date()
    return sorted(days.items())


def _claimed(past: Past, key: Key) -> list[list[Any]]:
    """Give, for each kind of claims, since when the number has been held by claims of which strength."""
    kinds: list[list[Any]] = []
    for registry in (False, True):
        steps: dict[Any, datetime] = {}
        least = None
        for report in past._while_held(key):  # noqa: SLF001  (what `first_claimed` is made of)
            claims = past._claims(report, key)  # noqa: SLF001
            held = [c.terms.strength for c in claims if c.is_registry == registry]
            if not held:
                break
            least = max(held) if least is None else min(least, max(held))
            steps[least] = report.started
        kinds.append(list(steps.items()))
    return kinds


def _times(told: Any) -> Iterable[datetime]:
    if isinstance(told, datetime):
        yield told
    elif isinstance(told, list | tuple):
        for part in told:
            yield from _times(part)
    elif isinstance(told, dict):
        yield from _times(list(told.items()))
    elif hasattr(told, "__dataclass_fields__"):
        for name in told.__dataclass_fields__:
            yield from _times(getattr(told, name))


def _plain(told: Any, ranks: dict[datetime, tuple[int, int]], today: date) -> Any:
    if isinstance(told, datetime):
        return ranks[told]
    if isinstance(told, date):
        return (told - today).days
    if isinstance(told, list | tuple):
        return tuple(_plain(part, ranks, today) for part in told)
    if hasattr(told, "__dataclass_fields__"):
        return tuple(_plain(getattr(told, name), ranks, today) for name in told.__dataclass_fields__)
    return str(told) if isinstance(told, str) else told


class _Ended(NamedTuple):
    done: set[Future[Any]]


class InTurn(AbstractContextManager["InTurn"]):
    """Stands in for a pool of threads: what is submitted is done at once."""

    def __init__(self, _workers: int) -> None:
        """Take any number of workers, and have none."""

    def __exit__(self, *_: object) -> None:
        """Leave nothing behind."""

    def submit(self, call: Callable[..., Any], *args: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(call(*args))
        except Exception as error:  # noqa: BLE001  (as a thread would keep it)
            future.set_exception(error)
        return future


@contextmanager
def without_threads() -> Iterator[None]:
    """Let this process's runs send one request after the other: a thread costs more than a whole run."""
    pool, wait = sender.ThreadPoolExecutor, sender.wait
    sender.ThreadPoolExecutor = InTurn  # type: ignore[misc, assignment]
    sender.wait = lambda running, **_: _Ended(set(running))  # type: ignore[assignment]
    try:
        yield
    finally:
        sender.ThreadPoolExecutor, sender.wait = pool, wait  # type: ignore[misc]
