"""The record of one run: its report, and the plan with every number and its outcome."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from hashlib import sha256
from math import ceil
from typing import Any

import orjson

from reconciler import __version__
from reconciler.apply.run import Run
from reconciler.apply.tally import Outcome, Sent
from reconciler.audit.report import Content
from reconciler.model.claims import Key
from reconciler.model.live import Live
from reconciler.model.provider import ClockOffset
from reconciler.planning.change import Change
from reconciler.planning.held import HeldClaim
from reconciler.planning.plan import Plan, change_json, digest
from reconciler.reconcile.clock import iso
from reconciler.reconcile.past import terms_json
from reconciler.reconcile.planned import Planned
from reconciler.reconcile.surroundings import Pipeline


def content(made: Planned, run: Run, *, status: str, started: datetime, finished: datetime) -> Content:
    """Write down what a run found and did; whole numbers, for the ledger only."""
    target = made.provider.target
    return Content(
        tool_version=__version__,
        tenant=made.tenant.name,
        target={"dialect": target.dialect, "organisation": target.organisation, "host": target.host},
        revision=made.heading.revision or "",
        held_revision=made.heading.held_revision,
        as_of=made.heading.as_of.isoformat(),
        plan_digest=digest(run.plan.changes, made.provider.dialect, made.tenant.name, target),
        actor=_actor(made),
        pipeline=_pipeline(made.around.pipeline),
        hashes=made.project.content(made.sources),
        safety=_safety(made),
        overrides=_overrides(made),
        started_at=iso(started),
        finished_at=iso(finished),
        status=status,
        summary=_summary(run),
        chunks=[_chunk(sent) for sent in run.tally.sent],
        latency_ms=_latency(run.tally.sent),
        failures=failures(run),
        not_live=_by_list(run.not_live),
        kept=_kept(made, run),
        restored=_by_list(_restored(run.plan)),
        read_back=_read_back(run),
        clock=_clock(made.provider.clock_offset(), finished),
        live={"before": _census(run.before), "after": _census(run.after)},
        write_window=_window(run.tally.sent, made.provider.clock_offset()),
        removed=_removed(run),
    )


def plan_with_outcomes(made: Planned, run: Run) -> bytes:
    """Write the plan with every number and its outcome: groups are cut by what became of their numbers.

    `overwrites` are the numbers that somebody else had touched before this run wrote over them.
    """
    document = made.document
    dialect = made.provider.dialect
    document["changes"] = [
        {**change_json(part, dialect), "outcome": outcome}
        for change in run.plan.changes
        for outcome, part in _by_outcome(change, run)
    ]
    document["overwrites"] = _by_list(run.plan.overwrites)
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
        for (action, list_id, phone), result in sorted(run.tally.results.items())
        if result.outcome is not Outcome.APPLIED
        and (result.failure or result.outcome is not Outcome.NOT_ATTEMPTED)
    ]


def _by_outcome(change: Change, run: Run) -> Iterable[tuple[str, Change]]:
    if not change.goes:
        return [(Outcome.NOT_ATTEMPTED.value, change)]
    parts: dict[str, list[str]] = {}
    for phone in change.phones:
        result = run.tally.results.get((change.action, change.list_id, phone))
        outcome = result.outcome if result else Outcome.NOT_ATTEMPTED
        parts.setdefault(outcome.value, []).append(phone)
    return [
        (outcome, Change(change.action, change.list_id, change.direction, change.reason, change.before,
                         change.after, tuple(phones)))
        for outcome, phones in parts.items()
    ]  # fmt: skip


def _actor(made: Planned) -> dict[str, Any]:
    """Say who ran this and who wrote the commit; nothing of it is proved."""
    pipeline, repository, revision = made.around.pipeline, made.repository, made.heading.revision
    user = repository.user() if repository else None
    return {
        "name": pipeline.get("GITLAB_USER_LOGIN") or user or made.around.environ.get("USER") or "unknown",
        "email": pipeline.get("GITLAB_USER_EMAIL") or user,
        "commit_author": repository.describe(revision).author if repository and revision else None,
        "how": "asserted",
    }


def _pipeline(pipeline: Pipeline) -> dict[str, Any] | None:
    names = (
        "CI_PIPELINE_ID",
        "CI_PIPELINE_SOURCE",
        "CI_PIPELINE_URL",
        "CI_JOB_ID",
        "CI_JOB_URL",
        "CI_COMMIT_REF_NAME",
    )
    told = {name.removeprefix("CI_").lower(): pipeline.get(name) for name in names if pipeline.get(name)}
    return {**told, "how": "asserted"} if told else None


def _safety(made: Planned) -> dict[str, Any]:
    limits = made.setting.limits
    return {
        "max_removals": limits.max_removals,
        "max_removal_percent": limits.max_removal_percent,
        "removal": made.tenant.removal,
    }


def _overrides(made: Planned) -> dict[str, Any]:
    allow = made.setting.limits.allow
    return {} if allow is None else {"allow_removals": allow, "by": _actor(made)["name"]}


def _summary(run: Run) -> dict[str, int]:
    outcomes = {outcome.value.replace("-", "_"): 0 for outcome in Outcome}
    for result in run.tally.results.values():
        outcomes[result.outcome.value.replace("-", "_")] += 1
    return {**run.plan.summary, "blocked": len(run.final.blocked), **outcomes}


def _chunk(sent: Sent) -> dict[str, Any]:
    answer = sent.answer
    return {
        "action": sent.action,
        "size": sent.size,
        "attempts": answer.attempts,
        "latency_ms": round(answer.latency_ms, 1),
        "verdict": answer.verdict.value,
        "successes": sent.size - len(answer.failures) - len(answer.conflicts)
        if answer.verdict == "answered"
        else 0,
        "failures": len(answer.failures),
        "conflicts": len(answer.conflicts),
        "started": iso(answer.started) if answer.started else None,
        "ended": iso(answer.ended) if answer.ended else None,
    }


def _latency(sent: Iterable[Sent]) -> dict[str, float | None]:
    times = sorted(s.answer.latency_ms for s in sent)
    if not times:
        return {"p50": None, "p95": None, "max": None}
    at = {share: round(times[max(0, ceil(share * len(times)) - 1)], 1) for share in (0.5, 0.95, 1.0)}
    return {"p50": at[0.5], "p95": at[0.95], "max": at[1.0]}


def _by_list(keys: Iterable[Key]) -> list[dict[str, Any]]:
    lists: dict[str, list[str]] = {}
    for list_id, phone in sorted(keys):
        lists.setdefault(list_id, []).append(phone)
    return [{"list_id": list_id, "phones": phones} for list_id, phones in lists.items()]


def _kept(made: Planned, run: Run) -> list[dict[str, Any]]:
    rows: dict[tuple[Any, ...], list[str]] = {}
    for key, kept in sorted(run.kept.items()):
        for claim in kept.claims:
            since = claim.since or _since(made, key, claim)
            rows.setdefault((key[0], claim.path, claim.terms, since, kept.blocked_by), []).append(key[1])
    return [
        {
            "list_id": list_id,
            "path": path,
            "terms": terms_json(terms),
            "since": iso(since) if since else None,
            "blocked_by": [b.value for b in blocked_by],
            "phones": phones,
        }
        for (list_id, path, terms, since, blocked_by), phones in rows.items()
    ]


def _since(made: Planned, key: Key, claim: HeldClaim) -> datetime | None:
    return made.past.first_held(key, claim)


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
        "missing": run.missing,
        "complete": run.after.complete,
    }


def _clock(offset: ClockOffset | None, now: datetime) -> dict[str, Any]:
    if offset is None:
        return {"ours": iso(now), "cxone": None}
    return {
        "ours": iso(now),
        "cxone": iso(now + (offset.least + offset.most) / 2),
        "offset_seconds": [offset.least.total_seconds(), offset.most.total_seconds()],
    }


def _window(sent: Iterable[Sent], offset: ClockOffset | None) -> dict[str, str] | None:
    """Say when this run can have written, on CXone's clock: a touch in it, of a number we wrote, is ours."""
    times = [(s.answer.started, s.answer.ended) for s in sent]
    began = min((t for t, _ in times if t), default=None)
    ended = max((t for _, t in times if t), default=None)
    if began is None or ended is None:
        return None
    least, most = (offset.least, offset.most) if offset else (timedelta(0), timedelta(0))
    return {"from": iso(began + least), "to": iso(ended + most)}


def _census(live: Live) -> dict[str, Any]:
    """Count each list, and name what is on it: SHA-256 of the sorted `phone,reasonCode,expirationPolicy`."""
    return {
        list_id: {
            "count": len(entries),
            "sha256": sha256(
                "".join(
                    f"{phone},{entries[phone].terms.reason_code},{entries[phone].terms.expiration_policy}\n"
                    for phone in sorted(entries)
                ).encode()
            ).hexdigest(),
        }
        for list_id, entries in sorted(live.lists.items())
    }
