"""The one canonical form of a list file: sorted, quoted, equal terms gathered, comments at their numbers."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from operator import attrgetter
from typing import Any, TypeVar

from reconciler.core.model.entries import Policy, Release, Terms
from reconciler.core.model.errors import InvalidInput
from reconciler.core.model.gc_pause import collector_off
from reconciler.lists.edit.items import Item, ItemKeys, Number, block_item, file_content, single_item
from reconciler.lists.edit.sheet import Section, Sheet
from reconciler.lists.entry_rules import DEFAULT_SOURCE
from reconciler.rules.periods import Period

_Element = TypeVar("_Element")
_BY_TEXT = attrgetter("text")
_BY_ORDER = attrgetter("order")


def canonical_list(path: str, data: bytes) -> bytes:
    """Give a list file, which `read_lists` must have read without an error, in its canonical form.

    Raises InvalidInput for the few forms of YAML that cannot be edited line by line.
    """
    with collector_off():
        sheet = Sheet.read(path, data, whole=True)
        for piece in sheet.pieces:
            if isinstance(piece, Section):
                piece.items = sorted(gather_items(piece.items), key=_BY_ORDER)
        written = sheet.to_bytes()
        if written != data and file_content(written) != sheet.content:
            fact = "putting it in order would change what it says"
            raise InvalidInput(fact, "write it in the usual form, one number a line", where=path)
    return written


def gather_items(items: list[Item]) -> list[Item]:
    """Put the numbers of which the same is said into one block, each block sorted."""
    groups: dict[ItemKeys, list[Item]] = {}
    for item in items:
        if item.can_merge:
            groups.setdefault(item.keys, []).append(item)
    gathered_items = [item for item in items if not item.can_merge]
    gathered_items += [group[0] if len(group) == 1 else merge_items(group) for group in groups.values()]
    for item in gathered_items:
        item.numbers.sort(key=_BY_TEXT)
        item.source_lines = None
    return gathered_items


def merge_items(group: list[Item]) -> Item:
    """Put the numbers of several items into the first that has many, or into a new one."""
    target = next((item for item in group if item.is_block), None)
    if target is None:
        target = block_item(group[0].column, group[0].keys, group[0].terms, [])
    target.numbers = [number for item in group for number in item.numbers]
    target.source_lines = None
    return target


def add_numbers(
    section: Section, keys: ItemKeys, terms: Sequence[str], numbers: Sequence[str], *, separate: bool
) -> None:
    """Add numbers of which the same is said to a section, each in its sorted place; nothing else moves.

    With `separate` each gets an entry of its own. Otherwise they go where `gathered` would put them: into the
    block of which the same is said, or into a new one, together with single numbers of which it is.
    """
    column = section.items[0].column if section.items else section.column
    if separate or len(numbers) == 1:
        new_items = [single_item(column, keys, terms, number) for number in numbers]
    else:
        new_items = [block_item(column, keys, terms, [Number(number) for number in sorted(numbers)])]
    same_keys = [] if separate else [item for item in section.items if item.can_merge and item.keys == keys]
    target = next((item for item in same_keys if item.is_block), None)
    if target:
        target.source_lines = None
        for number in numbers:
            _insert_sorted(target.numbers, Number(number), _BY_TEXT)
    elif same_keys:
        merged_item = merge_items([*same_keys, *new_items])
        merged_item.numbers.sort(key=_BY_TEXT)
        merged_ids = {id(item) for item in same_keys}
        section.items = [item for item in section.items if id(item) not in merged_ids]
        _insert_sorted(section.items, merged_item, _BY_ORDER)
        first_lines = section.items[0].source_lines or [""]
        while len(first_lines) > 1 and not first_lines[0].strip():  # another one may be the first now
            del first_lines[0]
    else:
        for item in new_items:
            _insert_sorted(section.items, item, _BY_ORDER)


def _insert_sorted(elements: list[_Element], new_element: _Element, order: Callable[[_Element], Any]) -> None:
    """Put one in before the first that comes after it; the others may be in any order."""
    key = order(new_element)
    index = next((place for place, element in enumerate(elements) if order(element) > key), len(elements))
    elements.insert(index, new_element)


Keys = tuple[tuple[str, str], ...]

_MODELINE = "# yaml-language-server: $schema={}dnc-list.schema.json"
# Text that every YAML reader takes for text, unquoted; and words that some take for something else.
_PLAIN_SCALAR = re.compile(r"[A-Za-z_][A-Za-z0-9_./-]*")
_AMBIGUOUS_WORDS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t"}


def write_list(  # noqa: PLR0913  (the parts of a list file; all but two may be left out)
    list_id: str,
    numbers: Mapping[str, Terms],
    *,
    evidence: Mapping[str, str] | None = None,
    releases: Iterable[Release] = (),
    description: str = "",
    schema_folder: str = "../schema/",
) -> str:
    """Write a list: sorted, numbers quoted, those with equal terms and evidence gathered, no defaults.

    `evidence` is by number. `schema_folder` is where the schema is, seen from the file, for editors.
    """
    entries: dict[Keys, list[str]] = defaultdict(list)
    evidence_of = evidence or {}
    for phone, terms in numbers.items():
        entries[tuple(_entry_keys(terms, evidence_of.get(phone)))].append(phone)
    release_groups: dict[Keys, list[str]] = defaultdict(list)
    for release in releases:
        release_groups[tuple(_release_keys(release))].append(release.phone)
    lines = [_MODELINE.format(schema_folder), f"listId: {write_scalar(list_id)}"]
    if description:
        lines.append(f"description: {write_scalar(description)}")
    if entries or not release_groups:
        lines += _section_lines("entries", entries)
    if release_groups:
        lines += _section_lines("releases", release_groups)
    return "\n".join(lines) + "\n"


def write_empty_list(path: str, list_id: str, description: str = "") -> bytes:
    """Write a list file without entries; `path` is where it will be, from the project's folder."""
    folder = "../" * path.count("/") + "schema/"
    return write_list(list_id, {}, description=description, schema_folder=folder).encode()


def write_scalar(text: str) -> str:
    """Write text so that it is read as this very text: plain where nobody can mistake it, else quoted."""
    if _PLAIN_SCALAR.fullmatch(text) and text.lower() not in _AMBIGUOUS_WORDS:
        return text
    return write_quoted(text)


def write_quoted(text: str) -> str:
    """Write text in double quotes, with escapes for all that does not print."""
    escaped = (_ESCAPES.get(c, c if c.isprintable() else f"\\U{ord(c):08x}") for c in text)
    return f'"{"".join(escaped)}"'


def write_retention(start: date, end: date) -> str:
    """Write the period from one day to another: in years or months where they lead to it, else in days."""
    months = (end.year - start.year) * 12 + end.month - start.month
    # A period that rolled forward ends in the month after the one that it counts to.
    for count in (months, months - 1):
        if count > 0 and Period(0, count, 0).after(start) == end:
            return f"P{count // 12}Y" if count % 12 == 0 else f"P{count}M"
    return f"P{(end - start).days}D"


def _section_lines(name: str, groups: Mapping[Keys, list[str]]) -> Iterator[str]:
    if not groups:
        yield f"{name}: []"
        return
    yield f"{name}:"
    for keys, phones in sorted((keys, sorted(phones)) for keys, phones in groups.items()):
        lines = [f"{key}: {value}" for key, value in keys]
        if len(phones) == 1:
            lines.insert(0, f"phone: {write_quoted(phones[0])}")
        else:
            lines += ["phones:", *(f"  - {write_quoted(phone)}" for phone in phones)]
        yield f"  - {lines[0]}"
        yield from (f"    {line}" for line in lines[1:])


def _entry_keys(terms: Terms, evidence: str | None) -> Iterator[tuple[str, str]]:
    yield "reasonCode", terms.reason_code
    yield "expirationPolicy", terms.expiration_policy
    if terms.jurisdiction:
        yield "jurisdiction", write_scalar(terms.jurisdiction)
    if terms.source != DEFAULT_SOURCE:
        yield "source", write_scalar(terms.source)
    if terms.requested_on:
        yield "requestedOn", terms.requested_on.isoformat()
    if terms.end and terms.expiration_policy is Policy.ABSOLUTE:
        yield "expirationDate", terms.end.isoformat()
    if terms.end and terms.requested_on and terms.expiration_policy is Policy.RELATIVE:
        yield "retention", write_retention(terms.requested_on, terms.end)
    if evidence:
        yield "evidence", write_scalar(evidence)


def _release_keys(release: Release) -> Iterator[tuple[str, str]]:
    yield "releasedOn", release.released_on.isoformat()
    yield "reason", release.reason
    if release.to:
        yield "to", write_scalar(release.to)
    yield "evidence", write_scalar(release.evidence)
