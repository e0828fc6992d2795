"""Writes before the read: sent in order, settled by the read that follows, and never sent twice."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import groupby

from reconciler.core.apply.outcomes import Outcome, Result, Tally
from reconciler.core.apply.sender import Applier
from reconciler.core.model.entries import Key
from reconciler.core.model.entry_table import EntryTable
from reconciler.core.model.errors import CxoneUnreadable, DncError
from reconciler.core.model.live import Live, LiveEntry
from reconciler.core.model.provider import Dialect, Provider, Write
from reconciler.core.planning.change import Action, Change, Direction, Reason
from reconciler.core.planning.chunks import Chunk

_WRITES = (Action.CREATE, Action.UPDATE)
Absence = Callable[[Key], bool]
"""Tells whether CXone lacked a number that is not held, when all of it was read last."""

_STORED = frozenset({Outcome.APPLIED, Outcome.UNKNOWN})


@dataclass(frozen=True, slots=True)
class EarlyWrites:
    """What a run has written before it read CXone.

    `requests` counts the requests that wrote it, the first of the run. `own` are the numbers of which it is
    known that nobody else had an entry: the last full reading lacked them, and totals rose by exactly them.
    `live` is what the read afterwards showed, `seen` the numbers that it showed as they were sent. Until
    then, and where the read failed, nothing is seen.
    """

    writes: tuple[Write, ...] = ()
    requests: int = 0
    own: frozenset[Key] = frozenset()
    live: Live | None = None
    seen: frozenset[Key] = frozenset()

    @property
    def keys(self) -> frozenset[Key]:
        """Name the numbers."""
        return frozenset(write.key for write in self.writes)

    def overwrites(self, tally: Tally) -> frozenset[Key]:
        """Name what may have replaced somebody else's opt-out: for good, our time on it is not ours."""
        stored = {key for key in self.keys - self.own if (r := _result(tally, key)) and r.outcome in _STORED}
        return frozenset(stored)

    def written(self, tally: Tally) -> frozenset[Key]:
        """Name the numbers whose entry is what went early: as the read showed, or without one as sent."""
        if self.live is not None:
            return self.seen
        return frozenset(key for key in self.keys if (r := _result(tally, key)) and r.outcome in _STORED)


NOTHING_EARLY = EarlyWrites()


class EarlySender:
    """Sends the chunks of a run that go before its read, with the totals directly before and after.

    `total` is the last one. `rose_enough`: each rose by what was new, at least.

    One total counts all lists where a page is of all; else each chunk is of one list, and so is its total.
    """

    def __init__(
        self,
        provider: Provider,
        chunks: Sequence[Chunk],
        waiting: int,
        was_absent: Absence | None,
        counted: Collection[Key] = frozenset(),
    ) -> None:
        """Take what to send. `waiting` counts all numbers that are new, those that wait for the read too.

        `counted` are those that runs before sent and only counted: no total need rise for them.
        """
        self._counted = counted
        self._provider = provider
        self._waiting = waiting
        self._was_absent = was_absent
        is_split = provider.dialect.shape.one_list
        new = [chunk for chunk in chunks if not counted or any(write.key not in counted for write in chunk)]
        again = [chunk for chunk in chunks if chunk not in new] if counted else []
        parts = [[chunk] for chunk in chunks] if is_split else [new, again]
        self._parts = [part for part in parts if part]
        self._before: int | None = None
        self.total: int | None = None
        self.rose_enough = True

    def look(self) -> None:
        """Ask for the total before the first write: the run's first question to the lists."""
        self._before = self.total = self._count(self._parts[0])

    @property
    def has_room(self) -> bool:
        """Tell whether all that waits fits: direct requests are the last to be left out, so others wait."""
        capacity = self._provider.early_capacity()
        return capacity is None or capacity >= self._waiting

    def send(self, applier: Applier) -> frozenset[Key]:
        """Send everything; give the numbers that are known to have had no entry of anybody's."""
        own: set[Key] = set()
        counted = _lists_of(self._parts[0])
        for part in self._parts:
            if _lists_of(part) != counted:
                self._before = self._count_quietly(part)
            for chunk in part:
                applier.upsert(_changes_of(chunk))
            if self._before is None:
                self.rose_enough = False
                continue
            after = self._count_quietly(part)
            if self._was_absent is not None:
                own |= self._own_keys(part, applier.tally, self._was_absent, after)
            self.rose_enough &= after is not None and after - self._before >= self._new_count(
                part, applier.tally
            )
            self._before, counted = after, _lists_of(part)
            self.total = after
        return frozenset(own)

    def _count(self, part: list[Chunk]) -> int | None:
        try:
            return self._provider.count(_lists_of(part))
        except CxoneUnreadable:
            return None

    def _count_quietly(self, part: list[Chunk]) -> int | None:
        """Ask for a total between writes: one that does not come proves nothing, and ends nothing."""
        with suppress(DncError):
            return self._count(part)
        return None

    def _new_count(self, part: list[Chunk], tally: Tally) -> int:
        """Count what CXone says that it stored, and no run before has sent."""
        keys = (write.key for chunk in part for write in chunk if write.key not in self._counted)
        return sum((r := _result(tally, key)) is not None and r.outcome is Outcome.APPLIED for key in keys)

    def _own_keys(self, part: list[Chunk], tally: Tally, was_absent: Absence, after: int | None) -> set[Key]:
        if after is None or self._before is None:
            return set()
        outcomes = {
            write.key: result.outcome
            for chunk in part
            for write in chunk
            if (result := tally.results.for_list(Action.CREATE, write.list_id).get(write.phone))
        }
        new = {
            key
            for key, outcome in outcomes.items()
            if outcome is Outcome.APPLIED and key not in tally.doubtful and was_absent(key)
        }
        is_exact = Outcome.UNKNOWN not in outcomes.values() and after - self._before == len(new)
        return new if is_exact else set()


def _lists_of(part: Iterable[Chunk]) -> frozenset[str]:
    return frozenset(write.list_id for chunk in part for write in chunk)


def _changes_of(chunk: Chunk) -> list[Change]:
    """Give the writes of a chunk as changes, for what is neither known to be there nor to be missing."""
    ordered = sorted(chunk, key=lambda write: (write.list_id, repr(write.terms), write.phone))
    return [
        Change(
            Action.CREATE,
            list_id,
            Direction.PROTECTIVE,
            Reason.DECLARED,
            None,
            terms,
            tuple(write.phone for write in writes),
        )
        for (list_id, terms), writes in groupby(ordered, key=lambda write: (write.list_id, write.terms))
    ]


def settle_by_read(early: EarlyWrites, live: Live, tally: Tally, dialect: Dialect) -> EarlyWrites:
    """Compare what was written early with the read after it: what that shows as sent is applied.

    A number that CXone has twice is not among what was seen: the plan has to know of somebody else's entry.
    """
    seen: set[Key] = set()
    for write in early.writes:
        result, entry = _result(tally, write.key), live.get(write.key)
        if entry is None or result is None or result.outcome not in _STORED:
            continue
        target = dialect.project(write.terms)
        if dialect.shape.is_as_sent(entry.terms, target) or dialect.strength(entry.terms) > dialect.strength(
            target
        ):
            tally.settle((Action.CREATE, *write.key), Outcome.APPLIED)
            if write.key not in live.duplicate_ids:
                seen.add(write.key)
    return replace(early, live=live, seen=frozenset(seen))


def before_early(early: EarlyWrites) -> Live:
    """Give the read without what the run itself had just put there: what there is to plan on."""
    live = early.live
    if live is None or not early.seen:
        return live or Live()
    tables: dict[str, Mapping[str, LiveEntry]] = dict(live.lists)
    for list_id in {key[0] for key in early.seen}:
        entries = live.lists[list_id]
        table = entries.copy() if isinstance(entries, EntryTable) else EntryTable(entries)
        for phone in (key[1] for key in early.seen if key[0] == list_id):
            del table[phone]
        tables[list_id] = table
        if not table:
            del tables[list_id]
    return replace(live, lists=tables, entry_count=live.entry_count - len(early.seen))


def left_to_send(changes: Sequence[Change], early: EarlyWrites, tally: Tally) -> tuple[Change, ...]:
    """Leave out what went early: what was seen, and what CXone refused.

    What is not seen goes again, as it is planned now. Where no read came after, nothing that was sent does.
    The outcome of each early write ends on the change that the plan has for it.
    """
    if not early.writes:
        return tuple(changes)
    done: set[Key] = set()
    planned: dict[Key, Action] = {}
    keys = early.keys
    for change in changes:
        planned |= {key: change.action for key in change.keys if key in keys}
    for key in keys:
        result = _result(tally, key)
        if result is None:
            continue
        action = planned.get(key)
        if action is not Action.CREATE:
            del tally.results[Action.CREATE, *key]
        if action is Action.UPDATE:
            tally.settle((Action.UPDATE, *key), result.outcome, result.failure)
        is_sent = result.outcome is not Outcome.NOT_ATTEMPTED
        if key in early.seen or result.outcome is Outcome.REJECTED or (early.live is None and is_sent):
            done.add(key)
    left = (
        replace(change, phones=tuple(p for p in change.phones if (change.list_id, p) not in done))
        for change in changes
    )
    return tuple(change for change in left if change.phones)


def _result(tally: Tally, key: Key) -> Result | None:
    return next(
        (result for action in _WRITES if (result := tally.results.get((action, *key))) is not None), None
    )
