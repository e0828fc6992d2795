"""A span of time as people write it: 90m, 26h, 7d."""

import re
from datetime import timedelta

import typer

_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}


def span(text: str, option: str) -> timedelta:
    """Read a span. Raises a usage error that names the option."""
    found = re.fullmatch(r"([0-9]{1,5})([mhd])", text)
    if found is None:
        raise typer.BadParameter(f"{text!r} is no time: write it as 26h", param_hint=option)
    return int(found[1]) * _UNITS[found[2]]
