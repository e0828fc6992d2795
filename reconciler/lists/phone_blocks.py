"""The numbers of one file: each judged by the numbering plan, none twice."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import chain, islice
from operator import lt
from typing import cast

from reconciler.core.model.entries import Claimed, Terms
from reconciler.core.model.finding import Finding, Severity
from reconciler.core.model.phone import is_e164, mask
from reconciler.rules.numbering import BEYOND_DIGITS, Head, head_of, possible_heads, why_not
from reconciler.rules.rule import Rule
from reconciler.yaml_tree.nodes import ListNode, MapNode, Value, unpack

NUMBERING = "NUM-01"
NO_HEADS: frozenset[Head] = frozenset()
_FEW = 10  # looks that a search for one number takes


# Not frozen, as each of a hundred thousand entries makes one of each, and freezing takes thrice the time.
@dataclass(slots=True)
class Listed:
    """The numbers of one entry: their texts, the place of each, and the JSON pointer of each.

    `is_text`: each is known to be text.
    """

    texts: Sequence[Value]
    marks: Sequence[int]
    path: str
    is_many: bool
    is_text: bool

    def pointer(self, index: int) -> str:
        """Write where one of them is, as a JSON pointer."""
        return f"{self.path}/phones/{index}" if self.is_many else f"{self.path}/phone"


@dataclass(slots=True)
class Block:
    """The texts of one entry that are E.164 numbers, and their heads. `ascending`: each is above the last."""

    texts: Sequence[str] = ()
    heads: frozenset[Head] = NO_HEADS
    ascending: bool = False

    def __add__(self, other: "Block") -> "Block":
        return Block((*self.texts, *other.texts), self.heads | other.heads) if self.texts else other

    def of_heads(self, heads: frozenset[Head]) -> Sequence[str]:
        """Give the numbers that have one of these heads."""
        if self.heads <= heads:
            return self.texts
        wanted = self.heads & heads
        if not self.ascending or len(dict(self.heads)) < len(self.heads):  # of one start, several lengths
            return [text for text in self.texts if head_of(text) in wanted]
        return [text for start, _ in sorted(wanted) for text in self._beginning(start)]

    def _beginning(self, start: str) -> Sequence[str]:
        """Give what begins so, where numbers ascend: those are neighbours."""
        first = bisect_left(self.texts, start)
        return self.texts[first : bisect_left(self.texts, start + BEYOND_DIGITS, first)]

    def among(self, some: frozenset[str]) -> Sequence[str]:
        """Give those of the numbers that are among some, in the order written."""
        if not self.ascending or len(self.texts) < _FEW * len(some):
            return [text for text in self.texts if text in some]
        places = ((text, bisect_left(self.texts, text)) for text in sorted(some))
        return [text for text, at in places if at < len(self.texts) and self.texts[at] == text]


def listed_in(entry: MapNode, path: str) -> Iterator[Listed]:
    """Give the numbers of an entry or a release, in either form."""
    values = entry.values
    if "phone" in values:
        phone = values["phone"]
        yield Listed((phone,), (entry.value_mark("phone"),), path, is_many=False, is_text=type(phone) is str)
    many = values.get("phones")
    if isinstance(many, ListNode):
        yield Listed(many.items, many.marks, path, is_many=True, is_text=many.is_text)


def sift(listed: Listed) -> tuple[Block, bool]:
    """Give the texts that are E.164 numbers, and tell whether something is wrong with any text."""
    texts = cast("Sequence[str]", listed.texts)
    if not listed.is_text:
        texts = [text for text in listed.texts if isinstance(text, str)]
    if len(texts) == 1:
        return _alone(texts[0])
    ascending = all(map(lt, texts, islice(texts, 1, None)))
    heads = possible_heads(texts, ascending=ascending)
    if heads is not None:
        return Block(texts, heads, ascending), False
    numbers = [text for text in texts if is_e164(text)]
    return Block(numbers, frozenset(map(head_of, numbers))), True


def number_findings(file: str, listed: Listed, rule: Rule | None) -> Iterator[tuple[Finding, str]]:
    """Say what is wrong with numbers, each at its place, with the number where the text is one.

    `rule` is NUM-01 if it is in force; without it E.164 is asked for, not that the number is possible. What
    is not text at all is the structure's business.
    """
    for index, text in enumerate(listed.texts):
        why = why_not(text) if isinstance(text, str) else None
        is_number = isinstance(text, str) and is_e164(text)
        if why is None or (is_number and rule is None):
            continue
        severity = (rule.gives if rule and is_number else None) or Severity.ERROR
        line, column = unpack(listed.marks[index])
        said = rule.word(why) if rule else why
        citation = rule.printed_citation if rule else ""
        finding = Finding(file, line, column, listed.pointer(index), NUMBERING, severity, said, citation)
        yield finding, str(text) if is_number else ""


class Numbers:
    """The numbers that one file claims, with their terms, taken entry by entry in the order written.

    `counts` has how many were taken under each terms.
    """

    def __init__(self) -> None:
        self.counts: dict[Terms, int] = {}
        self._claimed: list[tuple[Sequence[str], Terms]] = []
        self._unclear: list[Sequence[str]] = []
        self._taken = 0
        self._last = ""
        self._ascending = True

    def take(self, block: Block, terms: Terms | None) -> None:
        """Take an entry's numbers over; one that is there already gets the later terms.

        Numbers whose terms do not hold are no claims, but stand in the file.
        """
        texts = block.texts
        if not texts:
            return
        self._taken += len(texts)
        self._ascending = self._ascending and block.ascending and self._last < texts[0]
        self._last = texts[-1]
        if terms is None:
            self._unclear.append(texts)
        else:
            self._claimed.append((texts, terms))
            self.counts[terms] = self.counts.get(terms, 0) + len(texts)

    @cached_property
    def has_twins(self) -> bool:
        """Tell whether a number was taken twice."""
        if self._ascending:  # then nothing need be looked up
            return False
        claimed = chain.from_iterable(texts for texts, _ in self._claimed)
        return self._taken != len({*claimed, *chain.from_iterable(self._unclear)})

    def claimed(self) -> Claimed:
        """Give the claims."""
        return Claimed(self._claimed, None if self.has_twins else sum(self.counts.values()))


def twin_findings(file: str, entries: Iterable[Listed]) -> Iterator[Finding]:
    """Find each number that stands in the file already, at its second line, naming the first (LIST-03)."""
    first: dict[str, int] = {}
    for listed in entries:
        for index, text in enumerate(listed.texts):
            if not isinstance(text, str) or not is_e164(text):
                continue
            line, column = unpack(listed.marks[index])
            if text in first:
                said = f"{mask(text)} is on this list already, in line {first[text]}: keep one of the two"
                yield Finding(file, line, column, listed.pointer(index), "LIST-03", Severity.ERROR, said)
            else:
                first[text] = line


def _alone(text: str) -> tuple[Block, bool]:
    if not is_e164(text):
        return Block(), True
    head = head_of(text)
    return Block((text,), _only(head), ascending=True), why_not(text) is not None


@lru_cache(maxsize=1 << 12)
def _only(head: Head) -> frozenset[Head]:
    return frozenset((head,))
