"""Opens what every use case needs: the repository, the project of a tree, the ledger and its trust."""

from datetime import timedelta
from functools import cache
from typing import NamedTuple

from reconciler.audit.chain import PreviousLocation
from reconciler.audit.ledger import Ledger
from reconciler.audit.report import StoredReport
from reconciler.audit.trust import ContradictionCheck, Trust
from reconciler.config.configuration import AuditSettings
from reconciler.core.model.errors import DncError, InvalidInput, RepositoryProblem
from reconciler.core.model.finding import Finding, Severity
from reconciler.git.repository import Repository
from reconciler.use_cases.workspace.context import CommandContext, iso
from reconciler.use_cases.workspace.project import Project
from reconciler.use_cases.workspace.tree import GitTree, PathFilter, Tree, WorkingTree

_MAX_CLOCK_STEP = timedelta(days=2)  # clocks may be set, but not by days from one report to the next


def trust_of(audit: AuditSettings, repository: Repository, ctx: CommandContext) -> Trust:
    """Say by what this project's chains are judged; nothing is read before it is asked for."""
    return Trust(
        signers=cache(lambda: signers_of(audit, repository, ctx)),
        contradiction=_history_check(repository),
        continues={
            tenant: PreviousLocation(**continuation) for tenant, continuation in audit.continues.items()
        },
    )


def signers_of(audit: AuditSettings, repository: Repository, ctx: CommandContext) -> bytes | None:
    """Read whose signatures count, off the remote's default branch: the pipeline's token must not say it."""
    if not audit.signers:
        return None
    place, sha = "HEAD", repository.head()
    if repository.remote() is not None:
        place, sha = repository.default_branch_tip(
            ctx.pipeline.get("CI_DEFAULT_BRANCH"), besides=audit.branch
        )
    signers_files = repository.read_tree_files(sha, lambda path: path == audit.signers) if sha else {}
    if audit.signers not in signers_files:
        fact = f"audit.signers names {audit.signers}, and {place} has no such file"
        raise InvalidInput(
            fact, "commit it there, a line for each signer: NAME KEYTYPE KEY", where=audit.signers
        )
    return signers_files[audit.signers]


def _history_check(repository: Repository) -> ContradictionCheck:
    """Compare the revision and the moment of a report with history, and with the report before it."""

    @cache
    def there(revision: str) -> bool:
        try:
            repository.ensure_commit(revision)
        except RepositoryProblem:
            return False
        return True

    @cache
    def one_line(older: str, newer: str) -> bool:
        # The other way round: a run that was under way while a newer revision's reported.
        return repository.is_ancestor(older, newer) or repository.is_ancestor(newer, older)

    def judge(stored: StoredReport, before: StoredReport | None, excused: bool) -> str:  # noqa: FBT001
        revision = stored.report.revision
        if not excused and not there(revision):
            return (
                f"its revision {revision[:12]} is neither in this clone nor at the remote (if history was "
                "rewritten, push that commit again under a branch of its own)"
            )
        if stored.report.is_reanchored or not before:
            return ""
        if stored.report.moment < before.report.moment - _MAX_CLOCK_STEP:
            return (
                f"it says that it finished at {iso(stored.report.moment)}, and the report before it"
                f" at {iso(before.report.moment)}"
            )
        last = before.report.revision
        if (
            excused
            or stored.report.accepts_rewritten_history
            or revision == last
            or not repository.has_commit(last)
        ):
            return ""
        if one_line(last, revision):
            return ""
        return (
            f"its revision {revision[:12]} is on another line than {last[:12]}, that of the report before it"
        )

    return judge


TREE = "GIT-TREE"
_MOST_NAMED = 5


def open_repository(ctx: CommandContext) -> Repository | None:
    """Find the repository around the project, if there is one. A second time it is the same object."""
    if found := ctx.run.repositories.get(ctx.folder):
        return found
    repository = Repository.discover(ctx.folder, is_hurried=ctx.run.stop.is_set)
    if repository is not None:
        ctx.run.repositories[ctx.folder] = repository
    return repository


def _tree(ctx: CommandContext, repository: Repository | None, target_branch: str | None) -> Tree:
    if target_branch is None:
        return WorkingTree(ctx.folder)
    if repository is None:
        raise RepositoryProblem(
            f"there is no repository to merge {target_branch} in", "run this in a git clone"
        )
    return GitTree(repository, repository.merged_tree(target_branch))


def open_project(
    ctx: CommandContext,
    repository: Repository | None,
    target_branch: str | None = None,
    tree: Tree | None = None,
) -> Project:
    """Read configuration and rules: of a tree, the working tree, or a merge of HEAD with `target_branch`."""
    return Project.read(tree or _tree(ctx, repository, target_branch), ctx.options.configuration.name)


def tenant_name(ctx: CommandContext) -> str:
    """Name the tenant that was chosen, or the default; empty where no configuration tells."""
    if ctx.options.tenant is not None:
        return ctx.options.tenant
    try:
        return open_project(ctx, None).configuration.default_tenant
    except DncError:
        return ""


def open_ledger(
    project: Project, repository: Repository | None, ctx: CommandContext, *, goes_on: bool = False
) -> Ledger | None:
    """Open the ledger; None where there is no repository to hold one. With `goes_on` it passes doubt over."""
    if repository is None:
        return None
    audit = project.configuration.audit
    trust = trust_of(audit, repository, ctx)
    return Ledger(repository, branch=audit.branch, folder=audit.path, trust=trust, continues_on_doubt=goes_on)


class Record(NamedTuple):
    """The repository, the project in it, and its ledger, which is not fetched yet."""

    repository: Repository
    project: Project
    ledger: Ledger


def open_record(ctx: CommandContext, *, goes_on: bool = False) -> Record:
    """Open all three, for whoever asks the record. Raises RepositoryProblem outside of a repository."""
    repository = open_repository(ctx)
    project = open_project(ctx, repository)
    ledger = open_ledger(project, repository, ctx, goes_on=goes_on)
    if repository is None or ledger is None:
        raise RepositoryProblem(
            "this is no git repository", "run this in the clone that holds the audit branch"
        )
    return Record(repository, project, ledger)


def open_committed(ctx: CommandContext, repository: Repository | None, head: str | None) -> Project:
    """Read configuration and rules as HEAD has them: what is applied is what git has, never a checkout."""
    if repository is None:
        raise RepositoryProblem("this is no git repository", "apply needs one: git init, commit, and again")
    if head is None:
        raise RepositoryProblem("there is no commit yet", "commit lists, schema and configuration first")
    tree = GitTree(repository, head)
    name = ctx.options.configuration.name
    if ctx.options.configuration.exists() and not tree.paths(name.__eq__):
        raise RepositoryProblem(f"not committed: {name}", "commit it: what is applied is what git has")
    return Project.read(tree, name)


def differing(project: Project, repository: Repository, is_wanted: PathFilter) -> list[str]:
    """List the project's wanted files that differ between the working tree and HEAD, byte by byte.

    Changed, missing and additional ones, whether git ignores or skips them or not. CRLF for LF is none.
    """
    working_tree = WorkingTree(repository.root / repository.prefix, project.is_reached)
    return repository.changed_files(is_wanted, working_tree.existing_paths(is_wanted))


def demand_committed(project: Project, repository: Repository) -> None:
    """Refuse to go on while lists, rules or configuration differ from the commit."""
    if repository.head() is None:
        raise RepositoryProblem("there is no commit yet", "commit lists, schema and configuration first")
    differing_paths = differing(project, repository, project.is_part)
    if differing_paths:
        raise RepositoryProblem(
            f"not committed: {_paths_text(differing_paths)}",
            "commit these files, restore them (git checkout HEAD -- FILE) or remove them:"
            " what is applied is what git has",
        )


def committed_findings(
    project: Project, repository: Repository | None, ctx: CommandContext
) -> tuple[Finding, ...]:
    """Compare the working tree with the commit that is applied.

    A difference is an error where a person runs this. In a pipeline it is a warning, and nothing exposing
    goes: the files of the commit are sent, and whoever changed the checkout has changed no more than that.
    """
    if repository is None:
        return ()
    if not ctx.pipeline.is_running:
        demand_committed(project, repository)
        return ()
    differing_paths = differing(project, repository, project.is_part)
    if not differing_paths:
        return ()
    fact = (
        f"the working tree differs from the commit in {_paths_text(differing_paths)}: the commit's "
        "files are applied, and"
        " nothing is removed or weakened in this run; find out what changes the job's checkout"
        " (a cache, an artifact, a script, a sparse checkout) and run the job again"
    )
    return (Finding("", 0, 0, "", TREE, Severity.WARNING, fact),)


def _paths_text(paths: list[str]) -> str:
    rest_count = len(paths) - _MOST_NAMED
    return ", ".join(paths[:_MOST_NAMED]) + (f" and {rest_count} more" if rest_count > 0 else "")


def refresh_ledger(ledger: Ledger | None, ctx: CommandContext, *, must: bool) -> Ledger | None:
    """Fetch the audit branch. A remote that does not answer stops `apply`; a plan goes on without held."""
    if ledger is None:
        return None
    try:
        ledger.refresh()
    except RepositoryProblem as problem:
        if must:
            raise
        ctx.say(f"warning: {problem.fact}; planning without what was last applied, so nothing is removed")
        return None
    return ledger


def say_doubts(ledger: Ledger, tenant: str, ctx: CommandContext) -> None:
    """Say what is in doubt about a tenant's reports, where nothing is decided by them."""
    for doubt in ledger.doubts(tenant):
        place = f"{doubt.where}: " if doubt.where else ""
        fix = f"fix: {doubt.fix}" if doubt.fix else "run `dnc audit verify`"
        ctx.say(f"warning: {place}{doubt.fact}; {fix}")
