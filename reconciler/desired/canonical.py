"""The one canonical form of a list file: sorted, quoted, same terms gathered, comments at their numbers.

In each section (entries, releases): first the single numbers, by number; then the blocks of many, by what
they say of them, each sorted. Numbers of which the same is said stand in one block, unless one has evidence
of its own or a block has comments of its own. What an entry says stays as people wrote it.
"""

from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any, TypeVar

from reconciler.desired.content import content_of
from reconciler.desired.item import Item, Number, Said, block, single
from reconciler.desired.sheet import Section, Sheet
from reconciler.model.collector import collector_off
from reconciler.model.errors import InvalidInput

_Thing = TypeVar("_Thing")
_BY_TEXT = attrgetter("text")
_BY_ORDER = attrgetter("order")


def canonical(path: str, data: bytes) -> bytes:
    """Give a list file, which `read_lists` must have read without an error, in its canonical form.

    Raises InvalidInput for the few forms of YAML that cannot be edited line by line.
    """
    with collector_off():
        sheet = Sheet.read(path, data, whole=True)
        for piece in sheet.pieces:
            if isinstance(piece, Section):
                piece.items = sorted(gathered(piece.items), key=_BY_ORDER)
        written = sheet.data()
        if written != data and content_of(written) != sheet.content:
            fact = "putting it in order would change what it says"
            raise InvalidInput(fact, "write it in the usual form, one number a line", where=path)
    return written


def gathered(items: list[Item]) -> list[Item]:
    """Put the numbers of which the same is said into one block, each block sorted."""
    groups: dict[Said, list[Item]] = {}
    for item in items:
        if item.gathers:
            groups.setdefault(item.said, []).append(item)
    kept = [item for item in items if not item.gathers]
    kept += [group[0] if len(group) == 1 else merged(group) for group in groups.values()]
    for item in kept:
        item.numbers.sort(key=_BY_TEXT)
        item.written = None
    return kept


def merged(group: list[Item]) -> Item:
    """Put the numbers of several items into the first that has many, or into a new one."""
    target = next((item for item in group if item.is_block), None)
    if target is None:
        target = block(group[0].column, group[0].said, group[0].terms, [])
    target.numbers = [number for item in group for number in item.numbers]
    target.written = None
    return target


def add(section: Section, said: Said, terms: Sequence[str], numbers: Sequence[str], *, apart: bool) -> None:
    """Add numbers of which the same is said to a section, each in its sorted place; nothing else moves.

    With `apart` each gets an entry of its own. Otherwise they go where `gathered` would put them: into the
    block of which the same is said, or into a new one, together with single numbers of which it is.
    """
    column = section.items[0].column if section.items else section.column
    if apart or len(numbers) == 1:
        new = [single(column, said, terms, number) for number in numbers]
    else:
        new = [block(column, said, terms, [Number(number) for number in sorted(numbers)])]
    alike = [] if apart else [item for item in section.items if item.gathers and item.said == said]
    target = next((item for item in alike if item.is_block), None)
    if target:
        target.written = None
        for number in numbers:
            _place(target.numbers, Number(number), _BY_TEXT)
    elif alike:
        together = merged([*alike, *new])
        together.numbers.sort(key=_BY_TEXT)
        gone = {id(item) for item in alike}
        section.items = [item for item in section.items if id(item) not in gone]
        _place(section.items, together, _BY_ORDER)
        first = section.items[0].written or [""]
        while len(first) > 1 and not first[0].strip():  # another one may be the first now
            del first[0]
    else:
        for item in new:
            _place(section.items, item, _BY_ORDER)


def _place(things: list[_Thing], new: _Thing, order: Callable[[_Thing], Any]) -> None:
    """Put one in before the first that comes after it; the others may be in any order."""
    key = order(new)
    at = next((place for place, thing in enumerate(things) if order(thing) > key), len(things))
    things.insert(at, new)
