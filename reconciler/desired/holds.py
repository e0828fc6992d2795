"""The holds of one file: what they name is not deleted, weakened or moved while they stand."""

from collections.abc import Iterator
from datetime import date

from reconciler.desired.dates import later_than
from reconciler.desired.nodes import MapNode, unpack
from reconciler.desired.periods import parse_date
from reconciler.desired.phones import listed_in
from reconciler.desired.reading import Reading
from reconciler.model.claims import Hold
from reconciler.model.finding import Finding, Severity
from reconciler.model.phone import is_e164


def unknown_lists(reading: Reading) -> Iterator[Finding]:
    """Find holds of a list that no file has: such a hold may hold nothing (LIST-08)."""
    for held in reading.held_lists:
        if held.list_id not in reading.list_ids:
            line, column = unpack(held.mark)
            said = "no file here is part of the list that is held: check listId, or hold the numbers"
            yield Finding(held.file, line, column, held.path, "LIST-08", Severity.WARNING, said)


def hold_findings(file: str, node: MapNode, path: str, latest: date) -> Iterator[Finding]:
    """Judge what the schema cannot: a day that has not come yet."""
    yield from later_than(latest, file, node, path, "from")


def holds_of(file: str, node: MapNode) -> Iterator[Hold]:
    """Give the hold; none where it cannot be understood, and an error says so.

    An end that cannot be read is no end: a hold that is wrong about its end goes on.
    """
    values = node.values
    matter, since, list_id = values.get("matter"), parse_date(values.get("from")), values.get("listId")
    if not isinstance(matter, str) or since is None:
        return
    phones = frozenset(
        text
        for listed in listed_in(node, "")
        for text in listed.texts
        if isinstance(text, str) and is_e164(text)
    )
    yield Hold(
        matter,
        since,
        parse_date(values.get("until")),
        phones,
        list_id if isinstance(list_id, str) else None,
        everything=values.get("all") == "true",
        path=file,
    )
