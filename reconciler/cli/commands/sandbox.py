"""`dnc sandbox`."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from reconciler.cli.call import current_options, exit_on_errors
from reconciler.cli.options import examples
from reconciler.use_cases.workspace.connection import CLIENT_ID, CLIENT_SECRET, built_in
from reconciler.use_cases.workspace.context import CommandContext


def serve(
    ctx: CommandContext,
    *,
    host: str,
    port: int,
    state: Path | None,
    rate: int,
    control: bool,
    announce: Callable[[str], None],
) -> None:
    """Serve until told to stop. `announce` is given what a person needs to use it."""

    def say(url: str) -> None:
        announce(f"the built-in CXone listens on {url}; a simulation: it stops no calls")
        announce("  dialect: entries")
        announce(
            f"    baseUrl: {url}   clientId: {CLIENT_ID}   clientSecret: {CLIENT_SECRET}   orgId: sandbox"
        )
        announce("  dialect: dnc-groups")
        announce(f"    authUrl: {url}   discoveryUrl: {url}")
        announce(f"    accessKeyId: {CLIENT_ID}   accessKeySecret: {CLIENT_SECRET}")
        announce("  stop it with Ctrl-C")

    with built_in(ctx, state, rate=rate, control=control) as sandbox:
        sandbox.run(host, port, say)


EXAMPLES = examples(
    "dnc sandbox",
    "dnc sandbox --port 9000 --state cxone.db --control",
)


def sandbox(
    host: Annotated[str, typer.Option(metavar="HOST", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(metavar="PORT", help="Port; 0 takes a free one.", min=0, max=65535)
    ] = 8080,
    state: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Keep entries in this file. Default: in memory.")
    ] = None,
    rate: Annotated[int, typer.Option(metavar="N", help="Requests a minute that it allows.", min=1)] = 60000,
    control: Annotated[
        bool, typer.Option("--control", help="Offer /_sandbox/ to plan faults and acts of agents.")
    ] = False,
) -> None:
    """Run a simulated CXone as a server.

    For trying things out: it stops no calls.
    """
    with exit_on_errors():
        serve(
            current_options().context(),
            host=host,
            port=port,
            state=state,
            rate=rate,
            control=control,
            announce=partial(print, flush=True),
        )
