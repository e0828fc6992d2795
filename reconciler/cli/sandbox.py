"""`dnc sandbox`."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from reconciler.cli.call import current, errors_told
from reconciler.cli.examples import examples
from reconciler.reconcile.sandbox import serve

EXAMPLES = examples(
    "dnc sandbox",
    "dnc sandbox --port 9000 --state cxone.db --control",
)


def sandbox(
    host: Annotated[str, typer.Option(help="Where to listen; loopback unless you mean it.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="0 takes a free one.", min=0, max=65535)] = 8080,
    state: Annotated[
        Path | None, typer.Option(help="Keep entries in this file; in memory otherwise.")
    ] = None,
    rate: Annotated[int, typer.Option(help="Requests a minute that it allows.", min=1)] = 60000,
    control: Annotated[bool, typer.Option("--control", help="Offer /_sandbox/ for faults and acts.")] = False,
) -> None:
    """Run the built-in CXone as a server, for trying things out. It protects nobody."""
    with errors_told():
        serve(
            current().surroundings(),
            host=host,
            port=port,
            state=state,
            rate=rate,
            control=control,
            announce=partial(print, flush=True),
        )
