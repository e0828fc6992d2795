"""`dnc rules`."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from textwrap import fill
from typing import Annotated, Any

import typer

from reconciler.cli.call import Format, current_options, print_json
from reconciler.cli.help import GroupedCommands
from reconciler.cli.options import examples
from reconciler.cli.output import Output, error_output
from reconciler.cli.render.masking import NumberFormat
from reconciler.cli.render.settings_changes import change_text
from reconciler.core.model.errors import InvalidInput
from reconciler.rules.differences import SettingsChange, rule_differences
from reconciler.rules.rule import Rule
from reconciler.rules.rule_set import Rules, load_rules
from reconciler.use_cases.workspace.context import CommandContext, Today
from reconciler.use_cases.workspace.project import rule_files
from reconciler.use_cases.workspace.settings_changes import MAX_CHANGES, change_json
from reconciler.use_cases.workspace.tree import WorkingTree


@dataclass(frozen=True, slots=True)
class Rulebook:
    """The rules of this project, or the packaged ones where it has none, on one date.

    `differences` say how the project's own files differ from the packaged ones.
    """

    rules: Rules
    as_of: date
    differences: tuple[SettingsChange, ...] = ()

    def all_rules(self) -> Iterator[Rule]:
        """Give every rule, by its id."""
        yield from self.rules.regulations

    def find(self, name: str) -> Rule:
        """Look one up, in any case. Raises InvalidInput for an id that is none."""
        for rule in self.all_rules():
            if rule.id.casefold() == name.casefold():
                return rule
        raise InvalidInput(f"there is no rule {name!r}", "dnc rules lists them all")


def open_rulebook(ctx: CommandContext) -> Rulebook:
    """Read the rules. Needs no configuration: the packaged rules hold in any folder."""
    overrides = rule_files(WorkingTree(ctx.folder))
    as_of = Today.at(ctx.clock(), ctx.options.as_of).as_of
    return Rulebook(load_rules(overrides), as_of, tuple(rule_differences({}, overrides)))


_WIDTH = 100
_CONFIDENCE = {
    "H": "the operative words or an official summary were read",
    "M": "from secondary sources",
    "L": "not verified",
}


def rules_table(rules: Sequence[Rule], as_of: date) -> str:
    """Show rules, one a line, those that are not in force marked."""
    rows = [("RULE", "SEVERITY", "WHERE", "IN FORCE", "REVIEW DUE", "ASKS")]
    rows += [
        (
            rule.id,
            rule.severity,
            jurisdictions_text(rule),
            in_force_text(rule, as_of),
            rule.review_due.isoformat(),
            rule.statement,
        )
        for rule in rules
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]) - 1)]
    return "\n".join(
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[-1]])
        for row in rows
    )


def jurisdictions_text(rule: Rule) -> str:
    """Say whose numbers a rule holds for."""
    area = ["by area code"] if rule.by_area_code else []
    return " ".join([*rule.jurisdictions, *area]) or "everywhere"


def in_force_text(rule: Rule, as_of: date) -> str:
    """Say whether it holds on that date, and since or until when it does not."""
    if rule.is_in_force(as_of):
        return "yes"
    return f"from {rule.effective_from}" if as_of < rule.effective_from else f"until {rule.effective_to}"


def rule_text(rule: Rule, as_of: date) -> str:
    """Show one rule: what it asks, what that means, on whose word, and an example of each kind."""
    authority = rule.citation if rule.basis == "law" and rule.citation else rule.basis
    until = f" until {rule.effective_to}" if rule.effective_to else ""
    lines = [
        f"{rule.id}: {rule.statement}",
        *([fill(rule.meaning, _WIDTH)] if rule.meaning else []),
        "",
        f"severity    {rule.severity}",
        f"where       {jurisdictions_text(rule)}",
        f"says        {rule.basis}" + (f", {authority}" if authority != rule.basis else ""),
        f"confidence  {_CONFIDENCE.get(rule.confidence, rule.confidence)}",
        f"in force    {in_force_text(rule, as_of)} (from {rule.effective_from}{until})",
        f"adopted     by {rule.adopted_by} on {rule.adopted_on}; review due {rule.review_due}",
        f"file        {rule.file}",
        *_example_lines(rule.examples),
    ]
    return "\n".join(lines)


def _example_lines(examples: Mapping[str, Any]) -> Iterator[str]:
    for kind in ("passes", "fails"):
        if kind in examples:
            yield f"\n{kind}:"
            yield from (f"  {line}" for line in _value_lines(examples[kind]))


def _value_lines(example: object) -> Iterator[str]:
    if isinstance(example, Mapping):
        yield from (f"{key}: {json.dumps(value)}" for key, value in example.items())
    else:
        yield json.dumps(example)


def difference_lines(differences: Sequence[SettingsChange]) -> Iterator[str]:
    """Say how a project's own rules differ from the packaged ones, a line for each key."""
    for difference in differences[:MAX_CHANGES]:
        place = f"{difference.file}, {difference.rule}" if difference.rule else difference.file
        yield f"{place}: {change_text(change_json(difference), NumberFormat())}"
    if len(differences) > MAX_CHANGES:
        yield f"and {len(differences) - MAX_CHANGES:,} more"


def rule_json(rule: Rule, as_of: date) -> dict[str, Any]:
    """Say one rule for machines."""
    return {
        "id": rule.id,
        "file": rule.file,
        "scope": rule.scope.value,
        "jurisdictions": list(rule.jurisdictions),
        "by_area_code": sorted(rule.by_area_code),
        "statement": rule.statement,
        "meaning": rule.meaning,
        "basis": rule.basis,
        "citation": rule.citation,
        "severity": rule.severity,
        "confidence": rule.confidence,
        "unverified": rule.unverified,
        "effective_from": rule.effective_from.isoformat(),
        "effective_to": rule.effective_to.isoformat() if rule.effective_to else None,
        "in_force": rule.is_in_force(as_of),
        "adopted_by": rule.adopted_by,
        "adopted_on": rule.adopted_on.isoformat(),
        "review_due": rule.review_due.isoformat(),
        "examples": dict(rule.examples),
    }


app = typer.Typer(
    cls=GroupedCommands,
    invoke_without_command=True,
    help="List the rules, or explain one.",
    epilog=examples("dnc rules", "dnc rules --as-of 2027-01-31", "dnc rules show US-FED-03"),
)
_AsOfOption = Annotated[
    str | None, typer.Option(metavar="DATE", help="Rules in force on this date (at UTC-12). Default: today.")
]


@app.callback()
def rules(context: typer.Context, as_of: _AsOfOption = None, output: Output = Format.TEXT) -> None:
    """List the rules, or explain one."""
    if context.invoked_subcommand is not None:
        return
    with error_output(output):
        rulebook = open_rulebook(current_options().context(as_of=as_of))
        if output is Format.JSON:
            print_json({"format_version": "1.0", "as_of": rulebook.as_of.isoformat(),
                  "rules": [rule_json(rule, rulebook.as_of) for rule in rulebook.all_rules()],
                  "differs": [change_json(change) for change in rulebook.differences]})  # fmt: skip
        else:
            print(rules_table(tuple(rulebook.all_rules()), rulebook.as_of))
            if rulebook.differences:
                print("\nDiffers from the packaged rules:")
                print("\n".join(f"  {line}" for line in difference_lines(rulebook.differences)))


@app.command("list", hidden=True, epilog=examples("dnc rules list"))
def list_rules(context: typer.Context, as_of: _AsOfOption = None, output: Output = Format.TEXT) -> None:
    """List the rules, as `dnc rules` does."""
    context.invoked_subcommand = None
    rules(context, as_of, output)


@app.command(
    "show",
    epilog=examples(
        "dnc rules show US-FED-03",
        "dnc rules show GB-02 --format json",
    ),
)
def show(
    rule: Annotated[str, typer.Argument(metavar="RULE", help="Its id, such as US-FED-03.")],
    as_of: _AsOfOption = None,
    output: Output = Format.TEXT,
) -> None:
    """Explain one rule, with examples."""
    with error_output(output):
        rulebook = open_rulebook(current_options().context(as_of=as_of))
        found_rule = rulebook.find(rule)
        differences = [change for change in rulebook.differences if change.rule == found_rule.id]
        if output is Format.JSON:
            differences_json = [change_json(change) for change in differences]
            print_json({**rule_json(found_rule, rulebook.as_of), "differs": differences_json})
        else:
            print(rule_text(found_rule, rulebook.as_of))
            if differences:
                print("\ndiffers from the packaged rule:")
                print("\n".join(f"  {change_text(change_json(c), NumberFormat())}" for c in differences))
