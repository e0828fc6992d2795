"""Where a tenant's requests and secrets go: decided by what is merged, never by a merge request.

Whoever can push a branch can write any address and any variable into its `dnc.yaml`. So a merge request's
plan signs in only where the target branch signs in, with the variables that are meant for CXone.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields

from reconciler.audit.ledger import Ledger
from reconciler.config.configuration import AuditSettings, Configuration, Tenant
from reconciler.core.model.errors import InvalidInput, NotApplicable, RepositoryProblem, RewrittenHistory
from reconciler.core.model.finding import Finding, Severity
from reconciler.git.repository import Repository
from reconciler.use_cases.workspace.audit_branch import demand_own_audit_branch
from reconciler.use_cases.workspace.changed_files import merge_tip
from reconciler.use_cases.workspace.context import CommandContext
from reconciler.use_cases.workspace.opening import Record
from reconciler.use_cases.workspace.project import Project
from reconciler.use_cases.workspace.tree import GitTree

RULE = "CONF-10"
ALLOWED_VARIABLES = "DNC_ALLOWED_VARIABLES"
PREFIXES = ("CXONE_", "DNC_TENANT_")
_FIX = (
    f"rename it to begin with {' or '.join(PREFIXES)}, or add its name to the pipeline's variable "
    f"{ALLOWED_VARIABLES}"
)
_HISTORY_FIX = (
    "find out who rewrote it, and push what is missing again; or, if it was meant, run `dnc apply "
    "--accept-history`: it sends protective changes only, and the run after it decides on removals again"
)


@dataclass(frozen=True, slots=True)
class Merging:
    """A project as a merge request would have it. `target_configuration`: the target's, if readable."""

    ctx: CommandContext
    project: Project
    repository: Repository
    target_branch: str
    target_configuration: Configuration | None

    @property
    def tenant(self) -> Tenant:
        """The tenant that was chosen, as it is written."""
        return self.project.tenant(self.ctx.options.tenant)


class Withheld(InvalidInput):
    """A merge request's configuration would send secrets elsewhere, so CXone may not be asked."""

    rule = RULE

    def __init__(self, merging: Merging, facts: list[str], fix: str) -> None:
        super().__init__("; ".join(facts), fix, where=merging.project.configuration_path)
        self.merging = merging
        self.facts = facts


def demand_destination(ctx: CommandContext, repository: Repository | None, project: Project) -> None:
    """Refuse to ask CXone where a merge request changes what decides where secrets go. Raises Withheld."""
    for onto in _trusted_branches(ctx, repository, project):
        _demand_same_as(onto, ctx, repository, project)


def _demand_same_as(
    target_branch: str, ctx: CommandContext, repository: Repository | None, project: Project
) -> None:
    if repository is None:
        raise RepositoryProblem(
            f"there is no repository to find {target_branch} in", "run this in a git clone"
        )
    merging = Merging(
        ctx, project, repository, target_branch, _configuration(repository, target_branch, project)
    )
    differing, strange = list(_changed_settings(merging)), _unusual_variables(merging.tenant, ctx.environ)
    ways = [
        *(["merge the change of these settings in a merge request of its own"] if differing else []),
        *([_FIX] if strange else []),
    ]
    if differing or strange:
        raise Withheld(merging, [*differing, *strange.values()], "; ".join(ways))


def _trusted_branches(ctx: CommandContext, repository: Repository | None, project: Project) -> list[str]:
    """Name the branches whose configuration counts: the target, and the default one unless that is protected.

    Whoever may push a branch may make a merge request onto it, or let a pipeline of it run.
    """
    pipeline, target_branch = ctx.pipeline, _merge_target(ctx)
    branches = [target_branch] if target_branch else []
    is_protected = (
        pipeline.get("CI_MERGE_REQUEST_TARGET_BRANCH_PROTECTED") == "true" and pipeline.merge_target
    )
    if is_protected or not pipeline.is_of_branch or repository is None or repository.remote() is None:
        return branches
    name = pipeline.get("CI_DEFAULT_BRANCH") or default_branch(ctx, repository, project)[0]
    default = f"{repository.remote()}/{name}"
    head = repository.head()
    if not (target_branch or pipeline.is_of_merge_request) and head:
        return [] if repository.is_ancestor(head, merge_tip(repository, default)) else [default]
    return list(dict.fromkeys([*branches, default]))


def _merge_target(ctx: CommandContext) -> str | None:
    target = ctx.pipeline.merge_target
    return ctx.options.onto or (f"origin/{target}" if target else None)


def remote_counts(repository: Repository, tenant: Tenant) -> bool:
    """Tell whether only what the remote's default branch has is applied."""
    return repository.remote() is not None and not tenant.embedded


def default_branch(ctx: CommandContext, repository: Repository, project: Project) -> tuple[str, str]:
    """Ask for the remote's default branch and its tip."""
    hint = ctx.pipeline.get("CI_DEFAULT_BRANCH")
    return repository.default_branch_tip(hint, besides=project.configuration.audit.branch)


def rewritten_history(
    ctx: CommandContext, record: Record, tenant: Tenant, revisions: Sequence[str]
) -> RewrittenHistory | None:
    """Say so where the revision applied last is no part of history any more; None where it is, or none was.

    `revisions` are what is planned: HEAD, and what it is merged with. Where a remote counts, its default
    branch is asked: a branch that is behind lacks the revision as well. The ledger is up to date.
    """
    repository, project, ledger = record
    newest = ledger.newest(tenant.name)
    if newest is None or newest.report.revision in revisions:
        return None
    last_revision = newest.report.revision
    repository.ensure_commit(last_revision)
    if any(repository.is_ancestor(last_revision, revision) for revision in revisions):
        return None
    if remote_counts(repository, tenant):
        name, tip = default_branch(ctx, repository, project)
        if repository.is_ancestor(last_revision, tip):
            return None
        fact = (
            f"{last_revision[:12]}, which was applied last, is not on the remote's default branch {name}: "
            "history was rewritten, or what was applied was never merged"
        )
    elif any(repository.is_ancestor(revision, last_revision) for revision in revisions):
        return None  # older, and nothing more
    else:
        fact = (
            f"{revisions[0][:12]} does not contain {last_revision[:12]}, which was applied last: history was "
            "rewritten, or another branch was applied"
        )
    return RewrittenHistory(fact, _HISTORY_FIX, where=newest.path)


def say_rewritten_history(ctx: CommandContext, record: Record, tenant: Tenant) -> RewrittenHistory | None:
    """Warn that `apply` releases nothing, where only the record is looked at; give what is warned of."""
    head = record.repository.head()
    try:
        rewritten = rewritten_history(ctx, record, tenant, [head]) if head else None
    except RepositoryProblem:
        return None  # a plan says what cannot be known
    if rewritten is not None:
        ctx.say(f"warning: {rewritten.fact}, so apply releases nothing; fix: {rewritten.fix}")
    return rewritten


def demand_applicable(ctx: CommandContext, record: Record, head: str, *, accept_history: bool) -> bool:
    """Refuse a revision that is not one to apply; tell whether history was rewritten, and that accepted.

    It is asked before CXone is: what nobody merged must not say where secrets go. A history that was
    rewritten, and that nobody has accepted, is a doubt of the ledger's.
    """
    repository, project, ledger = record
    tenant = project.tenant(ctx.options.tenant)
    if remote_counts(repository, tenant):
        name, tip = default_branch(ctx, repository, project)
        demand_own_audit_branch(project, ctx, repository, name)
        if head != tip and not repository.is_ancestor(head, tip):
            raise NotApplicable(
                f"{head[:12]} is not on {name}, the remote's default branch",
                "merge it first; only what is merged is applied",
            )
    newest = ledger.newest(tenant.name)
    if newest is None or newest.report.revision == head:
        return False
    last_revision = newest.report.revision
    repository.ensure_commit(last_revision)
    if repository.is_ancestor(last_revision, head):
        return False
    rewritten = rewritten_history(ctx, record, tenant, [head])
    if rewritten is not None:
        if not accept_history:
            ledger.add_doubt(tenant.name, rewritten)
        return accept_history
    if repository.is_ancestor(head, last_revision):
        raise NotApplicable(
            f"{head[:12]} is older than {last_revision[:12]}, which is applied already: nothing was changed",
            "nothing to do; the newer revision's pipeline has taken its place",
        )
    raise NotApplicable(
        f"{head[:12]} does not contain {last_revision[:12]}, which was applied last: nothing was changed",
        "apply the newest revision of the default branch, which contains both",
    )


def known_variable_findings(
    ctx: CommandContext, project: Project, repository: Repository | None, ledger: Ledger | None
) -> tuple[Finding, ...]:
    """Warn of variables that are not named as CXone's and that the `dnc.yaml` applied last reads already.

    Raises InvalidInput for a new one: `apply` has secrets of its own that no merge may send anywhere.
    """
    tenant, path = project.tenant(ctx.options.tenant), project.configuration_path
    unusual = _unusual_variables(tenant, ctx.environ)
    if not unusual:
        return ()
    newest = ledger.newest(tenant.name) if ledger else None
    last_project = project_at(repository, newest.report.revision if newest else None, path)
    variables_before = (
        {
            name
            for last_tenant in last_project.configuration.tenants.values()
            for name in last_tenant.variables
        }
        if last_project
        else set()
    )
    if new_facts := [fact for name, fact in unusual.items() if name not in variables_before]:
        raise InvalidInput(f"{new_facts[0]}, and no applied {path} has read it before", _FIX, where=path)
    message = f"it is filled in, since the {path} that was applied last reads it too; fix: {_FIX}"
    place = f"/tenants/{tenant.name}"
    return tuple(
        Finding(path, 0, 0, place, RULE, Severity.WARNING, f"{fact}; {message}") for fact in unusual.values()
    )


def comparable_variables(ctx: CommandContext) -> Mapping[str, str]:
    """Give the variables that tenants are compared with: in a merge request only those of CXone's."""
    if not (_merge_target(ctx) or ctx.pipeline.is_of_merge_request):
        return ctx.environ
    return {name: value for name, value in ctx.environ.items() if is_allowed_variable(name, ctx.environ)}


def is_allowed_variable(variable: str, environ: Mapping[str, str]) -> bool:
    """Tell whether a variable may be filled in without a look at what was applied."""
    return variable.startswith(PREFIXES) or variable in re.split(
        r"[\s,]+", environ.get(ALLOWED_VARIABLES, "")
    )


def project_at(repository: Repository | None, revision: str | None, path: str) -> Project | None:
    """Read the project as a revision has it; None where that cannot be read."""
    if repository is None or revision is None:
        return None
    try:
        repository.ensure_commit(revision)
        return Project.read(GitTree(repository, revision), path)
    except (InvalidInput, RepositoryProblem):
        return None


def _configuration(repository: Repository, target_branch: str, project: Project) -> Configuration | None:
    path, tip = project.configuration_path, merge_tip(repository, target_branch)
    if GitTree(repository, tip).read(path.__eq__).get(path) == project.configuration_data:
        return (
            project.configuration
        )  # most merge requests leave it as it is, and rules take their time to load
    project_before = project_at(repository, tip, path)
    return project_before.configuration if project_before else None


def _changed_settings(merging: Merging) -> Iterator[str]:
    """Say what of the settings that decide where secrets and reports go is not the target branch's."""
    path, target_branch, target_configuration = (
        merging.project.configuration_path,
        merging.target_branch,
        merging.target_configuration,
    )
    if target_configuration is None:
        yield f"{path} of {target_branch} is missing or cannot be read"
        return
    name = merging.tenant.name
    if name not in target_configuration.tenants:
        yield f"{target_branch} has no tenant {name}"
    else:
        destination_before, destination_now = (
            target_configuration.tenants[name].destination,
            merging.tenant.destination,
        )
        if keys := [key for key in destination_now if destination_now[key] != destination_before[key]]:
            yield f"{', '.join(keys)} of tenant {name} differ from {target_branch}"
    audits = target_configuration.audit, merging.project.configuration.audit
    if keys := [
        f"audit.{field.name}" for field in fields(AuditSettings) if _is_different(field.name, *audits)
    ]:
        yield f"{', '.join(keys)} differ from {target_branch}"


def _is_different(name: str, audit: AuditSettings, other: AuditSettings) -> bool:
    return bool(getattr(audit, name) != getattr(other, name))


def _unusual_variables(tenant: Tenant, environ: Mapping[str, str]) -> dict[str, str]:
    """Say by variable that it is not named as one of CXone's, and what reads it."""
    return {
        name: f"{key} of tenant {tenant.name} reads the variable {name}, which is not named as one of CXone's"
        for name, key in tenant.variables.items()
        if not is_allowed_variable(name, environ)
    }
