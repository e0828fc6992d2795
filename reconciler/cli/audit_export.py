"""`dnc audit export`."""

import sys
from contextlib import nullcontext
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from reconciler.cli.answer import told
from reconciler.cli.call import Format, complain, current
from reconciler.cli.days import From, To, period
from reconciler.cli.examples import examples
from reconciler.cli.own_file import own_file
from reconciler.cli.render.changes import sums_text, write_csv, write_json
from reconciler.reconcile.audit_export import export_changes

EXAMPLES = examples(
    "dnc audit export --from 2026-11-01 --to 2026-11-30 -o changes.csv",
    "dnc audit export --exposing --from 2026-01-01",
)


class TableFormat(StrEnum):
    """How changes are written."""

    CSV = "csv"
    JSON = "json"


def export(
    first: From = None,
    last: To = None,
    *,
    exposing: Annotated[bool, typer.Option("--exposing", help="Only what came off or got weaker.")] = False,
    output: Annotated[TableFormat, typer.Option("--format", help="How it is written.")] = TableFormat.CSV,
    file: Annotated[Path | None, typer.Option("-o", "--output", help="The file, for its owner only.")] = None,
) -> None:
    """Write every change of a period, one row each, and hold the sums against the reports' own."""
    days = period(first, last)
    with told(Format(output) if output is TableFormat.JSON else Format.TEXT):
        exported = export_changes(current().surroundings(), days, exposing=exposing)
        with own_file(file) if file else nullcontext(sys.stdout) as out:
            write_json(exported, out) if output is TableFormat.JSON else write_csv(exported, out)
        complain(sums_text(exported))
    for difference in exported.differences:
        complain(f"error: {difference}\n  way out: dnc audit verify")
    raise typer.Exit(4 if exported.differences else 0)
