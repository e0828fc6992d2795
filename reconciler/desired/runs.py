"""Long runs of lines that hold one number each, kept out of the YAML parser and put back into its tree.

A million numbers are a million lines of one form. The parser gets the first and the last line of such a
run, with empty lines between them. If it reads these two as neighbours in one sequence, at their places, then
it would have read the lines between as items of that sequence too: the first line left it in a state from
which a line of that form at that indent is the next item. If it does not (the lines stand in a block of
text, say), the whole file goes through the parser. Either way the tree is the same (a test compares).
"""

import re
from array import array
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from reconciler.desired.nodes import ListNode, pack

# 100 lines or more of one indent and one form. Possessive, so that it looks at every character once.
_RUN = re.compile(r'^( *+)- ("?+)\+[0-9]{1,32}+\2\r?\n(?:\1- \2\+[0-9]{1,32}+\2\r?\n){99,}+', re.MULTILINE)
_ONE_LINE = 1 << 32


@dataclass(frozen=True, slots=True)
class Run:
    """One run: the place of its first number, and all its numbers."""

    mark: int
    texts: Sequence[str]


def fold(text: str) -> tuple[str, list[Run]]:
    """Give the text with every run reduced to its first and last line, line numbers kept, and the runs."""
    kept: list[str] = []
    runs: list[Run] = []
    line = end = 0
    for found in _RUN.finditer(text):
        line += text.count("\n", end, found.start())
        second = text.index("\n", found.start()) + 1
        last = text.rindex("\n", 0, found.end() - 1) + 1
        # Of each line a dash and a number are left.
        texts = found[0].replace('"', "").split()[1::2]
        runs.append(Run(pack(line, len(found[1]) + len("- ")), texts))
        kept += (text[end:second], "\n" * (len(texts) - 2), text[last : found.end()])
        line += len(texts)
        end = found.end()
    return "".join(kept) + text[end:], runs


def unfold(node: ListNode, runs: list[Run]) -> None:
    """Put the runs that stand in this sequence back into it, and take them out of `runs`."""
    for run in tuple(runs):
        at = bisect_left(node.marks, run.mark)
        between = len(run.texts) - 2
        ends = (run.mark, run.mark + (between + 1) * _ONE_LINE)
        if tuple(node.marks[at : at + 2]) == ends and node.items[at : at + 2] == [
            run.texts[0],
            run.texts[-1],
        ]:
            node.items[at + 1 : at + 1] = run.texts[1:-1]
            node.marks[at + 1 : at + 1] = array("Q", range(ends[0] + _ONE_LINE, ends[1], _ONE_LINE))
            runs.remove(run)
