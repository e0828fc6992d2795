"""Options that several commands share, and the examples below each command's help."""

import re
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

ChangedSinceOption = Annotated[
    str | None,
    typer.Option(
        metavar="REF",
        help="Only files that changed since HEAD left this commit or branch; uncommitted changes too.",
    ),
]


NewListOption = Annotated[bool, typer.Option("--new-list", help="Allow a list that no file names yet.")]


def demand_paths_or_since(paths: Sequence[Path] | None, changed_since: str | None) -> None:
    """Raise a usage error where files are named, and those that changed are asked for as well."""
    if paths and changed_since is not None:
        raise typer.BadParameter(
            "name files, or ask for what changed: not both", param_hint="--changed-since"
        )


_WIDTH = 74  # columns of a narrow terminal that are left behind the indent


def examples(*calls: str) -> str:
    r"""Put calls below a help text, so that each can be copied as it is shown.

    A long one goes on in the next line, as a shell reads it. The `\b` keeps click from flowing all of them
    into one paragraph.
    """
    lines = (line for call in calls for line in _wrap_call(call))
    return "\n".join(("\b", "Examples:" if len(calls) > 1 else "Example:", *lines))


def _wrap_call(call: str) -> Iterator[str]:
    """Break a call before an option, where it is too long for a line."""
    first_part, *options = call.split(" --")
    line = f"  {first_part}"
    for option in options:
        if len(line) + len(option) > _WIDTH:
            yield f"{line} \\"
            line = "     "
        line += f" --{option}"
    yield line


def parse_column_map(pairs: Sequence[str], fields: Sequence[str]) -> dict[str, str]:
    """Read FIELD=COLUMN pairs. Raises a usage error for what is none, or no field."""
    column_map: dict[str, str] = {}
    for pair in pairs:
        field, equals, title = pair.partition("=")
        if not equals or field not in fields or not title:
            raise typer.BadParameter(
                f"write FIELD=COLUMN, FIELD one of {', '.join(fields)}", param_hint="--map"
            )
        column_map[field] = title
    return column_map


_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}


def parse_age(text: str, option: str) -> timedelta:
    """Read a span. Raises a usage error that names the option."""
    match = re.fullmatch(r"([0-9]{1,5})([mhd])", text)
    if match is None:
        raise typer.BadParameter(f"{text!r} is no time: write it as 26h", param_hint=option)
    return int(match[1]) * _UNITS[match[2]]
