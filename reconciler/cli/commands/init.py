"""`dnc init`."""

from pathlib import Path
from typing import Annotated

import typer

from reconciler.cli.call import Format, print_error, print_json
from reconciler.cli.options import examples
from reconciler.cli.output import Output, error_output, to_answer
from reconciler.use_cases.edits.init import init as run
from reconciler.use_cases.edits.init import renew_schemas

EXAMPLES = examples(
    "dnc init",
    "dnc init do-not-call",
    "dnc init --schemas",
)


def init(
    folder: Annotated[Path, typer.Argument(metavar="[DIR]", help="Where; it may be new.")] = Path(),
    schemas: Annotated[
        bool, typer.Option("--schemas", help="Only bring the schemas that editors read up to this version's.")
    ] = False,
    output: Output = Format.TEXT,
) -> None:
    """Write a new list repository: configuration, a first list, pipelines, hooks. Overwrites nothing."""
    with error_output(output):
        files = [(folder / name).as_posix() for name in (renew_schemas if schemas else run)(folder)]
        if output is Format.JSON:
            print_json(to_answer({"files": files}))
            return
        for file in files:
            print(file)
        if schemas:
            print_error("next: commit these files" if files else "the schemas are this version's already")
            return
        print_error(
            "next: put your mirror of dnc into .gitlab-ci.yml, your groups into CODEOWNERS; "
            "git init, and commit; then dnc validate, dnc plan"
        )
