"""What came off while a newer revision was merged that claims it again: it goes back on at once."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from reconciler.apply.applier import Applier
from reconciler.apply.run import Run, patched
from reconciler.apply.tally import Outcome
from reconciler.model.claims import Key
from reconciler.model.errors import DncError
from reconciler.model.terms import Terms
from reconciler.planning.change import Action, Change, Direction, Reason
from reconciler.planning.permission import strongest
from reconciler.reconcile.planned import Planned


def put_back(made: Planned, run: Run, applier: Applier, newest: Callable[[], str | None]) -> Run:
    """Undo what this run took off or weakened and the newest revision claims.

    The look before the first removal saw no newer revision, and one may have been merged since: its own run
    found the number still live, and had nothing to do. `newest` gives None where it can't be told: then
    everything goes back on, and the next run decides again.
    """
    exposed = [key for key in run.plan.exposing if _done(run, key)]
    tip = newest() if exposed else made.heading.revision
    if tip == made.heading.revision:
        return run
    claimed = _claimed(made, tip, [(list_id, phone) for _, list_id, phone in exposed])
    changes = _changes(made, run, claimed)
    if not changes:
        return run
    applier.upsert(changes)
    count = sum(len(change.phones) for change in changes)
    made.around.say(f"a newer revision was merged meanwhile: {count:,} that had come off went back on for it")
    return replace(
        run,
        plan=replace(run.plan, changes=(*run.plan.changes, *changes)),
        after=patched(run.after, changes, run.tally, made.provider.dialect),
    )


def _done(run: Run, key: tuple[Action, str, str]) -> bool:
    result = run.tally.results.get(key)
    return result is not None and result.outcome in {Outcome.APPLIED, Outcome.UNKNOWN}


def _claimed(made: Planned, tip: str | None, keys: Iterable[Key]) -> Mapping[Key, Terms]:
    """Say with which terms a number is claimed at the tip; where it can't be read, as it was held."""
    try:
        lists = strongest(made.past.claims_at(tip).standing(made.heading.as_of).files) if tip else None
    except DncError:
        lists = None
    if lists is None:
        held = {key: [claim.terms for claim in made.past.held.claims(key)] for key in keys}
        return {key: max(terms, key=lambda t: (t.strength, repr(t))) for key, terms in held.items() if terms}
    return {key: lists[key[0]][key[1]] for key in keys if key[1] in lists.get(key[0], {})}


def _changes(made: Planned, run: Run, claimed: Mapping[Key, Terms]) -> tuple[Change, ...]:
    dialect = made.provider.dialect
    groups: dict[tuple[Action, str, Terms], list[str]] = {}
    for key, terms in sorted(claimed.items(), key=lambda item: item[0]):
        entry = run.after.get(key)
        if entry is None:
            groups.setdefault((Action.CREATE, key[0], terms), []).append(key[1])
        elif dialect.strength(dialect.carried(terms)) > dialect.strength(entry.terms):
            groups.setdefault((Action.UPDATE, key[0], terms), []).append(key[1])
    return tuple(
        Change(action, list_id, Direction.PROTECTIVE, Reason.RESTORED, None, terms, tuple(phones))
        for (action, list_id, terms), phones in groups.items()
    )
