"""A project at one state: configuration, rules, lists and findings of one tree."""

import os
import signal
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from hashlib import sha256
from threading import Thread
from types import MappingProxyType
from typing import TYPE_CHECKING

from reconciler.config.configuration import (
    Configuration,
    Tenant,
    folder_filter,
    matches,
    misnamed_files,
    possible_targets,
    reach_findings,
    read_configuration,
    shared_target_findings,
    uncovered_files,
    unread_folders,
)
from reconciler.config.globs import is_yaml
from reconciler.core.model.errors import InvalidInput
from reconciler.core.model.finding import Finding, Severity, count_text
from reconciler.lists.list_names import list_id_of, lookalike_findings
from reconciler.lists.reader import (
    LeftOut,
    Lists,
    ParallelReads,
    ReadResult,
    Source,
    is_in_examples,
    read_lists,
    read_one_file,
)
from reconciler.rules.rule_set import Rules, load_rules
from reconciler.use_cases.workspace.context import Today
from reconciler.use_cases.workspace.tree import FolderFilter, Tree

if TYPE_CHECKING:
    from concurrent.futures import Future


LARGE_BYTES = 25_000  # entries: half a second, twice of what it takes to start a process
MAX_PROCESSES = 4  # processes: each holds a file and its entries, 150 MB for 100,000
_ENTRY = b"phone:"


@dataclass(frozen=True, slots=True)
class JudgingBasis:
    """What every file is judged by: a repository's own rule files, as `load_rules` takes them; the day."""

    overrides: Mapping[str, bytes]
    today: Today


@contextmanager
def parallel_reads(
    sources: Sequence[Source], basis: JudgingBasis, is_example: Callable[[str], bool]
) -> Iterator[ParallelReads]:
    """Begin to read the large files in processes of their own, where there are several, and processors.

    Where a process cannot be started or dies, nothing is found of its file: it is to be read here.
    """
    large = [source for source in sources if source.data.count(_ENTRY) >= LARGE_BYTES]
    at_once = min(len(large), _processor_count(), MAX_PROCESSES)
    if at_once < 2:  # noqa: PLR2004  (beside each other)
        yield {}
        return
    calls = {
        large_source.path: partial(
            _read_source, large_source, basis, is_example=is_example(large_source.path)
        )
        for large_source in large
    }
    with _start_calls(calls, at_once) as futures:
        yield {path: partial(_future_result, future) for path, future in futures.items()}


@contextmanager
def _start_calls(
    calls: "Mapping[str, partial[ReadResult]]", process_count: int
) -> "Iterator[dict[str, Future[ReadResult]]]":
    """Begin the calls, each in one of so many processes; none where no process can be had."""
    from concurrent.futures import ProcessPoolExecutor  # noqa: PLC0415
    from multiprocessing import get_context  # noqa: PLC0415

    try:
        # Not forked: threads run here, and what they hold at that moment nobody would let go of there.
        pool = ProcessPoolExecutor(process_count, get_context("spawn"), _start_worker)
    except (OSError, ImportError, NotImplementedError):  # no place for its semaphores
        yield {}
        return
    try:
        yield {path: pool.submit(call) for path, call in calls.items()}
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _future_result(future: "Future[ReadResult]") -> ReadResult | None:
    from concurrent.futures import BrokenExecutor  # noqa: PLC0415

    try:
        return future.result()
    except (BrokenExecutor, OSError):
        return None


def _read_source(source: Source, basis: JudgingBasis, *, is_example: bool) -> ReadResult:
    rules, today = load_rules(basis.overrides), basis.today
    return read_one_file(source, rules, as_of=today.as_of, latest=today.latest, is_example=is_example)


def _processor_count() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not Linux
        return os.cpu_count() or 1


def _start_worker() -> None:
    """Leave an interrupt to the parent, and end with it, also where that is killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    from multiprocessing import parent_process  # noqa: PLC0415

    if parent := parent_process():
        parent.join()
    os._exit(1)


SCHEMA_FOLDER = "schema/"


@dataclass(frozen=True, slots=True)
class Project:
    """Configuration and rules of one tree, and the tree to read lists from.

    `overrides` are the tree's own rule files, by path below `schema/`. `is_reached` tells in which folders,
    each ending in `/`, any file of the project can be.
    """

    tree: Tree
    configuration_path: str
    configuration_data: bytes
    configuration: Configuration
    rules: Rules
    overrides: Mapping[str, bytes]
    is_reached: FolderFilter

    @classmethod
    def read(cls, tree: Tree, configuration_path: str) -> "Project":
        """Read configuration and rules. Raises InvalidInput with every finding."""
        files = tree.limited_to(_leads_to_rules).read(lambda p: p == configuration_path or _is_rule(p))
        overrides = _rule_overrides(files)
        rules = load_rules(overrides)
        data = files.get(configuration_path)
        configuration = read_configuration(configuration_path, data, rules)
        is_reached = _folder_filter(configuration)
        return cls(
            tree.limited_to(is_reached),
            configuration_path,
            data or b"",
            configuration,
            rules,
            overrides,
            is_reached,
        )

    def tenant(self, name: str | None) -> Tenant:
        """Choose a tenant: the one named, or the default."""
        chosen = name or self.configuration.default_tenant
        if chosen not in self.configuration.tenants:
            known_tenants = ", ".join(sorted(self.configuration.tenants))
            raise InvalidInput(
                f"there is no tenant {chosen!r}",
                f"use one of: {known_tenants}; or add it below tenants:",
                where=self.configuration_path,
            )
        return self.configuration.tenants[chosen]

    def tenant_at(self, tree: Tree, tenant: Tenant) -> Tenant:
        """Give a tenant as another tree configures it; today's where that tree cannot be read any more."""
        try:
            return Project.read(tree, self.configuration_path).tenant(tenant.name)
        except InvalidInput:
            return tenant

    def is_part(self, path: str) -> bool:
        """Tell whether a file decides what is applied: a list of any tenant, a rule, the configuration."""
        return self.is_shared_input(path) or self.is_list(path)

    def is_shared_input(self, path: str) -> bool:
        """Tell whether a file decides over all lists: a rule, the configuration."""
        return path == self.configuration_path or _is_rule(path)

    def is_list(self, path: str) -> bool:
        """Tell whether some tenant's globs reach the file."""
        return any(matches(tenant.lists, path) for tenant in self.configuration.tenants.values())

    def sources(self, tenant: Tenant) -> tuple[Source, ...]:
        """Read a tenant's list files."""
        return sources_in(self.tree, tenant)

    def read_lists(
        self, sources: Iterable[Source], today: Today, left_out: LeftOut = MappingProxyType({})
    ) -> Lists:
        """Read list files by this project's rules, without what stands at the errors of `left_out`."""
        all_sources, basis = tuple(sources), JudgingBasis(self.overrides, today)
        with parallel_reads(all_sources, basis, self.is_example) as reads:
            return read_lists(
                all_sources,
                self.rules,
                as_of=today.as_of,
                latest=today.latest,
                is_example=self.is_example,
                parallel_reads=reads,
                left_out=left_out,
            )

    def is_example(self, path: str) -> bool:
        """Tell whether a file holds nobody's numbers: an example, or what a built-in default tenant has."""
        default = self.configuration.tenants[self.configuration.default_tenant]
        return is_in_examples(path) or (default.embedded and matches(default.lists, path))

    def unreached_findings(self) -> tuple[Finding, ...]:
        """Find YAML files that no globs reach, folders that are not read, and names that are no UTF-8."""
        paths = self.tree.paths(lambda _: True)
        return (
            *misnamed_files(paths, self.configuration),
            *uncovered_files(paths, self.configuration),
            *unread_folders(self.tree.foreign_folders(), self.configuration),
        )

    def reach_findings(self, tenants: Iterable[Tenant]) -> tuple[Finding, ...]:
        """Find patterns that reach no file: an error where a tenant reaches none of those that there are."""
        reached, elsewhere = self.tree.paths(self.is_list), cache(self._list_files)
        return tuple(
            finding
            for tenant in tenants
            for finding in reach_findings(tenant, reached, elsewhere, self.configuration_path)
        )

    def has_lists(self) -> bool:
        """Tell whether there are list files, whether or not any tenant reaches them."""
        return bool(self.tree.paths(self.is_list) or self._list_files())

    def _list_files(self) -> list[str]:
        """Name every file in plain sight that has the name of a list, in whichever folder it lies."""
        tree = self.tree.limited_to(_is_in_sight)
        paths = set(tree.paths(is_yaml)) - {self.configuration_path}  # a profile of it names a list, too
        try:
            return [path for path, data in tree.read(paths.__contains__).items() if list_id_of(data)]
        except InvalidInput:  # one of them is a link, or too large: by their names, then
            return [path for path in sorted(paths) if "/" in path]

    def contested_findings(
        self, lists: Lists, environ: Mapping[str, str] | None = None, resolved_tenant: Tenant | None = None
    ) -> tuple[Finding, ...]:
        """Find tenants that have one target and a list in common, as far as these lists tell."""
        lists_by_tenant = {
            tenant.name: {
                file.list_id for file in lists.declared_entries.files if matches(tenant.lists, file.path)
            }
            for tenant in self.configuration.tenants.values()
        }
        return shared_target_findings(self.configuration, lists_by_tenant, environ, resolved_tenant)

    def rivals(self, tenant: Tenant, environ: Mapping[str, str] | None = None) -> list[Tenant]:
        """Name the other tenants that write to the same CXone: as written, or as far as variables are set.

        The tenant given may have its references resolved.
        """
        tenants, variables = self.configuration.tenants, environ or {}
        own_targets = possible_targets(tenants[tenant.name], variables, tenant)
        other_tenants = [other for other in tenants.values() if other.name != tenant.name]
        return [other for other in other_tenants if own_targets & possible_targets(other, variables, None)]

    @property
    def shares_targets(self) -> bool:
        """Tell whether two tenants write to the same CXone, so that a list may be contested."""
        return any(self.rivals(tenant) for tenant in self.configuration.tenants.values())

    def list_ids_in_files(self) -> dict[str, str]:
        """Name the list of every tenant's files, by file, without parsing; none if one can't be read."""
        try:
            return {path: list_id_of(data) for path, data in self.tree.read(self.is_list).items()}
        except InvalidInput:
            return {}

    def lookalike_findings(self, lists: Lists, other_list_ids: Mapping[str, str]) -> tuple[Finding, ...]:
        """Find lists whose names may be typing errors of others; those that `listIds` has are none.

        `other_list_ids` are, by file, those of the files that were not read.
        """
        read_ids = {path: list_id for path, (list_id, _) in lists.list_marks.items()}
        marks = {path: mark for path, (_, mark) in lists.list_marks.items()}
        tenants = self.configuration.tenants.values()
        meant = {name for tenant in tenants for name in tenant.connection.list_ids}
        return tuple(lookalike_findings({**other_list_ids, **read_ids}, marks, meant))

    def loosened_findings(self) -> tuple[Finding, ...]:
        """Say which packaged rules the repository's own files leave out or loosen."""
        return tuple(
            Finding(SCHEMA_FOLDER.rstrip("/"), 0, 0, "", "SCHEMA-01", Severity.WARNING, sentence)
            for sentence in self.rules.looser_rules
        )

    def content_hashes(self, sources: Iterable[Source]) -> dict[str, str]:
        """Name lists, rules and configuration by SHA-256: a report is written when one differs."""
        lists = sha256()
        for source in sources:
            lists.update(
                f"{source.path}\0{sha256(source.data).hexdigest()}\n".encode(errors="surrogateescape")
            )
        return {
            "lists": lists.hexdigest(),
            "rules": self.rules.digest.removeprefix("sha256:"),
            "configuration": sha256(self.configuration_data).hexdigest(),
        }


def sources_in(tree: Tree, tenant: Tenant) -> tuple[Source, ...]:
    """Read a tenant's list files as a tree has them."""
    return to_sources(tree.read(lambda path: matches(tenant.lists, path)))


def to_sources(files: Mapping[str, bytes]) -> tuple[Source, ...]:
    """Turn files into sources, in order of path."""
    return tuple(Source(path, data) for path, data in files.items())


def demand_reached(project: Project, tenant: Tenant) -> tuple[Finding, ...]:
    """Refuse a tenant that reaches none of the list files that there are; give what else is odd.

    Where there is no list file at all, what was applied stays, and the plan says so: that is no reason to put
    nothing back. Raises InvalidInput with the findings.
    """
    findings = project.reach_findings([tenant])
    if any(finding.severity is Severity.ERROR for finding in findings):
        fact = f"the lists of tenant {tenant.name} reach no file, so no number is protected"
        raise InvalidInput(
            fact, "correct lists of the tenant", where=project.configuration_path, findings=findings
        )
    return findings


def findings_in_files(lists: Lists, project: Project) -> tuple[Finding, ...]:
    """Give what is wrong with single list files, and with files that should be lists."""
    return (*lists.findings, *project.unreached_findings())


def contested_findings(
    project: Project, tenant: Tenant, today: Today, environ: Mapping[str, str] | None = None
) -> tuple[Finding, ...]:
    """Find lists of a tenant that another tenant writes to the same CXone.

    `environ` has the variables with which other tenants' targets are compared with this one's.
    """
    rivals = project.rivals(tenant, environ)
    if not rivals:
        return ()
    globs = [glob for one in (tenant, *rivals) for glob in one.lists]
    both = to_sources(project.tree.read(lambda path: matches(globs, path)))
    return project.contested_findings(project.read_lists(both, today), environ, tenant)


def demand_valid(findings: Sequence[Finding], *, tolerated: Collection[Finding] = ()) -> None:
    """Refuse lists that have another error than those tolerated. Raises InvalidInput with every finding."""
    errors = [finding for finding in findings if finding.severity is Severity.ERROR]
    if len(errors) > len(tolerated):
        raise InvalidInput(
            f"{count_text(len(errors), 'error')} in the lists",
            "correct them; dnc validate shows them all",
            findings=findings,
        )


def _is_in_sight(folder: str) -> bool:
    name = folder.rstrip("/").rpartition("/")[2]
    return not name.startswith(".") and name != "node_modules"


def rule_files(tree: Tree) -> dict[str, bytes]:
    """Read a project's own rule files, by path below `schema/`."""
    return _rule_overrides(tree.limited_to(_leads_to_rules).read(_is_rule))


def _rule_overrides(files: Mapping[str, bytes]) -> dict[str, bytes]:
    return {path.removeprefix(SCHEMA_FOLDER): data for path, data in files.items() if _is_rule(path)}


def _is_rule(path: str) -> bool:
    return path.startswith(SCHEMA_FOLDER) and path.endswith(".json")


def _leads_to_rules(folder: str) -> bool:
    return folder.startswith(SCHEMA_FOLDER)


def _folder_filter(configuration: Configuration) -> FolderFilter:
    of_lists = folder_filter(configuration)
    return lambda folder: _leads_to_rules(folder) or of_lists(folder)
