"""One run: protective changes, the verification read, removals; without a read, only what is missing."""

import math
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import filterfalse
from typing import Any, Protocol

from reconciler.core.apply.early import NOTHING_EARLY, EarlyWrites, left_to_send
from reconciler.core.apply.outcomes import DEADLINE, NO_CAPACITY, NOT_STORED, Outcome, Tally
from reconciler.core.apply.sender import UNSUPPORTED, Applier
from reconciler.core.model.entries import Key, ProjectedTerms, Release
from reconciler.core.model.entry_table import EntryTable
from reconciler.core.model.errors import DncError
from reconciler.core.model.live import Live, LiveEntry
from reconciler.core.model.provider import Dialect, Provider
from reconciler.core.planning.change import Action, BlockedBy, Change, Direction, Reason, in_block_order
from reconciler.core.planning.cost import FULL_READ_BACK_PAGES
from reconciler.core.planning.plan import Plan
from reconciler.core.planning.state import AppliedEntry, Retained

_WRITES = (Action.CREATE, Action.UPDATE)
_FAILED_OUTCOMES = (Outcome.REJECTED, Outcome.UNKNOWN, Outcome.NOT_ATTEMPTED)


class Decide(Protocol):
    """Plan again on another reading: the same files, the same held, what the run has met since."""

    def __call__(
        self, live: Live, *, refused: frozenset[str], hold_back: BlockedBy | None, wrote: Container[Key]
    ) -> Plan:
        """Make the plan that holds now."""
        ...


@dataclass(frozen=True, slots=True)
class Run:
    """How a run ended. `final_plan` was decided on the read-back; `live_after` is live at the end.

    `rows_read` is what the read-back counted, before anything was removed: `live_after` is that less what was
    removed by CXone's answers, or by a look at each number where `looks_up_removals`. `put_back` are the
    changes that undid a removal for a newer revision, after it. `early` is what was written before the first
    read; `plan` has it as if it had been made before, and `live_before` lacks it.
    """

    tally: Tally
    plan: Plan
    final_plan: Plan
    live_before: Live
    live_after: Live
    read_back: str = "none"  # none, full, totals, failed
    missing: int = 0
    error: DncError | None = None
    rows_read: int = 0
    put_back: tuple[Change, ...] = ()
    looks_up_removals: bool = False
    early: EarlyWrites = NOTHING_EARLY

    @property
    def is_seen_after_removals(self) -> bool | None:
        """Tell whether what was done after the read-back was looked up; None where nothing was."""
        done = [key for key in self.plan.exposing_keys if self._is_applied(key[0], key[1:])]
        if not done and not self.put_back:
            return None
        only_removed = not self.put_back and all(action is Action.DELETE for action, _, _ in done)
        return self.looks_up_removals and only_removed

    @property
    def is_clean(self) -> bool:
        """Tell whether everything that was sent arrived and was seen."""
        return (
            self.error is None
            and self.read_back != "failed"
            and not any(self.tally.with_outcome(*_FAILED_OUTCOMES))
        )

    @property
    def is_out_of_time(self) -> bool:
        """Tell whether a time budget ended before everything was attempted."""
        return self._has_failed_with(DEADLINE)

    @property
    def is_in_doubt(self) -> bool:
        """Tell whether anything failed that CXone never refused: it may not pass for a known refusal."""
        return self._has_failed_with(NOT_STORED) or any(self.tally.with_outcome(Outcome.UNKNOWN))

    def _has_failed_with(self, code: str) -> bool:
        failed = (self.tally.results[key].failure for key in self.tally.with_outcome(*_FAILED_OUTCOMES))
        return any(failure is not None and failure.code == code for failure in failed)

    @property
    def not_live(self) -> frozenset[Key]:
        """Name what should be live and is not.

        A held number that a read which did not add up lacks may well be there: it stays held.
        """
        creates = (c for c in self.final_plan.changes if c.action is Action.CREATE)
        missing = (c for c in creates if self.final_plan.complete or c.reason is not Reason.RESTORED)
        return frozenset(key for c in missing for key in c.keys)

    @property
    def blocked(self) -> tuple[Change, ...]:
        """Give what guards kept in the end, and what this tenant turned out to be unable to remove.

        What is left to people from the beginning is not among it.
        """
        unsupported_keys = self.unsupported_keys
        blocked: list[Change] = []
        for change in self.final_plan.changes:
            if not change.is_exposing or change.by_hand:
                continue
            phones = (
                change.phones
                if change.blocked_by
                else tuple(phone for phone in change.phones if (change.list_id, phone) in unsupported_keys)
            )
            if phones:
                blocked_by = change.blocked_by or (BlockedBy.UNSUPPORTED,)
                blocked.append(replace(change, phones=phones, blocked_by=blocked_by))
        return tuple(blocked)

    @property
    def blocked_keys(self) -> frozenset[Key]:
        """Name these numbers."""
        return frozenset(key for change in self.blocked for key in change.keys)

    @property
    def retained(self) -> Mapping[Key, Retained]:
        """Name what stays live although the files no longer say so: the whole set, for the next held."""
        retained = dict(self.final_plan.target_state.retained)
        for key, entry in self.plan.target_state.registry_entries.items():
            # What the run wrote over a registry's entry no longer shows in the read-back.
            if key not in retained or not any(entry.is_covered_by(other) for other in retained[key].entries):
                retained[key] = _extend_retained(retained.get(key), (entry,), (BlockedBy.NO_RELEASE,))
        unsupported_keys = self.unsupported_keys
        for change in self.final_plan.changes:
            is_authorized = change.is_exposing and change.reason is not Reason.VANISHED
            for key in change.keys if is_authorized else ():
                authorization = self.final_plan.target_state.authorizations.get(key)
                if authorization is not None and not self._is_applied(change.action, key):
                    blocked_by = (BlockedBy.UNSUPPORTED,) if key in unsupported_keys else change.blocked_by
                    retained[key] = _extend_retained(retained.get(key), authorization.entries, blocked_by)
                    retained[key] = replace(
                        retained[key], blocked_by=in_block_order((*retained[key].blocked_by, *blocked_by))
                    )
        return self._with_blocked(retained)

    def _with_blocked(self, retained: dict[Key, Retained]) -> Mapping[Key, Retained]:
        """Keep the claims that would go without a change in CXone, where nothing may end in this run."""
        for key, authorization in self.final_plan.target_state.authorizations.items():
            block = self.final_plan.circumstances.block_for(key[1])
            if block is not None and not set(authorization.entries) <= set(
                retained[key].entries if key in retained else ()
            ):
                retained[key] = _extend_retained(retained.get(key), authorization.entries, (block,))
        return retained

    @property
    def used_releases(self) -> Mapping[Key, tuple[Release, ...]]:
        """Name the releases that let a claim go: they are used, once and for all.

        The number came off or was weakened, or another claim keeps it, or it was off already, or somebody
        else's entry stays. What was not sent, was refused or is unknown has used nothing.
        """
        unfinished = {
            (change.list_id, phone)
            for change in self.final_plan.changes
            if change.is_exposing and change.reason is not Reason.VANISHED
            for phone in change.phones
            if not self._is_applied(change.action, (change.list_id, phone))
        }
        authorizations = self.final_plan.target_state.authorizations.items()
        used_releases = {
            key: authorization.releases
            for key, authorization in authorizations
            if authorization.releases
            and key not in unfinished
            and self.final_plan.circumstances.block_for(key[1]) is None
        }
        for key, releases in self.final_plan.target_state.ending_releases.items():
            used_releases[key] = (*used_releases.get(key, ()), *releases)
        return used_releases

    @property
    def unsupported_keys(self) -> frozenset[Key]:
        """Name what had permission to come off, and what this tenant turned out to be unable to remove."""
        return frozenset(
            key[1:]
            for key in self.tally.with_outcome(*_FAILED_OUTCOMES)
            if (failure := self.tally.results[key].failure) is not None and failure.code == UNSUPPORTED
        )

    @property
    def written_keys(self) -> frozenset[Key]:
        """Name the numbers whose touch in this run's write window is ours, for the reports to come.

        Not those where we wrote over somebody else's touch: our time on it would hide their opt-out.
        """
        stored = self.tally.with_outcome(Outcome.APPLIED, Outcome.UNKNOWN)
        return frozenset(key[1:] for key in stored if key[0] in _WRITES) - self.plan.overwrites

    def is_applied(self, change: Change, phone: str) -> bool:
        """Tell whether a change was done to one of its numbers."""
        return self._is_applied(change.action, (change.list_id, phone))

    def _is_applied(self, action: Action, key: Key) -> bool:
        result = self.tally.results.get((action, *key))
        return result is not None and result.outcome is Outcome.APPLIED


@dataclass(frozen=True, slots=True)
class _WrittenKeys:
    """The numbers that a run wrote, each looked up when it is asked for: few of a million ever are."""

    tally: Tally
    plan: Plan

    def __contains__(self, key: object) -> bool:
        is_foreign = key in self.plan.overwrites or key in self.tally.doubtful
        return not is_foreign and any(self._is_stored(action, key) for action in _WRITES)

    def _is_stored(self, action: Action, key: Any) -> bool:  # noqa: ANN401  (`in` takes anything)
        result = self.tally.results.for_list(action, key[0]).get(key[1])
        return result is not None and result.outcome in {Outcome.APPLIED, Outcome.UNKNOWN}


def _extend_retained(
    retained: Retained | None, entries: tuple[AppliedEntry, ...], blocked_by: tuple[BlockedBy, ...]
) -> Retained:
    return (
        Retained((*retained.entries, *entries), retained.blocked_by)
        if retained
        else Retained(entries, blocked_by)
    )


def carry_out(  # noqa: PLR0913  (a run is made of these)
    plan: Plan,
    live: Live,
    applier: Applier,
    provider: Provider,
    *,
    decide: Decide,
    may_expose: Callable[[], BlockedBy | None],
    list_ids: frozenset[str],
    always_read_back: bool = False,
    early: EarlyWrites = NOTHING_EARLY,
) -> Run:
    """Carry the plan out. `may_expose` is asked right before the first exposing write.

    `live` is without what went `early`; the plan, which is made on it, has that as well.
    """
    tally = applier.tally
    plan = replace(plan, overwrites=plan.overwrites | early.overwrites(tally))
    protective = plan.allowed_changes(Direction.PROTECTIVE)
    waiting = left_to_send(protective, early, tally)
    applier.upsert(waiting)
    # Past the end of the time nothing exposing goes, so nothing depends on a long read.
    has_waiting = bool(plan.exposing_keys) and not applier.is_out_of_time()
    verification_read = _VerificationRead(provider, list_ids, full=always_read_back or has_waiting)
    seen_live = early.live or live
    after, read_back, error = verification_read.read_back(protective, waiting, seen_live, applier)
    if read_back == "none" and early.live is not None:
        read_back = "full"  # the first read came after all that was written
    refused_phones, block = _exposing_block(tally, read_back)
    refused_phones |= {phone for change in plan.over_ceiling for phone in change.phones}
    written_keys = _WrittenKeys(tally, plan)
    final_plan = decide(after, refused=refused_phones, hold_back=block, wrote=written_keys)
    if final_plan.exposing_keys:
        # What the plan kept, a limit that was not met among it, does not go unannounced in the same run.
        block = may_expose() if plan.exposing_keys else BlockedBy.SUPERSEDED
        if block is not None:
            final_plan = decide(after, refused=refused_phones, hold_back=block, wrote=written_keys)
    missing_count = sum(len(c.phones) for c in final_plan.changes if c.action is Action.CREATE)
    exposing = final_plan.allowed_changes(Direction.EXPOSING)
    if exposing:
        applier.upsert(c for c in exposing if c.action is Action.UPDATE)
        applier.remove(exposing, after)
    for key in plan.exposing_keys - tally.results.keys():
        tally.settle(key, Outcome.NOT_ATTEMPTED)
    # Last: what exceeds the ceiling must not hold back what would free a place below it.
    for change in plan.over_ceiling:
        for phone in change.phones:
            tally.settle((change.action, change.list_id, phone), Outcome.NOT_ATTEMPTED, NO_CAPACITY)
    rows_read = after.entry_count
    after = apply_to_live(after, exposing, tally, provider.dialect)
    return Run(
        tally,
        plan,
        final_plan,
        live,
        after,
        read_back,
        missing_count,
        error or tally.error,
        rows_read,
        looks_up_removals=provider.dialect.shape.removal_looks > 0,
        early=early,
    )


@dataclass(frozen=True, slots=True)
class _VerificationRead:
    provider: Provider
    list_ids: frozenset[str]
    full: bool

    def read_back(
        self, protective: tuple[Change, ...], sent: tuple[Change, ...], live: Live, applier: Applier
    ) -> tuple[Live, str, DncError | None]:
        """Read live back and let it decide; where that is too long and nothing depends on it, the totals.

        `sent` is what of the protective changes was sent since `live` was read.
        """
        tally = applier.tally
        if not self.full and not _has_stored(sent, tally):
            return live, "none", None
        expected_live = apply_to_live(live, sent, tally, self.provider.dialect)
        try:
            if (
                self._can_use_totals(expected_live, tally)
                and self.provider.total() == expected_live.entry_count
            ):
                return expected_live, "totals", None
            after = self.provider.read(self.list_ids)
        except DncError as error:
            return expected_live, "failed", error
        applier.verify(protective, after)
        return after, "full", None

    def _can_use_totals(self, expected: Live, tally: Tally) -> bool:
        pages = math.ceil(expected.entry_count / self.provider.dialect.shape.page_size)
        return pages > FULL_READ_BACK_PAGES and not self.full and not any(tally.with_outcome(Outcome.UNKNOWN))


def _has_stored(changes: Iterable[Change], tally: Tally) -> bool:
    """Tell whether anything of some changes may have been stored."""
    stored = {Outcome.APPLIED, Outcome.UNKNOWN}
    results = ((change, tally.results.for_list(change.action, change.list_id)) for change in changes)
    return any(
        (result := by_phone.get(phone)) is not None and result.outcome in stored
        for change, by_phone in results
        for phone in change.phones
    )


def _exposing_block(tally: Tally, read_back: str) -> tuple[frozenset[str], BlockedBy | None]:
    """Say what the protective phase means for the exposing one.

    A refusal holds back its phone on every list; what is unknown or was not attempted holds back all.
    """
    refused_phones = frozenset(phone for _, _, phone in tally.with_outcome(Outcome.REJECTED))
    if any(tally.with_outcome(Outcome.UNKNOWN, Outcome.NOT_ATTEMPTED)) or tally.error is not None:
        return refused_phones, BlockedBy.REFUSED_ELSEWHERE
    return refused_phones, BlockedBy.INCOMPLETE_READ if read_back == "failed" else None


def apply_to_live(live: Live, changes: Iterable[Change], tally: Tally, dialect: Dialect) -> Live:
    """Say what live is after these changes, as far as they were applied."""
    tables: dict[str, EntryTable] = {}
    entries = live.entry_count
    for change in changes:
        results = tally.results.for_list(change.action, change.list_id)
        applied_phones = [p for p in change.phones if (r := results.get(p)) and r.outcome is Outcome.APPLIED]
        if not applied_phones:
            continue
        if change.list_id not in tables:
            tables[change.list_id] = _copy_table(live.lists.get(change.list_id, {}))
        table = tables[change.list_id]
        size_before = len(table)
        if change.after is not None:
            _add_sent(table, applied_phones, dialect.project(change.after))
        else:
            for phone in filter(table.__contains__, applied_phones):
                del table[phone]
        entries += len(table) - size_before
    return replace(live, lists={**live.lists, **tables}, entry_count=entries) if tables else live


def _copy_table(entries: Mapping[str, LiveEntry]) -> EntryTable:
    return entries.copy() if isinstance(entries, EntryTable) else EntryTable(entries)


def _add_sent(table: EntryTable, phones: Sequence[str], terms: ProjectedTerms) -> None:
    """Put numbers in as they were sent: without an id, for nobody has read them back."""
    sent = LiveEntry(terms, "", None)
    for phone in filter(table.__contains__, phones):
        table[phone] = sent
    new = list(filterfalse(table.__contains__, phones))
    table.extend(new, [terms] * len(new), [""] * len(new), [None] * len(new))
