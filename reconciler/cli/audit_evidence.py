"""`dnc audit evidence`."""

import sys
from contextlib import nullcontext
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from reconciler.cli.answer import told
from reconciler.cli.call import Format, current
from reconciler.cli.examples import examples
from reconciler.cli.own_file import own_file
from reconciler.cli.render.references import references_csv, references_json, references_text
from reconciler.reconcile.references import references

EXAMPLES = examples("dnc audit evidence", "dnc audit evidence --format csv -o evidence.csv")


class ReferenceFormat(StrEnum):
    """How references are written."""

    TEXT = "text"
    CSV = "csv"
    JSON = "json"


_WRITE = {
    ReferenceFormat.TEXT: references_text,
    ReferenceFormat.CSV: references_csv,
    ReferenceFormat.JSON: references_json,
}


def evidence(
    output: Annotated[
        ReferenceFormat, typer.Option("--format", help="How it is written.")
    ] = ReferenceFormat.TEXT,
    file: Annotated[Path | None, typer.Option("-o", "--output", help="The file, for its owner only.")] = None,
) -> None:
    """Name what entries and releases refer to, and until when each must be kept."""
    with told(Format.JSON if output is ReferenceFormat.JSON else Format.TEXT):
        found = references(current().surroundings())
        with own_file(file) if file else nullcontext(sys.stdout) as out:
            _WRITE[output](found, out)
