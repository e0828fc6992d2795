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
from reconciler.audit.unfinished import Unfinished
from reconciler.config.configuration import matches
from reconciler.core.model.entries import OURS_ONLY, Claims, FileClaims, Key, Release
from reconciler.core.model.errors import RepositoryProblem
from reconciler.core.model.provider import Target
from reconciler.core.planning.ports import Others
from reconciler.core.planning.state import HeldClaim
from reconciler.git.repository import Repository
from reconciler.lists.reader import Source, read_lists
from reconciler.rules.rule_set import Rules
from reconciler.use_cases.reconcile.reported_numbers import RecordWalk
from reconciler.use_cases.workspace.context import Window, within


@dataclass
class RecordedHistory:
    """The past as the record has it.

    `here` tells whether a report is of this CXone, `same_list` whether a list was the same group of it then.
    `globs_at` gives the tenant's lists as a revision configured them. `walks_beside` gives the records of
    the other tenants: some are of the same CXone, and a tenant may have had another name.
    """

    walk: RecordWalk
    repository: Repository | None
    rules: Rules
    globs_at: Callable[[str], Iterable[str]]
    target: Target
    untold: tuple[Unfinished, ...]
    here: Callable[[StoredReport], bool]
    same_list: Callable[[StoredReport, str], bool]
    walks_beside: Callable[[], tuple[RecordWalk, ...]] = tuple
    _blobs: dict[str, Mapping[str, str]] = field(default_factory=dict)
    _globs: dict[str, Iterable[str]] = field(default_factory=dict)
    _files: dict[str, Claims] = field(default_factory=dict)
    _kept_claims: dict[str, Mapping[Key, Sequence[HeldClaim]]] = field(default_factory=dict)

    @cached_property
    def beside(self) -> tuple[RecordWalk, ...]:
        """Give the records of other tenants, each walked once."""
        return self.walks_beside()

    def ours(self, key: Key, touched: datetime) -> bool:
        """Tell whether a run that reports having written this number was writing at that moment."""
        for run in self.untold:
            if key in run.wrote and run.window and within((run.asked[key], run.window[1]), touched):
                return True
        for stored in takewhile(self.here, self.walk):
            if not self.same_list(stored, key[0]):
                return False  # what was written to another group says nothing of this one
            for number, window in stored.report.unreported_windows(self.target):
                asked = self.walk.plan(stored)["interrupted"].get(number, {}).get(key)
                if asked is not None and within((max(asked, window[0]), window[1]), touched):
                    return True
            own = stored.report.write_window
            if own is None:
                continue
            if own[1] < touched:
                return False  # older runs ended earlier still
            if within(own, touched) and self._wrote(stored, own, key, touched):
                return True
        return False

    def _wrote(self, stored: StoredReport, own: Window, key: Key, touched: datetime) -> bool:
        """Tell whether the run wrote the number then: where the answer was in doubt, not before it asked."""
        told = self.walk.plan(stored)
        asked = told["doubted"].get(key)
        return key in told["wrote"] and (asked is None or within((asked, own[1]), touched))

    def first_held(self, key: Key, claim: HeldClaim) -> datetime | None:
        """Say since when the number has been held for the list, report by report, without a gap.

        Whichever file claimed it: a line that moves must not leave an opt-out behind as older than the claim.
        By the earlier of two clocks; None where a revision that was applied is not to be had any more.
        """
        held = self._while_held(key, claim.path)
        try:
            return min((stored.report.earliest_start for stored in held), default=None)
        except _RevisionGone:
            return None

    def first_claimed(self, key: Key, claim: HeldClaim) -> datetime | None:
        """Say since when a claim of the same kind, at least as strong, has been held without a gap.

        By the later of two clocks: it is what a release must not be older than.
        """
        since: datetime | None = None
        try:
            for stored in self._while_held(key, claim.path):
                if not any(map(claim.covered_by, self._held(stored, key))):
                    break
                since = stored.report.latest_start
        except _RevisionGone:
            return None
        return since

    def used(self, release: Release) -> bool:
        """Tell whether a report names the release as what let a claim go, in whichever CXone.

        So do reports of other tenants of this CXone: the tenant may have had another name.
        """
        named = (
            *(release.list_id, release.phone, release.released_on.isoformat()),
            *(release.reason.value, release.evidence),
        )
        return any(
            named in walk.plan(stored)["used"]
            for walk in (self.walk, *self.beside)
            for stored in walk.since(release.released_on)
            if stored.report.releases_used.get(release.list_id) and (walk is self.walk or self.here(stored))
        )

    def latest_request(self, key: Key, since: date, *, registry: bool) -> date | None:
        """Give the latest day of a request under which the number was held in a report since that day.

        Of a registry's claims it is the day of the copy as well.
        """
        days: set[date] = set()
        for stored in takewhile(self.here, self.walk.since(since)):
            if not self.same_list(stored, key[0]):
                break
            try:
                claims = [c for c in self._held(stored, key) if c.registry is registry]
            except _RevisionGone:
                if self._rewritten_since(stored):
                    break
                return date.max  # nothing tells, so no release is known to be later
            days.update(day for claim in claims if (day := claim.asked_on) is not None)
        return max(days, default=None)

    def taken_off(self, key: Key) -> bool:
        """Tell whether a permission of ours ever took the number off, in whichever CXone.

        It did where a report names a release of it as used, or where it was held, and then was not. A run
        without a report may have.
        """
        if any(key in run.took_off for run in self.untold):
            return True
        for walk in (self.walk, *self.beside):
            for stored in walk:
                if walk is not self.walk and not self.here(stored):
                    continue
                if stored.report.unreported_runs and key in walk.plan(stored)["interrupted_off"]:
                    return True
                if stored.report.removed.get(key[0]) and key in walk.plan(stored)["off"]:
                    return True
                if stored.report.releases_used.get(key[0]) and any(
                    named[:2] == key for named in walk.plan(stored)["used"]
                ):
                    return True
        return self._has_gap(key)

    def _has_gap(self, key: Key) -> bool:
        """Tell whether the number was held, then not, and is held again."""
        since = {stored.path for stored in self._while_held(key, "")}
        try:
            return any(
                self._held(stored, key)
                for stored in takewhile(self.here, self.walk)
                if stored.path not in since and self.same_list(stored, key[0])
            )
        except _RevisionGone:
            return True

    def others(self, key: Key) -> Others | None:
        """Say what others have in the number's entry, as the reports since our first claim tell."""
        found: Others | None = None
        for run in self.untold:
            if key in run.overwrote:
                found = Others(touched=True, overwritten=datetime.fromisoformat(run.started_at))
        try:
            for stored in self._while_held(key, ""):
                if stored.report.others.get(key[0]):
                    found = self._more_of_others(stored, key, found)
        except _RevisionGone:
            return Others(touched=True)
        return found

    def _more_of_others(self, stored: StoredReport, key: Key, found: Others | None) -> Others | None:
        told = self.walk.plan(stored)
        over, before, seen = key in told["overwrote"], key in told["others"], told["touched"].get(key)
        if not (over or before or seen):
            return found
        known = found or Others()
        gone = (known.overwritten, stored.report.earliest_start if over else None, seen)
        return Others(
            reason=told["others"].get(key) or known.reason,
            touched=known.touched or seen is not None or not before,
            overwritten=max((moment for moment in gone if moment), default=None),
        )

    def vouched(self, key: Key, claim: HeldClaim) -> bool:
        """Tell whether git has a kept claim where its file last had the number, as the report says.

        A row that no file stands behind is believed where it is a registry's, which no date of ours ends.
        What git does not have any more vouches for nothing.
        """
        if not claim.path:
            return claim.terms.registry and not claim.ended
        for stored in takewhile(self.here, self.walk):
            if not self.same_list(stored, key[0]):
                return False
            try:
                there = self._in_file(stored, key, claim.path)
            except _RevisionGone:
                return False
            if stored.report.revision == claim.held_at:
                return there is not None and there.terms == claim.terms
            if (
                there is not None
                and not there.terms.over(stored.report.as_of)
                and _as_held(claim).covered_by(there)
            ):
                return False  # it stood later, and as strong: the row is of something older
        return False

    def accounted(self, key: Key) -> bool:
        """Tell whether every claim that reports held on the number went on, or went by what git permits.

        A report that somebody else appended may leave out what is kept, or say that it was not live.
        """
        try:
            reports = [*self._while_held(key, "")][::-1]
            live = False
            for older, newer in pairwise(reports):
                live = live or not _is_absent(older, key)
                if not self._follows(older, newer, key, live=live):
                    return False
        except _RevisionGone:
            return False
        return True

    def _follows(self, older: StoredReport, newer: StoredReport, key: Key, *, live: bool) -> bool:
        """Tell whether what an older report held is in the next, or went. `live`: its files' claims were."""
        as_of, left = newer.report.as_of, self._held(newer, key)
        held = self._held(older, key) if live else self._kept(older, key)
        gone = [c for c in held if not c.terms.over(as_of) and not any(map(c.covered_by, left))]
        return not gone or self._released_at(newer, key, ended=any(c.ended for c in left))

    def _released_at(self, stored: StoredReport, key: Key, *, ended: bool) -> bool:
        """Tell whether a report names a release of the number as used that its revision's files have.

        `ended`: what is left is somebody else's entry, so the release speaks of our claim alone.
        """
        if not stored.report.releases_used.get(key[0]):
            return False
        there = {
            (*key, r.released_on.isoformat(), r.reason.value, r.evidence)
            for path, sha in self._blobs_at(stored.report.revision).items()
            if self._is_list(stored, path)
            for r in self._read(path, sha).releases.get(key, ())
            if not ended or r.reason in OURS_ONLY
        }
        return not there.isdisjoint(self.walk.plan(stored)["used"])

    def _held(self, stored: StoredReport, key: Key) -> list[HeldClaim]:
        """Give the claims under which a report held the number: by its files, and kept."""
        return [*self._claims(stored, key), *self._kept(stored, key)]

    def _while_held(self, key: Key, path: str) -> Iterator[StoredReport]:
        """Give the reports, newest first, back to the first of those that held the number without a gap."""
        for stored in takewhile(self.here, self.walk):
            if not self.same_list(stored, key[0]):
                return
            try:
                if next(self._claims(stored, key, first=path), None) is None and not self._kept(stored, key):
                    return
            except _RevisionGone:
                if self._rewritten_since(stored):
                    return
                raise
            yield stored

    def _rewritten_since(self, stored: StoredReport) -> bool:
        """Tell whether it is on record that history was rewritten after a report: by a purge, or accepted.

        Then nobody can look further back, and what is known since counts.
        """
        for newer in self.walk:
            if newer.path == stored.path:
                return False
            if newer.report.status == REANCHORED or newer.report.rewritten:
                return True
        return False

    def _claims(self, stored: StoredReport, key: Key, *, first: str = "") -> Iterator[HeldClaim]:
        """Give the claims on a number that stood at a report's revision on its date, file by file."""
        blobs, as_of = self._blobs_at(stored.report.revision), stored.report.as_of
        # The claim's own file first: most often the others need not be read then.
        for path in chain([first] if first in blobs else (), (other for other in blobs if other != first)):
            if self._is_list(stored, path):
                claim = self._in_file(stored, key, path)
                if claim is not None and not claim.terms.over(as_of):
                    yield claim

    def _in_file(self, stored: StoredReport, key: Key, path: str) -> HeldClaim | None:
        """Give what a file claims of a number at a report's revision, whether its term is over or not."""
        blob = self._blobs_at(stored.report.revision).get(path)
        files: Iterable[FileClaims] = self._read(path, blob).files if blob else ()
        for f in files:
            if f.list_id == key[0] and (terms := f.numbers.get(key[1])) is not None:
                return HeldClaim(path, terms, retrieved_on=f.retrieved_on)
        return None

    def _is_list(self, stored: StoredReport, path: str) -> bool:
        revision = stored.report.revision
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
            self._blobs[revision] = {f.path: f.sha for f in files if f.regular}
        return self._blobs[revision]

    def _kept(self, stored: StoredReport, key: Key) -> Sequence[HeldClaim]:
        """Give the claims that a report lists as kept of the number."""
        if stored.path not in self._kept_claims:
            kept = stored.report.kept_claims.items()
            self._kept_claims[stored.path] = {of: one.claims for of, one in kept}
        return self._kept_claims[stored.path].get(key, ())

    def _read(self, path: str, sha: str) -> Claims:
        if sha not in self._files and self.repository:
            source = Source(path, self.repository.read_blobs([sha])[sha])
            self._files[sha] = read_lists([source], self.rules, as_of=date.min, latest=date.max).claims
        return self._files.get(sha, Claims())


def _as_held(claim: HeldClaim) -> HeldClaim:
    """Give a kept claim as its file had it."""
    return HeldClaim(claim.path, claim.terms)


def _is_absent(stored: StoredReport, key: Key) -> bool:
    return any(row.list_id == key[0] and key[1] in row.phones for row in stored.report.not_live)


class _RevisionGone(Exception):
    """A revision that was applied is not in this clone, nor at the remote."""
