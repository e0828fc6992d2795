"""`dnc export`."""

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from reconciler.cli.call import current_options, exit_on_errors, print_error
from reconciler.cli.options import examples
from reconciler.cli.output import write_private_file
from reconciler.cli.terminal import plain_stdout
from reconciler.use_cases.history.export_list import export as run

EXAMPLES = examples(
    "dnc export --list dnc-list-01 -o dnc-list-01.csv",
    "dnc export --list dnc-list-01 --since v2026-11-01 -o changes.csv",
)


class TableFormat(StrEnum):
    """How a list is written for others."""

    CSV = "csv"


def export(
    list_id: Annotated[str, typer.Option("--list", metavar="LIST", help="The list.")],
    since: Annotated[
        str | None, typer.Option(metavar="REF", help="Only what changed since that revision.")
    ] = None,
    output: Annotated[TableFormat, typer.Option("--format", help="File format.")] = TableFormat.CSV,
    file: Annotated[
        Path | None,
        typer.Option(
            "-o", "--out", metavar="FILE", help="The file; FILE.manifest.json is written beside it."
        ),
    ] = None,
) -> None:
    """Write a list for vendors and other dialers.

    With a manifest. The numbers are whole: give it to nobody else.
    """
    ctx = current_options().context()
    with exit_on_errors():
        list_export = run(ctx, list_id, since)
        manifest = json.dumps(list_export.manifest, indent=2) + "\n"
        if file is None:
            with plain_stdout() as stdout:
                stdout.write(list_export.data.decode())
            print_error(manifest.rstrip())
            return
        beside = file.with_name(f"{file.name}.manifest.json")
        write_private_file(file, list_export.data)
        write_private_file(beside, manifest.encode())
        print_error(
            f"{list_export.manifest['count']:,} rows of {list_id} in {file} ({output}), described by {beside}"
        )
