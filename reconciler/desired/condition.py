"""The condition of a rule: a JSON Schema, and what can be known of it without judging anything."""

from collections.abc import Iterator
from functools import cached_property
from typing import Any

from jsonschema.protocols import Validator

from reconciler.desired.keywords import clock, validator
from reconciler.desired.vocabulary import HONOUR, Schema

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
        self._judged = {**schema, "says": says} if says is not None else schema

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Condition) and self.schema == other.schema

    def __hash__(self) -> int:
        return hash(frozenset(self.schema))

    def validator(self) -> Validator:
        """Make what judges a document."""
        return validator(self._judged)

    def clock(self) -> Validator:
        """Make what reports the deadlines that a document has."""
        return clock(self._judged)

    @cached_property
    def words(self) -> frozenset[str]:
        """Every text in the schema: without a key's name in it, no standard keyword can look at that key."""
        return frozenset(_texts(self.schema))

    @cached_property
    def sees_all(self) -> bool:
        """Tell whether it may look at keys that it does not name."""
        keys = set(_keys(self.schema))
        return bool(keys & _WHOLE) or any(isinstance(v, dict) for v in _compared(self.schema))

    def sees(self, key: str) -> bool:
        """Tell whether the verdict may depend on that key."""
        return self.sees_all or key in self.words

    @cached_property
    def sees_numbers(self) -> bool:
        """Tell whether it looks at the number itself: it names `phone` among the properties."""
        return any("phone" in part for part in _under(self.schema, "properties"))

    @cached_property
    def sees_evidence(self) -> bool:
        """Tell whether it looks at what the evidence says, not only whether there is some."""
        return self.sees_all or any("evidence" in part for part in _under(self.schema, "properties"))

    @cached_property
    def asks_of_heads_only(self) -> bool:
        """Tell whether all that it asks of a number is what the number's head tells."""
        return self._asks_of_phone_only(_OF_HEADS)

    @cached_property
    def ranges(self) -> tuple[Schema, ...]:
        """Give the ranges that a number must be outside of, where it asks for nothing else."""
        return tuple(_under(self.schema, "outsideRange")) if self._asks_of_phone_only(_OF_RANGES) else ()

    @cached_property
    def sets_clock(self) -> bool:
        """Tell whether it sets a deadline."""
        return HONOUR in set(_keys(self.schema))

    @cached_property
    def severities(self) -> frozenset[str]:
        """Give the severities that stand beside keywords."""
        return frozenset(part for part in _under(self.schema, "severity") if isinstance(part, str))

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
            and _only(properties["phone"], allowed)
        )


def _only(schema: object, allowed: frozenset[str]) -> bool:
    if not isinstance(schema, dict):
        return False
    return set(schema) <= allowed and all(_only(part, allowed) for part in schema.get("allOf", ()))


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


def _under(schema: Any, key: str) -> Iterator[Any]:  # noqa: ANN401  (any JSON)
    """Give every value that stands under that key, wherever it is."""
    if isinstance(schema, dict):
        if key in schema:
            yield schema[key]
        for value in schema.values():
            yield from _under(value, key)
    elif isinstance(schema, list):
        for item in schema:
            yield from _under(item, key)


def _compared(schema: object) -> Iterator[object]:
    yield from _under(schema, "const")
    for values in _under(schema, "enum"):
        yield from values if isinstance(values, list) else ()
