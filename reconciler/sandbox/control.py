"""The control API, below `/_sandbox/`: faults, requests and entries for those who test over HTTP."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from reconciler.sandbox import orders
from reconciler.sandbox.answers import answer, problem
from reconciler.sandbox.conduct import Conduct
from reconciler.sandbox.tenant import Tenant


class Control:
    """Changes one tenant from outside."""

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant

    def routes(self) -> list[Route]:
        """List the control API's paths."""
        return [
            Route("/_sandbox/faults", self.plan, methods=["POST"]),
            Route("/_sandbox/faults", self.waiting, methods=["GET"]),
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
            faults = orders.faults(await request.body())
        except orders.Unreadable as error:
            return problem(400, str(error))
        self._tenant.faults.plan(*faults)
        return Response(status_code=204)

    async def waiting(self, request: Request) -> Response:  # noqa: ARG002  (Starlette)
        """Tell which faults have not been met, or not often enough."""
        waiting = self._tenant.faults.waiting
        return answer([{"action": fault.action, "on": fault.on, "times": fault.times} for fault in waiting])

    async def clear(self, request: Request) -> Response:  # noqa: ARG002  (Starlette)
        """Forget every fault, and behave well again."""
        self._tenant.faults.clear()
        self._tenant.conduct = Conduct()
        return Response(status_code=204)

    async def behave(self, request: Request) -> Response:
        """Set the lasting oddities, all at once; what is not named goes back to what it was at the start."""
        try:
            self._tenant.conduct = orders.conduct(await request.body())
        except orders.Unreadable as error:
            return problem(400, str(error))
        return Response(status_code=204)

    async def revoke(self, request: Request) -> Response:  # noqa: ARG002  (Starlette)
        """Revoke every token."""
        self._tenant.tokens.revoke()
        return Response(status_code=204)

    async def requests(self, request: Request) -> Response:  # noqa: ARG002  (Starlette)
        """List the requests of the API, oldest first."""
        return answer([asked.wire() for asked in self._tenant.requests.all()])

    async def forget(self, request: Request) -> Response:  # noqa: ARG002  (Starlette)
        """Begin counting anew."""
        self._tenant.requests.clear()
        return Response(status_code=204)

    async def act(self, request: Request) -> Response:
        """Play an agent: add, remove or modify one entry, or several in order."""
        try:
            acts = orders.acts(await request.body())
        except orders.Unreadable as error:
            return problem(400, str(error))
        done = [act.perform(self._tenant.store, self._tenant.now()) for act in acts]
        return answer({"done": sum(done), "missing": done.count(False)}, 200 if all(done) else 404)

    async def entries(self, request: Request) -> Response:  # noqa: ARG002  (Starlette)
        """Dump everything, with the sources."""
        return answer([{**entry.wire(), "source": entry.source} for entry in self._tenant.store.entries()])
