"""Lines that vanished from a list file, put back as an earlier state of the file had them."""

from collections.abc import Collection
from dataclasses import replace

from reconciler.desired.addition import slipping_in, with_numbers
from reconciler.desired.item import Item, Number
from reconciler.desired.sheet import Section, Sheet
from reconciler.desired.spans import Branch, plain
from reconciler.model.errors import InvalidInput

_IDLE = {
    "NEVER": ("expirationDate", "retention"),
    "ABSOLUTE": ("retention",),
    "RELATIVE": ("expirationDate",),
}


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
    idle = _IDLE.get(said.get("expirationPolicy", ""), ())
    keys = {key: value for key, value in said.items() if key not in idle}
    if slipped := slipping_in(path, now, keys):
        fact = f"the file's defaults would give {' and '.join(slipped)} to what comes back"
        raise InvalidInput(fact, "take them out of the defaults first; nothing was written", where=path)
    return with_numbers(path, now, keys, [number.text for number in wanted], apart="evidence" in keys)


def _defaults(sheet: Sheet) -> dict[str, str]:
    found = sheet.original[1].get("defaults")
    said = plain(found) if isinstance(found, Branch) else {}
    return {str(key): str(value) for key, value in said.items()} if isinstance(said, dict) else {}
