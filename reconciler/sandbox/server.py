"""The built-in CXone as its users hold it: started, filled, made to fail, and looked into."""

import asyncio
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from types import FrameType, TracebackType
from typing import Self

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from reconciler.core.model.errors import DncError
from reconciler.sandbox.answers import TRANSPORT
from reconciler.sandbox.app import application
from reconciler.sandbox.entries.agent import Act, Deed
from reconciler.sandbox.entries.entry import Entry
from reconciler.sandbox.faults import Fault
from reconciler.sandbox.tenant import Tenant

# Idle connections are kept for longer than any client pauses between two requests, in seconds.
_KEEP_ALIVE = 120


class AddressUnavailable(DncError):
    """The server cannot have its address."""

    rule = "SANDBOX"


class _Protocol(H11Protocol):
    """HTTP/1.1, with the connection in each request's scope, for the answers that cut it."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        # asyncio sets this only on sockets that name their protocol; without it an answer's second segment
        # waits for the client's delayed acknowledgement, 40 ms.
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        super().connection_made(transport)
        self.app_state = {**self.app_state, TRANSPORT: transport}


class _Server(uvicorn.Server):
    """A server that stops when told to. uvicorn's own looks ten times a second, and waits for its clients."""

    def __init__(self, application: ASGIApp) -> None:
        config = uvicorn.Config(
            application,
            http=_Protocol,
            ws="none",
            loop="asyncio",
            lifespan="off",
            log_config=None,
            log_level="critical",
            access_log=False,
            date_header=False,
            server_header=False,
            timeout_keep_alive=_KEEP_ALIVE,
        )
        super().__init__(config)
        self.up = threading.Event()
        self._stop_requested = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    def run(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve; whoever waits for the server to be up does not wait for one that failed."""
        try:
            super().run(sockets)
        finally:
            self._loop = None
            self.up.set()

    async def main_loop(self) -> None:
        """Serve until told to stop."""
        self._loop = asyncio.get_running_loop()
        self.up.set()
        if not self.should_exit:
            await self._stop_requested.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close what is open, answered or not."""
        for server in self.servers:
            server.close()
        for sock in sockets or []:
            sock.close()
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        tasks = list(self.server_state.tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        # One turn of the loop, in which the closed connections are taken down.
        await asyncio.sleep(0)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002  (a signal handler)
        """Stop quietly on SIGINT and SIGTERM; uvicorn would raise the signal again afterwards."""
        self.stop()

    def stop(self) -> None:
        """Tell the server to stop, from any thread."""
        self.should_exit = True
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._stop_requested.set)


@contextmanager
def serving(application: ASGIApp) -> Iterator[str]:
    """Serve on a free port of the loopback, from a thread of its own, for the length of a block."""
    with _listening_socket("127.0.0.1", 0) as sock:
        url = _url(sock)
        server = _Server(application)
        thread = threading.Thread(target=server.run, args=([sock],), name=f"sandbox {url}", daemon=True)
        thread.start()
        server.up.wait()
        try:
            yield url
        finally:
            server.stop()
            thread.join()


def serve(application: ASGIApp, host: str, port: int, announce: Callable[[str], None]) -> None:
    """Serve until SIGINT or SIGTERM; `announce` gets the URL once requests are answered.

    Raises Unbound when the address is taken, or is none of this machine.
    """
    with _listening_socket(host, port) as sock:
        announce(_url(sock))
        _Server(application).run([sock])


def _listening_socket(host: str, port: int) -> socket.socket:
    try:
        # From here on the kernel takes connections, and keeps them until the server runs.
        return socket.create_server((host, port), backlog=512)
    except OSError as error:
        raise AddressUnavailable(
            f"the sandbox cannot listen: {error.strerror or error}",
            "give another host or port; port 0 takes a free one",
            where=f"{host}:{port}",
        ) from error


def _url(sock: socket.socket) -> str:
    host, port = sock.getsockname()[:2]
    return f"http://{host}:{port}"


class Sandbox(Tenant):
    """One tenant of a CXone of one's own. Close it, or use it as a context manager.

    It speaks both dialects, each at paths and with data of its own: entries are no records of a group.
    With a database the entries outlast it; without, they are in memory. Several may share one database, from
    one process or more: entries are common to them; tokens, faults, rate and log are each one's own.
    """

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def instance(self) -> str:
        """The random name that the database got when it was made: another one is another target."""
        return self.store.instance

    def serve(self) -> AbstractContextManager[str]:
        """Serve from a thread for the length of a block, which gets the base URL."""
        return serving(application(self))

    def run(self, host: str, port: int, announce: Callable[[str], None]) -> None:
        """Serve until SIGINT or SIGTERM. Raises Unbound when it cannot listen there."""
        serve(application(self), host, port, announce)

    def load(self, entries: Iterable[Entry]) -> None:
        """Add entries as they are, fast, and checking nothing."""
        self.store.add(entries, self.now())

    def entries(self) -> list[Entry]:
        """Read everything, in the order in which it came."""
        return self.store.entries()

    def plan(self, *faults: Fault) -> None:
        """Let faults wait for their requests."""
        self.faults.plan(*faults)

    def act(self, deed: Deed, entry: Entry) -> bool:
        """Play an agent; False when there is no such entry to remove or modify."""
        return Act(deed, entry).perform(self.store, self.now())
