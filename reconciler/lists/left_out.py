"""A list file without what is wrong in it: entries, numbers, releases and holds that errors stand in."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from reconciler.core.model.entries import DeclaredEntries, FileEntries, Terms
from reconciler.yaml_tree.nodes import ListNode, MapNode, Value, unpack

_ITEMS = ("entries", "releases", "holds")
_REPEATED_KEY, _REPEATED_NUMBER = "YAML-02", "LIST-03"


class ErrorPlace(NamedTuple):
    """Where an error stands: its JSON pointer, its rule, and its line from 1."""

    pointer: str
    rule: str
    line: int

    @property
    def is_of_release(self) -> bool:
        """Tell whether it concerns nothing but a release."""
        return self.pointer.startswith("/releases/")


def without_errors(root: MapNode, errors: Iterable[ErrorPlace]) -> MapNode | None:
    """Give the file without the items that errors stand in; None where nothing of it can be told for certain.

    The unit is the entry, in `phones` the number. An error in `defaults` concerns the entries that take from
    it. A number that stands twice is no reason to leave it out: its stronger claim stands. An error about
    the file's other keys (a registry's block, a key that nobody knows) concerns no entry.
    """
    dropped = _Dropped.at(root, errors)
    if dropped is None:
        return None
    values = dict(root.values)
    for name in _ITEMS:
        node = values.get(name)
        if isinstance(node, ListNode):
            phones = dropped.phones if name == "entries" else {}
            values[name] = _without_items(node, dropped.items[name], phones)
    return MapNode(root.mark, values, root.offsets)


@dataclass(frozen=True, slots=True)
class _Dropped:
    """The items to leave out, by section and place, and of entries the numbers, by entry and place."""

    items: dict[str, set[int]] = field(default_factory=lambda: {name: set() for name in _ITEMS})
    phones: dict[int, set[int]] = field(default_factory=dict)

    @classmethod
    def at(cls, root: MapNode, errors: Iterable[ErrorPlace]) -> "_Dropped | None":
        """Tell what errors stand in; None: in all of it."""
        dropped = cls()
        for error in errors:
            steps = error.pointer.split("/")[1:]
            if error.rule == _REPEATED_NUMBER:
                continue
            if not steps:
                place = _item_at(root, error.line) if error.rule == _REPEATED_KEY else None
                if place is None:
                    return None
                dropped.items[place[0]].add(place[1])
            elif steps[0] == "listId":
                return None
            elif steps[0] == "defaults":
                dropped.items["entries"] |= _entries_without(root, steps[1:2])
            elif steps[0] in _ITEMS and len(steps) > 1:
                dropped._add(steps)
        return dropped

    def _add(self, steps: Sequence[str]) -> None:
        name, place, *rest = steps
        if name == "entries" and len(rest) > 1 and rest[0] == "phones":
            self.phones.setdefault(int(place), set()).add(int(rest[1]))
        else:
            self.items[name].add(int(place))


def _item_at(root: MapNode, line: int) -> tuple[str, int] | None:
    """Find the item that a line is part of: the last one that begins at it or before it."""
    before = [
        (mark, name, index)
        for name in _ITEMS
        if isinstance(node := root.values.get(name), ListNode)
        for index, mark in enumerate(node.marks)
        if unpack(mark)[0] <= line
    ]
    if not before or line < unpack(min(before)[0])[0]:
        return None
    _, name, index = max(before)
    return name, index


def _entries_without(root: MapNode, keys: Collection[str]) -> set[int]:
    """Find the entries that take one of these keys from the defaults; without any, all of them may."""
    node = root.values.get("entries")
    items = node.items if isinstance(node, ListNode) else ()
    return {
        index
        for index, item in enumerate(items)
        if not keys or not isinstance(item, MapNode) or not set(keys) <= item.values.keys()
    }


def _without_items(node: ListNode, dropped: set[int], phones: Mapping[int, set[int]]) -> ListNode:
    kept = [
        (_without_phones(item, phones[index]) if index in phones else item, mark)
        for index, (item, mark) in enumerate(zip(node.items, node.marks, strict=True))
        if index not in dropped
    ]
    return ListNode(node.mark, [item for item, _ in kept], [mark for _, mark in kept])


def _without_phones(item: Value, places: set[int]) -> Value:
    phones = item.values.get("phones") if isinstance(item, MapNode) else None
    if not isinstance(item, MapNode) or not isinstance(phones, ListNode):
        return item
    return MapNode(item.mark, {**item.values, "phones": _without_items(phones, places, {})}, item.offsets)


def with_earlier_claims(declared: DeclaredEntries, earlier: Mapping[str, DeclaredEntries]) -> DeclaredEntries:
    """Let what broken files said earlier go on standing, beside what of them is not wrong.

    `earlier` has by path what the file said when it was last applied as a whole. Of a number that both have
    the claim of today counts: where it is weaker, that is for permission to judge.
    """
    files = [file for file in declared.files if file.path not in earlier]
    holds, list_ids = list(declared.holds), set(declared.list_ids)
    for path, said in earlier.items():
        files += _joined(
            [file for file in declared.files if file.path == path],
            [file for file in said.files if file.path == path],
        )
        holds += said.holds
        list_ids |= said.list_ids
    return DeclaredEntries(tuple(files), declared.releases, frozenset(list_ids), tuple(holds))


def _joined(now: Iterable[FileEntries], earlier: Iterable[FileEntries]) -> list[FileEntries]:
    by_list = {file.list_id: file for file in earlier}
    for file in now:
        other = by_list.get(file.list_id)
        if other is None:
            by_list[file.list_id] = file
            continue
        numbers: dict[str, Terms] = {**other.numbers, **file.numbers}
        days = [day for day in (file.retrieved_on, other.retrieved_on) if day]
        by_list[file.list_id] = FileEntries(
            file.path, file.list_id, numbers, frozenset(numbers.values()), max(days, default=None)
        )
    return list(by_list.values())
