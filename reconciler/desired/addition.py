"""Numbers added to a list file: what is written for them, beside what the file says already."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import partial

from reconciler.desired.canonical import add, gathered
from reconciler.desired.item import Item, Number, block, single
from reconciler.desired.periods import parse_date
from reconciler.desired.sheet import Sheet
from reconciler.desired.spans import Branch, Leaf, plain
from reconciler.desired.writer import new_list, scalar

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
_IDLE = {
    "NEVER": ("expirationDate", "retention"),
    "ABSOLUTE": ("retention",),
    "RELATIVE": ("expirationDate",),
}


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
    policy = keys.get("expirationPolicy", "")
    return [key for key in _OWN if key in defaults and key not in keys and key not in _IDLE.get(policy, ())]


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


def _defaults(sheet: Sheet) -> dict[str, object]:
    found = sheet.original[1].get("defaults")
    said = plain(found) if isinstance(found, Branch) else {}
    return dict(said) if isinstance(said, dict) else {}
