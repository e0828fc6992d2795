"""The numbers of one file: each judged by the numbering plan, none twice."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat

from reconciler.desired.nodes import ListNode, MapNode, Value, unpack
from reconciler.desired.numbering import all_possible, why_not
from reconciler.model.finding import Finding, Severity
from reconciler.model.phone import is_e164, mask
from reconciler.model.terms import Terms


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


def listed_in(entry: MapNode, path: str) -> Iterator[Listed]:
    """Give the numbers of an entry or a release, in either form."""
    values = entry.values
    if "phone" in values:
        yield Listed((values["phone"],), (entry.value_mark("phone"),), path, is_many=False)
    many = values.get("phones")
    if isinstance(many, ListNode):
        yield Listed(many.items, many.marks, path, is_many=True)


def sift(file: str, listed: Listed, impossible: Severity | None) -> tuple[Sequence[str], list[Finding]]:
    """Give the texts that are E.164 numbers, and what is wrong with the others, each at its place.

    `impossible` is the severity of NUM-01; None asks for E.164 only. What is not text at all is the
    structure's business.
    """
    texts = [text for text in listed.texts if isinstance(text, str)]
    if all_possible(texts):
        return texts, []
    findings: list[Finding] = []
    for index, text in enumerate(listed.texts):
        why = why_not(text) if isinstance(text, str) else None
        severity = impossible if isinstance(text, str) and is_e164(text) else Severity.ERROR
        if why and severity:
            line, column = unpack(listed.marks[index])
            findings.append(Finding(file, line, column, listed.pointer(index), "NUM-01", severity, why))
    return [text for text in texts if is_e164(text)], findings


class Numbers:
    """The numbers that one file claims, with their terms, taken entry by entry in the order written."""

    def __init__(self) -> None:
        self.terms: dict[str, Terms] = {}
        self.distinct: set[Terms] = set()
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
            self.distinct.add(terms)

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
