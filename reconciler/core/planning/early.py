"""Which entries may be written before CXone is read: new ones that no entry can exceed. Pure."""

from collections.abc import Collection, Iterable, Iterator
from datetime import date, timedelta
from itertools import islice

from reconciler.core.model.entries import FileEntries, Key, Terms
from reconciler.core.model.provider import Write
from reconciler.core.planning.chunks import Chunk, pack_in_order
from reconciler.core.planning.inputs import PlanFacts
from reconciler.core.planning.state import FilesByNumber

MAX_CHUNKS = 10
RECENT = timedelta(days=30)


def early_chunks(
    facts: PlanFacts,
    size: int,
    *,
    list_ids: Collection[str],
    known_live: Collection[Key] = frozenset(),
    counted: Collection[Key] = frozenset(),
) -> list[Chunk]:
    """Cut what goes before the read into chunks of at most `size`, ten at most, in the order of sending.

    What was requested in the last 30 days goes first, the newest first; then the rest by deadline. `list_ids`
    are the lists on which anything may go early. `known_live` are numbers that are live already: somebody
    added them in CXone and the files took over, or the run before put them back. `counted` are those that
    runs before sent and no reading has seen: they go again, last.
    """
    writes = sorted(_early_writes(facts, list_ids, known_live), key=lambda write: _place(facts, write))
    new = [write for write in writes if write.key not in counted]
    again = [write for write in writes if write.key in counted]
    one_list = facts.dialect.shape.one_list
    chunks = (chunk for part in (new, again) for chunk in pack_in_order(part, size, one_list=one_list))
    return list(islice(chunks, MAX_CHUNKS))


def new_keys(facts: PlanFacts) -> Iterator[tuple[FileEntries, str]]:
    """Give the active entries whose number is neither last applied nor kept, each with its file."""
    last_applied = facts.last_applied
    past_numbers = {(file.path, file.list_id): file.numbers for file in last_applied.files}
    for file in facts.declared.active_on(facts.as_of).files:
        was = past_numbers.get((file.path, file.list_id), {})
        absent = {phone for list_id, phone in last_applied.not_live if list_id == file.list_id}
        if was is file.numbers:
            candidates: Iterable[str] = absent.intersection(file.numbers)
        else:
            candidates = (phone for phone in file.numbers if phone in absent or phone not in was)
        for phone in candidates:
            if (file.list_id, phone) not in last_applied:
                yield file, phone


def _early_writes(
    facts: PlanFacts, list_ids: Collection[str], known_live: Collection[Key]
) -> Iterator[Write]:
    if facts.last_applied.revision is None:
        return  # nothing is held: whatever CXone has may be anybody's
    files_by_list: dict[str, list[FileEntries]] = {}
    for file in facts.declared.active_on(facts.as_of).files:
        files_by_list.setdefault(file.list_id, []).append(file)
    tables = {list_id: FilesByNumber(files) for list_id, files in files_by_list.items()}
    for key in sorted({(file.list_id, phone) for file, phone in new_keys(facts)}):
        if key[0] not in list_ids or key in known_live:
            continue
        terms = max(
            (file.numbers[key[1]] for file in tables[key[0]].of(key[1])), key=lambda one: one.precedence
        )
        if facts.dialect.is_unsurpassed(terms):
            yield Write(*key, terms)


def _place(facts: PlanFacts, write: Write) -> tuple[object, ...]:
    requested_on = write.terms.requested_on
    if requested_on is not None and requested_on >= facts.as_of - RECENT:
        return (0, -requested_on.toordinal(), *write.key)
    return (1, _due_day(facts, write.phone, write.terms).toordinal(), *write.key)


def _due_day(facts: PlanFacts, phone: str, terms: Terms) -> date:
    due = facts.deadlines.deadline(phone, terms)
    return date.max if due is None else due.due
