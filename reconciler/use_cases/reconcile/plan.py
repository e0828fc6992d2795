"""`dnc plan`: what `apply` would do. Reads only."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from reconciler import __version__
from reconciler.core.model.errors import DncError
from reconciler.core.planning.plan import Heading, failed_plan_to_json
from reconciler.use_cases.reconcile.large_additions import demand_confirmed
from reconciler.use_cases.reconcile.live_read import ReadFrom
from reconciler.use_cases.reconcile.prepared_plan import PlanRequest, PreparedPlan, prepare_plan
from reconciler.use_cases.reconcile.report.authorizations import reviewed_plan_json
from reconciler.use_cases.reconcile.run_metrics import meter_plan
from reconciler.use_cases.workspace.context import CommandContext, Today, iso
from reconciler.use_cases.workspace.destination import Withheld
from reconciler.use_cases.workspace.opening import open_repository, tenant_name

if TYPE_CHECKING:
    from reconciler.use_cases.reconcile.auto_merge import MergeRequestPlan


@dataclass(frozen=True, slots=True)
class PlanResult:
    """A plan as its JSON document, the two facts that decide the exit code; the merge request if asked."""

    document: dict[str, Any]
    has_newly_blocked: bool
    pending: int
    request: "MergeRequestPlan | None" = None


def plan(ctx: CommandContext, *, as_request: bool = False, read_from: ReadFrom = ReadFrom.AUTO) -> PlanResult:
    """Make the plan. In a merge request pipeline it is of the merge with the target branch by itself."""
    target = ctx.pipeline.merge_target
    if ctx.options.onto is None and target is not None:
        ctx = replace(ctx, options=replace(ctx.options, onto=f"origin/{target}"))
    # A child pipeline's jobs know of the merge request by --onto alone.
    of_request = target is not None or (ctx.pipeline.is_running and ctx.options.onto is not None)
    if read_from is ReadFrom.AUTO and not of_request:
        read_from = ReadFrom.LIVE
    try:
        with prepare_plan(ctx, PlanRequest(read_from=read_from, demands_valid=True)) as prepared:
            meter_plan(prepared)
            if ctx.options.onto is not None:
                today = Today.at(ctx.clock(), ctx.options.as_of)
                demand_confirmed(prepared.inputs, today, ctx.options.onto)
            merge_request = _merge_request(prepared) if as_request else None
            return PlanResult(
                reviewed_plan_json(prepared),
                prepared.newly_blocked,
                prepared.pending_count,
                merge_request,
            )
    except Withheld as withheld:
        return _offline_result(withheld, as_request=as_request)


def _offline_result(withheld: Withheld, *, as_request: bool) -> PlanResult:
    from reconciler.use_cases.reconcile.offline_plan import plan_offline  # noqa: PLC0415  (few merge requests change it)

    offline_plan = plan_offline(withheld)
    if not as_request:
        return PlanResult(offline_plan.document, has_newly_blocked=False, pending=0)
    from reconciler.use_cases.reconcile.auto_merge import offline_merge_request_plan  # noqa: PLC0415  (few plans are told to anybody)

    return PlanResult(
        offline_plan.document,
        has_newly_blocked=False,
        pending=0,
        request=offline_merge_request_plan(offline_plan),
    )


def _merge_request(prepared: PreparedPlan) -> "MergeRequestPlan":
    from reconciler.use_cases.reconcile.auto_merge import merge_request_plan  # noqa: PLC0415  (few plans are told to anybody)

    return merge_request_plan(prepared)


def failed_plan_json(ctx: CommandContext, error: DncError) -> dict[str, Any]:
    """Say as a plan document that there is none, as far as anything is known."""
    now = ctx.clock()
    try:
        repository = open_repository(ctx)
        revision = repository.head() if repository else None
    except DncError:
        revision = None
    heading = Heading(
        tool_version=__version__,
        tenant=tenant_name(ctx),
        target=None,
        revision=revision,
        last_applied_revision=None,
        as_of=Today.at(now, ctx.options.as_of).as_of,
        created_at=iso(now),
    )
    document = failed_plan_to_json(heading, error.findings)
    return {**document, "chain_head": None, "terms_changes": [], "settings": None}
