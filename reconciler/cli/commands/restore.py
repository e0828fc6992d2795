"""`dnc restore`."""

from typing import Annotated

import typer

from reconciler.cli.call import Format, current_options, print_error, print_json
from reconciler.cli.options import examples
from reconciler.cli.output import Output, error_output, to_answer
from reconciler.cli.render.edits import restore_json
from reconciler.cli.render.masking import NumberFormat
from reconciler.use_cases.edits.restore import RestoreResult
from reconciler.use_cases.edits.restore import restore as run

EXAMPLES = examples(
    "dnc restore +12125550123",
    "dnc restore +12125550123 --list dnc-list-01",
    "dnc restore --list dnc-list-01",
)


def restore(
    numbers: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[NUMBER...]", help="Phone numbers in any common format. None: all of --list."
        ),
    ] = None,
    list_id: Annotated[str | None, typer.Option("--list", metavar="LIST", help="Only on this list.")] = None,
    output: Output = Format.TEXT,
) -> None:
    """Bring back deleted lines, as git had them. All or none."""
    if not numbers and list_id is None:
        raise typer.BadParameter("name numbers, or a list", param_hint="NUMBERS")
    ctx = current_options().context()
    with error_output(output):
        result = run(ctx, numbers or (), list_id)
        if output is Format.JSON:
            print_json(to_answer(restore_json(result)))
        else:
            _print_result(result, NumberFormat(is_masked=ctx.pipeline.is_running))


def _print_result(result: RestoreResult, number_format: NumberFormat) -> None:
    for restored_line in result.restored_lines:
        print(
            f"{number_format.number(restored_line.number)} is back on {restored_line.list_id}, "
            f"{restored_line.file}, as of {restored_line.revision[:12]}"
        )
    for number in result.already_present:
        print(f"{number_format.number(number)} is there already")
    if result.files:
        print_error(f"next: commit {', '.join(result.files)}; dnc plan shows what it changes")
    elif not result.already_present:
        print_error("nothing to do: no line is missing")
