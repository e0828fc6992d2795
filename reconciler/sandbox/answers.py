"""The answers that a server can give, and the ones that it should not."""

import orjson
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

# Where the server keeps the connection of a request, in the request's scope.
TRANSPORT = "transport"

_HTML = b"<!doctype html><title>Maintenance</title><p>We will be back soon.</p>"


def answer(content: object, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Answer JSON."""
    return Response(orjson.dumps(content), status, headers, media_type="application/json")


def problem(status: int, message: str, headers: dict[str, str] | None = None) -> Response:
    """Answer that something is wrong with a request; the words are ours, the contract gives none."""
    return answer({"status": status, "message": message}, status, headers)


def html() -> Response:
    """Answer 200 with a page for people, as a proxy in maintenance does."""
    return Response(_HTML, 200, media_type="text/html")


def half(whole: Response) -> Response:
    """Keep half of a body, and everything else right."""
    body = bytes(whole.body)
    return Response(body[: len(body) // 2], whole.status_code, media_type="application/json")


class Cut(Response):
    """No answer at all: the connection is closed."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002  (ASGI)
        """Close the connection, and wait until the server has seen that."""
        scope["state"][TRANSPORT].abort()
        while (await receive())["type"] != "http.disconnect":
            pass


class Torn(Response):
    """An answer that ends in the middle of its body, with the connection."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Announce the whole body, send half of it, and close the connection."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        body = bytes(self.body)
        await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
        scope["state"][TRANSPORT].close()
        while (await receive())["type"] != "http.disconnect":
            pass
