"""Very many new numbers in one merge request: somebody must have counted them before it is planned."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from reconciler.config.configuration import Configuration, Tenant, matches
from reconciler.core.model.entries import FileClaims
from reconciler.core.model.errors import InvalidInput
from reconciler.core.model.finding import Finding, Severity
from reconciler.lists.reader import Source, read_lists
from reconciler.use_cases.reconcile.plan_inputs import PlanInputs
from reconciler.use_cases.workspace.changed_files import merge_tip
from reconciler.use_cases.workspace.context import Today
from reconciler.use_cases.workspace.project import Project, as_sources
from reconciler.use_cases.workspace.tree import GitTree
from reconciler.yaml_tree.documents import read_document
from reconciler.yaml_tree.nodes import MapNode

RULE = "CONF-09"


@dataclass(frozen=True, slots=True)
class Merge:
    """A merge of a branch with its target: the target's tree, and what a tenant's lists say after it."""

    before: GitTree
    after: GitTree
    project: Project
    tenant: Tenant
    sources: tuple[Source, ...]
    files: tuple[FileClaims, ...]
    today: Today


@dataclass(frozen=True, slots=True)
class Added:
    """A file to which a merge request adds numbers: how many, and how many it says itself."""

    path: str
    count: int
    said: str | None

    @property
    def confirmed(self) -> bool:
        """Tell whether it says the very number."""
        return self.said == str(self.count)

    @property
    def finding(self) -> Finding:
        """Say what is to be written."""
        instead = f", not confirmed: {self.said}" if self.said else ""
        message = f"{self.count:,} numbers are added here: write `confirmed: {self.count}`{instead}"
        return Finding(self.path, 0, 0, "/confirmed", RULE, Severity.ERROR, message)


def demand_confirmed(inputs: PlanInputs, today: Today, onto: str) -> None:
    """Refuse a merge with `onto` that adds more numbers than its files confirm, beyond the limit.

    The tighter limit of both sides holds, so that no merge request lifts its own. Raises InvalidInput.
    """
    tree = inputs.project.tree
    if inputs.repository is None or not isinstance(tree, GitTree):
        return
    before = GitTree(inputs.repository, merge_tip(inputs.repository, onto))
    limit = inputs.project.configuration.safety.confirm_additions
    if (there := _configuration(before, inputs.project)) is not None:
        limit = min(limit, there.safety.confirm_additions)
    files = inputs.lists.claims.files
    merge = Merge(before, tree, inputs.project, inputs.tenant, inputs.sources, files, today)
    added = added_by(merge, more_than=limit)
    waiting = [one for one in added if not one.confirmed]
    count = sum(one.count for one in waiting)
    if count > limit:
        fact = f"{count:,} numbers are added, and more than {limit:,} need somebody who has counted them"
        first = waiting[0]
        raise InvalidInput(
            fact,
            f"if they are meant, write `confirmed: {first.count}` at the top of {first.path}"
            + (f", and so on in {len(waiting) - 1} more" if len(waiting) > 1 else "")
            + f"; `dnc confirm {sum(one.count for one in added)}` does it for you",
            where=first.path,
            findings=[one.finding for one in waiting],
        )


def added_by(merge: Merge, more_than: int = 0) -> list[Added]:
    """Count, file by file, the numbers that a merge adds: those that no file of their list had before it.

    Nothing is counted where the files that changed do not have that many numbers at all.
    """
    changed = _changed(merge)
    files = [file for file in merge.files if file.path in changed]
    if sum(len(file.numbers) for file in files) <= more_than:
        return []
    return sorted(_added(merge, changed, files), key=lambda one: one.path)


def _configuration(tree: GitTree, project: Project) -> Configuration | None:
    try:
        return Project.read(tree, project.configuration_path).configuration
    except InvalidInput:
        return None


def _changed(merge: Merge) -> set[str]:
    """Name the tenant's list files that differ."""
    globs = merge.tenant.lists
    old, new = (
        {f.path: f.sha for f in tree.repository.files(tree.revision, lambda path: matches(globs, path))}
        for tree in (merge.before, merge.after)
    )
    return {path for path in old.keys() | new.keys() if old.get(path) != new.get(path)}


def _added(merge: Merge, changed: set[str], files: list[FileClaims]) -> Iterator[Added]:
    sources = as_sources(merge.before.read(changed.__contains__))
    today, rules = merge.today, merge.project.rules
    was = read_lists(sources, rules, as_of=today.as_of, latest=today.latest).claims.files
    same = [file for file in merge.files if file.path not in changed]
    had: dict[str, list[Collection[str]]] = {}
    for file in (*was, *same):
        had.setdefault(file.list_id, []).append(file.numbers)
    data = {source.path: source.data for source in merge.sources}
    for file in files:
        elsewhere = had.get(file.list_id, [])
        if count := sum(not any(phone in numbers for numbers in elsewhere) for phone in file.numbers):
            yield Added(file.path, count, _said(file.path, data[file.path]))


def _said(path: str, data: bytes) -> str | None:
    root = read_document(path, data).root
    said = root.values.get("confirmed") if isinstance(root, MapNode) else None
    return said if isinstance(said, str) else None
