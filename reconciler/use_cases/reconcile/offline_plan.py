"""A merge request's plan for which CXone was not asked: lists are judged, and live is not known."""

from dataclasses import dataclass, replace
from typing import Any

from reconciler import __version__
from reconciler.audit.ledger import Ledger
from reconciler.audit.report import StoredReport
from reconciler.core.model.finding import Finding, Severity
from reconciler.core.planning.coverage import coverage_from_json
from reconciler.core.planning.plan import Heading, PlanSource, SourceKind, failed_plan_to_json
from reconciler.use_cases.reconcile.large_additions import demand_confirmed
from reconciler.use_cases.reconcile.plan_inputs import PlanInputs
from reconciler.use_cases.reconcile.rule_changes import excuse_applied, last_applied_sources
from reconciler.use_cases.workspace.changed_files import merge_tip
from reconciler.use_cases.workspace.context import CommandContext, Today, iso
from reconciler.use_cases.workspace.destination import RULE, Withheld
from reconciler.use_cases.workspace.opening import demand_committed, refresh_ledger
from reconciler.use_cases.workspace.project import contested_findings, demand_valid, findings_in_files
from reconciler.use_cases.workspace.settings_changes import settings_changes_json
from reconciler.use_cases.workspace.tree import GitTree

NOT_READ = "none"  # where live is from
HINDRANCE = "its plan was made without CXone, since it changes where secrets go or which variables are read"


@dataclass(frozen=True, slots=True)
class OfflinePlan:
    """What there is of a plan without CXone. `newest` is the newest report as the target branch finds it."""

    ctx: CommandContext
    inputs: PlanInputs
    revision: str | None
    newest: StoredReport | None
    document: dict[str, Any]


def plan_offline(withheld: Withheld) -> OfflinePlan:
    """Make the document. Raises InvalidInput for lists that are not valid, or not confirmed."""
    merging = withheld.merging
    ctx, project, repository, tenant = merging.ctx, merging.project, merging.repository, merging.tenant
    demand_committed(project, repository)
    audit = merging.target_configuration.audit if merging.target_configuration else None
    ledger = refresh_ledger(
        Ledger(repository, branch=audit.branch, folder=audit.path) if audit else None, ctx, must=False
    )
    now = ctx.clock()
    today = Today.at(now, ctx.options.as_of)

    # A tenant that is set up in this merge request may get its first list file later.
    reach = tuple(replace(found, severity=Severity.WARNING) for found in project.reach_findings([tenant]))
    sources = project.sources(tenant)
    lists = project.read_lists(sources, today)
    lists = excuse_applied(
        lists, project, today, lambda: last_applied_sources(project, [tenant], repository, ledger)
    )
    demand_valid((*findings_in_files(lists, project), *contested_findings(project, tenant, today)))
    newest = ledger.newest(tenant.name) if ledger else None
    heading = Heading(
        tool_version=__version__,
        tenant=tenant.name,
        target=None,
        revision=repository.head(),
        last_applied_revision=newest.report.revision if newest else None,
        as_of=today.as_of,
        created_at=iso(now),
        source=PlanSource(SourceKind.MERGE, onto=ctx.options.onto or merging.target_branch),
    )
    document = failed_plan_to_json(
        heading, (*lists.findings, *reach, *project.loosened_findings(), _withheld_finding(withheld))
    )
    document |= {"errored": False, "chain_head": newest.head if newest else None}
    known = coverage_from_json(newest.report.fields) if newest else None
    document |= known.to_json() if known else {}
    document["live"] |= {"from": NOT_READ}
    document["terms_changes"] = []
    document["settings"] = settings_changes_json(
        project, GitTree(repository, merge_tip(repository, merging.target_branch)), merging.target_branch
    )
    inputs = PlanInputs(project, tenant, repository, sources, lists)
    demand_confirmed(inputs, today, ctx.options.onto or merging.target_branch)
    return OfflinePlan(ctx, inputs, heading.revision, newest, document)


def _withheld_finding(withheld: Withheld) -> Finding:
    message = (
        f"{withheld.fact}: this plan was made without CXone. No variable was filled in, no request was "
        f"sent, and it is not known what apply would change; fix: {withheld.fix}, then plan again"
    )
    place = f"/tenants/{withheld.merging.tenant.name}"
    return Finding(withheld.where, 0, 0, place, RULE, Severity.WARNING, message)
