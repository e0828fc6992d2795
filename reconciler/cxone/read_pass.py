"""One read pass over everything that CXone has, page by page; and what two read passes make together."""

from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import compress
from re import compile as pattern

from reconciler.core.model.entries import Key, ProjectedTerms
from reconciler.core.model.entry_table import EntryTable
from reconciler.core.model.live import Live, LiveEntry, UnreadableEntry
from reconciler.core.model.phone import is_e164
from reconciler.cxone.http.sanitize import mark_invisible, sanitize

_AT_ONCE = 1 << 16  # hashes that are compared as one set
_PARTS = 4


class IdCounter:
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

    def join(self, other: "IdCounter") -> None:
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
            is_in_part = bytes(byte % _PARTS == part for byte in range(256))
            count += len(set(compress(self._hashes, marks.translate(is_in_part))))
        return count


Strength = Callable[[ProjectedTerms], tuple[int, ...]]

_ALL_E164 = pattern(r"(?:\+[1-9][0-9]{6,14}\n)*")


class _Terms(dict[tuple[str, str], ProjectedTerms]):
    """Each reason and policy once."""

    def __missing__(self, pair: tuple[str, str]) -> ProjectedTerms:
        return self.setdefault(pair, ProjectedTerms(mark_invisible(pair[0]), mark_invisible(pair[1])))


@dataclass(frozen=True, slots=True)
class Page:
    """One page, by columns (see ADR 19), and how many entries CXone said there are altogether."""

    ids: Sequence[str]
    phones: Sequence[str]
    codes: Sequence[str]
    policies: Sequence[str]
    list_names: Sequence[str]
    times: Sequence[str | None]
    total: int


class ReadPass:
    """What one reading of all pages saw. `wanted` maps the tenant's list names to the files'.

    Ids are counted for themselves: rows do not tell, as one seen twice and one missed give the right count.
    """

    def __init__(self, list_ids_by_name: Mapping[str, str], strength: Strength) -> None:
        self.ids = IdCounter()
        self.tables: dict[str, EntryTable] = {name: EntryTable() for name in list_ids_by_name.values()}
        self.duplicate_ids: dict[Key, set[str]] = {}
        self.duplicate_codes: dict[Key, set[str]] = {}
        self.unreadable: dict[str, UnreadableEntry] = {}
        self.foreign: dict[str, str] = {}
        self.totals: set[int] = set()
        self.total = 0
        self._list_ids_by_name = list_ids_by_name
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
        if _is_uniform(page.codes) and _is_uniform(page.policies):
            terms = [self._terms[page.codes[0], page.policies[0]]] * len(page.ids)
        else:
            terms = list(map(self._terms.__getitem__, zip(page.codes, page.policies, strict=True)))
        if _is_uniform(page.list_names):
            self._add_list(page.list_names[0], page.phones, terms, page.ids, page.times)
            return
        for list_name in dict.fromkeys(page.list_names):
            is_of_list = [name == list_name for name in page.list_names]
            self._add_list(
                list_name,
                list(compress(page.phones, is_of_list)),
                list(compress(terms, is_of_list)),
                list(compress(page.ids, is_of_list)),
                list(compress(page.times, is_of_list)),
            )

    def _add_list(
        self,
        list_name: str,
        phones: Sequence[str],
        terms: Sequence[ProjectedTerms],
        ids: Sequence[str],
        times: Sequence[str | None],
    ) -> None:
        """Take in a page's entries of one list; one by one where there is something uncommon among them."""
        list_id = self._list_ids_by_name.get(list_name)
        if list_id is None:
            self.foreign.update(dict.fromkeys(ids, list_name))
            return
        table = self.tables[list_id]
        if _are_all_e164(phones) and table.extend(phones, terms, ids, times):
            return
        for phone, entry in zip(phones, map(LiveEntry, terms, ids, times), strict=True):
            if not is_e164(phone):
                self.unreadable[entry.id] = UnreadableEntry(list_id, sanitize(phone))
            elif phone in table:
                self._add_duplicate((list_id, phone), entry)
            else:
                table[phone] = entry

    def live(self, read_at: str) -> Live:
        """Give what this look saw, as a reading that adds up."""
        return self._live(read_at, complete=True, unseen=frozenset())

    def union(self, previous: "ReadPass", read_at: str) -> Live:
        """Give what this look and the one before saw together, where neither adds up. Uses both up.

        A key has its strongest terms of both, and the id that this look saw. Where the looks saw two ids of
        one key, each may have missed one of two entries, so the reason codes of both are kept.
        """
        unseen: set[Key] = set()
        several_codes_keys = previous.duplicate_codes.keys() | self.duplicate_codes.keys()
        for name, table in previous.tables.items():
            own_table = self.tables[name]
            for phone, entry in table.items():
                own_entry = own_table.get(phone)
                if own_entry is None:
                    unseen.add((name, phone))
                    own_table[phone] = entry
                elif own_entry != entry:
                    if own_entry.id != entry.id or (name, phone) in several_codes_keys:
                        self._note_codes((name, phone), own_entry, entry)
                    own_table[phone] = self._merged(own_entry, entry)
        for key in unseen & previous.duplicate_ids.keys():
            self.duplicate_ids[key] = previous.duplicate_ids[key]
        for key, codes in previous.duplicate_codes.items():
            self.duplicate_codes.setdefault(key, set()).update(codes)
        self.unreadable = previous.unreadable | self.unreadable
        self.foreign = previous.foreign | self.foreign
        self.ids.join(previous.ids)
        return self._live(read_at, complete=False, unseen=frozenset(unseen))

    def _live(self, read_at: str, *, complete: bool, unseen: frozenset[Key]) -> Live:
        foreign: dict[str, int] = {}
        for list_name in map(mark_invisible, self.foreign.values()):
            foreign[list_name] = foreign.get(list_name, 0) + 1
        return Live(
            lists={name: table for name, table in sorted(self.tables.items()) if table},
            complete=complete,
            unseen=unseen,
            duplicate_ids={key: tuple(sorted(ids)) for key, ids in sorted(self.duplicate_ids.items())},
            unreadable=tuple(sorted(self.unreadable.values(), key=lambda odd: (odd.list_id, odd.text))),
            foreign=dict(sorted(foreign.items())),
            entry_count=len(self.ids),
            read_at=read_at,
            duplicate_codes={key: frozenset(codes) for key, codes in sorted(self.duplicate_codes.items())},
        )

    def _add_duplicate(self, key: Key, entry: LiveEntry) -> None:
        """Take in a key that was seen before: the same entry on a page that moved, or a twin of it."""
        table = self.tables[key[0]]
        known = table[key[1]]
        if entry.id in {known.id, *self.duplicate_ids.get(key, ())}:
            table[key[1]] = self._merged(known, entry)
            if key in self.duplicate_ids:
                self._note_codes(key, entry)
            return
        strongest = entry if self._strength(entry.terms) > self._strength(known.terms) else known
        other = known if strongest is entry else entry
        table[key[1]] = self._merged(strongest, other)
        self.duplicate_ids.setdefault(key, set()).add(other.id)
        self._note_codes(key, known, entry)

    def _note_codes(self, key: Key, *entries: LiveEntry) -> None:
        """Note the reason codes of entries of one key: merged they show only the strongest's."""
        self.duplicate_codes.setdefault(key, set()).update(entry.terms.reason_code for entry in entries)

    def _merged(self, known: LiveEntry, other: LiveEntry) -> LiveEntry:
        """Keep the one's id, with the stronger terms of both and the later touch."""
        stronger = max(known.terms, other.terms, key=self._strength)
        return LiveEntry(stronger, known.id, later_time(known.modified, other.modified))


def _is_uniform(column: Sequence[str]) -> bool:
    """Tell whether a column has one value only, without hashing each."""
    return column.count(column[0]) == len(column)


def _are_all_e164(phones: Sequence[str]) -> bool:
    """Judge a page's phones at once; the line breaks are counted, so that none hides in a phone."""
    text = "\n".join(phones) + "\n"
    return text.count("\n") == len(phones) and _ALL_E164.fullmatch(text) is not None


def later_time(first: str | None, second: str | None) -> str | None:
    """Give the later of two times as received; None, which counts as touched, where that cannot be told."""
    if first == second:
        return first
    moments = [_moment(first), _moment(second)]
    if moments[0] is None or moments[1] is None:
        return None
    return first if moments[0] >= moments[1] else second


def _moment(text: str | None) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
