"""What every request of the API goes through: the rate limit, its fault, and the log."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from urllib.parse import unquote_plus

import orjson
from starlette.requests import Request
from starlette.responses import Response

from reconciler.sandbox import answers
from reconciler.sandbox.faults import Fault, FaultAction, RequestKind
from reconciler.sandbox.request_log import LoggedRequest
from reconciler.sandbox.tenant import Tenant

Endpoint = Callable[[Request], Awaitable[Response]]

# These change what an answer says, so there must be one; the others take its place.
_CHANGING = frozenset(
    {
        FaultAction.SLOW,
        FaultAction.TORN,
        FaultAction.HALF_JSON,
        FaultAction.SHORT_COUNT,
        FaultAction.WRONG_TOTAL,
        FaultAction.REVOKE,
        FaultAction.RETYPED,
        FaultAction.UNKNOWN_FIELDS,
    }
)


class Gate:
    """Stands before the endpoints of one tenant."""

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant

    def guard(self, kind: RequestKind, endpoint: Endpoint) -> Endpoint:
        """Put the gate before an endpoint."""

        async def guarded(request: Request) -> Response:
            arrived, seconds = self._tenant.now(), self._tenant.monotonic()
            response = await self._answer(kind, endpoint, request)
            self._tenant.requests.note(
                LoggedRequest(
                    method=request.method,
                    path=request.url.path,
                    kind=kind,
                    time=arrived,
                    seconds=seconds,
                    status=0 if isinstance(response, answers.Cut) else response.status_code,
                    items=getattr(request.state, "items", 0),
                )
            )
            return response

        return guarded

    async def _answer(self, kind: RequestKind, endpoint: Endpoint, request: Request) -> Response:
        # The body is read whole before anything is decided: an early answer would close the connection.
        await request.body()
        if self._tenant.settings.latency:
            await asyncio.sleep(self._tenant.settings.latency)
        wait = self._tenant.rate.take()
        if wait is not None:
            headers = {"Retry-After": str(wait)} if self._tenant.settings.retry_after else None
            return answers.problem(429, "too many requests in this minute", headers)
        fault = self._tenant.faults.take(kind)
        if fault is None:
            return await _carry_out(endpoint, request)
        return await self._apply_fault(fault, endpoint, request)

    async def _apply_fault(self, fault: Fault, endpoint: Endpoint, request: Request) -> Response:
        for act in fault.acts:
            act.perform(self._tenant.store, self._tenant.now())
        if fault.action is FaultAction.REVOKE:
            self._tenant.tokens.revoke()
        if not fault.stored:
            await asyncio.sleep(fault.delay)
        if fault.action in _CHANGING:
            response = _change(fault, await _carry_out(endpoint, request))
        else:
            if fault.stored:
                await _carry_out(endpoint, request)
            response = await _replace(fault, request)
        if fault.stored:
            await asyncio.sleep(fault.delay)
        return response


async def _carry_out(endpoint: Endpoint, request: Request) -> Response:
    try:
        return await endpoint(request)
    except sqlite3.OperationalError as error:
        # Another process held the database for longer than we wait, or the disk is full.
        return answers.problem(503, f"the sandbox's database does not answer: {error}")


async def _replace(fault: Fault, request: Request) -> Response:
    match fault.action:
        case FaultAction.CUT:
            return answers.Cut()
        case FaultAction.HTML:
            return answers.html()
        case FaultAction.REDIRECT:
            # 307 keeps method and body: the worst that a client can be talked into.
            return answers.problem(307, "elsewhere", {"Location": fault.location})
        case FaultAction.TEXT | FaultAction.ECHO | FaultAction.ENDLESS:
            return await _hostile(fault, request)
        case _:
            headers = {} if fault.retry_after is None else {"Retry-After": fault.retry_after}
            return answers.problem(fault.status, "a planned fault", headers)


async def _hostile(fault: Fault, request: Request) -> Response:
    match fault.action:
        case FaultAction.ECHO:
            return answers.echo(fault.status, fault.content_type, await _request_text(request))
        case FaultAction.ENDLESS:
            return answers.Endless(media_type=fault.content_type)
        case _:
            return Response(fault.body.encode(), fault.status, media_type=fault.content_type)


async def _request_text(request: Request) -> str:
    """Write a request down whole: its headers, its form both as sent and as read, its body."""
    head = "".join(f"{name}: {value}\n" for name, value in request.headers.items())
    body = (await request.body()).decode("utf-8", "replace")
    return f"{body}\n{unquote_plus(body)}\n{head}"


# These keep the status and change the body, if there is one.
_RESHAPING: dict[FaultAction, Callable[[Response], Response]] = {
    FaultAction.HALF_JSON: answers.half,
    FaultAction.RETYPED: answers.retype,
    FaultAction.UNKNOWN_FIELDS: answers.with_unknown_fields,
}


def _change(fault: Fault, whole: Response) -> Response:
    match fault.action:
        case FaultAction.TORN if not whole.body:
            return answers.Cut()
        case FaultAction.TORN:
            return answers.Torn(whole.body, whole.status_code, media_type="application/json")
        case FaultAction.SHORT_COUNT | FaultAction.WRONG_TOTAL if whole.status_code < 300:  # noqa: PLR2004  (a success)
            return _miscount(fault, whole)
        case _:
            reshape = _RESHAPING.get(fault.action)
            return reshape(whole) if reshape and whole.body else whole


def _miscount(fault: Fault, whole: Response) -> Response:
    content = orjson.loads(whole.body)
    if fault.action is FaultAction.WRONG_TOTAL and "total" in content:
        content["total"] = max(0, content["total"] + fault.by)
    elif fault.action is FaultAction.SHORT_COUNT and "successes" in content:
        fewer = min(fault.by, content["successes"])
        content["successes"] -= fewer
        content["failures"] = max(0, content["failures"] - (fault.by - fewer))
    return answers.answer(content, whole.status_code)
