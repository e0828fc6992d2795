"""What CXone has: one reading of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from reconciler.core.model.entries import Key, ProjectedTerms
from reconciler.core.model.finding import Finding


@dataclass(frozen=True, slots=True)
class LiveEntry:
    """One number on one list in CXone. `modified` is `lastModifiedTime` as received: CXone's clock."""

    terms: ProjectedTerms
    id: str
    modified: str | None = None


@dataclass(frozen=True, slots=True)
class UnreadableEntry:
    """A live entry whose phone is no E.164 number: counted, listed, left alone."""

    list_id: str
    text: str


@dataclass(frozen=True, slots=True)
class Live:
    """One reading: entries by the files' listId, then phone.

    `complete` says that the read added up: distinct ids, every page's total and the last total agreed.
    When it did not, this is the union of two looks with each key's strongest terms, and `unseen` holds the
    keys that the latest look did not see. `duplicate_ids` holds further ids of a key that CXone has more than
    once, and `duplicate_codes` the reason codes of all entries of such a key: its one entry here has only the
    strongest's. `foreign` counts entries by the tenant's own list name, for lists that this reading was not
    asked for. `read_at` is our clock, ISO 8601, UTC. `is_unread`: there was no reading, and this says nothing
    of CXone but what a run itself put there; it is not `complete`, and no number may be judged by its
    absence. `warnings` are what the reading found odd about the tenant itself. `ceiling` is the most
    `entry_count` that CXone takes, None where no limit is known: a plan that would pass it must not go.
    `is_counted`: it was not needed, and only counted. `is_saved`: it was kept since `read_at`, and what
    changed in CXone since is not in it.
    """

    lists: Mapping[str, Mapping[str, LiveEntry]] = field(default_factory=dict)
    complete: bool = True
    unseen: frozenset[Key] = frozenset()
    duplicate_ids: Mapping[Key, tuple[str, ...]] = field(default_factory=dict)
    unreadable: tuple[UnreadableEntry, ...] = ()
    foreign: Mapping[str, int] = field(default_factory=dict)
    entry_count: int = 0
    read_at: str = ""
    is_unread: bool = False
    warnings: tuple[Finding, ...] = ()
    ceiling: int | None = None
    is_saved: bool = False
    is_counted: bool = False
    duplicate_codes: Mapping[Key, frozenset[str]] = field(default_factory=dict)

    def get(self, key: Key) -> LiveEntry | None:
        """Look one key up."""
        return self.lists.get(key[0], {}).get(key[1])

    def reasons(self, key: Key) -> frozenset[str]:
        """Give the reason codes of a key's entry and of its twins, as far as they state any."""
        entry = self.get(key)
        if entry is None:
            return frozenset()
        return (self.duplicate_codes.get(key, frozenset()) | {entry.terms.reason_code}) - {""}
