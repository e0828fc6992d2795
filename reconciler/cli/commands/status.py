"""`dnc status`."""

from typing import Annotated

import typer

from reconciler.cli.call import Format, current_options, print_findings, print_json
from reconciler.cli.metrics import MetricsOption, metered_context
from reconciler.cli.options import examples, parse_age
from reconciler.cli.output import Output, error_output
from reconciler.cli.render.masking import NumberFormat
from reconciler.cli.render.status import status_json, status_text
from reconciler.core.model.finding import Severity, finding_to_json
from reconciler.use_cases.history.status import configuration_findings, meter_standings
from reconciler.use_cases.history.status import status as look

EXAMPLES = examples(
    "dnc status",
    "dnc status --max-age 2h --format json",
    "dnc status --tenant production",
    "dnc status --metrics dnc.prom",
)


def status(
    max_age: Annotated[
        str, typer.Option(metavar="TIME", help="How old the last verified run may be (m, h, d).")
    ] = "26h",
    metrics: MetricsOption = None,
    output: Output = Format.TEXT,
) -> None:
    """Show the state of each tenant in one line.

    Exits with 3 where the last verified run is older than --max-age.
    """
    age_limit = parse_age(max_age, "--max-age")
    with metered_context(metrics, current_options().context(), "status") as ctx, error_output(output):
        found = look(ctx)
        meter_standings(ctx, found)
        findings = configuration_findings(ctx, [one.tenant for one in found])
        has_error = any(finding.severity is Severity.ERROR for finding in findings)
        if output is Format.JSON:
            document = status_json(found, age_limit)
            print_json({**document, "findings": [finding_to_json(finding) for finding in findings]})
        else:
            print(status_text(found, age_limit, NumberFormat(is_masked=ctx.pipeline.is_running)))
            print_findings(findings)
        raise typer.Exit(4 if has_error else 3 if any(one.is_older(age_limit) for one in found) else 0)
