"""The built-in CXone, as its users hold it: start it, fill it, make it fail, look inside."""

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Self

from reconciler.sandbox.agent import Act, Deed
from reconciler.sandbox.app import application
from reconciler.sandbox.entry import Entry
from reconciler.sandbox.faults import Fault
from reconciler.sandbox.listener import serve, serving
from reconciler.sandbox.tenant import Tenant


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
