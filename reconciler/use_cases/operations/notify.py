"""`DNC_NOTIFY_URL`: one JSON post to whoever is on call, where a run leaves what people must know."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from reconciler.config.connection_settings import url_problem
from reconciler.core.model.entries import Key
from reconciler.core.model.errors import DncError
from reconciler.core.model.phone import mask
from reconciler.core.planning.change import Reason
from reconciler.use_cases.reconcile.apply import Applied
from reconciler.use_cases.workspace.context import CommandContext, iso

VARIABLE = "DNC_NOTIFY_URL"
_LOUD = frozenset({5, 8, 9})
_SAMPLES = 5
_SECONDS = 10


def notify(ctx: CommandContext, done: Applied | DncError) -> None:
    """Post what people must know: numbers put back, late requests, exits 5, 8 and 9, a broken chain.

    Numbers are masked. That it fails is a warning: the run is over, and its exit code stands.
    """
    url = ctx.environ.get(VARIABLE, "")
    if not url:
        return
    told = _failed(ctx, done) if isinstance(done, DncError) else _applied(ctx, done)
    if told is None:
        return
    if why := url_problem(url.partition("?")[0]):  # a webhook's secret may stand behind it
        ctx.say(f"warning: {VARIABLE} {why}: nobody was told")
        return
    try:
        _post(url, told)
    except OSError as error:  # all that requests raises is one; its text has the address: a secret
        host = urlsplit(url).hostname
        ctx.say(f"warning: {VARIABLE}: {host} was not told ({type(error).__name__})")


def _post(url: str, told: Mapping[str, Any]) -> None:
    import requests  # noqa: PLC0415  (only where somebody is to be told)

    body = json.dumps(told).encode()
    with requests.Session() as session:
        session.auth = _no_auth  # a .netrc would add its own header
        headers = {"Content-Type": "application/json"}
        answer = session.post(url, data=body, headers=headers, timeout=_SECONDS, allow_redirects=False)
        answer.raise_for_status()


def _no_auth(request: Any) -> Any:  # noqa: ANN401  (requests' own types)
    return request


def _applied(ctx: CommandContext, done: Applied) -> dict[str, Any] | None:
    restored = [key for c in done.run.plan.changes if c.reason is Reason.RESTORED for key in c.keys]
    late = [one for one in done.prepared.waiting(done.run.plan) if one.past]
    waiting = done.prepared.waiting(done.run.final)
    still = Counter({(one.rule, one.list_id, one.due): len(one.phones) for one in waiting})
    code = done.exit_code
    if not restored and not late and code not in _LOUD and done.broken is None:
        return None
    return {
        **_head(ctx, done.prepared.inputs.tenant.name, code),
        "status": done.status,
        "revision": done.prepared.heading.revision,
        "report": done.report.path if done.report else None,
        "restored": _numbers(restored),
        "not_live": _numbers(done.run.not_live),
        "late_requests": [
            {
                "rule": one.rule,
                "list_id": one.list_id,
                "due": one.due.isoformat(),
                "count": len(one.phones),
                "open": still[one.rule, one.list_id, one.due],
            }
            for one in late
        ],
        "message": done.problem.fact if done.problem else None,
    }


def _failed(ctx: CommandContext, error: DncError) -> dict[str, Any] | None:
    if error.exit_code not in _LOUD:
        return None
    return {
        **_head(ctx, ctx.options.tenant, error.exit_code),
        "status": "failed",
        "revision": ctx.pipeline.get("CI_COMMIT_SHA"),
        "message": error.fact,
    }


def _head(ctx: CommandContext, tenant: str | None, code: int) -> dict[str, Any]:
    return {
        "format_version": "1.0",
        "event": "dnc-apply",
        "tenant": tenant,
        "exit_code": code,
        "at": iso(ctx.clock()),
        "pipeline": ctx.pipeline.get("CI_PIPELINE_URL"),
        "job": ctx.pipeline.get("CI_JOB_URL"),
    }


def _numbers(keys: Iterable[Key]) -> dict[str, Any]:
    every = sorted(keys)
    return {"count": len(every), "sample": [[list_id, mask(phone)] for list_id, phone in every[:_SAMPLES]]}
