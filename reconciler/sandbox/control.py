"""The control API below `/_sandbox/`: faults, requests and entries, for programs of this machine only."""

from collections.abc import Awaitable, Callable, Iterable, Iterator
from types import UnionType
from typing import Any, TypeVar

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from reconciler.sandbox.answers import answer, problem
from reconciler.sandbox.entries.agent import Act, Deed
from reconciler.sandbox.entries.entry import NOW, Conduct, Entry
from reconciler.sandbox.faults import Fault, FaultAction, RequestKind
from reconciler.sandbox.tenant import Tenant

# What each field of a fault may be.
_TYPES: dict[str, type | UnionType] = {
    "action": str,
    "on": str | None,
    "times": int | None,
    "skip": int,
    "stored": bool,
    "status": int,
    "retryAfter": str | int | None,
    "by": int,
    "location": str,
    "body": str,
    "contentType": str,
    "delay": int | float,
    "acts": list,
}
_RENAMED = frozenset({"retryAfter", "contentType"})
# What a whole answer can have: those below 200 are followed by another.
_LEAST_STATUS, _MOST_STATUS = 200, 599

_T = TypeVar("_T")


class Unreadable(Exception):
    """What was sent to the control API cannot be read."""


def parse_faults(body: bytes) -> list[Fault]:
    """Read one fault, or an array of them. Raises Unreadable."""
    return _each(body, _parse_fault)


def parse_acts(body: bytes) -> list[Act]:
    """Read one act, or an array of them. Raises Unreadable."""
    return _each(body, _parse_act)


def parse_conduct(body: bytes) -> Conduct:
    """Read a whole conduct; what is not named is as it should be. Raises Unreadable."""
    match _parse_json(body):
        case {**content} if content.keys() <= {"refused", "ignored", "deletes", "mostItems"}:
            pass
        case _:
            raise Unreadable("conduct is an object of refused, ignored, deletes, mostItems")
    match content.get("refused", {}), content.get("ignored", []), content.get("deletes", True):
        case {**refused}, [*ignored], bool(deletes):
            pass
        case _:
            raise Unreadable("refused is an object of codes, ignored an array, deletes true or false")
    max_items = content.get("mostItems")
    if max_items is not None and (not isinstance(max_items, int) or isinstance(max_items, bool)):
        raise Unreadable("mostItems is a number")
    return Conduct(
        {str(k): str(v) for k, v in refused.items()}, {str(i) for i in ignored}, deletes, max_items
    )


def _each(body: bytes, read: Callable[[Any], _T]) -> list[_T]:
    content = _parse_json(body)
    return [read(item) for item in (content if isinstance(content, list) else [content])]


def _parse_json(body: bytes) -> Any:  # noqa: ANN401  (any JSON)
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Unreadable("the body is not JSON") from error


def _parse_fault(item: Any) -> Fault:  # noqa: ANN401  (any JSON)
    if not isinstance(item, dict) or not item.keys() <= _TYPES.keys():
        raise Unreadable(f"a fault is an object of {', '.join(_TYPES)}")
    for name, value in item.items():
        # True is an int, and nobody means it as one.
        if not isinstance(value, _TYPES[name]) or (isinstance(value, bool) and name != "stored"):
            raise Unreadable(f"{name} is of the wrong type")
    if not _LEAST_STATUS <= item.get("status", _LEAST_STATUS) <= _MOST_STATUS:
        raise Unreadable(f"status is {_LEAST_STATUS} to {_MOST_STATUS}")
    fields = {name: value for name, value in item.items() if name not in _RENAMED}
    try:
        fields["action"] = FaultAction(item.get("action", ""))
        fields["on"] = None if item.get("on") is None else RequestKind(item["on"])
    except ValueError as error:
        raise Unreadable(str(error)) from error
    after = item.get("retryAfter")
    fields["retry_after"] = None if after is None else str(after)
    if "contentType" in item:
        fields["content_type"] = item["contentType"]
    fields["acts"] = tuple(_parse_act(act) for act in item.get("acts", []))
    return Fault(**fields)


def _parse_act(item: Any) -> Act:  # noqa: ANN401  (any JSON)
    try:
        deed = Deed(item["act"])
        entry = Entry(
            phone=str(item["phone"]),
            list_id=str(item["listId"]),
            reason_code=str(item.get("reasonCode", "CUSTOMER_REQUESTED")),
            expiration_policy=str(item.get("expirationPolicy", "NEVER")),
            source=str(item.get("source", "agent")),
            modified=item.get("lastModifiedTime", NOW),
        )
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise Unreadable("an act is an object with act (add, remove, modify), listId and phone") from error
    if not isinstance(entry.modified, str | None):
        raise Unreadable("lastModifiedTime is text or null")
    return Act(deed, entry)


class Control:
    """Changes one tenant from outside."""

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant

    def routes(self) -> list[Route]:
        """List the control API's paths."""
        return [
            Route("/_sandbox/faults", self.plan, methods=["POST"]),
            Route("/_sandbox/faults", self.list_faults, methods=["GET"]),
            Route("/_sandbox/faults", self.clear, methods=["DELETE"]),
            Route("/_sandbox/conduct", self.behave, methods=["PUT"]),
            Route("/_sandbox/tokens", self.revoke, methods=["DELETE"]),
            Route("/_sandbox/requests", self.requests, methods=["GET"]),
            Route("/_sandbox/requests", self.forget, methods=["DELETE"]),
            Route("/_sandbox/entries", self.act, methods=["POST"]),
            Route("/_sandbox/entries", self.entries, methods=["GET"]),
        ]

    async def plan(self, request: Request) -> Response:
        """Plan one fault, or an array of them."""
        try:
            faults = parse_faults(await request.body())
        except Unreadable as error:
            return problem(400, str(error))
        self._tenant.faults.plan(*faults)
        return Response(status_code=204)

    async def list_faults(self, request: Request) -> Response:  # noqa: ARG002  (Starlette)
        """Tell which faults have not been met, or not often enough."""
        waiting = self._tenant.faults.waiting_faults
        return answer([{"action": fault.action, "on": fault.on, "times": fault.times} for fault in waiting])

    async def clear(self, request: Request) -> Response:  # noqa: ARG002  (Starlette)
        """Forget every fault, and behave well again."""
        self._tenant.faults.clear()
        self._tenant.conduct = Conduct()
        return Response(status_code=204)

    async def behave(self, request: Request) -> Response:
        """Set the lasting oddities, all at once; what is not named goes back to what it was at the start."""
        try:
            self._tenant.conduct = parse_conduct(await request.body())
        except Unreadable as error:
            return problem(400, str(error))
        return Response(status_code=204)

    async def revoke(self, request: Request) -> Response:  # noqa: ARG002  (Starlette)
        """Revoke every token."""
        self._tenant.tokens.revoke()
        return Response(status_code=204)

    async def requests(self, request: Request) -> Response:  # noqa: ARG002  (Starlette)
        """List the requests of the API, oldest first."""
        return answer([logged_request.to_json() for logged_request in self._tenant.requests.list_requests()])

    async def forget(self, request: Request) -> Response:  # noqa: ARG002  (Starlette)
        """Begin counting anew."""
        self._tenant.requests.clear()
        return Response(status_code=204)

    async def act(self, request: Request) -> Response:
        """Play an agent: add, remove or modify one entry, or several in order."""
        try:
            acts = parse_acts(await request.body())
        except Unreadable as error:
            return problem(400, str(error))
        results = [act.perform(self._tenant.store, self._tenant.now()) for act in acts]
        return answer({"done": sum(results), "missing": results.count(False)}, 200 if all(results) else 404)

    async def entries(self, request: Request) -> Response:  # noqa: ARG002  (Starlette)
        """Dump everything, with the sources."""
        return answer([{**entry.to_json(), "source": entry.source} for entry in self._tenant.store.entries()])


_LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
_WITH_BODY = frozenset({"POST", "PUT"})

_Endpoint = Callable[[Request], Awaitable[Response]]


def guard_routes(routes: Iterable[Route]) -> Iterator[Route]:
    """Give the same routes, which refuse what a page of another site can send."""
    for route in routes:
        yield Route(route.path, _guard_endpoint(route.endpoint), methods=list(route.methods or ()))


def _guard_endpoint(endpoint: _Endpoint) -> _Endpoint:
    async def answer(request: Request) -> Response:
        return _refusal(request) or await endpoint(request)

    return answer


def _refusal(request: Request) -> Response | None:
    """Refuse another name of this machine (DNS rebinding), another site, and what needs no preflight."""
    port = request.scope["server"][1]
    hosts, origins = request.headers.getlist("host"), request.headers.getlist("origin")
    if len(hosts) != 1 or hosts[0].lower() not in {f"{name}:{port}" for name in _LOOPBACK}:
        return problem(403, f"the control API is at localhost:{port} only")
    if any(origin.lower() != f"http://{hosts[0].lower()}" for origin in origins):
        return problem(403, "the control API takes no requests of other sites")
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if request.method in _WITH_BODY and kind != "application/json":
        return problem(415, "the control API takes application/json")
    return None
