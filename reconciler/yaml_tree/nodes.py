"""A light tree of one YAML file: every scalar is text as written, and every place is known.

A place is one integer: the line in the high half, the column in the low, both counted from 0. A list has an
array of them (columnar: see ADR 19).
"""

from collections.abc import Iterator, Sequence


def pack(line: int, column: int) -> int:
    """Put a line and a column, both from 0, into one integer."""
    return (line << 32) + column


def unpack(mark: int) -> tuple[int, int]:
    """Give line and column as people count them: from 1."""
    return (mark >> 32) + 1, (mark & 0xFFFFFFFF) + 1


class MapNode:
    """A mapping: its values by key in the order written, with the place of each key and each value.

    Places are `offsets` from the mapping's own, key, value, key, value and so on, so that a hundred thousand
    entries of one form have them in common.
    """

    __slots__ = ("mark", "offsets", "values")

    def __init__(
        self, mark: int, values: "dict[str, Value] | None" = None, offsets: Sequence[int] = ()
    ) -> None:
        self.mark = mark
        self.values: dict[str, Value] = {} if values is None else values
        self.offsets = offsets

    def key_mark(self, key: str) -> int:
        """Tell where the key stands; the mapping's own place for a key that it has not."""
        return self._mark(key, 0)

    def value_mark(self, key: str) -> int:
        """Tell where the key's value stands; the mapping's own place for a key that it has not."""
        return self._mark(key, 1)

    def _mark(self, key: str, which: int) -> int:
        for index, name in enumerate(self.values):
            if name == key:
                return self.mark + self.offsets[2 * index + which]
        return self.mark


class ListNode:
    """A sequence: its items, with the place of each. `is_text`: each item is known to be text."""

    __slots__ = ("is_text", "items", "mark", "marks")

    def __init__(self, mark: int, items: Sequence["Value"] = (), marks: Sequence[int] = ()) -> None:
        self.mark = mark
        self.items = items
        self.marks = marks
        self.is_text = set(map(type, items)) == {str}


Value = str | MapNode | ListNode | None
"""A scalar is text; an empty one (nothing, `~`, `null`) is None."""


def plain(value: Value) -> object:
    """Turn the tree into dicts, lists and text, as `jsonschema` wants it."""
    if isinstance(value, MapNode):
        return {key: plain(item) for key, item in value.values.items()}
    if isinstance(value, ListNode):
        return [plain(item) for item in value.items]
    return value


def locate(root: MapNode | ListNode, path: Iterator[str | int], *, key: bool = False) -> int:
    """Tell the place of what a path leads to, or of the last thing on the way that is there.

    With `key`, the place of the last key itself, not of its value.
    """
    node: Value = root
    mark = root.mark
    for step in path:
        if isinstance(node, MapNode) and isinstance(step, str) and step in node.values:
            mark = node.key_mark(step) if key else node.value_mark(step)
            node = node.values[step]
        elif isinstance(node, ListNode) and isinstance(step, int) and step < len(node.items):
            mark = node.marks[step]
            node = node.items[step]
        else:
            break
    return mark
