"""The numbers that may not be called: everything that any file, report or reading has on a list."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from hashlib import sha256
from typing import Any

from reconciler.audit.report import StoredReport
from reconciler.config.configuration import Tenant
from reconciler.core.model.entries import FileEntries
from reconciler.core.model.errors import BrokenChain, InvalidInput, RepositoryProblem
from reconciler.core.model.finding import Finding, Severity, count_text
from reconciler.core.model.gc_pause import collector_off
from reconciler.git.repository import Repository
from reconciler.lists.list_names import list_id_of
from reconciler.lists.reader import Lists, Source
from reconciler.lists.scrub.listed import ListedNumbers, Listing
from reconciler.rules.rule_set import files_in_force
from reconciler.use_cases.reconcile.invalid_files import errors_of_files
from reconciler.use_cases.reconcile.last_applied import Past, load_past
from reconciler.use_cases.reconcile.unreported_runs import journal_runs
from reconciler.use_cases.scrub.readings import (
    CxoneNumbers,
    demand_young,
    read_cxone,
    recorded_numbers,
)
from reconciler.use_cases.scrub.registries import RegistryCopy, demand_fresh, registry_copies
from reconciler.use_cases.scrub.request import Basis, ScrubRequest
from reconciler.use_cases.workspace.context import CommandContext, Today, iso
from reconciler.use_cases.workspace.destination import default_branch
from reconciler.use_cases.workspace.opening import open_ledger, open_project, open_repository
from reconciler.use_cases.workspace.project import Project, demand_reached
from reconciler.use_cases.workspace.tenant_lists import TenantLists, unknown_list
from reconciler.use_cases.workspace.tree import GitTree
from reconciler.yaml_tree.documents import read_document
from reconciler.yaml_tree.nodes import MapNode

IN_CXONE = "IN_CXONE"  # why, of a number that CXone has and no file: others put it there
IN_BROKEN_FILE = "IN_FILE_WITH_ERRORS"
UNREADABLE_ROW = "UNREADABLE_IN_CXONE"
UNREPORTED = "RUN_WITHOUT_REPORT"


@dataclass(frozen=True, slots=True)
class ListState:
    """The files of a tenant in one place: the working tree, or the remote's default branch."""

    project: Project
    tenant: Tenant
    sources: tuple[Source, ...]
    lists: Lists

    @property
    def errors(self) -> tuple[Finding, ...]:
        """Give the errors of list files."""
        return errors_of_files(self.lists.findings)


@dataclass(frozen=True, slots=True)
class OnList:
    """The numbers that may not be called, and what they were gathered from.

    `counts` says how many numbers each list has that was looked at; `not_looked_at` names those that were
    left out, and what CXone has on lists that nobody knows. `revision` is the commit whose files count,
    `branch` where it is; `differs`: the working tree has other files, which count as well.
    """

    listed: ListedNumbers
    tenant: Tenant
    repository: Repository
    branch: str
    revision: str
    differs: bool
    counts: Mapping[str, int]
    not_looked_at: Sequence[Mapping[str, Any]]
    newest: StoredReport | None
    cxone: CxoneNumbers
    registries: tuple[RegistryCopy, ...]
    hashes: Mapping[str, Any]
    broken_files: tuple[str, ...] = ()
    max_age: timedelta = field(default=timedelta())


@collector_off()
def gather(ctx: CommandContext, request: ScrubRequest) -> OnList:
    """Gather everything that is on a list.

    Raises InvalidInput, RepositoryProblem or BrokenChain where something that may have a number cannot be
    read.
    """
    now = ctx.clock()
    today = Today.at(now)
    if request.until is not None and request.until < today.as_of:
        raise InvalidInput(
            f"{request.until} is over: nothing was written", "name the last day of the calls", where="--as-of"
        )
    repository = open_repository(ctx)
    head = repository.head() if repository else None
    if repository is None or head is None:
        raise RepositoryProblem(
            "there is no commit here, so the numbers on the lists are not known",
            "run this in the clone of the lists",
        )
    project = open_project(ctx, repository)
    tenant = project.tenant(ctx.options.tenant)
    here = _state(project, tenant, today)
    branch, revision = "HEAD", head
    if repository.remote() is not None:
        branch, revision = default_branch(ctx, repository, project)
    there = _state_at(ctx, repository, revision, here, today)
    past = _past(ctx, repository, here)
    basis = request.basis
    max_age = timedelta(hours=project.configuration.saved_reads.max_age_hours)
    wanted_since = now - max_age if basis is Basis.READING else None
    recorded = recorded_numbers(_tenant_lists(ctx, here), past, wanted_since=wanted_since)
    _demand_whole_chain(past, tenant.name)
    if basis is not Basis.LIVE:
        demand_young(recorded, basis, now, max_age)
    copies = _registries(here, there, today)
    _demand_lists(request.lists, here, there, past, recorded, tenant)
    looked_at = [copy for copy in copies if not request.lists or copy.list_id in request.lists]
    if not request.allow_stale:
        demand_fresh(looked_at, request.until or today.latest)
    cxone = read_cxone(ctx).joined(recorded) if basis is Basis.LIVE else recorded
    gathering = _Gathering(ListedNumbers(tenant.region), frozenset(request.lists))
    gathering.add_files(here.lists.declared_entries.active_on(today.as_of).files)
    if there is not here:
        gathering.add_files(there.lists.declared_entries.active_on(today.as_of).files)
    gathering.add_past(past, here, today)
    broken = tuple(
        sorted({*gathering.add_broken(here), *(gathering.add_broken(there) if there is not here else ())})
    )
    gathering.add_cxone(cxone)
    gathering.demand_numbers(request.lists, tenant.name)
    return OnList(
        listed=gathering.listed,
        tenant=tenant,
        repository=repository,
        branch=branch,
        revision=revision,
        differs=here.sources != there.sources,
        counts=gathering.listed.counts,
        not_looked_at=gathering.not_looked_at(cxone),
        newest=past.newest,
        cxone=cxone,
        registries=tuple(looked_at),
        hashes=_hashes(there),
        broken_files=broken,
        max_age=max_age,
    )


def _state(project: Project, tenant: Tenant, today: Today) -> ListState:
    """Read a tenant's files. Raises InvalidInput where a file cannot be opened, or none is reached."""
    demand_reached(project, tenant)
    astray = [finding for finding in project.unreached_findings() if finding.severity is Severity.ERROR]
    if astray:
        fact = f"{count_text(len(astray), 'file')} below the lists cannot be read as a list of any tenant"
        raise InvalidInput(f"{fact}: nothing was written", "dnc validate shows them", findings=astray)
    sources = project.sources(tenant)
    state = ListState(project, tenant, sources, project.read_lists(sources, today))
    _demand_structure(state)
    return state


def _demand_structure(state: ListState) -> None:
    """Refuse a file of which nobody can tell which list it is of. Raises InvalidInput with its findings."""
    data = {source.path: source.data for source in state.sources}
    for path in dict.fromkeys(error.file for error in state.errors):
        root = read_document(path, data.get(path, b"")).root
        list_id = root.values.get("listId") if isinstance(root, MapNode) else None
        if not isinstance(list_id, str):
            findings = [error for error in state.errors if error.file == path]
            fact = "this list file cannot be read, and it may hold any number: nothing was written"
            raise InvalidInput(fact, "correct it; dnc validate shows where", where=path, findings=findings)


def _state_at(
    ctx: CommandContext, repository: Repository, revision: str, here: ListState, today: Today
) -> ListState:
    """Give the files as a revision has them; those of the working tree where they are the same."""
    at_hand = {source.path: source.data for source in here.sources}
    tree = GitTree(repository, revision, at_hand)
    project = Project.read(tree, ctx.options.configuration.name)
    if here.tenant.name not in project.configuration.tenants:
        return here  # a tenant that is not merged yet has no other files
    tenant = project.tenant(here.tenant.name)
    if (
        project.sources(tenant) == here.sources
        and project.configuration_data == here.project.configuration_data
    ):
        return here
    return _state(project, tenant, today)


def _tenant_lists(ctx: CommandContext, state: ListState) -> TenantLists:
    today = Today.at(ctx.clock())
    return TenantLists(ctx, state.project, state.tenant, today, state.sources, state.lists)


def _past(ctx: CommandContext, repository: Repository, here: ListState) -> Past:
    """Read the audit branch. Raises RepositoryProblem where it cannot be fetched."""
    ledger = open_ledger(here.project, repository, ctx, goes_on=True)
    if ledger is None:
        raise RepositoryProblem("this is no git repository", "run this in the clone of the lists")
    ledger.refresh()
    past = load_past(_tenant_lists(ctx, here), ledger)
    return replace(past, journal_runs=journal_runs(repository, here.project, here.tenant, ctx))


def _demand_whole_chain(past: Past, tenant: str) -> None:
    """Refuse reports in doubt: what they say was kept or applied may be too little. Raises BrokenChain."""
    _ = past.last_applied
    doubts = past.ledger.doubts(tenant) if past.ledger else ()
    if doubts:
        raise BrokenChain(
            f"the audit reports are in doubt: {doubts[0].fact}; nothing was written",
            "run `dnc audit verify`",
            where=doubts[0].where,
        )


def _registries(here: ListState, there: ListState, today: Today) -> list[RegistryCopy]:
    """Give each copy once: as the working tree has it, where it has it."""
    copies = {
        copy.path: copy
        for state in (there, here)
        for copy in registry_copies(state.sources, state.project.rules, today.as_of)
    }
    return sorted(copies.values(), key=lambda copy: copy.path)


def _demand_lists(  # noqa: PLR0913, PLR0917  (where a list may be named)
    wanted: Sequence[str],
    here: ListState,
    there: ListState,
    past: Past,
    cxone: CxoneNumbers,
    tenant: Tenant,
) -> None:
    """Refuse a list that nothing names. Raises InvalidInput."""
    known = here.lists.declared_entries.list_ids | there.lists.declared_entries.list_ids
    known |= past.last_applied.list_ids | cxone.lists.keys() | tenant.connection.list_ids.keys()
    for list_id in wanted:
        if list_id not in known:
            raise unknown_list(list_id, known, tenant.name, "--list", fact=f"there is no list {list_id}")


def _hashes(state: ListState) -> dict[str, Any]:
    rules = files_in_force(state.project.overrides)
    return {
        **state.project.content_hashes(state.sources),
        "rule_files": {name: sha256(data).hexdigest() for name, data in sorted(rules.items())},
    }


class _Gathering:
    """Numbers as they are put together. Lists that are not wanted are counted, and nothing more."""

    def __init__(self, listed: ListedNumbers, wanted: frozenset[str]) -> None:
        self.listed = listed
        self._wanted = wanted
        self._left_out: dict[str, int] = {}
        self._seen: list[Mapping[str, object]] = []

    def add_files(self, files: Iterable[FileEntries]) -> None:
        """Add what files claim; what was added before, word for word, is passed over."""
        for file in files:
            if any(file.numbers is numbers for numbers in self._seen):
                continue
            self._seen.append(file.numbers)
            if not self._takes(file.list_id, len(file.numbers)):
                continue
            by_reason: dict[str, list[str]] = {}
            reasons: dict[int, list[str]] = {}
            for phone, terms in file.numbers.items():
                phones = reasons.get(id(terms))
                if phones is None:
                    phones = reasons[id(terms)] = by_reason.setdefault(terms.reason_code.value, [])
                phones.append(phone)
            for reason, phones in by_reason.items():
                self.listed.add(Listing(file.list_id, reason), phones)

    def add_past(self, past: Past, here: ListState, today: Today) -> None:
        """Add what was applied last, what is kept, and what runs without a report may have written."""
        self.add_files(past.last_applied.files)
        for (list_id, phone), retained in past.last_applied.retained.items():
            if self._takes(list_id, 1):
                reason = next((entry.terms.reason_code.value for entry in retained.entries), IN_CXONE)
                self.listed.add(Listing(list_id, reason), [phone])
        lists, _ = past.without_errors(here.lists, here.errors, today)
        self.add_files(
            file for file in lists.declared_entries.files if file.path in {e.file for e in here.errors}
        )
        for run in past.unreported_runs:
            for list_id, phone in run.written | run.overwritten:
                if self._takes(list_id, 1):
                    self.listed.add_missing(Listing(list_id, UNREPORTED), [phone])

    def add_broken(self, state: ListState) -> Iterable[str]:
        """Add every number that stands anywhere in a file with errors; name the files.

        Which entry an error spoils, and what it was meant to say, nobody can tell.
        """
        paths = {error.file for error in state.errors}
        for source in state.sources:
            list_id = list_id_of(source.data)
            if source.path not in paths or not list_id or not self._takes(list_id, 0):
                continue
            listing = Listing(list_id, IN_BROKEN_FILE)
            for line in source.data.decode("utf-8", errors="replace").splitlines():
                self.listed.add_text(listing, line)
            yield source.path

    def add_cxone(self, cxone: CxoneNumbers) -> None:
        """Add what CXone is known to have."""
        for list_id, numbers in cxone.lists.items():
            if not self._takes(list_id, len(numbers)):
                continue
            by_reason: dict[str, list[str]] = {}
            for phone, reason in numbers.items():
                by_reason.setdefault(reason or IN_CXONE, []).append(phone)
            for reason, phones in by_reason.items():
                self.listed.add_missing(Listing(list_id, reason), phones)
        for list_id, text in cxone.texts:
            if self._takes(list_id, 1):
                self.listed.add_text(Listing(list_id, UNREADABLE_ROW), text)

    def demand_numbers(self, wanted: Sequence[str], tenant: str) -> None:
        """Refuse to scrub by a list without a number, or by none at all. Raises InvalidInput."""
        counts = self.listed.counts
        empty = [list_id for list_id in wanted if not counts.get(list_id)]
        if empty:
            fact = f"the list {empty[0]} has no number"
            raise InvalidInput(f"{fact}: nothing was written", "name another list", where="--list")
        if not counts:
            fact = (
                f"no list of tenant {tenant} has a number, so every row would be clean: nothing was written"
            )
            raise InvalidInput(fact, "check --tenant, and that the lists are merged")

    def not_looked_at(self, cxone: CxoneNumbers) -> list[Mapping[str, Any]]:
        """Name the lists that did not count, and what CXone has beside them."""
        named = [
            {"list_id": list_id, "numbers": count, "why": "not asked for"}
            for list_id, count in sorted(self._left_out.items())
        ]
        foreign = [
            {"list_id": name or None, "numbers": count, "why": "no file names this list, so it was not read"}
            for name, count in sorted(cxone.foreign.items())
        ]
        return [*named, *foreign]

    def _takes(self, list_id: str, count: int) -> bool:
        if not self._wanted or list_id in self._wanted:
            return True
        self._left_out[list_id] = max(self._left_out.get(list_id, 0), count)
        return False


def report_json(stored: StoredReport | None) -> dict[str, Any] | None:
    """Name the newest report in a certificate."""
    if stored is None:
        return None
    report = stored.report
    return {
        "path": stored.path,
        "sha256": stored.sha256,
        "seq": report.seq,
        "revision": report.revision,
        "finished_at": iso(report.finished_at),
    }
