"""The record of one run: its report, and the plan with every number and its outcome."""

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import orjson

from reconciler import __version__
from reconciler.audit.report import Report
from reconciler.audit.report_content import Content
from reconciler.audit.report_rows import BLOCKED, BY_HAND, LISTED, NOT_REMOVED
from reconciler.audit.unfinished import ReleaseRecord
from reconciler.core.apply.counted_run import COUNTS, counted_keys
from reconciler.core.apply.outcomes import Outcome
from reconciler.core.apply.run import Run
from reconciler.core.apply.summary import done_counts, protection_after
from reconciler.core.model.entries import REGISTRY_REASONS, Key, terms_to_json
from reconciler.core.model.errors import DncError
from reconciler.core.model.finding import Severity, finding_to_json
from reconciler.core.model.provider import ClockOffset
from reconciler.core.model.run_result import StoppedBy
from reconciler.core.planning.change import BlockedBy, Change, DriftKind, Reason
from reconciler.core.planning.plan import Plan, change_to_json, plan_digest
from reconciler.core.planning.state import AppliedEntry
from reconciler.use_cases.reconcile.early.counts import last_full_read
from reconciler.use_cases.reconcile.invalid_files import invalid_json
from reconciler.use_cases.reconcile.last_applied import Past
from reconciler.use_cases.reconcile.lingering_holds import lingering_json
from reconciler.use_cases.reconcile.prepared_plan import PreparedPlan
from reconciler.use_cases.reconcile.report.actors import actors_json
from reconciler.use_cases.reconcile.report.list_changes import (
    Turnover,
    census,
    counts_by_reason,
    live_requests_json,
)
from reconciler.use_cases.reconcile.report.run_facts import (
    actor_json,
    chunk_json,
    clock_json,
    latency_json,
    pipeline_json,
    program_json,
    write_window,
)
from reconciler.use_cases.reconcile.unreported_runs import (
    numbers_json,
    releases_json,
    target_json,
    unreported_runs_json,
)
from reconciler.use_cases.reconcile.warnings import request_alarms
from reconciler.use_cases.workspace.context import Today, Window, iso


def content(
    prepared: PreparedPlan, run: Run, list_turnover: Turnover, *, status: str, window: Window
) -> Content:
    """Write down what a run found and did; whole numbers, for the ledger only."""
    started_at, finished_at = window
    inputs, state, past = prepared.inputs, prepared.state, prepared.state.last_applied
    setting = prepared.criteria.setting
    target = state.provider.target
    clock = clock_json(state.provider.clock_offset(), finished_at)
    cxone = datetime.fromisoformat(clock["cxone"] or clock["ours"])
    latest = max(finished_at, cxone)
    # A clock that was set back since: by an earlier day more is held.
    as_of = min(prepared.heading.as_of, max(Today.at(started_at).as_of, Today.at(cxone).as_of))
    report_content = Content(
        tool_version=__version__,
        tenant=inputs.tenant.name,
        target={**target_json(target), **_group_names(prepared.list_ids, past)},
        revision=prepared.heading.revision or "",
        held_revision=prepared.heading.last_applied_revision,
        as_of=as_of.isoformat(),
        plan_digest=plan_digest(run.plan.changes, state.provider.dialect, inputs.tenant.name, target),
        actor=_actor_json(prepared),
        pipeline=pipeline_json(prepared.ctx.pipeline),
        hashes=inputs.project.content_hashes(inputs.sources),
        safety=_safety_json(
            prepared, run_removed=bool(removed_counts(run)) or _has_manual_removals(run.final_plan)
        ),
        overrides=_overrides_json(prepared),
        started_at=iso(started_at),
        finished_at=iso(finished_at),
        status=status,
        summary=_summary_counts(run),
        chunks=[chunk_json(sent_request) for sent_request in run.tally.sent_requests],
        latency_ms=latency_json(run.tally.sent_requests),
        failures=failures(run),
        not_live=_by_list(run.not_live),
        kept=_retained_json(past, run, finished_at),
        releases_used=_counts_by_list(
            run.used_releases.keys()
            | {release_row[:2] for release_row in _releases_of_unreported_runs(past, run)}
        ),
        others=_others_counts(past, run, list_turnover),
        touched=_counts_by_list(list_turnover.modified)
        if state.live.complete and not state.live.is_unread
        else None,
        lingering_holds=lingering_json(setting.lingering_holds, past.newest, started_at, latest=latest),
        invalid=invalid_json(prepared.invalid),
        restored=_by_list(restored_keys(run)),
        restored_windows=list_turnover.windows_json,
        adopted=list_turnover.adopted_json,
        renewed=list_turnover.renewed_json,
        read_back=_verification_read_json(run, last_full_read(past)),
        clock={**clock, "planned": prepared.heading.created_at},
        live={"before": None, "after": None}
        if run.live_after.is_counted
        else {"before": census(run.live_before), "after": census(run.live_after)},
        reasons=counts_by_reason(run.live_after),
        error=None,
        write_window=write_window(
            run.tally.sent_requests[run.early.requests :], state.provider.clock_offset()
        ),
        removed=removed_counts(run),
        done=done_counts(run),
        unverified=_unverified_counts(run),
        stopped_by=stopped_by(prepared, run),
        interrupted=unreported_runs_json(past.unreported_runs),
        requests=live_requests_json(
            run, finished_at.date(), prepared.waiting(run.final_plan), told_before=past.counted
        ),
        alarms=_alarms_json(prepared, run),
        actors=actors_json(prepared, run),
        coverage=[row.to_json() for row in prepared.coverage.current.rows],
        coverage_read_at=prepared.coverage.current.read_at,
        coverage_names=prepared.coverage.current.names_to_json(),
        assignments=[one.to_json() for one in prepared.coverage.results],
        ran=program_json(inputs.project, inputs.tenant, prepared.ctx.environ, state.provider),
    )
    if counted := counted_keys(run):
        report_content["counted"] = _by_list(counted)
    if run.early.writes:
        report_content["early"] = _early_json(run, state.provider.clock_offset())
    after = run.live_after
    if run.read_back in {"full", "none"} and after.complete and not after.unreadable:
        report_content["unmanaged_after"] = run.final_plan.summary["unmanaged"]
    twins = {key[0] for key, codes in after.duplicate_codes.items() if codes & REGISTRY_REASONS}
    if twins:
        report_content["registry_twins"] = sorted(twins)
    return report_content


def _early_json(run: Run, offset: ClockOffset | None) -> dict[str, Any]:
    """Say what a run wrote before its read: how many numbers, by how many requests, and when."""
    return {
        "numbers": len(run.early.written(run.tally)),
        "requests": run.early.requests,
        "window": write_window(run.tally.sent_requests[: run.early.requests], offset),
    }


def plan_with_outcomes(prepared: PreparedPlan, run: Run, list_turnover: Turnover) -> bytes:
    """Write the plan with every number and its outcome: groups are cut by what became of their numbers.

    `early` are the numbers that were written before the read, `unmanaged_after` those of others that the
    last read showed and the plan's did not, `overwrites` those that somebody else had
    touched before this run wrote over them, and `interrupted` those that runs without a report had written.
    `adopted` and `renewed` are told with every number here, and by count in the report.
    """
    document = prepared.document
    state, unreported_run = prepared.state, prepared.state.last_applied
    dialect = state.provider.dialect
    document["changes"] = [
        {**change_to_json(change_part, dialect), "outcome": outcome}
        for change in run.plan.changes
        for outcome, change_part in _split_by_outcome(change, run)
    ]
    document["overwrites"] = _by_list(run.plan.overwrites | unreported_run.overwritten_by_unreported_runs)
    if run.early.writes:
        document["early"] = _by_list(run.early.written(run.tally))
    if others := _unmanaged_keys(run.final_plan) - _unmanaged_keys(run.plan):
        document["unmanaged_after"] = _by_list(others)
    document["interrupted"] = numbers_json(unreported_run.unreported_runs)
    document["interrupted_off"] = _by_list(
        key for left in unreported_run.unreported_runs for key in left.removed_keys
    )
    document["releases_used"] = _used_releases_json(unreported_run, run)
    document["doubted"] = _doubted_json(state.provider.clock_offset(), run)
    document |= list_turnover.numbers_json
    return orjson.dumps(document)


def _unmanaged_keys(plan: Plan) -> frozenset[Key]:
    rows = (drift for drift in plan.drift if drift.kind is DriftKind.UNMANAGED)
    return frozenset((drift.list_id, phone) for drift in rows for phone in drift.phones)


def stopped_by(prepared: PreparedPlan, run: Run) -> StoppedBy | None:
    """Say who ended a run before its end, where anything was left for that."""
    if run.is_clean:
        return None
    return prepared.ctx.run.stop.by or (StoppedBy.DEADLINE if run.is_out_of_time else None)


def _unverified_counts(run: Run) -> dict[str, int]:
    """Count by list what was sent and not seen since."""
    counts: Counter[str] = Counter()
    for row in protection_after(run).not_verified:
        counts[row.list_id] += len(row.phones)
    return dict(sorted(counts.items()))


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
        for key in sorted(run.tally.with_outcome(Outcome.REJECTED, Outcome.UNKNOWN, Outcome.NOT_ATTEMPTED))
        for (action, list_id, phone), result in ((key, run.tally.results[key]),)
        if result.failure or result.outcome is not Outcome.NOT_ATTEMPTED
    ]


def _split_by_outcome(change: Change, run: Run) -> Iterable[tuple[str, Change]]:
    if not change.is_allowed:
        return [(Outcome.NOT_ATTEMPTED.value, change)]
    parts: dict[str, list[str]] = {}
    results = run.tally.results.for_list(change.action, change.list_id)
    for phone in change.phones:
        result = results.get(phone)
        outcome = result.outcome if result else Outcome.NOT_ATTEMPTED
        parts.setdefault(outcome.value, []).append(phone)
    return [
        (outcome, Change(change.action, change.list_id, change.direction, change.reason, change.before,
                         change.after, tuple(phones)))
        for outcome, phones in parts.items()
    ]  # fmt: skip


def _group_names(list_ids: frozenset[str], past: Past) -> dict[str, dict[str, str]]:
    """Name the group of each list, where lists are groups: another one is another target."""
    groups: dict[str, str] = {}
    for list_id in sorted(list_ids):
        with suppress(DncError):  # where CXone could not be read, a report is due all the same
            groups[list_id] = past.cxone_list_id(list_id)
    return {"groups": groups} if groups else {}


def _actor_json(prepared: PreparedPlan) -> dict[str, Any]:
    return actor_json(prepared.ctx, prepared.inputs.repository, prepared.heading.revision)


def _safety_json(prepared: PreparedPlan, *, run_removed: bool) -> dict[str, Any]:
    note = prepared.state.provider.dialect.removal_note if run_removed else ""
    safety, approval = prepared.criteria.safety, prepared.criteria.approval
    safety_json = {**safety.json(), **approval.json(), "removal": prepared.inputs.tenant.removal}
    return {**safety_json, **({"removal_note": note} if note else {})}


def _has_manual_removals(plan: Plan) -> bool:
    return any(change.by_hand for change in plan.changes)


def _alarms_json(prepared: PreparedPlan, run: Run) -> list[dict[str, Any]]:
    """Say what only time brought and this run did not settle."""
    waiting = request_alarms(prepared.waiting(run.final_plan), prepared.inputs.project.rules)
    return [
        finding_to_json(finding)
        for finding in (*prepared.notes, *prepared.coverage.findings, *waiting)
        if finding.severity is Severity.ALARM
    ]


def _overrides_json(prepared: PreparedPlan) -> dict[str, Any]:
    allow = prepared.criteria.setting.limits.allow
    overrides = {} if allow is None else {"allow_removals": allow}
    overrides |= {"accept_history": True} if prepared.rewritten else {}
    return {**overrides, "by": _actor_json(prepared)["name"]} if overrides else {}


def _summary_counts(run: Run) -> dict[str, int]:
    outcomes = {outcome.value.replace("-", "_"): 0 for outcome in Outcome}
    for outcome, count in run.tally.results.counts.items():
        outcomes[outcome.value.replace("-", "_")] = count
    return {**run.plan.summary, "blocked": len(run.blocked_keys), **outcomes}


def _by_list(keys: Iterable[Key]) -> list[dict[str, Any]]:
    lists: dict[str, list[str]] = {}
    for list_id, phone in sorted(keys):
        lists.setdefault(list_id, []).append(phone)
    return [{"list_id": list_id, "phones": phones} for list_id, phones in lists.items()]


def _retained_json(past: Past, run: Run, now: datetime) -> list[dict[str, Any]]:
    rows: dict[tuple[str, AppliedEntry, tuple[BlockedBy, ...], str], list[str]] = {}
    kinds = _retained_kinds(run)
    for key, retained in sorted(run.retained.items()):
        for entry in retained.entries:
            since = entry.since or past.history.applied_since(key, entry)
            since = min(since, now) if since else None  # later only where a clock was ahead before
            held_at = (
                past.last_applied.revision
                if entry.last_revision is None and entry.path
                else entry.last_revision
            )
            dated_entry = replace(entry, since=since, last_revision=held_at)
            kind = kinds.get(key, LISTED)
            rows.setdefault((key[0], dated_entry, retained.blocked_by, kind), []).append(key[1])
    return [
        {
            "list_id": list_id,
            "path": entry.path,
            "terms": terms_to_json(entry.terms),
            "since": iso(entry.since) if entry.since else None,
            "retrieved_on": entry.retrieved_on.isoformat() if entry.retrieved_on else None,
            "held_at": entry.last_revision or None,
            "ended": entry.is_own_ended,
            "blocked_by": [block.value for block in blocked_by],
            "kind": kind,
            "phones": phones,
        }
        for (list_id, entry, blocked_by, kind), phones in rows.items()
    ]


def _retained_kinds(run: Run) -> dict[Key, str]:
    """Say of each number that would be removed or weakened what it stays for; the strongest word last."""
    kinds: dict[Key, str] = {}
    exposing = [change for change in run.final_plan.changes if change.is_exposing]
    kinds.update((key, NOT_REMOVED) for change in exposing if change.is_allowed for key in change.keys)
    kinds.update((key, BY_HAND) for change in exposing if change.by_hand for key in change.keys)
    kinds.update(dict.fromkeys(run.blocked_keys, BLOCKED))
    return kinds


def _used_releases_json(past: Past, run: Run) -> list[dict[str, Any]]:
    """Name the releases that this run used, and runs without a report, each with its numbers."""
    release_row = sorted(_releases_of_unreported_runs(past, run))
    dead = [
        {
            "list_id": list_id,
            "released_on": released_on,
            "reason": reason,
            "evidence": evidence,
            "phones": [phone],
        }
        for list_id, phone, released_on, reason, evidence in release_row
    ]
    return [*releases_json(run.used_releases), *dead]


def _releases_of_unreported_runs(past: Past, run: Run) -> Iterable[ReleaseRecord]:
    """Name the releases that a run without a report used for numbers whose lines have come back since.

    Where a line did not, its release is still to end our claim, and is named once it has.
    """
    waiting = (
        run.final_plan.target_state.authorizations.keys() | run.retained.keys() | run.used_releases.keys()
    )
    return (
        release_row
        for release_row in past.releases_of_unreported_runs(run.live_before)
        if release_row[:2] not in waiting
    )


def _doubted_json(offset: ClockOffset | None, run: Run) -> list[dict[str, Any]]:
    """Name what CXone may have had before we asked for it, with that moment on CXone's clock."""
    least = offset.least if offset else timedelta(0)
    rows: dict[tuple[str, str], list[str]] = {}
    for (list_id, phone), asked_at in sorted(run.tally.doubtful.items()):
        rows.setdefault((list_id, iso(asked_at + least)), []).append(phone)
    return [
        {"list_id": list_id, "since": moment, "phones": phones} for (list_id, moment), phones in rows.items()
    ]


def _counts_by_list(keys: Iterable[Key]) -> dict[str, int]:
    return dict(Counter(list_id for list_id, _ in sorted(keys)))


def _others_counts(past: Past, run: Run, list_turnover: Turnover) -> dict[str, int]:
    """Count by list the numbers that others had asked for: found when first claimed, seen, written over."""
    foreign_keys = {
        (list_id, phone) for (list_id, _), phones in list_turnover.others.items() for phone in phones
    }
    return _counts_by_list(
        foreign_keys
        | list_turnover.modified.keys()
        | run.plan.overwrites
        | past.overwritten_by_unreported_runs
    )


def restored_keys(run: Run) -> Iterator[Key]:
    """Name what somebody else had removed or weakened, and this run put back."""
    for change in run.plan.changes:
        if change.reason is Reason.RESTORED:
            results = run.tally.results.for_list(change.action, change.list_id)
            yield from (
                key
                for key in change.keys
                if (result := results.get(key[1])) and result.outcome is Outcome.APPLIED
            )


def removed_counts(run: Run) -> dict[str, int]:
    """Count by list what came off or was weakened: the budget of the next 7 days knows it."""
    counts: dict[str, int] = {}
    for action, list_id, phone in run.plan.exposing_keys:
        result = run.tally.results.get((action, list_id, phone))
        # What may have come off counts as well: a budget that doubts stays closed.
        if result is not None and result.outcome in {Outcome.APPLIED, Outcome.UNKNOWN}:
            counts[list_id] = counts.get(list_id, 0) + 1
    return counts


def _verification_read_json(run: Run, full_read: Report | None) -> dict[str, Any] | None:
    if run.read_back == "none":
        return None
    return {
        "how": run.read_back,
        "at": run.live_after.read_at,
        "entries": None if run.read_back == "failed" else run.rows_read,
        "rows": run.rows_read if run.read_back == "full" else 0,
        "mismatches": _count_mismatches(run) if run.read_back == "full" else None,
        "missing": run.missing,
        "complete": run.live_after.complete,
        "removals_seen": run.is_seen_after_removals,
        **({"full_read_at": full_read.verified_text} if full_read and run.read_back == COUNTS else {}),
    }


def _count_mismatches(run: Run) -> int:
    """Count what should be live and is not, or is under weaker terms, as the full reading showed."""
    return sum(len(change.phones) for change in run.final_plan.changes if not change.is_exposing)
