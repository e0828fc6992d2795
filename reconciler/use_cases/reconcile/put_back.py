"""What a run took off is put back where a newer revision claims it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from reconciler.core.apply.outcomes import Outcome
from reconciler.core.apply.run import Run, apply_to_live
from reconciler.core.apply.sender import Applier
from reconciler.core.model.entries import Key, Terms, strongest_terms
from reconciler.core.model.errors import DncError
from reconciler.core.model.provider import Dialect
from reconciler.core.planning.change import Action, Change, Direction, Reason
from reconciler.core.planning.plan import Heading
from reconciler.use_cases.reconcile.last_applied import Past
from reconciler.use_cases.reconcile.prepared_plan import PlanState


def restore_exposed(
    run: Run, applier: Applier, state: PlanState, heading: Heading, newest_revision: Callable[[], str | None]
) -> Run:
    """Undo what this run took off or weakened and the newest revision claims.

    The look before the first removal saw no newer revision, and one may have been merged since: its own run
    found the number still live, and had nothing to do. `newest_revision` gives None where it can't be told:
    then everything goes back on, and what no file has is unmanaged from then on.
    """
    exposed_keys = [key for key in run.plan.exposing_keys if _is_done(run, key)]
    tip = newest_revision() if exposed_keys else heading.revision
    if tip == heading.revision:
        return run
    keys = [(list_id, phone) for _, list_id, phone in exposed_keys]
    changes = _restoring_changes(
        state.provider.dialect, run, _terms_at_tip(state.last_applied, heading, tip, keys)
    )
    if not changes:
        return run
    applier.upsert(changes)
    return replace(
        run,
        plan=replace(run.plan, changes=(*run.plan.changes, *changes)),
        put_back=changes,
        live_after=apply_to_live(run.live_after, changes, run.tally, state.provider.dialect),
    )


def _is_done(run: Run, key: tuple[Action, str, str]) -> bool:
    result = run.tally.results.get(key)
    return result is not None and result.outcome in {Outcome.APPLIED, Outcome.UNKNOWN}


def _terms_at_tip(past: Past, heading: Heading, tip: str | None, keys: Iterable[Key]) -> Mapping[Key, Terms]:
    """Say with which terms a number is claimed at the tip; where it can't be read, as it was held."""
    try:
        lists = strongest_terms(past.declarations_at(tip).active_on(heading.as_of).files) if tip else None
    except DncError:
        lists = None
    if lists is None:
        last_applied_terms = {key: [entry.terms for entry in past.last_applied.entries(key)] for key in keys}
        return {
            key: max(terms, key=lambda t: t.precedence) for key, terms in last_applied_terms.items() if terms
        }
    return {key: lists[key[0]][key[1]] for key in keys if key[1] in lists.get(key[0], {})}


def _restoring_changes(dialect: Dialect, run: Run, declared_terms: Mapping[Key, Terms]) -> tuple[Change, ...]:
    groups: dict[tuple[Action, str, Terms], list[str]] = {}
    for key, terms in sorted(declared_terms.items(), key=lambda item: item[0]):
        entry = run.live_after.get(key)
        if entry is None:
            groups.setdefault((Action.CREATE, key[0], terms), []).append(key[1])
        elif dialect.strength(dialect.project(terms)) > dialect.strength(entry.terms):
            groups.setdefault((Action.UPDATE, key[0], terms), []).append(key[1])
    return tuple(
        Change(action, list_id, Direction.PROTECTIVE, Reason.RESTORED, None, terms, tuple(phones))
        for (action, list_id, terms), phones in groups.items()
    )
