"""JSON Schema 2020-12 as the rules use it: bounded patterns, and keywords of their own."""

import re
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from difflib import get_close_matches
from functools import lru_cache
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker, ValidationError
from jsonschema.protocols import Validator
from jsonschema.validators import extend
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from reconciler.core.model.errors import InvalidInput
from reconciler.core.model.finding import format_count, join_names, redact
from reconciler.rules.jurisdictions import (
    COUNTRIES,
    country_of,
    is_jurisdiction,
    is_same_country,
    is_well_formed,
    meant_code,
    place_of,
)
from reconciler.rules.numbering import invalid_reason
from reconciler.rules.periods import Period, Span, parse_date, parse_period

SECONDS = 1.0  # for one search; a good pattern takes microseconds
_SHORT = 16  # characters: the worst pattern is through with these in a millisecond
_VARIABLE = re.compile(r"[*+?}|]")


class _TooLong(Exception):
    """The time for one search is over."""


@lru_cache(maxsize=256)
def ecma_pattern(pattern: str) -> re.Pattern[str]:
    r"""Compile a pattern as JSON Schema means it: `$` is the very end, and `\d` is ASCII."""
    anchored = re.sub(r"(?<!\\)\$(?=\Z|\)|\|)", r"\\Z", pattern)
    return re.compile(anchored, re.ASCII)


def is_found(pattern: str, text: str) -> bool:
    """Tell whether the pattern is found in the text.

    Raises InvalidInput where that takes too long: a repeat inside a repeat tries every way to share a text
    out, which are twice as many with each character.
    """
    expression = ecma_pattern(pattern)
    if len(text) <= _SHORT or not _may_take_long(pattern):
        return expression.search(text) is not None
    try:
        with _time_limit():
            return expression.search(text) is not None
    except _TooLong:
        raise InvalidInput(
            f"a pattern took over {SECONDS:g} s for a text of {len(text):,} characters: {pattern[:200]}",
            "write it without a repeat inside a repeat, in the rule file that has it",
            where="schema",
        ) from None


@lru_cache(maxsize=256)
def _may_take_long(pattern: str) -> bool:
    """Tell whether something may be shared out in several ways: it takes two that vary."""
    return len(_VARIABLE.findall(pattern)) > 1


@contextmanager
def _time_limit() -> Iterator[None]:
    """Limit the time of what Python's own engine does: it looks for signals while it searches.

    Only the main thread gets those, and only there are files judged; Windows has none.
    """
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
        yield
        return

    def too_long(*_: object) -> None:
        raise _TooLong

    previous_handler = signal.signal(signal.SIGALRM, too_long)
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous_handler)


Schema = Mapping[str, Any]
Errors = Iterator[ValidationError]
HONOUR = "honourWithin"
FRESHNESS = "freshness"


def minimum_term(_: Validator, options: Mapping[str, str], instance: object, __: Schema) -> Errors:
    """Hold one date against a period after another."""
    if not isinstance(instance, dict):
        return
    start, end = parse_date(instance.get(options["from"])), parse_date(instance.get(options["to"]))
    period = parse_period(options["atLeast"])
    if start is None or end is None or period is None:
        return  # the structure says so
    earliest_end = period.after(start)
    if earliest_end is None:
        yield ValidationError(f"{period} from {start} end on no date: use NEVER", path=(options["to"],))
    elif end < earliest_end:
        event = "first publication" if options["from"] == "listedOn" else "request"
        yield ValidationError(
            f"ends {end}; {period} from the {event} end on {earliest_end}: use that day or later, or NEVER",
            path=(options["to"],),
        )


def honour_within(_: Validator, options: Mapping[str, Any], instance: object, __: Schema) -> Errors:
    """Hold the day on which an example was live against the ceiling."""
    if not isinstance(instance, dict):
        return
    start, live = parse_date(instance.get(options["from"])), parse_date(instance.get("liveOn"))
    due = Span.of(options["ceiling"]).after(start) if start else None
    if live and due and live > due:
        days = (live - due).days
        yield ValidationError(f"late: live {format_count(days, 'day')} after {due}, the honour-by date")


def report_clock(_: Validator, __: Mapping[str, Any], instance: object, ___: Schema) -> Errors:
    """Report each `honourWithin` that an entry reaches: the clock asks by this."""
    if isinstance(instance, dict):
        yield ValidationError("sets the clock")


def last_fresh_day(
    options: Mapping[str, Any], name: str, retrieved_on: date, fresh_for: object = None
) -> date:
    """Give the last day on which a registry's copy is fresh. `fresh_for` is a period that its file states."""
    limits = [options["limits"].get(name, options["otherwise"]), fresh_for]
    return min(_after(period, retrieved_on) for period in map(parse_period, limits) if period)


def freshness(_: Validator, options: Mapping[str, Any], instance: object, __: Schema) -> Errors:
    """Hold the age of a registry's copy against its limit."""
    if not isinstance(instance, dict):
        return
    retrieved_text, today = str(instance.get(options["at"], ""))[:10], parse_date(instance.get("asOf"))
    retrieved_on = parse_date(retrieved_text)
    if retrieved_on is None or today is None:
        return  # the structure says so
    name = str(instance.get("name", ""))
    last = last_fresh_day(options, name, retrieved_on, instance.get("freshFor"))
    notice = parse_period(options["alarmFrom"])
    days = format_count((today - retrieved_on).days, "day")
    age = f"the copy of {redact(name)} was retrieved on {retrieved_on}, {days} ago"
    if today > last:
        message = f"{age}, and was fresh until {last}: retrieve it again, and correct retrievedAt and sha256"
        yield ValidationError(message, path=(options["at"],))
    elif notice and today >= min(_after(notice, retrieved_on), last):
        yield ValidationError(
            f"{age}, and is stale after {last}: retrieve it again by then", path=(options["at"],)
        )


def possible_number(_: Validator, wanted: bool, instance: object, __: Schema) -> Errors:  # noqa: FBT001  (a keyword's value)
    """Ask whether the numbering plan can have the number."""
    if wanted and isinstance(instance, str) and (why := invalid_reason(instance)):
        yield ValidationError(why)


def valid_number(_: Validator, wanted: bool, instance: object, __: Schema) -> Errors:  # noqa: FBT001  (a keyword's value)
    """Ask whether the number's leading digits are in use; what is not possible is another keyword's."""
    place = place_of(instance) if isinstance(instance, str) else None
    if wanted and place is not None and not place.is_valid:
        yield ValidationError("begins with digits that no numbering plan has in use: check the number")


def outside_range(_: Validator, options: Mapping[str, str], instance: object, __: Schema) -> Errors:
    """Hold the subscriber number, the last digits, against a range."""
    if isinstance(instance, str) and is_in_range(options, instance) and invalid_reason(instance) is None:
        yield ValidationError(f"is in the range {options['from']} to {options['to']}: check the number")


def is_in_range(options: Mapping[str, str], text: str) -> bool:
    """Tell whether the last digits lie in the range. Whether it is a possible number is not asked."""
    return (
        text.startswith(f"+{options['code']}")
        and options["from"] <= text[-len(options["from"]) :] <= options["to"]
    )


def compare_countries(_: Validator, keys: list[str], instance: object, __: Schema) -> Errors:
    """Hold a stated jurisdiction against the number's region."""
    if not isinstance(instance, dict):
        return
    stated, region = (instance.get(key) for key in keys)
    if not isinstance(stated, str) or not isinstance(region, str) or not is_jurisdiction(stated):
        return  # the structure says so, or there is nothing to compare
    if not is_same_country(stated, region):
        yield ValidationError(
            f"the number is one of {region}, and {country_of(stated)} is stated: check which holds",
            path=(keys[0],),
        )


_ISO = "isoCode"
_IS_CODE: Mapping[str, Callable[[str], bool]] = {
    "form": is_well_formed,
    "jurisdiction": is_jurisdiction,
    "country": COUNTRIES.__contains__,
}
_EXAMPLE_CODES = {"form": "US, US-VA or GB", "jurisdiction": "US, US-VA or GB", "country": "US or GB"}


def iso_code(_: Validator, kind: str, instance: object, __: Schema) -> Errors:
    """Ask whether there is such a code of ISO 3166, and name the one that is meant."""
    if not isinstance(instance, str) or _IS_CODE[kind](instance):
        return
    what = "no ISO 3166 code of a country" if kind == "country" else "no ISO 3166 code"
    meant = meant_code(instance)
    if kind == "country":
        meant = country_of(meant)
    fix = f"did you mean {meant}?" if meant else f"write one such as {_EXAMPLE_CODES[kind]}"
    yield ValidationError(f"{redact(instance)} is {what}, so no rule would hold by it: {fix}")


def _after(period: Period, start: date) -> date:
    return period.after(start) or date.max


_FORMATS = FormatChecker(formats=())
_FORMATS.checks("date")(lambda text: not isinstance(text, str) or parse_date(text) is not None)


def _pattern(_: Validator, pattern: str, instance: object, schema: Schema) -> Errors:
    if _ISO in schema:  # the form is part of that, and it knows what was meant; the pattern is for editors
        return
    if isinstance(instance, str) and not is_found(pattern, instance):
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
    known_names = list(schema.get("properties", {}))
    patterns = list(schema.get("patternProperties", {}))
    for name, value in instance.items():
        if name in known_names or any(is_found(pattern, name) for pattern in patterns):
            continue
        if extra is not False:
            yield from validator.descend(value, extra, path=name)
            continue
        near = get_close_matches(name, known_names, n=1)
        fix = f"did you mean {near[0]}?" if near else f"the keys here are {join_names(known_names, 'and')}"
        yield ValidationError(f"unknown key {redact(name)}: {fix}", path=(name,))


def _pattern_properties(validator: Any, patterns: Schema, instance: object, _: Schema) -> Errors:  # noqa: ANN401  (as above)
    if isinstance(instance, dict):
        for pattern, schema in patterns.items():
            for name, value in instance.items():
                if is_found(pattern, name):
                    yield from validator.descend(value, schema, path=name, schema_path=pattern)


_Extended: type[Validator] = extend(  # type: ignore[no-untyped-call]
    Draft202012Validator,
    validators={
        "pattern": _pattern,
        "required": _required,
        "additionalProperties": _additional_properties,
        "patternProperties": _pattern_properties,
        "minimumTerm": minimum_term,
        HONOUR: honour_within,
        FRESHNESS: freshness,
        "possibleNumber": possible_number,
        "validNumber": valid_number,
        "outsideRange": outside_range,
        "sameCountry": compare_countries,
        _ISO: iso_code,
    },
)
_Clock: type[Validator] = extend(_Extended, validators={HONOUR: report_clock})  # type: ignore[no-untyped-call]


def clock(schema: Schema) -> Validator:
    """Make a validator that reports each `honourWithin` that an entry reaches, beside its errors."""
    return _Clock(schema, registry=Registry(), format_checker=_FORMATS)


def validator(schema: Schema, *, at: str = "") -> Validator:
    """Make a validator of the schema, or of the part of it at a JSON pointer such as `/$defs/entry`."""
    if not at:
        return _Extended(schema, registry=Registry(), format_checker=_FORMATS)
    registry = Registry().with_resource("urn:rules", DRAFT202012.create_resource(schema))
    return _Extended({"$ref": f"urn:rules#{at}"}, registry=registry, format_checker=_FORMATS)
