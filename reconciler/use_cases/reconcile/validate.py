"""`dnc validate`: every finding of every file. Needs no CXone, and judges nothing that does."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from reconciler.core.model.errors import DncError, InvalidInput
from reconciler.core.model.finding import Finding, Severity, in_order
from reconciler.lists.reader import Lists, Source
from reconciler.rules.rule_set import review_findings
from reconciler.use_cases.reconcile.rule_changes import excused, last_applied
from reconciler.use_cases.workspace.changed_files import changed_files
from reconciler.use_cases.workspace.context import CommandContext, Today
from reconciler.use_cases.workspace.project import Project, as_sources
from reconciler.use_cases.workspace.tree import WorkingTree


@dataclass(frozen=True, slots=True)
class Validated:
    """What was found; `checked` names the files that were judged, for reports that say so.

    `since` is the commit that they differ from, where no others were judged.
    """

    findings: tuple[Finding, ...]
    checked: tuple[str, ...]
    numbers: int
    since: str | None = None

    @property
    def files(self) -> int:
        """Count the list files."""
        return len(self.checked)

    @property
    def errors(self) -> int:
        """Count what fails."""
        return self.count(Severity.ERROR)

    def count(self, severity: Severity) -> int:
        """Count the findings of one severity."""
        return sum(f.severity is severity for f in self.findings)


def validate(ctx: CommandContext, paths: Sequence[str] = (), *, since: str | None = None) -> Validated:
    """Check the project; only the named files of it, as pre-commit passes them; or what differs `since`."""
    today = Today.at(ctx.clock(), ctx.options.as_of)
    try:
        project = Project.read(WorkingTree(ctx.folder), ctx.options.configuration.name)
    except InvalidInput as error:
        return Validated(error.findings, (), 0)
    changed = changed_files(project, ctx, since) if since is not None else None
    if changed is None:
        sources, extra = _sources(project, ctx, paths)
        lists = project.read_lists(sources, today)
    else:
        sources, extra = _changed(project, changed)
        lists = _read_changed(project, ctx, sources, today)
    lists = excused(lists, project, today, lambda: _applied_before(project, ctx))
    reviews = review_findings(project.rules, today.as_of)
    of_files = (f for f in lists.findings if changed is None or f.file in changed)
    findings = in_order((*of_files, *extra, *project.contested(lists), *project.loosened(), *reviews))
    checked = tuple(source.path for source in sources)
    numbers = lists.numbers if changed is None else _numbers_in(lists, frozenset(checked))
    return Validated(tuple(findings), checked, numbers, since if changed is not None else None)


def _changed(project: Project, changed: frozenset[str]) -> tuple[tuple[Source, ...], tuple[Finding, ...]]:
    """Read the lists that changed and are there; say which changed files no tenant's lists reach."""
    lists = project.tree.read(lambda path: path in changed and project.is_list(path))
    unreached = (
        f for f in project.unreached() if any(f"{path}/".startswith(f"{f.file}/") for path in changed)
    )
    return as_sources(lists), tuple(unreached)


def _read_changed(project: Project, ctx: CommandContext, sources: tuple[Source, ...], today: Today) -> Lists:
    """Read what changed; and everything, where a finding may depend on what the other files say."""
    lists = project.read_lists(sources, today)
    if not (lists.beyond or project.shares_targets):
        return lists
    ctx.say("what changed is judged with what other files say, so all are read")
    return project.read_lists(as_sources(project.tree.read(project.is_list)), today)


def _numbers_in(lists: Lists, paths: frozenset[str]) -> int:
    return sum(len(file.numbers) for file in lists.claims.files if file.path in paths)


def _applied_before(project: Project, ctx: CommandContext) -> tuple[Source, ...]:
    """Read what every tenant's newest report applied, as far as this clone and its remote tell."""
    # The ledger takes its time to load, and most files have nothing that is refused.
    from reconciler.use_cases.workspace.opening import open_ledger, open_repository, refresh  # noqa: PLC0415

    quiet = replace(ctx, say=lambda _: None)
    try:
        repository = open_repository(quiet)
        ledger = refresh(open_ledger(project, repository, quiet, goes_on=True), quiet, must=False)
    except DncError:
        return ()
    return last_applied(project, project.configuration.tenants.values(), repository, ledger)


def _sources(
    project: Project, ctx: CommandContext, paths: Sequence[str]
) -> tuple[tuple[Source, ...], tuple[Finding, ...]]:
    if not paths:
        return as_sources(project.tree.read(project.is_list)), project.unreached()
    wanted = frozenset(_relative(path, ctx.folder) for path in paths)
    lists = project.tree.read(lambda path: path in wanted and project.is_list(path))
    missing = [path for path in wanted if not (ctx.folder / path).is_file()]
    unread = tuple(
        Finding(path, 0, 0, "", "LIST-00", Severity.ERROR, "there is no such file")
        for path in sorted(missing)
    )
    return as_sources(lists), (*unread, *(f for f in project.unreached() if f.file in wanted))


def _relative(path: str, folder: Path) -> str:
    absolute = Path(path).absolute()
    return absolute.relative_to(folder).as_posix() if absolute.is_relative_to(folder) else path
