"""`dnc init`."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import click
import typer

from reconciler.cli.call import Format, print_error, print_json
from reconciler.cli.options import examples
from reconciler.cli.output import Output, error_output, to_answer
from reconciler.use_cases.edits.init import init as run
from reconciler.use_cases.edits.init import renew_schemas

EXAMPLES = examples(
    "dnc init",
    "dnc init do-not-call --dialect dnc-groups",
    "dnc init --schemas",
)


class Dialect(StrEnum):
    """Which of CXone's APIs a tenant has."""

    DNC_GROUPS = "dnc-groups"
    ENTRIES = "entries"


_QUESTION = """\
Which API does your CXone tenant have?
  dnc-groups  the Admin API that NICE publishes: recommended
  entries     as a customer-supplied specification has it: only if your CXone representative confirmed it
"""


def _ask_dialect() -> Dialect:
    """Ask on a terminal; elsewhere take the dialect of the example configuration, and say which it is."""
    if sys.stdin.isatty():
        print_error(_QUESTION)
        choice = click.Choice([dialect.value for dialect in Dialect])
        return Dialect(typer.prompt("dialect", default=Dialect.DNC_GROUPS.value, type=choice, err=True))
    print_error("dialect: entries; the one that NICE publishes is dnc-groups: dnc init --dialect dnc-groups")
    return Dialect.ENTRIES


def init(
    folder: Annotated[
        Path, typer.Argument(metavar="[DIR]", help="The folder; it may be new. Default: this one.")
    ] = Path(),
    dialect: Annotated[
        Dialect | None,
        typer.Option(help="The API of your tenant. NICE publishes dnc-groups. Asked for on a terminal."),
    ] = None,
    schemas: Annotated[
        bool, typer.Option("--schemas", help="Only update the schemas that editors read.")
    ] = False,
    output: Output = Format.TEXT,
) -> None:
    """Create a new list repository.

    Writes configuration, a first list, pipelines and hooks. Overwrites nothing.
    """
    with error_output(output):
        names = renew_schemas(folder) if schemas else run(folder, (dialect or _ask_dialect()).value)
        files = [(folder / name).as_posix() for name in names]
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
