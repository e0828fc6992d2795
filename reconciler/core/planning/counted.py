"""The plan of a run that needs no read of CXone: nothing in it depends on what others did. Pure."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from itertools import groupby

from reconciler.core.model.entries import Key
from reconciler.core.model.provider import Write
from reconciler.core.planning.change import Action, BlockedBy, Change, Direction, Reason
from reconciler.core.planning.diff import sort_changes
from reconciler.core.planning.early import new_keys
from reconciler.core.planning.guards import Circumstances
from reconciler.core.planning.inputs import PlanFacts
from reconciler.core.planning.plan import Plan, make_expected_plan
from reconciler.core.planning.state import Retained, TargetState


def plan_without_read(facts: PlanFacts, circumstances: Circumstances, sent: Collection[Write]) -> Plan | None:
    """Make the plan of a run that has sent all that is new; None where anything needs a read.

    Needed is a read for what has permission to come off or to weaken, unless the newest report keeps it for
    the same reasons; for every new entry that was not sent; and for terms that got stronger.
    """
    expected = make_expected_plan(facts, circumstances)
    target_state = expected.target_state
    if target_state.ending_releases or _has_new_release(facts):
        return None
    if _is_anything_waiting(facts, target_state, frozenset(write.key for write in sent)):
        return None
    kept = _kept_as_before(expected, facts)
    if kept is None:
        return None
    changes, retained = kept
    authorizations = {key: value for key, value in target_state.authorizations.items() if key not in retained}
    return replace(
        expected,
        changes=sort_changes((*changes, *_creates(facts, sent))),
        target_state=replace(target_state, retained=retained, authorizations=authorizations),
    )


def _has_new_release(facts: PlanFacts) -> bool:
    """Tell whether a number that is held has a release that was not there when it was last applied."""
    last_applied = facts.last_applied
    return any(
        key in last_applied and not set(releases) <= set(last_applied.releases.get(key, ()))
        for key, releases in facts.declared.releases.items()
    )


def _is_anything_waiting(facts: PlanFacts, target_state: TargetState, sent: Collection[Key]) -> bool:
    """Tell whether an entry is new and was not sent, or holds more of a number than what was applied."""
    if any((file.list_id, phone) not in sent for file, phone in new_keys(facts)):
        return True
    dialect, last_applied = facts.dialect, facts.last_applied
    for key in _changed_keys(facts):
        target = target_state.get(key)
        applied = [dialect.project(entry.terms) for entry in last_applied.entries(key)]
        if target is None or not applied:
            continue
        projected, was = dialect.project(target), max(applied, key=dialect.strength)
        if projected != was and dialect.strength(projected) >= dialect.strength(was):
            return True
    return False


def _changed_keys(facts: PlanFacts) -> Iterator[Key]:
    """Give the numbers of which a file says something else than when it was last applied."""
    past_numbers = {(file.path, file.list_id): file.numbers for file in facts.last_applied.files}
    current_files = facts.declared.active_on(facts.as_of).files
    for file in current_files:
        was = past_numbers.get((file.path, file.list_id), {})
        if file.numbers is not was and file.numbers != was:
            yield from (
                (file.list_id, phone) for phone, terms in file.numbers.items() if was.get(phone) != terms
            )


def _kept_as_before(expected: Plan, facts: PlanFacts) -> tuple[list[Change], dict[Key, Retained]] | None:
    """Give what guards keep, for the reasons of the newest report; None where anything has permission now.

    What others did can only be read: a later opt-out goes on keeping its number, as it was told last.
    """
    before = facts.last_applied.retained
    authorizations = expected.target_state.authorizations
    retained = dict(expected.target_state.retained)
    kept_for_others: dict[Key, Change] = {}
    changes: list[Change] = []
    for change in expected.changes:
        same = []
        for key in change.keys:
            if key not in authorizations or change.reason is Reason.VANISHED:
                same.append(key[1])
                continue
            was = before.get(key)
            if was is not None and BlockedBy.LATER_OPT_OUT in was.blocked_by:
                kept_for_others[key] = replace(change, phones=(key[1],), blocked_by=was.blocked_by)
                retained[key] = was
            elif was is not None and not change.is_allowed and set(was.blocked_by) == set(change.blocked_by):
                same.append(key[1])
            else:
                return None
        if same:
            changes.append(replace(change, phones=tuple(same)))
    shown = {key for change in expected.changes for key in change.keys}
    if any(key not in shown for key in authorizations):
        return None  # a claim that goes while another keeps the number: a read shows it
    changes += [replace(change, reason=Reason.VANISHED, by_hand=False) for change in kept_for_others.values()]
    return changes, retained


def _creates(facts: PlanFacts, sent: Iterable[Write]) -> Iterator[Change]:
    due_writes = [(write, facts.deadlines.deadline(write.phone, write.terms)) for write in sent]
    due_writes.sort(key=lambda one: (one[0].list_id, repr(one[0].terms), repr(one[1]), one[0].phone))
    for (list_id, terms, due), rows in groupby(
        due_writes, key=lambda one: (one[0].list_id, one[0].terms, one[1])
    ):
        phones = tuple(write.phone for write, _ in rows)
        yield Change(
            Action.CREATE, list_id, Direction.PROTECTIVE, Reason.DECLARED, None, terms, phones, due=due
        )
