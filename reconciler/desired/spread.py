"""What was found in the representative of a group, said of every entry of the group that it concerns."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain

from reconciler.desired.entry import anchor
from reconciler.desired.judge import Said, Verdict
from reconciler.desired.nodes import MapNode, unpack
from reconciler.desired.number_rules import verdicts_on_numbers
from reconciler.desired.numbering import Head
from reconciler.desired.phones import Block, listed_in
from reconciler.desired.reading import Reading
from reconciler.model.finding import Finding, Severity


@dataclass(frozen=True)
class Group:
    """Entries that say the same but for their numbers: with each its place in the file, and its numbers."""

    said: Said
    entries: Sequence[tuple[int, MapNode, Block]]

    @cached_property
    def heads(self) -> frozenset[Head]:
        """The heads of all their numbers."""
        return frozenset[Head]().union(*(block.heads for _, _, block in self.entries))

    @cached_property
    def block(self) -> Block:
        """All their numbers."""
        if len(self.entries) == 1:
            return self.entries[0][2]
        return Block(list(chain.from_iterable(block.texts for _, _, block in self.entries)), self.heads)


class Spread:
    """The findings of one group."""

    def __init__(self, reading: Reading, file: str, list_id: str | None, group: Group) -> None:
        self._reading = reading
        self._file = file
        self._list_id = list_id
        self._group = group

    def same_for_all(self, verdicts: Iterable[Verdict]) -> Iterator[Finding]:
        """Say what does not depend on the numbers."""
        for verdict in verdicts:
            for place, entry, _ in self._group.entries:
                yield self._finding(verdict, place, entry, "")

    def by_regulations(self) -> Iterator[Finding]:
        """Say what the regulations find: one finding an entry, with how many of its numbers it concerns."""
        said, judge = self._group.said, self._reading.judge
        if self._reading.concerned is not None:
            self._count(self._reading.concerned)
        for verdict, heads in judge.verdicts(said, self._group.heads).items():
            for place, entry, block in self._group.entries:
                if block.heads & heads:
                    yield self._about(verdict, place, entry, block.of_heads(heads), block)
        bare = [(place, entry) for place, entry, block in self._group.entries if not block.heads]
        for verdict in judge.verdicts(said, frozenset()) if bare else ():
            for place, entry in bare:
                yield self._about(verdict, place, entry, (), Block())
        for rule in judge.of_numbers:
            if not (rule.condition.ranges and self._reading.examples(self._file)):
                for verdict, texts in verdicts_on_numbers(rule, judge, said, self._group.block):
                    yield from self._about_some(verdict, texts)

    def _about_some(self, verdict: Verdict, texts: Sequence[str]) -> Iterator[Finding]:
        some = frozenset(texts) if len(texts) < len(self._group.block.texts) else None
        for place, entry, block in self._group.entries:
            if own := block.texts if some is None else block.among(some):
                yield self._about(verdict, place, entry, own, block)

    def _about(
        self, verdict: Verdict, place: int, entry: MapNode, texts: Sequence[str], block: Block
    ) -> Finding:
        """Say that a regulation found something about these numbers of an entry, in the order written."""
        aside = ""
        if len(texts) != len(block.texts) or (verdict.key == "phone" and "phones" in entry.values):
            aside = (
                f" ({len(texts)} of {len(block.texts)} numbers, the first in line {_line(entry, texts[:1])})"
            )
        finding = self._finding(verdict, place, entry, aside)
        if verdict.severity is Severity.ERROR:
            self._reading.refuse(finding, self._list_id, texts)
        return finding

    def _finding(self, verdict: Verdict, place: int, entry: MapNode, aside: str) -> Finding:
        key, path = anchor(verdict.key, entry), f"/entries/{place}"
        mark, pointer = (entry.value_mark(key), f"{path}/{key}") if key else (entry.mark, path)
        return verdict.finding(self._file, mark, pointer, aside)

    def _count(self, concerned: dict[str, int]) -> None:
        """Count the numbers that each rule concerns, for the census."""
        judge, said = self._reading.judge, self._group.said
        for rule in judge.of_entries:
            heads = judge.heads_concerned(rule, said, self._group.heads)
            numbers = sum(
                len(block.of_heads(heads)) for _, _, block in self._group.entries if block.heads & heads
            )
            concerned[rule.id] = concerned.get(rule.id, 0) + numbers


def _line(entry: MapNode, first: Sequence[str]) -> int:
    for listed in listed_in(entry, ""):
        for text in first:
            if text in listed.texts:
                return unpack(listed.marks[listed.texts.index(text)])[0]
    return unpack(entry.mark)[0]
