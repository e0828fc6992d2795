"""Everything a plan is made of, gathered once: what `plan`, `apply` and `drift` begin with."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from reconciler import __version__
from reconciler.audit.ledger import Ledger
from reconciler.audit.trust import Doubt
from reconciler.config.configuration import Tenant, resolve
from reconciler.core.apply.unread_run import restrict_to_unread
from reconciler.core.model.entries import DeclaredEntries
from reconciler.core.model.errors import DncError, RepositoryProblem
from reconciler.core.model.finding import Finding, Severity, count_text
from reconciler.core.model.live import Live
from reconciler.core.model.provider import Provider
from reconciler.core.planning.change import BlockedBy, PlanDirection
from reconciler.core.planning.cost import with_skills
from reconciler.core.planning.deadlines import OpenRequest, open_requests
from reconciler.core.planning.guards import Circumstances
from reconciler.core.planning.inputs import PlanFacts
from reconciler.core.planning.plan import (
    Heading,
    Plan,
    PlanSource,
    SourceKind,
    cost_to_json,
    make_plan,
    plan_to_json,
)
from reconciler.git.repository import Repository
from reconciler.lists.reader import Lists, Source
from reconciler.use_cases.reconcile.clock_skew import clock_findings, earlier_moment
from reconciler.use_cases.reconcile.doubt import chain_doubts, chain_findings, doubt_block
from reconciler.use_cases.reconcile.early.counts import verify_by_counts
from reconciler.use_cases.reconcile.early.writes import EarlyRun, may_write_early, read_live, writing_early
from reconciler.use_cases.reconcile.invalid_files import (
    InvalidFile,
    errors_of_files,
)
from reconciler.use_cases.reconcile.last_applied import CurrentFiles, Past, meter_past
from reconciler.use_cases.reconcile.lingering_holds import lingering_hold_findings
from reconciler.use_cases.reconcile.live_read import ReadFrom, open_live, saved_read_findings
from reconciler.use_cases.reconcile.plan_criteria import CriteriaSource, PlanCriteria, clock_block
from reconciler.use_cases.reconcile.plan_inputs import PlanInputs
from reconciler.use_cases.reconcile.rule_changes import (
    ComparedState,
    excuse_applied,
    last_applied_sources,
    rule_changes,
)
from reconciler.use_cases.reconcile.safety import (
    SafetyLimits,
    approval_of,
    budget_json,
)
from reconciler.use_cases.reconcile.skill_coverage import CoverageLookup
from reconciler.use_cases.reconcile.unreported_runs import journal_runs
from reconciler.use_cases.reconcile.warnings import (
    ceiling_findings,
    dialect_findings,
    move_findings,
    project_findings,
    read_findings,
    registry_findings,
    release_age_findings,
    request_alarms,
    state_before,
)
from reconciler.use_cases.workspace.audit_branch import demand_own_audit_branch
from reconciler.use_cases.workspace.connection import connect_early
from reconciler.use_cases.workspace.context import CommandContext, Today, iso
from reconciler.use_cases.workspace.destination import (
    comparable_variables,
    demand_applicable,
    demand_destination,
    known_variable_findings,
    rewritten_history,
)
from reconciler.use_cases.workspace.ended_terms import PastFiles, ended_term_findings
from reconciler.use_cases.workspace.opening import (
    Record,
    committed_findings,
    demand_committed,
    differing,
    open_committed,
    open_ledger,
    open_project,
    open_repository,
    refresh_ledger,
)
from reconciler.use_cases.workspace.project import (
    Project,
    contested_findings,
    demand_reached,
    demand_valid,
    findings_in_files,
)
from reconciler.use_cases.workspace.tree import Tree


@dataclass(frozen=True, slots=True)
class PlanRequest:
    """What a plan is prepared for.

    `tree` is planned instead of the working tree or a merge. `besides` are lists to read that nothing names.
    Only a plan that nobody applies may be made on a saved reading. `is_strict`: a tenant that
    reaches no file, and an audit branch that is the lists' own, are refused. `demands_valid`: so are list
    files with errors; otherwise what is wrong in them is left out. `writes_early`: nobody is to be asked
    before anything is written, and no saved plan has to be looked at. `may_count`: where nothing needs a
    read, counts verify the run.
    """

    to_apply: bool = False
    writes_early: bool = False
    may_count: bool = False
    accept_history: bool = False
    limits_allow: int | None = None
    tree: Tree | None = None
    besides: frozenset[str] = frozenset()
    read_from: ReadFrom = ReadFrom.LIVE
    is_strict: bool = True
    demands_valid: bool = False


@dataclass(frozen=True, slots=True)
class PlanState:
    """What CXone has, and what was last applied there. `unread` is why CXone could not be read.

    `early` is what the run wrote before the read; `live` is without it.
    """

    last_applied: Past
    provider: Provider
    live: Live
    unread: DncError | None = None
    early: EarlyRun | None = None


@dataclass(frozen=True, slots=True)
class PreparedPlan:
    """A plan, and everything that it was made of.

    `compared_state` is what rules and configuration are compared with. `rewritten`: history was, and whoever
    applies accepts it. `invalid` are the files with errors: what is wrong in them is left out.
    """

    ctx: CommandContext
    inputs: PlanInputs
    state: PlanState
    criteria: PlanCriteria
    plan: Plan
    heading: Heading
    notes: tuple[Finding, ...]
    coverage: CoverageLookup
    compared_state: ComparedState | None = None
    rewritten: bool = False
    invalid: tuple[InvalidFile, ...] = ()

    @property
    def document(self) -> dict[str, Any]:
        """The plan as JSON."""
        state, newest = self.state, self.state.last_applied.newest
        made = plan_to_json(self.heading, self.plan, state.live, state.provider.dialect, self.findings)
        budget = budget_json(self.ctx, self.plan.budget)
        if self.pending_count:
            skills = self.coverage.requests(len(self.list_ids))
            cost = with_skills(self.plan.cost, skills, self.criteria.setting.rate)
            made["cost"] = cost_to_json(cost)
        if self.coverage.planned:
            made["applyable"] = True
            if self.plan.pending_count == 0:
                made["direction"] = PlanDirection.PROTECTIVE.value
        head = {"chain_head": newest.head if newest else None}
        return {**made, "budget": budget, **self.coverage.plan_json(), **head}

    def waiting(self, plan: Plan) -> tuple[OpenRequest, ...]:
        """Name the requests that a plan found near or past their honour-by date, and not live."""
        return open_requests(plan.changes, self.criteria.setting.as_of)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Everything to say besides the changes, the requests that wait last."""
        waiting = request_alarms(self.waiting(self.plan), self.inputs.project.rules)
        return (*self.notes, *self.coverage.findings, *waiting)

    @property
    def list_ids(self) -> frozenset[str]:
        """Name the lists that the files or what is held speak of."""
        return self.inputs.lists.declared_entries.list_ids | self.state.last_applied.last_applied.list_ids

    @property
    def doubts(self) -> tuple[Doubt, ...]:
        """Say why what is held is in doubt, as far as it is known by now."""
        audit = self.inputs.project.configuration.audit
        return chain_doubts(audit, self.state.last_applied.ledger, self.inputs.tenant.name)

    @property
    def pending_count(self) -> int:
        """Count what `apply` would change: numbers, and skills that it would add."""
        return self.plan.pending_count + len(self.coverage.planned)

    @property
    def newly_blocked(self) -> bool:
        """Tell whether guards keep something that the newest report did not already list as kept."""
        return bool(self.plan.blocked_keys - self.state.last_applied.retained_before)


def _working_tree_source(project: Project, repository: Repository | None, ctx: CommandContext) -> PlanSource:
    """Say what the files of this folder are, beside the commit."""
    if repository is None:
        ctx.say("not a git repository: planning the files as they are")
        return PlanSource(SourceKind.NO_REPOSITORY)
    if repository.head() is None:
        ctx.say("the repository has no commits: planning the files as they are")
        return PlanSource(SourceKind.NO_COMMIT)
    dirty = differing(project, repository, project.is_part)
    if not dirty:
        return PlanSource(SourceKind.COMMIT)
    files_text = count_text(len(dirty), "file")
    ctx.say(
        f"the working tree differs from the commit in {files_text}, and is what is planned: "
        f"{', '.join(dirty[:3])}"
    )
    return PlanSource(SourceKind.WORKING_TREE, tuple(dirty))


@dataclass(frozen=True, slots=True)
class _OpenProject:
    """What is known before CXone is asked. `astray` says that the files here are not those of the commit."""

    repository: Repository | None
    head: str | None
    project: Project
    ledger: Ledger | None
    astray: tuple[Finding, ...]
    rewritten: bool
    source: PlanSource


def _open(ctx: CommandContext, request: PlanRequest) -> _OpenProject:
    """Open the project and the ledger, and refuse what may not be planned or applied."""
    repository = open_repository(ctx)
    head = repository.head() if repository else None
    onto, tree, to_apply = ctx.options.onto, request.tree, request.to_apply
    project = open_committed(ctx, repository, head) if to_apply else open_project(ctx, repository, onto, tree)
    astray: tuple[Finding, ...] = ()
    source = PlanSource(SourceKind.COMMIT if onto is None else SourceKind.MERGE, onto=onto)
    if request.is_strict:
        demand_own_audit_branch(project, ctx, repository)
    if to_apply:
        astray = committed_findings(project, repository, ctx)
    elif onto is None and tree is None:
        source = _working_tree_source(project, repository, ctx)
    elif repository is not None and tree is None:
        demand_committed(project, repository)
    if tree is None and (not to_apply or ctx.pipeline.is_of_merge_request):
        demand_destination(ctx, repository, project)
    ledger = refresh_ledger(open_ledger(project, repository, ctx, goes_on=True), ctx, must=to_apply)
    rewritten = False
    if to_apply:
        if repository is None or ledger is None or head is None:
            raise RepositoryProblem("there is no commit yet", "commit lists, schema and configuration first")
        record = Record(repository, project, ledger)
        rewritten = demand_applicable(ctx, record, head, accept_history=request.accept_history)
    elif tree is None and repository is not None and ledger is not None and head is not None:
        _doubt_rewritten_history(ctx, Record(repository, project, ledger), head)
    return _OpenProject(repository, head, project, ledger, astray, rewritten, source)


def _doubt_rewritten_history(ctx: CommandContext, record: Record, head: str) -> None:
    """Plan as `apply` does where history was rewritten: it would hold back whatever exposes."""
    try:
        tenant, onto = record.project.tenant(ctx.options.tenant), ctx.options.onto
        revisions = [head, *([record.repository.describe(onto).sha] if onto else [])]
        rewritten = rewritten_history(ctx, record, tenant, revisions)
    except RepositoryProblem as problem:
        ctx.say(f"warning: it is not known whether history was rewritten: {problem.fact}")
        return
    if rewritten is not None:
        record.ledger.add_doubt(tenant.name, rewritten)


@contextmanager
def prepare_plan(ctx: CommandContext, request: PlanRequest = PlanRequest()) -> Iterator[PreparedPlan]:
    """Gather and plan. Everything is read before anything is written; the provider is closed at the end."""
    now = ctx.clock()
    today = Today.at(now, ctx.options.as_of)
    start = _open(ctx, request)
    repository, project, ledger = start.repository, start.project, start.ledger
    asks = request.read_from is ReadFrom.LIVE
    written = project.tenant(ctx.options.tenant)
    warned = known_variable_findings(ctx, project, repository, ledger) if request.to_apply else ()
    tenant = resolve(written, ctx.environ, credentials=asks)
    meter_past(ctx, tenant.name, ledger)
    reach = demand_reached(project, written) if request.is_strict else ()

    sources = project.sources(tenant)
    with ExitStack() as stack:
        may_be_early = request.writes_early and may_write_early(project, tenant.name, sources, ledger)
        begun = (
            stack.enter_context(connect_early(tenant, ctx, sources)) if asks and not may_be_early else None
        )
        lists = project.read_lists(sources, today)
        lists = excuse_applied(
            lists, project, today, lambda: last_applied_sources(project, [tenant], repository, ledger)
        )
        errors = _tolerated_errors(ctx, request, lists, project, tenant, today)
        files = CurrentFiles(project, tenant, sources, lists.declared_entries)
        left = journal_runs(repository, project, tenant, ctx)

        def past_of(provider: Provider) -> Past:
            return Past(repository, ledger, provider.target, files, left, _own_ids(tenant, provider))

        if begun is not None:
            provider, past = begun, past_of(begun)
        else:
            opened = open_live(request.read_from, project, ctx, lists.declared_entries.list_ids, past_of)
            provider, past = stack.enter_context(opened)
        _name_what_is_not_applied(ctx, past)
        held = past.last_applied
        lists, invalid = past.without_errors(lists, errors, today)
        safety = SafetyLimits.of(project.configuration.safety, None if past.has_other_target else past.newest)
        approval = approval_of(ctx, repository, ctx.options.onto)
        list_ids = lists.declared_entries.list_ids | held.list_ids | request.besides
        inputs = PlanInputs(project, tenant, repository, sources, lists)
        early = stack.enter_context(writing_early(ctx, inputs, past, provider, now)) if may_be_early else None
        block = BlockedBy.SUPERSEDED if start.astray or start.rewritten else None
        source = CriteriaSource(
            *(ctx, inputs, past, provider, now, safety, approval),
            block or (BlockedBy.INVALID_FILES if invalid else None),
            request.limits_allow,
        )
        may_count = request.may_count and tenant.read_back != "full" and block is None
        audit = project.configuration.audit
        look = _look(source, early, list_ids, goes_on=request.to_apply, may_count=may_count)
        live, unread, early, criteria, plan = look
        setting, day = criteria.setting, criteria.setting.as_of
        heading = Heading(
            tool_version=__version__,
            tenant=tenant.name,
            target=provider.target,
            revision=start.head,
            last_applied_revision=held.revision,
            as_of=day,
            created_at=iso(now),
            source=start.source,
        )
        changed = state_before(project, repository, ledger, tenant.name, ctx)
        notes = (
            *lists.findings,
            *reach,
            *project.lookalike_findings(lists, {}),
            *_ended_term_warnings(project, sources, past, min(today.as_of, Today.at(now).as_of)),
            *start.astray,
            *warned,
            *chain_findings(chain_doubts(audit, ledger, tenant.name)),
            *project_findings(project, setting),
            *safety.findings(project.configuration_path),
            *lingering_hold_findings(setting.lingering_holds),
            *registry_findings(plan),
            *release_age_findings(plan),
            *ceiling_findings(plan, live),
            *rule_changes(project, tenant, changed, today),
            *read_findings(live),
            *saved_read_findings(live, plan, now),
            *dialect_findings(setting, plan),
            *clock_findings(provider.clock_offset()),
            *approval.findings(),
            *move_findings(plan),
        )
        coverage = CoverageLookup(ctx, project, tenant, provider=provider, newest=past.newest_report)
        # What protects does not wait for it: a run reads skills once it has written.
        if request.is_strict and not request.to_apply and not live.is_saved:
            coverage.read(list_ids)
        yield PreparedPlan(
            ctx,
            inputs,
            PlanState(past, provider, live, unread, early),
            criteria,
            plan,
            heading,
            notes,
            coverage,
            changed,
            start.rewritten,
            invalid,
        )


def _look(
    source: CriteriaSource,
    early: EarlyRun | None,
    list_ids: frozenset[str],
    *,
    goes_on: bool,
    may_count: bool,
) -> tuple[Live, DncError | None, EarlyRun | None, PlanCriteria, Plan]:
    """Count where that will do, or read; and plan."""
    counted = verify_by_counts(source, early) if may_count else None
    day_offset = early.offset if early else None
    if counted is not None:
        plan, live = counted
        return live, None, early, source.make(day_offset), plan
    live, unread, early = read_live(source.provider, list_ids, early, goes_on=goes_on)
    criteria = source.make(day_offset)
    inputs = source.inputs

    def doubts() -> tuple[Doubt, ...]:
        return chain_doubts(inputs.project.configuration.audit, source.past.ledger, inputs.tenant.name)

    met, plan = _plan_twice_if_doubtful(criteria.setting, live, criteria.circumstances, doubts)
    plan = plan if unread is None else restrict_to_unread(plan)
    return live, unread, early, replace(criteria, circumstances=met), plan


def _name_what_is_not_applied(ctx: CommandContext, past: Past) -> None:
    if past.has_other_target:
        ctx.say(
            "the newest report belongs to a different CXone: no number counts as applied, none is removed"
        )
    for list_id in sorted(past.regrouped_lists):
        ctx.say(f"list {list_id} was another group at the newest report: its numbers do not count as applied")


def _tolerated_errors(  # noqa: PLR0913, PLR0917  (what is judged, and by what)
    ctx: CommandContext, request: PlanRequest, lists: Lists, project: Project, tenant: Tenant, today: Today
) -> tuple[Finding, ...]:
    """Refuse what no run may go on with, and give the errors that hold back nothing but their own files."""
    in_files = findings_in_files(lists, project)
    errors = () if request.demands_valid else errors_of_files(in_files)
    contested = contested_findings(project, tenant, today, comparable_variables(ctx))
    demand_valid((*in_files, *contested), tolerated=errors)
    return errors


def _ended_term_warnings(
    project: Project, sources: Iterable[Source], past: Past, as_of: date
) -> Iterator[Finding]:
    """Warn of terms that were over before they were added. A run is never held up by them: they are inert."""

    def read_applied(day: date) -> DeclaredEntries | None:
        if past.newest is None:
            return None
        report = next((stored.report for stored in past.reports if stored.report.as_of <= day), None)
        return past.declarations_at(report.revision) if report else DeclaredEntries()

    files = past.current_files.declared_entries.files
    past_files = PastFiles(lambda: past.repository, read_applied)
    for finding in ended_term_findings(project, sources, files, as_of, past_files):
        yield replace(finding, severity=Severity.WARNING)


def _plan_twice_if_doubtful(
    setting: PlanFacts, live: Live, circumstances: Circumstances, doubts: Callable[[], tuple[Doubt, ...]]
) -> tuple[Circumstances, Plan]:
    """Plan; and once more, where only reading the reports for it has shown that they are in doubt."""
    circumstances = replace(circumstances, general_block=doubt_block(doubts()) or circumstances.general_block)
    plan = make_plan(setting, live, circumstances)
    if circumstances.general_block is None and (new_block := doubt_block(doubts())):
        circumstances = replace(circumstances, general_block=new_block)
        plan = make_plan(setting, live, circumstances)
    return circumstances, plan


def _current_clock_block(prepared: PreparedPlan) -> BlockedBy | None:
    """Hold back as well where the day of the plan has not come by the clocks as they are now."""
    offset = prepared.state.provider.clock_offset()
    day = Today.at(earlier_moment(prepared.ctx.clock(), offset), prepared.ctx.options.as_of).as_of
    return BlockedBy.LATER_OPT_OUT if day < prepared.criteria.setting.as_of else clock_block(offset)


def _own_ids(tenant: Tenant, provider: Provider) -> Callable[[str], str]:
    """Give a list's own id in CXone, or where it has but a name, the name that the tenant has for it."""
    return lambda list_id: provider.tenant_list_id(list_id) or tenant.own_list_id(list_id)


def replan(prepared: PreparedPlan, live: Live, circumstances: Circumstances) -> Plan:
    """Plan again on a later reading, by what a run has met since the plan.

    Only what `met.agreed` names, because a plan showed it, may come off. Clocks are compared again: one may
    have been set since the plan.
    """
    planned = prepared.criteria.circumstances
    circumstances = replace(
        circumstances,
        recent_removals=planned.recent_removals,
        young_lists=planned.young_lists,
        general_block=planned.general_block or _current_clock_block(prepared) or circumstances.general_block,
    )
    return _plan_twice_if_doubtful(prepared.criteria.setting, live, circumstances, lambda: prepared.doubts)[1]
