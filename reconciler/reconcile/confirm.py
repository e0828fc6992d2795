"""`dnc confirm`: somebody has counted what a branch adds. The files say so; needs no CXone."""

from collections.abc import Mapping
from dataclasses import dataclass

from reconciler.desired.confirmed import with_confirmed
from reconciler.model.errors import InvalidInput, RepositoryProblem
from reconciler.reconcile.clock import Today
from reconciler.reconcile.confirmation import Merge, added_by
from reconciler.reconcile.edits import put_together
from reconciler.reconcile.opening import demand_committed, open_project, open_repository
from reconciler.reconcile.surroundings import Surroundings
from reconciler.reconcile.target import Desk
from reconciler.reconcile.tree import GitTree
from reconciler.repository.repository import Repository


@dataclass(frozen=True, slots=True)
class Confirmed:
    """How many numbers each file adds, and which files were changed to say so."""

    added: Mapping[str, int]
    files: tuple[str, ...]


def confirm(around: Surroundings, count: int) -> Confirmed:
    """Write `confirmed` into every file to which HEAD adds numbers, once the sum is the very one.

    What it adds to is `around.onto`; the remote's default branch otherwise. Raises InvalidInput, and writes
    nothing, for another sum.
    """
    repository = open_repository(around)
    if repository is None:
        raise RepositoryProblem("this is no git repository", "run this in the clone that has the branch")
    desk = Desk.open(around)
    demand_committed(desk.project, repository)
    onto = around.onto or _target(desk, repository)
    added = {one.path: one.count for one in added_by(_merge(around, repository, onto))}
    total = sum(added.values())
    if total != count:
        fact = f"{total:,} numbers are added, not {count:,}: nothing was written"
        raise InvalidInput(fact, f"look at them; if all are meant: dnc confirm {total}", where="COUNT")
    now = {source.path: source.data for source in desk.sources}
    new = {path: with_confirmed(path, now[path], number) for path, number in added.items()}
    changed = {path: data for path, data in new.items() if data != now[path]}
    put_together(desk, changed)
    return Confirmed(added, tuple(changed))


def _target(desk: Desk, repository: Repository) -> str:
    hint = desk.around.pipeline.get("CI_DEFAULT_BRANCH")
    return repository.default_branch_tip(hint, besides=desk.project.configuration.audit.branch)[1]


def _merge(around: Surroundings, repository: Repository, onto: str) -> Merge:
    project = open_project(around, repository, onto)
    assert isinstance(project.tree, GitTree)  # noqa: S101  (a merge is one)
    tenant, today = project.tenant(around.tenant), Today.at(around.clock())
    sources = project.sources(tenant)
    before = GitTree(repository, repository.describe(onto).sha)
    files = project.read_lists(sources, today).claims.files
    return Merge(before, project.tree, project, tenant, sources, files, today)
