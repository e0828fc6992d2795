"""`dnc apply`."""

import json
import signal
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from reconciler.cli.call import Format, complain, current, emit, errors_told
from reconciler.cli.progress import counting
from reconciler.cli.render.numbers import Shown
from reconciler.cli.render.outcome import applied_json, applied_text
from reconciler.cli.render.text import plan_text
from reconciler.model.errors import DncError, InvalidInput
from reconciler.reconcile.apply import Applied, demand_applicable, exposing_of
from reconciler.reconcile.apply import apply as run
from reconciler.reconcile.plan import failed
from reconciler.reconcile.planned import Planned, planned
from reconciler.reconcile.surroundings import Surroundings


def apply(
    saved: Annotated[
        Path | None, typer.Argument(metavar="[PLAN.JSON]", exists=True, dir_okay=False, help="A saved plan.")
    ] = None,
    allow_removals: Annotated[
        int | None, typer.Option(min=0, help="Exactly the plan's number: replaces the budget for this run.")
    ] = None,
    accept_history: Annotated[
        bool, typer.Option("--accept-history", help="History was rewritten on purpose; protective only.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False,
    output: Annotated[Format, typer.Option("--format", help="How the result is printed.")] = Format.TEXT,
) -> None:
    """Make CXone match the commit, verify it, and commit an audit report."""
    around = current().surroundings()
    _demand_consent(around, yes=yes)

    def on_error(error: DncError) -> None:
        if output is Format.JSON:
            emit({**failed(around, error), "status": "failed", "exit_code": error.exit_code})

    with errors_told(on_error):
        document = _read(saved)
        _stop_on_signals(around)
        with planned(around, to_apply=True, limits_allow=allow_removals) as made:
            _demand_named_sandbox(made, around)
            rewritten = demand_applicable(made, accept_history=accept_history)
            shown = Shown(masked=around.pipeline.running)
            complain(plan_text(made.document, shown))
            _ask(made, yes=yes or around.pipeline.running)
            agreed = exposing_of(document, made) if document else None
            with counting(made.plan.pending) as progress:
                done = run(made, rewritten=rewritten, agreed=agreed, progress=progress)
        _show(done, output, shown)
    raise typer.Exit(done.exit_code)


def _show(done: Applied, output: Format, shown: Shown) -> None:
    if output is Format.JSON:
        emit(applied_json(done))
    else:
        print(applied_text(done, shown))
    if done.undelivered is not None:
        complain(f"error: {done.undelivered}")


def _read(saved: Path | None) -> dict[str, Any] | None:
    if saved is None:
        return None
    try:
        document = json.loads(saved.read_bytes())
        return {"tenant": document["tenant"], "errored": document["errored"], "changes": document["changes"]}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InvalidInput(
            "this is no saved plan", "make one: dnc plan -o plan.json", where=str(saved)
        ) from error


def _demand_consent(around: Surroundings, *, yes: bool) -> None:
    if not (yes or around.pipeline.running or sys.stdin.isatty()):
        raise typer.BadParameter(
            "there is no terminal to ask on, and this is no pipeline", param_hint="--yes"
        )


def _demand_named_sandbox(made: Planned, around: Surroundings) -> None:
    if not made.tenant.embedded:
        return
    complain(f"{made.tenant.name} is the built-in CXone: it protects nobody")
    if around.pipeline.running and around.tenant is None:
        raise typer.BadParameter(
            f"in a pipeline the built-in CXone must be asked for: --tenant {made.tenant.name}",
            param_hint="--tenant",
        )


def _ask(made: Planned, *, yes: bool) -> None:
    if made.plan.pending and not yes:
        typer.confirm(f"Apply {made.plan.pending:,} changes to {made.tenant.name}?", abort=True, err=True)


def _stop_on_signals(around: Surroundings) -> None:
    def stop(*_: object) -> None:
        complain("stopping: what is in flight is finished, the rest is not attempted")
        around.stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
