"""One run: protective changes, the verification read, removals; without a read, only what is missing."""

import math
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import filterfalse
from typing import Any, Protocol

from reconciler.core.apply.outcomes import DEADLINE, NO_ROOM, NOT_STORED, Outcome, Tally
from reconciler.core.apply.sender import UNSUPPORTED, Applier
from reconciler.core.model.entries import Carried, Key, Release
from reconciler.core.model.entry_table import Book
from reconciler.core.model.errors import DncError, Unread
from reconciler.core.model.live import Live, LiveEntry
from reconciler.core.model.provider import Dialect, Provider
from reconciler.core.planning.change import Action, BlockedBy, Change, Direction, Reason
from reconciler.core.planning.cost import FULL_READ_BACK_PAGES
from reconciler.core.planning.plan import Plan
from reconciler.core.planning.state import HeldClaim, Kept

_WRITES = (Action.CREATE, Action.UPDATE)
_FAILED = (Outcome.REJECTED, Outcome.UNKNOWN, Outcome.NOT_ATTEMPTED)


class Decide(Protocol):
    """Plan again on another reading: the same files, the same held, what the run has met since."""

    def __call__(
        self, live: Live, *, refused: frozenset[str], hold_back: BlockedBy | None, wrote: Container[Key]
    ) -> Plan:
        """Make the plan that holds now."""
        ...


@dataclass(frozen=True, slots=True)
class Run:
    """How a run ended. `final` is the plan as decided on the read-back; `after` is live when all was done."""

    tally: Tally
    plan: Plan
    final: Plan
    before: Live
    after: Live
    read_back: str = "none"  # none, full, totals, failed
    missing: int = 0
    error: DncError | None = None

    @property
    def clean(self) -> bool:
        """Tell whether everything that was sent arrived and was seen."""
        return self.error is None and self.read_back != "failed" and not any(self.tally.having(*_FAILED))

    @property
    def out_of_time(self) -> bool:
        """Tell whether a time budget ended before everything was attempted."""
        return self._failed(DEADLINE)

    @property
    def in_doubt(self) -> bool:
        """Tell whether anything failed that CXone never refused: it may not pass for a known refusal."""
        return self._failed(NOT_STORED) or any(self.tally.having(Outcome.UNKNOWN))

    def _failed(self, code: str) -> bool:
        failed = (self.tally.results[key].failure for key in self.tally.having(*_FAILED))
        return any(failure is not None and failure.code == code for failure in failed)

    @property
    def not_live(self) -> frozenset[Key]:
        """Name what should be live and is not.

        A held number that a read which did not add up lacks may well be there: it stays held.
        """
        creates = (c for c in self.final.changes if c.action is Action.CREATE)
        gone = (c for c in creates if self.final.complete or c.reason is not Reason.RESTORED)
        return frozenset(key for c in gone for key in c.keys)

    @property
    def kept(self) -> Mapping[Key, Kept]:
        """Name what stays live although the files no longer say so: the whole set, for the next held."""
        kept = dict(self.final.wanted.kept)
        for key, claim in self.plan.wanted.registry.items():
            # What the run wrote over a registry's entry no longer shows in the read-back.
            if key not in kept or not any(claim.covered_by(one) for one in kept[key].claims):
                kept[key] = _joined(kept.get(key), (claim,), (BlockedBy.NO_RELEASE,))
        unsupported = self.unsupported
        for change in self.final.changes:
            permitted = change.exposing and change.reason is not Reason.VANISHED
            for key in change.keys if permitted else ():
                grant = self.final.wanted.granted.get(key)
                if grant is not None and not self._gone(change.action, key):
                    why = (BlockedBy.UNSUPPORTED,) if key in unsupported else change.blocked_by
                    kept[key] = _joined(kept.get(key), grant.claims, why)
        return self._with_held_back(kept)

    def _with_held_back(self, kept: dict[Key, Kept]) -> Mapping[Key, Kept]:
        """Keep the claims that would go without a change in CXone, where nothing may end in this run."""
        for key, grant in self.final.wanted.granted.items():
            why = self.final.met.holds_back(key[1])
            if why is not None and not set(grant.claims) <= set(kept[key].claims if key in kept else ()):
                kept[key] = _joined(kept.get(key), grant.claims, (why,))
        return kept

    @property
    def used(self) -> Mapping[Key, tuple[Release, ...]]:
        """Name the releases that let a claim go: they are used, once and for all.

        The number came off or was weakened, or another claim keeps it, or it was off already, or somebody
        else's entry stays. What was not sent, was refused or is unknown has used nothing.
        """
        waiting = {
            (change.list_id, phone)
            for change in self.final.changes
            if change.exposing and change.reason is not Reason.VANISHED
            for phone in change.phones
            if not self._gone(change.action, (change.list_id, phone))
        }
        granted = self.final.wanted.granted.items()
        used = {
            key: grant.releases
            for key, grant in granted
            if grant.releases and key not in waiting and self.final.met.holds_back(key[1]) is None
        }
        for key, releases in self.final.wanted.ended.items():
            used[key] = (*used.get(key, ()), *releases)
        return used

    @property
    def unsupported(self) -> frozenset[Key]:
        """Name what had permission to come off, and what this tenant turned out to be unable to remove."""
        return frozenset(
            key[1:]
            for key in self.tally.having(*_FAILED)
            if (failure := self.tally.results[key].failure) is not None and failure.code == UNSUPPORTED
        )

    @property
    def wrote(self) -> frozenset[Key]:
        """Name the numbers whose touch in this run's write window is ours, for the reports to come.

        Not those where we wrote over somebody else's touch: our time on it would hide their opt-out.
        """
        stored = self.tally.having(Outcome.APPLIED, Outcome.UNKNOWN)
        return frozenset(key[1:] for key in stored if key[0] in _WRITES) - self.plan.overwrites

    def _gone(self, action: Action, key: Key) -> bool:
        result = self.tally.results.get((action, *key))
        return result is not None and result.outcome is Outcome.APPLIED


@dataclass(frozen=True, slots=True)
class _Wrote:
    """The numbers that a run wrote, each looked up when it is asked for: few of a million ever are."""

    tally: Tally
    plan: Plan

    def __contains__(self, key: object) -> bool:
        theirs = key in self.plan.overwrites or key in self.tally.doubted
        return not theirs and any(self._stored(action, key) for action in _WRITES)

    def _stored(self, action: Action, key: Any) -> bool:  # noqa: ANN401  (`in` takes anything)
        result = self.tally.results.of(action, key[0]).get(key[1])
        return result is not None and result.outcome in {Outcome.APPLIED, Outcome.UNKNOWN}


def _joined(kept: Kept | None, claims: tuple[HeldClaim, ...], why: tuple[BlockedBy, ...]) -> Kept:
    return Kept((*kept.claims, *claims), kept.blocked_by) if kept else Kept(claims, why)


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
) -> Run:
    """Carry the plan out. `may_expose` is asked right before the first exposing write."""
    tally = applier.tally
    protective = plan.going(Direction.PROTECTIVE)
    applier.upsert(protective)
    # Past the end of the time nothing exposing goes, so nothing depends on a long read.
    waiting = bool(plan.exposing) and not applier.out_of_time()
    look = _Look(provider, list_ids, full=always_read_back or waiting)
    after, how, error = look.back(protective, live, applier)
    refused, hold_back = _lessons(tally, how)
    refused |= {phone for change in plan.over_ceiling for phone in change.phones}
    wrote = _Wrote(tally, plan)
    final = decide(after, refused=refused, hold_back=hold_back, wrote=wrote)
    if final.exposing:
        # What the plan kept, a limit that was not met among it, does not go unannounced in the same run.
        hold_back = may_expose() if plan.exposing else BlockedBy.SUPERSEDED
        if hold_back is not None:
            final = decide(after, refused=refused, hold_back=hold_back, wrote=wrote)
    missing = sum(len(c.phones) for c in final.changes if c.action is Action.CREATE)
    exposing = final.going(Direction.EXPOSING)
    if exposing:
        applier.upsert(c for c in exposing if c.action is Action.UPDATE)
        applier.remove(exposing, after)
    for key in plan.exposing - tally.results.keys():
        tally.settle(key, Outcome.NOT_ATTEMPTED)
    # Last: what exceeds the ceiling must not hold back what would free a place below it.
    for change in plan.over_ceiling:
        for phone in change.phones:
            tally.settle((change.action, change.list_id, phone), Outcome.NOT_ATTEMPTED, NO_ROOM)
    after = patched(after, exposing, tally, provider.dialect)
    return Run(tally, plan, final, live, after, how, missing, error or tally.error)


@dataclass(frozen=True, slots=True)
class _Look:
    provider: Provider
    list_ids: frozenset[str]
    full: bool

    def back(
        self, protective: tuple[Change, ...], live: Live, applier: Applier
    ) -> tuple[Live, str, DncError | None]:
        """Read live back and let it decide; where that is too long and nothing depends on it, the totals."""
        tally = applier.tally
        if not tally.written and not self.full:
            return live, "none", None
        expected = patched(live, protective, tally, self.provider.dialect)
        try:
            if self._totals_will_do(expected, tally) and self.provider.total() == expected.entries:
                return expected, "totals", None
            after = self.provider.read(self.list_ids)
        except DncError as error:
            return expected, "failed", error
        applier.verify(protective, after)
        return after, "full", None

    def _totals_will_do(self, expected: Live, tally: Tally) -> bool:
        pages = math.ceil(expected.entries / self.provider.dialect.shape.page_size)
        return pages > FULL_READ_BACK_PAGES and not self.full and not any(tally.having(Outcome.UNKNOWN))


def _lessons(tally: Tally, how: str) -> tuple[frozenset[str], BlockedBy | None]:
    """Say what the protective phase means for the exposing one.

    A refusal holds back its phone on every list; what is unknown or was not attempted holds back all.
    """
    refused = frozenset(phone for _, _, phone in tally.having(Outcome.REJECTED))
    if any(tally.having(Outcome.UNKNOWN, Outcome.NOT_ATTEMPTED)) or tally.error is not None:
        return refused, BlockedBy.REFUSED_ELSEWHERE
    return refused, BlockedBy.INCOMPLETE_READ if how == "failed" else None


def patched(live: Live, changes: Iterable[Change], tally: Tally, dialect: Dialect) -> Live:
    """Say what live is after these changes, as far as they were applied."""
    books: dict[str, Book] = {}
    entries = live.entries
    for change in changes:
        results = tally.results.of(change.action, change.list_id)
        applied = [p for p in change.phones if (r := results.get(p)) and r.outcome is Outcome.APPLIED]
        if not applied:
            continue
        if change.list_id not in books:
            books[change.list_id] = _copy(live.lists.get(change.list_id, {}))
        book = books[change.list_id]
        before = len(book)
        if change.after is not None:
            _put(book, applied, dialect.carried(change.after))
        else:
            for phone in filter(book.__contains__, applied):
                del book[phone]
        entries += len(book) - before
    return replace(live, lists={**live.lists, **books}, entries=entries) if books else live


def _copy(entries: Mapping[str, LiveEntry]) -> Book:
    return entries.copy() if isinstance(entries, Book) else Book(entries)


def _put(book: Book, phones: Sequence[str], terms: Carried) -> None:
    """Put numbers in as they were sent: without an id, for nobody has read them back."""
    sent = LiveEntry(terms, "", None)
    for phone in filter(book.__contains__, phones):
        book[phone] = sent
    new = list(filterfalse(book.__contains__, phones))
    book.extend(new, [terms] * len(new), [""] * len(new), [None] * len(new))


UNREAD = Live(complete=False, unread=True)
"""What stands for live where it could not be read; a plan is made on it, and then cut down by `narrowed`."""


def narrowed(plan: Plan) -> Plan:
    """Cut a plan that was made on `UNREAD` down to what may be done without a reading.

    Everything held that has permission to come off or to weaken stays held, for want of sight: the next
    report must not forget it. An opt-out may stand where a number is created, and would be written over: so
    what such a run writes counts as touched by somebody else, and no release from before lets it off.
    """
    changes = tuple(c for c in plan.changes if not c.goes or _surely_missing(c))
    kept = dict(plan.wanted.kept)
    for key, grant in plan.wanted.granted.items():
        before = kept.get(key)
        claims = (*before.claims, *grant.claims) if before else grant.claims
        kept[key] = Kept(claims, before.blocked_by if before else (BlockedBy.INCOMPLETE_READ,))
    written = frozenset(key for c in changes if c.goes for key in c.keys)
    wanted = replace(plan.wanted, kept=kept, granted={})
    return replace(plan, changes=changes, drift=(), wanted=wanted, complete=False, overwrites=written)


def _surely_missing(change: Change) -> bool:
    return change.action is Action.CREATE and change.reason is not Reason.RESTORED


def carry_out_blind(plan: Plan, applier: Applier, *, dialect: Dialect, decide: Decide, error: Unread) -> Run:
    """Send what a plan made on `UNREAD` may send. `error` is why there is no reading; it ends up in the run.

    The run is never `clean`: what was sent has not been seen. What arrived by CXone's own word is held from
    now on; the rest is `not_live`, and sent again by the next run.
    """
    tally = applier.tally
    plan = narrowed(plan)
    protective = plan.going(Direction.PROTECTIVE)
    applier.upsert(protective)
    after = patched(UNREAD, protective, tally, dialect)
    refused = frozenset(phone for _, _, phone in tally.having(Outcome.REJECTED))
    again = decide(after, refused=refused, hold_back=BlockedBy.INCOMPLETE_READ, wrote=frozenset())
    final = narrowed(again)
    missing = sum(len(c.phones) for c in final.going(Direction.PROTECTIVE))
    return Run(tally, plan, final, UNREAD, after, "failed", missing, error)
