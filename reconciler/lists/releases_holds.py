"""The releases and holds of one file, its dates, and the rules about a list as a whole."""

from collections.abc import Iterator
from datetime import date

from reconciler.core.model.entries import Hold, Release, ReleaseReason
from reconciler.core.model.finding import Finding, Severity
from reconciler.core.model.phone import is_e164
from reconciler.lists.phone_blocks import phone_texts_in
from reconciler.lists.reading_state import Reading
from reconciler.rules.evaluation import find_violations
from reconciler.rules.periods import parse_date
from reconciler.rules.rule import Scope
from reconciler.rules.schema_errors import pointer
from reconciler.yaml_tree.documents import read_document
from reconciler.yaml_tree.nodes import ListNode, MapNode, locate, plain, unpack

PAST_DAY_KEYS = ("requestedOn", "listedOn", "firstSeenOn")
_DATE_LENGTH = len("2026-11-02")


def parse_day(text: object) -> date | None:
    """Give the day of a date, or of an RFC 3339 time as written there; None for anything else."""
    return parse_date(text[:_DATE_LENGTH]) if isinstance(text, str) else None


def is_future(text: object, latest: date) -> bool:
    """Tell whether the date is later than the latest that people may write."""
    day = parse_day(text)
    return day is not None and day > latest


def future_day_findings(latest: date, file: str, node: MapNode, path: str, key: str) -> Iterator[Finding]:
    """Say so if what stands at the key has not come anywhere on Earth."""
    day = parse_day(node.values.get(key))
    if day and day > latest:
        line, column = unpack(node.value_mark(key))
        message = (
            f"{key} is {day}, which is in the future: today is {latest} at most. Write the day it happened"
        )
        yield Finding(file, line, column, f"{path}/{key}", "LIST-04", Severity.ERROR, message)


def unknown_list_findings(reading: Reading) -> Iterator[Finding]:
    """Find holds of a list that no file has: such a hold may hold nothing (LIST-08)."""
    for hold_list in reading.hold_lists:
        if hold_list.list_id not in reading.list_ids:
            line, column = unpack(hold_list.mark)
            message = "no file here is part of the list that is on hold: check listId, or hold the numbers"
            yield Finding(hold_list.file, line, column, hold_list.path, "LIST-08", Severity.WARNING, message)


def hold_findings(file: str, node: MapNode, path: str, latest: date) -> Iterator[Finding]:
    """Judge what the schema cannot: a day that has not come yet."""
    yield from future_day_findings(latest, file, node, path, "from")


def parse_holds(file: str, node: MapNode) -> Iterator[Hold]:
    """Give the hold; none where it cannot be understood, and an error says so.

    An end that cannot be read is no end: a hold that is wrong about its end goes on.
    """
    values = node.values
    matter, since, list_id = values.get("matter"), parse_date(values.get("from")), values.get("listId")
    if not isinstance(matter, str) or since is None:
        return
    phones = frozenset(
        text
        for phone_texts in phone_texts_in(node, "")
        for text in phone_texts.texts
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


_NUMBER_SECTIONS = frozenset({"entries", "releases", "holds"})


def list_findings(reading: Reading, file: str, root: MapNode, registry_numbers: int) -> Iterator[Finding]:
    """Judge what a file says beside its numbers, of which `registry_numbers` are a registry's."""
    registry = root.values.get("registry")
    fields = {key: plain(value) for key, value in root.values.items() if key not in _NUMBER_SECTIONS}
    fields["registryNumbers"] = registry_numbers
    if isinstance(registry, MapNode):
        fields["registry"] = {key: plain(value) for key, value in registry.values.items()} | {
            "asOf": reading.as_of.isoformat()
        }
        yield from future_day_findings(reading.latest, file, registry, "/registry", "retrievedAt")
    for rule in reading.judge.rules_of_scope(Scope.LIST):
        for verdict in find_violations(rule, fields):
            path = verdict.path if verdict.key in root.values else ()
            finding = verdict.to_finding(file, locate(root, iter(path)), pointer(path))
            if verdict.severity is Severity.ERROR:
                reading.add_regulation_error(finding, None, ())
            yield finding


def release_findings(
    file: str, node: MapNode, path: str, list_id: str | None, latest: date
) -> Iterator[Finding]:
    """Judge what the schema cannot: a day that has not come yet, and a number that moves to where it is."""
    yield from future_day_findings(latest, file, node, path, "releasedOn")
    target_list = node.values.get("to")
    if target_list is not None and target_list == list_id:
        line, column = unpack(node.value_mark("to"))
        message = "the number moves to the list that it is on: name the other list, or use another reason"
        yield Finding(file, line, column, f"{path}/to", "LIST-07", Severity.ERROR, message)


def releases_in_file(path: str, data: bytes) -> Iterator[Release]:
    """Give the releases of a list file; none of one that cannot be read."""
    root = read_document(path, data).root
    if isinstance(root, MapNode):
        yield from _releases_below(path, root)


def readable_releases(path: str, data: bytes) -> frozenset[Release] | None:
    """Give the releases of a list file; None where nobody can tell which it has."""
    document = read_document(path, data)
    if not isinstance(document.root, MapNode) or any(f.severity is Severity.ERROR for f in document.findings):
        return None
    return frozenset(_releases_below(path, document.root))


def _releases_below(path: str, root: MapNode) -> Iterator[Release]:
    section, list_id = root.values.get("releases"), root.values.get("listId")
    if isinstance(section, ListNode) and isinstance(list_id, str):
        for node in section.items:
            if isinstance(node, MapNode):
                yield from parse_releases(path, node, list_id)


def parse_releases(path: str, node: MapNode, list_id: str) -> Iterator[Release]:
    """Give the release of each number; none where the release does not hold."""
    released_on, evidence, target_list = (
        parse_date(node.values.get("releasedOn")),
        node.values.get("evidence"),
        None,
    )
    try:
        reason = ReleaseReason(str(node.values.get("reason")))
    except ValueError:
        return
    if reason is ReleaseReason.MOVED:
        target_list = node.values.get("to")
    approver = node.values.get("approvedBy")
    approved_by = approver if isinstance(approver, str) else None
    if released_on is None or not isinstance(evidence, str) or not isinstance(target_list, str | None):
        return
    for phone_texts in phone_texts_in(node, ""):
        for text in phone_texts.texts:
            if isinstance(text, str) and is_e164(text):
                yield Release(list_id, text, released_on, reason, evidence, target_list, path, approved_by)
