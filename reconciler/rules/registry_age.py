"""Until when a copy of a registry is fresh, by the rules in force."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from reconciler.rules.keywords import FRESHNESS, last_fresh_day
from reconciler.rules.rule import Scope
from reconciler.rules.rule_set import Rules


def fresh_until(
    rules: Rules, as_of: date, name: str, retrieved_on: date, fresh_for: str | None
) -> date | None:
    """Give the last day on which every rule in force on `as_of` takes the copy for fresh; None: no rule asks.

    `name` is the registry's, `fresh_for` the period that the copy's own file states.
    """
    conditions = (
        rule.condition.schema
        for rule in rules.regulations
        if rule.scope is Scope.LIST and rule.finding_severity and rule.is_in_force(as_of)
    )
    days = (
        last_fresh_day(options, name, retrieved_on, fresh_for)
        for condition in conditions
        for options in _options(condition)
    )
    return min(days, default=None)


def _options(schema: object) -> Iterator[Mapping[str, Any]]:
    """Give the options of every `freshness` in a schema."""
    if isinstance(schema, Mapping):
        for key, value in schema.items():
            if key == FRESHNESS and isinstance(value, Mapping):
                yield value
            else:
                yield from _options(value)
    elif isinstance(schema, list):
        for part in schema:
            yield from _options(part)
