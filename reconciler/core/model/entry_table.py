"""The entries of one list by columns: numbers, ids and a few terms. Columnar: see ADR 19."""

from array import array
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, compress, count, islice

from reconciler.core.model.entries import ProjectedTerms
from reconciler.core.model.live import LiveEntry

_AT_ONCE = 10_000  # entries that are objects at the same time
_MOST_KNOWN = 50_000  # times; entries of one upload share theirs, and looking for more is not worth it


class Texts:
    """Short texts end to end in one buffer (columnar: see ADR 19)."""

    __slots__ = ("_buffer", "_ends")

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._ends = array("Q", (0,))

    def __len__(self) -> int:
        return len(self._ends) - 1

    def __getitem__(self, place: int) -> str:
        return self._buffer[self._ends[place] : self._ends[place + 1]].decode("utf-8", "surrogatepass")

    def extend(self, texts: Sequence[str]) -> None:
        """Add texts, in order."""
        joined = "".join(texts)
        data = joined.encode("utf-8", "surrogatepass")
        if len(data) == len(joined):
            sizes: Iterable[int] = map(len, texts)
        else:
            sizes = (len(text.encode("utf-8", "surrogatepass")) for text in texts)
        ends = accumulate(sizes, initial=len(self._buffer))
        next(ends)
        self._ends.extend(ends)
        self._buffer += data

    @property
    def columns(self) -> tuple[bytearray, "array[int]"]:
        """Give the buffer, and where in it the texts end: 0, then each."""
        return self._buffer, self._ends

    @classmethod
    def of(cls, buffer: bytes, ends: "array[int]") -> "Texts":
        """Make texts of their columns."""
        column = cls()
        column._buffer, column._ends = bytearray(buffer), ends
        return column

    def copy(self) -> "Texts":
        """Give another one that grows by itself."""
        column = Texts()
        column._buffer, column._ends = self._buffer[:], self._ends[:]
        return column


class _Times:
    """When entries were touched, as received: each time once, None as an empty text."""

    __slots__ = ("_known", "_places", "_texts")

    def __init__(self) -> None:
        self._texts = Texts()
        self._places = array("L")
        self._known: dict[str | None, int] = {}

    def __getitem__(self, place: int) -> str | None:
        return self._texts[self._places[place]] or None

    def extend(self, times: Sequence[str | None]) -> None:
        if len(self._known) > _MOST_KNOWN:
            self._known.clear()
        is_one = len(times) > 0 and times.count(times[0]) == len(times)
        new = [time for time in dict.fromkeys(times[:1] if is_one else times) if time not in self._known]
        self._known.update(zip(new, count(len(self._texts)), strict=False))
        self._texts.extend([time or "" for time in new])
        if is_one:
            self._places.extend(array("L", (self._known[times[0]],)) * len(times))
        else:
            self._places.extend(map(self._known.__getitem__, times))

    @property
    def columns(self) -> tuple["array[int]", Texts]:
        return self._places, self._texts

    @classmethod
    def of(cls, places: "array[int]", texts: Texts) -> "_Times":
        column = cls()
        column._places, column._texts = places, texts
        return column

    def copy(self) -> "_Times":
        column = _Times()
        column._texts, column._places = self._texts.copy(), self._places[:]
        column._known = dict(self._known)
        return column


@dataclass(frozen=True, slots=True)
class Columns:
    """A book as few large values, to be kept. Numbers and ids stand in one order.

    `phones` are one a line. `terms` says which of `projections` each number has, `times` which of `moments`.
    """

    phones: bytes
    projections: tuple[ProjectedTerms, ...]
    terms: "array[int]"
    ids: Texts
    times: "array[int]"
    moments: Texts


class EntryTable(Mapping[str, LiveEntry]):
    """Entries by phone, each made when it is asked for. `terms` is what lists are compared by.

    The n-th number of `terms` has the n-th row of the columns, until one is taken out or an id is asked for:
    from then on `_rows` says which. `_changed_entries` are entries that were put in, or changed, one by one.
    """

    __slots__ = ("_ids", "_own", "_rows", "_times", "terms")

    def __init__(self, entries: Mapping[str, LiveEntry] | None = None) -> None:
        self.terms: dict[str, ProjectedTerms] = {}
        self._ids = Texts()
        self._times = _Times()
        self._own: dict[str, LiveEntry] = {}
        self._rows: dict[str, int] | None = None
        if entries:
            self.extend(
                list(entries),
                [entry.terms for entry in entries.values()],
                [entry.id for entry in entries.values()],
                [entry.modified for entry in entries.values()],
            )

    def __len__(self) -> int:
        return len(self.terms)

    def __iter__(self) -> Iterator[str]:
        return iter(self.terms)

    def __contains__(self, phone: object) -> bool:
        return phone in self.terms

    def __getitem__(self, phone: str) -> LiveEntry:
        terms = self.terms[phone]
        if (changed := self._own.get(phone)) is not None:
            return changed
        row = self._row_index()[phone]
        return LiveEntry(terms, self._ids[row], self._times[row])

    def __setitem__(self, phone: str, entry: LiveEntry) -> None:
        if phone not in self.terms:
            self.extend((phone,), (entry.terms,), (entry.id,), (entry.modified,))
        else:
            self.terms[phone] = entry.terms
            self._own[phone] = entry

    def __delitem__(self, phone: str) -> None:
        self._row_index()
        del self.terms[phone]
        self._own.pop(phone, None)

    def extend(
        self,
        phones: Sequence[str],
        terms: Iterable[ProjectedTerms],
        ids: Sequence[str],
        times: Sequence[str | None],
    ) -> bool:
        """Add entries of new numbers; False, and nothing is added, where one is in it or stands twice."""
        size_before = len(self.terms)
        deque(map(self.terms.setdefault, phones, terms), maxlen=0)
        added = len(self.terms) - size_before
        if added != len(phones):
            for _ in range(added):
                self.terms.popitem()
            return False
        if self._rows is not None:
            self._rows.update(zip(phones, count(len(self._ids)), strict=False))
        self._ids.extend(ids)
        self._times.extend(times)
        return True

    def copy(self) -> "EntryTable":
        """Give another one that changes by itself."""
        table = EntryTable()
        table.terms, table._own = dict(self.terms), dict(self._own)
        table._ids, table._times = self._ids.copy(), self._times.copy()
        table._rows = None if self._rows is None else dict(self._rows)
        return table

    def phones_modified(self, is_wanted: Callable[[str | None], bool]) -> list[str]:
        """Name the numbers whose time is wanted; that is asked once for each time."""
        places, texts = self._times.columns
        wanted_flags = [is_wanted(texts[place] or None) for place in range(len(texts))]
        phones: list[str] = []
        if any(wanted_flags):
            rows = self.terms if self._rows is None else self._rows
            each = compress(rows, map(wanted_flags.__getitem__, places))
            phones = [phone for phone in each if phone in self.terms and phone not in self._own]
        return [*phones, *(phone for phone, entry in self._own.items() if is_wanted(entry.modified))]

    @property
    def columns(self) -> Columns:
        """Give the columns, of entries that were changed one by one too."""
        if self._own or len(self.terms) != len(self._ids):
            return self._rebuild().columns
        distinct = {id(terms): terms for terms in self.terms.values()}
        places = dict(zip(distinct, count(), strict=False))
        times, moments = self._times.columns
        return Columns(
            phones="\n".join(self.terms).encode("utf-8", "surrogatepass"),
            projections=tuple(distinct.values()),
            terms=array("L", map(places.__getitem__, map(id, self.terms.values()))),
            ids=self._ids,
            times=times,
            moments=moments,
        )

    @classmethod
    def of(cls, columns: Columns) -> "EntryTable":
        """Make a book of its columns."""
        table = cls()
        if columns.terms:
            phones = columns.phones.decode("utf-8", "surrogatepass").split("\n")
            terms = map(columns.projections.__getitem__, columns.terms)
            table.terms = dict(zip(phones, terms, strict=True))
        table._ids, table._times = columns.ids, _Times.of(columns.times, columns.moments)
        return table

    def _rebuild(self) -> "EntryTable":
        """Give the same entries, with the columns in the order of the numbers."""
        table = EntryTable()
        each = iter(self.items())
        while chunk := dict(islice(each, _AT_ONCE)):
            entries = chunk.values()
            table.extend(
                list(chunk),
                [e.terms for e in entries],
                [e.id for e in entries],
                [e.modified for e in entries],
            )
        return table

    def _row_index(self) -> dict[str, int]:
        if self._rows is None:
            self._rows = dict(zip(self.terms, count(), strict=False))
        return self._rows


def terms_by_phone(entries: Mapping[str, LiveEntry]) -> Mapping[str, ProjectedTerms]:
    """Give what entries are compared by, without making them."""
    return (
        entries.terms if isinstance(entries, EntryTable) else {p: entry.terms for p, entry in entries.items()}
    )


def phones_modified(entries: Mapping[str, LiveEntry], is_wanted: Callable[[str | None], bool]) -> list[str]:
    """Name the numbers whose time is wanted, without making their entries."""
    if isinstance(entries, EntryTable):
        return entries.phones_modified(is_wanted)
    return [phone for phone, entry in entries.items() if is_wanted(entry.modified)]
