"""JSON Schema 2020-12 as the rules use it: standard keywords that say more, and those of `vocabulary.py`.

A schema beside a keyword may carry `rule` (the id that a finding ends in), `says` (its sentence) and
`severity` (lower than the rule's own).
"""

from difflib import get_close_matches
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker, ValidationError
from jsonschema.protocols import Validator
from jsonschema.validators import extend
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from reconciler.desired import vocabulary
from reconciler.desired.patterns import found
from reconciler.desired.periods import parse_date
from reconciler.desired.vocabulary import Errors, Schema
from reconciler.desired.wording import listed, shown

_FORMATS = FormatChecker(formats=())
_FORMATS.checks("date")(lambda text: not isinstance(text, str) or parse_date(text) is not None)


def _pattern(_: Validator, pattern: str, instance: object, __: Schema) -> Errors:
    if isinstance(instance, str) and not found(pattern, instance):
        yield ValidationError("is not written as it must be")


def _required(_: Validator, names: list[str], instance: object, __: Schema) -> Errors:
    if isinstance(instance, dict):
        for name in names:
            if name not in instance:
                yield ValidationError(f"{name} is missing: write it")


def _additional_properties(validator: Any, extra: object, instance: object, schema: Schema) -> Errors:  # noqa: ANN401  (`descend` is not in the protocol)
    """Report each unknown key for itself, at its place, with the key that was meant."""
    if not isinstance(instance, dict):
        return
    known = list(schema.get("properties", {}))
    patterns = list(schema.get("patternProperties", {}))
    for name, value in instance.items():
        if name in known or any(found(pattern, name) for pattern in patterns):
            continue
        if extra is not False:
            yield from validator.descend(value, extra, path=name)
            continue
        near = get_close_matches(name, known, n=1)
        way_out = f"did you mean {near[0]}?" if near else f"the keys here are {listed(known, 'and')}"
        yield ValidationError(f"unknown key {shown(name)}: {way_out}", path=(name,))


def _pattern_properties(validator: Any, patterns: Schema, instance: object, _: Schema) -> Errors:  # noqa: ANN401  (as above)
    if isinstance(instance, dict):
        for pattern, schema in patterns.items():
            for name, value in instance.items():
                if found(pattern, name):
                    yield from validator.descend(value, schema, path=name, schema_path=pattern)


_Extended: type[Validator] = extend(  # type: ignore[no-untyped-call]
    Draft202012Validator,
    validators={
        "pattern": _pattern,
        "required": _required,
        "additionalProperties": _additional_properties,
        "patternProperties": _pattern_properties,
        "minimumTerm": vocabulary.minimum_term,
        vocabulary.HONOUR: vocabulary.honour_within,
        vocabulary.FRESHNESS: vocabulary.freshness,
        "possibleNumber": vocabulary.possible_number,
        "validNumber": vocabulary.valid_number,
        "outsideRange": vocabulary.outside_range,
        "sameCountry": vocabulary.compare_countries,
    },
)
_Clock: type[Validator] = extend(_Extended, validators={vocabulary.HONOUR: vocabulary.sets_the_clock})  # type: ignore[no-untyped-call]


def clock(schema: Schema) -> Validator:
    """Make a validator that reports each `honourWithin` that an entry reaches, beside its errors."""
    return _Clock(schema, registry=Registry(), format_checker=_FORMATS)


def validator(schema: Schema, *, at: str = "") -> Validator:
    """Make a validator of the schema, or of the part of it at a JSON pointer such as `/$defs/entry`."""
    if not at:
        return _Extended(schema, registry=Registry(), format_checker=_FORMATS)
    registry = Registry().with_resource("urn:rules", DRAFT202012.create_resource(schema))
    return _Extended({"$ref": f"urn:rules#{at}"}, registry=registry, format_checker=_FORMATS)
