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
Said = Mapping[str, object]
Heads = frozenset[Head]


@dataclass(frozen=True, slots=True)
class Verdict:
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

    def finding(self, file: str, mark: int, pointer: str, aside: str = "") -> Finding:
        """Say it of a place in a file. `aside` goes behind the sentence."""
        line, column = unpack(mark)
        said, rule = self.message + aside, self.regulation
        word, citation = (rule.word(said), rule.printed_citation) if rule else (said, "")
        return Finding(file, line, column, pointer, self.rule, self.severity, word, citation)


class Judge:
    """The rules in force on `as_of`, the date at UTC-12, and what they have judged already."""

    def __init__(self, rules: Iterable[Rule], as_of: date) -> None:
        self._in_force = [rule for rule in rules if rule.gives and rule.in_force(as_of)]
        self.of_entries = self.of_scope(Scope.ENTRY)
        self.of_numbers = [rule for rule in self.of_entries if rule.condition.sees_numbers]
        self._of_terms = [rule for rule in self.of_entries if not rule.condition.sees_numbers]
        self._verdicts: dict[Hashable, tuple[Verdict, ...]] = {}
        self._concerns: dict[Hashable, bool] = {}
        self._found: dict[Hashable, dict[Verdict, Heads]] = {}

    def of_scope(self, scope: Scope) -> list[Rule]:
        """Give the rules in force that judge documents of this scope."""
        return [rule for rule in self._in_force if rule.scope is scope]

    def verdicts(self, said: Said, heads: Heads) -> dict[Verdict, Heads]:
        """Judge an entry for numbers of these heads; each verdict with the heads that it concerns.

        Without any head the entry's own words are judged, not its place.
        """
        found: dict[Verdict, Heads] = {}
        for rule in self._of_terms:
            if self.concerns(rule, said):
                found |= self._found_by(rule, said, heads)
        return found

    def _found_by(self, rule: Rule, said: Said, heads: Heads) -> dict[Verdict, Heads]:
        stated = stated_in(said)

        def find() -> dict[Verdict, Heads]:
            found: dict[Verdict, set[Head]] = {}
            for place, members in self._by_place(rule, stated, heads).items():
                for verdict in self._judged(rule, placed(said, place)):
                    found.setdefault(verdict, set()).update(members)
            return {verdict: frozenset(members) for verdict, members in found.items()}

        return _remembered(self._found, rule, said, find, stated, heads)

    def concerns(self, rule: Rule, said: Said) -> bool:
        """Tell whether such entries can fail the rule at all, wherever their numbers are."""
        guard = rule.condition.guard
        if guard is None or sees_place(rule):
            return True
        return _remembered(self._concerns, rule, said, lambda: guard.is_valid(dict(said)))  # type: ignore[arg-type]  # plain JSON values

    def heads_concerned(self, rule: Rule, said: Said, heads: Heads) -> Heads:
        """Give the heads of the numbers that the rule holds for under these terms, and is about."""
        if not self.concerns(rule, said):
            return frozenset()
        stated, guard = stated_in(said), rule.condition.guard
        held = frozenset(head for head in heads if rule.applies(stated, place_at(head)))
        if guard is None or not sees_place(rule):
            return held
        return frozenset(head for head in held if guard.is_valid(placed(said, place_at(head))))  # type: ignore[arg-type]  # plain JSON values

    def _judged(self, rule: Rule, document: Said) -> tuple[Verdict, ...]:
        return _remembered(self._verdicts, rule, document, lambda: tuple(judged_by(rule, document)))

    def _by_place(
        self, rule: Rule, stated: str | None, heads: Heads
    ) -> Mapping[Place | None, Collection[Head]]:
        """Give the heads that the rule holds for, by as much of their place as it looks at."""
        sees = sees_place(rule)
        if not heads:
            return {None: ()} if not sees and rule.applies(stated, None) else {}
        places: dict[Place | None, list[Head]] = {}
        for head in heads:
            place = place_at(head)
            if rule.applies(stated, place) and (place is not None or not sees):
                places.setdefault(place if sees else None, []).append(head)
        return places


def judged_by(rule: Rule, document: Said) -> Iterator[Verdict]:
    """Judge one document by one rule."""
    for error in rule.errors(document):
        yield Verdict(rule.id, rule.severity_of(error), sentence(error), tuple(error.absolute_path), rule)


def placed(said: Said, place: Place | None) -> dict[str, object]:
    """Put where its number is into an entry, for the rules that look at it."""
    document = dict(said)
    if place and place.region:
        document["region"] = place.region
    if place and place.area_code:
        document["areaCode"] = place.area_code
    return document


def stated_in(said: Said) -> str | None:
    """Give the jurisdiction that an entry states."""
    stated = said.get("jurisdiction")
    return stated if isinstance(stated, str) else None


def sees_place(rule: Rule) -> bool:
    """Tell whether the verdict depends on where the number is, beyond whether the rule holds there."""
    return rule.condition.sees("region") or rule.condition.sees("areaCode")


def _remembered(
    memory: dict[Hashable, _T], rule: Rule, document: Said, find: Callable[[], _T], *beside: Hashable
) -> _T:
    """Judge once what the rule sees of a document, and what is beside it."""
    seen = tuple(pair for pair in document.items() if rule.condition.sees(pair[0]))
    try:
        known = memory.get((rule, seen, beside))
    except TypeError:  # a list or a mapping where none belongs
        return find()
    if known is None:
        known = memory[rule, seen, beside] = find()
    return known
