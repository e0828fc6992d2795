"""`dnc status` and `dnc blocked`: what the newest reports say, at a glance."""

from typing import Annotated

import typer

from reconciler.cli.call import Format, current, emit
from reconciler.cli.metrics import MetricsOption, metered
from reconciler.cli.options import examples, span
from reconciler.cli.output import Output, told
from reconciler.cli.render.masking import Shown
from reconciler.cli.render.status import blocked_json, blocked_text, status_json, status_text
from reconciler.use_cases.history.status import blocked as find_blocked
from reconciler.use_cases.history.status import meter_standings
from reconciler.use_cases.history.status import status as look

STATUS_EXAMPLES = examples(
    "dnc status",
    "dnc status --max-age 2h --format json",
    "dnc status --tenant production",
    "dnc status --metrics dnc.prom",
)
BLOCKED_EXAMPLES = examples(
    "dnc blocked",
    "dnc blocked --format json",
)


def status(
    max_age: Annotated[
        str, typer.Option(metavar="26h", help="How old the last verified run may be (m, h, d).")
    ] = "26h",
    metrics: MetricsOption = None,
    output: Output = Format.TEXT,
) -> None:
    """Say in one line for each tenant how it stands. Exit 3 where the last verified run is older."""
    most = span(max_age, "--max-age")
    with metered(metrics, current().context(), "status") as ctx, told(output):
        found = look(ctx)
        meter_standings(ctx, found)
        if output is Format.JSON:
            emit(status_json(found, most))
        else:
            print(status_text(found, most))
        raise typer.Exit(3 if any(one.is_older(most) for one in found) else 0)


def blocked(output: Output = Format.TEXT) -> None:
    """List what is kept without permission, with the reasons and the commands that settle them."""
    ctx = current().context()
    with told(output):
        found = find_blocked(ctx)
        if output is Format.JSON:
            emit(blocked_json(found))
        else:
            print(blocked_text(found, Shown(masked=ctx.pipeline.running)))
