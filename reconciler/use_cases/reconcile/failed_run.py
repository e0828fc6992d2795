"""Reports of a run that failed or read nothing: the last applied state is repeated unchanged."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import orjson

from reconciler import __version__
from reconciler.audit.ledger import Ledger
from reconciler.audit.report import Report
from reconciler.audit.report_content import Content
from reconciler.core.apply.outcomes import Outcome
from reconciler.core.model.errors import BrokenChain, DncError, NotDelivered, ReadStopped
from reconciler.core.planning.plan import COUNTS
from reconciler.git.repository import Repository
from reconciler.use_cases.reconcile.plan import failed_plan_json
from reconciler.use_cases.reconcile.report.actors import triggerer_json
from reconciler.use_cases.reconcile.report.run_facts import (
    actor_json,
    clock_json,
    latency_json,
    pipeline_json,
    program_json,
)
from reconciler.use_cases.reconcile.run_lock import hold_run_lock
from reconciler.use_cases.workspace.context import CommandContext, iso
from reconciler.use_cases.workspace.opening import open_committed, open_ledger, open_repository


def repeated_content(
    ctx: CommandContext, repository: Repository, previous_report: Report, started_at: datetime, *, status: str
) -> Content:
    """Write it: revision, date, kept and not live, known refusals, limits and target are as before."""
    finished_at, head = max(started_at, ctx.clock()), repository.head()
    told = previous_report.fields  # repeated word for word, with what a later version added
    outcomes = dict.fromkeys((outcome.value.replace("-", "_") for outcome in Outcome), 0)
    return Content(
        tool_version=__version__,
        tenant=previous_report.tenant,
        target=told["target"],
        revision=previous_report.revision,
        held_revision=told["held_revision"],
        as_of=told["as_of"],
        plan_digest="",
        actor=actor_json(ctx, repository, head),
        pipeline=pipeline_json(ctx.pipeline),
        hashes=told["hashes"],
        safety=told["safety"],
        overrides={},
        started_at=iso(started_at),
        finished_at=iso(finished_at),
        status=status,
        summary={**dict.fromkeys(COUNTS, 0), **outcomes},
        chunks=[],
        latency_ms=latency_json(()),
        failures=told["failures"],
        not_live=told["not_live"],
        kept=[_repeated_retained(row, finished_at) for row in told["kept"]],
        releases_used={},
        others={},
        touched=None,
        lingering_holds=told.get("lingering_holds", []),
        invalid=told.get("invalid", []),
        restored=[],
        restored_windows=[],
        adopted=[],
        renewed=[],
        read_back=None,
        clock=clock_json(None, finished_at),
        write_window=None,
        removed={},
        done={},
        unverified=told.get("unverified", {}),
        stopped_by=None,
        interrupted=[],
        requests={
            "days": {"p50": None, "p95": None, "max": None},
            "in_time": 0,
            "late": [],
            "open": told.get("requests", {}).get("open", []),
        },
        alarms=told.get("alarms", []),
        live={"before": {}, "after": {}},
        reasons={},
        error=None,
        actors=triggerer_json(ctx, repository),
        coverage=told.get("coverage", []),
        coverage_read_at=told.get("coverage_read_at"),
        coverage_names=told.get("coverage_names", {}),
        assignments=[],
        ran={},
    )


def _repeated_retained(row: Mapping[str, Any], now: datetime) -> Mapping[str, Any]:
    """Repeat what is kept; since later than now it can only be where a clock was ahead before."""
    since = row["since"]
    return {**row, "since": iso(now)} if since and datetime.fromisoformat(since) > now else row


@contextmanager
def naming_stop(ctx: CommandContext) -> Iterator[None]:
    """Say who stopped a run that has sent nothing, where an error says only that it was asked to stop."""
    try:
        yield
    except ReadStopped as error:
        fact = f"{ctx.stop_text or error.fact}: nothing was sent to CXone, and nothing was changed there"
        raise ReadStopped(fact, "run dnc apply again") from error


def report_failure(ctx: CommandContext, error: DncError, started_at: datetime) -> None:
    """Leave a report of a run that failed, where every run is to leave one. The error stays what it is.

    It is said where there can be none: the chain is broken, the configuration cannot be read, no report came
    before, or it cannot be committed or pushed.
    """
    if not ctx.leaves_always_a_report:
        return
    try:
        why_not = _write_report(ctx, error, started_at)
    except DncError as problem:
        why_not = problem.fact
    if why_not:
        ctx.say(f"warning: this failed run has left no report: {why_not}")


def failed_apply_json(ctx: CommandContext, error: DncError) -> dict[str, Any]:
    """Say as an apply's JSON that nothing was applied, and who stopped it, if anybody did."""
    return {
        **failed_plan_json(ctx, error),
        "status": "failed",
        "exit_code": error.exit_code,
        "stopped_by": ctx.run.stop.by,
    }


def _write_report(ctx: CommandContext, error: DncError, started_at: datetime) -> str:
    """Write and deliver the report; or say why there is none."""
    repository = open_repository(ctx)
    project = open_committed(ctx, repository, repository.head() if repository else None)
    tenant = project.tenant(ctx.options.tenant)
    ledger = open_ledger(project, repository, ctx, goes_on=True)
    if repository is None or ledger is None:
        return "this is no git repository"
    if isinstance(error, BrokenChain):
        return "the chain of reports is broken"
    with hold_run_lock(ctx):
        ledger.refresh()
        newest = ledger.newest(tenant.name)
        if any(doubt.broken for doubt in ledger.doubts(tenant.name)):
            return "the chain of reports is broken"
        if newest is None:
            return "the first report of a tenant is of a run that read CXone"
        error_document = _error_json(repository, error)
        content = repeated_content(ctx, repository, newest.report, started_at, status="failed")
        content["error"] = error_document
        content["stopped_by"] = ctx.run.stop.by
        content["ran"] = program_json(project, tenant, ctx.environ, None)
        _append_report(ctx, ledger, content, error)
        push = project.configuration.audit.push
        try:
            ledger.deliver(
                push=push == "always" or (push == "auto" and ctx.pipeline.is_running),
                is_hurried=ctx.run.stop.is_set,
            )
            ledger.demand_signed()
        except NotDelivered as problem:  # there is a report all the same
            ctx.say(f"warning: {problem}")
    return ""


def _append_report(ctx: CommandContext, ledger: Ledger, content: Content, error: DncError) -> None:
    document = {**failed_plan_json(ctx, error), "overwrites": [], "interrupted": []}
    ledger.append(content, orjson.dumps(document), at=ctx.clock())


def _error_json(repository: Repository, error: DncError) -> dict[str, Any]:
    return {
        "exit_code": error.exit_code,
        "fact": error.fact,
        "way_out": error.fix,
        "where": error.where,
        "revision": repository.head(),
    }
