"""`dnc validate`: every finding of every file. Needs no CXone, and judges nothing that does."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.core.model.entries import DeclaredEntries
from reconciler.core.model.errors import DncError, InvalidInput
from reconciler.core.model.finding import Finding, Severity, sort_findings
from reconciler.lists.reader import Lists, Source
from reconciler.rules.rule_set import review_findings
from reconciler.use_cases.reconcile.rule_changes import excuse_applied, last_applied_sources
from reconciler.use_cases.workspace.audit_branch import audit_branch_findings
from reconciler.use_cases.workspace.changed_files import changed_files
from reconciler.use_cases.workspace.context import CommandContext, Today
from reconciler.use_cases.workspace.project import Project, to_sources
from reconciler.use_cases.workspace.tree import WorkingTree

if TYPE_CHECKING:
    from reconciler.audit.ledger import Ledger
    from reconciler.git.repository import Repository


@dataclass(frozen=True, slots=True)
class ValidateResult:
    """What was found; `checked_files` names the files that were judged, for reports that say so.

    `since` is the commit that they differ from, where no others were judged.
    """

    findings: tuple[Finding, ...]
    checked_files: tuple[str, ...]
    numbers: int
    since: str | None = None

    @property
    def files(self) -> int:
        """Count the list files."""
        return len(self.checked_files)

    @property
    def errors(self) -> int:
        """Count what fails."""
        return self.count(Severity.ERROR)

    def count(self, severity: Severity) -> int:
        """Count the findings of one severity."""
        return sum(finding.severity is severity for finding in self.findings)


def validate(ctx: CommandContext, paths: Sequence[str] = (), *, since: str | None = None) -> ValidateResult:
    """Check the project; only the named files of it, as pre-commit passes them; or what differs `since`."""
    today = Today.at(ctx.clock(), ctx.options.as_of)
    try:
        project = Project.read(WorkingTree(ctx.folder), ctx.options.configuration.name)
    except InvalidInput as error:
        return ValidateResult(error.findings, (), 0)
    changed_paths = changed_files(project, ctx, since) if since is not None else None
    if changed_paths is None:
        sources, extra = _sources(project, ctx, paths)
        lists = project.read_lists(sources, today)
    else:
        sources, extra = _changed_sources(project, changed_paths)
        lists = _read_changed(project, ctx, sources, today)
    # A branch that changes no configuration does not change what is said of it.
    of_configuration = () if changed_paths is not None else _configuration_findings(project, ctx)
    is_part = bool(paths) or changed_paths is not None
    lists = excuse_applied(lists, project, today, lambda: _applied_sources(project, ctx))
    reviews = review_findings(project.rules, today.as_of)
    of_files = (
        finding
        for finding in (
            *lists.findings,
            *_ended_term_findings(project, ctx, sources, lists, today),
            *project.lookalike_findings(lists, project.list_ids_in_files() if is_part else {}),
        )
        if changed_paths is None or finding.file in changed_paths
    )
    findings = sort_findings(
        (
            *of_files,
            *extra,
            *of_configuration,
            *project.contested_findings(lists),
            *project.loosened_findings(),
            *reviews,
        )
    )
    checked_files = tuple(source.path for source in sources)
    numbers = lists.number_count if changed_paths is None else _count_numbers(lists, frozenset(checked_files))
    return ValidateResult(
        tuple(findings), checked_files, numbers, since if changed_paths is not None else None
    )


def _changed_sources(
    project: Project, changed_paths: frozenset[str]
) -> tuple[tuple[Source, ...], tuple[Finding, ...]]:
    """Read the lists that changed and are there; say which changed files no tenant's lists reach."""
    lists = project.tree.read(lambda path: path in changed_paths and project.is_list(path))
    unreached_findings = (
        finding
        for finding in project.unreached_findings()
        if any(f"{path}/".startswith(f"{finding.file}/") for path in changed_paths)
    )
    return to_sources(lists), tuple(unreached_findings)


def _read_changed(project: Project, ctx: CommandContext, sources: tuple[Source, ...], today: Today) -> Lists:
    """Read what changed; and everything, where a finding may depend on what the other files say."""
    lists = project.read_lists(sources, today)
    if not (lists.depends_on_other_files or project.shares_targets):
        return lists
    ctx.say("what changed is judged with what other files say, so all are read")
    return project.read_lists(to_sources(project.tree.read(project.is_list)), today)


def _count_numbers(lists: Lists, paths: frozenset[str]) -> int:
    return sum(len(file.numbers) for file in lists.declared_entries.files if file.path in paths)


def _quiet_ledger(project: Project, ctx: CommandContext) -> "tuple[Repository, Ledger] | None":
    """Open the reports as far as this clone and its remote have them; None where they tell nothing."""
    # The ledger takes its time to load, and most files have nothing that is refused.
    from reconciler.use_cases.workspace.opening import open_ledger, open_repository, refresh_ledger  # noqa: PLC0415

    quiet_context = replace(ctx, say=lambda _: None)
    try:
        repository = open_repository(quiet_context)
        ledger = refresh_ledger(
            open_ledger(project, repository, quiet_context, goes_on=True), quiet_context, must=False
        )
    except DncError:
        return None
    return (repository, ledger) if repository is not None and ledger is not None else None


def _applied_sources(project: Project, ctx: CommandContext) -> tuple[Source, ...]:
    """Read what every tenant's newest report applied."""
    record = _quiet_ledger(project, ctx)
    return last_applied_sources(project, project.configuration.tenants.values(), *record) if record else ()


def _configuration_findings(project: Project, ctx: CommandContext) -> tuple[Finding, ...]:
    """Say which tenants reach no file, and whether the audit branch is the lists' own."""

    def repository() -> "Repository | None":
        from reconciler.use_cases.workspace.opening import open_repository  # noqa: PLC0415  (git takes its time)

        return open_repository(ctx)

    reach = project.reach_findings(project.configuration.tenants.values())
    return (*reach, *audit_branch_findings(project, ctx, repository))


def _ended_term_findings(
    project: Project, ctx: CommandContext, sources: tuple[Source, ...], lists: Lists, today: Today
) -> tuple[Finding, ...]:
    """Find terms that were over before they were added: by now, not by a later day that is asked about."""
    as_of = min(today.as_of, Today.at(ctx.clock()).as_of)
    files = lists.declared_entries.files
    if not any(terms.is_expired(as_of) for file in files for terms in file.distinct):
        return ()
    # Git takes its time to load, and few repositories have such terms.
    from reconciler.use_cases.workspace.ended_terms import PastFiles, ended_term_findings  # noqa: PLC0415
    from reconciler.use_cases.workspace.opening import open_repository  # noqa: PLC0415

    tenants = project.configuration.tenants.values()
    record = cache(lambda: _quiet_ledger(project, ctx))

    def read_applied(day: date) -> DeclaredEntries | None:
        opened = record()
        if opened is None or not any(opened[1].newest(tenant.name) for tenant in tenants):
            return None
        applied_sources = last_applied_sources(project, tenants, *opened, day=day)
        return project.read_lists(applied_sources, today).declared_entries

    past = PastFiles(lambda: open_repository(ctx), read_applied)
    return tuple(ended_term_findings(project, sources, files, as_of, past))


def _sources(
    project: Project, ctx: CommandContext, paths: Sequence[str]
) -> tuple[tuple[Source, ...], tuple[Finding, ...]]:
    if not paths:
        return to_sources(project.tree.read(project.is_list)), project.unreached_findings()
    named_paths = frozenset(_relative(path, ctx.folder) for path in paths)
    lists = project.tree.read(lambda path: path in named_paths and project.is_list(path))
    missing_paths = [path for path in named_paths if not (ctx.folder / path).is_file()]
    missing_findings = tuple(
        Finding(path, 0, 0, "", "LIST-00", Severity.ERROR, "there is no such file")
        for path in sorted(missing_paths)
    )
    return to_sources(lists), (
        *missing_findings,
        *(finding for finding in project.unreached_findings() if finding.file in named_paths),
    )


def _relative(path: str, folder: Path) -> str:
    absolute = Path(path).absolute()
    return absolute.relative_to(folder).as_posix() if absolute.is_relative_to(folder) else path
