"""`dnc drift`."""

from typing import Annotated

import typer

from reconciler.cli.call import Format, current, emit, errors_told, show_findings
from reconciler.cli.metrics import MetricsOption, metered
from reconciler.cli.options import examples
from reconciler.cli.render.masking import Numbers, NumbersOption, Shown, copier
from reconciler.cli.render.plan_text import drift_text
from reconciler.core.model.errors import DncError
from reconciler.use_cases.reconcile.drift import drift as run
from reconciler.use_cases.reconcile.plan import failed

EXAMPLES = examples("dnc drift", "dnc drift --tenant production --format json")


def drift(
    numbers: NumbersOption = Numbers.FULL,
    metrics: MetricsOption = None,
    output: Annotated[Format, typer.Option("--format", help="How drift is printed.")] = Format.TEXT,
) -> None:
    """Show what CXone has that git does not. Exit 3 when there is drift, or an alarm."""
    asked = current().context()

    def on_error(error: DncError) -> None:
        if output is Format.JSON:
            emit(failed(asked, error))

    with metered(metrics, asked, "drift") as ctx, errors_told(on_error):
        copy = copier(numbers, ctx.environ)
        found = run(ctx)
        document = copy(found.document)
        if output is Format.JSON:
            emit(document)
        else:
            shown = Shown(masked=ctx.pipeline.running and numbers is Numbers.FULL)
            print(drift_text(document, found.foreign, shown))
            show_findings(found.findings)
        raise typer.Exit(3 if found.drift or found.alarms else 0)
