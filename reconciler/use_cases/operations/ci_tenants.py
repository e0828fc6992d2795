"""`dnc ci`: which tenants a pipeline is for, each a job of its own."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePosixPath

from reconciler.config.configuration import Tenant, matches
from reconciler.core.model.errors import InvalidInput, RepositoryProblem
from reconciler.git.repository import Repository
from reconciler.use_cases.workspace.changed_files import is_known_commit, tip_of
from reconciler.use_cases.workspace.context import CommandContext
from reconciler.use_cases.workspace.opening import open_project, open_repository
from reconciler.use_cases.workspace.project import Project
from reconciler.use_cases.workspace.tree import GitTree


class Work(StrEnum):
    """What is done for each tenant."""

    PLAN = "plan"
    APPLY = "apply"


@dataclass(frozen=True, slots=True)
class FanOut:
    """The tenants that a pipeline has a job for, and what the jobs need to know of the pipeline above them.

    `target_branch` is what a merge request's plans merge with, and `merge_request` its number. A child
    pipeline's own source is `parent_pipeline`, so `is_scheduled` tells its jobs that a schedule began it.
    """

    work: Work
    tenants: tuple[str, ...]
    configuration: str
    target_branch: str | None = None
    is_scheduled: bool = False
    merge_request: str | None = None


def fan_out(ctx: CommandContext, *, since: str | None, work: Work | None) -> FanOut:
    """Name the tenants whose files, settings or rules changed since a commit or branch; all without one.

    Planned in a merge request and outside CI, applied elsewhere, unless told otherwise. Where what changed
    cannot be told, it is every tenant: one job too many harms nobody. Raises InvalidInput for a configuration
    that cannot be read.
    """
    target, in_pipeline = ctx.pipeline.merge_target, ctx.pipeline.is_running
    onto = ctx.options.onto or (f"origin/{target}" if target else None)
    repository = open_repository(ctx)
    project = open_project(ctx, repository, onto)
    tenants = _external_tenants(project, ctx)
    if since and is_known_commit(since):
        tenants = _changed_tenants(tenants, project, repository, since, ctx)
    return FanOut(
        work=work or (Work.APPLY if in_pipeline and target is None else Work.PLAN),
        tenants=tuple(tenant.name for tenant in tenants),
        configuration=_path_from_root(ctx, repository),
        target_branch=onto,
        is_scheduled=ctx.pipeline.is_scheduled,
        merge_request=ctx.pipeline.get("CI_MERGE_REQUEST_IID") if target else None,
    )


def _path_from_root(ctx: CommandContext, repository: Repository | None) -> str:
    """Name the configuration from the root of the repository, where a job begins."""
    return str(PurePosixPath(repository.prefix if repository else "") / ctx.options.configuration.name)


def _external_tenants(project: Project, ctx: CommandContext) -> list[Tenant]:
    """Leave out the built-in CXone: it would begin empty in every job, and end with it."""
    tenants = sorted(project.configuration.tenants.values(), key=lambda tenant: tenant.name)
    toys = [tenant.name for tenant in tenants if tenant.embedded]
    if toys:
        ctx.say(f"left out, being the built-in CXone: {', '.join(toys)}")
    return [tenant for tenant in tenants if not tenant.embedded]


def _changed_tenants(
    tenants: list[Tenant], project: Project, repository: Repository | None, since: str, ctx: CommandContext
) -> list[Tenant]:
    if repository is None:
        raise RepositoryProblem(
            f"there is no repository to find {since} in",
            "run this in a git clone, or without --changed-since",
        )
    try:
        side_before, side_after = _sides(repository, since, project.configuration_path)
    except RepositoryProblem as problem:
        ctx.say(f"warning: {problem.fact}; so every tenant has a job")
        return tenants
    except InvalidInput:
        ctx.say(f"the configuration of {since} cannot be read; so every tenant has a job")
        return tenants
    return [
        tenant
        for tenant in tenants
        if side_before.deciding_state(tenant.name) != side_after.deciding_state(tenant.name)
    ]


@dataclass(frozen=True, slots=True)
class _Side:
    """One state of everything: what decides over a tenant, tenant by tenant."""

    project: Project
    blobs: dict[str, str]

    def deciding_state(self, name: str) -> object:
        """Give what decides over a tenant: its settings, those of all, rules, and its files by name."""
        configuration = self.project.configuration
        tenant = configuration.tenants.get(name)
        files = {path: sha for path, sha in self.blobs.items() if tenant and matches(tenant.lists, path)}
        return tenant, configuration.safety, configuration.audit, self.project.rules.digest, files


def _sides(repository: Repository, since: str, configuration: str) -> tuple[_Side, _Side]:
    """Read what `since` has, and what its merge with HEAD has: the difference is what HEAD brings."""
    tip = tip_of(repository, since)
    side_before, side_after = (
        _side(repository, rev, configuration) for rev in (tip, repository.merged_tree(tip))
    )
    return side_before, side_after


def _side(repository: Repository, rev: str, configuration: str) -> _Side:
    files = repository.files(rev, lambda path: path.endswith((".yaml", ".yml")))
    project = Project.read(GitTree(repository, rev), configuration)
    return _Side(project, {file.path: file.sha for file in files})
