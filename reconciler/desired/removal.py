"""Numbers taken out of a list file, and releases written into one; all else stays as people wrote it."""

import re
from collections.abc import Collection, Sequence

from reconciler.desired.canonical import add
from reconciler.desired.item import Item
from reconciler.desired.sheet import Section, Sheet
from reconciler.desired.writer import scalar, write_list
from reconciler.model.claims import Release

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
