"""`dnc plan`: what `apply` would do. Reads only."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from reconciler import __version__
from reconciler.core.model.errors import DncError
from reconciler.core.planning.plan import Heading, failed_json
from reconciler.use_cases.reconcile.large_additions import demand_confirmed
from reconciler.use_cases.reconcile.live_read import ReadFrom
from reconciler.use_cases.reconcile.prepared_plan import PlanRequest, PreparedPlan, prepare_plan
from reconciler.use_cases.reconcile.run_metrics import meter_plan
from reconciler.use_cases.workspace.context import CommandContext, Today, iso
from reconciler.use_cases.workspace.destination import Withheld
from reconciler.use_cases.workspace.opening import open_repository, tenant_of

if TYPE_CHECKING:
    from reconciler.use_cases.reconcile.auto_merge import Request


@dataclass(frozen=True, slots=True)
class Made:
    """A plan as its JSON document, the two facts that decide the exit code; the merge request if asked."""

    document: dict[str, Any]
    newly_blocked: bool
    pending: int
    request: "Request | None" = None


def plan(ctx: CommandContext, *, as_request: bool = False, read_from: ReadFrom = ReadFrom.AUTO) -> Made:
    """Make the plan. In a merge request pipeline it is of the merge with the target branch by itself."""
    target = ctx.pipeline.merge_target
    if ctx.options.onto is None and target is not None:
        ctx = replace(ctx, options=replace(ctx.options, onto=f"origin/{target}"))
    # A child pipeline's jobs know of the merge request by --onto alone.
    of_request = target is not None or (ctx.pipeline.running and ctx.options.onto is not None)
    if read_from is ReadFrom.AUTO and not of_request:
        read_from = ReadFrom.LIVE
    try:
        with prepare_plan(ctx, PlanRequest(read_from=read_from)) as prepared:
            meter_plan(prepared)
            if ctx.options.onto is not None:
                today = Today.at(ctx.clock(), ctx.options.as_of)
                demand_confirmed(prepared.inputs, today, ctx.options.onto)
            asked = _request(prepared) if as_request else None
            return Made(prepared.document, prepared.newly_blocked, prepared.plan.pending, asked)
    except Withheld as withheld:
        return _unread(withheld, as_request=as_request)


def _unread(withheld: Withheld, *, as_request: bool) -> Made:
    from reconciler.use_cases.reconcile.offline_plan import without_cxone  # noqa: PLC0415  (few merge requests change it)

    unread = without_cxone(withheld)
    if not as_request:
        return Made(unread.document, newly_blocked=False, pending=0)
    from reconciler.use_cases.reconcile.auto_merge import unread_request  # noqa: PLC0415  (few plans are told to anybody)

    return Made(unread.document, newly_blocked=False, pending=0, request=unread_request(unread))


def _request(prepared: PreparedPlan) -> "Request":
    from reconciler.use_cases.reconcile.auto_merge import request  # noqa: PLC0415  (few plans are told to anybody)

    return request(prepared)


def failed(ctx: CommandContext, error: DncError) -> dict[str, Any]:
    """Say as a plan document that there is none, as far as anything is known."""
    now = ctx.clock()
    try:
        repository = open_repository(ctx)
        revision = repository.head() if repository else None
    except DncError:
        revision = None
    heading = Heading(
        tool_version=__version__,
        tenant=tenant_of(ctx),
        target=None,
        revision=revision,
        held_revision=None,
        as_of=Today.at(now, ctx.options.as_of).as_of,
        created_at=iso(now),
    )
    return {**failed_json(heading, error.findings), "chain_head": None}
