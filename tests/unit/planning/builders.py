"""Small builders, so that a test reads as the sentence that it checks."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from reconciler.core.model.deadline import DeadlineSource, NoDeadlines
from reconciler.core.model.entries import (
    DeclaredEntries,
    FileEntries,
    Hold,
    Key,
    Policy,
    ProjectedTerms,
    ReasonCode,
    Release,
    ReleaseReason,
    Terms,
)
from reconciler.core.model.live import Live, LiveEntry
from reconciler.core.planning.change import Action, BlockedBy, Change
from reconciler.core.planning.guards import Circumstances
from reconciler.core.planning.inputs import Limits, PlanFacts
from reconciler.core.planning.plan import Plan, make_plan
from reconciler.core.planning.ports import ForeignEntry
from reconciler.core.planning.state import AppliedEntry, LastApplied, Retained
from reconciler.cxone.entries.dialect import EntriesDialect

A, B = "dnc-a", "dnc-b"
ONE, TWO, THREE = "+12125550101", "+12125550102", "+12125550103"
KEY = (A, ONE)
OFF = [(Action.DELETE, A, (ONE,))]
DIALECT = EntriesDialect()
TODAY = date(2026, 11, 23)
NOW = datetime(2026, 11, 23, 18, tzinfo=UTC)
SINCE = datetime(2026, 11, 1, 12, tzinfo=UTC)  # when everything held was first held, and written by us
YESTERDAY = TODAY - timedelta(days=1)
CR = ReasonCode.CUSTOMER_REQUESTED


def never(reason: ReasonCode = CR, source: str = "dnc") -> Terms:
    return Terms(reason, Policy.NEVER, source=source)


def until(end: date, reason: ReasonCode = CR) -> Terms:
    return Terms(reason, Policy.ABSOLUTE, end)


def day(offset: int) -> date:
    return TODAY + timedelta(days=offset)


def numbers(count: int) -> list[str]:
    return [f"+1212555{n:04d}" for n in range(100, 100 + count)]


def claims(
    *lines: tuple[str, str, str, Terms], releases: Iterable[Release] = (), holds: Iterable[Hold] = ()
) -> DeclaredEntries:
    """Make claims of (path, listId, phone, terms)."""
    files: dict[tuple[str, str], dict[str, Terms]] = {}
    for path, list_id, phone, terms in lines:
        files.setdefault((path, list_id), {})[phone] = terms
    by_key: dict[Key, tuple[Release, ...]] = {}
    for r in releases:
        by_key[r.list_id, r.phone] = (*by_key.get((r.list_id, r.phone), ()), r)
    named = {list_id for _, list_id in files} | {list_id for list_id, _ in by_key}
    made = tuple(FileEntries(p, i, n, frozenset(n.values())) for (p, i), n in files.items())
    return DeclaredEntries(made, by_key, frozenset(named), tuple(holds))


def release(
    phone: str = ONE,
    reason: ReleaseReason = ReleaseReason.CONSENT_GIVEN,
    *,
    on: date = TODAY,
    list_id: str = A,
    to: str | None = None,
    evidence: str = "FORM-1",
) -> Release:
    return Release(list_id, phone, on, reason, evidence, to)


def held(
    now: DeclaredEntries,
    *,
    not_live: Iterable[Key] = (),
    kept: dict[Key, Retained] | None = None,
    as_of: date = YESTERDAY,
) -> LastApplied:
    standing = now.active_on(as_of)
    return LastApplied(standing.files, now.releases, frozenset(not_live), kept or {}, "r1")


def kept(*terms: Terms, why: BlockedBy = BlockedBy.NO_RELEASE, path: str = "a.yaml") -> Retained:
    return Retained(tuple(AppliedEntry(path, t) for t in terms), (why,))


def entry(
    terms: Terms | ProjectedTerms, modified: datetime | str | None = SINCE, entry_id: str = "1"
) -> LiveEntry:
    carried = DIALECT.project(terms) if isinstance(terms, Terms) else terms
    return LiveEntry(carried, entry_id, modified.isoformat() if isinstance(modified, datetime) else modified)


def live(entries: dict[Key, LiveEntry] | None = None, *, unseen: Iterable[Key] = ()) -> Live:
    lists: dict[str, dict[str, LiveEntry]] = {}
    for (list_id, phone), found in (entries or {}).items():
        lists.setdefault(list_id, {})[phone] = found
    gone = frozenset(unseen)
    return Live(lists, not gone, gone, entry_count=len(entries or {}))


@dataclass(frozen=True)
class Ledger:
    """History as a fact: one write window of ours, and since when everything has been held."""

    written: tuple[datetime, datetime] = (SINCE - timedelta(minutes=1), SINCE + timedelta(minutes=1))
    since: datetime | None = SINCE
    spent: tuple[Release, ...] = ()
    asked: date | None = None
    was_off: bool = False
    others_there: ForeignEntry | None = None
    vouches: bool = True
    accounts: bool | None = None
    claimed: datetime | None = None  # since when by claims as strong; None: as long as it is held

    def is_ours(self, key: Key, touched: datetime) -> bool:
        return self.written[0] <= touched <= self.written[1]

    def applied_since(self, key: Key, claim: AppliedEntry) -> datetime | None:
        return self.since

    def covered_since(self, key: Key, claim: AppliedEntry) -> datetime | None:
        return self.claimed or self.since

    def is_accounted_for(self, key: Key) -> bool:
        return self.vouches if self.accounts is None else self.accounts

    def is_used(self, release: Release) -> bool:
        return release in self.spent

    def latest_request(self, key: Key, since: date, *, registry: bool) -> date | None:
        return self.asked

    def was_removed(self, key: Key) -> bool:
        return self.was_off

    def foreign_entry(self, key: Key) -> ForeignEntry | None:
        return self.others_there

    def is_confirmed_by_git(self, key: Key, claim: AppliedEntry) -> bool:
        return self.vouches


@dataclass
class Case:
    """One number, or a few, at one moment; `plan` says what would be done."""

    desired: DeclaredEntries = field(default_factory=DeclaredEntries)
    held: LastApplied = field(default_factory=LastApplied)
    live: Live = field(default_factory=Live)
    limits: Limits = field(default_factory=lambda: Limits(removable=True))
    ledger: Ledger = field(default_factory=Ledger)
    met: Circumstances = field(default_factory=Circumstances)
    as_of: date = TODAY
    honour: DeadlineSource = field(default_factory=NoDeadlines)
    lingering: tuple[Hold, ...] = ()

    def plan(self) -> Plan:
        setting = PlanFacts(
            self.desired,
            self.held,
            DIALECT,
            self.ledger,
            self.as_of,
            self.limits,
            deadlines=self.honour,
            lingering_holds=self.lingering,
        )
        return make_plan(setting, self.live, self.met)

    def only(self) -> Change:
        (change,) = self.plan().changes
        return change


def told(plan: Plan) -> list[tuple[Action, str, tuple[str, ...]]]:
    """Say what would be done: action, list, phones."""
    return [(c.action, c.list_id, c.phones) for c in plan.changes if c.is_allowed]


def drifts(plan: Plan) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(d.kind.value, d.list_id, d.phones) for d in plan.drift]


def gone(
    terms: Terms | None = None,
    *,
    modified: datetime | str | None = SINCE,
    releases: tuple[Release, ...] | None = None,
) -> Case:
    """Make the case of a line that vanished, with a release."""
    terms = terms or never()
    before = held(claims(("a.yaml", A, ONE, terms)))
    now = claims(releases=(release(),) if releases is None else releases)
    return Case(now, before, live({KEY: entry(terms, modified)}))


def blocked(plan: Plan) -> list[tuple[BlockedBy, ...]]:
    assert told(plan) == []
    return [c.blocked_by for c in plan.changes]


def lapsing(
    end: int, reason: ReasonCode = CR, *, ledger: Ledger | None = None, now: Terms | None = None
) -> Case:
    terms = until(day(end), reason)
    line = ("a.yaml", A, ONE, terms)
    desired = claims(("a.yaml", A, ONE, now)) if now else claims(line)
    return Case(
        desired, held(claims(line), as_of=day(-9)), live({KEY: entry(terms)}), ledger=ledger or Ledger()
    )
