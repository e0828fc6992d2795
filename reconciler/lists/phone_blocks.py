"""The numbers of one file: each judged by the numbering plan, none twice."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import chain, islice
from operator import lt
from typing import cast

from reconciler.core.model.entries import NumberTerms, Terms
from reconciler.core.model.finding import Finding, Severity
from reconciler.core.model.phone import is_e164, mask
from reconciler.rules.numbering import (
    BEYOND_DIGITS,
    Head,
    head_of,
    may_have_trunk_prefix,
    possible_heads,
    unlistable_reason,
)
from reconciler.rules.rule import Rule
from reconciler.yaml_tree.nodes import ListNode, MapNode, Value, unpack

NUMBERING = "NUM-01"
NO_HEADS: frozenset[Head] = frozenset()
_SEARCH_COST = 10  # looks that a search for one number takes


# Not frozen, as each of a hundred thousand entries makes one of each, and freezing takes thrice the time.
@dataclass(slots=True)
class PhoneTexts:
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
class NumberBlock:
    """The texts of one entry that are E.164 numbers, and their heads. `ascending`: each is above the last."""

    texts: Sequence[str] = ()
    heads: frozenset[Head] = NO_HEADS
    ascending: bool = False

    def __add__(self, other: "NumberBlock") -> "NumberBlock":
        return NumberBlock((*self.texts, *other.texts), self.heads | other.heads) if self.texts else other

    def of_heads(self, heads: frozenset[Head]) -> Sequence[str]:
        """Give the numbers that have one of these heads."""
        if self.heads <= heads:
            return self.texts
        common_heads = self.heads & heads
        if not self.ascending or len(dict(self.heads)) < len(self.heads):  # of one start, several lengths
            return [text for text in self.texts if head_of(text) in common_heads]
        return [text for start, _ in sorted(common_heads) for text in self._starting_with(start)]

    def _starting_with(self, start: str) -> Sequence[str]:
        """Give what begins so, where numbers ascend: those are neighbours."""
        first_index = bisect_left(self.texts, start)
        return self.texts[first_index : bisect_left(self.texts, start + BEYOND_DIGITS, first_index)]

    def only(self, numbers: frozenset[str]) -> Sequence[str]:
        """Give those of the numbers that are among some, in the order written."""
        if not self.ascending or len(self.texts) < _SEARCH_COST * len(numbers):
            return [text for text in self.texts if text in numbers]
        places = ((text, bisect_left(self.texts, text)) for text in sorted(numbers))
        return [text for text, index in places if index < len(self.texts) and self.texts[index] == text]


def phone_texts_in(entry: MapNode, path: str) -> Iterator[PhoneTexts]:
    """Give the numbers of an entry or a release, in either form."""
    values = entry.values
    if "phone" in values:
        phone = values["phone"]
        yield PhoneTexts(
            (phone,), (entry.value_mark("phone"),), path, is_many=False, is_text=type(phone) is str
        )
    phones = values.get("phones")
    if isinstance(phones, ListNode):
        yield PhoneTexts(phones.items, phones.marks, path, is_many=True, is_text=phones.is_text)


def partition_numbers(phone_texts: PhoneTexts) -> tuple[NumberBlock, bool]:
    """Give the texts that are E.164 numbers, and tell whether something may be wrong with any text."""
    texts = cast("Sequence[str]", phone_texts.texts)
    if not phone_texts.is_text:
        texts = [text for text in phone_texts.texts if isinstance(text, str)]
    if len(texts) == 1:
        return _partition_one(texts[0])
    ascending = all(map(lt, texts, islice(texts, 1, None)))
    heads = possible_heads(texts, ascending=ascending)
    if heads is not None:
        return NumberBlock(texts, heads, ascending), any(map(may_have_trunk_prefix, heads))
    numbers = [text for text in texts if is_e164(text)]
    return NumberBlock(numbers, frozenset(map(head_of, numbers))), True


def number_findings(file: str, phone_texts: PhoneTexts, rule: Rule | None) -> Iterator[tuple[Finding, str]]:
    """Say what is wrong with numbers, each at its place, with the number where the text is one.

    `rule` is NUM-01 if it is in force; without it E.164 is asked for, not that the number is possible. What
    is not text at all is the structure's business.
    """
    for index, text in enumerate(phone_texts.texts):
        problem = unlistable_reason(text) if isinstance(text, str) else None
        is_number = isinstance(text, str) and is_e164(text)
        if problem is None or (is_number and rule is None):
            continue
        severity = (rule.finding_severity if rule and is_number else None) or Severity.ERROR
        line, column = unpack(phone_texts.marks[index])
        message = rule.with_basis(problem) if rule else problem
        citation = rule.printed_citation if rule else ""
        finding = Finding(
            file, line, column, phone_texts.pointer(index), NUMBERING, severity, message, citation
        )
        yield finding, str(text) if is_number else ""


class FileNumbers:
    """The numbers that one file claims, with their terms, taken entry by entry in the order written.

    `counts` has how many were taken under each terms.
    """

    def __init__(self) -> None:
        self.counts: dict[Terms, int] = {}
        self._entries: list[tuple[Sequence[str], Terms]] = []
        self._without_terms: list[Sequence[str]] = []
        self._count = 0
        self._last_text = ""
        self._ascending = True

    def add(self, block: NumberBlock, terms: Terms | None) -> None:
        """Take an entry's numbers over; of one that is there already the stronger terms count.

        Numbers whose terms do not hold are no claims, but stand in the file.
        """
        texts = block.texts
        if not texts:
            return
        self._count += len(texts)
        self._ascending = self._ascending and block.ascending and self._last_text < texts[0]
        self._last_text = texts[-1]
        if terms is None:
            self._without_terms.append(texts)
        else:
            self._entries.append((texts, terms))
            self.counts[terms] = self.counts.get(terms, 0) + len(texts)

    @cached_property
    def has_duplicates(self) -> bool:
        """Tell whether a number was taken twice."""
        if self._ascending:  # then nothing need be looked up
            return False
        entry_texts = chain.from_iterable(texts for texts, _ in self._entries)
        return self._count != len({*entry_texts, *chain.from_iterable(self._without_terms)})

    def entries(self) -> NumberTerms:
        """Give the claims; of a number that stands twice the stronger one."""
        if not self.has_duplicates:
            return NumberTerms(self._entries, sum(self.counts.values()))
        return NumberTerms(sorted(self._entries, key=lambda entry: entry[1].strength), None)


def duplicate_findings(file: str, entries: Iterable[PhoneTexts]) -> Iterator[Finding]:
    """Find each number that stands in the file already, at its second line, naming the first (LIST-03)."""
    first_lines: dict[str, int] = {}
    for phone_texts in entries:
        for index, text in enumerate(phone_texts.texts):
            if not isinstance(text, str) or not is_e164(text):
                continue
            line, column = unpack(phone_texts.marks[index])
            if text in first_lines:
                message = (
                    f"{mask(text)} is on this list already, in line {first_lines[text]}: keep one of the two"
                )
                yield Finding(
                    file, line, column, phone_texts.pointer(index), "LIST-03", Severity.ERROR, message
                )
            else:
                first_lines[text] = line


def _partition_one(text: str) -> tuple[NumberBlock, bool]:
    if not is_e164(text):
        return NumberBlock(), True
    head = head_of(text)
    return NumberBlock((text,), _head_set(head), ascending=True), unlistable_reason(text) is not None


@lru_cache(maxsize=1 << 12)
def _head_set(head: Head) -> frozenset[Head]:
    return frozenset((head,))
