"""`dnc undo`."""

from typing import Annotated

import typer

from reconciler.cli.call import Format, complain, current, emit
from reconciler.cli.options import examples
from reconciler.cli.output import Output, answer, told
from reconciler.cli.render.edits import released_json
from reconciler.cli.render.masking import Shown
from reconciler.use_cases.edits.undo import Undone
from reconciler.use_cases.edits.undo import undo as run

EXAMPLES = examples(
    "dnc undo 20261123-1a2b3c4d",
)


def undo(
    batch: Annotated[str, typer.Argument(help="The batch, as dnc import printed it.")],
    output: Output = Format.TEXT,
) -> None:
    """Release exactly what an import added; name the rest, with the reason. All or none."""
    ctx = current().context()
    with told(output):
        done = run(ctx, batch)
        if output is Format.JSON:
            emit(answer({"batch": batch, **released_json(done)}))
        else:
            _show(done, batch, Shown(masked=ctx.pipeline.running))


def _show(done: Undone, batch: str, shown: Shown) -> None:
    for stays in done.stays:
        print(f"{shown.number(stays.number)} stays on {stays.list_id}: {stays.why}")
    for list_id, numbers in done.released.items():
        complain(f"{len(numbers):,} taken back from {list_id}: ENTERED_IN_ERROR, undo:{batch}")
    complain(f"{len(done.stays):,} of the batch stay")
    if done.files:
        complain(f"next: commit {', '.join(done.files[:5])}{' …' * (len(done.files) > 5)}; then dnc plan")  # noqa: PLR2004  (as many as are named)
