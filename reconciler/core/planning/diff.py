"""The reconcile table: desired*, held and live meet, and each number falls into one row."""

from collections.abc import Collection, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import compress, filterfalse
from operator import is_not
from typing import TypeVar

from reconciler.core.model.deadline import Deadline
from reconciler.core.model.entries import Key, ProjectedTerms, Terms
from reconciler.core.model.entry_table import terms_by_phone
from reconciler.core.model.live import Live
from reconciler.core.model.provider import Dialect
from reconciler.core.planning.change import Action, BlockedBy, Change, Direction, Drift, DriftKind, Reason
from reconciler.core.planning.inputs import PlanFacts
from reconciler.core.planning.state import TargetState

_T = TypeVar("_T")
_Numbers = list[str]
_WriteFields = tuple[tuple[str, str], ...]
_Group = tuple[
    Action,
    str,
    Direction,
    Reason,
    ProjectedTerms | None,
    _WriteFields | None,
    tuple[BlockedBy, ...],
    Deadline | None,
]


@dataclass(frozen=True, slots=True)
class Difference:
    """What would change, what somebody else changed, and how many numbers are as they should be."""

    changes: tuple[Change, ...]
    drift: tuple[Drift, ...]
    unchanged: int


def diff(
    target_state: TargetState, setting: PlanFacts, live: Live, *, written_keys: Container[Key] = frozenset()
) -> Difference:
    """Sort every number into its row of the table; `setting.honour` says by when what is missing is due.

    `written_keys` are the numbers that this run has written already.
    """
    table = _DiffTable(target_state, setting, live, written_keys)
    for list_id in sorted(target_state.list_ids):
        table.compare_list(list_id)
    table.add_blocked_changes()
    return Difference(table.changes(), table.drift(), table.unchanged)


def blocked_changes(target_state: TargetState, setting: PlanFacts) -> tuple[Change, ...]:
    """Give what the files would remove or weaken, and nothing authorizes: live is not needed for it."""
    table = _DiffTable(target_state, setting, Live())
    table.add_blocked_changes()
    return table.changes()


def authorized_changes(
    target_state: TargetState, dialect: Dialect, blocked_by: tuple[BlockedBy, ...] = ()
) -> Iterator[Change]:
    """Give what is authorized to be removed or weakened, where CXone has what was last applied.

    It stands in for the diff where CXone was not read.
    """
    groups: dict[tuple[Action, str, Reason, ProjectedTerms, Terms | None], list[str]] = {}
    for key, authorization in target_state.authorizations.items():
        after = target_state.get(key)
        before = max((dialect.project(entry.terms) for entry in authorization.entries), key=dialect.strength)
        if after is not None and dialect.strength(dialect.project(after)) >= dialect.strength(before):
            continue  # another entry holds at least as much: nothing of it shows
        action = Action.DELETE if after is None else Action.UPDATE
        groups.setdefault((action, key[0], authorization.reason, before, after), []).append(key[1])
    for (action, list_id, reason, before, after), phones in groups.items():
        yield Change(
            action, list_id, Direction.EXPOSING, reason, before, after, tuple(sorted(phones)), blocked_by
        )


class _DiffTable:
    def __init__(
        self,
        target_state: TargetState,
        setting: PlanFacts,
        live: Live,
        written_keys: Container[Key] = frozenset(),
    ) -> None:
        self._target_state = target_state
        self._last_applied = setting.last_applied
        self._live = live
        self._written_keys = written_keys
        self._dialect = setting.dialect
        self._deadlines = setting.deadlines
        self._groups: dict[_Group, list[str]] = {}
        self._afters: dict[_Group, Terms | None] = {}
        self._dues_by_list: dict[str, dict[str, Deadline]] = {}
        self._drift: dict[tuple[DriftKind, str], list[str]] = {}
        self._projections: dict[int, tuple[ProjectedTerms, _WriteFields]] = {}
        self._last: dict[tuple[str, int], tuple[Deadline | None, _Numbers]] = {}
        self._retained: dict[str, list[str]] = {}
        for list_id, phone in target_state.retained:
            if self._is_shown((list_id, phone)):
                self._retained.setdefault(list_id, []).append(phone)
        self.unchanged = 0

    def _is_shown(self, key: Key) -> bool:
        """Tell whether it shows that a number is retained.

        It does not where an entry of the files holds at least as much, or stands beside a registry's entry of
        others.
        """
        declared = self._target_state.declared.get(key[0], {}).get(key[1])
        if declared is None:
            return True
        return declared is not self._target_state.get(key) and not self._is_others_registry_entry(key)

    def compare_list(self, list_id: str) -> None:
        """Go through one list: first what should be live, then what is."""
        target_terms = self._target_state.lists.get(list_id, {})
        live_terms = terms_by_phone(self._live.lists.get(list_id, {}))
        differing = missing = 0
        for phone, terms in self._differing_candidates(target_terms, live_terms):
            actual = live_terms.get(phone)
            if actual is None:
                self._add_missing(list_id, phone, terms)
                missing += 1
            elif not self._is_as_sent((list_id, phone), self._project(terms)[0], actual):
                self._add_different((list_id, phone), terms, actual)
            else:
                continue
            differing += 1
        retained = self._retained.get(list_id, ())
        retained_unchanged = sum(
            self._is_as_sent((list_id, p), self._project(target_terms[p])[0], live_terms[p])
            for p in retained
            if p in target_terms and p in live_terms
        )
        self.unchanged += len(target_terms) - differing - retained_unchanged
        if len(live_terms) > len(target_terms) - missing:  # else all that is live is wanted
            for phone in filterfalse(target_terms.__contains__, live_terms):
                self._add_unexpected((list_id, phone), live_terms[phone])

    def _is_as_sent(self, key: Key, target: ProjectedTerms, actual: ProjectedTerms) -> bool:
        """Tell whether live has what we want: exactly, or as we sent it and the wire may show it."""
        if actual == target:
            return True
        if not self._dialect.shape.is_as_sent(actual, target):
            return False
        if key in self._written_keys:
            return True
        sent = (self._dialect.project(entry.terms) for entry in self._last_applied.entries(key))
        return target == max(sent, key=self._dialect.strength, default=None)

    def _differing_candidates(
        self, target_terms: Mapping[str, Terms], live: Mapping[str, ProjectedTerms]
    ) -> Iterator[tuple[str, Terms]]:
        """Give the numbers whose live terms are not the very object that they should equal.

        Both are shared by very many numbers, so of a million that are as they should be hardly one is left.
        """
        live_projections = {projected: projected for projected in _distinct(live.values())}
        expected_by_terms: dict[int, ProjectedTerms] = {}
        for terms in _distinct(target_terms.values()):
            projected = self._project(terms)[0]
            expected_by_terms[id(terms)] = live_projections.get(projected, projected)
        expected = map(expected_by_terms.__getitem__, map(id, target_terms.values()))
        return compress(target_terms.items(), map(is_not, map(live.get, target_terms), expected))

    def _project(self, terms: Terms) -> tuple[ProjectedTerms, _WriteFields]:
        # By identity: see ADR 19.
        projection = self._projections.get(id(terms))
        if projection is None:
            projection = (self._dialect.project(terms), tuple(self._dialect.write_fields(terms).items()))
            self._projections[id(terms)] = projection
        return projection

    def _add_missing(self, list_id: str, phone: str, terms: Terms) -> None:
        key = (list_id, phone)
        if key in self._last_applied:
            self._add_drift(DriftKind.REMOVED, key)
            self._add_change(Action.CREATE, key, Direction.PROTECTIVE, Reason.RESTORED, None, terms)
        else:
            self._add_new(key, terms, self._due_deadline(key, terms))

    def _add_new(self, key: Key, terms: Terms, due: Deadline | None) -> None:
        """Put a new number where the last one with these terms went, if its deadline is the same.

        A million may be new, and finding a group by all that it has in common takes its time.
        """
        last = self._last.get((key[0], id(terms)))
        if last is None or last[0] is not due:
            group = self._add_change(
                Action.CREATE, key, Direction.PROTECTIVE, Reason.DECLARED, None, terms, due=due
            )
            self._last[key[0], id(terms)] = (due, group)
        else:
            last[1].append(key[1])

    def _due_deadline(self, key: Key, terms: Terms) -> Deadline | None:
        """Give the nearest deadline of all claims on the number: the strongest need not be the oldest."""
        list_id, phone = key
        if len(self._target_state.active_files[list_id]) == 1:
            return self._deadlines.deadline(phone, terms)
        if list_id not in self._dues_by_list:
            self._dues_by_list[list_id] = self._nearest_deadlines(list_id)
        return self._dues_by_list[list_id].get(phone)

    def _nearest_deadlines(self, list_id: str) -> dict[str, Deadline]:
        # File by file: asking every file for each number would take their product.
        live = self._live.lists.get(list_id, {})
        dues: dict[str, Deadline] = {}
        for file in self._target_state.active_files[list_id]:
            for phone, terms in file.numbers.items():
                due = None if phone in live else self._deadlines.deadline(phone, terms)
                if due is not None and (phone not in dues or due < dues[phone]):
                    dues[phone] = due
        return dues

    def _add_different(self, key: Key, terms: Terms, live_terms: ProjectedTerms) -> None:
        target_strength, actual = (self._dialect.strength(c) for c in (self._project(terms)[0], live_terms))
        if actual > target_strength:
            authorization = self._target_state.authorizations.get(key)
            if authorization is None:
                self._add_drift(DriftKind.STRENGTHENED, key)
                self.unchanged += key not in self._target_state.retained or not self._is_shown(key)
            else:
                self._add_change(
                    Action.UPDATE, key, Direction.EXPOSING, authorization.reason, live_terms, terms
                )
            return
        reason = (
            Reason.CORRECTED
            if actual == target_strength
            else self._strengthening_reason(key, target_strength)
        )
        self._add_change(Action.UPDATE, key, Direction.PROTECTIVE, reason, live_terms, terms)

    def _strengthening_reason(self, key: Key, target_strength: tuple[int, ...]) -> Reason:
        applied_strengths = [
            self._dialect.strength(self._dialect.project(c.terms)) for c in self._last_applied.entries(key)
        ]
        if not applied_strengths:
            return Reason.DECLARED
        return Reason.STRENGTHENED if target_strength > max(applied_strengths) else Reason.RESTORED

    def _add_unexpected(self, key: Key, live_terms: ProjectedTerms) -> None:
        authorization = self._target_state.authorizations.get(key)
        if authorization is None:
            self._add_drift(DriftKind.UNMANAGED, key)
        else:
            self._add_change(Action.DELETE, key, Direction.EXPOSING, authorization.reason, live_terms, None)

    def add_blocked_changes(self) -> None:
        """Say what the files would take off or weaken, and may not."""
        for key, retained in self._target_state.retained.items():
            declared = self._target_state.declared.get(key[0], {}).get(key[1])
            target_terms = self._target_state.get(key)
            if not self._is_shown(key):
                if declared is not None and declared is not target_terms:
                    self._add_stronger_entry(key, declared)
                continue
            action = Action.DELETE if declared is None else Action.UPDATE
            before = None if target_terms is None else self._project(target_terms)[0]
            self._add_change(
                action, key, Direction.EXPOSING, Reason.VANISHED, before, declared, retained.blocked_by
            )

    def _add_change(  # noqa: PLR0913, PLR0917  (the parts of a change)
        self,
        action: Action,
        key: Key,
        direction: Direction,
        reason: Reason,
        before: ProjectedTerms | None,
        after: Terms | None,
        blocked_by: tuple[BlockedBy, ...] = (),
        due: Deadline | None = None,
    ) -> _Numbers:
        write_fields = None if after is None else self._project(after)[1]
        group = (action, key[0], direction, reason, before, write_fields, blocked_by, due)
        self._afters.setdefault(group, after)
        numbers = self._groups.setdefault(group, [])
        numbers.append(key[1])
        return numbers

    def _add_stronger_entry(self, key: Key, declared: Terms) -> None:
        entry, strength = self._live.get(key), self._dialect.strength
        if entry is not None and strength(entry.terms) > strength(self._project(declared)[0]):
            self._add_drift(DriftKind.STRENGTHENED, key)

    def _is_others_registry_entry(self, key: Key) -> bool:
        """Tell whether what is kept was never in the files: others have a registry's entry in CXone."""
        retained = self._target_state.retained[key]
        is_others = not any(entry.path for entry in retained.entries)
        return is_others and {BlockedBy.NO_RELEASE, BlockedBy.HOLD}.issuperset(retained.blocked_by)

    def _add_drift(self, kind: DriftKind, key: Key) -> None:
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
                blocked_by,
                due=due,
            )
            for group, phones in self._groups.items()
            for action, list_id, direction, reason, before, _, blocked_by, due in (group,)
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


def sort_changes(changes: Iterable[Change]) -> tuple[Change, ...]:
    """Put changes into the order of sending: protective first, exposing last, blocked after what goes.

    Of what is protective, the request with the nearest deadline goes first: a run that is cut short has then
    done what can still be late. What has no deadline follows, restored numbers among it: those were live in
    time, and drift says loudly that somebody took them off.
    """
    return tuple(sorted(changes, key=_place))


def _place(change: Change) -> tuple[object, ...]:
    return (
        change.is_exposing,
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
