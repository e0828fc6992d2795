"""`dnc site`: pages for auditors and the board, from lists and reports. Counts only, no number."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from reconciler import __version__
from reconciler.audit.chain import Chain
from reconciler.audit.ledger import Ledger
from reconciler.audit.report import Report, StoredReport
from reconciler.audit.report_rows import BLOCKED, BY_HAND, NOT_REMOVED, FailureRow, NumberRow
from reconciler.audit.verification import Verification
from reconciler.config.configuration import Tenant
from reconciler.core.model.entries import REGISTRY_REASONS, DeclaredEntries, Hold, Terms, strongest_terms
from reconciler.core.model.errors import BrokenChain, DncError, RepositoryProblem
from reconciler.core.model.finding import Finding, Severity
from reconciler.core.model.provider import Target
from reconciler.core.planning.coverage import Coverage, coverage_from_json
from reconciler.git.repository import Repository
from reconciler.use_cases.history.record_verdict import ChainCopies, chain_copies, problems_of
from reconciler.use_cases.history.run_summary import RunFigures
from reconciler.use_cases.history.verify import verify_chains
from reconciler.use_cases.workspace.context import CommandContext, Today
from reconciler.use_cases.workspace.opening import open_record
from reconciler.use_cases.workspace.project import Project

HORIZON = timedelta(days=90)


@dataclass(frozen=True, slots=True, order=True)
class Lapse:
    """Numbers of one list whose last day is `last_day`; `on_hold` of them are named by a hold, and stay."""

    last_day: date
    list_id: str
    reason: str
    numbers: int
    on_hold: int


@dataclass(frozen=True, slots=True)
class DeclaredCounts:
    """What the files claim for one list today: numbers by reason code, and how many of them have an end."""

    list_id: str
    reasons: tuple[tuple[str, int], ...]
    with_end: int

    @property
    def numbers(self) -> int:
        """Count the numbers."""
        return sum(count for _, count in self.reasons)


def count_declared(
    declared_entries: DeclaredEntries, as_of: date
) -> tuple[tuple[DeclaredCounts, ...], tuple[Lapse, ...]]:
    """Count what stands, and what of it is over within 90 days. `as_of` is the date at UTC-12.

    A number that several files claim has the strongest of their terms: it stays until all are over.
    """
    active = declared_entries.active_on(as_of)
    lists = strongest_terms(active.files)
    declared = []
    lapsing: list[Lapse] = []
    for list_id in sorted(declared_entries.list_ids):
        numbers = lists.get(list_id, {})
        # By identity: see ADR 19.
        counts = Counter(map(id, numbers.values()))
        distinct_terms = {id(terms): terms for terms in numbers.values()}
        declared.append(_declared_counts(list_id, distinct_terms, counts))
        lapsing_terms = {
            key: terms for key, terms in distinct_terms.items() if _lapses(terms, as_of + HORIZON)
        }
        on_hold = _count_on_hold(list_id, numbers, lapsing_terms, active.holds)
        lapsing += _join_lapses(list_id, lapsing_terms, counts, on_hold)
    return tuple(declared), tuple(sorted(lapsing))


def _lapses(terms: Terms, until: date) -> bool:
    """Tell whether the last day has come by then; a registry's never does."""
    return terms.end is not None and terms.end <= until and terms.reason_code not in REGISTRY_REASONS


def _declared_counts(
    list_id: str, distinct_terms: Mapping[int, Terms], counts: Counter[int]
) -> DeclaredCounts:
    reasons: Counter[str] = Counter()
    for key, terms in distinct_terms.items():
        reasons[terms.reason_code.value] += counts[key]
    with_end = sum(counts[key] for key, terms in distinct_terms.items() if terms.end is not None)
    return DeclaredCounts(list_id, tuple(sorted(reasons.items())), with_end)


def _count_on_hold(
    list_id: str, numbers: Mapping[str, Terms], lapsing_terms: Mapping[int, Terms], holds: Iterable[Hold]
) -> Counter[int]:
    """Count by terms the numbers that some hold names."""
    holds = tuple(holds)
    if not holds or not lapsing_terms:
        return Counter()
    return Counter(
        id(terms)
        for phone, terms in numbers.items()
        if id(terms) in lapsing_terms and any(hold.covers((list_id, phone)) for hold in holds)
    )


def _join_lapses(
    list_id: str, lapsing_terms: Mapping[int, Terms], counts: Counter[int], on_hold: Counter[int]
) -> Iterator[Lapse]:
    """Join terms that differ in nothing but what they are told apart by elsewhere."""
    numbers: Counter[tuple[date, str]] = Counter()
    retained_counts: Counter[tuple[date, str]] = Counter()
    for key, terms in lapsing_terms.items():
        if terms.end is not None:
            numbers[terms.end, terms.reason_code.value] += counts[key]
            retained_counts[terms.end, terms.reason_code.value] += on_hold[key]
    for (end, reason), count in numbers.items():
        yield Lapse(end, list_id, reason, count, retained_counts[end, reason])


@dataclass(frozen=True, slots=True)
class FileCounts:
    """What the files claim today, and what lapses soon. `errors` keep entries from being counted."""

    declared: tuple[DeclaredCounts, ...] = ()
    lapses: tuple[Lapse, ...] = ()
    errors: int = 0


@dataclass(frozen=True, slots=True)
class RemainingNumbers:
    """Numbers of one list that the newest run left in a state, and why.

    `cause` is a code, a sentence, or what keeps a number, apart by spaces.
    """

    list_id: str
    cause: str
    numbers: int


@dataclass(frozen=True, slots=True)
class TenantRecord:
    """One tenant: its runs, oldest first, what the newest left, and its files.

    `target` is the CXone of the newest report. `retained` is what guards keep, `by_hand` what people are to
    remove, `not_removed` what was authorized to be removed and was not. `drift` is None where no run's plan
    tells of it. `problems` are what is wrong with this tenant's chain.
    """

    tenant: str
    removal: str
    target: Target | None
    runs: tuple[RunFigures, ...]
    retained: tuple[RemainingNumbers, ...]
    failures: tuple[RemainingNumbers, ...]
    not_live: tuple[RemainingNumbers, ...]
    drift: tuple[RemainingNumbers, ...] | None
    alarms: tuple[str, ...]
    files: FileCounts
    problems: tuple[Finding, ...]
    by_hand: tuple[RemainingNumbers, ...] = ()
    not_removed: tuple[RemainingNumbers, ...] = ()
    coverage: Coverage | None = None

    @property
    def newest(self) -> RunFigures | None:
        """The run that history added last."""
        return self.runs[-1] if self.runs else None

    @property
    def newest_verified(self) -> RunFigures | None:
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
    records: tuple[TenantRecord, ...]

    @property
    def is_broken(self) -> bool:
        """Tell whether a chain is not what it was."""
        return bool(self.verification.problems)

    def copies(self, tenant: str) -> ChainCopies:
        """Give a tenant's chain as it was verified here and at the remote."""
        return chain_copies(self.verification, self.branch, tenant)


def site(ctx: CommandContext) -> Site:
    """Gather the pages of the tenant that is named, or of all; a built-in CXone without reports is nobody's.

    A broken chain is told, not raised: what can still be read stands on the pages. Raises RepositoryProblem
    where there is no repository, or the remote does not answer.
    """
    now = ctx.clock()
    repository, project, ledger = open_record(ctx)
    every = project.configuration.tenants.values()
    tenants = [project.tenant(ctx.options.tenant)] if ctx.options.tenant else list(every)
    verification = verify_chains(ctx).verification
    books = _report_source(ledger, repository, project, verification)
    today = Today.at(now)
    records = (_tenant_record(tenant, books, project, verification, today) for tenant in tenants)
    is_named = ctx.options.tenant is not None
    return Site(
        made_at=now,
        tool_version=__version__,
        branch=ledger.branch,
        revision=repository.head(),
        verification=verification,
        records=tuple(
            record
            for record, tenant_settings in zip(records, tenants, strict=True)
            if record.runs or is_named or not tenant_settings.embedded
        ),
    )


def _report_source(
    ledger: Ledger, repository: Repository, project: Project, verification: Verification
) -> Ledger | Chain:
    """Give what reports are read from: the ledger, or one branch as it is where no ledger comes of it."""
    try:
        ledger.refresh()
    except (BrokenChain, RepositoryProblem):
        if not verification.problems:
            raise
        audit = project.configuration.audit
        remote_tip = repository.tracking_tip(audit.branch) if repository.remote() else None
        return Chain(repository, remote_tip or repository.branch_tip(audit.branch), audit.path.strip("/"))
    return ledger


def _tenant_record(
    tenant: Tenant, report_source: Ledger | Chain, project: Project, verification: Verification, today: Today
) -> TenantRecord:
    newest: StoredReport | None = None
    report_with_plan: StoredReport | None = (
        None  # the newest that has a plan of its own: a run that failed has none
    )
    runs: list[RunFigures] = []
    for stored_report in _readable_reports(report_source, tenant.name):
        newest = newest or stored_report
        report_with_plan = (
            stored_report
            if report_with_plan is None and not stored_report.report.is_repeat
            else report_with_plan
        )
        runs.append(RunFigures.of(stored_report))
    report = newest.report if newest else None
    return TenantRecord(
        tenant=tenant.name,
        removal=tenant.removal,
        target=report.target if report else None,
        runs=tuple(reversed(runs)),
        retained=_retained(report, BLOCKED),
        by_hand=_retained(report, BY_HAND),
        not_removed=_retained(report, NOT_REMOVED),
        failures=_failures(report.failures if report else ()),
        not_live=_sum_remaining((row, "") for row in (report.not_live if report else ())),
        coverage=coverage_from_json(report.fields) if report else None,
        drift=_drift(report_source, report_with_plan),
        alarms=tuple(finding["message"] for finding in (report.alarms if report else ())),
        files=_file_counts(tenant, project, today),
        problems=problems_of(
            tenant.name,
            verification.problems,
            project.configuration.audit.path,
            project.configuration.tenants,
        ),
    )


def _readable_reports(report_source: Ledger | Chain, tenant: str) -> Iterator[StoredReport]:
    """Walk a chain, newest first, as far as it holds: `verify` says where it does not."""
    try:
        yield from report_source.reports(tenant)
    except BrokenChain:
        return


def _sum_remaining(rows: Iterable[tuple[NumberRow, str]]) -> tuple[RemainingNumbers, ...]:
    counts: Counter[tuple[str, str]] = Counter()
    for row, cause in rows:
        counts[row.list_id, cause] += len(row.phones)
    return tuple(RemainingNumbers(*key, count) for key, count in sorted(counts.items()))


def _retained(report: Report | None, kind: str) -> tuple[RemainingNumbers, ...]:
    """Count by list what stays, by all that keeps it: each number once."""
    retained = report.retained_of_kind(kind) if report else {}
    counts = Counter((list_id, " ".join(blocked_by)) for (list_id, _), blocked_by in retained.items())
    return tuple(RemainingNumbers(*key, count) for key, count in sorted(counts.items()))


def _failures(rows: Iterable[FailureRow]) -> tuple[RemainingNumbers, ...]:
    counts = Counter((row.key[0], row.code or row.outcome) for row in rows)
    return tuple(RemainingNumbers(*key, count) for key, count in sorted(counts.items()))


def _drift(
    report_source: Ledger | Chain, stored_report: StoredReport | None
) -> tuple[RemainingNumbers, ...] | None:
    """Count what others changed in CXone, as a run's plan saw it; None where there is none to go by."""
    if stored_report is None:
        return None
    try:
        plan = report_source.plan(stored_report)
    except (DncError, ValueError):
        return None  # it is not the plan that the report names, and `verify` says so
    return _sum_remaining((NumberRow(row), row["kind"]) for row in plan.get("drift", ()))


def _file_counts(tenant: Tenant, project: Project, today: Today) -> FileCounts:
    lists = project.read_lists(project.sources(tenant), today)
    declared, lapsing = count_declared(lists.declared_entries, today.as_of)
    errors = sum(finding.severity is Severity.ERROR for finding in lists.findings)
    return FileCounts(declared, lapsing, errors)
