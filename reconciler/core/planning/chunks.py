"""Chunks: the upserts of a plan cut up into requests, as few as there can be."""

from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import groupby, islice

from reconciler.core.model.provider import Write
from reconciler.core.planning.change import Change

Chunk = list[Write]


def split_into_chunks(changes: Iterable[Change], size: int, *, one_list: bool = False) -> Iterator[Chunk]:
    """Cut upserts into chunks of at most `size`, no phone twice in one, as errors name only it.

    Each chunk takes the waiting writes in the order of the changes, and passes over phones that it has: so n
    writes make ceil(n / size) + m - 1 chunks at most, m being the most lists of one phone. Where deadlines
    are equal, what has most copies left goes first, and it is max(ceil(n / size), m). `one_list`: the wire
    has a call for each list, so a chunk is of one, and that of the nearest deadline goes first.
    """
    sent = [change for change in changes if change.after is not None]
    lists = {change.list_id for change in sent}
    if one_list:
        of_lists = ((change for change in sent if change.list_id == list_id) for list_id in lists)
        chunks = [chunk for of_list in of_lists for chunk in _dated_slices(of_list, size)]
        yield from (chunk for _, _, chunk in sorted(chunks, key=lambda one: one[:2]))
    elif len(lists) == 1:  # a list has a phone once
        yield from _slices(upserts_of(sent), size)
    else:
        yield from _pack(_most_copies_first(sent), size)


def pack_in_order(writes: Iterable[Write], size: int, *, one_list: bool = False) -> Iterator[Chunk]:
    """Cut writes into chunks of at most `size` in their own order, no phone twice in one.

    `one_list`: a chunk is of one list, and that which has the first of the waiting writes goes first.
    """
    if not one_list:
        yield from _pack(iter(writes), size)
        return
    placed_by_list: dict[str, list[tuple[int, Write]]] = {}
    for place, write in enumerate(writes):
        placed_by_list.setdefault(write.list_id, []).append((place, write))
    slices = [
        placed[start : start + size]
        for placed in placed_by_list.values()
        for start in range(0, len(placed), size)
    ]
    for placed in sorted(slices, key=lambda part: part[0][0]):
        yield [write for _, write in placed]


def count_chunks(changes: Sequence[Change], size: int, *, one_list: bool = False) -> int:
    """Count the chunks that these changes make."""
    return sum(1 for _ in split_into_chunks(changes, size, one_list=one_list))


def upserts_of(changes: Iterable[Change]) -> Iterator[Write]:
    """Give the creates and updates of some changes, number by number, in order."""
    for change in changes:
        if change.after is not None:
            for phone in change.phones:
                yield Write(change.list_id, phone, change.after)


def _slices(writes: Iterator[Write], size: int) -> Iterator[Chunk]:
    while chunk := list(islice(writes, size)):
        yield chunk


def _day(change: Change) -> date:
    return date.max if change.due is None else change.due.due


def _dated_slices(changes: Iterable[Change], size: int) -> Iterator[tuple[date, str, Chunk]]:
    """Cut one list's changes; give each chunk with its nearest deadline and its list."""
    of_list = tuple(changes)
    days = (_day(change) for change in of_list for _ in change.phones)
    for chunk in _slices(upserts_of(of_list), size):
        first_day, *_ = islice(days, len(chunk))
        yield first_day, chunk[0].list_id, chunk


def _most_copies_first(changes: Sequence[Change]) -> Iterator[Write]:
    """Give the writes by deadline; of one deadline, each phone's in turns, those with most copies first."""
    for _, same_day in groupby(changes, key=_day):
        group = tuple(same_day)
        copies = _copies(group)
        levels: dict[int, list[Write]] = {}
        for write in upserts_of(group):
            level = copies.get(write.phone, 1)
            if level > 1:
                copies[write.phone] = level - 1
            levels.setdefault(level, []).append(write)
        for level in sorted(levels, reverse=True):
            yield from levels[level]


def _copies(changes: Sequence[Change]) -> dict[str, int]:
    """Count the writes of each phone that has several."""
    if len({change.list_id for change in changes}) == 1:
        return {}
    counts = Counter(phone for change in changes for phone in change.phones)
    return {phone: count for phone, count in counts.items() if count > 1}


def _pack(writes: Iterator[Write], size: int) -> Iterator[Chunk]:
    waiting: deque[Write] = deque()
    while True:
        chunk: Chunk = []
        phones: set[str] = set()
        passed: deque[Write] = deque()
        while len(chunk) < size and (write := waiting.popleft() if waiting else next(writes, None)):
            if write.phone in phones:
                passed.append(write)
            else:
                chunk.append(write)
                phones.add(write.phone)
        if not chunk:
            return
        yield chunk
        passed.extend(waiting)
        waiting = passed
