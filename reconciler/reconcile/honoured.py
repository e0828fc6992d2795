"""The honour-by clock in the report: how long requests took until they were live, and which still wait."""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from reconciler.apply.run import Run
from reconciler.apply.tally import Outcome
from reconciler.model.claims import Key
from reconciler.model.deadline import Deadline
from reconciler.planning.change import Action, Change, Reason
from reconciler.planning.requests import LiveRequest, honoured, requested_on, requests_json
from reconciler.reconcile.planned import Planned


def honoured_json(made: Planned, run: Run, on: date) -> dict[str, Any]:
    """Say how many days the requests took that this run made live on that day, which were late, which wait.

    What was live before, put there by somebody else or put back by this run, is no request that took time.
    """
    found = honoured(_made_live(run, on))
    return {
        "days": {"p50": found.p50, "p95": found.p95, "max": found.longest},
        "in_time": found.in_time,
        "took": {str(days): count for days, count in sorted(found.took.items())},
        "late": list(_late(found.late)),
        "open": requests_json(made.waiting(run.final)),
    }


def _late(requests: Iterable[LiveRequest]) -> Iterator[dict[str, Any]]:
    """Name the late ones, those alike together: a first import may have a million."""
    alike: dict[tuple[str, date, Deadline | None, int, int], list[str]] = {}
    for one in requests:
        key = (one.list_id, one.requested_on, one.due, one.days, one.days_late)
        alike.setdefault(key, []).append(one.phone)
    for (list_id, asked_on, due, days, days_late), phones in alike.items():
        yield {
            "list_id": list_id,
            "requested_on": asked_on.isoformat(),
            "due": due.due.isoformat() if due else None,
            "rule": due.rule if due else None,
            "days": days,
            "days_late": days_late,
            "phones": phones,
        }


def _made_live(run: Run, on: date) -> Iterator[LiveRequest]:
    new = [
        change
        for change in run.plan.changes
        if change.action is Action.CREATE and change.reason is Reason.DECLARED and change.goes
    ]
    asked = requested_on(run.plan.wanted, (key for change in new for key in _applied(change, run)))
    for change in new if asked else ():
        for key in change.keys:
            if (day := asked.get(key)) is not None:
                yield LiveRequest(*key, day, on, change.due)


def _applied(change: Change, run: Run) -> Iterator[Key]:
    results = run.tally.results.of(change.action, change.list_id)
    for key in change.keys:
        result = results.get(key[1])
        if result is not None and result.outcome is Outcome.APPLIED:
            yield key
