"""One list file on its way to entries, releases and holds, with everything that is wrong with it."""

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain
from typing import Any

from reconciler.core.model.entries import (
    REGISTRY_REASONS,
    FileClaims,
    ReasonCode,
    Terms,
    is_list_id,
    is_reference,
)
from reconciler.core.model.finding import Finding, Severity
from reconciler.lists.entry_rules import Group, Spread, effective, structure_of_terms, terms_of
from reconciler.lists.phone_blocks import (
    NUMBERING,
    Block,
    Listed,
    Numbers,
    listed_in,
    number_findings,
    sift,
    twin_findings,
)
from reconciler.lists.reading_state import Asked, HeldList, Reading, ReleaseNode
from reconciler.lists.releases_holds import (
    HAPPENED,
    day_of,
    hold_findings,
    holds_of,
    is_future,
    later_than,
    list_findings,
    release_findings,
    releases_of,
)
from reconciler.rules.evaluation import stated_in
from reconciler.rules.jurisdictions import place_at
from reconciler.rules.numbering import Head
from reconciler.rules.periods import parse_date
from reconciler.rules.rule_set import Rules
from reconciler.rules.schema_errors import finding_of, rule_of, sentence
from reconciler.yaml_tree.nodes import ListNode, MapNode, Value, plain

_NUMBER = "+12125550123"
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
        return type(value) is str and is_reference(value)
    return name == "phones" and isinstance(value, ListNode) and value.is_text


MOST_ERRORS = 10_000  # of structure, in one file
_PARTS = ("entries", "releases", "holds")


class ListFile:
    """One list file. What it says goes to the reading, what is wrong with it is given back."""

    def __init__(self, reading: Reading, path: str, root: MapNode) -> None:
        self.reading = reading
        self.path = path
        self.root = root
        list_id = root.values.get("listId")
        self.list_id = list_id if isinstance(list_id, str) and is_list_id(list_id) else None
        rule = reading.rules.by_id(NUMBERING)
        self.told = 0  # errors of structure
        self.asked: set[tuple[str | None, Head]] = set()
        self.numbering = rule if rule and rule.gives and rule.in_force(reading.as_of) else None

    def read(self) -> list[Finding]:
        """Read the file's parts."""
        rules = self.reading.rules
        parts = {
            name: shapes(self.root.values[name], free=rules.free)
            for name in _PARTS
            if isinstance(self.root.values.get(name), ListNode)
        }
        findings = list(self._bounded(structure_findings(self.path, self.root, rules, parts)))
        if self.list_id and (parts.keys() & {"entries", "releases"} or "holds" not in parts):
            self.reading.list_ids.add(self.list_id)
        numbers = Numbers()
        for name, part in parts.items():
            blocks, wrong = self._blocks(part.items, f"/{name}")
            findings += wrong
            if name == "entries":
                findings += self._entries(part, blocks, numbers)
            elif name == "releases":
                findings += self._releases(part.items, blocks)
            else:
                findings += self._holds(part.items)
        findings += list_findings(self.reading, self.path, self.root, _registry_numbers(numbers))
        return findings

    def _bounded(self, findings: Iterable[Finding]) -> Iterator[Finding]:
        """Give as many as anybody reads: a file that is no list at all has millions."""
        for finding in findings:
            self.told += 1
            if self.told > MOST_ERRORS:
                if self.told == MOST_ERRORS + 1:
                    said = f"more than {MOST_ERRORS:,} errors of structure: correct those that are told first"
                    yield Finding(self.path, 0, 0, "", "LIST-01", Severity.ERROR, said)
                return
            yield finding

    def _blocks(self, items: Sequence[Value], path: str) -> tuple[list[Block], list[Finding]]:
        """Sort out the numbers of each item."""
        blocks: list[Block] = []
        findings: list[Finding] = []
        nothing = Block()
        for place, node in enumerate(items):
            block = nothing
            for listed in self._listed(node, f"{path}/{place}"):
                more, is_wrong = sift(listed)
                block = block + more
                if is_wrong:
                    findings += self._wrong_numbers(listed)
            blocks.append(block)
        return blocks, findings

    def _wrong_numbers(self, listed: Listed) -> Iterator[Finding]:
        for finding, phone in number_findings(self.path, listed, self.numbering):
            if phone and finding.severity is Severity.ERROR:
                self.reading.refuse(finding, self.list_id, (phone,))
            yield finding

    def _entries(self, entries: Shapes, blocks: list[Block], numbers: Numbers) -> Iterator[Finding]:
        node = self.root.values.get("defaults")
        defaults = node if isinstance(node, MapNode) else None
        if defaults:
            yield from self._in_future(defaults, "/defaults")
        terms: list[Terms | None] = [None] * len(entries.items)
        for members in entries.members:
            first = entries.items[members[0]]
            if isinstance(first, MapNode):
                said = effective(first, defaults)
                understood = terms_of(said)
                held = self.reading.intern(understood) if understood else None
                for place in members:
                    terms[place] = held
                group = Group(
                    said,
                    [(at, e, blocks[at]) for at in members if isinstance(e := entries.items[at], MapNode)],
                )
                yield from self._judged(group)
                if held and held.reason_code is ReasonCode.CUSTOMER_REQUESTED:
                    stated = stated_in(said)
                    self.asked |= {(stated, head) for head in group.heads}
        self._note_requests()
        yield from self._numbers(entries, blocks, terms, numbers)

    def _judged(self, group: Group) -> Iterator[Finding]:
        spread = Spread(self.reading, self.path, self.list_id, group)
        yield from self._bounded(spread.same_for_all(structure_of_terms(group.said, self.reading.rules)))
        yield from spread.by_regulations()
        if any(is_future(group.said.get(key), self.reading.latest) for key in HAPPENED):
            for place, entry, _ in group.entries:
                yield from self._in_future(entry, f"/entries/{place}")

    def _note_requests(self) -> None:
        """Note where people's own requests are kept, for the rules that look at the whole company."""
        mark = self.root.value_mark("listId")
        for stated, place in {(stated, place_at(head)) for stated, head in self.asked}:
            if self.list_id:
                self.reading.asked.append(Asked(self.path, self.list_id, mark, stated, place))

    def _numbers(
        self, entries: Shapes, blocks: list[Block], terms: list[Terms | None], numbers: Numbers
    ) -> Iterator[Finding]:
        for block, held in zip(blocks, terms, strict=True):
            numbers.take(block, held)
        if numbers.has_twins:
            each = enumerate(entries.items)
            listed = (part for place, node in each for part in self._listed(node, f"/entries/{place}"))
            yield from twin_findings(self.path, listed)
        if self.list_id:
            distinct = frozenset(numbers.counts)
            claimed = FileClaims(self.path, self.list_id, numbers.claimed(), distinct, self._retrieved_on())
            self.reading.files.append(claimed)

    def _retrieved_on(self) -> date | None:
        """Give the day of the registry's copy that this file is; None for any other file."""
        registry = self.root.values.get("registry")
        return day_of(registry.values.get("retrievedAt")) if isinstance(registry, MapNode) else None

    def _releases(self, items: Sequence[Value], blocks: list[Block]) -> Iterator[Finding]:
        for place, node in enumerate(items):
            if not isinstance(node, MapNode):
                continue
            path = f"/releases/{place}"
            yield from release_findings(self.path, node, path, self.list_id, self.reading.latest)
            if self.list_id:
                for release in releases_of(self.path, node, self.list_id):
                    self.reading.releases.setdefault((self.list_id, release.phone), []).append(release)
            found = ReleaseNode(self.path, path, node, self.list_id or "", blocks[place])
            self.reading.release_nodes.append(found)

    def _holds(self, items: Sequence[Value]) -> Iterator[Finding]:
        for place, node in enumerate(items):
            if isinstance(node, MapNode):
                yield from hold_findings(self.path, node, f"/holds/{place}", self.reading.latest)
                self.reading.holds += holds_of(self.path, node)
                if isinstance(list_id := node.values.get("listId"), str):
                    named = HeldList(self.path, f"/holds/{place}/listId", node.value_mark("listId"), list_id)
                    self.reading.held_lists.append(named)

    def _listed(self, node: Value, path: str) -> Iterator[Listed]:
        if isinstance(node, MapNode):
            yield from listed_in(node, path)

    def _in_future(self, node: MapNode, path: str) -> Iterator[Finding]:
        for key in HAPPENED:
            yield from later_than(self.reading.latest, self.path, node, path, key)


def _registry_numbers(numbers: Numbers) -> int:
    return sum(n for terms, n in numbers.counts.items() if terms.reason_code in REGISTRY_REASONS)
