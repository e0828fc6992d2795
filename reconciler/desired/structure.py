"""The structure of a list, judged by JSON Schema on one entry of each shape instead of on every entry.

Entries that differ only in what the schema judges each for itself (a number, well-written evidence) are
one shape: what `jsonschema` finds in one of them it finds in all (law 11). A repository's own list schema
may look at anything, so there every entry is a shape of its own.
"""

import re
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from reconciler.desired.nodes import ListNode, MapNode, Value, plain
from reconciler.desired.periods import parse_date
from reconciler.desired.schema import Rules
from reconciler.desired.schema_errors import finding_of, rule_of, sentence
from reconciler.model.finding import Finding

_NUMBER = "+12125550123"
_REFERENCE = re.compile(r"[A-Za-z0-9._:/-]+")
_FREE = {"phone": _NUMBER, "phones": [_NUMBER], "evidence": "REF"}
_DAYS = frozenset({"requestedOn", "listedOn", "firstSeenOn", "releasedOn", "expirationDate"})
_ANY = object()  # stands in a shape for a value that may be any well-written one


@dataclass(frozen=True, slots=True)
class Shapes:
    """The items of one sequence, grouped: for each shape the places of its items, the first one first."""

    items: Sequence[Value]
    members: tuple[Sequence[int], ...]
    free: frozenset[str]

    def representatives(self) -> list[object]:
        """Give one item of each shape, as `jsonschema` wants it."""
        return [self._reduced(self.items[places[0]]) for places in self.members]

    def without_days(self) -> "Shapes":
        """Group further: entries that differ only in well-written days have one structure, if not one end."""
        if not self.free:
            return self
        groups: dict[Hashable, list[Sequence[int]]] = {}
        for places in self.members:
            item = self.items[places[0]]
            key = _dayless(_shape(item, self.free)) if isinstance(item, MapNode) else places[0]
            groups.setdefault(key, []).append(places)
        members = tuple(tuple(chain.from_iterable(group)) for group in groups.values())
        return Shapes(self.items, members, self.free)

    def _reduced(self, item: Value) -> object:
        if not isinstance(item, MapNode):
            return plain(item)
        return {
            name: _FREE[name] if name in self.free and _is_free(name, value) else plain(value)
            for name, value in item.values.items()
        }


def shapes(value: Value, *, free: frozenset[str]) -> Shapes:
    """Group the items of a sequence by shape; what is no sequence has none.

    `free` are the keys whose well-written values make no difference (see `Rules.free`); without any, every
    item is a shape of its own.
    """
    items: Sequence[Value] = value.items if isinstance(value, ListNode) else ()
    groups: dict[Hashable, list[int]] = {}
    for place, item in enumerate(items):
        key = _shape(item, free) if free and isinstance(item, MapNode) else place
        groups.setdefault(key, []).append(place)
    return Shapes(items, tuple(groups.values()), free)


def structure_findings(path: str, root: MapNode, rules: Rules, parts: dict[str, Shapes]) -> Iterator[Finding]:
    """Judge the whole file by the list schema; `parts` are its sequences that are grouped by shape."""
    coarse = {name: part.without_days() for name, part in parts.items()}
    document: dict[str, Any] = {
        name: coarse[name].representatives() if name in coarse else plain(value)
        for name, value in root.values.items()
    }
    for error in rules.structure.iter_errors(document):
        steps = tuple(error.absolute_path)
        rule = rule_of(error, "LIST-01", "LIST-02")
        regulation = rules.by_id(rule)
        message = regulation.word(sentence(error)) if regulation else ""
        citation = regulation.printed_citation if regulation else ""
        if len(steps) > 1 and steps[0] in coarse:
            for place in coarse[str(steps[0])].members[int(steps[1])]:
                where = (steps[0], place, *steps[2:])
                yield finding_of(error, root, where, file=path, rule=rule, message=message, citation=citation)
        else:
            yield finding_of(error, root, steps, file=path, rule=rule, message=message, citation=citation)


def _shape(item: MapNode, free: frozenset[str]) -> tuple[tuple[str, Hashable], ...]:
    """Tell what decides the verdict. A branch is its own shape: it is compared by identity."""
    return tuple(
        (name, _ANY if name in free and _is_free(name, value) else value)
        for name, value in item.values.items()
    )


def _dayless(shape: tuple[tuple[str, Hashable], ...]) -> Hashable:
    return tuple((name, _ANY if name in _DAYS and parse_date(value) else value) for name, value in shape)


def _is_free(name: str, value: Value) -> bool:
    """Tell whether the value is one that is judged for itself: numbers by the numbering plan (NUM-01)."""
    if name == "phone":
        return type(value) is str
    if name == "evidence":
        return type(value) is str and _REFERENCE.fullmatch(value) is not None
    return name == "phones" and isinstance(value, ListNode) and value.is_text
