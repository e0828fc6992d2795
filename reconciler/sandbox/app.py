"""The sandbox as an ASGI application: which path leads where, and the `Date` of every answer."""

from datetime import UTC
from email.utils import format_datetime

from starlette.datastructures import MutableHeaders
from starlette.routing import Route, Router
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reconciler.sandbox.control import Control, guard_routes
from reconciler.sandbox.entries.api import Api
from reconciler.sandbox.faults import RequestKind
from reconciler.sandbox.gate import Gate
from reconciler.sandbox.groups.api import GroupsApi
from reconciler.sandbox.groups.control import GroupsControl
from reconciler.sandbox.tenant import Tenant


def application(tenant: Tenant) -> ASGIApp:
    """Build the application of one tenant."""
    api, guard = Api(tenant), Gate(tenant).guard
    routes = [
        Route("/api/v2/oauth/token", guard(RequestKind.TOKEN, api.token), methods=["POST"]),
        Route("/api/v2/dnc/entries", guard(RequestKind.READ, api.read), methods=["GET"]),
        Route("/api/v2/dnc/entries/bulk", guard(RequestKind.BULK, api.bulk), methods=["POST"]),
        Route("/api/v2/dnc/entries/{id}", guard(RequestKind.DELETE, api.delete), methods=["DELETE"]),
    ]
    routes += GroupsApi(tenant).routes(guard)
    if tenant.settings.control:
        routes += guard_routes(Control(tenant).routes() + GroupsControl(tenant).routes())
    # A path with a slash too many is another path, and no redirect.
    return _WithDate(Router(routes, redirect_slashes=False), tenant)


class _WithDate:
    """Gives every answer the `Date` of the sandbox's clock, which is CXone's clock to its clients."""

    def __init__(self, application: ASGIApp, tenant: Tenant) -> None:
        self._application = application
        self._clock = tenant.clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def dated(message: Message) -> None:
            if message["type"] == "http.response.start":
                moment = self._clock().astimezone(UTC)
                MutableHeaders(scope=message)["Date"] = format_datetime(moment, usegmt=True)
            await send(message)

        await self._application(scope, receive, dated)
