"""Very many new numbers in one merge request: somebody must have counted them before it is planned."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from reconciler.config.configuration import Configuration, Tenant, matches
from reconciler.core.model.entries import FileEntries
from reconciler.core.model.errors import InvalidInput
from reconciler.core.model.finding import Finding, Severity
from reconciler.lists.reader import Source, read_lists
from reconciler.use_cases.reconcile.plan_inputs import PlanInputs
from reconciler.use_cases.workspace.changed_files import merge_tip
from reconciler.use_cases.workspace.context import Today
from reconciler.use_cases.workspace.project import Project, to_sources
from reconciler.use_cases.workspace.tree import GitTree
from reconciler.yaml_tree.documents import read_document
from reconciler.yaml_tree.nodes import MapNode

RULE = "CONF-09"


@dataclass(frozen=True, slots=True)
class Merge:
    """A merge of a branch with its target: the target's tree, and what a tenant's lists say after it."""

    tree_before: GitTree
    tree_after: GitTree
    project: Project
    tenant: Tenant
    sources: tuple[Source, ...]
    files: tuple[FileEntries, ...]
    today: Today


@dataclass(frozen=True, slots=True)
class FileAdditions:
    """A file to which a merge request adds numbers: how many, and how many it says itself."""

    path: str
    count: int
    confirmed_text: str | None

    @property
    def is_confirmed(self) -> bool:
        """Tell whether it says the very number."""
        return self.confirmed_text == str(self.count)

    @property
    def finding(self) -> Finding:
        """Say what is to be written."""
        instead = f", not confirmed: {self.confirmed_text}" if self.confirmed_text else ""
        message = f"{self.count:,} numbers are added here: write `confirmed: {self.count}`{instead}"
        return Finding(self.path, 0, 0, "/confirmed", RULE, Severity.ERROR, message)


def demand_confirmed(inputs: PlanInputs, today: Today, target_branch: str) -> None:
    """Refuse a merge with `target_branch` that adds more numbers than its files confirm, beyond the limit.

    The tighter limit of both sides holds, so that no merge request lifts its own. Raises InvalidInput.
    """
    tree = inputs.project.tree
    if inputs.repository is None or not isinstance(tree, GitTree):
        return
    tree_before = GitTree(inputs.repository, merge_tip(inputs.repository, target_branch))
    limit = inputs.project.configuration.safety.confirm_additions
    if (target_configuration := _read_configuration(tree_before, inputs.project)) is not None:
        limit = min(limit, target_configuration.safety.confirm_additions)
    files = inputs.lists.declared_entries.files
    merge = Merge(tree_before, tree, inputs.project, inputs.tenant, inputs.sources, files, today)
    additions = additions_by_file(merge, more_than=limit)
    unconfirmed = [addition for addition in additions if not addition.is_confirmed]
    count = sum(addition.count for addition in unconfirmed)
    if count > limit:
        fact = f"{count:,} numbers are added, and more than {limit:,} need someone who has counted them"
        first_addition = unconfirmed[0]
        raise InvalidInput(
            fact,
            f"if they are meant, write `confirmed: {first_addition.count}` at the top of "
            f"{first_addition.path}"
            + (f", and so on in {len(unconfirmed) - 1} more" if len(unconfirmed) > 1 else "")
            + f"; `dnc confirm {sum(addition.count for addition in additions)}` does it for you",
            where=first_addition.path,
            findings=[addition.finding for addition in unconfirmed],
        )


def additions_by_file(merge: Merge, more_than: int = 0) -> list[FileAdditions]:
    """Count, file by file, the numbers that a merge adds: those that no file of their list had before it.

    Nothing is counted where the files that changed do not have that many numbers at all.
    """
    changed_paths = _changed_paths(merge)
    files = [file for file in merge.files if file.path in changed_paths]
    if sum(len(file.numbers) for file in files) <= more_than:
        return []
    return sorted(_file_additions(merge, changed_paths, files), key=lambda one: one.path)


def _read_configuration(tree: GitTree, project: Project) -> Configuration | None:
    try:
        return Project.read(tree, project.configuration_path).configuration
    except InvalidInput:
        return None


def _changed_paths(merge: Merge) -> set[str]:
    """Name the tenant's list files that differ."""
    globs = merge.tenant.lists
    blobs_before, blobs_after = (
        {
            blob.path: blob.sha
            for blob in tree.repository.files(tree.revision, lambda path: matches(globs, path))
        }
        for tree in (merge.tree_before, merge.tree_after)
    )
    return {
        path
        for path in blobs_before.keys() | blobs_after.keys()
        if blobs_before.get(path) != blobs_after.get(path)
    }


def _file_additions(
    merge: Merge, changed_paths: set[str], files: list[FileEntries]
) -> Iterator[FileAdditions]:
    sources = to_sources(merge.tree_before.read(changed_paths.__contains__))
    today, rules = merge.today, merge.project.rules
    was = read_lists(sources, rules, as_of=today.as_of, latest=today.latest).declared_entries.files
    unchanged_files = [file for file in merge.files if file.path not in changed_paths]
    had: dict[str, list[Collection[str]]] = {}
    for file in (*was, *unchanged_files):
        had.setdefault(file.list_id, []).append(file.numbers)
    data = {source.path: source.data for source in merge.sources}
    for file in files:
        other_numbers = had.get(file.list_id, [])
        if count := sum(not any(phone in numbers for numbers in other_numbers) for phone in file.numbers):
            yield FileAdditions(file.path, count, _confirmed_text(file.path, data[file.path]))


def _confirmed_text(path: str, data: bytes) -> str | None:
    root = read_document(path, data).root
    confirmed = root.values.get("confirmed") if isinstance(root, MapNode) else None
    return confirmed if isinstance(confirmed, str) else None
