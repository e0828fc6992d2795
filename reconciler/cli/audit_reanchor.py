"""`dnc audit reanchor`."""

import re
from collections.abc import Sequence
from typing import Annotated

import typer

from reconciler.cli.answer import Output, answer, told
from reconciler.cli.call import Format, current, emit
from reconciler.cli.examples import examples
from reconciler.cli.render.proof_of_chain import reanchored_json, reanchored_text
from reconciler.reconcile.reanchor import reanchor as run

EXAMPLES = examples(
    "dnc audit reanchor 3f0c2a9e2b7d4c1f8a6b3d9e7c5a1b2d3e4f5a6b=9a1b2c3d4e5f60718293a4b5c6d7e8f901234567 "
    '--reason "Order of the court to erase a number" --evidence ORDER-17',
)
_PAIR = re.compile("([0-9a-f]{40}|[0-9a-f]{64})=([0-9a-f]{40}|[0-9a-f]{64})")


def reanchor(
    reason: Annotated[str, typer.Option(help="Which purge or doubt this was, in a line.")],
    evidence: Annotated[str, typer.Option(help="A reference to the order or the incident.")],
    heads: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[OLD=NEW...]",
            help="What was, and what it became: commits, or reports' SHA-256. None: a doubt.",
        ),
    ] = None,
    output: Output = Format.TEXT,
) -> None:
    """Continue the chain after a purge of history or a doubt, by a record that verify shows ever after."""
    pairs = _pairs(heads or ())
    with told(output):
        done = run(current().surroundings(), pairs, reason, evidence)
        if output is Format.JSON:
            emit(answer(reanchored_json(done)))
        else:
            print(reanchored_text(done))


def _pairs(texts: Sequence[str]) -> dict[str, str]:
    found = [_PAIR.fullmatch(text.lower()) for text in texts]
    if bad := [text for text, pair in zip(texts, found, strict=True) if pair is None]:
        raise typer.BadParameter(f"{bad[0]!r}: write whole hashes, as OLD=NEW", param_hint="OLD=NEW")
    return {pair[1]: pair[2] for pair in found if pair}
