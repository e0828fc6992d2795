"""Numbers added to, taken out of and put back into a list file; all else stays as people wrote it."""

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial

from reconciler.core.model.entries import Release
from reconciler.core.model.errors import InvalidInput
from reconciler.lists.edit.canonical import add, gathered, new_list, scalar, write_list
from reconciler.lists.edit.items import Item, Number, block, single
from reconciler.lists.edit.sheet import Section, Sheet
from reconciler.lists.entry_rules import UNUSED_KEYS
from reconciler.rules.periods import parse_date
from reconciler.yaml_tree.spans import Branch, Leaf, plain

# Keys with their values, sorted.
Keys = tuple[tuple[str, str], ...]

# In the order in which they are written.
KEYS = (
    *("reasonCode", "expirationPolicy", "jurisdiction", "source"),
    *("requestedOn", "listedOn", "firstSeenOn", "expirationDate", "retention", "evidence"),
)
_DAYS = frozenset({"requestedOn", "listedOn", "firstSeenOn", "expirationDate"})
# Of one request only: nobody means those of another by leaving them out.
_OWN = ("requestedOn", "expirationDate", "retention", "evidence")


def with_numbers(
    path: str, data: bytes, keys: Mapping[str, str], numbers: Sequence[str], *, apart: bool
) -> bytes:
    """Give a list file with numbers added under these keys, those left out that its defaults say already.

    With `apart` each number gets an entry of its own. Raises InvalidInput as `Sheet.read` does.
    """
    sheet = Sheet.read(path, data)
    defaults = _defaults(sheet)
    own = {key: keys[key] for key in KEYS if key in keys and defaults.get(key) != keys[key]}
    add(sheet.entries(), tuple(sorted(own.items())), _terms(own), numbers, apart=apart)
    return sheet.data()


def new_lists(
    list_id: str, groups: Mapping[Keys, Sequence[str]], *, most: int, description: str
) -> Iterator[Callable[[str], bytes]]:
    """Cut numbers, by the keys that they get, into canonical list files of so many numbers at most.

    Gives for each file a function that writes it for the path where it will be.
    """
    flat = [(keys, number) for keys, numbers in sorted(groups.items()) for number in sorted(numbers)]
    for start in range(0, len(flat), most):
        part: dict[Keys, list[str]] = {}
        for keys, number in flat[start : start + most]:
            part.setdefault(keys, []).append(number)
        yield partial(_new_list_with, list_id=list_id, groups=part, description=description)


def _new_list_with(path: str, list_id: str, groups: Mapping[Keys, list[str]], description: str) -> bytes:
    sheet = Sheet.read(path, new_list(path, list_id, description))
    section = sheet.entries()
    items: list[Item] = []
    for keys, numbers in groups.items():
        terms = _terms(dict(keys))
        if len(numbers) == 1:
            items.append(single(section.column, keys, terms, numbers[0]))
        else:
            items.append(block(section.column, keys, terms, [Number(number) for number in numbers]))
    section.items = sorted(items, key=lambda item: item.order)
    return sheet.data()


def with_remarked(path: str, data: bytes, groups: Mapping[Keys, Mapping[str, str]]) -> bytes:
    """Give a list file in canonical form with numbers added by their keys, each with a comment behind it.

    An empty comment is none. Raises InvalidInput as `Sheet.read` does.
    """
    sheet = Sheet.read(path, data, whole=True)
    section = sheet.entries()
    column = section.items[0].column if section.items else section.column
    for keys, numbers in groups.items():
        terms = _terms(dict(keys))
        if len(numbers) == 1 and not any(numbers.values()):
            section.items.append(single(column, keys, terms, next(iter(numbers))))
        else:
            listed = [Number(number, behind=remark) for number, remark in numbers.items()]
            section.items.append(block(column, keys, terms, listed))
    section.items = sorted(gathered(section.items), key=lambda item: item.order)
    return sheet.data()


def with_rows(list_id: str, groups: Mapping[Keys, Sequence[str]]) -> bytes:
    """Write a list of one entry for each keys, in their order, to be judged."""
    lines = [f"listId: {scalar(list_id)}", "entries:"]
    for keys, numbers in groups.items():
        lines += ["  - phones:", *(f'      - "{number}"' for number in numbers)]
        lines += [f"    {term}" for term in _terms(dict(keys))]
    return "\n".join([*lines, ""]).encode()


def alone(path: str, data: bytes, keys: Mapping[str, str], numbers: Sequence[str]) -> bytes:
    """Give a list file with the numbers only, under the file's own defaults: to judge them by themselves."""
    text, root = Sheet.read(path, data).original
    kept = "".join(
        f"{text[key.start : value.end]}\n"
        for key, value in root.pairs()
        if key.text in {"listId", "defaults"}
    )
    return with_numbers(path, f"{kept}entries: []\n".encode(), keys, numbers, apart=False)


def slipping_in(path: str, data: bytes, keys: Mapping[str, str]) -> list[str]:
    """Name keys of one request that the file's defaults would give to numbers added under these keys."""
    defaults = _defaults(Sheet.read(path, data))
    unused = UNUSED_KEYS.get(keys.get("expirationPolicy"), ())
    return [key for key in _OWN if key in defaults and key not in keys and key not in unused]


def lines_of(path: str, data: bytes, numbers: Collection[str]) -> dict[str, int]:
    """Tell in which lines of a file, from 1, numbers are claimed."""
    text, root = Sheet.read(path, data).original
    section = root.get("entries")
    found: dict[str, int] = {}
    for entry in section.parts if isinstance(section, Branch) else ():
        for key, value in entry.pairs() if isinstance(entry, Branch) else ():
            leaves = value.parts if isinstance(value, Branch) else [value]
            for leaf in leaves if key.text in {"phone", "phones"} else ():
                if isinstance(leaf, Leaf) and leaf.text in numbers:
                    found[leaf.text] = text.count("\n", 0, leaf.start) + 1
    return found


def _terms(keys: Mapping[str, str]) -> list[str]:
    """Write keys and values in their order; what is no day may need quotes."""
    written = ((key, keys[key]) for key in KEYS if key in keys)
    return [
        f"{key}: {value if key in _DAYS and parse_date(value) else scalar(value)}" for key, value in written
    ]


def _defaults(sheet: Sheet) -> dict[str, str]:
    found = sheet.original[1].get("defaults")
    said = plain(found) if isinstance(found, Branch) else {}
    return {str(key): str(value) for key, value in said.items()} if isinstance(said, dict) else {}


_KEY = re.compile(r"""(["']?entries["']?\s*:)\s*(#.*)?""")


def without_numbers(path: str, data: bytes, numbers: Collection[str]) -> bytes:
    """Give a list file without the entries of these numbers; a comment of theirs goes with them.

    Raises InvalidInput as `Sheet.read` does.
    """
    gone = frozenset(numbers)
    sheet = Sheet.read(path, data)
    section = sheet.section("entries")
    if section and any(not item.head and _has(item, gone) for item in section.items):
        sheet = Sheet.read(path, data, whole=True)  # entries in brackets are opened to be cut
        section = sheet.section("entries")
    if section is None or not any(_has(item, gone) for item in section.items):
        return data
    first = section.items[0]
    for item in section.items:
        if item.is_block and _has(item, gone):
            item.numbers = [number for number in item.numbers if number.text not in gone]
            item.written = None
        elif _has(item, gone):
            item.numbers = []
    section.items = [item for item in section.items if item.numbers]
    if not section.items:
        _emptied(sheet, section)
    elif section.items[0] is not first:
        _bare_above(section.items[0])
    return sheet.data()


def with_releases(path: str, data: bytes | None, releases: Sequence[Release]) -> bytes:
    """Give a file with releases added, all of one list and of which the same is said; None makes a new one.

    Raises InvalidInput as `Sheet.read` does.
    """
    one = releases[0]
    if data is None:
        folder = "../" * path.count("/") + "schema/"
        description = f"Releases of {one.list_id}"
        return write_list(
            one.list_id, {}, releases=releases, description=description, schema_folder=folder
        ).encode()
    said = {"releasedOn": one.released_on.isoformat(), "reason": one.reason.value}
    said |= {"to": one.to} if one.to else {}
    said |= {"evidence": one.evidence}
    terms = [f"{key}: {value if key == 'releasedOn' else scalar(value)}" for key, value in said.items()]
    sheet = Sheet.read(path, data)
    numbers = sorted({release.phone for release in releases})
    add(_releases(sheet), tuple(sorted(said.items())), terms, numbers, apart=False)
    return sheet.data()


def _has(item: Item, numbers: frozenset[str]) -> bool:
    return any(number.text in numbers for number in item.numbers)


def _releases(sheet: Sheet) -> Section:
    """Give the releases, to add to; a file that has none gets the section at its end."""
    found = sheet.section("releases")
    if found is None:
        found = Section("releases", 2, empty="releases: []")
        last = sheet.pieces[-1]
        while isinstance(last, list) and last and not last[-1]:
            last.pop()
        sheet.pieces.append(found)
    return found


def _emptied(sheet: Sheet, section: Section) -> None:
    """Write `entries: []` where the key stands: without items, it would have no value."""
    before = sheet.pieces[sheet.pieces.index(section) - 1]
    for place, line in reversed(list(enumerate(before if isinstance(before, list) else ()))):
        if found := _KEY.fullmatch(line.rstrip()):
            assert isinstance(before, list)  # noqa: S101  (the loop goes over lines only)
            before[place] = f"{found[1]} []" + (f"  {found[2]}" if found[2] else "")
            return


def _bare_above(item: Item) -> None:
    """Take the blank lines away above an item that is the first now."""
    lines = item.written or [""]
    while len(lines) > 1 and not lines[0].strip():
        del lines[0]


def put_back(path: str, now: bytes, then: bytes, numbers: Collection[str]) -> bytes:
    """Give a list file with the entries of numbers that it has no more, comments of theirs included.

    Where the file's defaults are others by now, each entry says by itself what it said with those of then.
    Raises InvalidInput where today's defaults would add to it, and as `Sheet.read` does.
    """
    old = Sheet.read(path, then, whole=True)
    defaults = _defaults(old)
    section = old.section("entries")
    for item in section.items if section else ():
        wanted = [number for number in item.numbers if number.text in numbers]
        if not wanted:
            continue
        if _defaults(Sheet.read(path, now)) == defaults:
            now = _inserted(path, now, item, wanted)
        else:
            now = _spelled_out(path, now, {**defaults, **dict(item.said)}, wanted)
    return now


def _inserted(path: str, now: bytes, item: Item, wanted: list[Number]) -> bytes:
    """Put an item's numbers back, into the block that they stood in where it is still there."""
    sheet = Sheet.read(path, now)
    section = sheet.entries()
    if section.items and section.items[0].column != item.column:
        return _spelled_out(path, now, dict(item.said), wanted)
    section.column = item.column
    same = [other for other in section.items if other.is_block and other.head and _alike(other, item)]
    if item.is_block and same:
        same[0].numbers = sorted([*same[0].numbers, *wanted], key=lambda number: number.text)
        same[0].written = None
    else:
        _place(section, replace(item, numbers=wanted, written=None))
    return sheet.data()


def _alike(one: Item, other: Item) -> bool:
    return one.said == other.said and (one.head == other.head or (one.gathers and other.gathers))


def _place(section: Section, new: Item) -> None:
    at = next((i for i, item in enumerate(section.items) if item.order > new.order), len(section.items))
    section.items.insert(at, new)


def _spelled_out(path: str, now: bytes, said: dict[str, str], wanted: list[Number]) -> bytes:
    unused = UNUSED_KEYS.get(said.get("expirationPolicy"), ())
    keys = {key: value for key, value in said.items() if key not in unused}
    if slipped := slipping_in(path, now, keys):
        fact = f"the file's defaults would give {' and '.join(slipped)} to what comes back"
        raise InvalidInput(fact, "take them out of the defaults first; nothing was written", where=path)
    return with_numbers(path, now, keys, [number.text for number in wanted], apart="evidence" in keys)
