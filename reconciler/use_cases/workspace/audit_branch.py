"""The audit branch is one of its own: never the branch that lists are merged into."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from reconciler.config.configuration import AuditSettings
from reconciler.core.model.errors import InvalidInput, RepositoryProblem
from reconciler.core.model.finding import Finding, Severity
from reconciler.use_cases.workspace.context import CommandContext
from reconciler.use_cases.workspace.project import Project

if TYPE_CHECKING:
    from reconciler.git.repository import Repository

RULE = "CONF-12"
_USUAL = ("main", "master")


def audit_branch_findings(
    project: Project,
    ctx: CommandContext,
    open_repository: "Callable[[], Repository | None]",
    remote_default: str = "",
) -> tuple[Finding, ...]:
    """Find an audit branch that is the default branch, by its name, the pipeline, or what this clone knows.

    The remote is not asked; `remote_default` is what it said to somebody who did.
    """
    branch = project.configuration.audit.branch
    for name, whose in _default_branches(branch, ctx, open_repository, remote_default):
        if name == branch:
            line, column = project.configuration.audit_mark
            message = (
                f"audit.branch is {branch}, {whose}: reports would be committed among the lists, past every "
                f"review; write a branch of its own, such as {AuditSettings().branch}"
            )
            path = project.configuration_path
            return (Finding(path, line, column, "/audit/branch", RULE, Severity.ERROR, message),)
    return ()


def demand_own_audit_branch(
    project: Project, ctx: CommandContext, repository: "Repository | None", remote_default: str = ""
) -> None:
    """Refuse an audit branch that is the default branch. Raises InvalidInput with the place."""
    findings = audit_branch_findings(project, ctx, lambda: repository, remote_default)
    if findings:
        fact = "audit.branch is the branch that the lists are on"
        raise InvalidInput(
            fact, "write a branch of its own", where=project.configuration_path, findings=findings
        )


def _default_branches(
    branch: str,
    ctx: CommandContext,
    open_repository: "Callable[[], Repository | None]",
    remote_default: str,
) -> "Iterator[tuple[str | None, str]]":
    """Name the branches that it must not be, and what each is; git is asked last."""
    pipeline = ctx.pipeline
    yield pipeline.get("CI_DEFAULT_BRANCH"), "the default branch"
    yield pipeline.merge_target, "the branch that this merge request is for"
    yield remote_default, "the remote's default branch"
    yield from ((name, "the usual name of a default branch") for name in _USUAL)
    yield pipeline.get("CI_COMMIT_BRANCH"), "the branch that the lists are on"
    if branch == AuditSettings().branch:
        return  # nobody names a default branch so
    try:
        repository = open_repository()
        if repository is not None:
            yield repository.remote_head(), "the remote's default branch"
            yield repository.current_branch(), "the branch that the lists are on"
    except RepositoryProblem:
        return  # git has its own message
