"""The honour-by clock in the report: how long requests took until they were live, and which still wait."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from reconciler.apply.run import Run
from reconciler.apply.tally import Outcome
from reconciler.model.claims import Key
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
        "late": [
            {
                "list_id": request.list_id,
                "phone": request.phone,
                "requested_on": request.requested_on.isoformat(),
                "due": request.due.due.isoformat() if request.due else None,
                "rule": request.due.rule if request.due else None,
                "days": request.days,
                "days_late": request.days_late,
            }
            for request in found.late
        ],
        "open": requests_json(made.waiting(run.final)),
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
