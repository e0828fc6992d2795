"""`dnc confirm`: somebody has counted what a branch adds. The files say so; needs no CXone."""

from collections.abc import Mapping
from dataclasses import dataclass

from reconciler.core.model.errors import InvalidInput, RepositoryProblem
from reconciler.git.repository import Repository
from reconciler.lists.edit.items import SECTIONS
from reconciler.lists.edit.sheet import Sheet
from reconciler.use_cases.edits.file_changes import put_together
from reconciler.use_cases.reconcile.large_additions import Merge, added_by
from reconciler.use_cases.workspace.context import CommandContext, Today
from reconciler.use_cases.workspace.opening import demand_committed, open_project, open_repository
from reconciler.use_cases.workspace.tenant_lists import Desk
from reconciler.use_cases.workspace.tree import GitTree
from reconciler.yaml_tree.spans import Leaf


def with_confirmed(path: str, data: bytes, count: int) -> bytes:
    """Give a list file that says it, in place of what it said; all else stays as people wrote it.

    Raises InvalidInput as `Sheet.read` does.
    """
    sheet = Sheet.read(path, data)
    text, root = sheet.original
    found = root.get("confirmed")
    if isinstance(found, Leaf):
        text = f"{text[: found.start]}{count}{text[found.end :]}"
    else:
        place = next(key.start for key, _ in root.pairs() if key.text in SECTIONS)
        said = f'"confirmed": {count}, ' if root.is_flow else f"confirmed: {count}\n"
        text = text[:place] + said + text[place:]
    return (sheet.mark + text).replace("\n", sheet.newline).encode()


@dataclass(frozen=True, slots=True)
class Confirmed:
    """How many numbers each file adds, and which files were changed to say so."""

    added: Mapping[str, int]
    files: tuple[str, ...]


def confirm(ctx: CommandContext, count: int) -> Confirmed:
    """Write `confirmed` into every file to which HEAD adds numbers, once the sum is the very one.

    The base is `--onto`; the remote's default branch otherwise. Raises InvalidInput, and writes
    nothing, for another sum.
    """
    repository = open_repository(ctx)
    if repository is None:
        raise RepositoryProblem("this is no git repository", "run this in the clone that has the branch")
    desk = Desk.open(ctx)
    demand_committed(desk.project, repository)
    onto = ctx.options.onto or _target(desk, repository)
    added = {one.path: one.count for one in added_by(_merge(ctx, repository, onto))}
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
    hint = desk.ctx.pipeline.get("CI_DEFAULT_BRANCH")
    return repository.default_branch_tip(hint, besides=desk.project.configuration.audit.branch)[1]


def _merge(ctx: CommandContext, repository: Repository, onto: str) -> Merge:
    project = open_project(ctx, repository, onto)
    assert isinstance(project.tree, GitTree)  # noqa: S101  (a merge is one)
    tenant, today = project.tenant(ctx.options.tenant), Today.at(ctx.clock())
    sources = project.sources(tenant)
    before = GitTree(repository, repository.describe(onto).sha)
    files = project.read_lists(sources, today).claims.files
    return Merge(before, project.tree, project, tenant, sources, files, today)
