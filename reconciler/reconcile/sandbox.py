"""`dnc sandbox`: the built-in CXone as a server of its own."""

from collections.abc import Callable
from pathlib import Path

from reconciler.reconcile.connection import CLIENT_ID, CLIENT_SECRET, built_in
from reconciler.reconcile.surroundings import Surroundings


def serve(  # noqa: PLR0913  (where, how fast, how open)
    around: Surroundings,
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
        announce(f"the built-in CXone listens on {url}; it protects nobody")
        announce("  dialect: entries")
        announce(
            f"    baseUrl: {url}   clientId: {CLIENT_ID}   clientSecret: {CLIENT_SECRET}   orgId: sandbox"
        )
        announce("  dialect: dnc-groups")
        announce(f"    authUrl: {url}   discoveryUrl: {url}")
        announce(f"    accessKeyId: {CLIENT_ID}   accessKeySecret: {CLIENT_SECRET}")
        announce("  stop it with Ctrl-C")

    with built_in(around, state, rate=rate, control=control) as sandbox:
        sandbox.run(host, port, say)
