"""`dnc check`."""

from collections.abc import Sequence
from typing import Annotated

import typer

from reconciler.cli.call import Format, current, emit, moment
from reconciler.cli.options import examples
from reconciler.cli.output import Output, told
from reconciler.cli.render.lookup import whereabouts_json, whereabouts_text
from reconciler.cli.render.masking import Shown
from reconciler.cli.reports import THEN_REPORTS, asked, write_then
from reconciler.use_cases.history.lookup import whereabouts
from reconciler.use_cases.workspace.context import CommandContext

EXAMPLES = examples(
    'dnc check "(212) 555-0123"',
    "dnc check +12125550123 --live --format json",
    "dnc check +12125550123 --at 2026-03-04T17:02Z --report html=answer.html",
)


def check(  # noqa: PLR0917  (an option each; Typer passes them by name)
    number: Annotated[str, typer.Argument(help="In any common writing.")],
    live: Annotated[bool, typer.Option("--live", help="Ask CXone; else the newest report tells.")] = False,
    at: Annotated[
        str | None,
        typer.Option(metavar="MOMENT", help="As it was then: 2026-03-04T17:02Z, or a day's first moment."),
    ] = None,
    report: Annotated[
        list[str] | None, typer.Option(metavar="html=FILE", help="With --at: a page to print.")
    ] = None,
    whole_number: Annotated[
        bool, typer.Option("--whole-number", help="Show the number whole on that page; masked otherwise.")
    ] = False,
    output: Output = Format.TEXT,
) -> None:
    """Say where a number is listed, since when, by which commit, live or not. Exit 3 where it is not."""
    ctx = current().context()
    pages = report or []
    asked(pages, list(THEN_REPORTS))
    if at is None and (pages or whole_number):
        raise typer.BadParameter("a page is made of a past moment: add --at", param_hint="--report")
    if at is not None and live:
        raise typer.BadParameter("CXone tells of today only: leave --live out", param_hint="--at")
    with told(output):
        if at is not None:
            protected = _then(ctx, number, at, output, pages, whole=whole_number)
        else:
            protected = _now(ctx, number, output, live=live)
    raise typer.Exit(0 if protected else 3)


def _now(ctx: CommandContext, number: str, output: Format, *, live: bool) -> bool:
    found = whereabouts(ctx, number, live=live)
    if output is Format.JSON:
        emit(whereabouts_json(found))
    else:
        print(whereabouts_text(found, Shown(masked=ctx.pipeline.running)))
    return found.is_protected


def _then(
    ctx: CommandContext, number: str, at: str, output: Format, pages: Sequence[str], *, whole: bool
) -> bool:
    from reconciler.cli.render.lookup_at import then_json, then_text  # noqa: PLC0415  (most calls ask about now)
    from reconciler.use_cases.history.lookup_at import then  # noqa: PLC0415  (as above)

    found = then(ctx, number, moment(at, "--at"))
    write_then(found, pages, whole=whole)
    if output is Format.JSON:
        emit(then_json(found))
    else:
        print(then_text(found, Shown(masked=ctx.pipeline.running)))
    return bool(found.is_protected)
