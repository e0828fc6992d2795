"""Very many new numbers in one merge request: somebody must have counted them before it is planned."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from reconciler.desired.configuration import Configuration, matches
from reconciler.desired.documents import read_document
from reconciler.desired.lists import read_lists
from reconciler.desired.nodes import MapNode
from reconciler.model.claims import FileClaims
from reconciler.model.errors import InvalidInput
from reconciler.model.finding import Finding, Severity
from reconciler.reconcile.clock import Today
from reconciler.reconcile.planned import Planned
from reconciler.reconcile.project import Project, as_sources
from reconciler.reconcile.tree import GitTree

RULE = "CONF-09"


@dataclass(frozen=True, slots=True)
class _Added:
    """A file to which a merge request adds numbers: how many, and how many it says itself."""

    path: str
    count: int
    said: str | None

    @property
    def confirmed(self) -> bool:
        return self.said == str(self.count)

    @property
    def finding(self) -> Finding:
        instead = f", not confirmed: {self.said}" if self.said else ""
        message = f"{self.count:,} numbers are added here: write `confirmed: {self.count}`{instead}"
        return Finding(self.path, 0, 0, "/confirmed", RULE, Severity.ERROR, message)


def demand_confirmed(made: Planned, onto: str) -> None:
    """Refuse a merge with `onto` that adds more numbers than its files confirm, beyond the limit.

    The tighter limit of both sides holds, so that no merge request lifts its own. Raises InvalidInput.
    """
    if made.repository is None or not isinstance(made.project.tree, GitTree):
        return
    before = GitTree(made.repository, made.repository.describe(onto).sha)
    limit = made.project.configuration.safety.confirm_additions
    if (there := _configuration(before, made)) is not None:
        limit = min(limit, there.safety.confirm_additions)
    changed = _changed(before, made.project.tree, made)
    files = [file for file in made.lists.claims.files if file.path in changed]
    if sum(len(file.numbers) for file in files) <= limit:
        return
    added = sorted(_added(made, before, changed, files), key=lambda one: one.path)
    waiting = [one for one in added if not one.confirmed]
    count = sum(one.count for one in waiting)
    if count > limit:
        fact = f"{count:,} numbers are added, and more than {limit:,} need somebody who has counted them"
        first = waiting[0]
        raise InvalidInput(
            fact,
            f"if they are meant, write `confirmed: {first.count}` at the top of {first.path}"
            + (f", and so on in {len(waiting) - 1} more" if len(waiting) > 1 else ""),
            where=first.path,
            findings=[one.finding for one in waiting],
        )


def _configuration(tree: GitTree, made: Planned) -> Configuration | None:
    try:
        return Project.read(tree, made.project.configuration_path).configuration
    except InvalidInput:
        return None


def _changed(before: GitTree, after: GitTree, made: Planned) -> set[str]:
    """Name the tenant's list files that differ."""
    globs = made.tenant.lists
    old, new = (
        {f.path: f.sha for f in tree.repository.files(tree.revision, lambda path: matches(globs, path))}
        for tree in (before, after)
    )
    return {path for path in old.keys() | new.keys() if old.get(path) != new.get(path)}


def _added(
    made: Planned, before: GitTree, changed: set[str], files: Iterable[FileClaims]
) -> Iterator[_Added]:
    """Count, file by file, the numbers that no file of their list had on the other side."""
    today = Today.at(made.around.clock(), made.around.as_of)
    sources = as_sources(before.read(changed.__contains__))
    was = read_lists(sources, made.project.rules, as_of=today.as_of, latest=today.latest).claims.files
    same = [file for file in made.lists.claims.files if file.path not in changed]
    had: dict[str, list[Collection[str]]] = {}
    for file in (*was, *same):
        had.setdefault(file.list_id, []).append(file.numbers)
    data = {source.path: source.data for source in made.sources}
    for file in files:
        elsewhere = had.get(file.list_id, [])
        if count := sum(not any(phone in numbers for numbers in elsewhere) for phone in file.numbers):
            yield _Added(file.path, count, _said(file.path, data[file.path]))


def _said(path: str, data: bytes) -> str | None:
    root = read_document(path, data).root
    said = root.values.get("confirmed") if isinstance(root, MapNode) else None
    return said if isinstance(said, str) else None
