"""`dnc release`."""

from pathlib import Path
from typing import Annotated

import typer

from reconciler.cli.call import Format, current_options, print_error, print_json
from reconciler.cli.options import examples
from reconciler.cli.output import Output, error_output, to_answer
from reconciler.cli.render.edits import release_json
from reconciler.cli.render.masking import NumberFormat
from reconciler.core.model.entries import ReleaseReason
from reconciler.use_cases.edits.release import ReleaseRequest, ReleaseResult
from reconciler.use_cases.edits.release import release as run

EXAMPLES = examples(
    "dnc release +12125550123 --list dnc-list-01 --reason CONSENT_GIVEN --evidence FORM-221",
    "dnc release 2125550123 --all-lists --reason NUMBER_REASSIGNED --evidence rnd:yes:2026-11-20",
    "dnc release --list dnc-list-01 --reason MOVED --to dnc-list-02 --evidence TICKET-1742",
)


def release(  # noqa: PLR0917  (an option each; Typer passes them by name)
    reason: Annotated[
        ReleaseReason,
        typer.Option(metavar="REASON", help=f"Why it may be removed: {', '.join(ReleaseReason)}."),
    ],
    evidence: Annotated[str, typer.Option(metavar="REF", help="Where the proof is: a reference, no names.")],
    numbers: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[NUMBER...]",
            help="Phone numbers in any common format. None, with MOVED, --list and --to: all that moved.",
        ),
    ] = None,
    lists: Annotated[
        list[str] | None,
        typer.Option("--list", metavar="LIST", help="From which list. Repeat it for several."),
    ] = None,
    every: Annotated[bool, typer.Option("--all-lists", help="From every list that has them.")] = False,
    on: Annotated[
        str | None,
        typer.Option(
            metavar="DATE", help="The day on which removal was allowed, YYYY-MM-DD. Default: today."
        ),
    ] = None,
    to: Annotated[
        str | None, typer.Option(metavar="LIST", help="With MOVED: the list that it moved to.")
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="The file for releases. Default: releases/LIST.yaml beside the list."
        ),
    ] = None,
    output: Output = Format.TEXT,
) -> None:
    """Remove numbers, with evidence.

    Deletes their lines and writes the release that allows the removal. All or none.
    """
    if lists and every:
        raise typer.BadParameter("name lists, or take all", param_hint="--all-lists")
    ctx = current_options().context()
    request = ReleaseRequest(numbers or (), reason, evidence, tuple(lists or ()), every, on, to, file)
    with error_output(output):
        result = run(ctx, request)
        if output is Format.JSON:
            print_json(to_answer(release_json(result)))
        else:
            _print_result(result, NumberFormat(is_masked=ctx.pipeline.is_running))


def _print_result(result: ReleaseResult, number_format: NumberFormat) -> None:
    """Say what was released, what stays, and what to do next."""
    for list_id, numbers in result.released_numbers.items():
        for number in numbers:
            print(f"{number_format.number(number)} released from {list_id}")
    for retained in result.retained:
        print(f"{number_format.number(retained.number)} stays on {retained.list_id}: {retained.reason}")
    if not result.files:
        print_error("nothing to do: the files say so already")
        return
    print_error(f"next: commit {', '.join(result.files)}; dnc plan shows what it changes")
