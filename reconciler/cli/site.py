"""`dnc site`."""

from pathlib import Path
from typing import Annotated

import typer

from reconciler.cli.answer import Output, answer, told
from reconciler.cli.call import Format, complain, current, emit
from reconciler.cli.examples import examples
from reconciler.cli.render.site.pages import INDEX, pages
from reconciler.cli.render.words import count
from reconciler.model.finding import finding_json
from reconciler.reconcile.publish import Place
from reconciler.reconcile.site import site as run

EXAMPLES = examples("dnc site public", "dnc site record --tenant production")


def site(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="A new or empty folder, or a site of before.")],
    output: Output = Format.TEXT,
) -> None:
    """Write pages for auditors and the board, from lists and reports. Exit 4 where a chain is broken."""
    with told(output):
        place = Place.open(out)
        made = run(current().surroundings())
        written = pages(made)
        place.write(written)
        code = 4 if made.broken else 0
        if output is Format.JSON:
            findings = [finding_json(problem) for problem in made.verification.problems]
            emit(answer({"folder": str(out), "pages": sorted(written), "findings": findings}, code=code))
        else:
            print(f"{count(len(written), 'page')} in {out}: open {out / INDEX}")
    for problem in made.verification.problems:
        complain(f"error: {problem}")
    raise typer.Exit(code)
