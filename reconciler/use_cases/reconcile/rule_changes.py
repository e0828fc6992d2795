"""What a change of the rules means for entries that are in force, and for how many numbers."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from reconciler.config.configuration import Tenant
from reconciler.core.model.errors import DncError
from reconciler.core.model.finding import Finding, Severity, in_order
from reconciler.lists.reader import Lists, Refused, Source, in_examples, read_all
from reconciler.lists.reading_state import Reading
from reconciler.rules.rule import Rule
from reconciler.rules.rule_set import Rules, load_rules
from reconciler.use_cases.workspace.context import Today
from reconciler.use_cases.workspace.project import Project, rule_files, sources_in
from reconciler.use_cases.workspace.tree import GitTree, Tree

if TYPE_CHECKING:
    from reconciler.audit.ledger import Ledger
    from reconciler.git.repository import Repository


_Judged = tuple[object, ...]


def excused(lists: Lists, project: Project, today: Today, then: Callable[[], Iterable[Source]]) -> Lists:
    """Give the lists, findings of what only time or a new rule refuses being alarms.

    `then` gives the files as they were last applied; they are read only where something is refused. Judged by
    today's rules on today's date, they show what would be refused had nobody edited anything since.
    """
    if not lists.refused:
        return lists
    stood = project.read_lists(then(), today)
    known = {judged for refused in stood.refused for judged in _judged(refused, stood)}
    alarms = {
        refused.finding: _alarm(refused.finding)
        for refused in lists.refused
        if all(judged in known for judged in _judged(refused, lists))
    }
    return replace(lists, findings=tuple(in_order(alarms.get(f, f) for f in lists.findings)))


def _judged(refused: Refused, lists: Lists) -> Iterator[_Judged]:
    """Name what was judged, number by number: rule, list and terms, in whichever file the line stands."""
    rule, file = refused.finding.rule, refused.finding.file
    if not refused.phones:
        yield (rule, file)
    claims = [f.numbers for f in lists.claims.files if f.path == file and f.list_id == refused.list_id]
    for phone in refused.phones:
        yield (rule, refused.list_id, phone, *(numbers.get(phone) for numbers in claims))


def _alarm(finding: Finding) -> Finding:
    message = f"{finding.message}; it was applied before, so it stays on: only time or a rule has changed"
    return replace(finding, severity=Severity.ALARM, message=message)


def last_applied(
    project: Project, tenants: Iterable[Tenant], repository: "Repository | None", ledger: "Ledger | None"
) -> tuple[Source, ...]:
    """Give the list files of the revisions that the newest reports name; none where none is known."""
    found: dict[Source, None] = {}
    for tenant in tenants:
        newest = ledger.newest(tenant.name) if ledger else None
        if newest is None or repository is None:
            continue
        try:
            repository.ensure_commit(newest.report.revision)
            tree = GitTree(repository, newest.report.revision)
            found.update(dict.fromkeys(sources_in(tree, project.tenant_at(tree, tenant))))
        except DncError:
            continue  # what can't be known excuses nothing
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Concerned:
    """Numbers of files: a number that two files claim counts twice.

    `concerned` are those that the rule holds for and is about, `refused` those of them that it finds an error
    in.
    """

    concerned: int = 0
    refused: int = 0


def census(sources: Iterable[Source], rules: Rules, *, as_of: date) -> Mapping[str, Concerned]:
    """Count by rule: the rules about entries that are in force on `as_of`, the date at UTC-12."""
    reading = Reading(rules=rules, as_of=as_of, latest=date.max, examples=in_examples, concerned={})
    read_all(reading, sources)
    found: dict[str, set[tuple[str, str]]] = {}
    for finding, refused in reading.refused.items():
        found.setdefault(finding.rule, set()).update((finding.file, phone) for phone in refused.phones)
    concerned = reading.concerned or {}
    return {
        rule: Concerned(concerned.get(rule, 0), len(found.get(rule, ())))
        for rule in concerned.keys() | found.keys()
    }


RULE = "SCHEMA-02"


@dataclass(frozen=True, slots=True)
class Before:
    """The state that today's is compared with: a tree, and what people call it, such as `main`."""

    tree: Tree
    where: str


def rule_changes(project: Project, tenant: Tenant, before: Before | None, today: Today) -> Iterator[Finding]:
    """Say for each rule that differs how many of the numbers that stood it refuses, or no longer holds."""
    if before is None:
        return
    try:
        own = rule_files(before.tree)
        if own == rule_files(project.tree):
            return
        rules = load_rules(own)
        files = sources_in(before.tree, project.tenant_at(before.tree, tenant))
    except DncError:
        return  # what stood can't be read any more, so there is nothing to compare
    old, new = (_Side(r, census(files, r, as_of=today.as_of), today) for r in (rules, project.rules))
    for name in sorted({rule.id for rule in (*rules.regulations, *project.rules.regulations)}):
        yield from _compared(name, old, new, before.where)


@dataclass(frozen=True, slots=True)
class _Side:
    """The rules on one side of the change, and what they say of the numbers that stood."""

    rules: Rules
    counted: Mapping[str, Concerned]
    today: Today

    def refused(self, name: str) -> int:
        return self.counted[name].refused if name in self.counted else 0

    def concerned(self, name: str) -> int:
        return self.counted[name].concerned if name in self.counted else 0

    def binding(self, name: str) -> Rule | None:
        """Give the rule where it is in force and refuses."""
        rule = self.rules.by_id(name)
        holds = rule is not None and rule.severity == Severity.ERROR and rule.in_force(self.today.as_of)
        return rule if holds else None


def _compared(name: str, old: _Side, new: _Side, where: str) -> Iterator[Finding]:
    more = new.refused(name) - old.refused(name)
    if more > 0:
        yield _finding(new, name, f"{name} would refuse {_entries(more)} that are on {where}; they stay on")
    if old.binding(name) is None:
        return
    if new.binding(name) is None:
        said = f"{name} {_becomes(new, name)}: {_entries(old.concerned(name))} are no longer held to it"
        yield _finding(new, name, said)
    elif more < 0:
        yield _finding(new, name, f"{name} asks for less: {_entries(-more)} on {where} are refused no more")


def _becomes(side: _Side, name: str) -> str:
    rule = side.rules.by_id(name)
    if rule is None:
        return "is gone"
    return "is not in force" if rule.severity == Severity.ERROR else f"becomes {_a(rule.severity)}"


def _a(severity: str) -> str:
    return f"an {severity}" if severity[0] in "aeio" else f"a {severity}"


def _entries(count: int) -> str:
    return f"{count:,} " + ("entry" if count == 1 else "entries")


def _finding(side: _Side, name: str, message: str) -> Finding:
    rule = side.rules.by_id(name)
    return Finding(rule.file if rule else "schema", 0, 0, "", RULE, Severity.WARNING, message)
