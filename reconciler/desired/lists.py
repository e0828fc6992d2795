"""The list files read as claims and releases, with every finding of every file in one run."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date

from reconciler.desired.documents import read_document
from reconciler.desired.entry import anchor, effective, judge, terms_of
from reconciler.desired.nodes import ListNode, MapNode, unpack
from reconciler.desired.periods import parse_date
from reconciler.desired.phones import Listed, Numbers, listed_in, sift, twin_findings
from reconciler.desired.releases import future, release_findings, releases_of
from reconciler.desired.schema import Rules
from reconciler.desired.structure import Shapes, shapes, structure_findings
from reconciler.model.claims import Claims, FileClaims, Key, Release
from reconciler.model.finding import Finding, Severity
from reconciler.model.terms import Terms

_LIST_ID = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")


@dataclass(frozen=True, slots=True)
class Source:
    """One list file: its path from the repository's root, and its bytes."""

    path: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Lists:
    """What the files say, what is wrong with them (by file and line), and how many numbers they claim."""

    claims: Claims
    findings: tuple[Finding, ...]
    numbers: int


def read_lists(sources: Iterable[Source], rules: Rules, *, as_of: date, latest: date) -> Lists:
    """Read list files. Never raises for what they hold: everything wrong is a finding.

    `as_of` is the date at UTC-12, by which rules are in force; `latest` is the latest date that people may
    write (today at UTC+14). Claims whose term is over are there too: `Claims.standing` leaves them out.
    Where there are errors, the claims are those of the parts that can be understood.
    """
    reading = _Reading(rules, as_of, latest)
    for source in sources:
        reading.read(source)
    claims = Claims(
        tuple(reading.files),
        {key: tuple(found) for key, found in reading.releases.items()},
        frozenset(reading.list_ids),
    )
    numbers = sum(len(file.numbers) for file in reading.files)
    return Lists(claims, tuple(sorted(reading.findings)), numbers)


@dataclass(slots=True)
class _Reading:
    """What was read so far. `interned` has one object for all equal terms of all files."""

    rules: Rules
    as_of: date
    latest: date
    files: list[FileClaims] = field(default_factory=list)
    releases: dict[Key, list[Release]] = field(default_factory=dict)
    list_ids: set[str] = field(default_factory=set)
    findings: list[Finding] = field(default_factory=list)
    interned: dict[Terms, Terms] = field(default_factory=dict)

    def read(self, source: Source) -> None:
        document = read_document(source.path, source.data)
        if isinstance(document.root, MapNode):
            found = _File(self, source.path, document.root).read()
            self.findings += _without_echoes(document.findings, found)
            return
        self.findings += document.findings
        if not document.findings:
            said = "this is no list: write listId, and entries or releases"
            self.findings.append(Finding(source.path, 1, 1, "", "LIST-01", Severity.ERROR, said))


def _without_echoes(unreadable: tuple[Finding, ...], found: Iterable[Finding]) -> Iterator[Finding]:
    """Say a thing once: where YAML itself went wrong nothing else counts, and a number is wrong once."""
    said: set[object] = {(finding.line, finding.column) for finding in unreadable}
    yield from unreadable
    for finding in found:
        place = (finding.line, finding.column)
        what = (place, finding.rule) if finding.rule == "NUM-01" else (place, finding.rule, finding.message)
        if place not in said and what not in said:
            said.add(what)
            yield finding


class _File:
    """One list file on its way to claims."""

    def __init__(self, reading: _Reading, path: str, root: MapNode) -> None:
        self.reading = reading
        self.rules = reading.rules
        self.path = path
        self.root = root
        list_id = root.values.get("listId")
        self.list_id = list_id if isinstance(list_id, str) and _LIST_ID.fullmatch(list_id) else None
        number_rule = self.rules.by_id("NUM-01")
        in_force = number_rule is not None and number_rule.in_force(reading.as_of)
        self.impossible = number_rule.severity if number_rule and in_force else None

    def read(self) -> list[Finding]:
        """Read entries and releases; the claims go to the reading, the findings back."""
        parts = {
            name: shapes(self.root.values[name], reduced=self.rules.as_packaged)
            for name in ("entries", "releases")
            if isinstance(self.root.values.get(name), ListNode)
        }
        findings = list(structure_findings(self.path, self.root, self.rules, parts))
        if self.list_id:
            self.reading.list_ids.add(self.list_id)
        if "entries" in parts:
            findings += self._entries(parts["entries"])
        if "releases" in parts:
            findings += self._releases(parts["releases"])
        return findings

    def _entries(self, entries: Shapes) -> Iterator[Finding]:
        node = self.root.values.get("defaults")
        defaults = node if isinstance(node, MapNode) else None
        if defaults:
            yield from self._in_future(defaults, "/defaults")
        terms: list[Terms | None] = [None] * len(entries.items)
        for members in entries.members:
            first = entries.items[members[0]]
            if isinstance(first, MapNode):
                said = effective(first, defaults)
                held = self._intern(terms_of(said))
                for place in members:
                    terms[place] = held
                yield from self._verdicts(said, members, entries)
        yield from self._numbers(entries, terms)

    def _verdicts(
        self, said: dict[str, object], members: Iterable[int], entries: Shapes
    ) -> Iterator[Finding]:
        """Judge one effective entry, and find it in every entry of its shape."""
        verdicts = list(judge(said, self.rules, self.reading.as_of))
        on = parse_date(said.get("requestedOn"))
        in_future = on is not None and on > self.reading.latest
        if not verdicts and not in_future:
            return
        for place in members:
            entry, path = entries.items[place], f"/entries/{place}"
            if not isinstance(entry, MapNode):
                continue
            if in_future:
                yield from self._in_future(entry, path)
            for verdict in verdicts:
                key = anchor(verdict.key, entry)
                line, column = unpack(entry.value_mark(key) if key else entry.mark)
                where = f"{path}/{key}" if key else path
                yield Finding(self.path, line, column, where, verdict.rule, verdict.severity, verdict.message)

    def _numbers(self, entries: Shapes, terms: list[Terms | None]) -> Iterator[Finding]:
        numbers = Numbers()
        for place, listed in self._listed(entries, "entries"):
            texts, findings = sift(self.path, listed, self.impossible)
            yield from findings
            numbers.take(texts, terms[place])
        if numbers.has_twins:
            yield from twin_findings(self.path, (listed for _, listed in self._listed(entries, "entries")))
        if self.list_id:
            distinct = frozenset(numbers.distinct)
            self.reading.files.append(FileClaims(self.path, self.list_id, numbers.terms, distinct))

    def _releases(self, releases: Shapes) -> Iterator[Finding]:
        for place, node in enumerate(releases.items):
            if not isinstance(node, MapNode):
                continue
            path = f"/releases/{place}"
            yield from release_findings(self.path, node, path, self.list_id, self.reading.latest)
            if self.list_id:
                for release in releases_of(node, self.list_id):
                    key = (self.list_id, release.phone)
                    self.reading.releases.setdefault(key, []).append(release)
        for _, listed in self._listed(releases, "releases"):
            yield from sift(self.path, listed, self.impossible)[1]

    def _listed(self, part: Shapes, name: str) -> Iterator[tuple[int, Listed]]:
        for place, node in enumerate(part.items):
            if isinstance(node, MapNode):
                for listed in listed_in(node, f"/{name}/{place}"):
                    yield place, listed

    def _in_future(self, node: MapNode, path: str) -> Iterator[Finding]:
        on = parse_date(node.values.get("requestedOn"))
        if on and on > self.reading.latest:
            yield future(self.path, node, path, "requestedOn", self.reading.latest)

    def _intern(self, terms: Terms | None) -> Terms | None:
        return self.reading.interned.setdefault(terms, terms) if terms else None
