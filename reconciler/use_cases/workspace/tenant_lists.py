"""Which file of a list gets numbers: the one named, the only one there is, or a new one."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from reconciler.config.configuration import Tenant, matches
from reconciler.config.globs import list_folder
from reconciler.core.model.errors import InvalidInput
from reconciler.core.model.finding import Finding, Severity
from reconciler.lists.edit.canonical import write_empty_list
from reconciler.lists.list_names import nearest_name
from reconciler.lists.reader import Lists, Source, read_lists
from reconciler.use_cases.workspace.context import CommandContext, Today
from reconciler.use_cases.workspace.files import relative_path
from reconciler.use_cases.workspace.project import Project
from reconciler.use_cases.workspace.tree import WorkingTree

_FOLDER = "dnc-lists/"


_MOST_NAMED = 5
NEW_LIST_FIX = "if it is a new list, add --new-list"


def unknown_list(  # noqa: PLR0913  (what the sentence is made of)
    list_id: str,
    known: Iterable[str],
    tenant: str,
    where: str,
    *,
    fact: str = "",
    fix: str = "check the name",
    findings: Sequence[Finding] = (),
) -> InvalidInput:
    """Say that nothing names a list, which one may be meant, and else which ones there are."""
    names = sorted(known)
    near = nearest_name(list_id, names)
    shown = ", ".join(names[:_MOST_NAMED]) + (", …" if len(names) > _MOST_NAMED else "")
    meant = f"did you mean {near}?" if near else f"there is {shown}" if shown else "there is no list yet"
    fact = fact or f"no file of tenant {tenant} is part of a list {list_id}"
    return InvalidInput(f"{fact}: {meant}", fix, where=where, findings=findings)


@dataclass(frozen=True, slots=True)
class TenantLists:
    """What an edit looks at: the project, one tenant's lists as they are, and the day."""

    ctx: CommandContext
    project: Project
    tenant: Tenant
    today: Today
    sources: tuple[Source, ...]
    lists: Lists

    @classmethod
    def open(cls, ctx: CommandContext) -> "TenantLists":
        """Read the chosen tenant's lists; what is wrong in one of them stops nobody from adding to others."""
        today = Today.at(ctx.clock())
        project = Project.read(WorkingTree(ctx.folder), ctx.options.configuration.name)
        tenant = project.tenant(ctx.options.tenant)
        sources = project.sources(tenant)
        lists = read_lists(sources, project.rules, as_of=today.as_of, latest=today.latest)
        return cls(ctx, project, tenant, today, sources, lists)

    def read_file(self, path: str, data: bytes) -> Lists:
        """Read one file as it would be."""
        source = Source(path, data)
        return read_lists((source,), self.project.rules, as_of=self.today.as_of, latest=self.today.latest)

    def read_valid_file(self, path: str, data: bytes) -> Lists:
        """Read one file as it is. Raises InvalidInput with its findings where it has an error."""
        lists = self.read_file(path, data)
        errors = [finding for finding in lists.findings if finding.severity is Severity.ERROR]
        if errors:
            fact = f"{path} has errors: nothing was written"
            raise InvalidInput(fact, "correct them, or name another file: --file", findings=errors)
        return lists

    def files_of_list(self, list_id: str) -> list[str]:
        """Name the files that claim numbers for a list."""
        return [file.path for file in self.lists.declared_entries.files if file.list_id == list_id]

    @property
    def known_list_ids(self) -> frozenset[str]:
        """Name the lists that the tenant's files or its `listIds` have."""
        return self.lists.declared_entries.list_ids | self.tenant.connection.list_ids.keys()

    def demand_known_list(self, list_id: str, *, is_new: bool, where: str = "--list") -> None:
        """Refuse a list that nothing names, unless it is said to be new, or is the first of the project.

        A typing error would make another list, and nobody is scrubbed against that. Raises InvalidInput with
        the name that may be meant.
        """
        known = self.known_list_ids
        if is_new or list_id in known:
            return
        others = frozenset(filter(None, self.project.list_ids_in_files().values()))
        if not known and not others and not self.project.has_lists():
            return  # the first of the project
        # A tenant without any file may have a pattern with a typing error.
        findings = () if self.sources else self.project.reach_findings([self.tenant])
        names = known or others - {list_id}
        raise unknown_list(list_id, names, self.tenant.name, where, fix=NEW_LIST_FIX, findings=findings)

    @property
    def new_file_folder(self) -> str:
        """Name the folder, with `/`, for new files: dnc-lists/, or the tenant's own where it has another."""
        folders = [_FOLDER, *map(list_folder, self.tenant.lists)]
        return next(
            (glob_folder for glob_folder in folders if self.is_reached(f"{glob_folder}new.yaml")), _FOLDER
        )

    def is_reached(self, path: str) -> bool:
        """Tell whether the tenant's lists reach a file."""
        return matches(self.tenant.lists, path)

    def target_file(self, list_id: str, named_file: Path | None) -> tuple[str, bytes]:
        """Choose the file that gets numbers, and read it; a new one is empty but for its listId.

        Raises InvalidInput where none can be chosen, or the file is another list's.
        """
        path = relative_path(named_file, self.ctx.folder) if named_file else self._only_file(list_id)
        if not self.is_reached(path):
            fact = f"lists of tenant {self.tenant.name} do not match this file: it would not be applied"
            way_out = f"name one that they reach: --file FILE, FILE matching {' or '.join(self.tenant.lists)}"
            raise InvalidInput(fact, way_out, where=path)
        data = next((source.data for source in self.sources if source.path == path), None)
        if data is None:
            return path, write_empty_list(path, list_id)
        self.read_valid_file(path, data)
        other_lists = self.read_file(path, data).declared_entries.list_ids - {list_id}
        if other_lists:
            fact = f"this file is one of the list {min(other_lists)}, not of {list_id}"
            raise InvalidInput(fact, "name another file, or the other list", where=path)
        return path, data

    def _only_file(self, list_id: str) -> str:
        files = self.files_of_list(list_id)
        if len(files) > 1:
            fact = f"{len(files)} files have numbers of {list_id}: {', '.join(files[:5])}"
            ellipsis = ", …" if len(files) > 5 else ""  # noqa: PLR2004  (as many as are named)
            raise InvalidInput(fact + ellipsis, "say which one gets the numbers: --file FILE", where="--list")
        return files[0] if files else f"{self.new_file_folder}{list_id}.yaml"
