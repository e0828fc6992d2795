"""JSON Schema 2020-12 as the rules use it: standard keywords that say more, and two of our own.

`minimumTerm: {from, to, atLeast}`: the date at `to` is no earlier than the period `atLeast` after `from`.
`possibleNumber: true`: the text is an E.164 number that is possible under the numbering plan.
A schema beside a keyword may carry `rule` (the id that a finding ends in) and `says` (its sentence).
"""

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from functools import lru_cache
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker, ValidationError
from jsonschema.protocols import Validator
from jsonschema.validators import extend
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from reconciler.desired.numbering import why_not
from reconciler.desired.periods import parse_date, parse_period
from reconciler.desired.wording import listed, shown

Schema = Mapping[str, Any]
Errors = Iterator[ValidationError]

_FORMATS = FormatChecker(formats=())
_FORMATS.checks("date")(lambda text: not isinstance(text, str) or parse_date(text) is not None)


@lru_cache(maxsize=256)
def ecma_pattern(pattern: str) -> re.Pattern[str]:
    r"""Compile a pattern as JSON Schema means it: `$` is the very end, and `\d` is ASCII."""
    anchored = re.sub(r"(?<!\\)\$(?=\Z|\)|\|)", r"\\Z", pattern)
    return re.compile(anchored, re.ASCII)


def _pattern(_: Validator, pattern: str, instance: object, __: Schema) -> Errors:
    if isinstance(instance, str) and not ecma_pattern(pattern).search(instance):
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
    patterns = [ecma_pattern(pattern) for pattern in schema.get("patternProperties", {})]
    for name, value in instance.items():
        if name in known or any(pattern.search(name) for pattern in patterns):
            continue
        if extra is not False:
            yield from validator.descend(value, extra, path=name)
            continue
        near = get_close_matches(name, known, n=1)
        way_out = f"did you mean {near[0]}?" if near else f"the keys here are {listed(known, 'and')}"
        yield ValidationError(f"unknown key {shown(name)}: {way_out}", path=(name,))


def _minimum_term(_: Validator, wants: Mapping[str, str], instance: object, __: Schema) -> Errors:
    if not isinstance(instance, dict):
        return
    start, end = parse_date(instance.get(wants["from"])), parse_date(instance.get(wants["to"]))
    period = parse_period(wants["atLeast"])
    if start is None or end is None or period is None:
        return  # the structure says so
    least = period.after(start)
    if least is None:
        yield ValidationError(f"{period} from {start} end on no date: use NEVER", path=(wants["to"],))
    elif end < least:
        yield ValidationError(
            f"ends {end}; {period} from the request end on {least}: use that day or later, or NEVER",
            path=(wants["to"],),
        )


def _possible_number(_: Validator, wanted: bool, instance: object, __: Schema) -> Errors:  # noqa: FBT001  (a keyword's value)
    if wanted and isinstance(instance, str) and (why := why_not(instance)):
        yield ValidationError(why)


_Extended: type[Validator] = extend(  # type: ignore[no-untyped-call]
    Draft202012Validator,
    validators={
        "pattern": _pattern,
        "required": _required,
        "additionalProperties": _additional_properties,
        "minimumTerm": _minimum_term,
        "possibleNumber": _possible_number,
    },
)


def validator(schema: Schema, *, at: str = "") -> Validator:
    """Make a validator of the schema, or of the part of it at a JSON pointer such as `/$defs/entry`."""
    if not at:
        return _Extended(schema, registry=Registry(), format_checker=_FORMATS)
    registry = Registry().with_resource("urn:rules", DRAFT202012.create_resource(schema))
    return _Extended({"$ref": f"urn:rules#{at}"}, registry=registry, format_checker=_FORMATS)
