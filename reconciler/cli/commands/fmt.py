"""`dnc fmt`."""

from pathlib import Path
from typing import Annotated

import typer

from reconciler.cli.call import Format, current_options, print_error, print_findings, print_json
from reconciler.cli.options import ChangedSinceOption, demand_paths_or_since, examples
from reconciler.cli.output import Output, error_output, to_answer
from reconciler.cli.render.edits import fmt_json
from reconciler.use_cases.edits.fmt import FmtResult
from reconciler.use_cases.edits.fmt import fmt as run

EXAMPLES = examples(
    "dnc fmt",
    "dnc fmt --check",
    "dnc fmt dnc-lists/company.yaml",
    "dnc fmt --changed-since origin/main",
)


def fmt(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[PATH...]", help="Only these files or folders. Default: all lists."),
    ] = None,
    changed_since: ChangedSinceOption = None,
    check: Annotated[
        bool, typer.Option("--check", help="Change nothing; exit with 3 where a file is not formatted.")
    ] = False,
    output: Output = Format.TEXT,
) -> None:
    """Format list files.

    Sorts and quotes numbers and groups those with the same terms. Comments stay with their numbers.
    """
    ctx = current_options().context()
    demand_paths_or_since(paths, changed_since)
    with error_output(output):
        result = run(ctx, paths or (), since=changed_since, check=check)
        code = 4 if result.findings else 3 if check and result.changed_paths else 0
        if output is Format.JSON:
            print_json(to_answer(fmt_json(result, check=check), code=code, errored=bool(result.findings)))
        else:
            _print_result(result, check=check)
    raise typer.Exit(code)


def _print_result(result: FmtResult, *, check: bool) -> None:
    for path in result.changed_paths:
        print(f"{path}: {'not canonical' if check else 'put in order'}")
    print_findings(result.findings)
    left_alone = len({finding.file for finding in result.findings})
    if left_alone:
        print_error(f"{left_alone} left alone: correct what is said above, then run dnc fmt again")
    way_out = "; dnc fmt puts them in order" if check and result.changed_paths else ""
    print_error(
        f"{result.files} files: {len(result.changed_paths)} "
        f"{'not canonical' if check else 'put in order'}{way_out}"
    )
