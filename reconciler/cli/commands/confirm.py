"""`dnc confirm`."""

from typing import Annotated

import typer

from reconciler.cli.call import Format, complain, current, emit
from reconciler.cli.options import examples
from reconciler.cli.output import Output, answer, told
from reconciler.cli.render.messages import count as counted
from reconciler.use_cases.edits.confirm import Confirmed
from reconciler.use_cases.edits.confirm import confirm as run

EXAMPLES = examples("dnc confirm 12500", "dnc confirm 12500 --onto origin/main")


def confirm(
    count: Annotated[int, typer.Argument(min=1, help="How many numbers it adds, all files together.")],
    onto: Annotated[
        str | None,
        typer.Option(metavar="REF", help="To what; the remote's default branch otherwise."),
    ] = None,
    output: Output = Format.TEXT,
) -> None:
    """Say in the files that somebody has counted the very many numbers that a branch adds."""
    with told(output):
        done = run(current().context(onto=onto), count)
        if output is Format.JSON:
            emit(answer({"files": list(done.files), "added": dict(done.added)}))
        else:
            _show(done)


def _show(done: Confirmed) -> None:
    for path in done.files:
        print(f"{path}: confirmed: {done.added[path]}")
    total = sum(done.added.values())
    complain(f"{counted(total)} in {counted(len(done.added), 'file')}")
    complain("next: commit these files" if done.files else "nothing to do: the files say so already")
