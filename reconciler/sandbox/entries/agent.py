"""What somebody does to the lists behind the API's back: an agent, a script, CXone itself."""

from enum import StrEnum
from typing import NamedTuple

from reconciler.sandbox.entries.entry import Entry
from reconciler.sandbox.entries.store import Store


class Deed(StrEnum):
    """What can be done to an entry directly. Nothing is checked: real lists hold odd things too."""

    ADD = "add"
    REMOVE = "remove"
    MODIFY = "modify"


class Act(NamedTuple):
    """One deed to one entry; for a removal, number and list are what counts.

    An addition of a number that is there already makes a second entry of it.
    """

    deed: Deed
    entry: Entry

    def perform(self, store: Store, now: str) -> bool:
        """Do it; False when there is no such entry to remove or modify. `now` is a time of the wire."""
        match self.deed:
            case Deed.ADD:
                store.add([self.entry], now)
                return True
            case Deed.REMOVE:
                return store.remove(self.entry.list_id, self.entry.phone)
            case Deed.MODIFY:
                return store.modify(self.entry, now)
