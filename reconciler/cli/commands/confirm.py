"""`dnc confirm`."""

from typing import Annotated

import typer

from reconciler.cli.call import Format, current_options, print_error, print_json
from reconciler.cli.options import examples
from reconciler.cli.output import Output, error_output, to_answer
from reconciler.core.model.finding import count_text
from reconciler.use_cases.edits.confirm import ConfirmResult
from reconciler.use_cases.edits.confirm import confirm as run

EXAMPLES = examples("dnc confirm 12500", "dnc confirm 12500 --onto origin/main")


def confirm(
    count: Annotated[
        int,
        typer.Argument(min=1, metavar="COUNT", help="How many numbers the branch adds, in all its files."),
    ],
    onto: Annotated[
        str | None,
        typer.Option(metavar="REF", help="Compared with what. Default: the remote's default branch."),
    ] = None,
    output: Output = Format.TEXT,
) -> None:
    """Confirm a very large addition by its count."""
    with error_output(output):
        result = run(current_options().context(onto=onto), count)
        if output is Format.JSON:
            print_json(to_answer({"files": list(result.files), "added": dict(result.added_counts)}))
        else:
            _print_result(result)


def _print_result(result: ConfirmResult) -> None:
    for path in result.files:
        print(f"{path}: confirmed: {result.added_counts[path]}")
    total = sum(result.added_counts.values())
    print_error(f"{count_text(total)} in {count_text(len(result.added_counts), 'file')}")
    print_error("next: commit these files" if result.files else "nothing to do: the files say so already")
