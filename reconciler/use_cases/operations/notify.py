"""`DNC_NOTIFY_URL`: one JSON post to whoever is on call, where a run leaves what people must know."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from reconciler.config.connection_settings import proxy_exemption, url_problem
from reconciler.core.model.entries import Key
from reconciler.core.model.errors import DncError
from reconciler.core.model.finding import Severity, count_text
from reconciler.core.model.phone import mask
from reconciler.core.model.run_result import ADVICE, OpenNumbers, Protection
from reconciler.core.planning.change import Reason
from reconciler.core.planning.coverage import shown_name
from reconciler.use_cases.reconcile.apply import ApplyResult
from reconciler.use_cases.reconcile.report.content import restored_keys
from reconciler.use_cases.reconcile.skill_coverage import CoverageLookup
from reconciler.use_cases.workspace.context import CommandContext, iso

VARIABLE = "DNC_NOTIFY_URL"
_NOTIFIED_EXIT_CODES = frozenset({5, 8, 9})
_SAMPLES = 5
_TIMEOUT_SECONDS = 10


def notify(ctx: CommandContext, outcome: ApplyResult | DncError) -> None:
    """Post what people must know: numbers put back, late requests, coverage that is worse, exits, the chain.

    The exits are 5, 8 and 9.

    Numbers are masked. That it fails is a warning: the run is over, and its exit code stands.
    """
    url = ctx.environ.get(VARIABLE, "")
    if not url:
        return
    message = (
        _failure_message(ctx, outcome) if isinstance(outcome, DncError) else _apply_message(ctx, outcome)
    )
    if message is None:
        return
    if url_error := url_problem(url.partition("?")[0]):  # a webhook's secret may stand behind it
        ctx.say(f"warning: {VARIABLE} {url_error}: no one was notified")
        return
    try:
        _post(url, message)
    except OSError as error:  # all that requests raises is one; its text has the address: a secret
        host = urlsplit(url).hostname
        ctx.say(f"warning: {VARIABLE}: {host} was not told ({type(error).__name__})")


def _post(url: str, message: Mapping[str, Any]) -> None:
    import requests  # noqa: PLC0415  (only where somebody is to be told)

    body = json.dumps(message).encode()
    with requests.Session() as session:
        session.auth = _no_auth  # a .netrc would add its own header
        headers = {"Content-Type": "application/json"}
        answer = session.post(
            url,
            data=body,
            headers=headers,
            timeout=_TIMEOUT_SECONDS,
            allow_redirects=False,
            proxies=proxy_exemption(url),
        )
        answer.raise_for_status()


def _no_auth(request: Any) -> Any:  # noqa: ANN401  (requests' own types)
    return request


def _apply_message(ctx: CommandContext, result: ApplyResult) -> dict[str, Any] | None:
    found_removed = any(change.reason is Reason.RESTORED for change in result.run.plan.changes)
    late_requests = [request for request in result.prepared.waiting(result.run.plan) if request.is_overdue]
    waiting = result.prepared.waiting(result.run.final_plan)
    still_open = Counter(
        {(request.rule, request.list_id, request.due): len(request.phones) for request in waiting}
    )
    code = result.exit_code
    coverage = result.prepared.coverage
    if (
        not found_removed
        and not late_requests
        and code not in _NOTIFIED_EXIT_CODES
        and result.chain_problem is None
        and not coverage.is_worse
    ):
        return None
    protection = result.protection
    problems = [result.problem.fact] if result.problem else []
    facts = [*problems, *_verdicts(protection), *_coverage_facts(coverage)]
    return {
        **_message_head(ctx, result.prepared.inputs.tenant.name, code),
        "status": result.status,
        "stopped_by": result.stopped_by,
        "revision": result.prepared.heading.revision,
        "report": result.report.path if result.report else None,
        "restored": _number_sample(restored_keys(result.run)),
        "not_live": _number_sample(result.run.not_live),
        "not_protected": _number_sample(_keys(protection.not_protected)),
        "not_verified": _number_sample(_keys(protection.not_verified)),
        "late_requests": [
            {
                "rule": request.rule,
                "list_id": request.list_id,
                "due": request.due.isoformat(),
                "count": len(request.phones),
                "open": still_open[request.rule, request.list_id, request.due],
            }
            for request in late_requests
        ],
        "coverage": {
            "worse": coverage.is_worse,
            "uncovered": coverage.current.uncovered_counts(),
            "not_added": len(coverage.failures),
        },
        "message": ". ".join(facts) or None,
    }


def _coverage_facts(coverage: CoverageLookup) -> Iterator[str]:
    """Say which skills do not honour a list where that is worse than before, and which were not added."""
    if coverage.is_worse:
        alarms = [one.message for one in coverage.findings if one.severity is Severity.ALARM]
        yield "Coverage is worse than the report before says" + "".join(f". {alarm}" for alarm in alarms)
    if failures := coverage.failures:
        first = failures[0]
        why = f" ({first.failure.message})" if first.failure and first.failure.message else ""
        name = shown_name(first.assignment.name) or first.assignment.skill_id
        yield (
            f"NOT ADDED: {count_text(len(failures), 'scrubbed skill')}, first {name} to the group of "
            f"{first.assignment.list_id}{why}: they can call its numbers. Add them in CXone, or run "
            "dnc apply again"
        )


def _verdicts(protection: Protection) -> Iterator[str]:
    """Say what is not as it should be, the worst first, each with what to do."""
    for name, sentence in reversed(protection.sentences.items()):
        yield f"{sentence}. {ADVICE[name].removesuffix('.')}"


def _keys(rows: Iterable[OpenNumbers]) -> Iterator[Key]:
    return ((row.list_id, phone) for row in rows for phone in row.phones)


def _failure_message(ctx: CommandContext, error: DncError) -> dict[str, Any] | None:
    if error.exit_code not in _NOTIFIED_EXIT_CODES:
        return None
    return {
        **_message_head(ctx, ctx.options.tenant, error.exit_code),
        "status": "failed",
        "stopped_by": ctx.run.stop.by,
        "revision": ctx.pipeline.get("CI_COMMIT_SHA"),
        "message": error.fact,
    }


def _message_head(ctx: CommandContext, tenant: str | None, code: int) -> dict[str, Any]:
    return {
        "format_version": "1.0",
        "event": "dnc-apply",
        "tenant": tenant,
        "exit_code": code,
        "at": iso(ctx.clock()),
        "pipeline": ctx.pipeline.get("CI_PIPELINE_URL"),
        "job": ctx.pipeline.get("CI_JOB_URL"),
    }


def _number_sample(keys: Iterable[Key]) -> dict[str, Any]:
    every = sorted(keys)
    return {"count": len(every), "sample": [[list_id, mask(phone)] for list_id, phone in every[:_SAMPLES]]}
