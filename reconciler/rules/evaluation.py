"""The regulations in force, applied to entries: once for each distinct entry and kind of place.

A million numbers share a few hundred distinct entries, and lie in a few hundred places, of which most make no
difference. So `jsonschema` judges one representative of each entry and kind of place, and what it finds holds
for all of them.
"""

from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from reconciler.core.model.finding import Finding, Severity
from reconciler.rules.jurisdictions import Place, place_at
from reconciler.rules.numbering import Head
from reconciler.rules.rule import Rule, Scope
from reconciler.rules.schema_errors import sentence
from reconciler.yaml_tree.nodes import unpack

_T = TypeVar("_T")
EntryFields = Mapping[str, object]
Heads = frozenset[Head]


@dataclass(frozen=True, slots=True)
class Violation:
    """One thing that is wrong with a document; `path` leads to what it is about.

    `regulation` is the rule of a rule file; None where the structure of the files asks for it.
    """

    rule: str
    severity: Severity
    message: str
    path: tuple[str | int, ...] = ()
    regulation: Rule | None = None

    @property
    def key(self) -> str:
        """The document's own key that it is about; empty for the document itself."""
        return str(self.path[0]) if self.path else ""

    def to_finding(self, file: str, mark: int, pointer: str, aside: str = "") -> Finding:
        """Say it of a place in a file. `aside` goes behind the sentence."""
        line, column = unpack(mark)
        text, rule = self.message + aside, self.regulation
        word, citation = (rule.with_basis(text), rule.printed_citation) if rule else (text, "")
        return Finding(file, line, column, pointer, self.rule, self.severity, word, citation)


class RuleJudge:
    """The rules in force on `as_of`, the date at UTC-12, and what they have judged already."""

    def __init__(self, rules: Iterable[Rule], as_of: date) -> None:
        self._active_rules = [rule for rule in rules if rule.finding_severity and rule.is_in_force(as_of)]
        self.entry_rules = self.rules_of_scope(Scope.ENTRY)
        self.number_rules = [rule for rule in self.entry_rules if rule.condition.sees_numbers]
        self._term_rules = [rule for rule in self.entry_rules if not rule.condition.sees_numbers]
        self._verdicts: dict[Hashable, tuple[Violation, ...]] = {}
        self._concerns: dict[Hashable, bool] = {}
        self._found: dict[Hashable, dict[Violation, Heads]] = {}

    def rules_of_scope(self, scope: Scope) -> list[Rule]:
        """Give the rules in force that judge documents of this scope."""
        return [rule for rule in self._active_rules if rule.scope is scope]

    def violations(self, fields: EntryFields, heads: Heads) -> dict[Violation, Heads]:
        """Judge an entry for numbers of these heads; each verdict with the heads that it concerns.

        Without any head the entry's own words are judged, not its place.
        """
        violations: dict[Violation, Heads] = {}
        for rule in self._term_rules:
            if self.can_fail(rule, fields):
                violations |= self._violations_of(rule, fields, heads)
        return violations

    def _violations_of(self, rule: Rule, fields: EntryFields, heads: Heads) -> dict[Violation, Heads]:
        stated = stated_jurisdiction(fields)

        def find() -> dict[Violation, Heads]:
            found: dict[Violation, set[Head]] = {}
            for place, members in self._heads_by_place(rule, stated, heads).items():
                for verdict in self._cached_violations(rule, with_place(fields, place)):
                    found.setdefault(verdict, set()).update(members)
            return {verdict: frozenset(members) for verdict, members in found.items()}

        return _cached(self._found, rule, fields, find, stated, heads)

    def can_fail(self, rule: Rule, fields: EntryFields) -> bool:
        """Tell whether such entries can fail the rule at all, wherever their numbers are."""
        guard = rule.condition.guard
        if guard is None or sees_place(rule):
            return True
        return _cached(self._concerns, rule, fields, lambda: guard.is_valid(dict(fields)))  # type: ignore[arg-type]  # plain JSON values

    def concerned_heads(self, rule: Rule, fields: EntryFields, heads: Heads) -> Heads:
        """Give the heads of the numbers that the rule holds for under these terms, and is about."""
        if not self.can_fail(rule, fields):
            return frozenset()
        stated, guard = stated_jurisdiction(fields), rule.condition.guard
        applicable = frozenset(head for head in heads if rule.applies_to(stated, place_at(head)))
        if guard is None or not sees_place(rule):
            return applicable
        return frozenset(head for head in applicable if guard.is_valid(with_place(fields, place_at(head))))  # type: ignore[arg-type]  # plain JSON values

    def _cached_violations(self, rule: Rule, document: EntryFields) -> tuple[Violation, ...]:
        return _cached(self._verdicts, rule, document, lambda: tuple(find_violations(rule, document)))

    def _heads_by_place(
        self, rule: Rule, stated: str | None, heads: Heads
    ) -> Mapping[Place | None, Collection[Head]]:
        """Give the heads that the rule holds for, by as much of their place as it looks at."""
        sees = sees_place(rule)
        if not heads:
            return {None: ()} if not sees and rule.applies_to(stated, None) else {}
        places: dict[Place | None, list[Head]] = {}
        for head in heads:
            place = place_at(head)
            if rule.applies_to(stated, place) and (place is not None or not sees):
                places.setdefault(place if sees else None, []).append(head)
        return places


def find_violations(rule: Rule, document: EntryFields) -> Iterator[Violation]:
    """Judge one document by one rule."""
    for error in rule.errors(document):
        yield Violation(rule.id, rule.severity_of(error), sentence(error), tuple(error.absolute_path), rule)


def with_place(fields: EntryFields, place: Place | None) -> dict[str, object]:
    """Put where its number is into an entry, for the rules that look at it."""
    document = dict(fields)
    if place and place.region:
        document["region"] = place.region
    if place and place.area_code:
        document["areaCode"] = place.area_code
    return document


def stated_jurisdiction(fields: EntryFields) -> str | None:
    """Give the jurisdiction that an entry states."""
    stated = fields.get("jurisdiction")
    return stated if isinstance(stated, str) else None


def sees_place(rule: Rule) -> bool:
    """Tell whether the verdict depends on where the number is, beyond whether the rule holds there."""
    return rule.condition.sees("region") or rule.condition.sees("areaCode")


def _cached(
    memory: dict[Hashable, _T], rule: Rule, document: EntryFields, find: Callable[[], _T], *beside: Hashable
) -> _T:
    """Judge once what the rule sees of a document, and what is beside it."""
    seen_fields = tuple(pair for pair in document.items() if rule.condition.sees(pair[0]))
    try:
        cached = memory.get((rule, seen_fields, beside))
    except TypeError:  # a list or a mapping where none belongs
        return find()
    if cached is None:
        cached = memory[rule, seen_fields, beside] = find()
    return cached
