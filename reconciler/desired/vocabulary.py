"""The keywords of the rules that standard JSON Schema has not. docs/rules.md explains them to counsel.

`minimumTerm: {from, to, atLeast}`: the date at `to` is no earlier than the period `atLeast` after `from`.
`honourWithin: {from, target, ceiling}`: the number is to be live within so many `businessDays` or `days`
    of the date at `from`. It asks nothing of an entry, it sets the clock; `liveOn`, which only examples have,
    is held against the ceiling.
`freshness: {at, alarmFrom, limits, otherwise}`: a registry's copy, retrieved at `at`, is stale after the
    limit of its `name`, or `otherwise`; its own `freshFor` may shorten that. `asOf` is today.
`possibleNumber: true`: the text is an E.164 number that is possible under the numbering plan.
`validNumber: true`: its leading digits are in use, as far as the metadata knows.
`outsideRange: {code, from, to}`: its subscriber number is not in that range.
`sameCountry: [a, b]`: the jurisdictions at the two keys do not contradict each other.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from jsonschema import ValidationError
from jsonschema.protocols import Validator

from reconciler.desired.jurisdiction import country_of, is_jurisdiction, same_country
from reconciler.desired.numbering import why_not
from reconciler.desired.periods import Period, parse_date, parse_period
from reconciler.desired.regions import place_of
from reconciler.desired.wording import counted, shown
from reconciler.desired.workdays import Span

Schema = Mapping[str, Any]
Errors = Iterator[ValidationError]
HONOUR = "honourWithin"
FRESHNESS = "freshness"


def minimum_term(_: Validator, wants: Mapping[str, str], instance: object, __: Schema) -> Errors:
    """Hold one date against a period after another."""
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
        event = "first publication" if wants["from"] == "listedOn" else "request"
        yield ValidationError(
            f"ends {end}; {period} from the {event} end on {least}: use that day or later, or NEVER",
            path=(wants["to"],),
        )


def honour_within(_: Validator, wants: Mapping[str, Any], instance: object, __: Schema) -> Errors:
    """Hold the day on which an example was live against the ceiling."""
    if not isinstance(instance, dict):
        return
    start, live = parse_date(instance.get(wants["from"])), parse_date(instance.get("liveOn"))
    due = Span.of(wants["ceiling"]).after(start) if start else None
    if live and due and live > due:
        days = (live - due).days
        yield ValidationError(f"late: live {counted(days, 'day')} after {due}, the honour-by date")


def sets_the_clock(_: Validator, __: Mapping[str, Any], instance: object, ___: Schema) -> Errors:
    """Report each `honourWithin` that an entry reaches: the clock asks by this."""
    if isinstance(instance, dict):
        yield ValidationError("sets the clock")


def freshness(_: Validator, wants: Mapping[str, Any], instance: object, __: Schema) -> Errors:
    """Hold the age of a registry's copy against its limit."""
    if not isinstance(instance, dict):
        return
    at, today = str(instance.get(wants["at"], ""))[:10], parse_date(instance.get("asOf"))
    retrieved = parse_date(at)
    if retrieved is None or today is None:
        return  # the structure says so
    name = str(instance.get("name", ""))
    limits = [wants["limits"].get(name, wants["otherwise"]), instance.get("freshFor")]
    last = min(_after(period, retrieved) for period in map(parse_period, limits) if period)
    notice = parse_period(wants["alarmFrom"])
    days = counted((today - retrieved).days, "day")
    age = f"the copy of {shown(name)} was retrieved on {retrieved}, {days} ago"
    if today > last:
        said = f"{age}, and was fresh until {last}: retrieve it again, and correct retrievedAt and sha256"
        yield ValidationError(said, path=(wants["at"],))
    elif notice and today >= min(_after(notice, retrieved), last):
        yield ValidationError(
            f"{age}, and is stale after {last}: retrieve it again by then", path=(wants["at"],)
        )


def possible_number(_: Validator, wanted: bool, instance: object, __: Schema) -> Errors:  # noqa: FBT001  (a keyword's value)
    """Ask whether the numbering plan can have the number."""
    if wanted and isinstance(instance, str) and (why := why_not(instance)):
        yield ValidationError(why)


def valid_number(_: Validator, wanted: bool, instance: object, __: Schema) -> Errors:  # noqa: FBT001  (a keyword's value)
    """Ask whether the number's leading digits are in use; what is not possible is another keyword's."""
    place = place_of(instance) if isinstance(instance, str) else None
    if wanted and place is not None and not place.is_valid:
        yield ValidationError("begins with digits that no numbering plan has in use: check the number")


def outside_range(_: Validator, wants: Mapping[str, str], instance: object, __: Schema) -> Errors:
    """Hold the subscriber number, the last digits, against a range."""
    if isinstance(instance, str) and lies_inside(wants, instance) and why_not(instance) is None:
        yield ValidationError(f"is in the range {wants['from']} to {wants['to']}: check the number")


def lies_inside(wants: Mapping[str, str], text: str) -> bool:
    """Tell whether the last digits lie in the range. Whether it is a possible number is not asked."""
    return (
        text.startswith(f"+{wants['code']}") and wants["from"] <= text[-len(wants["from"]) :] <= wants["to"]
    )


def compare_countries(_: Validator, keys: list[str], instance: object, __: Schema) -> Errors:
    """Hold a stated jurisdiction against the number's region."""
    if not isinstance(instance, dict):
        return
    stated, region = (instance.get(key) for key in keys)
    if not isinstance(stated, str) or not isinstance(region, str) or not is_jurisdiction(stated):
        return  # the structure says so, or there is nothing to compare
    if not same_country(stated, region):
        yield ValidationError(
            f"the number is one of {region}, and {country_of(stated)} is stated: check which holds",
            path=(keys[0],),
        )


def _after(period: Period, start: date) -> date:
    return period.after(start) or date.max
