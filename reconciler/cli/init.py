"""`dnc init`."""

from pathlib import Path
from typing import Annotated

import typer

from reconciler.cli.call import complain, errors_told
from reconciler.reconcile.init import init as run

EXAMPLES = "Examples: dnc init; dnc init do-not-call."


def init(
    folder: Annotated[Path, typer.Argument(metavar="[DIR]", help="Where; it may be new.")] = Path(),
) -> None:
    """Write a new list repository: configuration, a first list, pipelines, hooks. Overwrites nothing."""
    with errors_told():
        for name in run(folder):
            print((folder / name).as_posix())
        complain(
            "next: put your mirror of dnc into .gitlab-ci.yml, your groups into CODEOWNERS; "
            "git init, and commit; then dnc validate, dnc plan"
        )
