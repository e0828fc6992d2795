"""Writes before the read: sent in order, settled by the read that follows, and never sent twice."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from reconciler.core.apply.outcomes import Outcome, Result, Tally
from reconciler.core.apply.sender import Applier
from reconciler.core.model.entries import Key
from reconciler.core.model.entry_table import EntryTable
from reconciler.core.model.live import Live, LiveEntry
from reconciler.core.model.provider import Dialect, Write
from reconciler.core.planning.change import Action, Change, Direction, Reason
from reconciler.core.planning.chunks import Chunk

_WRITES = (Action.CREATE, Action.UPDATE)
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


def send_early(applier: Applier, chunks: Iterable[Chunk]) -> None:
    """Send chunks one after the other, each whole: the order is that of who waits most."""
    for chunk in chunks:
        applier.upsert(_changes_of(chunk))


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
    """Compare what was written early with the read after it: what that shows as sent is applied."""
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
