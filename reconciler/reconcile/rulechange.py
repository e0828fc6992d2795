"""What a change of the rules means for what stands: said before anybody merges it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from reconciler.desired.census import Concerned, census
from reconciler.desired.configuration import Tenant
from reconciler.desired.regulation import Rule
from reconciler.desired.schema import Rules, load_rules
from reconciler.model.errors import DncError
from reconciler.model.finding import Finding, Severity
from reconciler.reconcile.clock import Today
from reconciler.reconcile.project import Project, rule_files, sources_in
from reconciler.reconcile.tree import Tree

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
