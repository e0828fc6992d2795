"""The numbers of one file: each judged by the numbering plan, none twice."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import repeat
from typing import cast

from reconciler.desired.nodes import ListNode, MapNode, Value, unpack
from reconciler.desired.numbering import Head, head_of, possible_heads, why_not
from reconciler.desired.regulation import Rule
from reconciler.model.finding import Finding, Severity
from reconciler.model.phone import is_e164, mask
from reconciler.model.terms import Terms

NUMBERING = "NUM-01"
NO_HEADS: frozenset[Head] = frozenset()


@dataclass(frozen=True, slots=True)
class Listed:
    """The numbers of one entry: their texts, the place of each, and the JSON pointer of each."""

    texts: Sequence[Value]
    marks: Sequence[int]
    path: str
    is_many: bool

    def pointer(self, index: int) -> str:
        """Write where one of them is, as a JSON pointer."""
        return f"{self.path}/phones/{index}" if self.is_many else f"{self.path}/phone"


@dataclass(frozen=True, slots=True)
class Block:
    """The texts of one entry that are E.164 numbers, and their heads."""

    texts: Sequence[str] = ()
    heads: frozenset[Head] = NO_HEADS

    def __add__(self, other: "Block") -> "Block":
        return Block((*self.texts, *other.texts), self.heads | other.heads) if self.texts else other

    def of_heads(self, heads: frozenset[Head]) -> Sequence[str]:
        """Give the numbers that have one of these heads."""
        if self.heads <= heads:
            return self.texts
        return [text for text in self.texts if head_of(text) in heads]


def listed_in(entry: MapNode, path: str) -> Iterator[Listed]:
    """Give the numbers of an entry or a release, in either form."""
    values = entry.values
    if "phone" in values:
        yield Listed((values["phone"],), (entry.value_mark("phone"),), path, is_many=False)
    many = values.get("phones")
    if isinstance(many, ListNode):
        yield Listed(many.items, many.marks, path, is_many=True)


def sift(listed: Listed) -> tuple[Block, bool]:
    """Give the texts that are E.164 numbers, and tell whether something is wrong with any text."""
    texts = cast("Sequence[str]", listed.texts)
    if set(map(type, texts)) != {str}:
        texts = [text for text in listed.texts if isinstance(text, str)]
    if len(texts) == 1:
        return _alone(texts[0])
    heads = possible_heads(texts)
    if heads is not None:
        return Block(texts, heads), False
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
        self.terms: dict[str, Terms] = {}
        self.counts: dict[Terms, int] = {}
        self._unclear: set[str] = set()
        self._taken = 0

    def take(self, texts: Sequence[str], terms: Terms | None) -> None:
        """Take an entry's numbers over; one that is there already gets the later terms.

        Numbers whose terms do not hold are no claims, but stand in the file.
        """
        self._taken += len(texts)
        if terms is None:
            self._unclear.update(texts)
        else:
            self.terms.update(zip(texts, repeat(terms), strict=False))
            self.counts[terms] = self.counts.get(terms, 0) + len(texts)

    @property
    def has_twins(self) -> bool:
        """Tell whether a number was taken twice."""
        different = len(self.terms.keys() | self._unclear) if self._unclear else len(self.terms)
        return self._taken != different


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
    return Block((text,), _only(head)), why_not(text) is not None


@lru_cache(maxsize=1 << 12)
def _only(head: Head) -> frozenset[Head]:
    return frozenset((head,))
