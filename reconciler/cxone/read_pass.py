"""One read pass over everything that CXone has, page by page; and what two read passes make together."""

from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import compress
from re import compile as pattern

from reconciler.core.model.entries import Carried, Key
from reconciler.core.model.entry_table import Book
from reconciler.core.model.live import Live, LiveEntry, Unreadable
from reconciler.core.model.phone import is_e164
from reconciler.cxone.http.sanitize import harmless, visible

_AT_ONCE = 1 << 16  # hashes that are compared as one set
_PARTS = 4


class Ids:
    """Ids by their 64-bit hash, 8 bytes each.

    Two ids of one hash would count as one (1 in 30 million reads of a million rows). Such a read does not
    add up, is repeated, and is then taken for one that may lack something: the safe side.
    """

    def __init__(self) -> None:
        self._hashes = array("q")
        self._counted = (0, 0)  # how many hashes there were, and how many were distinct

    def __len__(self) -> int:
        if self._counted[0] != len(self._hashes):
            self._counted = (len(self._hashes), self._distinct())
        return self._counted[1]

    def add(self, entry_id: str) -> None:
        """Add one."""
        self._hashes.append(hash(entry_id))

    def update(self, ids: Iterable[str]) -> None:
        """Add some."""
        self._hashes.extend(map(hash, ids))

    def join(self, other: "Ids") -> None:
        """Add those of another look."""
        self._hashes.extend(other._hashes)  # noqa: SLF001  (of its own kind)

    def _distinct(self) -> int:
        """Count them in parts, told apart by one byte of each hash: a set of a million is 100 MB."""
        if len(self._hashes) <= _AT_ONCE:
            return len(set(self._hashes))
        with memoryview(self._hashes) as hashes, hashes.cast("B") as octets:
            marks = octets[:: self._hashes.itemsize].tobytes()
        count = 0
        for part in range(_PARTS):
            here = bytes(byte % _PARTS == part for byte in range(256))
            count += len(set(compress(self._hashes, marks.translate(here))))
        return count


Strength = Callable[[Carried], tuple[int, ...]]

_ALL_E164 = pattern(r"(?:\+[1-9][0-9]{6,14}\n)*")


class _Terms(dict[tuple[str, str], Carried]):
    """Each reason and policy once."""

    def __missing__(self, pair: tuple[str, str]) -> Carried:
        return self.setdefault(pair, Carried(visible(pair[0]), visible(pair[1])))


@dataclass(frozen=True, slots=True)
class Page:
    """One page, by columns (see ADR 19), and how many entries CXone said there are altogether."""

    ids: Sequence[str]
    phones: Sequence[str]
    codes: Sequence[str]
    policies: Sequence[str]
    owns: Sequence[str]
    times: Sequence[str | None]
    total: int


class Look:
    """What one reading of all pages saw. `wanted` maps the tenant's list names to the files'.

    Ids are counted for themselves: rows do not tell, as one seen twice and one missed give the right count.
    """

    def __init__(self, wanted: Mapping[str, str], strength: Strength) -> None:
        self.ids = Ids()
        self.lists: dict[str, Book] = {name: Book() for name in wanted.values()}
        self.twins: dict[Key, set[str]] = {}
        self.codes: dict[Key, set[str]] = {}
        self.unreadable: dict[str, Unreadable] = {}
        self.foreign: dict[str, str] = {}
        self.totals: set[int] = set()
        self.total = 0
        self._wanted = wanted
        self._strength = strength
        self._terms = _Terms()

    @property
    def adds_up(self) -> bool:
        """Tell whether the distinct ids, every page's total and the last total agree."""
        return self.totals == {len(self.ids)}

    def add(self, page: Page) -> None:
        """Take a page in."""
        self.total = page.total
        self.totals.add(page.total)
        self.ids.update(page.ids)
        if not page.ids:
            return
        if _uniform(page.codes) and _uniform(page.policies):
            terms = [self._terms[page.codes[0], page.policies[0]]] * len(page.ids)
        else:
            terms = list(map(self._terms.__getitem__, zip(page.codes, page.policies, strict=True)))
        if _uniform(page.owns):
            self._take(page.owns[0], page.phones, terms, page.ids, page.times)
            return
        for own in dict.fromkeys(page.owns):
            mine = [one == own for one in page.owns]
            self._take(
                own,
                list(compress(page.phones, mine)),
                list(compress(terms, mine)),
                list(compress(page.ids, mine)),
                list(compress(page.times, mine)),
            )

    def _take(
        self,
        own: str,
        phones: Sequence[str],
        terms: Sequence[Carried],
        ids: Sequence[str],
        times: Sequence[str | None],
    ) -> None:
        """Take in a page's entries of one list; one by one where there is something uncommon among them."""
        name = self._wanted.get(own)
        if name is None:
            self.foreign.update(dict.fromkeys(ids, own))
            return
        book = self.lists[name]
        if _all_e164(phones) and book.extend(phones, terms, ids, times):
            return
        for phone, entry in zip(phones, map(LiveEntry, terms, ids, times), strict=True):
            if not is_e164(phone):
                self.unreadable[entry.id] = Unreadable(name, harmless(phone))
            elif phone in book:
                self._again((name, phone), entry)
            else:
                book[phone] = entry

    def live(self, read_at: str) -> Live:
        """Give what this look saw, as a reading that adds up."""
        return self._live(read_at, complete=True, unseen=frozenset())

    def union(self, before: "Look", read_at: str) -> Live:
        """Give what this look and the one before saw together, where neither adds up. Uses both up.

        A key has its strongest terms of both, and the id that this look saw. Where the looks saw two ids of
        one key, each may have missed one of two entries, so the reason codes of both are kept.
        """
        unseen: set[Key] = set()
        several = before.codes.keys() | self.codes.keys()
        for name, book in before.lists.items():
            mine = self.lists[name]
            for phone, entry in book.items():
                found = mine.get(phone)
                if found is None:
                    unseen.add((name, phone))
                    mine[phone] = entry
                elif found != entry:
                    if found.id != entry.id or (name, phone) in several:
                        self._note((name, phone), found, entry)
                    mine[phone] = self._merged(found, entry)
        for key in unseen & before.twins.keys():
            self.twins[key] = before.twins[key]
        for key, codes in before.codes.items():
            self.codes.setdefault(key, set()).update(codes)
        self.unreadable = before.unreadable | self.unreadable
        self.foreign = before.foreign | self.foreign
        self.ids.join(before.ids)
        return self._live(read_at, complete=False, unseen=frozenset(unseen))

    def _live(self, read_at: str, *, complete: bool, unseen: frozenset[Key]) -> Live:
        foreign: dict[str, int] = {}
        for own in map(visible, self.foreign.values()):
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
            codes={key: frozenset(codes) for key, codes in sorted(self.codes.items())},
        )

    def _again(self, key: Key, entry: LiveEntry) -> None:
        """Take in a key that was seen before: the same entry on a page that moved, or a twin of it."""
        book = self.lists[key[0]]
        kept = book[key[1]]
        if entry.id in {kept.id, *self.twins.get(key, ())}:
            book[key[1]] = self._merged(kept, entry)
            if key in self.twins:
                self._note(key, entry)
            return
        strongest = entry if self._strength(entry.terms) > self._strength(kept.terms) else kept
        other = kept if strongest is entry else entry
        book[key[1]] = self._merged(strongest, other)
        self.twins.setdefault(key, set()).add(other.id)
        self._note(key, kept, entry)

    def _note(self, key: Key, *entries: LiveEntry) -> None:
        """Note the reason codes of entries of one key: merged they show only the strongest's."""
        self.codes.setdefault(key, set()).update(entry.terms.reason_code for entry in entries)

    def _merged(self, kept: LiveEntry, other: LiveEntry) -> LiveEntry:
        """Keep the one's id, with the stronger terms of both and the later touch."""
        stronger = max(kept.terms, other.terms, key=self._strength)
        return LiveEntry(stronger, kept.id, later(kept.modified, other.modified))


def _uniform(column: Sequence[str]) -> bool:
    """Tell whether a column has one value only, without hashing each."""
    return column.count(column[0]) == len(column)


def _all_e164(phones: Sequence[str]) -> bool:
    """Judge a page's phones at once; the line breaks are counted, so that none hides in a phone."""
    text = "\n".join(phones) + "\n"
    return text.count("\n") == len(phones) and _ALL_E164.fullmatch(text) is not None


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
