"""`dnc rules`."""

from typing import Annotated

import typer

from reconciler.cli.answer import Output, told
from reconciler.cli.call import Format, current, emit
from reconciler.cli.examples import examples
from reconciler.cli.render.rules import explained, rule_json, table
from reconciler.reconcile.rules import open_rulebook

app = typer.Typer(
    invoke_without_command=True,
    help="The rules that files are judged by: list them, explain one.",
    epilog=examples("dnc rules", "dnc rules --as-of 2027-01-31", "dnc rules show US-FED-03"),
)
_AsOf = Annotated[str | None, typer.Option(help="Which rules are in force on this date (at UTC-12).")]


@app.callback()
def rules(context: typer.Context, as_of: _AsOf = None, output: Output = Format.TEXT) -> None:
    """List the rules that files are judged by."""
    if context.invoked_subcommand is not None:
        return
    with told(output):
        book = open_rulebook(current().surroundings(as_of=as_of))
        if output is Format.JSON:
            emit({"format_version": "1.0", "as_of": book.as_of.isoformat(),
                  "rules": [rule_json(rule, book.as_of) for rule in book.all()]})  # fmt: skip
        else:
            print(table(tuple(book.all()), book.as_of))


@app.command(
    "show",
    epilog=examples(
        "dnc rules show US-FED-03",
        "dnc rules show GB-02 --format json",
    ),
)
def show(
    rule: Annotated[str, typer.Argument(help="Its id, such as US-FED-03.")],
    as_of: _AsOf = None,
    output: Output = Format.TEXT,
) -> None:
    """Explain one rule, with an example that passes and one that fails."""
    with told(output):
        book = open_rulebook(current().surroundings(as_of=as_of))
        found = book.find(rule)
        if output is Format.JSON:
            emit(rule_json(found, book.as_of))
        else:
            print(explained(found, book.as_of))
