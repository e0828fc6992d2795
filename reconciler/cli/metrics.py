"""`--metrics FILE`: what a command measured, as OpenMetrics text, also where it fails."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from reconciler.cli.call import print_error
from reconciler.core.model.errors import DncError
from reconciler.use_cases.workspace.context import CommandContext, Meter
from reconciler.use_cases.workspace.files import write_file
from reconciler.use_cases.workspace.opening import tenant_name

MetricsOption = Annotated[
    Path | None,
    typer.Option(
        "--metrics", metavar="FILE", help="Write OpenMetrics text to this file, also when the command fails."
    ),
]


@contextmanager
def metered_context(file: Path | None, ctx: CommandContext, command: str) -> Iterator[CommandContext]:
    """Give a context with a meter, and write the file at the end, whatever that is.

    A file that cannot be written is a warning: what a command did must not depend on who watches it.
    """
    if file is None:
        yield ctx
        return
    meter, started_at, code = Meter(), ctx.clock(), 1
    try:
        yield replace(ctx, run=replace(ctx.run, meter=meter))
        code = 0
    except typer.Exit as left:
        code = left.exit_code
        raise
    except typer.BadParameter as wrong:
        code = wrong.exit_code
        raise
    finally:
        _write(file, _text(ctx, meter, command, code=code, began=started_at))


def _text(ctx: CommandContext, meter: Meter, command: str, *, code: int, began: datetime) -> bytes:
    from reconciler.cli.render.openmetrics import openmetrics  # noqa: PLC0415  (it loads a library of its own)

    ended = ctx.clock().timestamp()
    if command != "status":
        meter.of_tenant(tenant_name(ctx))  # that it ran is told in any case
    return openmetrics(meter, command=command, code=code, started_at=began.timestamp(), ended_at=ended)


def _write(file: Path, text: bytes) -> None:
    try:
        write_file(file.absolute().parent, file.name, text)
    except DncError as problem:
        print_error(f"warning: {file}: the metrics were not written: {problem.fact}")
