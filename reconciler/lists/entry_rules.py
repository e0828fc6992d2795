"""Entries with their file's defaults: their terms, and the findings of rules for each entry and number."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import chain, takewhile

from reconciler.core.model.entries import Policy, ReasonCode, Terms
from reconciler.core.model.finding import Finding, Severity
from reconciler.lists.phone_blocks import NumberBlock, phone_texts_in
from reconciler.lists.reading_state import Reading
from reconciler.rules.evaluation import (
    EntryFields,
    RuleJudge,
    Violation,
    find_violations,
    stated_jurisdiction,
    with_place,
)
from reconciler.rules.jurisdictions import place_at
from reconciler.rules.keywords import is_in_range
from reconciler.rules.numbering import Head, head_of
from reconciler.rules.periods import parse_date, parse_period
from reconciler.rules.rule import Rule
from reconciler.rules.rule_set import Rules
from reconciler.rules.schema_errors import rule_id_of, sentence
from reconciler.yaml_tree.nodes import MapNode, plain, unpack

DEFAULT_SOURCE = "dnc"
# By policy the keys that mean nothing under it: a file's defaults do not reach an entry with them.
UNUSED_KEYS: Mapping[object, frozenset[str]] = {
    Policy.NEVER: frozenset({"expirationDate", "retention"}),
    Policy.ABSOLUTE: frozenset({"retention"}),
    Policy.RELATIVE: frozenset({"expirationDate"}),
}
# What the rules see beside the keys of an entry, and the keys that decide it.
_SOURCE_KEYS: Mapping[str, tuple[str, ...]] = {
    "end": ("expirationDate", "retention", "expirationPolicy"),
    "region": ("jurisdiction", "phone", "phones"),
    "areaCode": ("phone", "phones"),
    "phone": ("phone", "phones"),
}


def effective_entry(entry: MapNode, defaults: MapNode | None) -> dict[str, object]:
    """Put the defaults under the entry, and compute its `end`: what the rules judge. Numbers are left out."""
    own_values = entry.values
    all_values = {**defaults.values, **own_values} if defaults else own_values
    unused = UNUSED_KEYS.get(all_values.get("expirationPolicy"), frozenset())
    fields: dict[str, object] = {
        key: plain(value)
        for key, value in all_values.items()
        if key not in {"phone", "phones"} and (key in own_values or key not in unused)
    }
    end = _end_date(fields)
    return fields | {"end": end.isoformat()} if end else fields


def terms_structure_verdicts(fields: Mapping[str, object], rules: Rules) -> Iterator[Violation]:
    """Judge whether the terms of an effective entry fit together, as the list schema asks."""
    for error in rules.effective.iter_errors(dict(fields)):  # type: ignore[arg-type]  # plain JSON values
        rule = rule_id_of(error, "LIST-01", "LIST-02")
        yield Violation(rule, Severity.ERROR, sentence(error), tuple(error.absolute_path))
    if _is_end_out_of_range(fields):
        message = "retention runs beyond the year 9999: use NEVER"
        yield Violation("LIST-06", Severity.ERROR, message, ("retention",))


def anchor_key(key: str, entry: MapNode) -> str:
    """Tell which of the entry's own keys a verdict stands at; empty for the entry itself."""
    return next((entry_key for entry_key in _SOURCE_KEYS.get(key, (key,)) if entry_key in entry.values), "")


def parse_terms(fields: Mapping[str, object]) -> Terms | None:
    """Make the terms of an effective entry; None where it has none that hold."""
    try:
        reason, policy = ReasonCode(str(fields["reasonCode"])), Policy(str(fields["expirationPolicy"]))
    except (KeyError, ValueError):
        return None
    end = parse_date(fields.get("end"))
    source, jurisdiction = fields.get("source", DEFAULT_SOURCE), fields.get("jurisdiction")
    if not isinstance(source, str) or (policy is not Policy.NEVER and end is None):
        return None
    return Terms(
        reason,
        policy,
        end,
        parse_date(fields.get("requestedOn")),
        source,
        jurisdiction if isinstance(jurisdiction, str) else None,
    )


def _end_date(fields: Mapping[str, object]) -> date | None:
    policy = fields.get("expirationPolicy")
    if policy == Policy.ABSOLUTE:
        return parse_date(fields.get("expirationDate"))
    if policy == Policy.RELATIVE:
        start, period = parse_date(fields.get("requestedOn")), parse_period(fields.get("retention"))
        return period.after(start) if start and period else None
    return None


def _is_end_out_of_range(fields: Mapping[str, object]) -> bool:
    is_relative = fields.get("expirationPolicy") == Policy.RELATIVE and "end" not in fields
    return bool(
        is_relative and parse_date(fields.get("requestedOn")) and parse_period(fields.get("retention"))
    )


def number_verdicts(
    rule: Rule, judge: RuleJudge, fields: EntryFields, block: NumberBlock
) -> Iterator[tuple[Violation, Sequence[str]]]:
    """Judge the numbers under the same terms by one rule; each verdict with the numbers that it concerns."""
    if not judge.can_fail(rule, fields):
        return
    numbers_by_verdict: dict[Violation, list[str]] = {}
    for numbers in _indistinct_numbers(rule, fields, block):
        document = {**with_place(fields, place_at(head_of(numbers[0]))), "phone": numbers[0]}
        for verdict in find_violations(rule, document):
            numbers_by_verdict.setdefault(verdict, []).extend(numbers)
    yield from numbers_by_verdict.items()


def _indistinct_numbers(rule: Rule, fields: EntryFields, block: NumberBlock) -> Iterator[Sequence[str]]:
    """Give the numbers that can fail, those together that the rule cannot tell apart."""
    jurisdiction = stated_jurisdiction(fields)
    bound_heads = frozenset(head for head in block.heads if rule.applies_to(jurisdiction, place_at(head)))
    if rule.condition.asks_of_heads_only:
        # All of them fail alike: possible, but of digits that are not in use.
        if failing_heads := frozenset(head for head in bound_heads if _can_fail(head)):
            yield block.of_heads(failing_heads)
        return
    texts = block.of_heads(bound_heads) if bound_heads else ()
    if rule.condition.ranges:
        yield from _numbers_in_ranges(rule.condition.ranges, texts)
    else:
        yield from ([text] for text in texts)


def _numbers_in_ranges(ranges: Sequence[Mapping[str, str]], texts: Sequence[str]) -> Iterable[Sequence[str]]:
    """Give the numbers that lie inside a range, those of one head and of the same ranges together."""
    groups: dict[tuple[Head, tuple[bool, ...]], list[str]] = {}
    for text in dict.fromkeys(
        text for number_range in ranges for text in _texts_with_digits(_common_prefix(number_range), texts)
    ):
        matches = tuple(is_in_range(number_range, text) for number_range in ranges)
        if any(matches):
            groups.setdefault((head_of(text), matches), []).append(text)
    return groups.values()


def _can_fail(head: Head) -> bool:
    """Tell whether numbers of this head can fail; those that are not possible are said at their place."""
    place = place_at(head)
    return place is not None and not place.is_valid


def _common_prefix(number_range: Mapping[str, str]) -> str:
    pairs = takewhile(
        lambda pair: pair[0] == pair[1], zip(number_range["from"], number_range["to"], strict=False)
    )
    return "".join(digit for digit, _ in pairs)


def _texts_with_digits(digits: str, texts: Sequence[str]) -> Iterator[str]:
    """Search the digits in all numbers at once."""
    joined_texts = " ".join(texts)
    position = joined_texts.find(digits)
    while position >= 0:
        start, end = joined_texts.rfind(" ", 0, position) + 1, joined_texts.find(" ", position)
        yield joined_texts[start : end if end >= 0 else len(joined_texts)]
        position = joined_texts.find(digits, end) if end >= 0 else -1


@dataclass(frozen=True)
class EntryGroup:
    """Entries that say the same but for their numbers: with each its place in the file, and its numbers."""

    fields: EntryFields
    entries: Sequence[tuple[int, MapNode, NumberBlock]]

    @cached_property
    def heads(self) -> frozenset[Head]:
        """The heads of all their numbers."""
        return frozenset[Head]().union(*(block.heads for _, _, block in self.entries))

    @cached_property
    def block(self) -> NumberBlock:
        """All their numbers."""
        if len(self.entries) == 1:
            return self.entries[0][2]
        return NumberBlock(list(chain.from_iterable(block.texts for _, _, block in self.entries)), self.heads)


class GroupFindings:
    """The findings of one group."""

    def __init__(self, reading: Reading, file: str, list_id: str | None, group: EntryGroup) -> None:
        self._reading = reading
        self._file = file
        self._list_id = list_id
        self._group = group

    def for_all_entries(self, verdicts: Iterable[Violation]) -> Iterator[Finding]:
        """Say what does not depend on the numbers."""
        for verdict in verdicts:
            for place, entry, _ in self._group.entries:
                yield self._finding(verdict, place, entry, "")

    def regulation_findings(self) -> Iterator[Finding]:
        """Say what the regulations find: one finding an entry, with how many of its numbers it concerns."""
        fields, judge = self._group.fields, self._reading.judge
        if self._reading.concerned_counts is not None:
            self._count_concerned(self._reading.concerned_counts)
        for verdict, heads in judge.violations(fields, self._group.heads).items():
            for place, entry, block in self._group.entries:
                if block.heads & heads:
                    yield self._regulation_finding(verdict, place, entry, block.of_heads(heads), block)
        entries_without_numbers = [
            (place, entry) for place, entry, block in self._group.entries if not block.heads
        ]
        for verdict in judge.violations(fields, frozenset()) if entries_without_numbers else ():
            for place, entry in entries_without_numbers:
                yield self._regulation_finding(verdict, place, entry, (), NumberBlock())
        for rule in judge.number_rules:
            if not (rule.condition.ranges and self._reading.is_example(self._file)):
                for verdict, texts in number_verdicts(rule, judge, fields, self._group.block):
                    yield from self._number_findings(verdict, texts)

    def _number_findings(self, verdict: Violation, texts: Sequence[str]) -> Iterator[Finding]:
        affected = frozenset(texts) if len(texts) < len(self._group.block.texts) else None
        for place, entry, block in self._group.entries:
            if entry_texts := block.texts if affected is None else block.only(affected):
                yield self._regulation_finding(verdict, place, entry, entry_texts, block)

    def _regulation_finding(
        self, verdict: Violation, place: int, entry: MapNode, texts: Sequence[str], block: NumberBlock
    ) -> Finding:
        """Say that a regulation found something about these numbers of an entry, in the order written."""
        remark = ""
        if len(texts) != len(block.texts) or (verdict.key == "phone" and "phones" in entry.values):
            remark = (
                f" ({len(texts)} of {len(block.texts)} numbers, the first in line "
                f"{_line_of_first(entry, texts[:1])})"
            )
        finding = self._finding(verdict, place, entry, remark)
        if verdict.severity is Severity.ERROR:
            self._reading.add_regulation_error(finding, self._list_id, texts)
        return finding

    def _finding(self, verdict: Violation, place: int, entry: MapNode, remark: str) -> Finding:
        key, path = anchor_key(verdict.key, entry), f"/entries/{place}"
        mark, pointer = (entry.value_mark(key), f"{path}/{key}") if key else (entry.mark, path)
        return verdict.to_finding(self._file, mark, pointer, remark)

    def _count_concerned(self, counts: dict[str, int]) -> None:
        """Count the numbers that each rule concerns, for the census."""
        judge, fields = self._reading.judge, self._group.fields
        for rule in judge.entry_rules:
            heads = judge.concerned_heads(rule, fields, self._group.heads)
            numbers = sum(
                len(block.of_heads(heads)) for _, _, block in self._group.entries if block.heads & heads
            )
            counts[rule.id] = counts.get(rule.id, 0) + numbers


def _line_of_first(entry: MapNode, texts: Sequence[str]) -> int:
    for phone_texts in phone_texts_in(entry, ""):
        for text in texts:
            if text in phone_texts.texts:
                return unpack(phone_texts.marks[phone_texts.texts.index(text)])[0]
    return unpack(entry.mark)[0]
