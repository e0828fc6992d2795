"""What a run did, by kind, and what it left: who can still be called, and what is unknown. Pure."""

from collections.abc import Iterable, Iterator

from reconciler.core.apply.outcomes import Outcome, Result
from reconciler.core.apply.run import Run
from reconciler.core.model.entries import Key
from reconciler.core.model.run_result import KINDS, Cause, OpenNumbers, Protection, cause_of
from reconciler.core.planning.change import Action, Change, Reason

_WRITES = (Action.CREATE, Action.UPDATE)


def done_counts(run: Run, changes: Iterable[Change] | None = None) -> dict[str, int]:
    """Count what arrived by kind: by the read-back where it looked, else by CXone's answers.

    Kinds are `added`, `put_back` (somebody else had removed or weakened it), `changed`, `removed` and
    `weakened`; those that nothing arrived of are left out.
    """
    counts: dict[str, int] = {}
    for change in run.plan.changes if changes is None else changes:
        if not change.is_allowed:
            continue
        results = run.tally.results.for_list(change.action, change.list_id)
        done = sum(1 for phone in change.phones if (r := results.get(phone)) and r.outcome is Outcome.APPLIED)
        if done:
            counts[_kind(change)] = counts.get(_kind(change), 0) + done
    return {kind: counts[kind] for kind in KINDS if kind in counts}


def _kind(change: Change) -> str:
    if change.is_exposing:
        return "removed" if change.action is Action.DELETE else "weakened"
    if change.reason is Reason.RESTORED:
        return "put_back"
    return "added" if change.action is Action.CREATE else "changed"


class _Groups:
    """Numbers by list, cause and answer, each once."""

    def __init__(self) -> None:
        self._groups: dict[tuple[str, Cause, str], set[str]] = {}

    def add(self, key: Key, result: Result | None, default: Cause = Cause.REMOVED) -> None:
        failure = result.failure if result is not None else None
        cause = default if result is None else cause_of(result.outcome, failure.code if failure else "")
        # What CXone said is about what was sent; a cause of ours says the rest by itself.
        answer = f"{failure.code} {failure.message}".strip() if failure else ""
        self._groups.setdefault((key[0], cause, answer), set()).add(key[1])

    def rows(self) -> tuple[OpenNumbers, ...]:
        return tuple(
            OpenNumbers(*group, tuple(sorted(phones))) for group, phones in sorted(self._groups.items())
        )


def protection_after(run: Run) -> Protection:
    """Say what a run left otherwise than the files say, as far as its own reads and CXone's answers tell.

    A number that was not seen in the last read, or was never sent, is not protected. A number that was sent
    and that no read has looked for since is neither: it is not verified.
    """
    not_protected, weaker, not_verified = _Groups(), _Groups(), _Groups()
    not_live = run.not_live
    for change, key in _protective_keys(run.final_plan.changes):
        result = _write_result(run, key)
        if result is not None and result.outcome is Outcome.UNKNOWN:
            not_verified.add(key, result)
        elif change.action is Action.UPDATE:
            weaker.add(key, result)
        elif key in not_live:
            not_protected.add(key, result)
        else:
            not_verified.add(key, None, Cause.NOT_SEEN)
    for change, key in _protective_keys(run.put_back):
        result = run.tally.results[change.action, *key]
        if result.outcome is Outcome.UNKNOWN:
            not_verified.add(key, result)
        elif result.outcome is not Outcome.APPLIED:
            (not_protected if change.action is Action.CREATE else weaker).add(key, result)
    for key in _unread_keys(run):
        not_verified.add(key, _write_result(run, key))
    return Protection(not_protected.rows(), weaker.rows(), not_verified.rows(), _not_removed(run))


def _unread_keys(run: Run) -> Iterator[Key]:
    """Name what CXone says that it took, where it could not be read back."""
    if run.read_back == "failed":
        for action, list_id, phone in run.tally.with_outcome(Outcome.APPLIED):
            if action in _WRITES:
                yield list_id, phone


def _protective_keys(changes: Iterable[Change]) -> Iterator[tuple[Change, Key]]:
    return ((change, key) for change in changes if not change.is_exposing for key in change.keys)


def _write_result(run: Run, key: Key) -> Result | None:
    """Find what became of a number that was sent, whichever way: a read-back may plan another way."""
    results = (run.tally.results.get((action, *key)) for action in _WRITES)
    return next((result for result in results if result is not None), None)


def _not_removed(run: Run) -> tuple[OpenNumbers, ...]:
    """Name what could be removed, and of which CXone does not say that it is. What a guard keeps is none."""
    rows = _Groups()
    put_back = {key for _, key in _protective_keys(run.put_back)}
    allowed = run.final_plan.exposing_keys
    for action, list_id, phone in run.plan.exposing_keys | allowed:
        if (list_id, phone) in put_back:
            continue
        result = run.tally.results.get((action, list_id, phone))
        is_sent = result is not None and result.outcome in {Outcome.REJECTED, Outcome.UNKNOWN}
        is_left = (action, list_id, phone) in allowed and (
            result is None or result.outcome is Outcome.NOT_ATTEMPTED
        )
        if is_sent or is_left:
            rows.add((list_id, phone), result, Cause.NOT_SENT)
    return rows.rows()
