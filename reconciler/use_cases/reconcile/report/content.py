"""The record of one run: its report, and the plan with every number and its outcome."""

from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import orjson

from reconciler import __version__
from reconciler.audit.report_content import Content
from reconciler.audit.unfinished import Named
from reconciler.core.apply.outcomes import Outcome
from reconciler.core.apply.run import Run
from reconciler.core.model.entries import Key, terms_json
from reconciler.core.model.errors import DncError
from reconciler.core.model.finding import Severity, finding_json
from reconciler.core.model.provider import ClockOffset
from reconciler.core.planning.change import Change
from reconciler.core.planning.plan import Plan, change_json, digest
from reconciler.use_cases.reconcile.last_applied import Past
from reconciler.use_cases.reconcile.lingering_holds import lingering_json
from reconciler.use_cases.reconcile.prepared_plan import PreparedPlan
from reconciler.use_cases.reconcile.report.actors import actors_json
from reconciler.use_cases.reconcile.report.list_changes import Turnover, by_reason, census, honoured_json
from reconciler.use_cases.reconcile.report.run_facts import (
    actor_json,
    chunk_json,
    clock_json,
    latency_json,
    pipeline_json,
    ran_json,
    write_window,
)
from reconciler.use_cases.reconcile.unreported_runs import (
    interrupted_json,
    numbers_json,
    release_rows,
    target_json,
)
from reconciler.use_cases.reconcile.warnings import request_alarms
from reconciler.use_cases.workspace.context import Today, Window, iso


def content(prepared: PreparedPlan, run: Run, turned: Turnover, *, status: str, window: Window) -> Content:
    """Write down what a run found and did; whole numbers, for the ledger only."""
    started, finished = window
    inputs, state, past = prepared.inputs, prepared.state, prepared.state.last_applied
    setting = prepared.criteria.setting
    target = state.provider.target
    clock = clock_json(state.provider.clock_offset(), finished)
    cxone = datetime.fromisoformat(clock["cxone"] or clock["ours"])
    latest = max(finished, cxone)
    # A clock that was set back since: by an earlier day more is held.
    as_of = min(prepared.heading.as_of, max(Today.at(started).as_of, Today.at(cxone).as_of))
    return Content(
        tool_version=__version__,
        tenant=inputs.tenant.name,
        target={**target_json(target), **_groups(prepared.list_ids, past)},
        revision=prepared.heading.revision or "",
        held_revision=prepared.heading.held_revision,
        as_of=as_of.isoformat(),
        plan_digest=digest(run.plan.changes, state.provider.dialect, inputs.tenant.name, target),
        actor=_actor(prepared),
        pipeline=pipeline_json(prepared.ctx.pipeline),
        hashes=inputs.project.content(inputs.sources),
        safety=_safety(prepared, run_removed=bool(_removed(run)) or _by_hand(run.final)),
        overrides=_overrides(prepared),
        started_at=iso(started),
        finished_at=iso(finished),
        status=status,
        summary=_summary(run),
        chunks=[chunk_json(sent) for sent in run.tally.sent],
        latency_ms=latency_json(run.tally.sent),
        failures=failures(run),
        not_live=_by_list(run.not_live),
        kept=_kept(past, run, finished),
        releases_used=_counts(run.used.keys() | {named[:2] for named in _used_by_the_dead(past, run)}),
        others=_others(past, run, turned),
        touched=_counts(turned.touched) if state.live.complete and not state.live.unread else None,
        lingering_holds=lingering_json(setting.lingering, past.newest, started, latest=latest),
        restored=_by_list(_restored(run.plan)),
        restored_windows=turned.windows_json,
        adopted=turned.adopted_json,
        renewed=turned.renewed_json,
        read_back=_read_back(run),
        clock={**clock, "planned": prepared.heading.created_at},
        live={"before": census(run.before), "after": census(run.after)},
        reasons=by_reason(run.after),
        error=None,
        write_window=write_window(run.tally.sent, state.provider.clock_offset()),
        removed=_removed(run),
        interrupted=interrupted_json(past.untold),
        requests=honoured_json(run, finished.date(), prepared.waiting(run.final)),
        alarms=_alarms(prepared, run),
        actors=actors_json(prepared, run),
        ran=ran_json(inputs.project, inputs.tenant, prepared.ctx.environ, state.provider),
    )


def plan_with_outcomes(prepared: PreparedPlan, run: Run, turned: Turnover) -> bytes:
    """Write the plan with every number and its outcome: groups are cut by what became of their numbers.

    `overwrites` are the numbers that somebody else had touched before this run wrote over them, and
    `interrupted` those that runs without a report had written. `adopted` and `renewed` are told with every
    number here, and by count in the report.
    """
    document = prepared.document
    state, past = prepared.state, prepared.state.last_applied
    dialect = state.provider.dialect
    document["changes"] = [
        {**change_json(part, dialect), "outcome": outcome}
        for change in run.plan.changes
        for outcome, part in _by_outcome(change, run)
    ]
    document["overwrites"] = _by_list(run.plan.overwrites | past.overwritten_unreported)
    document["interrupted"] = numbers_json(past.untold)
    document["interrupted_off"] = _by_list(key for left in past.untold for key in left.took_off)
    document["releases_used"] = _used(past, run)
    document["doubted"] = _doubted(state.provider.clock_offset(), run)
    document |= turned.numbers_json
    return orjson.dumps(document)


def failures(run: Run) -> list[dict[str, str]]:
    """Name every number that did not arrive, with its code and message."""
    return [
        {
            "action": action.value,
            "list_id": list_id,
            "phone": phone,
            "outcome": result.outcome.value,
            "code": result.failure.code if result.failure else "",
            "message": result.failure.message if result.failure else "",
        }
        for key in sorted(run.tally.having(Outcome.REJECTED, Outcome.UNKNOWN, Outcome.NOT_ATTEMPTED))
        for (action, list_id, phone), result in ((key, run.tally.results[key]),)
        if result.failure or result.outcome is not Outcome.NOT_ATTEMPTED
    ]


def _by_outcome(change: Change, run: Run) -> Iterable[tuple[str, Change]]:
    if not change.goes:
        return [(Outcome.NOT_ATTEMPTED.value, change)]
    parts: dict[str, list[str]] = {}
    results = run.tally.results.of(change.action, change.list_id)
    for phone in change.phones:
        result = results.get(phone)
        outcome = result.outcome if result else Outcome.NOT_ATTEMPTED
        parts.setdefault(outcome.value, []).append(phone)
    return [
        (outcome, Change(change.action, change.list_id, change.direction, change.reason, change.before,
                         change.after, tuple(phones)))
        for outcome, phones in parts.items()
    ]  # fmt: skip


def _groups(list_ids: frozenset[str], past: Past) -> dict[str, dict[str, str]]:
    """Name the group of each list, where lists are groups: another one is another target."""
    told: dict[str, str] = {}
    for list_id in sorted(list_ids):
        with suppress(DncError):  # where CXone could not be read, a report is due all the same
            told[list_id] = past.own_id(list_id)
    return {"groups": told} if told else {}


def _actor(prepared: PreparedPlan) -> dict[str, Any]:
    return actor_json(prepared.ctx, prepared.inputs.repository, prepared.heading.revision)


def _safety(prepared: PreparedPlan, *, run_removed: bool) -> dict[str, Any]:
    note = prepared.state.provider.dialect.removal_note if run_removed else ""
    safety, approval = prepared.criteria.safety, prepared.criteria.approval
    said = {**safety.json(), **approval.json(), "removal": prepared.inputs.tenant.removal}
    return {**said, **({"removal_note": note} if note else {})}


def _by_hand(plan: Plan) -> bool:
    return any(change.by_hand for change in plan.changes)


def _alarms(prepared: PreparedPlan, run: Run) -> list[dict[str, Any]]:
    """Say what only time brought and this run did not settle."""
    waiting = request_alarms(prepared.waiting(run.final), prepared.inputs.project.rules)
    return [finding_json(f) for f in (*prepared.notes, *waiting) if f.severity is Severity.ALARM]


def _overrides(prepared: PreparedPlan) -> dict[str, Any]:
    allow = prepared.criteria.setting.limits.allow
    said = {} if allow is None else {"allow_removals": allow}
    said |= {"accept_history": True} if prepared.rewritten else {}
    return {**said, "by": _actor(prepared)["name"]} if said else {}


def _summary(run: Run) -> dict[str, int]:
    outcomes = {outcome.value.replace("-", "_"): 0 for outcome in Outcome}
    for outcome, count in run.tally.results.counts.items():
        outcomes[outcome.value.replace("-", "_")] = count
    return {**run.plan.summary, "blocked": len(run.final.blocked), **outcomes}


def _by_list(keys: Iterable[Key]) -> list[dict[str, Any]]:
    lists: dict[str, list[str]] = {}
    for list_id, phone in sorted(keys):
        lists.setdefault(list_id, []).append(phone)
    return [{"list_id": list_id, "phones": phones} for list_id, phones in lists.items()]


def _kept(past: Past, run: Run, now: datetime) -> list[dict[str, Any]]:
    rows: dict[tuple[Any, ...], list[str]] = {}
    for key, kept in sorted(run.kept.items()):
        for claim in kept.claims:
            since = claim.since or past.history.first_held(key, claim)
            since = min(since, now) if since else None  # later only where a clock was ahead before
            at = past.held.revision if claim.held_at is None and claim.path else claim.held_at
            whole = replace(claim, since=since, held_at=at)
            rows.setdefault((key[0], whole, kept.blocked_by), []).append(key[1])
    return [
        {
            "list_id": list_id,
            "path": claim.path,
            "terms": terms_json(claim.terms),
            "since": iso(claim.since) if claim.since else None,
            "retrieved_on": claim.retrieved_on.isoformat() if claim.retrieved_on else None,
            "held_at": claim.held_at or None,
            "ended": claim.ended,
            "blocked_by": [b.value for b in blocked_by],
            "phones": phones,
        }
        for (list_id, claim, blocked_by), phones in rows.items()
    ]


def _used(past: Past, run: Run) -> list[dict[str, Any]]:
    """Name the releases that this run used, and runs without a report, each with its numbers."""
    named = sorted(_used_by_the_dead(past, run))
    dead = [
        {"list_id": list_id, "released_on": on, "reason": reason, "evidence": evidence, "phones": [phone]}
        for list_id, phone, on, reason, evidence in named
    ]
    return [*release_rows(run.used), *dead]


def _used_by_the_dead(past: Past, run: Run) -> Iterable[Named]:
    """Name the releases that a run without a report used for numbers whose lines have come back since.

    Where a line did not, its release is still to end our claim, and is named once it has.
    """
    waiting = run.final.wanted.granted.keys() | run.kept.keys() | run.used.keys()
    return (named for named in past.used_unreported(run.before) if named[:2] not in waiting)


def _doubted(offset: ClockOffset | None, run: Run) -> list[dict[str, Any]]:
    """Name what CXone may have had before we asked for it, with that moment on CXone's clock."""
    least = offset.least if offset else timedelta(0)
    rows: dict[tuple[str, str], list[str]] = {}
    for (list_id, phone), asked in sorted(run.tally.doubted.items()):
        rows.setdefault((list_id, iso(asked + least)), []).append(phone)
    return [{"list_id": list_id, "since": at, "phones": phones} for (list_id, at), phones in rows.items()]


def _counts(keys: Iterable[Key]) -> dict[str, int]:
    return dict(Counter(list_id for list_id, _ in sorted(keys)))


def _others(past: Past, run: Run, turned: Turnover) -> dict[str, int]:
    """Count by list the numbers that others had asked for: found when first claimed, seen, written over."""
    found = {(list_id, phone) for (list_id, _), phones in turned.others.items() for phone in phones}
    return _counts(found | turned.touched.keys() | run.plan.overwrites | past.overwritten_unreported)


def _restored(plan: Plan) -> Iterable[Key]:
    return (key for c in plan.changes if c.reason == "restored" for key in c.keys)


def _removed(run: Run) -> dict[str, int]:
    """Count by list what came off or was weakened: the budget of the next 7 days knows it."""
    counts: dict[str, int] = {}
    for action, list_id, phone in run.plan.exposing:
        result = run.tally.results.get((action, list_id, phone))
        # What may have come off counts as well: a budget that doubts stays closed.
        if result is not None and result.outcome in {Outcome.APPLIED, Outcome.UNKNOWN}:
            counts[list_id] = counts.get(list_id, 0) + 1
    return counts


def _read_back(run: Run) -> dict[str, Any] | None:
    if run.read_back == "none":
        return None
    return {
        "how": run.read_back,
        "at": run.after.read_at,
        "entries": run.after.entries,
        "rows": run.after.entries if run.read_back == "full" else 0,
        "mismatches": _mismatches(run) if run.read_back == "full" else None,
        "missing": run.missing,
        "complete": run.after.complete,
    }


def _mismatches(run: Run) -> int:
    """Count what should be live and is not, or is under weaker terms, as the full reading showed."""
    return sum(len(change.phones) for change in run.final.changes if not change.exposing)
