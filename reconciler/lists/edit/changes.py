"""Numbers added to, taken out of and put back into a list file; all else stays as people wrote it."""

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial

from reconciler.core.model.entries import Release
from reconciler.core.model.errors import InvalidInput
from reconciler.lists.edit.canonical import (
    add_numbers,
    gather_items,
    write_empty_list,
    write_list,
    write_scalar,
)
from reconciler.lists.edit.items import Item, Number, block_item, single_item
from reconciler.lists.edit.sheet import Section, Sheet
from reconciler.lists.entry_rules import UNUSED_KEYS
from reconciler.rules.periods import parse_date
from reconciler.yaml_tree.spans import Branch, Leaf, plain

# Keys with their values, sorted.
Keys = tuple[tuple[str, str], ...]

# In the order in which they are written.
ENTRY_KEYS = (
    *("reasonCode", "expirationPolicy", "jurisdiction", "source"),
    *("requestedOn", "listedOn", "firstSeenOn", "expirationDate", "retention", "evidence"),
)
_DAYS = frozenset({"requestedOn", "listedOn", "firstSeenOn", "expirationDate"})
# Of one request only: nobody means those of another by leaving them out.
_REQUEST_KEYS = ("requestedOn", "expirationDate", "retention", "evidence")


def with_numbers(
    path: str, data: bytes, keys: Mapping[str, str], numbers: Sequence[str], *, separate: bool
) -> bytes:
    """Give a list file with numbers added under these keys, those left out that its defaults say already.

    With `separate` each number gets an entry of its own. Raises InvalidInput as `Sheet.read` does.
    """
    sheet = Sheet.read(path, data)
    defaults = _defaults(sheet)
    entry_keys = {key: keys[key] for key in ENTRY_KEYS if key in keys and defaults.get(key) != keys[key]}
    add_numbers(
        sheet.section_to_extend("entries"),
        tuple(sorted(entry_keys.items())),
        _key_lines(entry_keys),
        numbers,
        separate=separate,
    )
    return sheet.to_bytes()


def new_lists(
    list_id: str, groups: Mapping[Keys, Sequence[str]], *, limit: int, description: str
) -> Iterator[Callable[[str], bytes]]:
    """Cut numbers, by the keys that they get, into canonical list files of so many numbers at most.

    Gives for each file a function that writes it for the path where it will be.
    """
    flat = [(keys, number) for keys, numbers in sorted(groups.items()) for number in sorted(numbers)]
    for start in range(0, len(flat), limit):
        chunk: dict[Keys, list[str]] = {}
        for keys, number in flat[start : start + limit]:
            chunk.setdefault(keys, []).append(number)
        yield partial(_new_list_with, list_id=list_id, groups=chunk, description=description)


def _new_list_with(path: str, list_id: str, groups: Mapping[Keys, list[str]], description: str) -> bytes:
    sheet = Sheet.read(path, write_empty_list(path, list_id, description))
    section = sheet.section_to_extend("entries")
    items: list[Item] = []
    for keys, numbers in groups.items():
        terms = _key_lines(dict(keys))
        if len(numbers) == 1:
            items.append(single_item(section.column, keys, terms, numbers[0]))
        else:
            items.append(block_item(section.column, keys, terms, [Number(number) for number in numbers]))
    section.items = sorted(items, key=lambda item: item.order)
    return sheet.to_bytes()


def with_commented_numbers(path: str, data: bytes, groups: Mapping[Keys, Mapping[str, str]]) -> bytes:
    """Give a list file in canonical form with numbers added by their keys, each with a comment behind it.

    An empty comment is none. Raises InvalidInput as `Sheet.read` does.
    """
    sheet = Sheet.read(path, data, whole=True)
    section = sheet.section_to_extend("entries")
    column = section.items[0].column if section.items else section.column
    for keys, numbers in groups.items():
        terms = _key_lines(dict(keys))
        if len(numbers) == 1 and not any(numbers.values()):
            section.items.append(single_item(column, keys, terms, next(iter(numbers))))
        else:
            commented = [Number(number, trailing_comment=remark) for number, remark in numbers.items()]
            section.items.append(block_item(column, keys, terms, commented))
    section.items = sorted(gather_items(section.items), key=lambda item: item.order)
    return sheet.to_bytes()


def with_rows(list_id: str, groups: Mapping[Keys, Sequence[str]]) -> bytes:
    """Write a list of one entry for each keys, in their order, to be judged."""
    lines = [f"listId: {write_scalar(list_id)}", "entries:"]
    for keys, numbers in groups.items():
        lines += ["  - phones:", *(f'      - "{number}"' for number in numbers)]
        lines += [f"    {term}" for term in _key_lines(dict(keys))]
    return "\n".join([*lines, ""]).encode()


def only_numbers(path: str, data: bytes, keys: Mapping[str, str], numbers: Sequence[str]) -> bytes:
    """Give a list file with the numbers only, under the file's own defaults: to judge them by themselves."""
    text, root = Sheet.read(path, data).original
    header = "".join(
        f"{text[key.start : value.end]}\n"
        for key, value in root.pairs()
        if key.text in {"listId", "defaults"}
    )
    return with_numbers(path, f"{header}entries: []\n".encode(), keys, numbers, separate=False)


def inherited_keys(path: str, data: bytes, keys: Mapping[str, str]) -> list[str]:
    """Name keys of one request that the file's defaults would give to numbers added under these keys."""
    defaults = _defaults(Sheet.read(path, data))
    unused = UNUSED_KEYS.get(keys.get("expirationPolicy"), ())
    return [key for key in _REQUEST_KEYS if key in defaults and key not in keys and key not in unused]


def lines_of(path: str, data: bytes, numbers: Collection[str]) -> dict[str, int]:
    """Tell in which lines of a file, from 1, numbers are claimed."""
    text, root = Sheet.read(path, data).original
    section = root.get("entries")
    line_by_number: dict[str, int] = {}
    for entry in section.parts if isinstance(section, Branch) else ():
        for key, value in entry.pairs() if isinstance(entry, Branch) else ():
            leaves = value.parts if isinstance(value, Branch) else [value]
            for leaf in leaves if key.text in {"phone", "phones"} else ():
                if isinstance(leaf, Leaf) and leaf.text in numbers:
                    line_by_number[leaf.text] = text.count("\n", 0, leaf.start) + 1
    return line_by_number


def _key_lines(keys: Mapping[str, str]) -> list[str]:
    """Write keys and values in their order; what is no day may need quotes."""
    texts = ((key, keys[key]) for key in ENTRY_KEYS if key in keys)
    return [
        f"{key}: {value if key in _DAYS and parse_date(value) else write_scalar(value)}"
        for key, value in texts
    ]


def _defaults(sheet: Sheet) -> dict[str, str]:
    node = sheet.original[1].get("defaults")
    defaults = plain(node) if isinstance(node, Branch) else {}
    return {str(key): str(value) for key, value in defaults.items()} if isinstance(defaults, dict) else {}


_ENTRIES_LINE = re.compile(r"""(["']?entries["']?\s*:)\s*(#.*)?""")


def without_numbers(path: str, data: bytes, numbers: Collection[str]) -> bytes:
    """Give a list file without the entries of these numbers; a comment of theirs goes with them.

    Raises InvalidInput as `Sheet.read` does.
    """
    removed = frozenset(numbers)
    sheet = Sheet.read(path, data)
    section = sheet.section("entries")
    if section and any(not item.head and _has_any(item, removed) for item in section.items):
        sheet = Sheet.read(path, data, whole=True)  # entries in brackets are opened to be cut
        section = sheet.section("entries")
    if section is None or not any(_has_any(item, removed) for item in section.items):
        return data
    first_item = section.items[0]
    for item in section.items:
        if item.is_block and _has_any(item, removed):
            item.numbers = [number for number in item.numbers if number.text not in removed]
            item.source_lines = None
        elif _has_any(item, removed):
            item.numbers = []
    section.items = [item for item in section.items if item.numbers]
    if not section.items:
        _write_empty_entries(sheet, section)
    elif section.items[0] is not first_item:
        _strip_blank_lines(section.items[0])
    return sheet.to_bytes()


def with_releases(path: str, data: bytes | None, releases: Sequence[Release]) -> bytes:
    """Give a file with releases added, all of one list and of which the same is said; None makes a new one.

    Raises InvalidInput as `Sheet.read` does.
    """
    first_release = releases[0]
    if data is None:
        folder = "../" * path.count("/") + "schema/"
        description = f"Releases of {first_release.list_id}"
        return write_list(
            first_release.list_id, {}, releases=releases, description=description, schema_folder=folder
        ).encode()
    keys = {"releasedOn": first_release.released_on.isoformat(), "reason": first_release.reason.value}
    keys |= {"to": first_release.to} if first_release.to else {}
    keys |= {"evidence": first_release.evidence}
    terms = [f"{key}: {value if key == 'releasedOn' else write_scalar(value)}" for key, value in keys.items()]
    sheet = Sheet.read(path, data)
    numbers = sorted({release.phone for release in releases})
    add_numbers(
        sheet.section_to_extend("releases"), tuple(sorted(keys.items())), terms, numbers, separate=False
    )
    return sheet.to_bytes()


def _has_any(item: Item, numbers: frozenset[str]) -> bool:
    return any(number.text in numbers for number in item.numbers)


def _write_empty_entries(sheet: Sheet, section: Section) -> None:
    """Write `entries: []` where the key stands: without items, it would have no value."""
    lines_before = sheet.pieces[sheet.pieces.index(section) - 1]
    for place, line in reversed(list(enumerate(lines_before if isinstance(lines_before, list) else ()))):
        if match := _ENTRIES_LINE.fullmatch(line.rstrip()):
            assert isinstance(lines_before, list)  # noqa: S101  (the loop goes over lines only)
            lines_before[place] = f"{match[1]} []" + (f"  {match[2]}" if match[2] else "")
            return


def _strip_blank_lines(item: Item) -> None:
    """Take the blank lines away above an item that is the first now."""
    lines = item.source_lines or [""]
    while len(lines) > 1 and not lines[0].strip():
        del lines[0]


def restore_lines(path: str, data: bytes, past_data: bytes, numbers: Collection[str]) -> bytes:
    """Give a list file with the entries of numbers that it has no more, comments of theirs included.

    Where the file's defaults are others by now, each entry says by itself what it said with those of then.
    Raises InvalidInput where today's defaults would add to it, and as `Sheet.read` does.
    """
    past_sheet = Sheet.read(path, past_data, whole=True)
    defaults = _defaults(past_sheet)
    section = past_sheet.section("entries")
    for item in section.items if section else ():
        to_restore = [number for number in item.numbers if number.text in numbers]
        if not to_restore:
            continue
        if _defaults(Sheet.read(path, data)) == defaults:
            data = _insert_item(path, data, item, to_restore)
        else:
            data = _with_explicit_keys(path, data, {**defaults, **dict(item.keys)}, to_restore)
    return data


def _insert_item(path: str, data: bytes, item: Item, to_restore: list[Number]) -> bytes:
    """Put an item's numbers back, into the block that they stood in where it is still there."""
    sheet = Sheet.read(path, data)
    section = sheet.section_to_extend("entries")
    if section.items and section.items[0].column != item.column:
        return _with_explicit_keys(path, data, dict(item.keys), to_restore)
    section.column = item.column
    candidates = [
        other for other in section.items if other.is_block and other.head and _has_same_keys(other, item)
    ]
    if item.is_block and candidates:
        candidates[0].numbers = sorted([*candidates[0].numbers, *to_restore], key=lambda number: number.text)
        candidates[0].source_lines = None
    else:
        _insert_sorted(section, replace(item, numbers=to_restore, source_lines=None))
    return sheet.to_bytes()


def _has_same_keys(item: Item, other: Item) -> bool:
    return item.keys == other.keys and (item.head == other.head or (item.can_merge and other.can_merge))


def _insert_sorted(section: Section, new_item: Item) -> None:
    index = next(
        (i for i, item in enumerate(section.items) if item.order > new_item.order), len(section.items)
    )
    section.items.insert(index, new_item)


def _with_explicit_keys(path: str, data: bytes, item_keys: dict[str, str], to_restore: list[Number]) -> bytes:
    unused = UNUSED_KEYS.get(item_keys.get("expirationPolicy"), ())
    keys = {key: value for key, value in item_keys.items() if key not in unused}
    if inherited := inherited_keys(path, data, keys):
        fact = f"the file's defaults would give {' and '.join(inherited)} to what comes back"
        raise InvalidInput(fact, "take them out of the defaults first; nothing was written", where=path)
    return with_numbers(path, data, keys, [number.text for number in to_restore], separate="evidence" in keys)
