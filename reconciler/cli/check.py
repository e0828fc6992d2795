"""`dnc check`."""

from typing import Annotated

import typer

from reconciler.cli.answer import Output, told
from reconciler.cli.call import Format, current, emit
from reconciler.cli.examples import examples
from reconciler.cli.render.numbers import Shown
from reconciler.cli.render.whereabouts import whereabouts_json, whereabouts_text
from reconciler.reconcile.whereabouts import whereabouts

EXAMPLES = examples(
    'dnc check "(212) 555-0123"',
    "dnc check +12125550123 --live --format json",
)


def check(
    number: Annotated[str, typer.Argument(help="In any common writing.")],
    live: Annotated[bool, typer.Option("--live", help="Ask CXone; else the newest report tells.")] = False,
    output: Output = Format.TEXT,
) -> None:
    """Say where a number is listed, since when, by which commit, live or not. Exit 3 where it is not."""
    around = current().surroundings()
    with told(output):
        found = whereabouts(around, number, live=live)
        if output is Format.JSON:
            emit(whereabouts_json(found))
        else:
            print(whereabouts_text(found, Shown(masked=around.pipeline.running)))
    raise typer.Exit(0 if found.is_protected else 3)
