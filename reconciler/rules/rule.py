"""A regulation as a rule: a JSON Schema with source, dates and confidence, and its condition."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import cached_property
from typing import Any

from jsonschema import ValidationError
from jsonschema.protocols import Validator

from reconciler.core.model.finding import Severity
from reconciler.rules.jurisdictions import Place, is_applicable
from reconciler.rules.keywords import HONOUR, Schema, clock, validator
from reconciler.rules.schema_errors import sentence, severity_beside

# What a rule says about itself. The rest is its condition.
ABOUT = frozenset(
    {
        *(
            "id",
            "jurisdiction",
            "scope",
            "byAreaCode",
            "statement",
            "meaning",
            "basis",
            "citation",
            "severity",
        ),
        *("confidence", "unverified", "effectiveFrom", "effectiveTo", "adoptedBy", "adoptedOn", "reviewDue"),
        *("example", "says", "description", "$comment"),
    }
)
# Keywords that look at every key of a document, also at those that they do not name.
_WHOLE = frozenset(
    {
        *("additionalProperties", "unevaluatedProperties", "patternProperties", "propertyNames"),
        *("minProperties", "maxProperties", "$ref", "$dynamicRef"),
    }
)
# Ask of a text only what its head tells (see `numbering.Head`).
_OF_HEADS = frozenset({"possibleNumber", "validNumber", "allOf", "says", "severity"})
_OF_RANGES = frozenset({"outsideRange", "says", "severity"})


class Condition:
    """What a document must be. `says` is the rule's own sentence; parts of the schema may have others."""

    def __init__(self, schema: Schema, says: str | None = None) -> None:
        self.schema = schema
        self._schema_with_sentence = {**schema, "says": says} if says is not None else schema

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Condition) and self.schema == other.schema

    def __hash__(self) -> int:
        return hash(frozenset(self.schema))

    def validator(self) -> Validator:
        """Make what judges a document."""
        return validator(self._schema_with_sentence)

    def clock(self) -> Validator:
        """Make what reports the deadlines that a document has."""
        return clock(self._schema_with_sentence)

    @cached_property
    def words(self) -> frozenset[str]:
        """Every text in the schema: without a key's name in it, no standard keyword can look at that key."""
        return frozenset(_texts(self.schema))

    @cached_property
    def sees_all(self) -> bool:
        """Tell whether it may look at keys that it does not name."""
        keys = set(_keys(self.schema))
        return bool(keys & _WHOLE) or any(isinstance(v, dict) for v in _compared_values(self.schema))

    def sees(self, key: str) -> bool:
        """Tell whether the verdict may depend on that key."""
        return self.sees_all or key in self.words

    @cached_property
    def sees_numbers(self) -> bool:
        """Tell whether it looks at the number itself: it names `phone` among the properties."""
        return any("phone" in part for part in _values_of_key(self.schema, "properties"))

    @cached_property
    def sees_evidence(self) -> bool:
        """Tell whether it looks at what the evidence says, not only whether there is some."""
        return self.sees_all or any("evidence" in part for part in _values_of_key(self.schema, "properties"))

    @cached_property
    def asks_of_heads_only(self) -> bool:
        """Tell whether all that it asks of a number is what the number's head tells."""
        return self._asks_of_phone_only(_OF_HEADS)

    @cached_property
    def ranges(self) -> tuple[Schema, ...]:
        """Give the ranges that a number must be outside of, where it asks for nothing else."""
        return (
            tuple(_values_of_key(self.schema, "outsideRange")) if self._asks_of_phone_only(_OF_RANGES) else ()
        )

    @cached_property
    def sets_clock(self) -> bool:
        """Tell whether it sets a deadline."""
        return HONOUR in set(_keys(self.schema))

    @cached_property
    def severities(self) -> frozenset[str]:
        """Give the severities that stand beside keywords."""
        return frozenset(part for part in _values_of_key(self.schema, "severity") if isinstance(part, str))

    @cached_property
    def guard(self) -> Validator | None:
        """Give what tells whether a document is one that the condition is about: its `if`; None: any is."""
        parts = (*([self.schema] if "if" in self.schema else ()), *self.schema.get("allOf", ()))
        clear = all(isinstance(part, dict) and "if" in part and "else" not in part for part in parts)
        if not parts or not clear or set(self.schema) - {"if", "then", "allOf"}:
            return None
        return validator({"anyOf": [part["if"] for part in parts]})

    def _asks_of_phone_only(self, allowed: frozenset[str]) -> bool:
        properties = self.schema.get("properties", {})
        return (
            set(self.schema) == {"properties"}
            and set(properties) == {"phone"}
            and _has_only(properties["phone"], allowed)
        )


def _has_only(schema: object, allowed: frozenset[str]) -> bool:
    if not isinstance(schema, dict):
        return False
    return set(schema) <= allowed and all(_has_only(part, allowed) for part in schema.get("allOf", ()))


def _texts(schema: Any) -> Iterator[str]:  # noqa: ANN401  (any JSON)
    if isinstance(schema, str):
        yield schema
    elif isinstance(schema, dict):
        for key, value in schema.items():
            yield key
            yield from _texts(value)
    elif isinstance(schema, list):
        for item in schema:
            yield from _texts(item)


def _keys(schema: Any) -> Iterator[str]:  # noqa: ANN401  (any JSON)
    if isinstance(schema, dict):
        yield from schema
        for value in schema.values():
            yield from _keys(value)
    elif isinstance(schema, list):
        for item in schema:
            yield from _keys(item)


def _values_of_key(schema: Any, key: str) -> Iterator[Any]:  # noqa: ANN401  (any JSON)
    """Give every value that stands under that key, wherever it is."""
    if isinstance(schema, dict):
        if key in schema:
            yield schema[key]
        for value in schema.values():
            yield from _values_of_key(value, key)
    elif isinstance(schema, list):
        for item in schema:
            yield from _values_of_key(item, key)


def _compared_values(schema: object) -> Iterator[object]:
    yield from _values_of_key(schema, "const")
    for values in _values_of_key(schema, "enum"):
        yield from values if isinstance(values, list) else ()


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
    def finding_severity(self) -> Severity | None:
        """The severity of its findings; None for a rule that is listed only."""
        return Severity(self.severity) if self.severity in set(Severity) else None

    def is_in_force(self, as_of: date) -> bool:
        """Tell whether the rule holds on that date."""
        return self.effective_from <= as_of and (self.effective_to is None or as_of <= self.effective_to)

    def applies_to(self, stated: str | None, place: Place | None) -> bool:
        """Tell whether the rule holds for a number at that place, with that jurisdiction stated."""
        return is_applicable(self.jurisdictions, self.by_area_code, stated, place)

    def errors(self, document: Mapping[str, Any]) -> Iterator[ValidationError]:
        """Judge one document of the rule's scope."""
        yield from self._validator.iter_errors(dict(document))

    def message(self, error: ValidationError) -> str:
        """Say what was found, and on whose word (see `with_basis`)."""
        return self.with_basis(sentence(error))

    def with_basis(self, text: str) -> str:
        """Put behind a sentence on whose word it is: a policy or an inference is named as one."""
        words = [self.basis] if self.basis != LAW else []
        words += ["unverified"] if self.unverified else []
        return f"{text} ({', '.join(words)})" if words else text

    @property
    def printed_citation(self) -> str:
        """The citation as a finding prints it: of a law only."""
        return (self.citation or "") if self.basis == LAW else ""

    def severity_of(self, error: ValidationError) -> Severity:
        """Tell how severe this error is: as the keyword says, or as the rule does."""
        return Severity(severity_beside(error) or self.severity)

    def why_looser_than(self, packaged: "Rule") -> str:
        """Say how the rule is, or may be, looser than the packaged one of the same id; empty if it is not."""
        if _RANKS.index(self.severity) < _RANKS.index(packaged.severity):
            return f"{self.id} is {self.severity} in {self.file}, and {packaged.severity} as packaged"
        own_terms, packaged_terms = (
            (r.condition.schema, r.scope, *_scope_of_numbers(r)) for r in (self, packaged)
        )
        if own_terms != packaged_terms:
            return f"{self.id} asks for something else in {self.file} than as packaged"
        ends_earlier = (self.effective_to or date.max) < (packaged.effective_to or date.max)
        if self.effective_from > packaged.effective_from or ends_earlier:
            return f"{self.id} holds for a shorter time in {self.file} than as packaged"
        return ""

    @cached_property
    def _validator(self) -> Validator:
        return self.condition.validator()


def parse_rules(file: str, content: Mapping[str, Any]) -> tuple[Rule, ...]:
    """Read the rules of one rule file, which `schema/regulation.schema.json` has found to be one."""
    return tuple(_rule(file, member) for member in content.get("allOf", ()))


def severest_part(rule: Rule) -> str:
    """Name a severity inside the rule's condition that is higher than its own; empty if there is none."""
    severities = rule.condition.severities
    higher = (severity for severity in severities if _RANKS.index(severity) > _RANKS.index(rule.severity))
    return next(higher, "")


def _scope_of_numbers(rule: Rule) -> tuple[frozenset[str], frozenset[str]]:
    return frozenset(rule.jurisdictions), rule.by_area_code


def _rule(file: str, member: Mapping[str, Any]) -> Rule:
    effective_to, jurisdiction = member.get("effectiveTo"), member["jurisdiction"]
    return Rule(
        id=member["id"],
        file=file,
        jurisdictions=()
        if jurisdiction is None
        else (jurisdiction,)
        if isinstance(jurisdiction, str)
        else tuple(jurisdiction),
        scope=Scope(member.get("scope", Scope.ENTRY)),
        by_area_code=frozenset(member.get("byAreaCode", ())),
        statement=member["statement"],
        meaning=member.get("meaning", ""),
        basis=member["basis"],
        citation=member.get("citation"),
        severity=member["severity"],
        effective_from=date.fromisoformat(member["effectiveFrom"]),
        effective_to=date.fromisoformat(effective_to) if effective_to else None,
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
