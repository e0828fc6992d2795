"""Which file of a list gets numbers: the one named, the only one there is, or a new one."""

from dataclasses import dataclass
from pathlib import Path

from reconciler.config.configuration import Tenant, matches
from reconciler.config.globs import folder
from reconciler.core.model.entries import is_list_id
from reconciler.core.model.errors import InvalidInput
from reconciler.core.model.finding import Severity
from reconciler.lists.edit.canonical import new_list
from reconciler.lists.reader import Lists, Source, read_lists
from reconciler.use_cases.workspace.context import CommandContext, Today
from reconciler.use_cases.workspace.files import relative
from reconciler.use_cases.workspace.project import Project
from reconciler.use_cases.workspace.tree import WorkingTree

_FOLDER = "dnc-lists/"


@dataclass(frozen=True, slots=True)
class Desk:
    """What an edit looks at: the project, one tenant's lists as they are, and the day."""

    ctx: CommandContext
    project: Project
    tenant: Tenant
    today: Today
    sources: tuple[Source, ...]
    lists: Lists

    @classmethod
    def open(cls, ctx: CommandContext) -> "Desk":
        """Read the chosen tenant's lists; what is wrong in one of them stops nobody from adding to others."""
        today = Today.at(ctx.clock())
        project = Project.read(WorkingTree(ctx.folder), ctx.options.configuration.name)
        tenant = project.tenant(ctx.options.tenant)
        sources = project.sources(tenant)
        lists = read_lists(sources, project.rules, as_of=today.as_of, latest=today.latest)
        return cls(ctx, project, tenant, today, sources, lists)

    def read(self, path: str, data: bytes) -> Lists:
        """Read one file as it would be."""
        source = Source(path, data)
        return read_lists((source,), self.project.rules, as_of=self.today.as_of, latest=self.today.latest)

    def flawless(self, path: str, data: bytes) -> Lists:
        """Read one file as it is. Raises InvalidInput with its findings where it has an error."""
        lists = self.read(path, data)
        errors = [f for f in lists.findings if f.severity is Severity.ERROR]
        if errors:
            fact = f"{path} has errors: nothing was written"
            raise InvalidInput(fact, "correct them, or name another file: --file", findings=errors)
        return lists

    def claiming(self, list_id: str) -> list[str]:
        """Name the files that claim numbers for a list."""
        return [file.path for file in self.lists.claims.files if file.list_id == list_id]

    @property
    def home(self) -> str:
        """Name the folder, with `/`, for new files: dnc-lists/, or the tenant's own where it has another."""
        folders = [_FOLDER, *map(folder, self.tenant.lists)]
        return next((one for one in folders if self.reaches(f"{one}new.yaml")), _FOLDER)

    def reaches(self, path: str) -> bool:
        """Tell whether the tenant's lists reach a file."""
        return matches(self.tenant.lists, path)

    def target(self, list_id: str, named: Path | None) -> tuple[str, bytes]:
        """Choose the file that gets numbers, and read it; a new one is empty but for its listId.

        Raises InvalidInput where none can be chosen, or the file is another list's.
        """
        if not is_list_id(list_id):
            fact = "a list is named with letters, digits, dots, underscores and hyphens"
            raise InvalidInput(fact, "write such a name", where="--list")
        path = relative(named, self.ctx.folder) if named else self._only(list_id)
        if not self.reaches(path):
            fact = (
                f"the lists of tenant {self.tenant.name} do not reach this file, so it would protect nobody"
            )
            way_out = f"name one that they reach: --file FILE, FILE matching {' or '.join(self.tenant.lists)}"
            raise InvalidInput(fact, way_out, where=path)
        data = next((source.data for source in self.sources if source.path == path), None)
        if data is None:
            return path, new_list(path, list_id)
        self.flawless(path, data)
        other = self.read(path, data).claims.list_ids - {list_id}
        if other:
            fact = f"this file is one of the list {min(other)}, not of {list_id}"
            raise InvalidInput(fact, "name another file, or the other list", where=path)
        return path, data

    def _only(self, list_id: str) -> str:
        files = self.claiming(list_id)
        if len(files) > 1:
            fact = f"{len(files)} files claim numbers for {list_id}: {', '.join(files[:5])}"
            more = ", …" if len(files) > 5 else ""  # noqa: PLR2004  (as many as are named)
            raise InvalidInput(fact + more, "say which one gets the numbers: --file FILE", where="--list")
        return files[0] if files else f"{self.home}{list_id}.yaml"
