r"""Long runs of lines of one form, kept out of the YAML parser and put back into its tree.

Why: see ADR 19. The parser gets the first and the last item of a run, with empty lines between them. If it
reads these two as neighbours in one sequence, at their places and as what they say, then it would have read
what is between as items of that sequence too: the first item left it in a state from which a line of that
form at that indent is the next one. If it does not (the lines stand in a block of text, say), the whole file
goes through the parser. Either way the tree and what is found are the same: a property,
`tests/unit/yaml_tree/test_runs.py`.
"""

import re
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from sys import intern

from reconciler.yaml_tree.nodes import ListNode, MapNode, Value, pack

# All is possessive, so that every character is looked at once: runs that are too short are left later.
_NUMBER = r'- (?P<quote>"?+)\+[0-9]{1,32}+(?P=quote)\r?\n'
_NEXT_NUMBER = r"(?P=numbers)- (?P=quote)\+[0-9]{1,32}+(?P=quote)\r?\n"
# A key and a value that need but be taken apart: no escape, no mark, nothing that says nothing.
_PAIR = (
    r"(?!(?i:null):)[A-Za-z]{1,40}+: "
    r'(?:(?!(?i:null)\r?(?:\n|\Z))[A-Za-z0-9+_][A-Za-z0-9_./+-]{0,200}+|"[ !#-\[\]-~]{0,200}+")'
)
_PAIR_LINE = rf"{_PAIR}\r?\n"
# A line below it that is deeper would belong to it.
_ENTRY = rf"- {_PAIR_LINE}(?:(?P=entries)  {_PAIR_LINE}){{0,30}}+(?!(?P=entries) )"
# Of bytes: all that a run may have is ASCII, and only what is left needs decoding as a whole.
_NUMBERS = rf"(?P<numbers> *+){_NUMBER}(?:{_NEXT_NUMBER})++"
_ENTRIES = rf"(?P<entries> *+){_ENTRY}(?:(?P=entries){_ENTRY})++"
_RUN = re.compile(f"^(?:{_NUMBERS}|{_ENTRIES})".encode(), re.MULTILINE)
# Before 3.11.5, a possessive group may go on from within what did not match (gh-106052). So a run is cut to
# whole lines, and each row of entries is looked at again.
_ROW = re.compile(_PAIR)
_SHORTEST = 100  # items
_SHORT = _SHORTEST << 13  # bytes that hold so many items, however long
_PIECE = 1 << 16  # bytes that are taken apart at once
_ONE_LINE = 1 << 32
_QUOTE = ord('"')
_UNIQUE = frozenset({"phone", "evidence"})  # keys whose values hardly repeat


@dataclass(frozen=True, slots=True)
class Run:
    """One run: its items, and the place of each. All are text, or all are mappings."""

    items: Sequence[Value]
    marks: Sequence[int]


def fold(data: bytes) -> tuple[bytes, list[Run]]:
    """Give the file with every run reduced to its first and last item, line numbers kept, and the runs."""
    kept_parts: list[bytes] = []
    runs: list[Run] = []
    line = end = 0
    for match in _RUN.finditer(data):
        start = match.start()
        stop = data.rfind(b"\n", start, match.end()) + 1
        indent = match["numbers"] if match["entries"] is None else match["entries"]
        item = b"\n" + indent + b"- "
        if data.count(item, start, min(stop, start + _SHORT)) + 1 < _SHORTEST:
            continue
        first_line = line + data.count(b"\n", end, start)
        mark = pack(first_line, len(indent) + len("- "))
        parse_run = _numbers if match["entries"] is None else _entries
        run = parse_run(data, (start, stop), indent, mark)
        if run is None:
            continue
        runs.append(run)
        second = data.index(item, start, stop) + 1
        last = data.rindex(item, start, stop) + 1
        skipped_lines = (run.marks[-1] - run.marks[1]) // _ONE_LINE
        kept_parts += (data[end:second], b"\n" * skipped_lines, data[last:stop])
        line = run.marks[-1] // _ONE_LINE + data.count(b"\n", last, stop)
        end = stop
    return b"".join(kept_parts) + data[end:], runs


def _numbers(data: bytes, span: tuple[int, int], indent: bytes, mark: int) -> Run:
    texts: list[str] = []
    quote = b'"' if data[span[0] + len(indent) + len("- ")] == _QUOTE else b""
    for piece in _items(data, span, indent + b"- ", quote):
        texts += piece
    return Run(texts, range(mark, mark + len(texts) * _ONE_LINE, _ONE_LINE))


def _entries(data: bytes, span: tuple[int, int], indent: bytes, mark: int) -> Run | None:
    """Take entries apart; None where one has a key twice, which is an error to be told, or an odd row."""
    items: list[Value] = []
    places = array("Q")
    pairs = _Pairs()
    offsets: dict[tuple[str, ...], Sequence[int]] = {}
    separator = f"\n{indent.decode()}  "
    for piece in _items(data, span, indent + b"- "):
        for item_text in piece:
            pairs_text = item_text.split(separator)
            values: dict[str, Value] = dict(map(pairs.__getitem__, pairs_text))
            if len(values) < len(pairs_text) or "" in values:
                return None
            keys = tuple(values)
            items.append(MapNode(mark, values, offsets.get(keys) or offsets.setdefault(keys, _offsets(keys))))
            places.append(mark)
            mark += len(pairs_text) * _ONE_LINE
    return Run(items, places)


class _Pairs(dict[str, tuple[str, str]]):
    """What rows say, a key and a value; no key where a row is odd. What repeats is taken apart once."""

    def __missing__(self, row: str) -> tuple[str, str]:
        if not _ROW.fullmatch(row):
            return "", ""
        key, _, value = row.partition(": ")
        pair = (intern(key), value[1:-1] if value[0] == '"' else value)
        return pair if key in _UNIQUE else self.setdefault(row, pair)


def _offsets(keys: Sequence[str]) -> Sequence[int]:
    lines = range(0, len(keys) * _ONE_LINE, _ONE_LINE)
    return [at + to for at, key in zip(lines, keys, strict=True) for to in (0, len(key) + len(": "))]


def _items(data: bytes, span: tuple[int, int], begins: bytes, quote: bytes = b"") -> Iterator[list[str]]:
    """Give the texts of items, many at once, without all of them being in memory twice."""
    start, end = span
    first, last = (begins + quote).decode(), quote.decode() + "\n"
    while start < end:
        cut = data.find(b"\n" + begins, min(start + _PIECE, end), end)
        stop = end if cut < 0 else cut + 1
        # A carriage return stands before a line's end only.
        text = data[start:stop].decode().replace("\r\n", "\n")
        yield text[len(first) : -len(last)].split(last + first)
        start = stop


def unfold(node: ListNode, runs: list[Run]) -> None:
    """Put the runs that stand in this sequence back into it, and take them out of `runs`."""
    if not node.marks:
        return
    # Those of the sequences within it are out already.
    run_slice = slice(
        bisect_left(runs, node.mark, key=_start), bisect_right(runs, node.marks[-1], key=_start)
    )
    if len(runs[run_slice]) == 1 and not node.items[2:] and _is_neighbour_pair(runs[run_slice][0], node, 0):
        (run,) = runs[run_slice]
        node.items, node.marks = run.items, run.marks
        del runs[run_slice]
        return
    items: list[Value] = []
    marks = array("Q")
    copied = 0
    left_over: list[Run] = []
    for run in runs[run_slice]:
        index = bisect_left(node.marks, run.marks[0])
        if not _is_neighbour_pair(run, node, index):
            left_over.append(run)
            continue
        items += node.items[copied : index + 1]
        items += run.items[1:-1]
        marks.extend(node.marks[copied : index + 1])
        marks.extend(run.marks[1:-1])
        copied = index + 1
    if copied:
        node.items = [*items, *node.items[copied:]]
        marks.extend(node.marks[copied:])
        node.marks = marks
    runs[run_slice] = left_over


def _start(run: Run) -> int:
    return run.marks[0]


def _is_neighbour_pair(run: Run, node: ListNode, at: int) -> bool:
    """Tell whether the parser read the run's first and last item as neighbours from there on."""
    return tuple(node.marks[at : at + 2]) == (run.marks[0], run.marks[-1]) and all(
        map(_is_same, node.items[at : at + 2], (run.items[0], run.items[-1]))
    )


def _is_same(parsed: Value, lifted: Value) -> bool:
    if isinstance(parsed, MapNode) and isinstance(lifted, MapNode):
        is_same_text = (parsed.mark, parsed.values) == (lifted.mark, lifted.values)
        return is_same_text and list(parsed.offsets) == list(lifted.offsets)
    return parsed == lifted
