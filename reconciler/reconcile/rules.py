"""`dnc rules`: what files are judged by, and why."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from reconciler.desired.regulation import Rule
from reconciler.desired.schema import Rules, load_rules
from reconciler.model.errors import InvalidInput
from reconciler.reconcile.clock import Today
from reconciler.reconcile.project import rule_files
from reconciler.reconcile.surroundings import Surroundings
from reconciler.reconcile.tree import WorkingTree


@dataclass(frozen=True, slots=True)
class Rulebook:
    """The rules of this project, or the packaged ones where it has none, on one date."""

    rules: Rules
    as_of: date

    def all(self) -> Iterator[Rule]:
        """Give every rule, by its id."""
        yield from self.rules.regulations

    def find(self, name: str) -> Rule:
        """Look one up, in any case. Raises InvalidInput for an id that is none."""
        for rule in self.all():
            if rule.id.casefold() == name.casefold():
                return rule
        raise InvalidInput(f"there is no rule {name!r}", "dnc rules lists them all")


def open_rulebook(around: Surroundings) -> Rulebook:
    """Read the rules. Needs no configuration: the packaged rules hold in any folder."""
    rules = load_rules(rule_files(WorkingTree(around.folder)))
    return Rulebook(rules, Today.at(around.clock(), around.as_of).as_of)
