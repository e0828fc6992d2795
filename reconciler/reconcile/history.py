"""What the reports and git tell of the past of single numbers: what permission asks before it is given.

Reports are walked from the newest back, once, and kept as far as they were walked: a decision rarely needs
more than the last few, and never more than those since the number was first held.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import takewhile
from typing import Any

from reconciler.audit.ledger import Ledger
from reconciler.audit.report import REANCHORED, Report, StoredReport
from reconciler.audit.unfinished import Unfinished
from reconciler.desired.configuration import matches
from reconciler.desired.lists import Source, read_lists
from reconciler.desired.schema import Rules
from reconciler.model.claims import Claims, Key, Release
from reconciler.model.errors import RepositoryProblem
from reconciler.model.provider import Target
from reconciler.model.terms import Policy, ReasonCode, Terms
from reconciler.planning.held import HeldClaim
from reconciler.planning.touch import Others
from reconciler.reconcile.clock import Window, within
from reconciler.reconcile.interrupted import window_of, windows_of
from reconciler.reconcile.skew import began
from reconciler.repository.repository import Repository

_WRITTEN = frozenset({"applied", "unknown"})
_DAY = timedelta(days=1)
_OLD_IN_A_ROW = 3  # reports: one clock that was set back must not hide what lies behind it
_NEEDED = frozenset(
    {
        *("seq", "tenant", "revision", "as_of", "plan_sha256", "started_at", "finished_at", "write_window"),
        *(
            "target",
            "interrupted",
            "removed",
            "releases_used",
            "others",
            "kept",
            "not_live",
            "clock",
            "status",
            "overrides",
        ),
    }
)


@dataclass
class RecordWalk:
    """A tenant's reports, newest first; each read once, its plan where it matters."""

    ledger: Ledger | None
    reports: Iterator[StoredReport]
    _read: list[StoredReport] = field(default_factory=list)
    _plans: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    def __iter__(self) -> Iterator[StoredReport]:
        place = 0
        while True:
            if place == len(self._read):
                stored = next(self.reports, None)
                if stored is None:
                    return
                slim = {name: stored.report.fields[name] for name in _NEEDED if name in stored.report.fields}
                self._read.append(StoredReport(stored.path, stored.sha256, Report(slim)))
            yield self._read[place]
            place += 1

    def since(self, day: date) -> Iterator[StoredReport]:
        """Give the reports from the day before that one on."""
        first, old = datetime.combine(day, time.min, UTC) - _DAY, 0
        for stored in self:
            old = 0 if stored.report.finished_at >= first else old + 1
            if old == _OLD_IN_A_ROW:
                return
            yield stored

    def plan(self, stored: StoredReport) -> Mapping[str, Any]:
        """Read the plan beside a report, as far as the past of a number needs it."""
        if stored.path not in self._plans and self.ledger is not None:
            told = self.ledger.plan(stored)
            changes = [c for c in told["changes"] if c.get("outcome") in _WRITTEN]
            written = [c for c in changes if c["action"] != "delete"]
            self._plans[stored.path] = {
                # Our time on what somebody else had touched would hide their opt-out: it is not ours alone.
                "wrote": keys_of(written) - keys_of(told.get("overwrites", ())),
                "overwrote": keys_of(told.get("overwrites", ())),
                "off": keys_of(c for c in changes if c["action"] == "delete"),
                "interrupted": {
                    number: {
                        key: datetime.fromisoformat(row["since"]) for row in rows for key in keys_of([row])
                    }
                    for number, rows in enumerate(told.get("interrupted", ()))
                },
                "others": {key: row["reason"] for row in told.get("others", ()) for key in keys_of([row])},
                "used": frozenset(
                    (row["list_id"], phone, row["released_on"], row["reason"], row["evidence"])
                    for row in told.get("releases_used", ())
                    for phone in row["phones"]
                ),
                "doubted": {
                    key: datetime.fromisoformat(row["since"])
                    for row in told.get("doubted", ())
                    for key in keys_of([row])
                },
            }
        return self._plans.get(stored.path, {})


@dataclass
class RecordedHistory:
    """The past as the record has it.

    `here` tells whether a report is of this CXone, `same_list` whether a list was the same group of it then.
    """

    walk: RecordWalk
    repository: Repository | None
    rules: Rules
    globs: Iterable[str]
    target: Target
    untold: tuple[Unfinished, ...]
    here: Callable[[StoredReport], bool]
    same_list: Callable[[StoredReport, str], bool]
    _blobs: dict[str, Mapping[str, str]] = field(default_factory=dict)
    _files: dict[str, Claims] = field(default_factory=dict)
    _kept_terms: dict[str, Mapping[Key, Sequence[Terms]]] = field(default_factory=dict)

    def ours(self, key: Key, touched: datetime) -> bool:
        """Tell whether a run that reports having written this number was writing at that moment."""
        for run in self.untold:
            if key in run.wrote and run.window and within((run.asked[key], run.window[1]), touched):
                return True
        for stored in takewhile(self.here, self.walk):
            if not self.same_list(stored, key[0]):
                return False  # what was written to another group says nothing of this one
            for number, window in windows_of(stored.report, self.target):
                asked = self.walk.plan(stored)["interrupted"].get(number, {}).get(key)
                if asked is not None and within((max(asked, window[0]), window[1]), touched):
                    return True
            own = window_of(stored.report)
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
        None where a revision that was applied is not to be had any more.
        """
        held = self._while_held(key, claim.path)
        try:
            return min((began(stored.report) for stored in held), default=None)
        except _RevisionGone:
            return None

    def first_claimed(self, key: Key, claim: HeldClaim) -> datetime | None:
        """Say since when a claim of the same kind, at least as strong, has been held without a gap."""
        since: datetime | None = None
        try:
            for stored in self._while_held(key, claim.path):
                if not any(map(claim.stood_in_for, self._held(stored, key))):
                    break
                since = datetime.fromisoformat(stored.report["started_at"])
        except _RevisionGone:
            return None
        return since

    def used(self, release: Release) -> bool:
        """Tell whether a report names the release as what let a claim go, in whichever CXone."""
        named = (
            *(release.list_id, release.phone, release.released_on.isoformat()),
            *(release.reason.value, release.evidence),
        )
        return any(
            named in self.walk.plan(stored)["used"]
            for stored in self.walk.since(release.released_on)
            if stored.report.get("releases_used", {}).get(release.list_id)
        )

    def latest_request(self, key: Key, since: date) -> date | None:
        """Give the latest `requestedOn` under which a company's claim was held in a report since that day."""
        days: set[date] = set()
        for stored in takewhile(self.here, self.walk.since(since)):
            if not self.same_list(stored, key[0]):
                break
            try:
                terms = self._held(stored, key)
            except _RevisionGone:
                if self._rewritten_since(stored):
                    break
                return date.max  # nothing tells, so no release is known to be later
            days.update(t.requested_on for t in terms if t.requested_on and not t.registry)
        return max(days, default=None)

    def taken_off(self, key: Key) -> bool:
        """Tell whether a permission of ours ever took the number off, in whichever CXone.

        An interrupted run may have.
        """
        if any(run.removed.get(key[0]) for run in self.untold):
            return True
        for stored in self.walk:
            if any(run["removed"].get(key[0]) for run in stored.report.get("interrupted", ())):
                return True
            if stored.report["removed"].get(key[0]) and key in self.walk.plan(stored)["off"]:
                return True
        return False

    def others(self, key: Key) -> Others | None:
        """Say what others have in the number's entry, as the reports since our first claim tell."""
        found: Others | None = None
        for run in self.untold:
            if key in run.overwrote:
                found = Others(touched=True, overwritten=datetime.fromisoformat(run.started_at))
        try:
            for stored in self._while_held(key, ""):
                if stored.report.get("others", {}).get(key[0]):
                    found = self._more_of_others(stored, key, found)
        except _RevisionGone:
            return Others(touched=True)
        return found

    def _more_of_others(self, stored: StoredReport, key: Key, found: Others | None) -> Others | None:
        told = self.walk.plan(stored)
        over, before = key in told["overwrote"], key in told["others"]
        if not (over or before):
            return found
        known = found or Others()
        started = began(stored.report)
        return Others(
            reason=told["others"].get(key) or known.reason,
            touched=known.touched or not before,
            overwritten=known.overwritten or (started if over else None),
        )

    def vouched(self, key: Key, claim: HeldClaim) -> bool:
        """Tell whether git has a kept claim where its file last had the number, as the report says.

        A row that no file stands behind is believed where it is a registry's, which no date of ours ends.
        """
        if not claim.path:
            return claim.terms.registry
        for stored in takewhile(self.here, self.walk):
            if not self.same_list(stored, key[0]):
                return False
            try:
                blob = self._blobs_at(stored.report.revision).get(claim.path)
            except _RevisionGone:
                return self._rewritten_since(stored)
            there = self._terms_in(claim.path, blob, key[0]).get(key[1]) if blob else None
            if stored.report.revision == claim.held_at:
                return there == claim.terms
            stood = there is not None and not there.over(date.fromisoformat(stored.report["as_of"]))
            if there is not None and stood and HeldClaim(claim.path, claim.terms).stood_in_for(there):
                return False  # it stood later, and as strong: the row is of something older
        return False

    def accounted(self, key: Key) -> bool:
        """Tell whether every claim that reports held on the number went on, or went by what git permits.

        A report that somebody else appended may leave out what is kept.
        """
        newer: StoredReport | None = None
        try:
            for stored in self._while_held(key, ""):
                if newer is not None and not self._follows(stored, newer, key):
                    return False
                newer = stored
        except _RevisionGone:
            return False
        return True

    def _follows(self, older: StoredReport, newer: StoredReport, key: Key) -> bool:
        as_of = date.fromisoformat(newer.report["as_of"])
        left = self._held(newer, key, live_only=False)
        gone = [
            terms
            for terms in self._held(older, key)
            if not terms.over(as_of) and not any(map(HeldClaim("", terms).stood_in_for, left))
        ]
        return not gone or self._released_at(newer, key)

    def _released_at(self, stored: StoredReport, key: Key) -> bool:
        """Tell whether a report names a release of the number as used that its revision's files have."""
        if not stored.report.get("releases_used", {}).get(key[0]):
            return False
        there = {
            (*key, r.released_on.isoformat(), r.reason.value, r.evidence)
            for path, sha in self._blobs_at(stored.report.revision).items()
            if matches(self.globs, path)
            for r in self._read(path, sha).releases.get(key, ())
        }
        return not there.isdisjoint(self.walk.plan(stored)["used"])

    def _held(self, stored: StoredReport, key: Key, *, live_only: bool = True) -> list[Terms]:
        """Give the terms under which a report held the number: by its files, and kept."""
        absent = live_only and any(
            row["list_id"] == key[0] and key[1] in row["phones"] for row in stored.report["not_live"]
        )
        return [*(() if absent else self._claims(stored, key).values()), *self._kept(stored, key)]

    def _while_held(self, key: Key, path: str) -> Iterator[StoredReport]:
        """Give the reports, newest first, back to the first of those that held the number without a gap."""
        for stored in takewhile(self.here, self.walk):
            if not self.same_list(stored, key[0]):
                return
            try:
                if not (self._is_claimed(stored, key, path) or self._kept(stored, key)):
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
            if newer.report["status"] == REANCHORED or newer.report["overrides"].get("accept_history"):
                return True
        return False

    def _is_claimed(self, stored: StoredReport, key: Key, path: str) -> bool:
        return bool(self._claims(stored, key, first=path, all_files=False))

    def _claims(
        self, stored: StoredReport, key: Key, *, first: str = "", all_files: bool = True
    ) -> dict[str, Terms]:
        """Give the claims on a number that stood at a report's revision on its date, by file."""
        blobs = self._blobs_at(stored.report.revision)
        as_of = date.fromisoformat(stored.report["as_of"])
        others = (other for other in blobs if other != first and matches(self.globs, other))
        found: dict[str, Terms] = {}
        # The claim's own file first: most often the others need not be read then.
        for path in (first, *others):
            terms = self._terms_in(path, blobs[path], key[0]).get(key[1]) if path in blobs else None
            if terms is not None and not terms.over(as_of):
                found[path] = terms
                if not all_files:
                    break
        return found

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

    def _kept(self, stored: StoredReport, key: Key) -> Sequence[Terms]:
        """Give the terms under which a report lists the number as kept."""
        if stored.path not in self._kept_terms:
            kept: dict[Key, list[Terms]] = {}
            for row in stored.report["kept"]:
                terms = terms_of_row(row["terms"])
                for phone in row["phones"]:
                    kept.setdefault((row["list_id"], phone), []).append(terms)
            self._kept_terms[stored.path] = kept
        return self._kept_terms[stored.path].get(key, ())

    def _terms_in(self, path: str, sha: str, list_id: str) -> Mapping[str, Terms]:
        files = (f.numbers for f in self._read(path, sha).files if f.list_id == list_id)
        return next(files, {})

    def _read(self, path: str, sha: str) -> Claims:
        if sha not in self._files and self.repository:
            source = Source(path, self.repository.read_blobs([sha])[sha])
            self._files[sha] = read_lists([source], self.rules, as_of=date.min, latest=date.max).claims
        return self._files.get(sha, Claims())


def keys_of(rows: Iterable[Mapping[str, Any]]) -> frozenset[Key]:
    """Read the numbers of rows, each with its list."""
    return frozenset((row["list_id"], phone) for row in rows for phone in row["phones"])


def terms_of_row(said: Mapping[str, Any]) -> Terms:
    """Read terms as a report writes them."""
    return Terms(
        ReasonCode(said["reasonCode"]),
        Policy(said["expirationPolicy"]),
        date.fromisoformat(said["end"]) if said["end"] else None,
        date.fromisoformat(said["requestedOn"]) if said["requestedOn"] else None,
        said["source"],
        said["jurisdiction"],
    )


class _RevisionGone(Exception):
    """A revision that was applied is not in this clone, nor at the remote."""
