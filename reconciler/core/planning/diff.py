"""The reconcile table: desired*, held and live meet, and each number falls into one row."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import compress, filterfalse
from operator import is_not
from typing import TypeVar

from reconciler.core.model.deadline import Deadline
from reconciler.core.model.entries import Carried, Key, Terms
from reconciler.core.model.entry_table import terms_of
from reconciler.core.model.live import Live
from reconciler.core.planning.change import Action, BlockedBy, Change, Direction, Drift, DriftKind, Reason
from reconciler.core.planning.inputs import Setting
from reconciler.core.planning.state import Wanted

_T = TypeVar("_T")
_Numbers = list[str]
_Wire = tuple[tuple[str, str], ...]
_Group = tuple[
    Action, str, Direction, Reason, Carried | None, _Wire | None, tuple[BlockedBy, ...], Deadline | None
]


@dataclass(frozen=True, slots=True)
class Difference:
    """What would change, what somebody else changed, and how many numbers are as they should be."""

    changes: tuple[Change, ...]
    drift: tuple[Drift, ...]
    unchanged: int


def differ(wanted: Wanted, setting: Setting, live: Live) -> Difference:
    """Sort every number into its row of the table; `setting.honour` says by when what is missing is due."""
    table = _Table(wanted, setting, live)
    for list_id in sorted(wanted.list_ids):
        table.list(list_id)
    table.blocked()
    return Difference(table.changes(), table.drift(), table.unchanged)


class _Table:
    def __init__(self, wanted: Wanted, setting: Setting, live: Live) -> None:
        self._wanted = wanted
        self._held = setting.held
        self._live = live
        self._dialect = setting.dialect
        self._honour = setting.honour
        self._groups: dict[_Group, list[str]] = {}
        self._afters: dict[_Group, Terms | None] = {}
        self._dues: dict[str, dict[str, Deadline]] = {}
        self._drift: dict[tuple[DriftKind, str], list[str]] = {}
        self._wires: dict[int, tuple[Carried, _Wire]] = {}
        self._last: dict[tuple[str, int], tuple[Deadline | None, _Numbers]] = {}
        self._kept: dict[str, list[str]] = {}
        for kept_on, phone in wanted.kept:
            self._kept.setdefault(kept_on, []).append(phone)
        self.unchanged = 0

    def list(self, list_id: str) -> None:
        """Go through one list: first what should be live, then what is."""
        wanted = self._wanted.lists.get(list_id, {})
        live = terms_of(self._live.lists.get(list_id, {}))
        differing = missing = 0
        for phone, terms in self._suspects(wanted, live):
            actual = live.get(phone)
            if actual is None:
                self._missing(list_id, phone, terms)
                missing += 1
            elif actual != self._carry(terms)[0]:
                self._different((list_id, phone), terms, actual)
            else:
                continue
            differing += 1
        kept = self._kept.get(list_id, ())
        of_kept = sum(p in wanted and live.get(p) == self._carry(wanted[p])[0] for p in kept)
        self.unchanged += len(wanted) - differing - of_kept
        if len(live) > len(wanted) - missing:  # else all that is live is wanted
            for phone in filterfalse(wanted.__contains__, live):
                self._unwanted((list_id, phone), live[phone])

    def _suspects(
        self, wanted: Mapping[str, Terms], live: Mapping[str, Carried]
    ) -> Iterator[tuple[str, Terms]]:
        """Give the numbers whose live terms are not the very object that they should equal.

        Both are shared by very many numbers, so of a million that are as they should be hardly one is left.
        """
        known = {carried: carried for carried in _distinct(live.values())}
        right: dict[int, Carried] = {}
        for terms in _distinct(wanted.values()):
            carried = self._carry(terms)[0]
            right[id(terms)] = known.get(carried, carried)
        expected = map(right.__getitem__, map(id, wanted.values()))
        return compress(wanted.items(), map(is_not, map(live.get, wanted), expected))

    def _carry(self, terms: Terms) -> tuple[Carried, _Wire]:
        # By identity: see ADR 19.
        found = self._wires.get(id(terms))
        if found is None:
            found = (self._dialect.carried(terms), tuple(self._dialect.wire(terms).items()))
            self._wires[id(terms)] = found
        return found

    def _missing(self, list_id: str, phone: str, terms: Terms) -> None:
        key = (list_id, phone)
        if key in self._held:
            self._note(DriftKind.REMOVED, key)
            self._put(Action.CREATE, key, Direction.PROTECTIVE, Reason.RESTORED, None, terms)
        else:
            self._new(key, terms, self._due(key, terms))

    def _new(self, key: Key, terms: Terms, due: Deadline | None) -> None:
        """Put a new number where the last one with these terms went, if its deadline is the same.

        A million may be new, and finding a group by all that it has in common takes its time.
        """
        last = self._last.get((key[0], id(terms)))
        if last is None or last[0] is not due:
            group = self._put(Action.CREATE, key, Direction.PROTECTIVE, Reason.DECLARED, None, terms, due=due)
            self._last[key[0], id(terms)] = (due, group)
        else:
            last[1].append(key[1])

    def _due(self, key: Key, terms: Terms) -> Deadline | None:
        """Give the nearest deadline of all claims on the number: the strongest need not be the oldest."""
        list_id, phone = key
        if len(self._wanted.standing[list_id]) == 1:
            return self._honour.deadline(phone, terms)
        if list_id not in self._dues:
            self._dues[list_id] = self._nearest(list_id)
        return self._dues[list_id].get(phone)

    def _nearest(self, list_id: str) -> dict[str, Deadline]:
        # File by file: asking every file for each number would take their product.
        live = self._live.lists.get(list_id, {})
        dues: dict[str, Deadline] = {}
        for f in self._wanted.standing[list_id]:
            for phone, terms in f.numbers.items():
                due = None if phone in live else self._honour.deadline(phone, terms)
                if due is not None and (phone not in dues or due < dues[phone]):
                    dues[phone] = due
        return dues

    def _different(self, key: Key, terms: Terms, found: Carried) -> None:
        wanted, actual = (self._dialect.strength(c) for c in (self._carry(terms)[0], found))
        if actual > wanted:
            grant = self._wanted.granted.get(key)
            if grant is None:
                self._note(DriftKind.STRENGTHENED, key)
                self.unchanged += key not in self._wanted.kept
            else:
                self._put(Action.UPDATE, key, Direction.EXPOSING, grant.reason, found, terms)
            return
        reason = Reason.CORRECTED if actual == wanted else self._why_stronger(key, wanted)
        self._put(Action.UPDATE, key, Direction.PROTECTIVE, reason, found, terms)

    def _why_stronger(self, key: Key, wanted: tuple[int, ...]) -> Reason:
        held = [self._dialect.strength(self._dialect.carried(c.terms)) for c in self._held.claims(key)]
        if not held:
            return Reason.DECLARED
        return Reason.STRENGTHENED if wanted > max(held) else Reason.RESTORED

    def _unwanted(self, key: Key, found: Carried) -> None:
        grant = self._wanted.granted.get(key)
        if grant is None:
            self._note(DriftKind.UNMANAGED, key)
        else:
            self._put(Action.DELETE, key, Direction.EXPOSING, grant.reason, found, None)

    def blocked(self) -> None:
        """Say what the files would take off or weaken, and may not."""
        for key, keeping in self._wanted.kept.items():
            declared = self._wanted.declared.get(key[0], {}).get(key[1])
            wanted = self._wanted.get(key)
            if declared is not None and declared is wanted:
                continue  # another claim holds at least as much: nothing of it shows
            action = Action.DELETE if declared is None else Action.UPDATE
            before = None if wanted is None else self._carry(wanted)[0]
            self._put(action, key, Direction.EXPOSING, Reason.VANISHED, before, declared, keeping.blocked_by)

    def _put(  # noqa: PLR0913, PLR0917  (the parts of a change)
        self,
        action: Action,
        key: Key,
        direction: Direction,
        reason: Reason,
        before: Carried | None,
        after: Terms | None,
        blocked_by: tuple[BlockedBy, ...] = (),
        due: Deadline | None = None,
    ) -> _Numbers:
        wire = None if after is None else self._carry(after)[1]
        group = (action, key[0], direction, reason, before, wire, blocked_by, due)
        self._afters.setdefault(group, after)
        numbers = self._groups.setdefault(group, [])
        numbers.append(key[1])
        return numbers

    def _note(self, kind: DriftKind, key: Key) -> None:
        self._drift.setdefault((kind, key[0]), []).append(key[1])

    def changes(self) -> tuple[Change, ...]:
        """Give the groups, numbers sorted."""
        return tuple(
            Change(
                action,
                list_id,
                direction,
                reason,
                before,
                self._afters[group],
                tuple(sorted(phones)),
                why,
                due=due,
            )
            for group, phones in self._groups.items()
            for action, list_id, direction, reason, before, _, why, due in (group,)
        )

    def drift(self) -> tuple[Drift, ...]:
        """Give the drift, sorted."""
        return tuple(
            Drift(kind, list_id, tuple(sorted(phones)))
            for (kind, list_id), phones in sorted(self._drift.items())
        )


def _distinct(shared: Collection[_T]) -> Collection[_T]:
    """Give each object once, without hashing what it says."""
    return dict(zip(map(id, shared), shared, strict=True)).values()


def order(changes: Iterable[Change]) -> tuple[Change, ...]:
    """Put changes into the order of sending: protective first, exposing last, blocked after what goes.

    Of what is protective, the request with the nearest deadline goes first: a run that is cut short has then
    done what can still be late. What has no deadline follows, restored numbers among it: those were live in
    time, and drift says loudly that somebody took them off.
    """
    return tuple(sorted(changes, key=_place))


def _place(change: Change) -> tuple[object, ...]:
    return (
        change.exposing,
        bool(change.blocked_by),
        date.max if change.due is None else change.due.due,
        change.list_id,
        list(Action).index(change.action),
        change.reason,
        repr(change.before),
        repr(change.after),
        change.blocked_by,
        repr(change.due),
        change.phones,
    )
