"""`dnc doctor`."""

from typing import Annotated

import typer

from reconciler.cli.answer import Output, told
from reconciler.cli.call import Format, current, emit
from reconciler.cli.examples import examples
from reconciler.cli.render.doctor import examined_json, examined_text
from reconciler.reconcile.doctor import doctor as run

EXAMPLES = examples("dnc doctor", "dnc doctor --tenant admin-api --probe")


def doctor(
    probe: Annotated[
        bool, typer.Option("--probe", help="dnc-groups: find the settings that fit. Reads only.")
    ] = False,
    output: Output = Format.TEXT,
) -> None:
    """Check what a run needs, each with its remedy: configuration, git, branches, sign-in, clock, rate."""
    with told(output):
        found = run(current().surroundings(), with_probe=probe)
        if output is Format.JSON:
            emit(examined_json(found))
        else:
            print(examined_text(found))
    raise typer.Exit(found.exit_code)
