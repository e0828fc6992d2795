"""`dnc confirm`: somebody has counted what a branch adds. The files say so; needs no CXone."""

from collections.abc import Mapping
from dataclasses import dataclass

from reconciler.core.model.errors import InvalidInput, RepositoryProblem
from reconciler.git.repository import Repository
from reconciler.lists.edit.items import SECTIONS
from reconciler.lists.edit.sheet import Sheet
from reconciler.use_cases.edits.edit_lock import edit, write_list_files
from reconciler.use_cases.reconcile.large_additions import Merge, additions_by_file
from reconciler.use_cases.workspace.context import CommandContext, Today
from reconciler.use_cases.workspace.opening import demand_committed, open_project, open_repository
from reconciler.use_cases.workspace.tenant_lists import TenantLists
from reconciler.use_cases.workspace.tree import GitTree
from reconciler.yaml_tree.spans import Leaf


def with_confirmed_count(path: str, data: bytes, count: int) -> bytes:
    """Give a list file that says it, in place of what it said; all else stays as people wrote it.

    Raises InvalidInput as `Sheet.read` does.
    """
    sheet = Sheet.read(path, data)
    text, root = sheet.original
    node = root.get("confirmed")
    if isinstance(node, Leaf):
        text = f"{text[: node.start]}{count}{text[node.end :]}"
    else:
        place = next(key.start for key, _ in root.pairs() if key.text in SECTIONS)
        key_text = f'"confirmed": {count}, ' if root.is_flow else f"confirmed: {count}\n"
        text = text[:place] + key_text + text[place:]
    return (sheet.bom + text).replace("\n", sheet.newline).encode()


@dataclass(frozen=True, slots=True)
class ConfirmResult:
    """How many numbers each file adds, and which files were changed to say so."""

    added_counts: Mapping[str, int]
    files: tuple[str, ...]


@edit("dnc confirm")
def confirm(ctx: CommandContext, count: int) -> ConfirmResult:
    """Write `confirmed` into every file to which HEAD adds numbers, once the sum is the very one.

    The base is `--onto`; the remote's default branch otherwise. Raises InvalidInput, and writes
    nothing, for another sum.
    """
    repository = open_repository(ctx)
    if repository is None:
        raise RepositoryProblem("this is no git repository", "run this in the clone that has the branch")
    tenant_lists = TenantLists.open(ctx)
    demand_committed(tenant_lists.project, repository)
    target_branch = ctx.options.onto or _target(tenant_lists, repository)
    added_counts = {
        addition.path: addition.count
        for addition in additions_by_file(_merge(ctx, repository, target_branch))
    }
    total = sum(added_counts.values())
    if total != count:
        fact = f"{total:,} numbers are added, not {count:,}: nothing was written"
        raise InvalidInput(fact, f"look at them; if all are meant: dnc confirm {total}", where="COUNT")
    current_data = {source.path: source.data for source in tenant_lists.sources}
    new_data = {
        path: with_confirmed_count(path, current_data[path], number) for path, number in added_counts.items()
    }
    changed_files = {path: data for path, data in new_data.items() if data != current_data[path]}
    write_list_files(ctx, changed_files, tenant_lists.sources)
    return ConfirmResult(added_counts, tuple(changed_files))


def _target(tenant_lists: TenantLists, repository: Repository) -> str:
    hint = tenant_lists.ctx.pipeline.get("CI_DEFAULT_BRANCH")
    return repository.default_branch_tip(hint, besides=tenant_lists.project.configuration.audit.branch)[1]


def _merge(ctx: CommandContext, repository: Repository, target_branch: str) -> Merge:
    project = open_project(ctx, repository, target_branch)
    assert isinstance(project.tree, GitTree)  # noqa: S101  (a merge is one)
    tenant, today = project.tenant(ctx.options.tenant), Today.at(ctx.clock())
    sources = project.sources(tenant)
    tree_before = GitTree(repository, repository.describe(target_branch).sha)
    files = project.read_lists(sources, today).declared_entries.files
    return Merge(tree_before, project.tree, project, tenant, sources, files, today)
