"""The two examples of a rule, judged by it: what `dnc rules show` shows, and what keeps a rule honest."""

from collections.abc import Iterator, Mapping

from reconciler.core.model.finding import Finding, Severity
from reconciler.lists.cross_file_rules import with_query_date
from reconciler.lists.entry_rules import effective_entry
from reconciler.rules.evaluation import Violation, find_violations, stated_jurisdiction, with_place
from reconciler.rules.jurisdictions import place_of
from reconciler.rules.rule import Rule, Scope
from reconciler.rules.rule_set import Rules
from reconciler.yaml_tree.nodes import MapNode


def found_in(rule: Rule, example: Mapping[str, str]) -> tuple[str, ...]:
    """Say what the rule finds in a document of its scope, as findings do; nothing if it does not apply."""
    return tuple(rule.with_basis(verdict.message) for verdict in _verdicts(rule, example))


def sample_findings(rules: Rules) -> Iterator[Finding]:
    """Warn of each rule whose example does not do what it says: the rule may ask for something else."""
    for rule in rules.regulations:
        for name, example in rule.examples.items():
            if bool(found_in(rule, example)) is (name == "passes"):
                said = f"the example that {name} does not: correct the example, or the rule"
                yield Finding(rule.file, 0, 0, f"/{rule.id}/example/{name}", rule.id, Severity.WARNING, said)


def _verdicts(rule: Rule, example: Mapping[str, str]) -> Iterator[Violation]:
    if rule.scope is Scope.RELEASE:
        yield from find_violations(
            rule, with_query_date({key: v for key, v in example.items() if key != "phone"})
        )
    elif rule.scope is not Scope.ENTRY:
        yield from find_violations(rule, example)
    else:
        entry = MapNode(0)
        entry.values = dict(example)
        said, phone = effective_entry(entry, None), example.get("phone", "")
        place = place_of(phone)
        if rule.applies_to(stated_jurisdiction(said), place):
            numbers = {"phone": phone} if rule.condition.sees_numbers else {}
            yield from find_violations(rule, with_place(said, place) | numbers)
