"""The regulations as rules: one JSON Schema each, with who says so, since when, and how surely."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from jsonschema import ValidationError
from jsonschema.protocols import Validator

from reconciler.desired.keywords import Schema, validator
from reconciler.desired.schema_errors import sentence
from reconciler.model.finding import Severity

# What a rule says about itself. The rest is its condition: what an entry must be.
_ABOUT = frozenset(
    {
        *("id", "jurisdiction", "statement", "basis", "citation", "severity", "confidence", "says"),
        *("effectiveFrom", "effectiveTo", "adoptedBy", "adoptedOn", "reviewDue", "description", "$comment"),
    }
)
_RANKS = (Severity.ALARM, Severity.WARNING, Severity.ERROR)


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of a rule file. `condition` is judged on an entry together with its file's defaults."""

    id: str
    file: str
    statement: str
    basis: str
    citation: str | None
    severity: Severity
    effective_from: date
    effective_to: date | None
    confidence: str
    jurisdiction: str | None
    condition: Schema
    _judge: Validator = field(repr=False, compare=False)

    def in_force(self, as_of: date) -> bool:
        """Tell whether the rule holds on that date."""
        return self.effective_from <= as_of and (self.effective_to is None or as_of <= self.effective_to)

    def errors(self, entry: Mapping[str, Any]) -> Iterator[ValidationError]:
        """Judge one effective entry."""
        yield from self._judge.iter_errors(dict(entry))

    def message(self, error: ValidationError) -> str:
        """Say what was found, and on whose word: a law is cited, a policy or an inference is named as one."""
        unverified = "; unverified" if self.confidence == "L" else ""
        word = self.citation if self.basis == "law" and self.citation else self.basis
        return f"{sentence(error)} ({word}{unverified})"

    def looser_than(self, packaged: "Rule") -> str:
        """Say how the rule is, or may be, looser than the packaged one of the same id; empty if it is not."""
        if _RANKS.index(self.severity) < _RANKS.index(packaged.severity):
            return f"{self.id} is {self.severity} in {self.file}, and {packaged.severity} as packaged"
        if self.condition != packaged.condition:
            return f"{self.id} asks for something else in {self.file} than as packaged"
        ends_earlier = (self.effective_to or date.max) < (packaged.effective_to or date.max)
        if self.effective_from > packaged.effective_from or ends_earlier:
            return f"{self.id} holds for a shorter time in {self.file} than as packaged"
        return ""


def rules_of(file: str, content: Mapping[str, Any]) -> tuple[Rule, ...]:
    """Read the rules of one rule file, which `schema/regulation.schema.json` has found to be one."""
    return tuple(_rule(file, member) for member in content.get("allOf", ()))


def _rule(file: str, member: Mapping[str, Any]) -> Rule:
    condition = {key: value for key, value in member.items() if key not in _ABOUT}
    # The rule's own sentence goes with its condition; a condition may have others further inside.
    judged = {**condition, "says": member["says"]} if "says" in member else condition
    until = member.get("effectiveTo")
    return Rule(
        id=member["id"],
        file=file,
        statement=member["statement"],
        basis=member["basis"],
        citation=member.get("citation"),
        severity=Severity(member["severity"]),
        effective_from=date.fromisoformat(member["effectiveFrom"]),
        effective_to=date.fromisoformat(until) if until else None,
        confidence=member["confidence"],
        jurisdiction=member["jurisdiction"],
        condition=condition,
        _judge=validator(judged),
    )
