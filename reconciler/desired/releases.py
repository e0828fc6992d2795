"""The releases of one file: permissions that a number may come off before its term."""

from collections.abc import Iterator
from datetime import date

from reconciler.desired.dates import later_than
from reconciler.desired.documents import read_document
from reconciler.desired.nodes import ListNode, MapNode, unpack
from reconciler.desired.periods import parse_date
from reconciler.desired.phones import listed_in
from reconciler.model.claims import Release, ReleaseReason
from reconciler.model.finding import Finding, Severity
from reconciler.model.phone import is_e164


def release_findings(
    file: str, node: MapNode, path: str, list_id: str | None, latest: date
) -> Iterator[Finding]:
    """Judge what the schema cannot: a day that has not come yet, and a number that moves to where it is."""
    yield from later_than(latest, file, node, path, "releasedOn")
    to = node.values.get("to")
    if to is not None and to == list_id:
        line, column = unpack(node.value_mark("to"))
        said = "the number moves to the list that it is on: name the other list, or use another reason"
        yield Finding(file, line, column, f"{path}/to", "LIST-07", Severity.ERROR, said)


def releases_in(path: str, data: bytes) -> Iterator[Release]:
    """Give the releases of a list file; none of one that cannot be read."""
    root = read_document(path, data).root
    section = root.values.get("releases") if isinstance(root, MapNode) else None
    if isinstance(root, MapNode) and isinstance(section, ListNode):
        list_id = root.values.get("listId")
        for node in section.items:
            if isinstance(node, MapNode) and isinstance(list_id, str):
                yield from releases_of(path, node, list_id)


def releases_of(path: str, node: MapNode, list_id: str) -> Iterator[Release]:
    """Give the release of each number; none where the release does not hold."""
    on, evidence, to = parse_date(node.values.get("releasedOn")), node.values.get("evidence"), None
    try:
        reason = ReleaseReason(str(node.values.get("reason")))
    except ValueError:
        return
    if reason is ReleaseReason.MOVED:
        to = node.values.get("to")
    said = node.values.get("approvedBy")
    approved_by = said if isinstance(said, str) else None
    if on is None or not isinstance(evidence, str) or not isinstance(to, str | None):
        return
    for listed in listed_in(node, ""):
        for text in listed.texts:
            if isinstance(text, str) and is_e164(text):
                yield Release(list_id, text, on, reason, evidence, to, path, approved_by)
