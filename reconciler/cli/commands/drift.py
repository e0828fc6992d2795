"""`dnc drift`."""

from typing import Annotated

import typer

from reconciler.cli.call import (
    FORMAT_HELP,
    Format,
    current_options,
    exit_on_errors,
    print_findings,
    print_json,
)
from reconciler.cli.metrics import MetricsOption, metered_context
from reconciler.cli.options import examples
from reconciler.cli.render.masking import NumberFormat, NumberMode, NumbersOption, document_copier
from reconciler.cli.render.plan_text import drift_text, drift_verdict
from reconciler.core.model.errors import DncError
from reconciler.core.model.finding import Finding, Severity
from reconciler.use_cases.reconcile.drift import drift as run
from reconciler.use_cases.reconcile.plan import failed_plan_json

EXAMPLES = examples("dnc drift", "dnc drift --tenant production --format json")


def drift(
    numbers: NumbersOption = NumberMode.FULL,
    metrics: MetricsOption = None,
    output: Annotated[Format, typer.Option("--format", help=FORMAT_HELP)] = Format.TEXT,
) -> None:
    """Show changes that others made in CXone.

    Exits with 3 where there is drift or an alarm; the last line says which.
    """
    unmetered_context = current_options().context()

    def on_error(error: DncError) -> None:
        if output is Format.JSON:
            print_json(failed_plan_json(unmetered_context, error))

    with metered_context(metrics, unmetered_context, "drift") as ctx, exit_on_errors(on_error):
        copy = document_copier(numbers, ctx.environ)
        result = run(ctx)
        document = copy(result.document)
        exit_code = 3 if result.drift or result.alarms else 0
        verdict = drift_verdict(document, exit_code)
        if output is Format.JSON:
            print_json({**document, "verdict": verdict, "exit_code": exit_code})
        else:
            number_format = NumberFormat(is_masked=ctx.pipeline.is_running and numbers is NumberMode.FULL)
            if text := drift_text(document, result.foreign, number_format):
                print(text)
            print_findings(tuple(finding for finding in result.findings if _is_of_drift(finding)))
            print(verdict)
        raise typer.Exit(exit_code)


def _is_of_drift(finding: Finding) -> bool:
    """Tell what concerns CXone or the exit code. What else files say, `validate` shows."""
    return finding.severity is Severity.ALARM or not finding.line
