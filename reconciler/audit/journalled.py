"""A provider that writes down what it is about to send, and what was answered."""

from collections.abc import Callable, Sequence

from reconciler.audit.journal import Journal
from reconciler.model.claims import Key
from reconciler.model.errors import DncError
from reconciler.model.live import Live
from reconciler.model.provider import Answer, ClockOffset, Dialect, Provider, Target, Write


class Journalled:
    """The provider of one run, with its journal. Reads go through as they are.

    `overwrites` are the numbers whose entry somebody else touched last; `exposing` those that this run may
    weaken.
    """

    def __init__(
        self, provider: Provider, journal: Journal, *, overwrites: frozenset[Key], exposing: frozenset[Key]
    ) -> None:
        self._provider = provider
        self._journal = journal
        self._overwrites = overwrites
        self._exposing = exposing

    @property
    def dialect(self) -> Dialect:
        """What its wire can carry."""
        return self._provider.dialect

    @property
    def target(self) -> Target:
        """Which CXone this is."""
        return self._provider.target

    def read(self, list_ids: frozenset[str]) -> Live:
        """Read everything."""
        return self._provider.read(list_ids)

    def told_organisation(self) -> str:
        """Name the organisation as CXone itself told it."""
        return self._provider.told_organisation()

    def own_id(self, list_id: str) -> str:
        """Give the tenant's own id of a list."""
        return self._provider.own_id(list_id)

    def total(self) -> int:
        """Ask only how many entries there are."""
        return self._provider.total()

    def clock_offset(self) -> ClockOffset | None:
        """Tell how CXone's clock stands to ours."""
        return self._provider.clock_offset()

    def upsert(self, chunk: Sequence[Write]) -> Answer:
        """Send one chunk, written down before and after."""
        keys = [write.key for write in chunk]
        over = self._overwrites.intersection(keys)
        number = self._journal.sending(
            "upsert",
            keys,
            overwrites=over,
            exposing=self._exposing.intersection(keys),
            offset=self.clock_offset(),
        )
        return self._told(number, lambda: self._provider.upsert(chunk))

    def remove(self, key: Key, entry_id: str) -> Answer:
        """Take one entry off, written down before and after."""
        number = self._journal.sending(
            "remove", [key], overwrites=(), exposing=[key], offset=self.clock_offset()
        )
        return self._told(number, lambda: self._provider.remove(key, entry_id))

    def _told(self, number: int, send: Callable[[], Answer]) -> Answer:
        try:
            answer = send()
        except DncError:
            # Raised only where nothing can have been stored; whatever else comes tells nothing.
            self._journal.answered(number, None, offset=self.clock_offset())
            raise
        self._journal.answered(number, answer, offset=self.clock_offset())
        return answer
