"""The last applied state, from the ledger's reports read together with git's history."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from itertools import islice, takewhile

from reconciler.audit.ledger import Ledger
from reconciler.audit.report import Report, StoredReport
from reconciler.audit.unfinished import ReleaseRecord, UnreportedRun
from reconciler.config.configuration import Tenant, matches
from reconciler.core.model.entries import DeclaredEntries, Key
from reconciler.core.model.errors import RepositoryProblem
from reconciler.core.model.finding import Finding
from reconciler.core.model.live import Live
from reconciler.core.model.provider import Dialect, Target
from reconciler.core.planning.change import BlockedBy
from reconciler.core.planning.inputs import Limits, PlanFacts
from reconciler.core.planning.state import LastApplied, Retained
from reconciler.git.repository import Repository
from reconciler.lists.reader import LeftOut, Lists, Source, read_lists
from reconciler.use_cases.reconcile.invalid_files import (
    EarlierFiles,
    InvalidFile,
    invalid_files,
    invalid_files_of,
    places_by_path,
)
from reconciler.use_cases.reconcile.lingering_holds import lingering_holds
from reconciler.use_cases.reconcile.number_history import RecordedHistory
from reconciler.use_cases.reconcile.reported_numbers import RecordWalk
from reconciler.use_cases.reconcile.unreported_runs import (
    for_target,
    overwritten_registry_entries,
    releases_used_unreported,
    without_report,
)
from reconciler.use_cases.workspace.context import CommandContext, Today
from reconciler.use_cases.workspace.opening import open_ledger, open_repository, say_doubts
from reconciler.use_cases.workspace.project import Project, sources_in
from reconciler.use_cases.workspace.tenant_lists import TenantLists
from reconciler.use_cases.workspace.tree import GitTree

BUDGET_DAYS = timedelta(days=7)
REPORTS_BACK = 20  # looked at, for the one that saw a number live


@dataclass(frozen=True, slots=True)
class CurrentFiles:
    """What is read today: held files that are the same need not be read again."""

    project: Project
    tenant: Tenant
    sources: tuple[Source, ...]
    declared_entries: DeclaredEntries


@dataclass(frozen=True)
class Past:
    """One tenant's past, as far as its reports tell it. `target` is today's: another one holds nothing."""

    repository: Repository | None
    ledger: Ledger | None
    target: Target
    current_files: CurrentFiles
    journal_runs: tuple[UnreportedRun, ...] = ()  # what the journal of this clone tells of
    cxone_list_id: Callable[[str], str] = lambda _: ""  # the tenant's own id of a list, where it has one

    @cached_property
    def newest(self) -> StoredReport | None:
        """The report that the audit branch added last for this tenant."""
        return self.ledger.newest(self.current_files.tenant.name) if self.ledger else None

    @property
    def has_other_target(self) -> bool:
        """Tell whether the newest report is of another CXone."""
        return self.newest is not None and not self._is_same_target(self.newest)

    @property
    def counted(self) -> frozenset[Key]:
        """Name what the newest run wrote and only counted: it is new until a reading has seen it."""
        return self.newest_report.counted_keys if self.newest_report else frozenset()

    @property
    def newest_report(self) -> Report | None:
        """The newest report, where it is of this CXone."""
        return self.newest.report if self.newest and not self.has_other_target else None

    def _is_same_target(self, report: StoredReport) -> bool:
        return report.report.is_of_target(self.target)

    @cached_property
    def last_applied(self) -> LastApplied:
        """What is held: the claims that stood at the newest report's revision on its date, and so on."""
        if self.newest is None or self.has_other_target or self.repository is None:
            return LastApplied()
        report = self.newest.report
        declared_entries = self._declarations_at_report
        return LastApplied(
            files=tuple(file for file in declared_entries.files if file.list_id not in self.regrouped_lists),
            releases=declared_entries.releases,
            not_live=report.absent_keys,
            retained=self._retained_at_report,
            revision=report.revision,
            holds=declared_entries.holds,
        )

    @cached_property
    def regrouped_lists(self) -> frozenset[str]:
        """Name the lists that were another group of CXone at the newest report: nothing of them is held."""
        if self.newest is None or self.has_other_target:
            return frozenset()
        applied_lists = {file.list_id for file in self._declarations_at_report.files}
        applied_lists |= {list_id for list_id, _ in self.newest.report.retained_keys}
        return frozenset(list_id for list_id in applied_lists if not self._is_same_list(self.newest, list_id))

    @cached_property
    def _declarations_at_report(self) -> DeclaredEntries:
        """Give the claims that stood at the newest report's revision, on its date."""
        if self.newest is None:
            return DeclaredEntries()
        report = self.newest.report
        return self.declarations_at(report.revision, invalid_files_of(report)).active_on(report.as_of)

    @cached_property
    def earlier_files(self) -> EarlierFiles:
        """What broken files said when they were last applied as a whole."""
        return EarlierFiles(self._file_at, self.current_files.project.rules)

    def without_errors(
        self, lists: Lists, errors: Sequence[Finding], today: Today
    ) -> tuple[Lists, tuple[InvalidFile, ...]]:
        """Leave out what errors of today's files stand in; what the files said when applied stands."""
        invalid = invalid_files(errors, self.newest_report)
        if not invalid:
            return lists, ()
        project, sources = self.current_files.project, self.current_files.sources
        readable = project.read_lists(sources, today, places_by_path(invalid)).declared_entries
        return replace(lists, declared_entries=self.earlier_files.complete(readable, invalid)), invalid

    def _file_at(self, revision: str, path: str) -> bytes | None:
        """Give a list file of the tenant as a revision has it."""
        if self.repository is None or not matches(self._lists_at(revision), path):
            return None
        self.repository.ensure_commit(revision)
        return GitTree(self.repository, revision).read(lambda name: name == path).get(path)

    @property
    def _retained_at_report(self) -> dict[Key, Retained]:
        """Give what the newest report lists as kept, of lists that are where they were."""
        retained = self.newest.report.retained_entries if self.newest else {}
        for key, entry in overwritten_registry_entries(self._unreported_runs_here):
            retained_before = retained.get(key)
            entries = (*retained_before.entries, entry) if retained_before else (entry,)
            retained[key] = Retained(
                entries, retained_before.blocked_by if retained_before else (BlockedBy.NO_RELEASE,)
            )
        return {key: value for key, value in retained.items() if key[0] not in self.regrouped_lists}

    @cached_property
    def retained_before(self) -> frozenset[Key]:
        """Name what the newest report already listed as kept."""
        if self.newest is None or self.has_other_target:
            return frozenset()
        return frozenset(self._retained_at_report)

    def declarations_at(self, revision: str, invalid: Sequence[InvalidFile] = ()) -> DeclaredEntries:
        """Read what a tenant's files claimed at another revision, as that one configured the tenant.

        Of `invalid` files what was wrong is left out, and what they said earlier stood.
        """
        if self.repository is None:
            return DeclaredEntries()
        self.repository.ensure_commit(revision)
        at_hand = {source.path: source.data for source in self.current_files.sources}
        tree = GitTree(self.repository, revision, at_hand)
        tenant = self.current_files.project.tenant_at(tree, self.current_files.tenant)
        sources = sources_in(tree, tenant)
        if not invalid and sources == self.current_files.sources:
            return self.current_files.declared_entries
        declared = self._read_changed(sources, places_by_path(invalid))
        return self.earlier_files.complete(declared, invalid)

    def _read_changed(self, sources: tuple[Source, ...], left_out: LeftOut) -> DeclaredEntries:
        """Read held files, but for those that are the same today and have neither releases nor holds."""
        same_paths = {source.path for source in set(sources) & set(self.current_files.sources)}
        same_paths -= left_out.keys()
        changed_sources = [
            source_file
            for source_file in sources
            if source_file.path not in same_paths
            or b"releases" in source_file.data
            or b"holds" in source_file.data
        ]
        # Today's rules may refuse what was good then: what can be understood is held all the same.
        changed_declarations = read_lists(
            changed_sources,
            self.current_files.project.rules,
            as_of=date.min,
            latest=date.max,
            left_out=left_out,
        ).declared_entries
        read_paths = {file.path for file in changed_declarations.files}
        unchanged_files = tuple(
            file for file in self.current_files.declared_entries.files if file.path in same_paths - read_paths
        )
        list_ids = changed_declarations.list_ids | {file.list_id for file in unchanged_files}
        return DeclaredEntries(
            (*changed_declarations.files, *unchanged_files),
            changed_declarations.releases,
            list_ids,
            changed_declarations.holds,
        )

    @property
    def reports(self) -> Iterable[StoredReport]:
        """Give the reports of this target without a gap, newest first."""
        return self._reports_since(None)

    @property
    def recent_verified(self) -> Iterator[StoredReport]:
        """Of the newest reports, those whose run saw CXone as it left it, newest first."""
        return (stored for stored in islice(self.reports, REPORTS_BACK) if stored.report.is_verified)

    @cached_property
    def put_back_last(self) -> frozenset[Key]:
        """Name what the last run that wrote anything put back.

        It may be what that run itself had removed, and the newest revision declares: then it is not held.
        """
        last_write = next((r for r in self.reports if r.report.has_written), None)
        return last_write.report.restored_keys if last_write else frozenset()

    def _reports_since(self, since: datetime | None) -> Iterator[StoredReport]:
        reports = self.ledger.reports(self.current_files.tenant.name, since) if self.ledger else iter(())
        return takewhile(self._is_same_target, reports)

    @cached_property
    def unreported_runs(self) -> tuple[UnreportedRun, ...]:
        """The runs of this clone that no report tells of yet: killed, or unable to commit theirs."""
        if not self.journal_runs or self.ledger is None:
            return self.journal_runs
        since = min(datetime.fromisoformat(run.started_at) for run in self.journal_runs)
        return without_report(
            self.journal_runs,
            (
                stored_report.report
                for stored_report in self.ledger.reports(self.current_files.tenant.name, since)
            ),
        )

    @property
    def _unreported_runs_here(self) -> tuple[UnreportedRun, ...]:
        return for_target(self.unreported_runs, self.target)

    @property
    def overwritten_by_unreported_runs(self) -> frozenset[Key]:
        """Name the numbers of others that runs without a report wrote over: nobody knows what theirs said."""
        return frozenset().union(*(run.overwritten for run in self._unreported_runs_here))

    def recent_removals(self, now: datetime) -> Mapping[str, int]:
        """Count by list what the reports of the last 7 days took off, and what runs without one did."""
        counts: Counter[str] = Counter()
        for run in self._unreported_runs_here:
            counts.update(run.removed)
        for stored_report in self._reports_since(now - BUDGET_DAYS):
            counts.update(stored_report.report.removed)
            for before in stored_report.report.unreported_runs:
                counts.update(before.removed)
        return counts

    @cached_property
    def history(self) -> RecordedHistory:
        """What permission asks of the past of single numbers."""
        name, ledger = self.current_files.tenant.name, self.ledger
        return RecordedHistory(
            RecordWalk(ledger, ledger.reports(name) if ledger else iter(())),
            self.repository,
            self.current_files.project.rules,
            self._lists_at,
            self.target,
            self._unreported_runs_here,
            self._is_same_target,
            self._is_same_list,
            self._walks_of_other_tenants,
            self.earlier_files,
        )

    def plan_facts(
        self, declared: DeclaredEntries, dialect: Dialect, *, as_of: date, now: datetime, limits: Limits
    ) -> PlanFacts:
        """Give what a plan is made of on this past. Rate, deadlines and approvals are the caller's to add."""
        newest = None if self.has_other_target else self.newest
        holds = self.last_applied.holds
        return PlanFacts(
            declared=declared,
            last_applied=self.last_applied,
            dialect=dialect,
            history=self.history,
            as_of=as_of,
            limits=limits,
            lingering_holds=lingering_holds(holds, declared.holds, newest, as_of=as_of, now=now),
        )

    def releases_of_unreported_runs(self, live: Live) -> frozenset[ReleaseRecord]:
        """Name the releases that runs without a report have used, as far as the first reading tells."""
        return releases_used_unreported(self._unreported_runs_here, live)

    def _walks_of_other_tenants(self) -> tuple[RecordWalk, ...]:
        """Give the records of the other tenants on the audit branch."""
        name, ledger = self.current_files.tenant.name, self.ledger
        if ledger is None:
            return ()
        return tuple(
            RecordWalk(ledger, ledger.reports(tenant_name))
            for tenant_name in ledger.tenants()
            if tenant_name != name
        )

    def _lists_at(self, revision: str) -> Sequence[str]:
        """Give the tenant's lists as a revision configured them."""
        if self.repository is None:
            return self.current_files.tenant.lists
        project = self.current_files.project
        path, data = project.configuration_path, project.configuration_data
        tree = GitTree(self.repository, revision, {path: data})
        if tree.read(lambda name: name == path).get(path) == data:
            return self.current_files.tenant.lists
        return project.tenant_at(tree, self.current_files.tenant).lists

    def young_lists(self, now: datetime, list_ids: Iterable[str]) -> frozenset[str]:
        """Name the lists whose chain began in the last 7 days, or was another group of CXone until then."""
        lists = frozenset(list_ids)
        young_lists: set[str] = set()
        for stored_report in takewhile(self._is_same_target, self.history.walk):
            young_lists |= {list_id for list_id in lists if not self._is_same_list(stored_report, list_id)}
            if stored_report.report.finished_at < now - BUDGET_DAYS:
                return frozenset(young_lists)
        return lists

    def _is_same_list(self, stored_report: StoredReport, list_id: str) -> bool:
        """Tell whether a list was the same group of CXone then."""
        past_id = stored_report.report.own_ids.get(list_id)
        return past_id is None or past_id == self.cxone_list_id(list_id)


def load_past(tenant_lists: TenantLists, ledger: Ledger | None = None) -> Past:
    """Give the tenant's past as its newest report's own CXone has it.

    Where there is no repository, no report, or no way to the remote, nothing is held, and the last is said.
    A ledger that is given has been fetched.
    """
    files = CurrentFiles(
        tenant_lists.project, tenant_lists.tenant, tenant_lists.sources, tenant_lists.lists.declared_entries
    )
    repository = open_repository(tenant_lists.ctx)
    if ledger is None:
        ledger = _fetched_ledger(tenant_lists, repository)
    newest = ledger.newest(tenant_lists.tenant.name) if ledger else None
    if ledger:
        say_doubts(ledger, tenant_lists.tenant.name, tenant_lists.ctx)
    target = newest.report.target if newest else Target("", "", "")
    own_ids = newest.report.own_ids if newest else {}
    return Past(repository, ledger, target, files, (), lambda list_id: own_ids.get(list_id, ""))


def _fetched_ledger(tenant_lists: TenantLists, repository: Repository | None) -> Ledger | None:
    ledger = open_ledger(tenant_lists.project, repository, tenant_lists.ctx, goes_on=True)
    if ledger is not None:
        try:
            ledger.refresh()
        except RepositoryProblem as problem:
            tenant_lists.ctx.say(f"warning: {problem.fact}; going by the files alone")
            return None
    return ledger


def meter_past(ctx: CommandContext, tenant: str, ledger: Ledger | None) -> None:
    """Tell when a run last saw CXone as it left it: known before CXone is asked, and also when it is down."""
    if ctx.run.meter is not None and ledger is not None:
        verified = ledger.last_verified(tenant)
        ctx.run.meter.of_tenant(tenant).verified_at = verified.finished_at if verified else None
