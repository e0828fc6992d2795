"""`dnc audit summary`."""

from enum import StrEnum
from typing import Annotated

import typer

from reconciler.cli.answer import told
from reconciler.cli.call import Format, current, emit
from reconciler.cli.days import From, To, period
from reconciler.cli.examples import examples
from reconciler.cli.render.board import board_json, board_markdown, board_text
from reconciler.cli.render.numbers import Shown
from reconciler.reconcile.board import board

EXAMPLES = examples(
    "dnc audit summary --from 2026-11-01 --to 2026-11-30",
    "dnc audit summary --from 2026-10-01 --format markdown",
)


class PageFormat(StrEnum):
    """How the page is written."""

    TEXT = "text"
    MARKDOWN = "markdown"
    JSON = "json"


def summary(
    first: From = None,
    last: To = None,
    output: Annotated[PageFormat, typer.Option("--format", help="How it is printed.")] = PageFormat.TEXT,
) -> None:
    """Sum up a period on one page: requests, what was late and why, what came off, days verified, alarms."""
    days = period(first, last)
    around = current().surroundings()
    with told(Format.JSON if output is PageFormat.JSON else Format.TEXT):
        found = board(around, days)
        if output is PageFormat.JSON:
            emit(board_json(found))
        elif output is PageFormat.MARKDOWN:  # a copy that travels
            print(board_markdown(found, Shown(masked=True)))
        else:
            print(board_text(found, Shown(masked=around.pipeline.running)))
