"""`--from` and `--to`: a stretch of days, in UTC."""

from typing import Annotated

import typer

from reconciler.cli.call import day
from reconciler.reconcile.period import Period

From = Annotated[
    str | None, typer.Option("--from", metavar="DATE", help="The first day, in UTC; else the first report's.")
]
To = Annotated[str | None, typer.Option("--to", metavar="DATE", help="The last day; today otherwise.")]


def period(first: str | None, last: str | None) -> Period:
    """Read both. Raises a usage error for what is no date, or ends before it begins."""
    days = [day(text, option) if text else None for text, option in ((first, "--from"), (last, "--to"))]
    if days[0] and days[1] and days[1] < days[0]:
        raise typer.BadParameter(f"{last} is before {first}", param_hint="--to")
    return Period(*days)
