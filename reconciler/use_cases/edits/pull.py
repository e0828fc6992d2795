"""`dnc pull`: what CXone has that git does not, written into files. Reads CXone, and writes nothing there."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from reconciler.config.configuration import Tenant, matches
from reconciler.core.model.entries import Carried, is_list_id
from reconciler.core.model.entry_table import terms_of
from reconciler.core.model.errors import InvalidInput, RepositoryProblem
from reconciler.core.model.live import Live
from reconciler.core.planning.change import DriftKind
from reconciler.use_cases.edits.adopt import Adopted, Refused, adopt, desk_of, folder
from reconciler.use_cases.reconcile.plan_inputs import PlanInputs
from reconciler.use_cases.reconcile.prepared_plan import PlanRequest, PreparedPlan, prepare_plan
from reconciler.use_cases.workspace.context import CommandContext, Today
from reconciler.use_cases.workspace.files import own_table, put, write_table
from reconciler.use_cases.workspace.project import Project, sources_in
from reconciler.use_cases.workspace.tree import Tree

UNREADABLE = "unreadable.csv"


@dataclass(frozen=True, slots=True)
class Scope:
    """Which lists: those that files or reports name; one more, or only that; or every one that CXone has."""

    list_id: str | None = None
    every: bool = False

    @property
    def onboarding(self) -> bool:
        """Tell whether lists are adopted that no file names yet."""
        return self.every or self.list_id is not None


@dataclass(frozen=True, slots=True)
class Found:
    """What only CXone has, by list and number; how many entries those lists have, and what no file can have.

    `left` are sentences about lists that could not be taken.
    """

    entries: Mapping[str, Mapping[str, Carried]]
    live: Live
    read: int
    unreadable: tuple[Refused, ...]
    left: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Pulled:
    """What was done: entries read, numbers written by list, those that files had, those that can't be.

    `csv` is the file that names those.
    """

    tenant: str
    read: int
    written: Mapping[str, int]
    present: int
    unreadable: tuple[Refused, ...]
    files: tuple[str, ...]
    left: tuple[str, ...]
    csv: str | None = None


def pull(ctx: CommandContext, scope: Scope) -> Pulled:
    """Adopt numbers into the working tree's files. The same call twice changes nothing."""
    with looked(ctx, scope) as (inputs, found):
        done = adopt(desk_of(ctx, inputs.project, inputs.tenant, inputs.project.tree), found.entries)
        check_owners(ctx, inputs, done.files)
        refused = (*found.unreadable, *done.refused)
        named = _write_unreadable(ctx.folder, refused) if scope.onboarding and refused else None
        for path, data in done.files.items():
            put(ctx.folder, path, data)
        return told(inputs.tenant.name, found, done, csv=named)


def told(tenant: str, found: Found, done: Adopted, *, csv: str | None = None) -> Pulled:
    """Sum up."""
    written = sum(done.written.values())
    return Pulled(
        tenant=tenant,
        read=found.read,
        written={list_id: count for list_id, count in done.written.items() if count},
        present=found.read - written - len(done.refused) - len(found.unreadable),
        unreadable=(*found.unreadable, *done.refused),
        files=tuple(done.files),
        left=found.left,
        csv=csv,
    )


@contextmanager
def looked(
    ctx: CommandContext, scope: Scope, *, tree: Tree | None = None
) -> Iterator[tuple[PlanInputs, Found]]:
    """Plan, and find what only CXone has. Raises RepositoryProblem where what is held can't be known.

    Without it a number that guards keep would look like one that an agent added.
    """
    if scope.list_id is not None and not is_list_id(scope.list_id):
        fact = "a list is named with letters, digits, dots, underscores and hyphens"
        raise InvalidInput(fact, "name it so in the files, and map it with listIds", where="--list")
    besides = frozenset({scope.list_id} if scope.list_id else ())
    with prepare_plan(ctx, PlanRequest(tree=tree, besides=besides)) as prepared:
        if prepared.inputs.repository is not None and prepared.state.last_applied.ledger is None:
            raise RepositoryProblem(
                "the audit branch can't be fetched, so what is kept can't be told from what was added",
                "run it again once the remote answers",
            )
        yield prepared.inputs, _found(prepared, scope)


def _found(prepared: PreparedPlan, scope: Scope) -> Found:
    known, live = prepared.list_ids, prepared.state.live
    strange: frozenset[str] = frozenset()
    left: tuple[str, ...] = ()
    if scope.every:
        names, left = _adoptable(prepared.ctx, prepared.inputs, live.foreign)
        strange = frozenset(names)
        if strange:
            live = prepared.state.provider.read(known | strange)
    elif scope.list_id is not None:
        strange = frozenset({scope.list_id}) - known
        if strange and scope.list_id not in live.lists:
            there = ", ".join(sorted(live.foreign)) or "no other list"
            left = (f"CXone has nothing on {scope.list_id}; it has {there}",)
        known &= {scope.list_id}
    entries: dict[str, Mapping[str, Carried]] = {name: terms_of(live.lists.get(name, {})) for name in strange}
    for drift in prepared.plan.drift:
        if drift.kind is DriftKind.UNMANAGED and drift.list_id in known:
            terms = terms_of(prepared.state.live.lists[drift.list_id])
            entries[drift.list_id] = {phone: terms[phone] for phone in drift.phones}
    lists = known | strange
    unreadable = tuple(
        Refused(odd.list_id, odd.text, "no E.164 number") for odd in live.unreadable if odd.list_id in lists
    )
    read = sum(len(live.lists.get(name, ())) for name in lists) + len(unreadable)
    return Found(entries, live, read, unreadable, left)


def _adoptable(
    ctx: CommandContext, inputs: PlanInputs, foreign: Iterable[str]
) -> tuple[list[str], tuple[str, ...]]:
    """Name the lists that only CXone has as the files would, and say which can't be."""
    tenant, today = inputs.tenant, Today.at(ctx.clock())
    given = {own: list_id for list_id, own in tenant.connection.list_ids.items()}
    theirs = {
        own: rival.name
        for rival in inputs.project.rivals(tenant, ctx.environ)
        for own in _owned(inputs.project, rival, today)
    }
    names: list[str] = []
    left: list[str] = []
    for own in sorted(foreign):
        name = given.get(own, own)
        if own in theirs:
            left.append(f"{own} is tenant {theirs[own]}'s, in the same CXone")
        elif not is_list_id(name) or tenant.own_list_id(name) != own:
            left.append(
                f"{own} needs a name in the files: write `NAME: {own}` below listIds of {tenant.name}"
            )
        else:
            names.append(name)
    return names, tuple(left)


def _owned(project: Project, rival: Tenant, today: Today) -> set[str]:
    """Name the lists of CXone that another tenant's files are of."""
    lists = project.read_lists(sources_in(project.tree, rival), today)
    return {rival.own_list_id(list_id) for list_id in lists.claims.list_ids}


def check_owners(ctx: CommandContext, inputs: PlanInputs, paths: Iterable[str]) -> None:
    """Say which other tenants the files are for. Raises InvalidInput for one that has the same CXone."""
    rivals = {rival.name for rival in inputs.project.rivals(inputs.tenant, ctx.environ)}
    for other in inputs.project.configuration.tenants.values():
        reached = [path for path in paths if matches(other.lists, path)]
        if not reached or other.name == inputs.tenant.name or other.embedded:
            continue
        if other.name in rivals:
            fact = f"tenant {other.name} has the same CXone, and its lists reach this file too"
            way_out = f"narrow the lists of {other.name}, so that only one of them has it"
            raise InvalidInput(fact, way_out, where=reached[0])
        ctx.say(
            f"warning: the lists of tenant {other.name} reach {folder(inputs.tenant.name)} too: "
            "its next apply puts these numbers there; narrow its lists if it should not"
        )


def _write_unreadable(where: Path, refused: Iterable[Refused]) -> str:
    """Name in a table what no file can have. It holds whole numbers."""
    file = where / UNREADABLE
    try:
        with own_table(file) as out:
            rows = ((one.list_id, one.text, one.why) for one in refused)
            write_table(out, ("listId", "phone", "why"), rows)
    except OSError as error:
        fact = f"cannot be written: {error.strerror}; nothing was adopted"
        raise InvalidInput(fact, "make the folder writable", where=str(file)) from error
    return UNREADABLE
