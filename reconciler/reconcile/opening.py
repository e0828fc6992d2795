"""What every use case opens first: the repository, the project as one tree has it, the ledger."""

from typing import NamedTuple

from reconciler.audit.ledger import Ledger
from reconciler.model.errors import DncError, RepositoryProblem
from reconciler.reconcile.project import Project
from reconciler.reconcile.surroundings import Surroundings
from reconciler.reconcile.tree import GitTree, Tree, WorkingTree
from reconciler.reconcile.trust import trust_of
from reconciler.repository.repository import Repository


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


def demand_committed(project: Project, repository: Repository) -> None:
    """Refuse to go on while lists, rules or configuration differ from the commit."""
    if repository.head() is None:
        raise RepositoryProblem("there is no commit yet", "commit lists, schema and configuration first")
    dirty = repository.dirty(project.belongs)
    if dirty:
        shown = ", ".join(dirty[:5]) + (f" and {len(dirty) - 5} more" if len(dirty) > 5 else "")  # noqa: PLR2004
        raise RepositoryProblem(
            f"not committed: {shown}", "commit or remove them: what is applied must be what git has"
        )


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
