"""The parts that shapes of JSON are made of. A shape names the first field that is not as it should be."""

import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any

from reconciler.core.model.phone import is_e164

Shape = Callable[[Any], str]
"""Gives an empty string, or where something is odd, and why: `[0].terms.end: not a date`."""

_YEARS = range(2000, 2200)  # of runs: beyond them is no report of this program, and sums may overflow
FIRST_MOMENT = datetime(_YEARS.start, 1, 2, tzinfo=UTC)
LAST_MOMENT = datetime(_YEARS.stop - 1, 12, 30, tzinfo=UTC)
"""Between these every moment can stand in a report, and so can its day at UTC-12 and at UTC+14."""

_MOST = 10**12
_HASH = re.compile("[0-9a-f]{64}")
_COMMIT = re.compile("[0-9a-f]{40}|[0-9a-f]{64}")


def simple(test: Callable[[Any], object], message: str) -> Shape:
    """Make a shape of a test; what it raises for a value of another type is a failure, too."""

    def judge(value: Any) -> str:  # noqa: ANN401  (JSON)
        try:
            return "" if test(value) else f": {message}"
        except (TypeError, ValueError, OverflowError):
            return f": {message}"

    return judge


def parse_moment(text: str) -> datetime:
    """Read a moment with a time zone, in UTC. Raises ValueError or TypeError."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None or moment.year not in _YEARS:
        raise ValueError(text)
    return moment.astimezone(UTC)


def bound_moment(moment: datetime) -> datetime:
    """Give the moment, or where no report can have it, the nearest that one can."""
    return max(FIRST_MOMENT, min(LAST_MOMENT, moment)).astimezone(UTC)


def _is_number(value: object) -> bool:
    return (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and math.isfinite(value)
        and abs(value) < _MOST
    )


TEXT = simple(lambda value: isinstance(value, str), "not a text")
FLAG = simple(lambda value: isinstance(value, bool), "not true or false")
NUMBER = simple(_is_number, "not a number, or beyond all bounds")
WHOLE = simple(
    lambda value: isinstance(value, int) and _is_number(value) and value >= 0, "not a count from 0 on"
)
PLACE = simple(
    lambda value: isinstance(value, int) and _is_number(value) and value >= 1, "not a number from 1 on"
)
PERCENT = simple(lambda value: _is_number(value) and 0 <= value <= 100, "not a percentage")  # noqa: PLR2004
DAYS = simple(lambda value: value.isascii() and value.isdigit() and int(value) < _MOST, "not a count of days")
MOMENT = simple(parse_moment, "not a time with a time zone")
DAY = simple(date.fromisoformat, "not a date")
"""Any day that a file may name: terms and holds may end in the year 9999."""
RUN_DAY = simple(lambda value: date.fromisoformat(value).year in _YEARS, "not a day of a run")
HASH = simple(_HASH.fullmatch, "not a SHA-256")
COMMIT = simple(_COMMIT.fullmatch, "not the whole name of a commit")
PHONES = simple(
    lambda value: isinstance(value, list) and all(map(is_e164, value)), "not a list of E.164 numbers"
)
PHONE = simple(is_e164, "not an E.164 number")


def one_of(names: type[Any] | tuple[str, ...]) -> Shape:
    """Allow a few texts: those of an enumeration, or these."""
    allowed = frozenset(names if isinstance(names, tuple) else (member.value for member in names))
    return simple(lambda value: value in allowed, "a word that this version does not know")


def maybe(shape: Shape) -> Shape:
    """Allow null as well."""
    return lambda value: "" if value is None else shape(value)


def rows(shape: Shape) -> Shape:
    """Make the shape of a list, every item being of one shape."""

    def judge(value: Any) -> str:  # noqa: ANN401  (JSON)
        if not isinstance(value, list):
            return ": not a list"
        return next((f"[{n}]{odd}" for n, item in enumerate(value) if (odd := shape(item))), "")

    return judge


def pairs(key: Shape, shape: Shape) -> Shape:
    """Make the shape of an object whose keys are names, such as those of lists."""

    def judge(value: Any) -> str:  # noqa: ANN401  (JSON)
        if not isinstance(value, dict):
            return ": not an object"
        return next(
            (f".{name}{odd}" for name, item in value.items() if (odd := key(name) or shape(item))), ""
        )

    return judge


def fields(shapes: Mapping[str, Shape], *, check: Callable[[Mapping[str, Any]], str] | None = None) -> Shape:
    """Make the shape of an object with these keys; one that ends in `?` may be absent, others may be there.

    `check` judges what several of them say together, once each is in order.
    """
    expected = [(name.removesuffix("?"), name.endswith("?"), shape) for name, shape in shapes.items()]

    def judge(value: Any) -> str:  # noqa: ANN401  (JSON)
        if not isinstance(value, dict):
            return ": not an object"
        for name, optional, shape in expected:
            if name not in value:
                if optional:
                    continue
                return f".{name}: missing"
            if odd := shape(value[name]):
                return f".{name}{odd}"
        return check(value) if check else ""

    return judge
