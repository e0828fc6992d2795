"""Entries with their file's defaults: their terms, and the findings of rules for each entry and number."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import chain, takewhile

from reconciler.core.model.entries import Policy, ReasonCode, Terms
from reconciler.core.model.finding import Finding, Severity
from reconciler.lists.phone_blocks import Block, listed_in
from reconciler.lists.reading_state import Reading
from reconciler.rules.evaluation import Judge, Said, Verdict, judged_by, placed, stated_in
from reconciler.rules.jurisdictions import place_at
from reconciler.rules.keywords import lies_inside
from reconciler.rules.numbering import Head, head_of
from reconciler.rules.periods import parse_date, parse_period
from reconciler.rules.rule import Rule
from reconciler.rules.rule_set import Rules
from reconciler.rules.schema_errors import rule_of, sentence
from reconciler.yaml_tree.nodes import MapNode, plain, unpack

DEFAULT_SOURCE = "dnc"
# By policy the keys that mean nothing under it: a file's defaults do not reach an entry with them.
UNUSED_KEYS: Mapping[object, frozenset[str]] = {
    Policy.NEVER: frozenset({"expirationDate", "retention"}),
    Policy.ABSOLUTE: frozenset({"retention"}),
    Policy.RELATIVE: frozenset({"expirationDate"}),
}
# What the rules see beside the keys of an entry, and the keys that decide it.
_WRITTEN: Mapping[str, tuple[str, ...]] = {
    "end": ("expirationDate", "retention", "expirationPolicy"),
    "region": ("jurisdiction", "phone", "phones"),
    "areaCode": ("phone", "phones"),
    "phone": ("phone", "phones"),
}


def effective(entry: MapNode, defaults: MapNode | None) -> dict[str, object]:
    """Put the defaults under the entry, and compute its `end`: what the rules judge. Numbers are left out."""
    own = entry.values
    merged = {**defaults.values, **own} if defaults else own
    unused = UNUSED_KEYS.get(merged.get("expirationPolicy"), frozenset())
    said: dict[str, object] = {
        key: plain(value)
        for key, value in merged.items()
        if key not in {"phone", "phones"} and (key in own or key not in unused)
    }
    end = _end(said)
    return said | {"end": end.isoformat()} if end else said


def structure_of_terms(said: Mapping[str, object], rules: Rules) -> Iterator[Verdict]:
    """Judge whether the terms of an effective entry fit together, as the list schema asks."""
    for error in rules.effective.iter_errors(dict(said)):  # type: ignore[arg-type]  # plain JSON values
        rule = rule_of(error, "LIST-01", "LIST-02")
        yield Verdict(rule, Severity.ERROR, sentence(error), tuple(error.absolute_path))
    if _runs_out(said):
        message = "retention runs beyond the year 9999: use NEVER"
        yield Verdict("LIST-06", Severity.ERROR, message, ("retention",))


def anchor(key: str, entry: MapNode) -> str:
    """Tell which of the entry's own keys a verdict stands at; empty for the entry itself."""
    return next((own for own in _WRITTEN.get(key, (key,)) if own in entry.values), "")


def terms_of(said: Mapping[str, object]) -> Terms | None:
    """Make the terms of an effective entry; None where it has none that hold."""
    try:
        reason, policy = ReasonCode(str(said["reasonCode"])), Policy(str(said["expirationPolicy"]))
    except (KeyError, ValueError):
        return None
    end = parse_date(said.get("end"))
    source, jurisdiction = said.get("source", DEFAULT_SOURCE), said.get("jurisdiction")
    if not isinstance(source, str) or (policy is not Policy.NEVER and end is None):
        return None
    return Terms(
        reason,
        policy,
        end,
        parse_date(said.get("requestedOn")),
        source,
        jurisdiction if isinstance(jurisdiction, str) else None,
    )


def _end(said: Mapping[str, object]) -> date | None:
    policy = said.get("expirationPolicy")
    if policy == Policy.ABSOLUTE:
        return parse_date(said.get("expirationDate"))
    if policy == Policy.RELATIVE:
        start, period = parse_date(said.get("requestedOn")), parse_period(said.get("retention"))
        return period.after(start) if start and period else None
    return None


def _runs_out(said: Mapping[str, object]) -> bool:
    is_relative = said.get("expirationPolicy") == Policy.RELATIVE and "end" not in said
    return bool(is_relative and parse_date(said.get("requestedOn")) and parse_period(said.get("retention")))


def verdicts_on_numbers(
    rule: Rule, judge: Judge, said: Said, block: Block
) -> Iterator[tuple[Verdict, Sequence[str]]]:
    """Judge the numbers under the same terms by one rule; each verdict with the numbers that it concerns."""
    if not judge.concerns(rule, said):
        return
    found: dict[Verdict, list[str]] = {}
    for numbers in _alike(rule, said, block):
        document = {**placed(said, place_at(head_of(numbers[0]))), "phone": numbers[0]}
        for verdict in judged_by(rule, document):
            found.setdefault(verdict, []).extend(numbers)
    yield from found.items()


def _alike(rule: Rule, said: Said, block: Block) -> Iterator[Sequence[str]]:
    """Give the numbers that can fail, those together that the rule cannot tell apart."""
    stated = stated_in(said)
    held = frozenset(head for head in block.heads if rule.applies(stated, place_at(head)))
    if rule.condition.asks_of_heads_only:
        # All of them fail alike: possible, but of digits that are not in use.
        if odd := frozenset(head for head in held if _is_odd(head)):
            yield block.of_heads(odd)
        return
    texts = block.of_heads(held) if held else ()
    if rule.condition.ranges:
        yield from _inside(rule.condition.ranges, texts)
    else:
        yield from ([text] for text in texts)


def _inside(ranges: Sequence[Mapping[str, str]], texts: Sequence[str]) -> Iterable[Sequence[str]]:
    """Give the numbers that lie inside a range, those of one head and of the same ranges together."""
    found: dict[tuple[Head, tuple[bool, ...]], list[str]] = {}
    for text in dict.fromkeys(text for wanted in ranges for text in _with(_common(wanted), texts)):
        lies = tuple(lies_inside(wanted, text) for wanted in ranges)
        if any(lies):
            found.setdefault((head_of(text), lies), []).append(text)
    return found.values()


def _is_odd(head: Head) -> bool:
    """Tell whether numbers of this head can fail; those that are not possible are said at their place."""
    place = place_at(head)
    return place is not None and not place.is_valid


def _common(wanted: Mapping[str, str]) -> str:
    pairs = takewhile(lambda pair: pair[0] == pair[1], zip(wanted["from"], wanted["to"], strict=False))
    return "".join(digit for digit, _ in pairs)


def _with(digits: str, texts: Sequence[str]) -> Iterator[str]:
    """Search the digits in all numbers at once."""
    joined = " ".join(texts)
    at = joined.find(digits)
    while at >= 0:
        start, end = joined.rfind(" ", 0, at) + 1, joined.find(" ", at)
        yield joined[start : end if end >= 0 else len(joined)]
        at = joined.find(digits, end) if end >= 0 else -1


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
