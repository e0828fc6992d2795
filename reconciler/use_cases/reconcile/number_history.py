"""What the reports and git tell of the past of single numbers: what permission asks before it is given.

Reports are walked from the newest back, once, and kept as far as they were walked: a decision rarely needs
more than the last few, and never more than those since the number was first held.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from itertools import chain, pairwise, takewhile

from reconciler.audit.report import REANCHORED, StoredReport
from reconciler.audit.unfinished import UnreportedRun
from reconciler.config.configuration import matches
from reconciler.core.model.entries import OWN_ENTRY_RELEASES, DeclaredEntries, Key, Release
from reconciler.core.model.errors import RepositoryProblem
from reconciler.core.model.provider import Target
from reconciler.core.planning.ports import ForeignEntry
from reconciler.core.planning.state import AppliedEntry
from reconciler.git.repository import Repository
from reconciler.lists.reader import Source, read_lists
from reconciler.rules.rule_set import Rules
from reconciler.use_cases.reconcile.invalid_files import (
    EarlierFiles,
    InvalidFile,
    invalid_files_of,
    places_by_path,
)
from reconciler.use_cases.reconcile.reported_numbers import RecordWalk, write_window_of
from reconciler.use_cases.workspace.context import is_within


@dataclass
class RecordedHistory:
    """The past as the record has it.

    `is_same_target` tells whether a report is of this CXone, `is_same_list` whether a list was the same group
    of it then. `globs_at` gives the tenant's lists as a revision configured them. `open_other_walks` gives
    the records of the other tenants: some are of the same CXone, and a tenant may have had another name.
    `earlier_files` has what files that were broken then had said before.
    """

    walk: RecordWalk
    repository: Repository | None
    rules: Rules
    globs_at: Callable[[str], Iterable[str]]
    target: Target
    unreported_runs: tuple[UnreportedRun, ...]
    is_same_target: Callable[[StoredReport], bool]
    is_same_list: Callable[[StoredReport, str], bool]
    open_other_walks: Callable[[], tuple[RecordWalk, ...]] = tuple
    earlier_files: EarlierFiles | None = None
    _broken: dict[str, Mapping[str, InvalidFile]] = field(default_factory=dict)
    _blobs: dict[str, Mapping[str, str]] = field(default_factory=dict)
    _globs: dict[str, Iterable[str]] = field(default_factory=dict)
    _files: dict[str, DeclaredEntries] = field(default_factory=dict)
    _retained_entries: dict[str, Mapping[Key, Sequence[AppliedEntry]]] = field(default_factory=dict)

    @cached_property
    def other_walks(self) -> tuple[RecordWalk, ...]:
        """Give the records of other tenants, each walked once."""
        return self.open_other_walks()

    def is_ours(self, key: Key, modified_at: datetime) -> bool:
        """Tell whether a run that reports having written this number was writing at that moment."""
        for run in self.unreported_runs:
            if (
                key in run.written
                and run.window
                and is_within((run.requested_at[key], run.window[1]), modified_at)
            ):
                return True
        for stored_report in takewhile(self.is_same_target, self.walk):
            if not self.is_same_list(stored_report, key[0]):
                return False  # what was written to another group says nothing of this one
            for number, window in stored_report.report.unreported_windows(self.target):
                asked_at = self.walk.plan_facts(stored_report)["interrupted"].get(number, {}).get(key)
                if asked_at is not None and is_within((max(asked_at, window[0]), window[1]), modified_at):
                    return True
            report = stored_report.report
            windows = [window for window in (report.early_window, report.write_window) if window is not None]
            if not windows:
                continue
            if max(ended_at for _, ended_at in windows) < modified_at:
                return False  # older runs ended earlier still
            if any(is_within(window, modified_at) for window in windows) and self._has_written(
                stored_report, key, modified_at
            ):
                return True
        return False

    def _has_written(self, stored_report: StoredReport, key: Key, modified_at: datetime) -> bool:
        """Tell whether the run wrote the number then: where the answer was in doubt, not before it asked."""
        plan_facts = self.walk.plan_facts(stored_report)
        window = write_window_of(self.walk, stored_report, key)
        if key not in plan_facts["wrote"] or window is None or not is_within(window, modified_at):
            return False
        asked_at = plan_facts["doubted"].get(key)
        return asked_at is None or is_within((asked_at, window[1]), modified_at)

    def applied_since(self, key: Key, entry: AppliedEntry) -> datetime | None:
        """Say since when the number has been held for the list, report by report, without a gap.

        Whichever file claimed it: a line that moves must not leave an opt-out behind as older than the claim.
        By the earlier of two clocks; None where a revision that was applied is not to be had any more.
        """
        reports = self._reports_while_applied(key, entry.path)
        try:
            return min((stored_report.report.earliest_start for stored_report in reports), default=None)
        except _RevisionGone:
            return None

    def covered_since(self, key: Key, entry: AppliedEntry) -> datetime | None:
        """Say since when a claim of the same kind, at least as strong, has been held without a gap.

        By the later of two clocks: it is what a release must not be older than.
        """
        since: datetime | None = None
        try:
            for stored_report in self._reports_while_applied(key, entry.path):
                if not any(map(entry.is_covered_by, self._applied_entries(stored_report, key))):
                    break
                since = stored_report.report.latest_start
        except _RevisionGone:
            return None
        return since

    def is_used(self, release: Release) -> bool:
        """Tell whether a report names the release as what let a claim go, in whichever CXone.

        So do reports of other tenants of this CXone: the tenant may have had another name.
        """
        release_row = (
            *(release.list_id, release.phone, release.released_on.isoformat()),
            *(release.reason.value, release.evidence),
        )
        return any(
            release_row in walk.plan_facts(stored_report)["used"]
            for walk in (self.walk, *self.other_walks)
            for stored_report in walk.since(release.released_on)
            if stored_report.report.releases_used.get(release.list_id)
            and (walk is self.walk or self.is_same_target(stored_report))
        )

    def latest_request(self, key: Key, since: date, *, registry: bool) -> date | None:
        """Give the latest day of a request under which the number was held in a report since that day.

        Of a registry's claims it is the day of the copy as well.
        """
        days: set[date] = set()
        for stored_report in takewhile(self.is_same_target, self.walk.since(since)):
            if not self.is_same_list(stored_report, key[0]):
                break
            try:
                entries = [
                    held_entry
                    for held_entry in self._applied_entries(stored_report, key)
                    if held_entry.is_registry is registry
                ]
            except _RevisionGone:
                if self._is_rewritten_since(stored_report):
                    break
                return date.max  # nothing tells, so no release is known to be later
            days.update(day for entry in entries if (day := entry.request_day) is not None)
        return max(days, default=None)

    def was_removed(self, key: Key) -> bool:
        """Tell whether a permission of ours ever took the number off, in whichever CXone.

        It did where a report names a release of it as used, or where it was held, and then was not. A run
        without a report may have.
        """
        if any(key in run.removed_keys for run in self.unreported_runs):
            return True
        for walk in (self.walk, *self.other_walks):
            for stored_report in walk:
                if walk is not self.walk and not self.is_same_target(stored_report):
                    continue
                if (
                    stored_report.report.unreported_runs
                    and key in walk.plan_facts(stored_report)["interrupted_off"]
                ):
                    return True
                if stored_report.report.removed.get(key[0]) and key in walk.plan_facts(stored_report)["off"]:
                    return True
                if stored_report.report.releases_used.get(key[0]) and any(
                    release_row[:2] == key for release_row in walk.plan_facts(stored_report)["used"]
                ):
                    return True
        return self._has_gap(key)

    def _has_gap(self, key: Key) -> bool:
        """Tell whether the number was held, then not, and is held again."""
        since = {stored_report.path for stored_report in self._reports_while_applied(key, "")}
        try:
            return any(
                self._applied_entries(stored_report, key)
                for stored_report in takewhile(self.is_same_target, self.walk)
                if stored_report.path not in since and self.is_same_list(stored_report, key[0])
            )
        except _RevisionGone:
            return True

    def foreign_entry(self, key: Key) -> ForeignEntry | None:
        """Say what others have in the number's entry, as the reports since our first claim tell."""
        others: ForeignEntry | None = None
        for run in self.unreported_runs:
            if key in run.overwritten:
                others = ForeignEntry(is_modified=True, overwritten_at=datetime.fromisoformat(run.started_at))
        try:
            for stored_report in self._reports_while_applied(key, ""):
                if stored_report.report.foreign_counts.get(key[0]):
                    others = self._add_others(stored_report, key, others)
        except _RevisionGone:
            return ForeignEntry(is_modified=True)
        return others

    def _add_others(
        self, stored_report: StoredReport, key: Key, others: ForeignEntry | None
    ) -> ForeignEntry | None:
        plan_facts = self.walk.plan_facts(stored_report)
        is_overwritten, had_entry, modified_at = (
            key in plan_facts["overwrote"],
            key in plan_facts["others"],
            plan_facts["touched"].get(key),
        )
        if not (is_overwritten or had_entry or modified_at):
            return others
        known_others = others or ForeignEntry()
        overwrite_moments = (
            known_others.overwritten_at,
            stored_report.report.earliest_start if is_overwritten else None,
            modified_at,
        )
        return ForeignEntry(
            reason_code=plan_facts["others"].get(key) or known_others.reason_code,
            is_modified=known_others.is_modified or modified_at is not None or not had_entry,
            overwritten_at=max((moment for moment in overwrite_moments if moment), default=None),
        )

    def is_confirmed_by_git(self, key: Key, entry: AppliedEntry) -> bool:
        """Tell whether git has a kept claim where its file last had the number, as the report says.

        A row that no file stands behind is believed where it is a registry's, which no date of ours ends.
        What git does not have any more vouches for nothing.
        """
        if not entry.path:
            return entry.terms.is_registry and not entry.is_own_ended
        for stored_report in takewhile(self.is_same_target, self.walk):
            if not self.is_same_list(stored_report, key[0]):
                return False
            try:
                file_entry = self._entry_in_file(stored_report, key, entry.path)
            except _RevisionGone:
                return False
            if stored_report.report.revision == entry.last_revision:
                return file_entry is not None and file_entry.terms == entry.terms
            if (
                file_entry is not None
                and not file_entry.terms.is_expired(stored_report.report.as_of)
                and _as_file_entry(entry).is_covered_by(file_entry)
            ):
                return False  # it stood later, and as strong: the row is of something older
        return False

    def is_accounted_for(self, key: Key) -> bool:
        """Tell whether every claim that reports held on the number went on, or went by what git permits.

        A report that somebody else appended may leave out what is kept, or say that it was not live.
        """
        try:
            reports = [*self._reports_while_applied(key, "")][::-1]
            live = False
            for older, newer in pairwise(reports):
                live = live or not _is_absent(older, key)
                if not self._is_accounted_step(older, newer, key, live=live):
                    return False
        except _RevisionGone:
            return False
        return True

    def _is_accounted_step(self, older: StoredReport, newer: StoredReport, key: Key, *, live: bool) -> bool:
        """Tell whether what an older report held is in the next, or went. `live`: its files' claims were."""
        as_of, entries_after = newer.report.as_of, self._applied_entries(newer, key)
        entries_before = self._applied_entries(older, key) if live else self._retained_at(older, key)
        missing_entries = [
            entry
            for entry in entries_before
            if not entry.terms.is_expired(as_of) and not any(map(entry.is_covered_by, entries_after))
        ]
        return not missing_entries or self._is_released_at(
            newer, key, ended=any(entry.is_own_ended for entry in entries_after)
        )

    def _is_released_at(self, stored_report: StoredReport, key: Key, *, ended: bool) -> bool:
        """Tell whether a report names a release of the number as used that its revision's files have.

        `ended`: what is left is somebody else's entry, so the release speaks of our claim alone.
        """
        if not stored_report.report.releases_used.get(key[0]):
            return False
        file_releases = {
            (*key, release.released_on.isoformat(), release.reason.value, release.evidence)
            for path, sha in self._blobs_at(stored_report.report.revision).items()
            if self._is_list(stored_report, path)
            for release in self._read(path, sha).releases.get(key, ())
            if not ended or release.reason in OWN_ENTRY_RELEASES
        }
        return not file_releases.isdisjoint(self.walk.plan_facts(stored_report)["used"])

    def _applied_entries(self, stored_report: StoredReport, key: Key) -> list[AppliedEntry]:
        """Give the claims under which a report held the number: by its files, and kept."""
        return [*self._file_entries(stored_report, key), *self._retained_at(stored_report, key)]

    def _reports_while_applied(self, key: Key, path: str) -> Iterator[StoredReport]:
        """Give the reports, newest first, back to the first of those that held the number without a gap."""
        for stored_report in takewhile(self.is_same_target, self.walk):
            if not self.is_same_list(stored_report, key[0]):
                return
            try:
                if next(
                    self._file_entries(stored_report, key, first_path=path), None
                ) is None and not self._retained_at(stored_report, key):
                    return
            except _RevisionGone:
                if self._is_rewritten_since(stored_report):
                    return
                raise
            yield stored_report

    def _is_rewritten_since(self, stored_report: StoredReport) -> bool:
        """Tell whether it is on record that history was rewritten after a report: by a purge, or accepted.

        Then nobody can look further back, and what is known since counts.
        """
        for newer in self.walk:
            if newer.path == stored_report.path:
                return False
            if newer.report.status == REANCHORED or newer.report.accepts_rewritten_history:
                return True
        return False

    def _file_entries(
        self, stored_report: StoredReport, key: Key, *, first_path: str = ""
    ) -> Iterator[AppliedEntry]:
        """Give the claims on a number that stood at a report's revision on its date, file by file."""
        blobs, as_of = self._blobs_at(stored_report.report.revision), stored_report.report.as_of
        # The claim's own file first: most often the others need not be read then.
        for path in chain(
            [first_path] if first_path in blobs else (),
            (other_path for other_path in blobs if other_path != first_path),
        ):
            if self._is_list(stored_report, path):
                entry = self._entry_in_file(stored_report, key, path)
                if entry is not None and not entry.terms.is_expired(as_of):
                    yield entry

    def _entry_in_file(self, stored_report: StoredReport, key: Key, path: str) -> AppliedEntry | None:
        """Give what a file claims of a number at a report's revision, whether its term is over or not."""
        blob = self._blobs_at(stored_report.report.revision).get(path)
        broken = self._broken_at(stored_report).get(path)
        declared = self._read(path, blob, broken) if blob else DeclaredEntries()
        if broken and self.earlier_files:
            declared = self.earlier_files.complete(declared, [broken])
        for file in declared.files:
            if file.list_id == key[0] and (terms := file.numbers.get(key[1])) is not None:
                return AppliedEntry(path, terms, retrieved_on=file.retrieved_on)
        return None

    def _is_list(self, stored_report: StoredReport, path: str) -> bool:
        revision = stored_report.report.revision
        if revision not in self._globs:
            self._globs[revision] = tuple(self.globs_at(revision))
        return matches(self._globs[revision], path)

    def _blobs_at(self, revision: str) -> Mapping[str, str]:
        """List a revision's YAML files. Raises _RevisionGone where nobody has the commit any more."""
        if self.repository is None:
            return {}
        if revision not in self._blobs:
            try:
                self.repository.ensure_commit(revision)
            except RepositoryProblem as problem:
                raise _RevisionGone from problem
            files = self.repository.files(revision, lambda path: path.endswith((".yaml", ".yml")))
            self._blobs[revision] = {blob.path: blob.sha for blob in files if blob.is_regular}
        return self._blobs[revision]

    def _retained_at(self, stored_report: StoredReport, key: Key) -> Sequence[AppliedEntry]:
        """Give the claims that a report lists as kept of the number."""
        if stored_report.path not in self._retained_entries:
            retained = stored_report.report.retained_entries.items()
            self._retained_entries[stored_report.path] = {of: one.entries for of, one in retained}
        return self._retained_entries[stored_report.path].get(key, ())

    def _broken_at(self, stored_report: StoredReport) -> Mapping[str, InvalidFile]:
        """Give the files that were broken at a report's revision, by path."""
        if stored_report.path not in self._broken:
            files = invalid_files_of(stored_report.report)
            self._broken[stored_report.path] = {file.path: file for file in files}
        return self._broken[stored_report.path]

    def _read(self, path: str, sha: str, broken: InvalidFile | None = None) -> DeclaredEntries:
        key = f"{sha} without errors" if broken else sha
        if key not in self._files and self.repository:
            source = Source(path, self.repository.read_blobs([sha])[sha])
            left_out = places_by_path([broken]) if broken else {}
            self._files[key] = read_lists(
                [source], self.rules, as_of=date.min, latest=date.max, left_out=left_out
            ).declared_entries
        return self._files.get(key, DeclaredEntries())


def _as_file_entry(entry: AppliedEntry) -> AppliedEntry:
    """Give a kept claim as its file had it."""
    return AppliedEntry(entry.path, entry.terms)


def _is_absent(stored_report: StoredReport, key: Key) -> bool:
    return any(row.list_id == key[0] and key[1] in row.phones for row in stored_report.report.absent)


class _RevisionGone(Exception):
    """A revision that was applied is not in this clone, nor at the remote."""
