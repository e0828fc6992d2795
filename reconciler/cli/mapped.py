"""`--map FIELD=COLUMN`: which column of a table is which field."""

from collections.abc import Sequence

import typer


def mapped(said: Sequence[str], fields: Sequence[str]) -> dict[str, str]:
    """Read FIELD=COLUMN pairs. Raises a usage error for what is none, or no field."""
    named: dict[str, str] = {}
    for pair in said:
        field, equals, title = pair.partition("=")
        if not equals or field not in fields or not title:
            raise typer.BadParameter(
                f"write FIELD=COLUMN, FIELD one of {', '.join(fields)}", param_hint="--map"
            )
        named[field] = title
    return named
