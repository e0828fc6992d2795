"""`dnc site`: pages for auditors and the board, from lists and reports. Counts only, no number."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from reconciler import __version__
from reconciler.audit.chain import Chain
from reconciler.audit.ledger import Ledger
from reconciler.audit.report import StoredReport
from reconciler.audit.report_rows import Failure, NumberRow
from reconciler.audit.verification import Verification
from reconciler.config.configuration import Tenant
from reconciler.core.model.entries import REGISTRY_REASONS, Claims, Hold, Terms, strongest_terms
from reconciler.core.model.errors import BrokenChain, DncError, RepositoryProblem
from reconciler.core.model.finding import Finding, Severity
from reconciler.core.model.provider import Target
from reconciler.git.repository import Repository
from reconciler.use_cases.history.run_summary import RunFigures
from reconciler.use_cases.history.verify import prove
from reconciler.use_cases.workspace.context import CommandContext, Today
from reconciler.use_cases.workspace.opening import open_record
from reconciler.use_cases.workspace.project import Project

HORIZON = timedelta(days=90)


@dataclass(frozen=True, slots=True, order=True)
class Lapse:
    """Numbers of one list whose last day is `last_day`; `held` of them are named by a hold, and stay."""

    last_day: date
    list_id: str
    reason: str
    numbers: int
    held: int


@dataclass(frozen=True, slots=True)
class Claimed:
    """What the files claim for one list today: numbers by reason code, and how many of them have an end."""

    list_id: str
    reasons: tuple[tuple[str, int], ...]
    dated: int

    @property
    def numbers(self) -> int:
        """Count the numbers."""
        return sum(count for _, count in self.reasons)


def claimed_and_lapsing(claims: Claims, as_of: date) -> tuple[tuple[Claimed, ...], tuple[Lapse, ...]]:
    """Count what stands, and what of it is over within 90 days. `as_of` is the date at UTC-12.

    A number that several files claim has the strongest of their terms: it stays until all are over.
    """
    standing = claims.standing(as_of)
    lists = strongest_terms(standing.files)
    claimed = []
    lapsing: list[Lapse] = []
    for list_id in sorted(claims.list_ids):
        numbers = lists.get(list_id, {})
        # By identity: see ADR 19.
        counts = Counter(map(id, numbers.values()))
        distinct = {id(terms): terms for terms in numbers.values()}
        claimed.append(_claimed(list_id, distinct, counts))
        soon = {key: terms for key, terms in distinct.items() if _lapses(terms, as_of + HORIZON)}
        held = _held(list_id, numbers, soon, standing.holds)
        lapsing += _joined(list_id, soon, counts, held)
    return tuple(claimed), tuple(sorted(lapsing))


def _lapses(terms: Terms, until: date) -> bool:
    """Tell whether the last day has come by then; a registry's never does."""
    return terms.end is not None and terms.end <= until and terms.reason_code not in REGISTRY_REASONS


def _claimed(list_id: str, distinct: Mapping[int, Terms], counts: Counter[int]) -> Claimed:
    reasons: Counter[str] = Counter()
    for key, terms in distinct.items():
        reasons[terms.reason_code.value] += counts[key]
    dated = sum(counts[key] for key, terms in distinct.items() if terms.end is not None)
    return Claimed(list_id, tuple(sorted(reasons.items())), dated)


def _held(
    list_id: str, numbers: Mapping[str, Terms], soon: Mapping[int, Terms], holds: Iterable[Hold]
) -> Counter[int]:
    """Count by terms the numbers that some hold names."""
    holds = tuple(holds)
    if not holds or not soon:
        return Counter()
    return Counter(
        id(terms)
        for phone, terms in numbers.items()
        if id(terms) in soon and any(hold.names((list_id, phone)) for hold in holds)
    )


def _joined(
    list_id: str, soon: Mapping[int, Terms], counts: Counter[int], held: Counter[int]
) -> Iterator[Lapse]:
    """Join terms that differ in nothing but what they are told apart by elsewhere."""
    numbers: Counter[tuple[date, str]] = Counter()
    kept: Counter[tuple[date, str]] = Counter()
    for key, terms in soon.items():
        if terms.end is not None:
            numbers[terms.end, terms.reason_code.value] += counts[key]
            kept[terms.end, terms.reason_code.value] += held[key]
    for (end, reason), count in numbers.items():
        yield Lapse(end, list_id, reason, count, kept[end, reason])


@dataclass(frozen=True, slots=True)
class Files:
    """What the files claim today, and what lapses soon. `errors` keep entries from being counted."""

    claimed: tuple[Claimed, ...] = ()
    lapsing: tuple[Lapse, ...] = ()
    errors: int = 0


@dataclass(frozen=True, slots=True)
class Remaining:
    """Numbers of one list that the newest run left in a state, and why: `cause` is a code or a sentence."""

    list_id: str
    cause: str
    numbers: int


@dataclass(frozen=True, slots=True)
class Record:
    """One tenant: its runs, oldest first, what the newest left, and its files.

    `target` is the CXone of the newest report. `problems` are what is wrong with this tenant's chain.
    """

    tenant: str
    removal: str
    target: Target | None
    runs: tuple[RunFigures, ...]
    kept: tuple[Remaining, ...]
    failures: tuple[Remaining, ...]
    not_live: tuple[Remaining, ...]
    drift: tuple[Remaining, ...]
    alarms: tuple[str, ...]
    files: Files
    problems: tuple[Finding, ...]

    @property
    def newest(self) -> RunFigures | None:
        """The run that history added last."""
        return self.runs[-1] if self.runs else None

    @property
    def verified(self) -> RunFigures | None:
        """The newest run that saw CXone as it left it."""
        return next((run for run in reversed(self.runs) if run.report.is_verified), None)


@dataclass(frozen=True, slots=True)
class Site:
    """Everything that the pages say, at one moment."""

    made_at: datetime
    tool_version: str
    branch: str
    revision: str | None
    verification: Verification
    records: tuple[Record, ...]

    @property
    def broken(self) -> bool:
        """Tell whether a chain is not what it was."""
        return bool(self.verification.problems)


def site(ctx: CommandContext) -> Site:
    """Gather the pages of the tenant that is named, or of all; a built-in CXone without reports is nobody's.

    A broken chain is told, not raised: what can still be read stands on the pages. Raises RepositoryProblem
    where there is no repository, or the remote does not answer.
    """
    now = ctx.clock()
    repository, project, ledger = open_record(ctx)
    every = project.configuration.tenants.values()
    tenants = [project.tenant(ctx.options.tenant)] if ctx.options.tenant else list(every)
    verification = prove(ctx).found
    books = _books(ledger, repository, project, verification)
    today = Today.at(now)
    found = (_record(tenant, books, project, verification, today) for tenant in tenants)
    named = ctx.options.tenant is not None
    return Site(
        made_at=now,
        tool_version=__version__,
        branch=ledger.branch,
        revision=repository.head(),
        verification=verification,
        records=tuple(r for r, t in zip(found, tenants, strict=True) if r.runs or named or not t.embedded),
    )


def _books(
    ledger: Ledger, repository: Repository, project: Project, verification: Verification
) -> Ledger | Chain:
    """Give what reports are read from: the ledger, or one branch as it is where no ledger comes of it."""
    try:
        ledger.refresh()
    except (BrokenChain, RepositoryProblem):
        if not verification.problems:
            raise
        audit = project.configuration.audit
        there = repository.tracking_tip(audit.branch) if repository.remote() else None
        return Chain(repository, there or repository.branch_tip(audit.branch), audit.path.strip("/"))
    return ledger


def _record(
    tenant: Tenant, books: Ledger | Chain, project: Project, verification: Verification, today: Today
) -> Record:
    newest: StoredReport | None = None
    told: StoredReport | None = None  # the newest that has a plan of its own: a run that failed has none
    runs: list[RunFigures] = []
    for stored in _readable(books, tenant.name):
        newest = newest or stored
        told = stored if told is None and not stored.report.repeats else told
        runs.append(RunFigures.of(stored))
    report = newest.report if newest else None
    return Record(
        tenant=tenant.name,
        removal=tenant.removal,
        target=report.target if report else None,
        runs=tuple(reversed(runs)),
        kept=_summed((row, why) for row in (report.kept if report else ()) for why in row.blocked_by),
        failures=_failures(report.failures if report else ()),
        not_live=_summed((row, "") for row in (report.not_live if report else ())),
        drift=_drift(books, told),
        alarms=tuple(finding["message"] for finding in (report.alarms if report else ())),
        files=_files(tenant, project, today),
        problems=_problems(tenant.name, project, verification),
    )


def _readable(books: Ledger | Chain, tenant: str) -> Iterator[StoredReport]:
    """Walk a chain, newest first, as far as it holds: `verify` says where it does not."""
    try:
        yield from books.reports(tenant)
    except BrokenChain:
        return


def _summed(rows: Iterable[tuple[NumberRow, str]]) -> tuple[Remaining, ...]:
    counts: Counter[tuple[str, str]] = Counter()
    for row, cause in rows:
        counts[row.list_id, cause] += len(row.phones)
    return tuple(Remaining(*key, count) for key, count in sorted(counts.items()))


def _failures(rows: Iterable[Failure]) -> tuple[Remaining, ...]:
    counts = Counter((row.key[0], row.code or row.outcome) for row in rows)
    return tuple(Remaining(*key, count) for key, count in sorted(counts.items()))


def _drift(books: Ledger | Chain, told: StoredReport | None) -> tuple[Remaining, ...]:
    """Count what others changed in CXone, as a run's plan saw it."""
    if told is None:
        return ()
    try:
        plan = books.plan(told)
    except (DncError, ValueError):
        return ()  # it is not the plan that the report names, and `verify` says so
    return _summed((NumberRow(row), row["kind"]) for row in plan.get("drift", ()))


def _files(tenant: Tenant, project: Project, today: Today) -> Files:
    lists = project.read_lists(project.sources(tenant), today)
    claimed, lapsing = claimed_and_lapsing(lists.claims, today.as_of)
    errors = sum(finding.severity is Severity.ERROR for finding in lists.findings)
    return Files(claimed, lapsing, errors)


def _problems(tenant: str, project: Project, verification: Verification) -> tuple[Finding, ...]:
    """Give the problems that are this tenant's, or nobody's own."""
    folders = {name: f"{project.configuration.audit.path.strip('/')}/{name}/" for name in
               project.configuration.tenants}  # fmt: skip
    others = [folder for name, folder in folders.items() if name != tenant]
    return tuple(p for p in verification.problems if not any(folder in p.file for folder in others))
