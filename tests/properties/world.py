"""A world to play whole histories in: files at revisions, a ledger of reports, CXone, and a clock."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from reconciler.core.apply.counted_run import counted_keys, finish_counted, is_settled
from reconciler.core.apply.early import NOTHING_EARLY, EarlySender, EarlyWrites, before_early, settle_by_read
from reconciler.core.apply.outcomes import Outcome
from reconciler.core.apply.run import Run, carry_out
from reconciler.core.apply.sender import Applier
from reconciler.core.model.deadline import Deadline
from reconciler.core.model.entries import (
    REGISTRY_REASONS,
    DeclaredEntries,
    FileEntries,
    Hold,
    Key,
    ReasonCode,
    Release,
    Terms,
)
from reconciler.core.model.live import Live
from reconciler.core.planning import plan as planning
from reconciler.core.planning.change import Action, BlockedBy
from reconciler.core.planning.counted import plan_without_read
from reconciler.core.planning.early import early_chunks
from reconciler.core.planning.guards import Circumstances
from reconciler.core.planning.inputs import Limits, PlanFacts
from reconciler.core.planning.modifications import modification_of
from reconciler.core.planning.plan import Plan
from reconciler.core.planning.ports import unasked
from reconciler.core.planning.state import AppliedEntry, LastApplied, Retained, is_covered, removed_holds
from tests.properties.reports import Past, Report
from tests.support.fake_cxone import Clock, FakeCxone

LISTS = frozenset({"dnc-a", "dnc-b"})
Line = tuple[str, str, str]
"""path, listId, phone."""


class Fortnight:
    """The one rule of this world with a deadline: what a customer asked for is live within 14 days."""

    def deadline(self, _phone: str, terms: Terms) -> Deadline | None:
        asked = terms.requested_on
        if asked is None or terms.reason_code is not ReasonCode.CUSTOMER_REQUESTED:
            return None
        return Deadline(asked + timedelta(days=14), asked + timedelta(days=1), "CA-03")


@dataclass
class Files:
    """The working tree: lines, releases and holds, edited in place."""

    lines: dict[Line, Terms] = field(default_factory=dict)
    releases: list[Release] = field(default_factory=list)
    holds: list[Hold] = field(default_factory=list)
    retrieved: dict[str, date] = field(default_factory=dict)  # by path: when the registry was asked
    tidied: list[Release] = field(default_factory=list)  # releases that were taken out, for a revert

    def copy(self) -> "Files":
        lists = list(self.releases), list(self.holds)
        return Files(dict(self.lines), *lists, dict(self.retrieved), list(self.tidied))

    def claims(self) -> DeclaredEntries:
        files: dict[tuple[str, str], dict[str, Terms]] = {}
        for (path, list_id, phone), terms in self.lines.items():
            files.setdefault((path, list_id), {})[phone] = terms
        releases: dict[Key, tuple[Release, ...]] = {}
        for r in self.releases:
            releases[r.list_id, r.phone] = (*releases.get((r.list_id, r.phone), ()), r)
        named = {list_id for _, list_id in files} | {list_id for list_id, _ in releases}
        return DeclaredEntries(
            tuple(
                FileEntries(p, i, n, frozenset(n.values()), self.retrieved.get(p))
                for (p, i), n in sorted(files.items())
            ),
            releases,
            frozenset(named),
            tuple(self.holds),
        )


class World:
    """Files, CXone and ledger; `run` is one `dnc apply` of the files as they are."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.cxone = FakeCxone(self.clock)
        self.files = Files()
        self.reports: list[Report] = []
        self.runs: list[Run] = []
        self.revisions = 0
        self.is_early = False  # a run is writing before its read
        self.last_read: tuple[Report, Live] | None = None  # all that the newest run read, at its end
        self.counts = False  # of the next run: CXone has so many rows that only what must be is read
        self.rose_enough = True
        self.doubt = ""  # of the next run: "apart" are the two clocks, "silent" is who tells of approvals

    def begin_chain(self) -> None:
        """Let the next report be the first of its chain: another path, branch, tenant or target."""
        self.reports = []

    def forge(self, key: Key, claim: AppliedEntry | None) -> None:
        """Let somebody append a report: a number is kept by his claim as well, or by nothing."""
        newest, at = self.reports[-1], self.clock.tick()
        kept = {other: kept for other, kept in newest.kept.items() if other != key}
        if claim is not None:
            before = newest.kept[key].entries if key in newest.kept else ()
            kept[key] = Retained((*before, claim), (BlockedBy.NO_RELEASE,))
        forged = replace(newest, kept=kept, started=at, finished=at, wrote=frozenset(), took_off=Counter())
        self.reports.append(replace(forged, used=frozenset(), off=frozenset(), others={}, touched={}))

    @property
    def as_of(self) -> date:
        """The date at UTC-12."""
        return (self.clock.now - timedelta(hours=12)).date()

    @property
    def held(self) -> LastApplied:
        return self.reports[-1].held if self.reports else LastApplied()

    def setting(self, limits: Limits) -> PlanFacts:
        past, claims = Past(tuple(self.reports)), self.files.claims()
        return PlanFacts(
            claims,
            self.held,
            self.cxone.dialect,
            past,
            self.as_of,
            limits,
            deadlines=Fortnight(),
            is_approved=(lambda _: False) if self.doubt == "silent" else unasked,
            lingering_holds=self._lingering(),
        )

    @property
    def _hold_back(self) -> BlockedBy | None:
        return BlockedBy.LATER_OPT_OUT if self.doubt == "apart" else None

    def _lingering(self) -> tuple[Hold, ...]:
        """Give the holds that went from the files and are in force until a day after it was told."""
        found = dict.fromkeys(removed_holds(self.held.holds, self.files.holds, self.as_of))
        for hold, since in self.reports[-1].lingering.items() if self.reports else ():
            recent = self.clock.now - since < timedelta(hours=24)
            if recent and hold.is_active(self.as_of) and not is_covered(hold, self.files.holds):
                found.setdefault(hold)
        return tuple(found)

    def _young(self) -> frozenset[str]:
        """Name the lists whose chain began less than a week ago: all of them, or none."""
        week = self.clock.now - timedelta(days=7)
        return frozenset() if any(r.finished < week for r in self.reports) else LISTS

    def look(self, setting: PlanFacts) -> Live:
        return self.cxone.read(setting.declared.list_ids | setting.last_applied.list_ids)

    def removed_lately(self) -> Counter[str]:
        week = self.clock.now - timedelta(days=7)
        lately = (r.took_off for r in self.reports if r.finished >= week)
        return sum(lately, Counter())

    def plan(self, limits: Limits | None = None) -> tuple[Plan, Live, PlanFacts]:
        setting = self.setting(limits or Limits(removable=True))
        live = self.look(setting)
        lately, young = self.removed_lately(), self._young()
        met = Circumstances(recent_removals=lately, young_lists=young, general_block=self._hold_back)
        return planning.make_plan(setting, live, met), live, setting

    def run(
        self,
        limits: Limits | None = None,
        *,
        chunk_size: int = 2,
        stopped: Callable[[], bool] = lambda: False,
        out_of_time: Callable[[], bool] = lambda: False,
        may_expose: Callable[[], BlockedBy | None] = lambda: None,
    ) -> Run:
        started = self.clock.tick()
        lately, young = self.removed_lately(), self._young()
        setting = self.setting(limits or Limits(removable=True))
        applier = Applier(
            self.cxone, chunk_size=chunk_size, concurrency=1, is_stopped=stopped, is_out_of_time=out_of_time
        )
        early = self._write_early(applier, setting, chunk_size)
        read_at = self.clock.now
        if self.counts and (counted := self._count(applier, setting, early)) is not None:
            self.runs.append(counted)
            report = self._report(counted, setting, started)
            only = counted_keys(counted)
            report = replace(report, not_live=counted.not_live | only, counted=only)
            self.reports.append(replace(report, early=early.written(counted.tally), read_at=read_at))
            self.clock.tick()
            return counted
        live = self.look(setting)
        if early.writes:
            early = settle_by_read(early, live, applier.tally, self.cxone.dialect)
            live = before_early(early)
        first = Circumstances(recent_removals=lately, young_lists=young, general_block=self._hold_back)
        plan = planning.make_plan(setting, live, first)

        def decide(
            live: Live, *, refused: frozenset[str], hold_back: BlockedBy | None, wrote: frozenset[Key]
        ) -> Plan:
            back = hold_back or self._hold_back
            met = Circumstances(
                lately,
                refused_phones=refused,
                general_block=back,
                protective_sent=True,
                written_keys=wrote,
                young_lists=young,
            )
            return planning.make_plan(setting, live, met)

        run = carry_out(
            plan,
            live,
            applier,
            self.cxone,
            decide=decide,
            may_expose=may_expose,
            list_ids=setting.declared.list_ids | setting.last_applied.list_ids,
            early=early,
        )
        self.runs.append(run)
        report = self._report(run, setting, started)
        if early.writes:
            report = replace(report, early=early.written(run.tally), read_at=read_at)
        self.reports.append(report)
        is_read = run.read_back in {"full", "none"} and run.live_after.complete
        self.last_read = (report, run.live_after) if is_read else None
        self.clock.tick()
        return run

    def _write_early(self, applier: Applier, setting: PlanFacts, size: int) -> EarlyWrites:
        """Write what may go before the read, as `apply` does in a pipeline."""
        held = setting.last_applied
        self.rose_enough = True
        lists = {file.list_id for file in held.files} - self._with_registry(setting)
        counted = self.reports[-1].counted if self.reports else frozenset()
        chunks = early_chunks(setting, size, list_ids=lists, counted=counted)
        if not chunks:
            return NOTHING_EARLY
        last = self.last_read[1] if self.last_read and self.last_read[0] is self.reports[-1] else None
        sender = EarlySender(
            self.cxone, chunks, 0, None if last is None else lambda key: not last.get(key), counted
        )
        self.is_early = True
        sender.look()
        own = sender.send(applier)
        self.is_early = False
        self.rose_enough = sender.rose_enough
        applier.tally.error = None
        writes = tuple(write for chunk in chunks for write in chunk)
        return EarlyWrites(writes, len(applier.tally.sent_requests), own)

    def _count(self, applier: Applier, setting: PlanFacts, early: EarlyWrites) -> Run | None:
        """End a run without a read where nothing needs one, as `apply` does with a tenant of many rows."""
        if self.last_read is None or self._hold_back is not None:
            return None
        met = Circumstances(self.removed_lately(), young_lists=self._young())
        plan = plan_without_read(setting, met, early.writes)
        if plan is None or not (self.rose_enough and is_settled(early, applier.tally)):
            return None
        if not self.cxone.shows_as_sent(early.writes, 0):
            return None
        return finish_counted(plan, applier.tally, early, entry_count=0, read_at="")

    def _with_registry(self, setting: PlanFacts) -> set[str]:
        """Name the lists on which the last reading showed a registry's entry that no file claims."""
        if self.last_read is None:
            return set(LISTS)
        claimed = {
            (file.list_id, phone)
            for file in setting.last_applied.files
            for phone, terms in file.numbers.items()
            if terms.is_registry
        }
        retained = setting.last_applied.retained.items()
        kept_lists = {key[0] for key, kept in retained if any(not c.path for c in kept.entries)}
        return kept_lists | {
            list_id
            for list_id, entries in self.last_read[1].lists.items()
            for phone, entry in entries.items()
            if entry.terms.reason_code in REGISTRY_REASONS and (list_id, phone) not in claimed
        }

    def _report(self, run: Run, setting: PlanFacts, started: datetime) -> Report:
        exposed = {c for c in run.final_plan.exposing_keys if c in run.tally.results}
        took_off = Counter(
            list_id
            for action, list_id, phone in exposed
            if run.tally.results[action, list_id, phone].outcome in {Outcome.APPLIED, Outcome.UNKNOWN}
        )
        off = {(i, p) for a, i, p in exposed if a is Action.DELETE and took_off[i]}
        known = self.reports[-1].lingering if self.reports else {}
        self.revisions += 1
        return Report(
            setting.declared,
            setting.as_of,
            run.not_live,
            {key: self._kept(kept, setting.last_applied) for key, kept in run.retained.items()},
            started,
            self.clock.tick(),
            run.written_keys,
            took_off,
            f"r{self.revisions}",
            frozenset(release for releases in run.used_releases.values() for release in releases),
            frozenset(off),
            self._others(run, setting),
            self._touched(run, setting),
            run.plan.overwrites,
            dict(run.tally.doubtful),
            {hold: known.get(hold, started) for hold in setting.lingering_holds},
        )

    def _kept(self, kept: Retained, held: LastApplied) -> Retained:
        """Write down at which revision the files last had what is kept now."""
        at = {True: held.revision, False: ""}
        claims = (
            c if c.last_revision is not None else replace(c, last_revision=at[bool(c.path)])
            for c in kept.entries
        )
        return Retained(tuple(claims), kept.blocked_by)

    def _others(self, run: Run, setting: PlanFacts) -> dict[Key, str]:
        """Name what was there when it was first claimed, and was nobody's of ours."""
        found = {}
        for f in setting.declared.active_on(setting.as_of).files:
            for key in ((f.list_id, phone) for phone in f.numbers):
                entry, held = run.live_before.get(key), setting.last_applied
                if entry is None or key in held:
                    continue
                touch = modification_of(entry) if key in held.not_live else None
                if touch is None or not setting.history.is_ours(key, touch.at):
                    found[key] = entry.terms.reason_code
        return found

    def _touched(self, run: Run, setting: PlanFacts) -> dict[Key, datetime]:
        """Name what we held and somebody else had modified, by what this run read of it."""
        found: dict[Key, datetime] = {}
        for live in (run.live_before, run.live_after) if run.read_back == "full" else (run.live_before,):
            written = run.written_keys | run.plan.overwrites if live is run.live_after else frozenset()
            for key in ((list_id, phone) for list_id, entries in live.lists.items() for phone in entries):
                touch = modification_of(live.lists[key[0]][key[1]])
                if touch is None or key not in setting.last_applied or key in written:
                    continue
                first = setting.history.applied_since(key, next(setting.last_applied.entries(key)))
                is_since = first is None or touch.latest >= first
                if is_since and not setting.history.is_ours(key, touch.at):
                    found[key] = max(touch.latest, found.get(key, touch.latest))
        return found
