"""A CXone in memory: the provider port with a clock of its own, agents who act, and faults by appointment."""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count

from reconciler.core.model.entries import Key, ProjectedTerms
from reconciler.core.model.errors import CxoneUnavailable
from reconciler.core.model.live import Live, LiveEntry
from reconciler.core.model.provider import Answer, ClockOffset, Dialect, Failure, Target, Verdict, Write
from reconciler.cxone.entries.dialect import EntriesDialect

TARGET = Target("entries", "org-1", "cxone.test")
WEAKEST = ProjectedTerms("UNKNOWN", "ABSOLUTE")
RAISE = "raise"


class Clock:
    """A clock that only the test moves."""

    def __init__(self, now: datetime = datetime(2026, 11, 23, 18, tzinfo=UTC)) -> None:
        self.now = now

    def tick(self, seconds: float = 1) -> datetime:
        self.now += timedelta(seconds=seconds)
        return self.now


@dataclass
class Row:
    """One entry as CXone stores it."""

    id: str
    key: Key
    terms: ProjectedTerms
    modified: datetime | None


@dataclass
class Faults:
    """What goes wrong. Queues are used up call by call; an empty place lets the call pass."""

    refused: set[str] = field(default_factory=set)  # phones that an upsert reports as failed
    dropped: set[str] = field(default_factory=set)  # phones that are counted as stored, and are not
    weakened: set[str] = field(default_factory=set)  # phones that are stored with the weakest terms
    upserts: deque[str] = field(default_factory=deque)  # a Verdict, RAISE, "stored" or "" for each call
    removals: deque[str] = field(default_factory=deque)  # the same; "gone": ambiguous, but done
    reads: deque[str] = field(default_factory=deque)  # RAISE or "" for each read
    unseen: set[Key] = field(default_factory=set)  # rows that only the first of two looks saw
    missed: set[Key] = field(default_factory=set)  # rows that no look saw
    largest: int = 500  # a bigger chunk is TOO_LARGE


@dataclass(frozen=True)
class Call:
    """One call as it came in, with what stood in CXone right before it."""

    kind: str  # read, total, upsert, remove
    writes: tuple[Write, ...] = ()
    key: Key | None = None
    before: dict[Key, ProjectedTerms] = field(default_factory=dict)


def _pop(queue: deque[str]) -> str:
    return queue.popleft() if queue else ""


class FakeCxone:
    """One tenant. `watchers` are told of every call before it is served; `agents` act at such moments."""

    def __init__(self, clock: Clock | None = None, dialect: Dialect | None = None) -> None:
        self.dialect: Dialect = dialect or EntriesDialect()
        self.target = TARGET
        self.clock = clock or Clock()
        self.rows: dict[str, Row] = {}
        self.faults = Faults()
        self.calls: list[Call] = []
        self.watchers: list[Callable[[Call], None]] = []
        self.mute: set[str] = set()  # phones whose entries give no lastModifiedTime
        self._ids = count(1)
        self._lock = threading.Lock()

    # What agents and tests do.

    def put(self, key: Key, terms: ProjectedTerms) -> None:
        """Let somebody else add an entry, or write over it."""
        self._store(key, terms)

    def take_off(self, key: Key) -> None:
        """Let somebody else remove a number."""
        self.rows = {i: r for i, r in self.rows.items() if r.key != key}

    def twin(self, key: Key, terms: ProjectedTerms) -> None:
        """Let CXone have a key twice."""
        entry_id = str(next(self._ids))
        self.rows[entry_id] = Row(entry_id, key, terms, self.clock.tick())

    def at(self, key: Key) -> ProjectedTerms | None:
        """Tell the strongest terms that stand on a number."""
        found = [r.terms for r in self.rows.values() if r.key == key]
        return max(found, key=self.dialect.strength, default=None)

    @property
    def stored(self) -> dict[Key, ProjectedTerms]:
        """Give everything that stands."""
        return {key: terms for key in {r.key for r in self.rows.values()} if (terms := self.at(key))}

    # The port.

    def read(self, list_ids: frozenset[str]) -> Live:
        with self._lock:
            self._called(Call("read"))
            if _pop(self.faults.reads) == RAISE:
                raise CxoneUnavailable("no answer")
            return self._reading(list_ids)

    def total(self) -> int:
        with self._lock:
            self._called(Call("total"))
            return len(self.rows)

    def count(self, _list_ids: frozenset[str]) -> int:
        return self.total()

    def early_capacity(self) -> int | None:
        return None

    def shows_as_sent(self, writes: Sequence[Write], _total: int) -> bool | None:
        with self._lock:
            self._called(Call("total"))
            found = {write.key: self.at(write.key) for write in writes}
            wanted = {write.key: self.dialect.project(write.terms) for write in writes}
            rank = self.dialect.strength
            return all(at is not None and rank(at) >= rank(wanted[key]) for key, at in found.items())

    def upsert(self, chunk: Sequence[Write]) -> Answer:
        with self._lock:
            started = self.clock.now
            self._called(Call("upsert", tuple(chunk)))
            fault = _pop(self.faults.upserts)
            if fault == RAISE:
                raise CxoneUnavailable("no answer")
            if fault == Verdict.NOT_SENT:
                return Answer(Verdict.NOT_SENT)
            if fault and fault != "stored":
                return Answer(Verdict(fault), attempts=1, cause=Failure("500", "sorry"))
            if len(chunk) > self.faults.largest:
                return Answer(Verdict.TOO_LARGE, attempts=1, cause=Failure("413", "too large"))
            failures = self._take(chunk)
            verdict = Verdict.AMBIGUOUS if fault else Verdict.ANSWERED
            why = Failure("500", "sorry") if fault else None
            return Answer(
                verdict, {} if fault else failures, frozenset(), 1, 1.0, started, self.clock.now, why
            )

    def remove(self, key: Key, entry_id: str) -> Answer:
        with self._lock:
            self._called(Call("remove", key=key))
            fault = _pop(self.faults.removals)
            if fault == RAISE:
                raise CxoneUnavailable("no answer")
            if fault == Verdict.NOT_SENT:
                return Answer(Verdict.NOT_SENT)
            if fault and fault != "gone":
                return Answer(Verdict(fault), attempts=1, cause=Failure("500", "sorry"))
            row = self.rows.get(entry_id)
            assert row is None or row.key == key, "an id of another number"
            self.rows.pop(entry_id, None)
            self.clock.tick()
            return Answer(Verdict.AMBIGUOUS if fault else Verdict.ANSWERED, attempts=1)

    def read_skills(self, list_ids: frozenset[str]) -> None:
        return None

    def clock_offset(self) -> ClockOffset | None:
        return ClockOffset(timedelta(0), timedelta(0))

    def _called(self, call: Call) -> None:
        call = Call(call.kind, call.writes, call.key, self.stored)
        self.calls.append(call)
        for watcher in self.watchers:
            watcher(call)
        self.clock.tick()

    def _take(self, chunk: Sequence[Write]) -> dict[str, Failure]:
        phones = [w.phone for w in chunk]
        assert len(set(phones)) == len(phones), "a phone twice in one chunk"
        for w in chunk:
            if w.phone not in self.faults.refused | self.faults.dropped:
                weak = w.phone in self.faults.weakened
                self._store(w.key, WEAKEST if weak else self.dialect.project(w.terms))
        return {p: Failure("INVALID", "refused") for p in phones if p in self.faults.refused}

    def _store(self, key: Key, terms: ProjectedTerms) -> None:
        row = next((r for r in self.rows.values() if r.key == key), None)
        if row is None:
            entry_id = str(next(self._ids))
            row = self.rows[entry_id] = Row(entry_id, key, terms, None)
        row.terms, row.modified = terms, self.clock.tick()

    def _reading(self, list_ids: frozenset[str]) -> Live:
        lists: dict[str, dict[str, LiveEntry]] = {}
        twins: dict[Key, tuple[str, ...]] = {}
        foreign: dict[str, int] = {}
        for row in self.rows.values():
            list_id, phone = row.key
            if list_id not in list_ids:
                foreign[list_id] = foreign.get(list_id, 0) + 1
            elif row.key in self.faults.missed:
                continue
            elif phone in lists.setdefault(list_id, {}):
                twins[row.key] = (*twins.get(row.key, ()), row.id)
            else:
                modified = None if phone in self.mute or row.modified is None else row.modified.isoformat()
                lists[list_id][phone] = LiveEntry(row.terms, row.id, modified)
        unseen = frozenset(k for k in self.faults.unseen if k[1] in lists.get(k[0], {}))
        complete = not (unseen or self.faults.missed)
        when = self.clock.now.isoformat()
        return Live(lists, complete, unseen, twins, (), foreign, len(self.rows), when)
