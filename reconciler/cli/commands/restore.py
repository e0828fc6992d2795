"""`dnc restore`."""

from typing import Annotated

import typer

from reconciler.cli.call import Format, complain, current, emit
from reconciler.cli.options import examples
from reconciler.cli.output import Output, answer, told
from reconciler.cli.render.edits import restored_json
from reconciler.cli.render.masking import Shown
from reconciler.use_cases.edits.restore import Restored
from reconciler.use_cases.edits.restore import restore as run

EXAMPLES = examples(
    "dnc restore +12125550123",
    "dnc restore +12125550123 --list dnc-list-01",
    "dnc restore --list dnc-list-01",
)


def restore(
    numbers: Annotated[
        list[str] | None, typer.Argument(help="In any common writing; without any, all of --list.")
    ] = None,
    list_id: Annotated[str | None, typer.Option("--list", help="Only on this list.")] = None,
    output: Output = Format.TEXT,
) -> None:
    """Put lines that vanished back as they were, from git. All or none."""
    if not numbers and list_id is None:
        raise typer.BadParameter("name numbers, or a list", param_hint="NUMBERS")
    ctx = current().context()
    with told(output):
        done = run(ctx, numbers or (), list_id)
        if output is Format.JSON:
            emit(answer(restored_json(done)))
        else:
            _show(done, Shown(masked=ctx.pipeline.running))


def _show(done: Restored, shown: Shown) -> None:
    for one in done.back:
        print(f"{shown.number(one.number)} is back on {one.list_id}, {one.file}, as of {one.revision[:12]}")
    for number in done.present:
        print(f"{shown.number(number)} is there already")
    if done.files:
        complain(f"next: commit {', '.join(done.files)}; dnc plan shows what it changes")
    elif not done.present:
        complain("nothing to do: no line is missing")
