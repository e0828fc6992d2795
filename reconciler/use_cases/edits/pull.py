"""`dnc pull`: what CXone has that git does not, written into files. Reads CXone, and writes nothing there."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from reconciler.config.configuration import matches
from reconciler.core.model.entries import ProjectedTerms, is_list_id
from reconciler.core.model.entry_table import terms_by_phone
from reconciler.core.model.errors import InvalidInput, RepositoryProblem
from reconciler.core.model.live import Live
from reconciler.core.planning.change import DriftKind
from reconciler.lists.list_names import nearest_name
from reconciler.use_cases.edits.adopt import (
    AdoptResult,
    UnreadableEntry,
    adopt,
    adopted_folder,
    adopted_lists,
)
from reconciler.use_cases.edits.edit_lock import hold_edit_lock, write_list_files
from reconciler.use_cases.reconcile.plan_inputs import PlanInputs
from reconciler.use_cases.reconcile.prepared_plan import PlanRequest, PreparedPlan, prepare_plan
from reconciler.use_cases.reconcile.skill_coverage import lists_of
from reconciler.use_cases.workspace.context import CommandContext, Today
from reconciler.use_cases.workspace.files import open_private_table, write_table
from reconciler.use_cases.workspace.opening import open_project, open_repository
from reconciler.use_cases.workspace.tenant_lists import NEW_LIST_FIX, unknown_list
from reconciler.use_cases.workspace.tree import Tree

UNREADABLE = "unreadable.csv"


@dataclass(frozen=True, slots=True)
class Scope:
    """Which lists: those that files or reports name; one more, or only that; or every one that CXone has.

    `is_new_list` says that the one may be a list that neither files nor reports name yet. `group` names it by
    its DNC group's name or id in CXone.
    """

    list_id: str | None = None
    every_list: bool = False
    is_new_list: bool = False
    group: str | None = None

    @property
    def includes_new_lists(self) -> bool:
        """Tell whether lists are adopted that no file names yet."""
        return self.every_list or self.list_id is not None or self.group is not None


@dataclass(frozen=True, slots=True)
class UnmanagedEntries:
    """What only CXone has, by list and number; how many entries those lists have, and what no file can have.

    `skipped_lists` are sentences about lists that could not be taken.
    """

    entries: Mapping[str, Mapping[str, ProjectedTerms]]
    live: Live
    entry_count: int
    unreadable: tuple[UnreadableEntry, ...]
    skipped_lists: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PullResult:
    """What was done: entries read, numbers written by list, those that files had, those that can't be.

    `csv` is the file that names those.
    """

    tenant: str
    entry_count: int
    added_counts: Mapping[str, int]
    present_count: int
    unreadable: tuple[UnreadableEntry, ...]
    files: tuple[str, ...]
    skipped_lists: tuple[str, ...]
    csv: str | None = None


def pull(ctx: CommandContext, scope: Scope) -> PullResult:
    """Adopt numbers into the working tree's files. The same call twice changes nothing."""
    # Other edits need not wait while CXone is read; the files are read anew afterwards.
    with open_unmanaged(ctx, scope) as (inputs, unmanaged), hold_edit_lock(ctx, "dnc pull"):
        tenant_lists = adopted_lists(ctx, inputs.project, inputs.tenant, inputs.project.tree)
        result = adopt(tenant_lists, unmanaged.entries)
        check_owners(ctx, inputs, result.files)
        unreadable = (*unmanaged.unreadable, *result.unreadable)
        csv_path = (
            _write_unreadable(ctx.folder, unreadable) if scope.includes_new_lists and unreadable else None
        )
        write_list_files(ctx, result.files, tenant_lists.sources)
        return pull_result(inputs.tenant.name, unmanaged, result, csv=csv_path)


def pull_result(
    tenant: str, unmanaged: UnmanagedEntries, result: AdoptResult, *, csv: str | None = None
) -> PullResult:
    """Sum up."""
    added_count = sum(result.added_counts.values())
    return PullResult(
        tenant=tenant,
        entry_count=unmanaged.entry_count,
        added_counts={list_id: count for list_id, count in result.added_counts.items() if count},
        present_count=unmanaged.entry_count
        - added_count
        - len(result.unreadable)
        - len(unmanaged.unreadable),
        unreadable=(*unmanaged.unreadable, *result.unreadable),
        files=tuple(result.files),
        skipped_lists=unmanaged.skipped_lists,
        csv=csv,
    )


@contextmanager
def open_unmanaged(
    ctx: CommandContext, scope: Scope, *, tree: Tree | None = None
) -> Iterator[tuple[PlanInputs, UnmanagedEntries]]:
    """Plan, and find what only CXone has. Raises RepositoryProblem where what is held can't be known.

    Without it a number that guards keep would look like one that an agent added.
    """
    if scope.group is not None:
        scope = _scope_of_group(ctx, scope.group)
    if scope.list_id is not None and not is_list_id(scope.list_id):
        fact = "a list is named with letters, digits, dots, underscores and hyphens"
        raise InvalidInput(fact, "name it so in the files, and map it with listIds", where="--list")
    extra_lists = frozenset({scope.list_id} if scope.list_id else ())
    request = PlanRequest(tree=tree, besides=extra_lists, is_strict=False)
    with prepare_plan(ctx, request) as prepared:
        if prepared.inputs.repository is not None and prepared.state.last_applied.ledger is None:
            raise RepositoryProblem(
                "the audit branch can't be fetched, so what is kept can't be told from what was added",
                "run it again once the remote answers",
            )
        _demand_known_list(prepared, scope)
        yield prepared.inputs, _find_unmanaged(prepared, scope)


def _scope_of_group(ctx: CommandContext, group: str) -> Scope:
    """Find the list that a group is in the files. Raises InvalidInput where it has no name there."""
    tenant = open_project(ctx, open_repository(ctx)).tenant(ctx.options.tenant)
    if tenant.dialect != "dnc-groups":
        raise InvalidInput(f"dialect {tenant.dialect} has no groups", "name a list: --list", where="--group")
    list_id = next((name for name, own in tenant.connection.list_ids.items() if own == group), group)
    if not is_list_id(list_id) or tenant.own_list_id(list_id) != group:
        raise InvalidInput(
            f"the DNC group {group} has no name in the files",
            f'write `NAME: "{group}"` below listIds of {tenant.name}, commit, and run it again',
            where="--group",
        )
    return Scope(list_id, is_new_list=True)


def _demand_known_list(prepared: PreparedPlan, scope: Scope) -> None:
    """Refuse a list that nothing names, unless it is said to be new, or is the first of the project."""
    tenant, project = prepared.inputs.tenant, prepared.inputs.project
    known = prepared.list_ids | tenant.connection.list_ids.keys()
    if scope.list_id is None or scope.is_new_list or scope.list_id in known:
        return
    others = known or frozenset(filter(None, project.list_ids_in_files().values()))
    if others:
        raise unknown_list(scope.list_id, others, tenant.name, "--list", fix=NEW_LIST_FIX)


def _find_unmanaged(prepared: PreparedPlan, scope: Scope) -> UnmanagedEntries:
    known_lists, live = prepared.list_ids, prepared.state.live
    strange: frozenset[str] = frozenset()
    skipped_lists: tuple[str, ...] = ()
    if scope.every_list:
        names, skipped_lists = _adoptable_lists(prepared.ctx, prepared.inputs, live.foreign)
        strange = frozenset(names)
        if strange:
            live = prepared.state.provider.read(known_lists | strange)
    elif scope.list_id is not None:
        strange = frozenset({scope.list_id}) - known_lists
        if strange and scope.list_id not in live.lists:
            foreign_lists = ", ".join(sorted(live.foreign)) or "no other list"
            near = nearest_name(scope.list_id, live.foreign)
            meant = f"; did you mean {near}?" if near else ""
            skipped_lists = (f"CXone has nothing on {scope.list_id}; it has {foreign_lists}{meant}",)
        known_lists &= {scope.list_id}
    entries: dict[str, Mapping[str, ProjectedTerms]] = {
        name: terms_by_phone(live.lists.get(name, {})) for name in strange
    }
    for drift in prepared.plan.drift:
        if drift.kind is DriftKind.UNMANAGED and drift.list_id in known_lists:
            terms = terms_by_phone(prepared.state.live.lists[drift.list_id])
            entries[drift.list_id] = {phone: terms[phone] for phone in drift.phones}
    lists = known_lists | strange
    unreadable = tuple(
        UnreadableEntry(unreadable_entry.list_id, unreadable_entry.text, "no E.164 number")
        for unreadable_entry in live.unreadable
        if unreadable_entry.list_id in lists
    )
    entry_count = sum(len(live.lists.get(name, ())) for name in lists) + len(unreadable)
    return UnmanagedEntries(entries, live, entry_count, unreadable, skipped_lists)


def _adoptable_lists(
    ctx: CommandContext, inputs: PlanInputs, foreign: Iterable[str]
) -> tuple[list[str], tuple[str, ...]]:
    """Name the lists that only CXone has as the files would, and say which can't be."""
    tenant, today = inputs.tenant, Today.at(ctx.clock())
    file_list_ids = {cxone_id: list_id for list_id, cxone_id in tenant.connection.list_ids.items()}
    rival_lists = {
        cxone_id: rival.name
        for rival in inputs.project.rivals(tenant, ctx.environ)
        for cxone_id in lists_of(inputs.project, rival, today)
    }
    names: list[str] = []
    skipped: list[str] = []
    for cxone_id in sorted(foreign):
        name = file_list_ids.get(cxone_id, cxone_id)
        if cxone_id in rival_lists:
            skipped.append(f"{cxone_id} is tenant {rival_lists[cxone_id]}'s, in the same CXone")
        elif not is_list_id(name) or tenant.own_list_id(name) != cxone_id:
            skipped.append(
                f"{cxone_id} needs a name in the files: write `NAME: {cxone_id}` below listIds of "
                f"{tenant.name}"
            )
        else:
            names.append(name)
    return names, tuple(skipped)


def check_owners(ctx: CommandContext, inputs: PlanInputs, paths: Iterable[str]) -> None:
    """Say which other tenants the files are for. Raises InvalidInput for one that has the same CXone."""
    rivals = {rival.name for rival in inputs.project.rivals(inputs.tenant, ctx.environ)}
    for tenant in inputs.project.configuration.tenants.values():
        reached_paths = [path for path in paths if matches(tenant.lists, path)]
        if not reached_paths or tenant.name == inputs.tenant.name or tenant.embedded:
            continue
        if tenant.name in rivals:
            fact = f"tenant {tenant.name} has the same CXone, and its lists reach this file too"
            way_out = f"narrow the lists of {tenant.name}, so that only one of them has it"
            raise InvalidInput(fact, way_out, where=reached_paths[0])
        ctx.say(
            f"warning: the lists of tenant {tenant.name} reach {adopted_folder(inputs.tenant.name)} too: "
            "its next apply puts these numbers there; narrow its lists if it should not"
        )


def _write_unreadable(folder: Path, unreadable: Iterable[UnreadableEntry]) -> str:
    """Name in a table what no file can have. It holds whole numbers."""
    file = folder / UNREADABLE
    try:
        with open_private_table(file) as stream:
            rows = ((entry.list_id, entry.text, entry.reason) for entry in unreadable)
            write_table(stream, ("listId", "phone", "why"), rows)
    except OSError as error:
        fact = f"cannot be written: {error.strerror}; nothing was adopted"
        raise InvalidInput(fact, "make the folder writable", where=str(file)) from error
    return UNREADABLE
