"""One look at everything that CXone has, page by page; and what two looks make together."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from re import compile as pattern

from reconciler.cxone.entries_page import Page, Row
from reconciler.cxone.words import harmless
from reconciler.model.claims import Key
from reconciler.model.live import Live, LiveEntry, Unreadable
from reconciler.model.phone import is_e164
from reconciler.model.terms import Carried

Strength = Callable[[Carried], tuple[int, ...]]

# All numbers of a page at once; the line breaks are counted, so that none hides in a number.
_ALL_E164 = pattern(r"(?:\+[1-9][0-9]{6,14}\n)*")
_MOST_TIMES = 50_000  # entries of one upload share their time; a list with a time for each is not worth it


class Look:
    """What one reading of all pages saw. `wanted` maps the tenant's list names to the files'.

    A million entries share a few hundred terms and few times, so those are kept once; ids are kept as a set,
    because rows do not tell: one seen twice and one missed give the right count.
    """

    def __init__(self, wanted: Mapping[str, str], strength: Strength) -> None:
        self.ids: set[str] = set()
        self.lists: dict[str, dict[str, LiveEntry]] = {name: {} for name in wanted.values()}
        self.twins: dict[Key, set[str]] = {}
        self.unreadable: dict[str, Unreadable] = {}
        self.foreign: dict[str, str] = {}
        self.totals: set[int] = set()
        self.total = 0
        self._wanted = wanted
        self._books = {own: self.lists[name] for own, name in wanted.items()}
        self._strength = strength
        self._terms: dict[tuple[str, str], Carried] = {}
        self._times: dict[str, str] = {}

    @property
    def adds_up(self) -> bool:
        """Tell whether the distinct ids, every page's total and the last total agree."""
        return self.totals == {len(self.ids)}

    def add(self, page: Page) -> None:
        """Take a page in."""
        rows = page.rows
        self.total = page.total
        self.totals.add(page.total)
        self.ids.update([row[0] for row in rows])
        if len(self._times) > _MOST_TIMES:
            self._times.clear()
        phones = "\n".join([row[1] for row in rows] + [""])
        numbers = phones.count("\n") == len(rows) and _ALL_E164.fullmatch(phones) is not None
        books, terms, times = self._books, self._terms, self._times
        for row in rows:
            entry_id, phone, code, policy, own, modified = row
            book = books.get(own)
            if book is None or not (numbers or is_e164(phone)):
                self._aside(row)
                continue
            carried = terms.get((code, policy))
            if carried is None:
                carried = terms[code, policy] = Carried(code, policy)
            if modified is not None:
                modified = times.setdefault(modified, modified)
            entry = LiveEntry(carried, entry_id, modified)
            if book.setdefault(phone, entry) is not entry:
                self._again((self._wanted[own], phone), entry)

    def live(self, read_at: str) -> Live:
        """Give what this look saw, as a reading that adds up."""
        return self._live(read_at, complete=True, unseen=frozenset())

    def union(self, before: "Look", read_at: str) -> Live:
        """Give what this look and the one before saw together, where neither adds up. Uses both up.

        A key has its strongest terms of both, and the id that this look saw.
        """
        unseen: set[Key] = set()
        for name, book in before.lists.items():
            mine = self.lists[name]
            for phone, entry in book.items():
                found = mine.get(phone)
                if found is None:
                    unseen.add((name, phone))
                    mine[phone] = entry
                elif found != entry:
                    mine[phone] = self._merged(found, entry)
        for key in unseen & before.twins.keys():
            self.twins[key] = before.twins[key]
        self.unreadable = before.unreadable | self.unreadable
        self.foreign = before.foreign | self.foreign
        self.ids |= before.ids
        return self._live(read_at, complete=False, unseen=frozenset(unseen))

    def _live(self, read_at: str, *, complete: bool, unseen: frozenset[Key]) -> Live:
        foreign: dict[str, int] = {}
        for own in self.foreign.values():
            foreign[own] = foreign.get(own, 0) + 1
        return Live(
            lists={name: book for name, book in sorted(self.lists.items()) if book},
            complete=complete,
            unseen=unseen,
            twins={key: tuple(sorted(ids)) for key, ids in sorted(self.twins.items())},
            unreadable=tuple(sorted(self.unreadable.values(), key=lambda odd: (odd.list_id, odd.text))),
            foreign=dict(sorted(foreign.items())),
            entries=len(self.ids),
            read_at=read_at,
        )

    def _aside(self, row: Row) -> None:
        """Note an entry of another list, or one whose phone is no number."""
        entry_id, phone, _, _, own, _ = row
        name = self._wanted.get(own)
        if name is None:
            self.foreign[entry_id] = own
        else:
            self.unreadable[entry_id] = Unreadable(name, harmless(phone))

    def _again(self, key: Key, entry: LiveEntry) -> None:
        """Take in a key that was seen before: the same entry on a page that moved, or a twin of it."""
        book = self.lists[key[0]]
        kept = book[key[1]]
        if entry.id in {kept.id, *self.twins.get(key, ())}:
            book[key[1]] = self._merged(kept, entry)
            return
        strongest = entry if self._strength(entry.terms) > self._strength(kept.terms) else kept
        other = kept if strongest is entry else entry
        book[key[1]] = self._merged(strongest, other)
        self.twins.setdefault(key, set()).add(other.id)

    def _merged(self, kept: LiveEntry, other: LiveEntry) -> LiveEntry:
        """Keep the one's id, with the stronger terms of both and the later touch."""
        stronger = max(kept.terms, other.terms, key=self._strength)
        return LiveEntry(stronger, kept.id, later(kept.modified, other.modified))


def later(one: str | None, other: str | None) -> str | None:
    """Give the later of two times as received; None, which counts as touched, where that cannot be told."""
    if one == other:
        return one
    moments = [_moment(one), _moment(other)]
    if moments[0] is None or moments[1] is None:
        return None
    return one if moments[0] >= moments[1] else other


def _moment(text: str | None) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
