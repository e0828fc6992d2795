"""`--changed-since`: of all lists, only those that a branch changes."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

ChangedSinceOption = Annotated[
    str | None,
    typer.Option(
        help="Only files that differ from where HEAD left this commit or branch; not committed ones too."
    ),
]


def demand_one(paths: Sequence[Path] | None, changed_since: str | None) -> None:
    """Raise a usage error where files are named, and those that changed are asked for as well."""
    if paths and changed_since is not None:
        raise typer.BadParameter(
            "name files, or ask for what changed: not both", param_hint="--changed-since"
        )
