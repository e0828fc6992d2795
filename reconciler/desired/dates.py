"""Dates of what happened: none is later than today, anywhere on Earth (LIST-04)."""

from collections.abc import Iterator
from datetime import date

from reconciler.desired.nodes import MapNode, unpack
from reconciler.desired.periods import parse_date
from reconciler.model.finding import Finding, Severity

HAPPENED = ("requestedOn", "listedOn", "firstSeenOn")
_DATE_LENGTH = len("2026-11-02")


def day_of(text: object) -> date | None:
    """Give the day of a date, or of an RFC 3339 time as written there; None for anything else."""
    return parse_date(text[:_DATE_LENGTH]) if isinstance(text, str) else None


def is_future(text: object, latest: date) -> bool:
    """Tell whether the date is later than the latest that people may write."""
    on = day_of(text)
    return on is not None and on > latest


def later_than(latest: date, file: str, node: MapNode, path: str, key: str) -> Iterator[Finding]:
    """Say so if what stands at the key has not come anywhere on Earth."""
    on = day_of(node.values.get(key))
    if on and on > latest:
        line, column = unpack(node.value_mark(key))
        said = f"{key} is {on}, and nowhere is it later than {latest}: write the day it happened"
        yield Finding(file, line, column, f"{path}/{key}", "LIST-04", Severity.ERROR, said)
