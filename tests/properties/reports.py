"""The ledger of a world in memory: what each run left behind, and what later runs ask of it."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from itertools import pairwise

from reconciler.core.model.entries import OWN_ENTRY_RELEASES, DeclaredEntries, Hold, Key, Release
from reconciler.core.planning.ports import ForeignEntry
from reconciler.core.planning.state import AppliedEntry, LastApplied, Retained


@dataclass(frozen=True)
class Report:
    """What the ledger keeps of one run, as far as later runs need it."""

    claims: DeclaredEntries
    as_of: date
    not_live: frozenset[Key]
    kept: dict[Key, Retained]
    started: datetime
    finished: datetime
    wrote: frozenset[Key]
    took_off: Counter[str]
    revision: str = "r0"
    used: frozenset[Release] = frozenset()
    off: frozenset[Key] = frozenset()
    others: Mapping[Key, str] = field(default_factory=dict)
    touched: Mapping[Key, datetime] = field(default_factory=dict)
    overwrote: frozenset[Key] = frozenset()
    doubted: Mapping[Key, datetime] = field(default_factory=dict)
    early: frozenset[Key] = frozenset()  # written before the read
    counted: frozenset[Key] = frozenset()  # written, and only counted: it stays new
    read_at: datetime | None = None  # when the read began, where anything was written before it
    lingering: Mapping[Hold, datetime] = field(default_factory=dict)  # since the first report that says so

    def window_of(self, key: Key, touched: datetime) -> bool:
        """Tell whether the run may have written the number then: before its read, or after."""
        read_at = self.read_at or self.started
        is_early = key in self.early
        return (self.started if is_early else read_at) <= touched <= (read_at if is_early else self.finished)

    @cached_property
    def held(self) -> LastApplied:
        standing = self.claims.active_on(self.as_of)
        return LastApplied(
            standing.files, self.claims.releases, self.not_live, self.kept, self.revision, standing.holds
        )


@dataclass(frozen=True)
class Past:
    """The ledger as History. Since when: the first run of the unbroken row that claimed or kept the number.

    A line that moves to another file, or a number that was missed once, must not start anew.
    """

    reports: tuple[Report, ...]

    def is_ours(self, key: Key, touched: datetime) -> bool:
        return any(
            key in r.wrote and r.window_of(key, touched) and touched >= r.doubted.get(key, r.started)
            for r in self.reports
        )

    def applied_since(self, key: Key, _claim: AppliedEntry) -> datetime | None:
        return min((report.started for report in self._while_held(key)), default=None)

    def covered_since(self, key: Key, claim: AppliedEntry) -> datetime | None:
        since = None
        for report in self._while_held(key):
            if not any(map(claim.is_covered_by, self._claims(report, key))):
                break
            since = report.started
        return since

    def is_accounted_for(self, key: Key) -> bool:
        live = False
        for older, newer in pairwise([*self._while_held(key)][::-1]):
            live = live or key not in older.not_live
            left = self._claims(newer, key)
            held = self._claims(older, key) if live else self._kept(older, key)
            gone = [
                c for c in held if not c.terms.is_expired(newer.as_of) and not any(map(c.is_covered_by, left))
            ]
            ended = any(c.is_own_ended for c in left)
            released = any(
                (r.list_id, r.phone) == key and (not ended or r.reason in OWN_ENTRY_RELEASES)
                for r in newer.used
            )
            if gone and not released:
                return False
        return True

    def is_used(self, release: Release) -> bool:
        return any(release in report.used for report in self.reports)

    def latest_request(self, key: Key, since: date, *, registry: bool) -> date | None:
        days = [
            claim.request_day
            for report in self.reports
            if report.finished.date() >= since - timedelta(days=1)
            for claim in self._claims(report, key)
            if claim.request_day and claim.is_registry is registry
        ]
        return max(days, default=None)

    def was_removed(self, key: Key) -> bool:
        since = {report.revision for report in self._while_held(key)}
        before = [report for report in self.reports if report.revision not in since]
        return any(self._claims(report, key) for report in before) or any(
            key in report.off or any((r.list_id, r.phone) == key for r in report.used)
            for report in self.reports
        )

    def foreign_entry(self, key: Key) -> ForeignEntry | None:
        found = None
        for report in self._while_held(key):
            before, over, seen = key in report.others, key in report.overwrote, report.touched.get(key)
            if before or over or seen:
                known = found or ForeignEntry()
                gone = (known.overwritten_at, report.started if over else None, seen)
                found = ForeignEntry(
                    report.others.get(key) or known.reason_code,
                    known.is_modified or seen is not None or not before,
                    max((moment for moment in gone if moment), default=None),
                )
        return found

    def is_confirmed_by_git(self, key: Key, claim: AppliedEntry) -> bool:
        """Ask the files of each run as git has them: the last in which this file named the number."""
        if not claim.path:
            return claim.terms.is_registry and not claim.is_own_ended
        for report in reversed(self.reports):
            files = report.claims.files
            named = [f.numbers.get(key[1]) for f in files if (f.list_id, f.path) == (key[0], claim.path)]
            there = named[0] if named else None
            if report.revision == claim.last_revision:
                return there == claim.terms
            stood = there is not None and not there.is_expired(report.as_of)
            if stood and AppliedEntry(claim.path, claim.terms).is_covered_by_terms(there):
                return False
        return False

    def _while_held(self, key: Key) -> Iterator[Report]:
        for report in reversed(self.reports):
            if not report.held.was_declared(key) and key not in report.kept:
                return
            yield report

    def _claims(self, report: Report, key: Key) -> list[AppliedEntry]:
        files = [
            AppliedEntry(f.path, f.numbers[key[1]], retrieved_on=f.retrieved_on)
            for f in report.held.files
            if f.list_id == key[0] and key[1] in f.numbers
        ]
        return [*files, *self._kept(report, key)]

    def _kept(self, report: Report, key: Key) -> list[AppliedEntry]:
        return list(report.kept[key].entries) if key in report.kept else []
