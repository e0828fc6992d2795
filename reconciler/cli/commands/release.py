"""`dnc release`."""

from pathlib import Path
from typing import Annotated

import typer

from reconciler.cli.call import Format, complain, current, emit
from reconciler.cli.options import examples
from reconciler.cli.output import Output, answer, told
from reconciler.cli.render.edits import released_json
from reconciler.cli.render.masking import Shown
from reconciler.core.model.entries import ReleaseReason
from reconciler.use_cases.edits.release import Permit, Released
from reconciler.use_cases.edits.release import release as run

EXAMPLES = examples(
    "dnc release +12125550123 --list dnc-list-01 --reason CONSENT_GIVEN --evidence FORM-221",
    "dnc release 2125550123 --all-lists --reason NUMBER_REASSIGNED --evidence rnd:yes:2026-11-20",
    "dnc release --list dnc-list-01 --reason MOVED --to dnc-list-02 --evidence TICKET-1742",
)


def release(  # noqa: PLR0917  (an option each; Typer passes them by name)
    reason: Annotated[ReleaseReason, typer.Option(help="Why it may come off.")],
    evidence: Annotated[str, typer.Option(help="Where the proof is: a reference, no names.")],
    numbers: Annotated[
        list[str] | None,
        typer.Argument(help="In any common writing. With MOVED, --list and --to: all that moved, if none."),
    ] = None,
    lists: Annotated[
        list[str] | None, typer.Option("--list", help="From which list; may be given more than once.")
    ] = None,
    every: Annotated[bool, typer.Option("--all-lists", help="From every list that they are on.")] = False,
    on: Annotated[str | None, typer.Option(help="The day of the permission, YYYY-MM-DD; today.")] = None,
    to: Annotated[str | None, typer.Option(help="With MOVED: the other list.")] = None,
    file: Annotated[
        Path | None, typer.Option(help="The releases file; releases/LIST.yaml beside the list otherwise.")
    ] = None,
    output: Output = Format.TEXT,
) -> None:
    """Let numbers off: take their lines away, and write the release that permits it. All or none."""
    if lists and every:
        raise typer.BadParameter("name lists, or take all", param_hint="--all-lists")
    ctx = current().context()
    permit = Permit(numbers or (), reason, evidence, tuple(lists or ()), every, on, to, file)
    with told(output):
        done = run(ctx, permit)
        if output is Format.JSON:
            emit(answer(released_json(done)))
        else:
            _show(done, Shown(masked=ctx.pipeline.running))


def _show(done: Released, shown: Shown) -> None:
    """Say what was released, what stays, and what to do next."""
    for list_id, numbers in done.released.items():
        for number in numbers:
            print(f"{shown.number(number)} released from {list_id}")
    for stays in done.stays:
        print(f"{shown.number(stays.number)} stays on {stays.list_id}: {stays.why}")
    if not done.files:
        complain("nothing to do: the files say so already")
        return
    complain(f"next: commit {', '.join(done.files)}; dnc plan shows what it changes")
