"""A YAML file as a tree of places: where each key and value begins and ends in the text.

The second reader of YAML here, because editing needs what `documents` leaves out, the end of every value and
the marks between them, and `documents` is fast because it leaves them out (ADR 12 and 19). What is edited is
cut out at these places, and everything else stays as people wrote it. Only a file that `documents` reads
without a finding comes here, so this reader finds nothing wrong.
"""

from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import yaml

from reconciler.core.model.gc_pause import collector_off


@dataclass(slots=True)
class Leaf:
    """A scalar: its text as read, and where it stands, quotes included."""

    text: str
    start: int
    end: int


@dataclass(slots=True)
class Branch:
    """A mapping (it has keys) or a sequence. A block ends where its last part ends."""

    start: int
    end: int
    is_flow: bool
    keys: list[Leaf] | None
    parts: "list[Part]"

    def get(self, name: str) -> "Part | None":
        """Give a key's value."""
        for place, key in enumerate(self.keys or ()):
            if key.text == name:
                return self.parts[place]
        return None

    def pairs(self) -> "list[tuple[Leaf, Part]]":
        """Give a mapping's keys with their values, in the order written."""
        return list(zip(self.keys or (), self.parts, strict=True))


Part = Leaf | Branch

_LITERAL = frozenset({"|", ">"})


def read_spans(text: str) -> Part:
    """Read the only document of a text whose line breaks are all line feeds, without a byte order mark."""
    with collector_off():
        return _Reader(text).document()


def plain(part: Part) -> object:
    """Turn a tree into dicts, lists and text, without its places."""
    if isinstance(part, Leaf):
        return part.text
    if part.keys is not None:
        return {key.text: plain(value) for key, value in part.pairs()}
    return [plain(item) for item in part.parts]


def gaps(text: str, part: Part, start: int, end: int) -> list[str]:
    """Give what stands around and between the scalars from one place to another: marks and comments."""
    leaves: list[Leaf] = []
    _collect(part, leaves)
    starts = [*(leaf.start for leaf in leaves), end]
    ends = [start, *(leaf.end for leaf in leaves)]
    return [text[a:b] for a, b in zip(ends, starts, strict=True)]


def _collect(part: Part, leaves: list[Leaf]) -> None:
    if isinstance(part, Leaf):
        leaves.append(part)
        return
    for place, item in enumerate(part.parts):
        if part.keys is not None:
            leaves.append(part.keys[place])
        if isinstance(item, Leaf):
            leaves.append(item)
        else:
            _collect(item, leaves)


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        lengths = (len(line) + 1 for line in text.split("\n"))
        self.lines = list(accumulate(lengths, initial=0))
        self.next_event: Any = yaml.CSafeLoader(text).get_event  # PyYAML's C parser has no types

    def document(self) -> Part:
        self.next_event()  # the start of the stream
        self.next_event()  # the start of the document
        return self.part(self.next_event())

    def part(self, event: Any) -> Part:  # noqa: ANN401  (PyYAML's C parser has no types)
        if type(event) is yaml.ScalarEvent:
            return self._leaf(event)
        branch = Branch(self._at(event.start_mark), 0, bool(event.flow_style), None, [])
        last = (
            self._read_mapping(branch)
            if type(event) is yaml.MappingStartEvent
            else self._read_sequence(branch)
        )
        is_block = branch.parts and not branch.is_flow
        branch.end = branch.parts[-1].end if is_block else self._at(last.end_mark)
        if is_block and branch.keys:
            branch.end = max(branch.end, branch.keys[-1].end)
        return branch

    def _read_mapping(self, branch: Branch) -> Any:  # noqa: ANN401  (as above)
        following, part, leaf = self.next_event, self.part, self._leaf
        keys: list[Leaf] = []
        while type(event := following()) is not yaml.MappingEndEvent:
            keys.append(leaf(event))
            branch.parts.append(part(following()))
        branch.keys = keys
        return event

    def _read_sequence(self, branch: Branch) -> Any:  # noqa: ANN401  (as above)
        following, part = self.next_event, self.part
        while type(event := following()) is not yaml.SequenceEndEvent:
            branch.parts.append(part(event))
        return event

    def _leaf(self, event: Any) -> Leaf:  # noqa: ANN401  (as above)
        lines, first, last = self.lines, event.start_mark, event.end_mark
        start, end = lines[first.line] + first.column, lines[last.line] + last.column
        if event.style in _LITERAL:  # its end mark is where the next line begins
            end = start + len(self.text[start:end].rstrip())
        return Leaf(event.value, start, end)

    def _at(self, mark: Any) -> int:  # noqa: ANN401  (as above)
        return int(self.lines[mark.line] + mark.column)
