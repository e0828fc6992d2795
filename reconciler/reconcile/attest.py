"""The report of a run that failed: that the control ran, and what stopped it. Nothing held changes by it.

What is held is told by the newest report, so this one repeats what the one before told of it: revision, date,
what is kept and what is not live, known refusals, limits, the target. The law is in `tests/story`: whatever
is planned after a failed run is what would have been planned without it.
"""

from datetime import datetime
from typing import Any

import orjson

from reconciler.audit.ledger import Ledger
from reconciler.audit.report import Content
from reconciler.model.errors import BrokenChain, DncError
from reconciler.reconcile.opening import open_committed, open_ledger, open_repository
from reconciler.reconcile.plan import failed
from reconciler.reconcile.ran import ran_json
from reconciler.reconcile.repeated import repeated
from reconciler.reconcile.surroundings import Surroundings
from reconciler.reconcile.turn import in_turn
from reconciler.repository.repository import Repository


def attest_failure(around: Surroundings, error: DncError, started: datetime) -> None:
    """Leave a report of a run that failed, where every run is to leave one. The error stays what it is.

    It is said where there can be none: the chain is broken, the configuration cannot be read, no report came
    before, or it cannot be committed or pushed.
    """
    if not around.leaves_always_a_report:
        return
    try:
        why_not = _leave(around, error, started)
    except DncError as problem:
        why_not = problem.fact
    if why_not:
        around.say(f"warning: this failed run has left no report: {why_not}")


def _leave(around: Surroundings, error: DncError, started: datetime) -> str:
    """Write and deliver the report; or say why there is none."""
    repository = open_repository(around)
    project = open_committed(around, repository, repository.head() if repository else None)
    tenant = project.tenant(around.tenant)
    ledger = open_ledger(project, repository, around, goes_on=True)
    if repository is None or ledger is None:
        return "this is no git repository"
    if isinstance(error, BrokenChain):
        return "the chain of reports is broken"
    with in_turn(around):
        ledger.refresh()
        newest = ledger.newest(tenant.name)
        if any(doubt.broken for doubt in ledger.doubts(tenant.name)):
            return "the chain of reports is broken"
        if newest is None:
            return "the first report of a tenant is of a run that read CXone"
        told = _error(repository, error)
        content = repeated(around, repository, newest.report, started, status="failed", error=told)
        content["ran"] = ran_json(project, tenant, around.environ, None)
        _append(around, ledger, content, error)
        push = project.configuration.audit.push
        ledger.deliver(
            push=push == "always" or (push == "auto" and around.pipeline.running),
            hurried=around.stop.is_set,
        )
        ledger.demand_signed()
    return ""


def _append(around: Surroundings, ledger: Ledger, content: Content, error: DncError) -> None:
    document = {**failed(around, error), "overwrites": [], "interrupted": []}
    ledger.append(content, orjson.dumps(document), at=around.clock())


def _error(repository: Repository, error: DncError) -> dict[str, Any]:
    return {
        "exit_code": error.exit_code,
        "fact": error.fact,
        "way_out": error.way_out,
        "where": error.where,
        "revision": repository.head(),
    }
