"""`dnc audit verify`."""

import re
from typing import Annotated

import typer

from reconciler.cli.answer import Output, told
from reconciler.cli.call import Format, complain, current, emit
from reconciler.cli.examples import examples
from reconciler.cli.render.proof_of_chain import proved_json, proved_text
from reconciler.cli.spans import span
from reconciler.reconcile.proof import prove

EXAMPLES = examples(
    "dnc audit verify",
    "dnc audit verify --max-age 26h",
    "dnc audit verify --anchor 5f0c2a9e2b7d4c1f8a6b3d9e7c5a1b2d3e4f5a6b --format json",
)
_ANCHOR = re.compile("[0-9a-f]{40}|[0-9a-f]{64}")


def verify(
    anchors: Annotated[
        list[str] | None,
        typer.Option("--anchor", metavar="HASH", help="A commit or a report's SHA-256 that must be in it."),
    ] = None,
    max_age: Annotated[
        str | None, typer.Option(metavar="26h", help="How old the newest report may be (m, h, d).")
    ] = None,
    output: Output = Format.TEXT,
) -> None:
    """Check every chain, here and at the remote, and that no commit ever changed or removed a report.

    Exit 4 where one does not hold, 3 where the newest report is only too old.
    """
    known = tuple(_anchor(text) for text in anchors or ())
    most = span(max_age, "--max-age") if max_age else None
    with told(output):
        done = prove(current().surroundings(), known, most)
        if output is Format.JSON:
            emit(proved_json(done))
        elif text := proved_text(done):
            print(text)
        for problem in (*done.found.problems, *done.found.stale):
            complain(f"error: {problem}")
    raise typer.Exit(done.exit_code)


def _anchor(text: str) -> str:
    if not _ANCHOR.fullmatch(text.lower()):
        raise typer.BadParameter(
            f"{text!r} is no hash: write all of a commit's 40 digits, or of a report's SHA-256",
            param_hint="--anchor",
        )
    return text.lower()
