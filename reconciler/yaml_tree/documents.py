"""One YAML file read into a positioned tree, through the event stream of PyYAML's C parser.

Events, not objects: a million numbers cost 1.2 s this way, 10 s as Python objects. And text, not types:
`+14155550100`, `2026-11-02` and `no` mean what they say, so nothing is ever guessed from how a scalar looks.
"""

from array import array
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import yaml

from reconciler.core.model.finding import Finding, Severity, redact
from reconciler.core.model.gc_pause import collector_off
from reconciler.yaml_tree.fast_lines import Run, fold, unfold
from reconciler.yaml_tree.nodes import ListNode, MapNode, Value, pack, unpack

MAX_DEPTH = 20
# Far above any list: CXone holds 1,000,000 entries in all. What is beyond is a mistake or a bomb, and is
# given up while it still costs little.
LARGEST = 64 * 1024 * 1024  # bytes a file
LONGEST = 10_000  # characters of one value
MOST_ITEMS = 2_000_000  # of all lists in a file
MOST_KEYS = 10_000  # of one mapping
MOST_ERRORS = 1_000  # of YAML itself in one file
# A plain scalar that says nothing, in YAML 1.2's core schema.
_EMPTY = frozenset({"", "~", "null", "Null", "NULL"})


@dataclass(frozen=True, slots=True)
class Document:
    """One file: its tree (None where none could be read) and what is wrong with it as YAML."""

    path: str
    root: Value
    findings: tuple[Finding, ...]


class _Unreadable(Exception):
    """Reading cannot go on: a finding says why."""


def read_document(path: str, data: bytes) -> Document:
    """Read one file. Never raises for its content: everything wrong is a finding of `path`."""
    reader = _Reader(path)
    with collector_off():
        try:
            root = reader.read(data)
        except _Unreadable:
            root = None
    return Document(path, root, tuple(reader.findings))


class _Reader:
    """One reading of one file. `runs` are the runs of items that its text has been folded by."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.findings: list[Finding] = []
        self.runs: list[Run] = []
        self._next: Any = None  # PyYAML's C parser has no types
        self._texts: dict[str, str] = {}  # values that repeat are kept once
        self._items = 0

    def read(self, data: bytes) -> Value:
        """Read the only document of the file."""
        if len(data) > LARGEST:
            raise self._unreadable(0, too_large(len(data)))
        if (root := self._read_folded(data)) is not None:
            return root
        return self.parse(self._text(data))

    def _read_folded(self, data: bytes) -> Value:
        """Read a file without what stands in runs; None where there are none, or it is not that simple."""
        folded, runs = fold(data)
        if sum(len(run.items) for run in runs) > MOST_ITEMS:
            raise self._too_many(0)
        if not runs:
            return None
        quick = _Reader(self.path)
        quick.runs = runs
        with suppress(_Unreadable):
            root = quick.parse(quick._text(folded))
            if not runs and not quick.findings:
                return root
        return None

    def parse(self, text: str) -> Value:
        """Put the text through the parser."""
        try:
            self._next = yaml.CSafeLoader(text).get_event
            return self._document()
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            at = pack(mark.line, mark.column) if mark else 0
            problem = error.problem or "unreadable"
            raise self._unreadable(at, f"this is not YAML: {problem}") from error
        except yaml.reader.ReaderError as error:
            line = text.encode()[: int(error.position)].count(b"\n")
            raise self._unreadable(pack(line, 0), "a control character: remove it") from error

    def _text(self, data: bytes) -> str:
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            at = _mark_at(data, error.start)
            raise self._unreadable(at, "this is not UTF-8: save the file as UTF-8") from error
        if (zero := data.find(b"\0")) >= 0:
            raise self._unreadable(_mark_at(data, zero), "a NUL character: remove it")
        return text

    def _document(self) -> Value:
        self._next()  # the start of the stream
        start = self._next()
        if isinstance(start, yaml.StreamEndEvent):
            raise self._unreadable(0, "the file is empty: write a document, or delete the file", "YAML-05")
        if start.tags:
            self._refuse(start, "YAML-03", "a tag directive: write the value itself")
        root = self._value(self._next(), 1)
        self._next()  # the end of the document
        following = self._next()
        if not isinstance(following, yaml.StreamEndEvent):
            self._refuse(following, "YAML-04", "a second document: put it into a file of its own")
        elif root is None and not self.findings:
            self._refuse(start, "YAML-05", "the document is empty: write one, or delete the file")
        return root

    def _value(self, event: Any, depth: int) -> Value:  # noqa: ANN401  (PyYAML's C parser has no types)
        kind = type(event)
        if kind is yaml.AliasEvent:
            self._refuse(event, "YAML-03", f"the alias *{redact(event.anchor)}: write the value itself")
            return None
        if event.anchor or event.tag:
            self._refuse_marks(event)
        if kind is yaml.ScalarEvent:
            text: str = event.value
            if text in _EMPTY and not event.style:
                return None
            if len(text) > LONGEST:
                raise self._too_long(event)
            return self._texts.setdefault(text, text)
        if depth > MAX_DEPTH:
            place = pack(event.start_mark.line, event.start_mark.column)
            raise self._unreadable(place, f"nested deeper than {MAX_DEPTH} levels: flatten it")
        return self._mapping(event, depth) if kind is yaml.MappingStartEvent else self._sequence(event, depth)

    def _mapping(self, event: Any, depth: int) -> MapNode:  # noqa: ANN401  (as above)
        next_event = self._next
        begin = pack(event.start_mark.line, event.start_mark.column)
        offsets = array("q")
        node = MapNode(begin, offsets=offsets)
        values, place = node.values, offsets.append
        while type(key_event := next_event()) is not yaml.MappingEndEvent:
            if len(values) >= MOST_KEYS:
                mark = pack(key_event.start_mark.line, key_event.start_mark.column)
                raise self._unreadable(mark, f"more than {MOST_KEYS:,} keys: this is no list of numbers")
            key = self._key(key_event, depth)
            value_event = next_event()
            value = self._value(value_event, depth + 1)
            if key is None:
                continue
            if key in values:
                first, _ = unpack(node.key_mark(key))
                message = f"the key {redact(key)} is in line {first} already: keep one"
                self._refuse(key_event, "YAML-02", message)
                continue
            values[key] = value
            mark = key_event.start_mark
            place((mark.line << 32) + mark.column - begin)
            mark = value_event.start_mark
            place((mark.line << 32) + mark.column - begin)
        return node

    def _key(self, event: Any, depth: int) -> str | None:  # noqa: ANN401  (as above)
        key = self._value(event, depth + 1)
        if key == "<<" and not event.style:
            self._refuse(event, "YAML-03", "a merge key: write the keys themselves")
            return None
        if isinstance(key, str):
            return key
        if type(event) is not yaml.AliasEvent:
            self._refuse(event, "YAML-02", "a key that is no text: write a name")
        return None

    def _sequence(self, event: Any, depth: int) -> ListNode:  # noqa: ANN401  (as above)
        """Read a sequence. The loop is the hot one: a million numbers pass here."""
        begin = pack(event.start_mark.line, event.start_mark.column)
        items: list[Value] = []
        marks = array("Q")
        next_event, scalar, end = self._next, yaml.ScalarEvent, yaml.SequenceEndEvent
        add_item, add_mark = items.append, marks.append
        for _ in range(MOST_ITEMS + 1 - self._items):
            item = next_event()
            kind = type(item)
            if kind is end:
                self._items += len(items)
                node = ListNode(begin, items, marks)
                if self.runs:
                    unfold(node, self.runs)
                return node
            start_mark = item.start_mark
            add_mark((start_mark.line << 32) + start_mark.column)
            if kind is scalar and not item.anchor and not item.tag:
                text = item.value
                if len(text) > LONGEST:
                    raise self._too_long(item)
                add_item(text if text not in _EMPTY or item.style else None)
            else:
                add_item(self._value(item, depth + 1))
        raise self._too_many(begin)

    def _refuse_marks(self, event: Any) -> None:  # noqa: ANN401  (as above)
        if event.anchor:
            message = f"the anchor &{redact(event.anchor)}: write the value where it holds"
            self._refuse(event, "YAML-03", message)
        if event.tag:
            self._refuse(event, "YAML-03", "a tag: write the value without it")

    def _refuse(self, event: Any, rule: str, message: str) -> None:  # noqa: ANN401  (as above)
        at = pack(event.start_mark.line, event.start_mark.column)
        self._add(at, rule, message)
        if len(self.findings) >= MOST_ERRORS:
            raise self._unreadable(at, f"{MOST_ERRORS:,} errors up to here: correct these first")

    def _unreadable(self, at: int, message: str, rule: str = "YAML-01") -> _Unreadable:
        self._add(at, rule, message)
        return _Unreadable(message)

    def _too_long(self, event: Any) -> _Unreadable:  # noqa: ANN401  (as above)
        at = pack(event.start_mark.line, event.start_mark.column)
        message = f"a value of {len(event.value):,} characters: write at most {LONGEST:,}"
        return self._unreadable(at, message)

    def _too_many(self, at: int) -> _Unreadable:
        return self._unreadable(at, f"more than {MOST_ITEMS:,} items: split the file")

    def _add(self, at: int, rule: str, message: str) -> None:
        line, column = unpack(at)
        self.findings.append(Finding(self.path, line, column, "", rule, Severity.ERROR, message))


def too_large(size: int) -> str:
    """Say that a file has more bytes than any list."""
    return f"the file has {size:,} bytes: split it into files of at most {LARGEST:,}"


def _mark_at(data: bytes, offset: int) -> int:
    start = data.rfind(b"\n", 0, offset) + 1
    return pack(data.count(b"\n", 0, offset), offset - start)
