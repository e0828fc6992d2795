"""One list file on its way to claims, releases and holds, with everything that is wrong with it."""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from reconciler.desired.dates import HAPPENED, day_of, is_future, later_than
from reconciler.desired.entry import effective, structure_of_terms, terms_of
from reconciler.desired.holds import hold_findings, holds_of
from reconciler.desired.judge import stated_in
from reconciler.desired.nodes import ListNode, MapNode, Value
from reconciler.desired.numbering import Head
from reconciler.desired.phones import (
    NUMBERING,
    Block,
    Listed,
    Numbers,
    listed_in,
    number_findings,
    sift,
    twin_findings,
)
from reconciler.desired.reading import Asked, HeldList, Reading, ReleaseNode
from reconciler.desired.regions import place_at
from reconciler.desired.registries import list_findings
from reconciler.desired.releases import release_findings, releases_of
from reconciler.desired.spread import Group, Spread
from reconciler.desired.structure import Shapes, shapes, structure_findings
from reconciler.model.claims import FileClaims
from reconciler.model.finding import Finding, Severity
from reconciler.model.terms import REGISTRY_REASONS, ReasonCode, Terms

_LIST_ID = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")
MOST_ERRORS = 10_000  # of structure, in one file
_PARTS = ("entries", "releases", "holds")


class ListFile:
    """One list file. What it says goes to the reading, what is wrong with it is given back."""

    def __init__(self, reading: Reading, path: str, root: MapNode) -> None:
        self.reading = reading
        self.path = path
        self.root = root
        list_id = root.values.get("listId")
        self.list_id = list_id if isinstance(list_id, str) and _LIST_ID.fullmatch(list_id) else None
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
