"""`dnc validate`: every finding of every file. Needs no CXone, and judges nothing that does."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from reconciler.desired.lists import Source
from reconciler.desired.review import review_findings
from reconciler.model.errors import DncError, InvalidInput
from reconciler.model.finding import Finding, Severity
from reconciler.reconcile.clock import Today
from reconciler.reconcile.opening import open_ledger, open_repository, refresh
from reconciler.reconcile.project import Project, as_sources
from reconciler.reconcile.standing import excused, last_applied
from reconciler.reconcile.surroundings import Surroundings
from reconciler.reconcile.tree import WorkingTree


@dataclass(frozen=True, slots=True)
class Validated:
    """What was found; `checked` names the files that were read, for reports that say so."""

    findings: tuple[Finding, ...]
    checked: tuple[str, ...]
    numbers: int

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


def validate(around: Surroundings, paths: Sequence[str] = ()) -> Validated:
    """Check the project, or only the named files of it, as pre-commit passes them."""
    today = Today.at(around.clock(), around.as_of)
    try:
        project = Project.read(WorkingTree(around.folder), around.configuration.name)
    except InvalidInput as error:
        return Validated(error.findings, (), 0)
    sources, extra = _sources(project, around, paths)
    read = project.read_lists(sources, today)
    lists = excused(read, project, today, lambda: _applied_before(project, around))
    reviews = review_findings(project.rules, today.as_of)
    findings = sorted((*lists.findings, *extra, *project.contested(lists), *project.loosened(), *reviews))
    return Validated(tuple(findings), tuple(s.path for s in sources), lists.numbers)


def _applied_before(project: Project, around: Surroundings) -> tuple[Source, ...]:
    """Read what every tenant's newest report applied, as far as this clone and its remote tell."""
    quiet = replace(around, say=lambda _: None)
    try:
        repository = open_repository(quiet)
        ledger = refresh(open_ledger(project, repository), quiet, must=False)
    except DncError:
        return ()
    return last_applied(project, project.configuration.tenants.values(), repository, ledger)


def _sources(
    project: Project, around: Surroundings, paths: Sequence[str]
) -> tuple[tuple[Source, ...], tuple[Finding, ...]]:
    if not paths:
        return as_sources(project.tree.read(project.is_list)), project.unreached()
    wanted = frozenset(_relative(path, around.folder) for path in paths)
    lists = project.tree.read(lambda path: path in wanted and project.is_list(path))
    missing = [path for path in wanted if not (around.folder / path).is_file()]
    unread = tuple(
        Finding(path, 0, 0, "", "LIST-00", Severity.ERROR, "there is no such file")
        for path in sorted(missing)
    )
    return as_sources(lists), (*unread, *(f for f in project.unreached() if f.file in wanted))


def _relative(path: str, folder: Path) -> str:
    absolute = Path(path).absolute()
    return absolute.relative_to(folder).as_posix() if absolute.is_relative_to(folder) else path
