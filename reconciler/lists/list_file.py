"""One list file on its way to entries, releases and holds, with everything that is wrong with it."""

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain
from typing import Any

from reconciler.core.model.entries import (
    REGISTRY_REASONS,
    FileEntries,
    ReasonCode,
    Terms,
    is_list_id,
    is_reference,
)
from reconciler.core.model.finding import Finding, Severity
from reconciler.lists.entry_rules import (
    EntryGroup,
    GroupFindings,
    effective_entry,
    parse_terms,
    terms_structure_verdicts,
)
from reconciler.lists.phone_blocks import (
    NUMBERING,
    FileNumbers,
    NumberBlock,
    PhoneTexts,
    duplicate_findings,
    number_findings,
    partition_numbers,
    phone_texts_in,
)
from reconciler.lists.reading_state import HoldList, Reading, ReleaseNode, RequestList
from reconciler.lists.releases_holds import (
    PAST_DAY_KEYS,
    future_day_findings,
    hold_findings,
    is_future,
    list_findings,
    parse_day,
    parse_holds,
    parse_releases,
    release_findings,
)
from reconciler.rules.evaluation import stated_jurisdiction
from reconciler.rules.jurisdictions import place_at
from reconciler.rules.numbering import Head
from reconciler.rules.periods import parse_date
from reconciler.rules.rule_set import Rules
from reconciler.rules.schema_errors import rule_id_of, schema_error_to_finding, sentence
from reconciler.yaml_tree.nodes import ListNode, MapNode, Value, plain

_NUMBER = "+12125550123"
_PLACEHOLDERS = {"phone": _NUMBER, "phones": [_NUMBER], "evidence": "REF"}
_DAYS = frozenset({"requestedOn", "listedOn", "firstSeenOn", "releasedOn", "expirationDate"})
_ANY_VALUE = object()  # stands in a shape for a value that may be any well-written one


@dataclass(frozen=True, slots=True)
class ItemGroups:
    """The items of one sequence, grouped: for each shape the places of its items, the first one first."""

    items: Sequence[Value]
    members: tuple[Sequence[int], ...]
    free: frozenset[str]

    def representatives(self) -> list[object]:
        """Give one item of each shape, as `jsonschema` wants it."""
        return [self._with_placeholders(self.items[places[0]]) for places in self.members]

    def without_days(self) -> "ItemGroups":
        """Group further: entries that differ only in well-written days have one structure, if not one end."""
        if not self.free:
            return self
        groups: dict[Hashable, list[Sequence[int]]] = {}
        for places in self.members:
            item = self.items[places[0]]
            key = _without_days(_shape(item, self.free)) if isinstance(item, MapNode) else places[0]
            groups.setdefault(key, []).append(places)
        members = tuple(tuple(chain.from_iterable(group)) for group in groups.values())
        return ItemGroups(self.items, members, self.free)

    def _with_placeholders(self, item: Value) -> object:
        if not isinstance(item, MapNode):
            return plain(item)
        return {
            name: _PLACEHOLDERS[name] if name in self.free and _is_free(name, value) else plain(value)
            for name, value in item.values.items()
        }


def group_items(value: Value, *, free: frozenset[str]) -> ItemGroups:
    """Group the items of a sequence by shape; what is no sequence has none.

    `free` are the keys whose well-written values make no difference (see `Rules.free`); without any, every
    item is a shape of its own.
    """
    items: Sequence[Value] = value.items if isinstance(value, ListNode) else ()
    groups: dict[Hashable, list[int]] = {}
    for place, item in enumerate(items):
        key = _shape(item, free) if free and isinstance(item, MapNode) else place
        groups.setdefault(key, []).append(place)
    return ItemGroups(items, tuple(groups.values()), free)


def structure_findings(
    path: str, root: MapNode, rules: Rules, parts: dict[str, ItemGroups]
) -> Iterator[Finding]:
    """Judge the whole file by the list schema; `parts` are its sequences that are grouped by shape."""
    coarse_groups = {name: group.without_days() for name, group in parts.items()}
    document: dict[str, Any] = {
        name: coarse_groups[name].representatives() if name in coarse_groups else plain(value)
        for name, value in root.values.items()
    }
    for error in rules.structure.iter_errors(document):
        steps = tuple(error.absolute_path)
        rule = rule_id_of(error, "LIST-01", "LIST-02")
        regulation = rules.by_id(rule)
        message = regulation.with_basis(sentence(error)) if regulation else ""
        citation = regulation.printed_citation if regulation else ""
        if len(steps) > 1 and steps[0] in coarse_groups:
            for place in coarse_groups[str(steps[0])].members[int(steps[1])]:
                item_steps = (steps[0], place, *steps[2:])
                yield schema_error_to_finding(
                    error, root, item_steps, file=path, rule=rule, message=message, citation=citation
                )
        else:
            yield schema_error_to_finding(
                error, root, steps, file=path, rule=rule, message=message, citation=citation
            )


def _shape(item: MapNode, free: frozenset[str]) -> tuple[tuple[str, Hashable], ...]:
    """Tell what decides the verdict. A branch is its own shape: it is compared by identity."""
    return tuple(
        (name, _ANY_VALUE if name in free and _is_free(name, value) else value)
        for name, value in item.values.items()
    )


def _without_days(shape: tuple[tuple[str, Hashable], ...]) -> Hashable:
    return tuple(
        (name, _ANY_VALUE if name in _DAYS and parse_date(value) else value) for name, value in shape
    )


def _is_free(name: str, value: Value) -> bool:
    """Tell whether the value is one that is judged for itself: numbers by the numbering plan (NUM-01)."""
    if name == "phone":
        return type(value) is str
    if name == "evidence":
        return type(value) is str and is_reference(value)
    return name == "phones" and isinstance(value, ListNode) and value.is_text


MAX_STRUCTURE_ERRORS = 10_000  # of structure, in one file
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
        self.structure_errors = 0  # errors of structure
        self.request_heads: set[tuple[str | None, Head]] = set()
        self.numbering = rule if rule and rule.finding_severity and rule.is_in_force(reading.as_of) else None

    def read(self) -> list[Finding]:
        """Read the file's parts."""
        rules = self.reading.rules
        parts = {
            name: group_items(self.root.values[name], free=rules.free_keys)
            for name in _PARTS
            if isinstance(self.root.values.get(name), ListNode)
        }
        findings = list(self._limited(structure_findings(self.path, self.root, rules, parts)))
        if self.list_id and (parts.keys() & {"entries", "releases"} or "holds" not in parts):
            self.reading.list_ids.add(self.list_id)
            self.reading.list_marks[self.path] = (self.list_id, self.root.value_mark("listId"))
        numbers = FileNumbers()
        for name, groups in parts.items():
            blocks, number_findings = self._number_blocks(groups.items, f"/{name}")
            findings += number_findings
            if name == "entries":
                findings += self._entry_findings(groups, blocks, numbers)
            elif name == "releases":
                findings += self._release_findings(groups.items, blocks)
            else:
                findings += self._hold_findings(groups.items)
        findings += list_findings(self.reading, self.path, self.root, _count_registry_numbers(numbers))
        return findings

    def _limited(self, findings: Iterable[Finding]) -> Iterator[Finding]:
        """Give as many as anybody reads: a file that is no list at all has millions."""
        for finding in findings:
            self.structure_errors += 1
            if self.structure_errors > MAX_STRUCTURE_ERRORS:
                if self.structure_errors == MAX_STRUCTURE_ERRORS + 1:
                    message = (
                        f"more than {MAX_STRUCTURE_ERRORS:,} errors of structure: correct those that are "
                        "told first"
                    )
                    yield Finding(self.path, 0, 0, "", "LIST-01", Severity.ERROR, message)
                return
            yield finding

    def _number_blocks(self, items: Sequence[Value], path: str) -> tuple[list[NumberBlock], list[Finding]]:
        """Sort out the numbers of each item."""
        blocks: list[NumberBlock] = []
        findings: list[Finding] = []
        empty_block = NumberBlock()
        for place, node in enumerate(items):
            block = empty_block
            for phone_texts in self._phone_texts(node, f"{path}/{place}"):
                new_block, is_wrong = partition_numbers(phone_texts)
                block = block + new_block
                if is_wrong:
                    findings += self._number_findings(phone_texts)
            blocks.append(block)
        return blocks, findings

    def _number_findings(self, phone_texts: PhoneTexts) -> Iterator[Finding]:
        for finding, phone in number_findings(self.path, phone_texts, self.numbering):
            if phone and finding.severity is Severity.ERROR:
                self.reading.add_regulation_error(finding, self.list_id, (phone,))
            yield finding

    def _entry_findings(
        self, entries: ItemGroups, blocks: list[NumberBlock], numbers: FileNumbers
    ) -> Iterator[Finding]:
        node = self.root.values.get("defaults")
        defaults = node if isinstance(node, MapNode) else None
        if defaults:
            yield from self._future_date_findings(defaults, "/defaults")
        terms: list[Terms | None] = [None] * len(entries.items)
        for members in entries.members:
            first_item = entries.items[members[0]]
            if isinstance(first_item, MapNode):
                fields = effective_entry(first_item, defaults)
                parsed_terms = parse_terms(fields)
                shared_terms = self.reading.intern(parsed_terms) if parsed_terms else None
                for place in members:
                    terms[place] = shared_terms
                group = EntryGroup(
                    fields,
                    [
                        (index, entry, blocks[index])
                        for index in members
                        if isinstance(entry := entries.items[index], MapNode)
                    ],
                )
                yield from self._group_findings(group)
                if shared_terms and shared_terms.reason_code is ReasonCode.CUSTOMER_REQUESTED:
                    jurisdiction = stated_jurisdiction(fields)
                    self.request_heads |= {(jurisdiction, head) for head in group.heads}
        self._note_requests()
        yield from self._add_entries(entries, blocks, terms, numbers)

    def _group_findings(self, group: EntryGroup) -> Iterator[Finding]:
        group_findings = GroupFindings(self.reading, self.path, self.list_id, group)
        yield from self._limited(
            group_findings.for_all_entries(terms_structure_verdicts(group.fields, self.reading.rules))
        )
        yield from group_findings.regulation_findings()
        if any(is_future(group.fields.get(key), self.reading.latest) for key in PAST_DAY_KEYS):
            for place, entry, _ in group.entries:
                yield from self._future_date_findings(entry, f"/entries/{place}")

    def _note_requests(self) -> None:
        """Note where people's own requests are kept, for the rules that look at the whole company."""
        mark = self.root.value_mark("listId")
        for jurisdiction, place in {
            (jurisdiction, place_at(head)) for jurisdiction, head in self.request_heads
        }:
            if self.list_id:
                self.reading.request_lists.append(
                    RequestList(self.path, self.list_id, mark, jurisdiction, place)
                )

    def _add_entries(
        self, entries: ItemGroups, blocks: list[NumberBlock], terms: list[Terms | None], numbers: FileNumbers
    ) -> Iterator[Finding]:
        for block, block_terms in zip(blocks, terms, strict=True):
            numbers.add(block, block_terms)
        if numbers.has_duplicates:
            numbered_items = enumerate(entries.items)
            phone_texts = (
                part
                for place, node in numbered_items
                for part in self._phone_texts(node, f"/entries/{place}")
            )
            yield from duplicate_findings(self.path, phone_texts)
        if self.list_id:
            distinct_terms = frozenset(numbers.counts)
            file_entries = FileEntries(
                self.path, self.list_id, numbers.entries(), distinct_terms, self._retrieved_on()
            )
            self.reading.files.append(file_entries)

    def _retrieved_on(self) -> date | None:
        """Give the day of the registry's copy that this file is; None for any other file."""
        registry = self.root.values.get("registry")
        return parse_day(registry.values.get("retrievedAt")) if isinstance(registry, MapNode) else None

    def _release_findings(self, items: Sequence[Value], blocks: list[NumberBlock]) -> Iterator[Finding]:
        for place, node in enumerate(items):
            if not isinstance(node, MapNode):
                continue
            path = f"/releases/{place}"
            yield from release_findings(self.path, node, path, self.list_id, self.reading.latest)
            if self.list_id:
                for release in parse_releases(self.path, node, self.list_id):
                    self.reading.releases.setdefault((self.list_id, release.phone), []).append(release)
            release_node = ReleaseNode(self.path, path, node, self.list_id or "", blocks[place])
            self.reading.release_nodes.append(release_node)

    def _hold_findings(self, items: Sequence[Value]) -> Iterator[Finding]:
        for place, node in enumerate(items):
            if isinstance(node, MapNode):
                yield from hold_findings(self.path, node, f"/holds/{place}", self.reading.latest)
                self.reading.holds += parse_holds(self.path, node)
                if isinstance(list_id := node.values.get("listId"), str):
                    hold_list = HoldList(
                        self.path, f"/holds/{place}/listId", node.value_mark("listId"), list_id
                    )
                    self.reading.hold_lists.append(hold_list)

    def _phone_texts(self, node: Value, path: str) -> Iterator[PhoneTexts]:
        if isinstance(node, MapNode):
            yield from phone_texts_in(node, path)

    def _future_date_findings(self, node: MapNode, path: str) -> Iterator[Finding]:
        for key in PAST_DAY_KEYS:
            yield from future_day_findings(self.reading.latest, self.path, node, path, key)


def _count_registry_numbers(numbers: FileNumbers) -> int:
    return sum(count for terms, count in numbers.counts.items() if terms.reason_code in REGISTRY_REASONS)
