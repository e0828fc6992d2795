"""`dnc validate`."""

from pathlib import Path
from typing import Annotated

import typer

from reconciler.cli.call import Format, complain, current, emit, errors_told
from reconciler.cli.options import ChangedSinceOption, demand_one, examples
from reconciler.cli.reports import VALIDATION_REPORTS, asked, write_validation
from reconciler.cli.terminal import line
from reconciler.core.model.errors import DncError
from reconciler.core.model.finding import Severity, finding_json
from reconciler.use_cases.reconcile.validate import Validated
from reconciler.use_cases.reconcile.validate import validate as run

EXAMPLES = examples(
    "dnc validate",
    "dnc validate dnc-lists/company.yaml",
    "dnc validate --changed-since origin/main",
    "dnc validate --report codequality=quality.json --report junit=junit.xml",
    "dnc validate --as-of 2027-01-31",
)


def validate(
    paths: Annotated[list[Path] | None, typer.Argument(help="Only these files; all lists otherwise.")] = None,
    changed_since: ChangedSinceOption = None,
    as_of: Annotated[str | None, typer.Option(help="Judge as of this date (at UTC-12).")] = None,
    report: Annotated[
        list[str] | None, typer.Option(help=f"KIND=FILE, KIND one of {', '.join(VALIDATION_REPORTS)}.")
    ] = None,
    output: Annotated[Format, typer.Option("--format", help="How findings are printed.")] = Format.TEXT,
) -> None:
    """Check lists, rules and configuration; print every finding of every file."""
    ctx = current().context(as_of=as_of)
    asked(report or [], list(VALIDATION_REPORTS))
    demand_one(paths, changed_since)

    def on_error(error: DncError) -> None:
        done = Validated(error.findings, (), 0)
        write_validation(done, report or [])
        if output is Format.JSON:
            _show(done, output)

    with errors_told(on_error):
        done = run(ctx, [str(path) for path in paths or ()], since=changed_since)
        write_validation(done, report or [])
        _show(done, output)
    raise typer.Exit(4 if done.errors else 0)


def _show(done: Validated, output: Format) -> None:
    if output is Format.JSON:
        counts = {severity.value: done.count(severity) for severity in Severity}
        emit({"format_version": "1.0", "valid": not done.errors, "files": done.files, "numbers": done.numbers,
              "changed_since": done.since, "summary": counts,
              "findings": [finding_json(f) for f in done.findings]})  # fmt: skip
        return
    if done.findings:
        print("\n".join(line(str(finding)) for finding in done.findings))
    since = f" changed since {done.since}" if done.since else ""
    complain(
        f"{done.files} files{since}, {done.numbers:,} numbers: {done.errors} errors, "
        f"{done.count(Severity.WARNING)} warnings, {done.count(Severity.ALARM)} alarms"
    )
