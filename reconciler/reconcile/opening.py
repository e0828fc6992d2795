"""What every use case opens first: the repository, the project as one tree has it, the ledger."""

from typing import NamedTuple

from reconciler.audit.ledger import Ledger
from reconciler.model.errors import DncError, RepositoryProblem
from reconciler.model.finding import Finding, Severity
from reconciler.reconcile.project import Project
from reconciler.reconcile.surroundings import Surroundings
from reconciler.reconcile.tree import GitTree, Tree, Wanted, WorkingTree
from reconciler.reconcile.trust import trust_of
from reconciler.repository.repository import Repository

TREE = "GIT-TREE"
_MOST_NAMED = 5


def open_repository(around: Surroundings) -> Repository | None:
    """Find the repository around the project, if there is one."""
    return Repository.discover(around.folder, hurried=around.stop.is_set)


def _tree(around: Surroundings, repository: Repository | None, onto: str | None) -> Tree:
    if onto is None:
        return WorkingTree(around.folder)
    if repository is None:
        raise RepositoryProblem(f"there is no repository to merge {onto} in", "run this in a git clone")
    return GitTree(repository, repository.merged_tree(onto))


def open_project(
    around: Surroundings, repository: Repository | None, onto: str | None = None, tree: Tree | None = None
) -> Project:
    """Read configuration and rules: of a tree, or the working tree, or the merge of HEAD with `onto`."""
    return Project.read(tree or _tree(around, repository, onto), around.configuration.name)


def tenant_of(around: Surroundings) -> str:
    """Name the tenant that was chosen, or the default; empty where no configuration tells."""
    if around.tenant is not None:
        return around.tenant
    try:
        return open_project(around, None).configuration.default_tenant
    except DncError:
        return ""


def open_ledger(
    project: Project, repository: Repository | None, around: Surroundings, *, goes_on: bool = False
) -> Ledger | None:
    """Open the ledger; None where there is no repository to hold one. With `goes_on` it passes doubt over."""
    if repository is None:
        return None
    audit = project.configuration.audit
    trust = trust_of(audit, repository, around)
    return Ledger(repository, branch=audit.branch, folder=audit.path, trust=trust, goes_on=goes_on)


class Record(NamedTuple):
    """The repository, the project in it, and its ledger, which is not fetched yet."""

    repository: Repository
    project: Project
    ledger: Ledger


def open_record(around: Surroundings, *, goes_on: bool = False) -> Record:
    """Open all three, for whoever asks the record. Raises RepositoryProblem outside of a repository."""
    repository = open_repository(around)
    project = open_project(around, repository)
    ledger = open_ledger(project, repository, around, goes_on=goes_on)
    if repository is None or ledger is None:
        raise RepositoryProblem(
            "this is no git repository", "run this in the clone that holds the audit branch"
        )
    return Record(repository, project, ledger)


def open_committed(around: Surroundings, repository: Repository | None, head: str | None) -> Project:
    """Read configuration and rules as HEAD has them: what is applied is what git has, never a checkout."""
    if repository is None:
        raise RepositoryProblem("this is no git repository", "apply needs one: git init, commit, and again")
    if head is None:
        raise RepositoryProblem("there is no commit yet", "commit lists, schema and configuration first")
    tree = GitTree(repository, head)
    name = around.configuration.name
    if around.configuration.exists() and not tree.paths(name.__eq__):
        raise RepositoryProblem(f"not committed: {name}", "commit it: what is applied is what git has")
    return Project.read(tree, name)


def differing(project: Project, repository: Repository, wanted: Wanted) -> list[str]:
    """List the project's wanted files that differ between the working tree and HEAD, byte by byte.

    Changed, missing and additional ones, whether git ignores or skips them or not. CRLF for LF is none.
    """
    here = WorkingTree(repository.root / repository.prefix, project.reached)
    return repository.differing(wanted, here.lying(wanted))


def demand_committed(project: Project, repository: Repository) -> None:
    """Refuse to go on while lists, rules or configuration differ from the commit."""
    if repository.head() is None:
        raise RepositoryProblem("there is no commit yet", "commit lists, schema and configuration first")
    found = differing(project, repository, project.belongs)
    if found:
        raise RepositoryProblem(
            f"not committed: {_named(found)}",
            "commit these files, restore them (git checkout HEAD -- FILE) or remove them:"
            " what is applied is what git has",
        )


def committed_notes(
    project: Project, repository: Repository | None, around: Surroundings
) -> tuple[Finding, ...]:
    """Compare the working tree with the commit that is applied.

    A difference is an error where a person runs this. In a pipeline it is a warning, and nothing exposing
    goes: the files of the commit are sent, and whoever changed the checkout has changed no more than that.
    """
    if repository is None:
        return ()
    if not around.pipeline.running:
        demand_committed(project, repository)
        return ()
    found = differing(project, repository, project.belongs)
    if not found:
        return ()
    fact = (
        f"the working tree differs from the commit in {_named(found)}: the commit's files are applied, and"
        " nothing is removed or weakened in this run; find out what changes the job's checkout"
        " (a cache, an artifact, a script, a sparse checkout) and run the job again"
    )
    return (Finding("", 0, 0, "", TREE, Severity.WARNING, fact),)


def _named(paths: list[str]) -> str:
    more = len(paths) - _MOST_NAMED
    return ", ".join(paths[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def refresh(ledger: Ledger | None, around: Surroundings, *, must: bool) -> Ledger | None:
    """Fetch the audit branch. A remote that does not answer stops `apply`; a plan goes on without held."""
    if ledger is None:
        return None
    try:
        ledger.refresh()
    except RepositoryProblem as problem:
        if must:
            raise
        around.say(f"warning: {problem.fact}; planning without what is held, so nothing comes off")
        return None
    return ledger


def say_doubts(ledger: Ledger, tenant: str, around: Surroundings) -> None:
    """Say what is in doubt about a tenant's reports, where nothing is decided by them."""
    for doubt in ledger.doubts(tenant):
        place = f"{doubt.where}: " if doubt.where else ""
        around.say(f"warning: {place}{doubt.fact}; run `dnc audit verify`")
