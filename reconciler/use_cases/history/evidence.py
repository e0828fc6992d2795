"""`dnc audit evidence`: what entries and releases refer to, and until when each must be kept."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from reconciler.audit.ledger import Ledger
from reconciler.audit.report import StoredReport
from reconciler.core.model.errors import RepositoryProblem
from reconciler.core.model.phone import is_e164
from reconciler.lists.phone_blocks import listed_in
from reconciler.rules.periods import Period, parse_period
from reconciler.rules.rule_set import Rules
from reconciler.use_cases.history.changes import rows_of
from reconciler.use_cases.history.files_at_revision import (
    Blob,
    ListFiles,
    ReleasesThen,
    may_say,
    open_archive,
)
from reconciler.use_cases.history.period import day_of
from reconciler.use_cases.workspace.context import CommandContext
from reconciler.yaml_tree.documents import read_document
from reconciler.yaml_tree.nodes import ListNode, MapNode

Cited = tuple[str, str]
"""A reference, and the list of the entries that name it."""


def evidence_in(path: str, data: bytes) -> Mapping[Cited, frozenset[str]]:
    """Give the numbers of each reference; none of a file that cannot be read."""
    root = read_document(path, data).root
    if not isinstance(root, MapNode) or not isinstance(list_id := root.values.get("listId"), str):
        return {}
    entries, defaults = root.values.get("entries"), root.values.get("defaults")
    otherwise = defaults.values.get("evidence") if isinstance(defaults, MapNode) else None
    found: dict[Cited, set[str]] = {}
    for node in entries.items if isinstance(entries, ListNode) else ():
        said = node.values.get("evidence", otherwise) if isinstance(node, MapNode) else None
        if isinstance(node, MapNode) and isinstance(said, str):
            texts = [text for listed in listed_in(node, "") for text in listed.texts]
            numbers = {text for text in texts if isinstance(text, str) and is_e164(text)}
            found.setdefault((said, list_id), set()).update(numbers)
    return {cited: frozenset(numbers) for cited, numbers in found.items()}


RULE = "OPS-REC-01"
_OTHERWISE = Period(5, 0, 0)

ENTRY, RELEASE = "entry", "release"


@dataclass(slots=True)
class Reference:
    """One reference of one kind on one list, as the reports came by.

    `first_seen` and `last_seen` are days of reports at whose revision it stood in the files. `stands`: the
    newest report still relies on it. `counts_from` is the day from which its time runs, `keep_until` the day
    until which it must be kept; both None while it stands.
    """

    evidence: str
    kind: str
    list_id: str
    first_seen: date
    last_seen: date
    phones: frozenset[str]
    stands: bool = True
    used_on: date | None = None
    counts_from: date | None = None
    keep_until: date | None = None


@dataclass(frozen=True, slots=True)
class References:
    """All references of a tenant since its first report. `gone` are revisions that git no longer has."""

    tenant: str
    keep: Period
    first: StoredReport | None
    newest: StoredReport | None
    all: tuple[Reference, ...]
    gone: tuple[str, ...] = ()


def references(ctx: CommandContext) -> References:
    """Go through the reports, oldest first. Raises RepositoryProblem without a repository."""
    archive = open_archive(ctx)
    reports = [s for s in archive.ledger.reports(archive.tenant) if not s.report.repeats][::-1]
    keep = _kept_for(archive.files.project.rules)
    if not reports:
        return References(archive.tenant, keep, None, None, ())
    reading = _Reading(archive.ledger, archive.files)
    for stored in reports:
        reading.take(stored)
    told = sorted(reading.settled(reports[-1], keep), key=lambda r: (r.evidence, r.kind, r.list_id))
    return References(archive.tenant, keep, reports[0], reports[-1], tuple(told), tuple(sorted(reading.gone)))


def _kept_for(rules: Rules) -> Period:
    """Read from the rule for how long records are kept."""
    rule = rules.by_id(RULE)
    term = rule.condition.schema.get("minimumTerm", {}) if rule else {}
    return parse_period(term.get("atLeast")) or _OTHERWISE


class _Reading:
    """References as they are met, report by report."""

    def __init__(self, ledger: Ledger, files: ListFiles) -> None:
        self._ledger = ledger
        self._files = files
        self._releases = ReleasesThen(files)
        self._known: dict[tuple[str, str, str], Reference] = {}
        self._cited: dict[Blob, Mapping[Cited, frozenset[str]]] = {}
        self.gone: set[str] = set()

    def take(self, stored: StoredReport) -> None:
        """Take what one report's revision says, and what its run took off."""
        day, revision = day_of(stored), stored.report.revision
        seen = set()
        try:
            self._files.at(revision)
        except RepositoryProblem:
            self.gone.add(revision)  # what it said is not known: what stood before it goes on standing
            return
        for kind, (evidence, list_id), phones in (*self._entries(revision), *self._released(revision)):
            key = (kind, evidence, list_id)
            known = self._known.setdefault(key, Reference(evidence, kind, list_id, day, day, phones))
            known.last_seen, known.phones, known.stands, known.counts_from = day, phones, True, None
            seen.add(key)
        for key, known in self._known.items():
            if key not in seen and known.stands:
                known.stands, known.counts_from = False, day
        if stored.report.removed:
            self._use(stored, day)

    def settled(self, newest: StoredReport, keep: Period) -> Iterator[Reference]:
        """Say of each until when it must be kept."""
        kept = newest.report.kept_keys
        for known in self._known.values():
            relied = kept & {(known.list_id, phone) for phone in known.phones}
            if known.kind == ENTRY and relied:  # its line is gone, and what it asked for goes on
                known.stands, known.counts_from = True, None
            if known.kind == RELEASE and known.used_on and not relied:
                known.stands = False
                known.counts_from = max(known.used_on, known.counts_from or known.used_on)
            if known.counts_from:
                known.keep_until = keep.after(known.counts_from)
            yield known

    def _entries(self, revision: str) -> Iterable[tuple[str, Cited, frozenset[str]]]:
        blobs = self._files.at(revision)
        for blob, data in self._files.read(blobs - self._cited.keys()).items():
            self._cited[blob] = evidence_in(blob[0], data) if may_say(data, b"evidence") else {}
        found: dict[Cited, frozenset[str]] = {}
        for blob in blobs:
            for cited, phones in self._cited[blob].items():
                found[cited] = found.get(cited, frozenset()) | phones
        return ((ENTRY, cited, phones) for cited, phones in found.items())

    def _released(self, revision: str) -> Iterable[tuple[str, Cited, frozenset[str]]]:
        found: dict[Cited, set[str]] = {}
        for (list_id, phone), releases in self._releases.at(revision).items():
            for release in releases:
                found.setdefault((release.evidence, list_id), set()).add(phone)
        return ((RELEASE, cited, frozenset(phones)) for cited, phones in found.items())

    def _use(self, stored: StoredReport, day: date) -> None:
        """Note under which releases a run let numbers off."""
        for row in rows_of(stored, self._ledger.plan(stored), self._releases):
            if row.exposing and row.outcome in {"applied", "unknown"}:
                for authorization in row.authorizations:
                    if known := self._known.get((RELEASE, authorization.evidence, row.list_id)):
                        known.used_on = day
