"""`dnc fmt`."""

from pathlib import Path
from typing import Annotated

import typer

from reconciler.cli.call import Format, complain, current, emit, show_findings
from reconciler.cli.options import ChangedSinceOption, demand_one, examples
from reconciler.cli.output import Output, answer, told
from reconciler.cli.render.edits import formatted_json
from reconciler.use_cases.edits.fmt import Formatted
from reconciler.use_cases.edits.fmt import fmt as run

EXAMPLES = examples(
    "dnc fmt",
    "dnc fmt --check",
    "dnc fmt dnc-lists/company.yaml",
    "dnc fmt --changed-since origin/main",
)


def fmt(
    paths: Annotated[
        list[Path] | None, typer.Argument(help="Only these files or folders; all lists otherwise.")
    ] = None,
    changed_since: ChangedSinceOption = None,
    check: Annotated[
        bool, typer.Option("--check", help="Change nothing; exit 3 when a file is not canonical.")
    ] = False,
    output: Output = Format.TEXT,
) -> None:
    """Put list files in order: sorted, quoted, same terms gathered, comments kept at their numbers."""
    ctx = current().context()
    demand_one(paths, changed_since)
    with told(output):
        done = run(ctx, paths or (), since=changed_since, check=check)
        code = 4 if done.findings else 3 if check and done.changed else 0
        if output is Format.JSON:
            emit(answer(formatted_json(done, check=check), code=code, errored=bool(done.findings)))
        else:
            _show(done, check=check)
    raise typer.Exit(code)


def _show(done: Formatted, *, check: bool) -> None:
    for path in done.changed:
        print(f"{path}: {'not canonical' if check else 'put in order'}")
    show_findings(done.findings)
    left_alone = len({finding.file for finding in done.findings})
    if left_alone:
        complain(f"{left_alone} left alone: correct what is said above, then run dnc fmt again")
    way_out = "; dnc fmt puts them in order" if check and done.changed else ""
    complain(
        f"{done.files} files: {len(done.changed)} {'not canonical' if check else 'put in order'}{way_out}"
    )
