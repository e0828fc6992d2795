"""`dnc audit compare`."""

from pathlib import Path
from typing import Annotated

import typer

from reconciler.cli.answer import Output, answer, told
from reconciler.cli.call import Format, current, emit
from reconciler.cli.examples import examples
from reconciler.cli.mapped import mapped
from reconciler.cli.render.compared import compared_json, compared_text
from reconciler.cli.render.numbers import Shown
from reconciler.reconcile.compare import compare as run
from reconciler.reconcile.exported import FIELDS, Asked

EXAMPLES = examples(
    "dnc audit compare cxone-export.csv",
    "dnc audit compare cxone-export.csv --report 12 --map listId=Group",
    "dnc audit compare dnc-list-01.xlsx --list dnc-list-01 --format json",
)


def compare(
    export: Annotated[Path, typer.Argument(help="CSV, TSV or XLSX, as CXone gives it out.")],
    report: Annotated[str | None, typer.Option(help="Its number, or a part of its name; the newest.")] = None,
    columns: Annotated[
        list[str] | None, typer.Option("--map", help=f"FIELD=COLUMN, FIELD one of {', '.join(FIELDS)}.")
    ] = None,
    list_id: Annotated[
        str | None, typer.Option("--list", help="The list that is meant, where no column says it.")
    ] = None,
    output: Output = Format.TEXT,
) -> None:
    """Hold an export that you took out of CXone yourself against a report. Exit 3 where they differ."""
    around = current().surroundings()
    asked = Asked(export, mapped(columns or [], FIELDS), list_id)
    with told(output):
        done = run(around, asked, report)
        code = 0 if done.is_equal else 3
        if output is Format.JSON:
            emit(answer(compared_json(done), code=code))
        else:
            print(compared_text(done, Shown(masked=True)))
    raise typer.Exit(code)
