"""`dnc validate`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from reconciler.cli.call import FORMAT_HELP, Format, current_options, exit_on_errors, print_error, print_json
from reconciler.cli.options import ChangedSinceOption, demand_paths_or_since, examples
from reconciler.cli.render.source_lines import SourceLines
from reconciler.cli.reports import VALIDATION_REPORTS, parse_report_options, write_validation
from reconciler.cli.terminal import escape_line
from reconciler.core.model.errors import DncError
from reconciler.core.model.finding import Finding, Severity, count_text, finding_to_json
from reconciler.use_cases.reconcile.validate import ValidateResult
from reconciler.use_cases.reconcile.validate import validate as run
from reconciler.use_cases.workspace.context import CommandContext

EXAMPLES = examples(
    "dnc validate",
    "dnc validate dnc-lists/company.yaml",
    "dnc validate --changed-since origin/main",
    "dnc validate --report codequality=quality.json --report junit=junit.xml",
    "dnc validate --as-of 2027-01-31",
)


def validate(
    paths: Annotated[
        list[Path] | None, typer.Argument(metavar="[FILE...]", help="Only these files. Default: all lists.")
    ] = None,
    changed_since: ChangedSinceOption = None,
    as_of: Annotated[
        str | None, typer.Option(metavar="DATE", help="Check as of this date (at UTC-12). Default: today.")
    ] = None,
    report: Annotated[
        list[str] | None,
        typer.Option(metavar="KIND=FILE", help=f"Write a report; KIND is {' or '.join(VALIDATION_REPORTS)}."),
    ] = None,
    output: Annotated[Format, typer.Option("--format", help=FORMAT_HELP)] = Format.TEXT,
) -> None:
    """Check list files, rules and configuration.

    Prints every finding of every file, and needs no CXone.
    """
    ctx = current_options().context(as_of=as_of)
    parse_report_options(report or [], list(VALIDATION_REPORTS))
    demand_paths_or_since(paths, changed_since)

    def on_error(error: DncError) -> None:
        result = ValidateResult(error.findings, (), 0)
        write_validation(result, report or [])
        if output is Format.JSON:
            _print_result(result, output, ctx)

    with exit_on_errors(on_error):
        result = run(ctx, [str(path) for path in paths or ()], since=changed_since)
        write_validation(result, report or [])
        _print_result(result, output, ctx)
    raise typer.Exit(4 if result.errors else 0)


def _print_result(result: ValidateResult, output: Format, ctx: CommandContext) -> None:
    if output is Format.JSON:
        counts = {severity.value: result.count(severity) for severity in Severity}
        print_json(
            {
                "format_version": "1.0",
                "valid": not result.errors,
                "files": result.files,
                "numbers": result.numbers,
                "changed_since": result.since,
                "summary": counts,
                "findings": [finding_to_json(finding) for finding in result.findings],
            }
        )
        return
    if result.findings:
        excerpts = SourceLines(ctx.folder) if sys.stdout.isatty() and not ctx.pipeline.is_running else None
        print("\n".join(_finding_text(finding, excerpts) for finding in result.findings))
    since = f" changed since {result.since}" if result.since else ""
    alarm_count = result.count(Severity.ALARM)
    parts = [
        count_text(result.errors, "error"),
        count_text(result.count(Severity.WARNING), "warning"),
        *([count_text(alarm_count, "alarm")] if alarm_count else []),
    ]
    files_text = f"{count_text(result.files, 'file')}{since}, {count_text(result.numbers)}"
    print_error(f"{', '.join(parts)} in {files_text}")


def _finding_text(finding: Finding, excerpts: SourceLines | None) -> str:
    """Write a finding. On a terminal an error says so, and the line that it is about is shown below it."""
    text = escape_line(str(finding))
    if excerpts is None:
        return text
    if finding.severity is Severity.ERROR:
        place, _, sentence = text.rpartition(escape_line(finding.message))
        text = f"{place}error: {escape_line(finding.message)}{sentence}"
    return "\n".join([text, *excerpts.of(finding)])
