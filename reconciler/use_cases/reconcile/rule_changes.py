"""What a change of the rules means for entries that are in force, and for how many numbers."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from reconciler.config.configuration import Tenant
from reconciler.core.model.errors import DncError
from reconciler.core.model.finding import Finding, Severity, sort_findings
from reconciler.lists.reader import Lists, RegulationError, Source, is_in_examples, read_all
from reconciler.lists.reading_state import Reading
from reconciler.rules.rule import Rule
from reconciler.rules.rule_set import Rules, load_rules
from reconciler.use_cases.reconcile.invalid_files import invalid_files_of, with_earlier_sources
from reconciler.use_cases.workspace.context import Today
from reconciler.use_cases.workspace.project import Project, rule_files, sources_in
from reconciler.use_cases.workspace.tree import GitTree, Tree

if TYPE_CHECKING:
    from reconciler.audit.ledger import Ledger
    from reconciler.git.repository import Repository


_Judgement = tuple[object, ...]


def excuse_applied(
    lists: Lists, project: Project, today: Today, read_applied_sources: Callable[[], Iterable[Source]]
) -> Lists:
    """Give the lists, findings of what only time or a new rule refuses being alarms.

    `read_applied_sources` gives the files as they were last applied; they are read only where something is
    refused. Judged by today's rules on today's date, they show what would be refused had nobody edited
    anything since.
    """
    if not lists.regulation_errors:
        return lists
    applied_lists = project.read_lists(read_applied_sources(), today)
    known_judgements = {
        judgement
        for regulation_error in applied_lists.regulation_errors
        for judgement in _judgements(regulation_error, applied_lists)
    }
    alarms = {
        regulation_error.finding: _as_alarm(regulation_error.finding)
        for regulation_error in lists.regulation_errors
        if all(judgement in known_judgements for judgement in _judgements(regulation_error, lists))
    }
    return replace(
        lists, findings=tuple(sort_findings(alarms.get(finding, finding) for finding in lists.findings))
    )


def _judgements(regulation_error: RegulationError, lists: Lists) -> Iterator[_Judgement]:
    """Name what was judged, number by number: rule, list and terms, in whichever file the line stands."""
    rule, file = regulation_error.finding.rule, regulation_error.finding.file
    if not regulation_error.phones:
        yield (rule, file)
    file_entries = [
        list_entries.numbers
        for list_entries in lists.declared_entries.files
        if list_entries.path == file and list_entries.list_id == regulation_error.list_id
    ]
    for phone in regulation_error.phones:
        yield (rule, regulation_error.list_id, phone, *(numbers.get(phone) for numbers in file_entries))


def _as_alarm(finding: Finding) -> Finding:
    message = f"{finding.message}; it was applied before, so it stays on: only time or a rule has changed"
    return replace(finding, severity=Severity.ALARM, message=message)


def last_applied_sources(
    project: Project,
    tenants: Iterable[Tenant],
    repository: "Repository | None",
    ledger: "Ledger | None",
    *,
    day: date = date.max,
) -> tuple[Source, ...]:
    """Give the list files of the revisions that the newest reports name; none where none is known.

    With `day` the newest are those that are as of that day or of one before it.
    """
    sources: dict[Source, None] = {}
    for tenant in tenants:
        reports = ledger.reports(tenant.name) if ledger else ()
        newest = next((stored for stored in reports if stored.report.as_of <= day), None)
        if newest is None or repository is None:
            continue
        try:
            repository.ensure_commit(newest.report.revision)
            tree = GitTree(repository, newest.report.revision)
            applied = with_earlier_sources(
                sources_in(tree, project.tenant_at(tree, tenant)),
                invalid_files_of(newest.report),
                lambda revision, path: GitTree(repository, revision).read(path.__eq__).get(path),
            )
            sources.update(dict.fromkeys(applied))
        except DncError:
            continue  # what can't be known excuses nothing
    return tuple(sources)


@dataclass(frozen=True, slots=True)
class RuleCounts:
    """Numbers of files: a number that two files claim counts twice.

    `concerned_count` are those that the rule holds for and is about, `refused_count` those of them that it
    finds an error in.
    """

    concerned_count: int = 0
    refused_count: int = 0


def count_by_rule(sources: Iterable[Source], rules: Rules, *, as_of: date) -> Mapping[str, RuleCounts]:
    """Count by rule: the rules about entries that are in force on `as_of`, the date at UTC-12."""
    reading = Reading(
        rules=rules, as_of=as_of, latest=date.max, is_example=is_in_examples, concerned_counts={}
    )
    read_all(reading, sources)
    refused_numbers: dict[str, set[tuple[str, str]]] = {}
    for finding, regulation_error in reading.regulation_errors.items():
        refused_numbers.setdefault(finding.rule, set()).update(
            (finding.file, phone) for phone in regulation_error.phones
        )
    concerned_counts = reading.concerned_counts or {}
    return {
        rule: RuleCounts(concerned_counts.get(rule, 0), len(refused_numbers.get(rule, ())))
        for rule in concerned_counts.keys() | refused_numbers.keys()
    }


RULE = "SCHEMA-02"


@dataclass(frozen=True, slots=True)
class ComparedState:
    """The state that today's is compared with: a tree, and what people call it, such as `main`."""

    tree: Tree
    name: str


def rule_changes(
    project: Project, tenant: Tenant, compared_state: ComparedState | None, today: Today
) -> Iterator[Finding]:
    """Say for each rule that differs how many of the numbers that stood it refuses, or no longer holds."""
    if compared_state is None:
        return
    try:
        own_rule_files = rule_files(compared_state.tree)
        if own_rule_files == rule_files(project.tree):
            return
        rules = load_rules(own_rule_files)
        files = sources_in(compared_state.tree, project.tenant_at(compared_state.tree, tenant))
    except DncError:
        return  # what stood can't be read any more, so there is nothing to compare
    old_side, new_side = (
        _Side(rule_set, count_by_rule(files, rule_set, as_of=today.as_of), today)
        for rule_set in (rules, project.rules)
    )
    for name in sorted({rule.id for rule in (*rules.regulations, *project.rules.regulations)}):
        yield from _compare_rule(name, old_side, new_side, compared_state.name)


@dataclass(frozen=True, slots=True)
class _Side:
    """The rules on one side of the change, and what they say of the numbers that stood."""

    rules: Rules
    counts: Mapping[str, RuleCounts]
    today: Today

    def refused_count(self, name: str) -> int:
        return self.counts[name].refused_count if name in self.counts else 0

    def concerned_count(self, name: str) -> int:
        return self.counts[name].concerned_count if name in self.counts else 0

    def binding_rule(self, name: str) -> Rule | None:
        """Give the rule where it is in force and refuses."""
        rule = self.rules.by_id(name)
        holds = rule is not None and rule.severity == Severity.ERROR and rule.is_in_force(self.today.as_of)
        return rule if holds else None


def _compare_rule(name: str, old_side: _Side, new_side: _Side, where: str) -> Iterator[Finding]:
    newly_refused = new_side.refused_count(name) - old_side.refused_count(name)
    if newly_refused > 0:
        yield _finding(
            new_side,
            name,
            f"{name} would refuse {_entries_text(newly_refused)} that are on {where}; they stay on",
        )
    if old_side.binding_rule(name) is None:
        return
    if new_side.binding_rule(name) is None:
        message = (
            f"{name} {_becomes_text(new_side, name)}: {_entries_text(old_side.concerned_count(name))} "
            "are no longer held to it"
        )
        yield _finding(new_side, name, message)
    elif newly_refused < 0:
        yield _finding(
            new_side,
            name,
            f"{name} asks for less: {_entries_text(-newly_refused)} on {where} are refused no more",
        )


def _becomes_text(side: _Side, name: str) -> str:
    rule = side.rules.by_id(name)
    if rule is None:
        return "is gone"
    return "is not in force" if rule.severity == Severity.ERROR else f"becomes {_with_article(rule.severity)}"


def _with_article(severity: str) -> str:
    return f"an {severity}" if severity[0] in "aeio" else f"a {severity}"


def _entries_text(count: int) -> str:
    return f"{count:,} " + ("entry" if count == 1 else "entries")


def _finding(side: _Side, name: str, message: str) -> Finding:
    rule = side.rules.by_id(name)
    return Finding(rule.file if rule else "schema", 0, 0, "", RULE, Severity.WARNING, message)
