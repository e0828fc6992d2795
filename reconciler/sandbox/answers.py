"""The answers that a server can give, and the ones that it should not."""

import html as markup

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


def echo(status: int, content_type: str, sent: str) -> Response:
    """Repeat what was sent, as debug pages do: as a page for people, or in JSON with signs escaped."""
    if content_type == "application/json":
        body = orjson.dumps({"status": status, "message": sent})
        for sign in b"&+<>'":
            body = body.replace(bytes((sign,)), b"\\u%04X" % sign)
    else:
        body = f"<pre>{markup.escape(sent)}</pre>".encode()
    return Response(body, status, media_type=content_type)


def retype(whole: Response) -> Response:
    """Give numbers as text, and text that is all digits (but for a plus) as numbers."""
    return answer(_retype_value(orjson.loads(whole.body)), whole.status_code)


def _retype_value(value: object) -> object:
    match value:
        case dict():
            return {name: _retype_value(inner) for name, inner in value.items()}
        case list():
            return [_retype_value(inner) for inner in value]
        case int():
            return str(value)
        case str() if value.removeprefix("+").isdecimal():
            return int(value)
        case _:
            return value


def with_unknown_fields(whole: Response) -> Response:
    """Add fields that the contract does not know, of every kind, to every object."""
    return answer(_with_unknown_fields(orjson.loads(whole.body)), whole.status_code)


def _with_unknown_fields(value: object) -> object:
    match value:
        case dict():
            known = {name: _with_unknown_fields(inner) for name, inner in value.items()}
            return {"nextPage": {"token": None}, "warnings": ["\x1b[2J"], **known, "version": 3.5}
        case list():
            return [_with_unknown_fields(inner) for inner in value]
        case _:
            return value


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


class Endless(Response):
    """An answer that never ends: white space, as fast as it is taken."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002  (ASGI)
        """Send until the connection is closed."""
        headers = [(name, value) for name, value in self.raw_headers if name != b"content-length"]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        while not scope["state"][TRANSPORT].is_closing():
            await send({"type": "http.response.body", "body": b" " * 65536, "more_body": True})
