"""The regulations as rules: one JSON Schema each, with who says so, since when, and how surely."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import cached_property
from typing import Any

from jsonschema import ValidationError
from jsonschema.protocols import Validator

from reconciler.desired.condition import ABOUT, Condition
from reconciler.desired.jurisdiction import applies
from reconciler.desired.regions import Place
from reconciler.desired.schema_errors import sentence, severity_beside
from reconciler.model.finding import Severity

LAW = "law"
_RANKS = ("guidance", "built-in", "alarm", "warning", "error")


class Scope(StrEnum):
    """What a rule is judged on."""

    ENTRY = "entry"
    RELEASE = "release"
    LIST = "list"
    COMPANY = "company"


@dataclass(frozen=True, eq=False)
class Rule:
    """One rule of a rule file. Its condition is judged on documents of its scope.

    `severity` is one of error, warning, alarm, built-in, guidance; rules of the last two are listed only.
    `jurisdictions` and `by_area_code` say whose numbers it holds for; none: everybody's.
    """

    id: str
    file: str
    jurisdictions: tuple[str, ...]
    scope: Scope
    by_area_code: frozenset[str]
    statement: str
    meaning: str
    basis: str
    citation: str | None
    severity: str
    effective_from: date
    effective_to: date | None
    confidence: str
    unverified: bool
    adopted_by: str
    adopted_on: date
    review_due: date
    examples: Mapping[str, Any] = field(repr=False)
    condition: Condition = field(repr=False)

    @cached_property
    def gives(self) -> Severity | None:
        """The severity of its findings; None for a rule that is listed only."""
        return Severity(self.severity) if self.severity in set(Severity) else None

    def in_force(self, as_of: date) -> bool:
        """Tell whether the rule holds on that date."""
        return self.effective_from <= as_of and (self.effective_to is None or as_of <= self.effective_to)

    def applies(self, stated: str | None, place: Place | None) -> bool:
        """Tell whether the rule holds for a number at that place, with that jurisdiction stated."""
        return applies(self.jurisdictions, self.by_area_code, stated, place)

    def errors(self, document: Mapping[str, Any]) -> Iterator[ValidationError]:
        """Judge one document of the rule's scope."""
        yield from self._judge.iter_errors(dict(document))

    def message(self, error: ValidationError) -> str:
        """Say what was found, and on whose word (see `word`)."""
        return self.word(sentence(error))

    def word(self, said: str) -> str:
        """Put behind a sentence on whose word it is: a policy or an inference is named as one."""
        words = [self.basis] if self.basis != LAW else []
        words += ["unverified"] if self.unverified else []
        return f"{said} ({', '.join(words)})" if words else said

    @property
    def printed_citation(self) -> str:
        """The citation as a finding prints it: of a law only."""
        return (self.citation or "") if self.basis == LAW else ""

    def severity_of(self, error: ValidationError) -> Severity:
        """Tell how severe this error is: as the keyword says, or as the rule does."""
        return Severity(severity_beside(error) or self.severity)

    def looser_than(self, packaged: "Rule") -> str:
        """Say how the rule is, or may be, looser than the packaged one of the same id; empty if it is not."""
        if _RANKS.index(self.severity) < _RANKS.index(packaged.severity):
            return f"{self.id} is {self.severity} in {self.file}, and {packaged.severity} as packaged"
        ours, theirs = ((r.condition.schema, r.scope, *_reach(r)) for r in (self, packaged))
        if ours != theirs:
            return f"{self.id} asks for something else in {self.file} than as packaged"
        ends_earlier = (self.effective_to or date.max) < (packaged.effective_to or date.max)
        if self.effective_from > packaged.effective_from or ends_earlier:
            return f"{self.id} holds for a shorter time in {self.file} than as packaged"
        return ""

    @cached_property
    def _judge(self) -> Validator:
        return self.condition.validator()


def rules_of(file: str, content: Mapping[str, Any]) -> tuple[Rule, ...]:
    """Read the rules of one rule file, which `schema/regulation.schema.json` has found to be one."""
    return tuple(_rule(file, member) for member in content.get("allOf", ()))


def too_severe(rule: Rule) -> str:
    """Name a severity inside the rule's condition that is higher than its own; empty if there is none."""
    inside = rule.condition.severities
    higher = (one for one in inside if _RANKS.index(one) > _RANKS.index(rule.severity))
    return next(higher, "")


def _reach(rule: Rule) -> tuple[frozenset[str], frozenset[str]]:
    return frozenset(rule.jurisdictions), rule.by_area_code


def _rule(file: str, member: Mapping[str, Any]) -> Rule:
    until, whose = member.get("effectiveTo"), member["jurisdiction"]
    return Rule(
        id=member["id"],
        file=file,
        jurisdictions=() if whose is None else (whose,) if isinstance(whose, str) else tuple(whose),
        scope=Scope(member.get("scope", Scope.ENTRY)),
        by_area_code=frozenset(member.get("byAreaCode", ())),
        statement=member["statement"],
        meaning=member.get("meaning", ""),
        basis=member["basis"],
        citation=member.get("citation"),
        severity=member["severity"],
        effective_from=date.fromisoformat(member["effectiveFrom"]),
        effective_to=date.fromisoformat(until) if until else None,
        confidence=member["confidence"],
        unverified=member["confidence"] == "L",
        adopted_by=member["adoptedBy"],
        adopted_on=date.fromisoformat(member["adoptedOn"]),
        review_due=date.fromisoformat(member["reviewDue"]),
        examples=member.get("example", {}),
        condition=Condition(
            {key: value for key, value in member.items() if key not in ABOUT}, member.get("says")
        ),
    )
