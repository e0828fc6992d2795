"""`dnc apply`."""

import json
import os
import re
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from threading import Event
from typing import Annotated, Any

import typer

from reconciler.cli.call import (
    FORMAT_HELP,
    Format,
    current_options,
    exit_on_errors,
    names_report,
    print_error,
    print_json,
)
from reconciler.cli.metrics import MetricsOption, metered_context
from reconciler.cli.options import examples
from reconciler.cli.output import show_progress
from reconciler.cli.render.apply_text import apply_result_json, apply_result_text, protection_lines
from reconciler.cli.render.masking import NumberFormat
from reconciler.cli.render.plan_text import plan_text, verdict
from reconciler.cli.waiting import WAITING
from reconciler.core.model.errors import DncError, InvalidInput
from reconciler.core.model.run_result import StoppedBy
from reconciler.cxone.http.stop import TimeBudget
from reconciler.use_cases.operations.notify import notify
from reconciler.use_cases.reconcile.apply import ApplyResult, exposing_from_json
from reconciler.use_cases.reconcile.apply import apply as run
from reconciler.use_cases.reconcile.failed_run import failed_apply_json, naming_stop, report_failure
from reconciler.use_cases.reconcile.prepared_plan import PlanRequest, PreparedPlan, prepare_plan
from reconciler.use_cases.reconcile.report.authorizations import reviewed_plan_json
from reconciler.use_cases.reconcile.run_lock import hold_run_lock
from reconciler.use_cases.reconcile.run_metrics import meter_plan
from reconciler.use_cases.workspace.context import CommandContext


class ApplyRead(StrEnum):
    """How much of CXone is read: as much as the run needs, or everything."""

    AUTO = "auto"
    FULL = "full"


EXAMPLES = examples(
    "dnc apply --yes",
    "dnc apply plan.json --tenant production",
    "dnc apply --allow-removals 412 --yes",
    "dnc apply --deadline 50m --attest --format json",
    "dnc apply --tenant production --metrics metrics.txt",
)


def apply(  # noqa: PLR0917  (an option each: typer passes them by name)
    saved: Annotated[
        Path | None, typer.Argument(metavar="[PLAN.JSON]", exists=True, dir_okay=False, help="A saved plan.")
    ] = None,
    allow_removals: Annotated[
        int | None,
        typer.Option(
            min=0,
            metavar="N",
            help="Allow exactly N removals in this run, instead of the budget. N must be the plan's count.",
        ),
    ] = None,
    accept_history: Annotated[
        bool,
        typer.Option(
            "--accept-history", help="Continue after an intended history rewrite. Adds numbers, removes none."
        ),
    ] = False,
    deadline: Annotated[
        str | None,
        typer.Option(
            metavar="TIME", help="Start nothing new after this time, such as 50m. The next run continues."
        ),
    ] = None,
    attest: Annotated[
        bool,
        typer.Option("--attest", help="Write a report in every case, as schedules do."),
    ] = False,
    read: Annotated[
        ApplyRead,
        typer.Option("--read", help="full: read everything, also where counts would verify the run."),
    ] = ApplyRead.AUTO,
    metrics: MetricsOption = None,
    yes: Annotated[bool, typer.Option("-y", "--yes", help="Do not ask for confirmation.")] = False,
    output: Annotated[Format, typer.Option("--format", help=FORMAT_HELP)] = Format.TEXT,
) -> None:
    """Update CXone, verify, commit an audit report."""
    ctx = current_options().context()
    ctx = replace(
        ctx,
        options=replace(ctx.options, attest=attest),
        run=replace(ctx.run, budget=_parse_deadline(deadline, ctx.run.stop)),
    )
    started_at = ctx.clock()
    _demand_consent(ctx, yes=yes)

    def on_error(error: DncError) -> None:
        notify(ctx, error)
        report_failure(ctx, error, started_at)
        if output is Format.JSON:
            print_json(failed_apply_json(ctx, error))

    with metered_context(metrics, ctx, "apply") as ctx, exit_on_errors(on_error), naming_stop(ctx):
        document = _read_saved_plan(saved)
        _stop_on_signals(ctx)
        is_agreed = yes or ctx.pipeline.is_running
        request = PlanRequest(
            to_apply=True,
            writes_early=is_agreed and document is None,
            may_count=is_agreed
            and document is None
            and read is ApplyRead.AUTO
            and not ctx.leaves_always_a_report,
            accept_history=accept_history,
            limits_allow=allow_removals,
        )
        with (
            hold_run_lock(ctx),
            prepare_plan(ctx, request) as prepared,
        ):
            meter_plan(prepared)
            _demand_named_sandbox(prepared, ctx)
            number_format = NumberFormat(is_masked=ctx.pipeline.is_running)
            if not is_agreed:  # whoever is asked sees what would be added
                prepared.coverage.read(prepared.list_ids)
            document_shown = reviewed_plan_json(prepared, has_history=not is_agreed)
            print_error(plan_text(document_shown, number_format, names_report=names_report(ctx)))
            _ask_confirmation(prepared, verdict(document_shown), yes=is_agreed)
            agreed_changes = exposing_from_json(document, prepared) if document else None
            with show_progress(prepared.plan.pending_count) as progress:
                result = run(prepared, agreed_changes=agreed_changes, progress=progress)
        _print_result(result, output, number_format)
        notify(ctx, result)
        raise typer.Exit(result.exit_code)


def _print_result(result: ApplyResult, output: Format, number_format: NumberFormat) -> None:
    """Print what was done. Who can still be called comes last, so that nobody has to scroll for it."""
    if result.problem is not None:
        print_error(f"error: {result.problem}")
    if output is Format.JSON:
        print_json(apply_result_json(result))
        if text := protection_lines(result, number_format):
            print_error(f"\n{text}")
    else:
        print(apply_result_text(result, number_format, names_report=names_report(result.prepared.ctx)))


def _read_saved_plan(saved_file: Path | None) -> dict[str, Any] | None:
    if saved_file is None:
        return None
    try:
        document = json.loads(saved_file.read_bytes())
        return {name: document[name] for name in ("tenant", "errored", "changes")} | {
            "numbers": document.get("numbers")
        }
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InvalidInput(
            "this is no saved plan", "make one: dnc plan -o plan.json", where=str(saved_file)
        ) from error


def _demand_consent(ctx: CommandContext, *, yes: bool) -> None:
    if not (yes or ctx.pipeline.is_running or sys.stdin.isatty()):
        raise typer.BadParameter(
            "there is no terminal to ask on, and this is no pipeline", param_hint="--yes"
        )


def _demand_named_sandbox(prepared: PreparedPlan, ctx: CommandContext) -> None:
    if not prepared.inputs.tenant.embedded:
        return
    print_error(f"{prepared.inputs.tenant.name} is a simulation: it stops no calls")
    if ctx.pipeline.is_running and ctx.options.tenant is None:
        raise typer.BadParameter(
            f"in a pipeline the built-in CXone must be asked for: --tenant {prepared.inputs.tenant.name}",
            param_hint="--tenant",
        )


def _ask_confirmation(prepared: PreparedPlan, verdict_text: str, *, yes: bool) -> None:
    if prepared.pending_count and not yes:
        with _default_interrupts(), WAITING.paused():
            question = f"Apply this to {prepared.inputs.tenant.name} ({verdict_text.partition(';')[0]})?"
            typer.confirm(question, abort=True, err=True)


def _parse_deadline(text: str | None, stop: Event) -> TimeBudget | None:
    """Read a time, counted from now. Raises a usage error for what is none."""
    if text is None:
        return None
    match = re.fullmatch(r"([0-9]{1,6})([smh])", text)
    if match is None:
        raise typer.BadParameter(f"{text!r} is no time: write it as 50m", param_hint="--deadline")
    return TimeBudget(stop, int(match[1]) * {"s": 1, "m": 60, "h": 3600}[match[2]])


@contextmanager
def _default_interrupts() -> Iterator[None]:
    """Let Ctrl-C end a question: nothing is in flight that would have to be finished first."""
    previous_handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, previous_handler)


def _stop_on_signals(ctx: CommandContext) -> None:
    def stop(number: int, _: object) -> None:
        ctx.run.stop.request(StoppedBy.PERSON if number == signal.SIGINT else StoppedBy.SIGNAL)
        # Past Python's own stream: that may be what was interrupted, and it refuses to be entered twice.
        with suppress(OSError):
            os.write(2, b"stopping: what is in flight is finished, the rest is not attempted\n")

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
