"""The last applied state, from the ledger's reports read together with git's history."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from itertools import islice, takewhile

from reconciler.audit.ledger import Ledger
from reconciler.audit.report import StoredReport
from reconciler.audit.unfinished import Named, Unfinished
from reconciler.config.configuration import Tenant
from reconciler.core.model.entries import Claims, Key
from reconciler.core.model.errors import RepositoryProblem
from reconciler.core.model.live import Live
from reconciler.core.model.provider import Target
from reconciler.core.planning.change import BlockedBy
from reconciler.core.planning.state import Held, Kept
from reconciler.git.repository import Repository
from reconciler.lists.reader import Source, read_lists
from reconciler.use_cases.reconcile.number_history import RecordedHistory
from reconciler.use_cases.reconcile.reported_numbers import RecordWalk
from reconciler.use_cases.reconcile.unreported_runs import (
    here,
    registry_claims,
    untold,
    used_by_the_dead,
)
from reconciler.use_cases.workspace.context import CommandContext
from reconciler.use_cases.workspace.opening import open_ledger, open_repository, say_doubts
from reconciler.use_cases.workspace.project import Project, sources_in
from reconciler.use_cases.workspace.tenant_lists import Desk
from reconciler.use_cases.workspace.tree import GitTree

BUDGET_DAYS = timedelta(days=7)
REPORTS_BACK = 20  # looked at, for the one that saw a number live


@dataclass(frozen=True, slots=True)
class Files:
    """What is read today: held files that are the same need not be read again."""

    project: Project
    tenant: Tenant
    sources: tuple[Source, ...]
    claims: Claims


@dataclass(frozen=True)
class Past:
    """One tenant's past, as far as its reports tell it. `target` is today's: another one holds nothing."""

    repository: Repository | None
    ledger: Ledger | None
    target: Target
    today: Files
    unfinished: tuple[Unfinished, ...] = ()  # what the journal of this clone tells of
    own_id: Callable[[str], str] = lambda _: ""  # the tenant's own id of a list, where it has one

    @cached_property
    def newest(self) -> StoredReport | None:
        """The report that the audit branch added last for this tenant."""
        return self.ledger.newest(self.today.tenant.name) if self.ledger else None

    @property
    def other_target(self) -> bool:
        """Tell whether the newest report is of another CXone."""
        return self.newest is not None and not self._here(self.newest)

    def _here(self, report: StoredReport) -> bool:
        return report.report.is_of(self.target)

    @cached_property
    def held(self) -> Held:
        """What is held: the claims that stood at the newest report's revision on its date, and so on."""
        if self.newest is None or self.other_target or self.repository is None:
            return Held()
        report = self.newest.report
        claims = self._claims_then
        return Held(
            files=tuple(file for file in claims.files if file.list_id not in self.moved),
            releases=claims.releases,
            not_live=report.not_live_keys,
            kept=self._kept_then,
            revision=report.revision,
            holds=claims.holds,
        )

    @cached_property
    def moved(self) -> frozenset[str]:
        """Name the lists that were another group of CXone at the newest report: nothing of them is held."""
        if self.newest is None or self.other_target:
            return frozenset()
        held = {file.list_id for file in self._claims_then.files}
        held |= {list_id for list_id, _ in self.newest.report.kept_keys}
        return frozenset(list_id for list_id in held if not self._same_list(self.newest, list_id))

    @cached_property
    def _claims_then(self) -> Claims:
        """Give the claims that stood at the newest report's revision, on its date."""
        if self.newest is None:
            return Claims()
        report = self.newest.report
        return self.claims_at(report.revision).standing(report.as_of)

    @property
    def _kept_then(self) -> dict[Key, Kept]:
        """Give what the newest report lists as kept, of lists that are where they were."""
        kept = self.newest.report.kept_claims if self.newest else {}
        for key, claim in registry_claims(self._untold_here):
            before = kept.get(key)
            claims = (*before.claims, claim) if before else (claim,)
            kept[key] = Kept(claims, before.blocked_by if before else (BlockedBy.NO_RELEASE,))
        return {key: value for key, value in kept.items() if key[0] not in self.moved}

    @cached_property
    def kept_before(self) -> frozenset[Key]:
        """Name what the newest report already listed as kept."""
        if self.newest is None or self.other_target:
            return frozenset()
        return frozenset(self._kept_then)

    def claims_at(self, revision: str) -> Claims:
        """Read what a tenant's files claimed at another revision, as that one configured the tenant."""
        if self.repository is None:
            return Claims()
        self.repository.ensure_commit(revision)
        at_hand = {source.path: source.data for source in self.today.sources}
        tree = GitTree(self.repository, revision, at_hand)
        tenant = self.today.project.tenant_at(tree, self.today.tenant)
        sources = sources_in(tree, tenant)
        if sources == self.today.sources:
            return self.today.claims
        return self._reusing(sources)

    def _reusing(self, sources: tuple[Source, ...]) -> Claims:
        """Read held files, but for those that are the same today and have neither releases nor holds."""
        same = {source.path for source in set(sources) & set(self.today.sources)}
        fresh = [s for s in sources if s.path not in same or b"releases" in s.data or b"holds" in s.data]
        # Today's rules may refuse what was good then: what can be understood is held all the same.
        read = read_lists(fresh, self.today.project.rules, as_of=date.min, latest=date.max).claims
        done = {f.path for f in read.files}
        reused = tuple(f for f in self.today.claims.files if f.path in same - done)
        named = read.list_ids | {f.list_id for f in reused}
        return Claims((*read.files, *reused), read.releases, named, read.holds)

    @property
    def reports(self) -> Iterable[StoredReport]:
        """Give the reports of this target without a gap, newest first."""
        return self._reports(None)

    @property
    def recent_verified(self) -> Iterator[StoredReport]:
        """Of the newest reports, those whose run saw CXone as it left it, newest first."""
        return (stored for stored in islice(self.reports, REPORTS_BACK) if stored.report.is_verified)

    def _reports(self, since: datetime | None) -> Iterator[StoredReport]:
        told = self.ledger.reports(self.today.tenant.name, since) if self.ledger else iter(())
        return takewhile(self._here, told)

    @cached_property
    def untold(self) -> tuple[Unfinished, ...]:
        """The runs of this clone that no report tells of yet: killed, or unable to commit theirs."""
        if not self.unfinished or self.ledger is None:
            return self.unfinished
        since = min(datetime.fromisoformat(run.started_at) for run in self.unfinished)
        return untold(self.unfinished, (s.report for s in self.ledger.reports(self.today.tenant.name, since)))

    @property
    def _untold_here(self) -> tuple[Unfinished, ...]:
        return here(self.untold, self.target)

    @property
    def overwritten_unreported(self) -> frozenset[Key]:
        """Name the numbers of others that runs without a report wrote over: nobody knows what theirs said."""
        return frozenset().union(*(run.overwrote for run in self._untold_here))

    def removed_lately(self, now: datetime) -> Mapping[str, int]:
        """Count by list what the reports of the last 7 days took off, and what runs without one did."""
        counts: Counter[str] = Counter()
        for run in self._untold_here:
            counts.update(run.removed)
        for stored in self._reports(now - BUDGET_DAYS):
            counts.update(stored.report.removed)
            for before in stored.report.unreported_runs:
                counts.update(before.removed)
        return counts

    @cached_property
    def history(self) -> RecordedHistory:
        """What permission asks of the past of single numbers."""
        name, ledger = self.today.tenant.name, self.ledger
        return RecordedHistory(
            RecordWalk(ledger, ledger.reports(name) if ledger else iter(())),
            self.repository,
            self.today.project.rules,
            self._lists_at,
            self.target,
            self._untold_here,
            self._here,
            self._same_list,
            self._walks_beside,
        )

    def used_unreported(self, live: Live) -> frozenset[Named]:
        """Name the releases that runs without a report have used, as far as the first reading tells."""
        return used_by_the_dead(self._untold_here, live)

    def _walks_beside(self) -> tuple[RecordWalk, ...]:
        """Give the records of the other tenants on the audit branch."""
        name, ledger = self.today.tenant.name, self.ledger
        if ledger is None:
            return ()
        return tuple(RecordWalk(ledger, ledger.reports(other)) for other in ledger.tenants() if other != name)

    def _lists_at(self, revision: str) -> Sequence[str]:
        """Give the tenant's lists as a revision configured them."""
        if self.repository is None:
            return self.today.tenant.lists
        project = self.today.project
        path, data = project.configuration_path, project.configuration_data
        tree = GitTree(self.repository, revision, {path: data})
        if tree.read(lambda name: name == path).get(path) == data:
            return self.today.tenant.lists
        return project.tenant_at(tree, self.today.tenant).lists

    def young(self, now: datetime, list_ids: Iterable[str]) -> frozenset[str]:
        """Name the lists whose chain began in the last 7 days, or was another group of CXone until then."""
        lists = frozenset(list_ids)
        young: set[str] = set()
        for stored in takewhile(self._here, self.history.walk):
            young |= {list_id for list_id in lists if not self._same_list(stored, list_id)}
            if stored.report.finished_at < now - BUDGET_DAYS:
                return frozenset(young)
        return lists

    def _same_list(self, stored: StoredReport, list_id: str) -> bool:
        """Tell whether a list was the same group of CXone then."""
        then = stored.report.own_ids.get(list_id)
        return then is None or then == self.own_id(list_id)


def known_past(desk: Desk) -> Past:
    """Give the tenant's past as its newest report's own CXone has it.

    Where there is no repository, no report, or no way to the remote, nothing is held, and the last is said.
    """
    files = Files(desk.project, desk.tenant, desk.sources, desk.lists.claims)
    repository = open_repository(desk.ctx)
    ledger = open_ledger(desk.project, repository, desk.ctx, goes_on=True)
    if ledger is not None:
        try:
            ledger.refresh()
        except RepositoryProblem as problem:
            desk.ctx.say(f"warning: {problem.fact}; going by the files alone")
            ledger = None
    newest = ledger.newest(desk.tenant.name) if ledger else None
    if ledger:
        say_doubts(ledger, desk.tenant.name, desk.ctx)
    target = newest.report.target if newest else Target("", "", "")
    own_ids = newest.report.own_ids if newest else {}
    return Past(repository, ledger, target, files, (), lambda list_id: own_ids.get(list_id, ""))


def meter_past(ctx: CommandContext, tenant: str, ledger: Ledger | None) -> None:
    """Tell when a run last saw CXone as it left it: known before CXone is asked, and also when it is down."""
    if ctx.run.meter is not None and ledger is not None:
        verified = ledger.last_verified(tenant)
        ctx.run.meter.of(tenant).verified_at = verified.finished_at if verified else None
