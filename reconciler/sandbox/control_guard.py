"""Who may use the control API: programs of this machine, and no page of another site in its browser."""

from collections.abc import Awaitable, Callable, Iterable, Iterator

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from reconciler.sandbox.answers import problem

_LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
_WITH_BODY = frozenset({"POST", "PUT"})

_Endpoint = Callable[[Request], Awaitable[Response]]


def guarded(routes: Iterable[Route]) -> Iterator[Route]:
    """Give the same routes, which refuse what a page of another site can send."""
    for route in routes:
        yield Route(route.path, _guarded(route.endpoint), methods=list(route.methods or ()))


def _guarded(endpoint: _Endpoint) -> _Endpoint:
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
