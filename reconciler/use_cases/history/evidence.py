"""`dnc audit evidence`: what entries and releases refer to, and until when each must be kept."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from reconciler.audit.ledger import Ledger
from reconciler.audit.report import StoredReport
from reconciler.core.model.errors import RepositoryProblem
from reconciler.core.model.phone import is_e164
from reconciler.lists.phone_blocks import phone_texts_in
from reconciler.rules.periods import Period, parse_period
from reconciler.rules.rule_set import Rules
from reconciler.use_cases.history.changes import rows_of
from reconciler.use_cases.history.files_at_revision import (
    Blob,
    ListFiles,
    ReleasesAtRevision,
    may_contain,
    open_archive,
)
from reconciler.use_cases.history.period import finished_day
from reconciler.use_cases.workspace.context import CommandContext
from reconciler.yaml_tree.documents import read_document
from reconciler.yaml_tree.nodes import ListNode, MapNode

Citation = tuple[str, str]
"""A reference, and the list of the entries that name it."""


def evidence_in(path: str, data: bytes) -> Mapping[Citation, frozenset[str]]:
    """Give the numbers of each reference; none of a file that cannot be read."""
    root = read_document(path, data).root
    if not isinstance(root, MapNode) or not isinstance(list_id := root.values.get("listId"), str):
        return {}
    entries, defaults = root.values.get("entries"), root.values.get("defaults")
    default_evidence = defaults.values.get("evidence") if isinstance(defaults, MapNode) else None
    numbers_by_citation: dict[Citation, set[str]] = {}
    for node in entries.items if isinstance(entries, ListNode) else ():
        evidence = node.values.get("evidence", default_evidence) if isinstance(node, MapNode) else None
        if isinstance(node, MapNode) and isinstance(evidence, str):
            texts = [text for phone_texts in phone_texts_in(node, "") for text in phone_texts.texts]
            numbers = {text for text in texts if isinstance(text, str) and is_e164(text)}
            numbers_by_citation.setdefault((evidence, list_id), set()).update(numbers)
    return {citation: frozenset(numbers) for citation, numbers in numbers_by_citation.items()}


RULE = "OPS-REC-01"
_DEFAULT_PERIOD = Period(5, 0, 0)

ENTRY, RELEASE = "entry", "release"


@dataclass(slots=True)
class Reference:
    """One reference of one kind on one list, as the reports came by.

    `first_seen` and `last_seen` are days of reports at whose revision it stood in the files. `is_active`: the
    newest report still relies on it. `counts_from` is the day from which its time runs, `keep_until` the day
    until which it must be kept; both None while it stands.
    """

    evidence: str
    kind: str
    list_id: str
    first_seen: date
    last_seen: date
    phones: frozenset[str]
    is_active: bool = True
    used_on: date | None = None
    counts_from: date | None = None
    keep_until: date | None = None


@dataclass(frozen=True, slots=True)
class References:
    """All references of a tenant since its first report. `missing_revisions`: git has them no longer.

    `first` and `newest` are None where there is no report: a run that failed leaves none before the first.
    """

    tenant: str
    keep: Period
    first: StoredReport | None
    newest: StoredReport | None
    all: tuple[Reference, ...]
    missing_revisions: tuple[str, ...] = ()


def references(ctx: CommandContext) -> References:
    """Go through the reports, oldest first. Raises RepositoryProblem without a repository."""
    archive = open_archive(ctx)
    reports = [s for s in archive.ledger.reports(archive.tenant) if not s.report.is_repeat][::-1]
    keep = _retention_period(archive.files.project.rules)
    if not reports:
        return References(archive.tenant, keep, None, None, ())
    collector = _ReferenceCollector(archive.ledger, archive.files)
    for stored_report in reports:
        collector.add_report(stored_report)
    all_references = sorted(
        collector.references(reports[-1], keep), key=lambda r: (r.evidence, r.kind, r.list_id)
    )
    return References(
        archive.tenant,
        keep,
        reports[0],
        reports[-1],
        tuple(all_references),
        tuple(sorted(collector.missing_revisions)),
    )


def _retention_period(rules: Rules) -> Period:
    """Read from the rule for how long records are kept."""
    rule = rules.by_id(RULE)
    term = rule.condition.schema.get("minimumTerm", {}) if rule else {}
    return parse_period(term.get("atLeast")) or _DEFAULT_PERIOD


class _ReferenceCollector:
    """References as they are met, report by report."""

    def __init__(self, ledger: Ledger, files: ListFiles) -> None:
        self._ledger = ledger
        self._files = files
        self._releases = ReleasesAtRevision(files)
        self._known: dict[tuple[str, str, str], Reference] = {}
        self._citations: dict[Blob, Mapping[Citation, frozenset[str]]] = {}
        self.missing_revisions: set[str] = set()

    def add_report(self, stored_report: StoredReport) -> None:
        """Take what one report's revision says, and what its run took off."""
        day, revision = finished_day(stored_report), stored_report.report.revision
        seen_keys = set()
        try:
            self._files.blobs_at(revision)
        except RepositoryProblem:
            self.missing_revisions.add(
                revision
            )  # what it said is not known: what stood before it goes on standing
            return
        for kind, (evidence, list_id), phones in (
            *self._entry_references(revision),
            *self._release_references(revision),
        ):
            key = (kind, evidence, list_id)
            reference = self._known.setdefault(key, Reference(evidence, kind, list_id, day, day, phones))
            reference.last_seen, reference.phones, reference.is_active, reference.counts_from = (
                day,
                phones,
                True,
                None,
            )
            seen_keys.add(key)
        for key, reference in self._known.items():
            if key not in seen_keys and reference.is_active:
                reference.is_active, reference.counts_from = False, day
        if stored_report.report.removed:
            self._mark_used(stored_report, day)

    def references(self, newest: StoredReport, keep: Period) -> Iterator[Reference]:
        """Say of each until when it must be kept."""
        retained = newest.report.retained_keys
        for reference in self._known.values():
            relied_on = retained & {(reference.list_id, phone) for phone in reference.phones}
            if reference.kind == ENTRY and relied_on:  # its line is gone, and what it asked for goes on
                reference.is_active, reference.counts_from = True, None
            if reference.kind == RELEASE and reference.used_on and not relied_on:
                reference.is_active = False
                reference.counts_from = max(reference.used_on, reference.counts_from or reference.used_on)
            if reference.counts_from:
                reference.keep_until = keep.after(reference.counts_from)
            yield reference

    def _entry_references(self, revision: str) -> Iterable[tuple[str, Citation, frozenset[str]]]:
        blobs = self._files.blobs_at(revision)
        for blob, data in self._files.read(blobs - self._citations.keys()).items():
            self._citations[blob] = evidence_in(blob[0], data) if may_contain(data, b"evidence") else {}
        numbers_by_citation: dict[Citation, frozenset[str]] = {}
        for blob in blobs:
            for citation, phones in self._citations[blob].items():
                numbers_by_citation[citation] = numbers_by_citation.get(citation, frozenset()) | phones
        return ((ENTRY, citation, phones) for citation, phones in numbers_by_citation.items())

    def _release_references(self, revision: str) -> Iterable[tuple[str, Citation, frozenset[str]]]:
        numbers_by_citation: dict[Citation, set[str]] = {}
        for (list_id, phone), releases in self._releases.by_number(revision).items():
            for release in releases:
                numbers_by_citation.setdefault((release.evidence, list_id), set()).add(phone)
        return ((RELEASE, citation, frozenset(phones)) for citation, phones in numbers_by_citation.items())

    def _mark_used(self, stored_report: StoredReport, day: date) -> None:
        """Note under which releases a run let numbers off."""
        for row in rows_of(stored_report, self._ledger.plan(stored_report), self._releases):
            if row.is_exposing and row.outcome in {"applied", "unknown"}:
                for authorization in row.authorizations:
                    if reference := self._known.get((RELEASE, authorization.evidence, row.list_id)):
                        reference.used_on = day
