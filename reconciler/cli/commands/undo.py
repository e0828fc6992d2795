"""`dnc undo`."""

from typing import Annotated

import typer

from reconciler.cli.call import Format, current_options, print_error, print_json
from reconciler.cli.options import examples
from reconciler.cli.output import Output, error_output, to_answer
from reconciler.cli.render.edits import release_json
from reconciler.cli.render.masking import NumberFormat
from reconciler.use_cases.edits.undo import UndoResult
from reconciler.use_cases.edits.undo import undo as run

EXAMPLES = examples(
    "dnc undo 20261123-1a2b3c4d",
)

_MAX_NAMED = 5  # files


def undo(
    batch: Annotated[str, typer.Argument(metavar="BATCH", help="The batch, as dnc import printed it.")],
    output: Output = Format.TEXT,
) -> None:
    """Undo an import.

    Releases exactly what it added, all or none, and lists what must stay, with the reason.
    """
    ctx = current_options().context()
    with error_output(output):
        result = run(ctx, batch)
        if output is Format.JSON:
            print_json(to_answer({"batch": batch, **release_json(result)}))
        else:
            _print_result(result, batch, NumberFormat(is_masked=ctx.pipeline.is_running))


def _print_result(result: UndoResult, batch: str, number_format: NumberFormat) -> None:
    for retained in result.retained:
        print(f"{number_format.number(retained.number)} stays on {retained.list_id}: {retained.reason}")
    for list_id, numbers in result.released_numbers.items():
        print_error(f"{len(numbers):,} taken back from {list_id}: ENTERED_IN_ERROR, undo:{batch}")
    print_error(f"{len(result.retained):,} of the batch stay")
    if result.files:
        more = " …" * (len(result.files) > _MAX_NAMED)
        print_error(f"next: commit {', '.join(result.files[:_MAX_NAMED])}{more}; then dnc plan")
