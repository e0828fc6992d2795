"""`dnc check`."""

from collections.abc import Sequence
from typing import Annotated

import typer

from reconciler.cli.call import Format, current_options, exit_on_errors, parse_moment_option, print_json
from reconciler.cli.options import examples
from reconciler.cli.output import Output, error_output
from reconciler.cli.render.lookup import lookup_json, lookup_text
from reconciler.cli.render.masking import NumberFormat
from reconciler.cli.reports import LOOKUP_AT_REPORTS, parse_report_options, write_lookup_at
from reconciler.use_cases.history.lookup import look_up
from reconciler.use_cases.workspace.context import CommandContext

EXAMPLES = examples(
    'dnc check "(212) 555-0123"',
    "dnc check +12125550123 --live --format json",
    "dnc check +12125550123 --at 2026-03-04T17:02Z --report html=answer.html",
)


def check(  # noqa: PLR0917  (an option each; Typer passes them by name)
    number: Annotated[
        str,
        typer.Argument(
            metavar="NUMBER", help="Phone number in any common format, for example (212) 555-0123."
        ),
    ],
    live: Annotated[
        bool, typer.Option("--live", help="Ask CXone. Without it, the newest report answers.")
    ] = False,
    at: Annotated[
        str | None,
        typer.Option(metavar="MOMENT", help="Answer as of 2026-03-04T17:02Z, or as of the start of a day."),
    ] = None,
    report: Annotated[
        list[str] | None, typer.Option(metavar="html=FILE", help="With --at: write a page to print.")
    ] = None,
    whole_number: Annotated[
        bool, typer.Option("--whole-number", help="Show the whole number on that page. Default: masked.")
    ] = False,
    output: Output = Format.TEXT,
) -> None:
    """Look a number up, now or in the past.

    Answers DO NOT CALL, NOT LISTED or UNKNOWN, with lists, dates, commits and whether it is live. Exits with
    0 where the number is listed and live everywhere it should be, else with 3, whatever the answer.
    """
    ctx = current_options().context()
    pages = report or []
    parse_report_options(pages, list(LOOKUP_AT_REPORTS))
    if at is None and (pages or whole_number):
        raise typer.BadParameter("a page is made of a past moment: add --at", param_hint="--report")
    if at is not None and live:
        raise typer.BadParameter("--live cannot be used with --at: CXone knows only today", param_hint="--at")
    with error_output(output):
        if at is not None:
            is_protected = _check_at(ctx, number, at, output, pages, whole_number=whole_number)
        else:
            is_protected = _check_now(ctx, number, output, live=live)
    raise typer.Exit(0 if is_protected else 3)


def _check_now(ctx: CommandContext, number: str, output: Format, *, live: bool) -> bool:
    lookup = look_up(ctx, number, live=live)
    if output is Format.JSON:
        print_json(lookup_json(lookup))
    else:
        print(lookup_text(lookup, NumberFormat(is_masked=ctx.pipeline.is_running)))
    if lookup.failure is not None:
        with exit_on_errors():  # the answer is printed, and says that CXone was not asked
            raise lookup.failure
    return lookup.is_protected


def _check_at(
    ctx: CommandContext, number: str, at: str, output: Format, pages: Sequence[str], *, whole_number: bool
) -> bool:
    from reconciler.cli.render.lookup_at import lookup_at_json, lookup_at_text  # noqa: PLC0415  (most calls ask about now)
    from reconciler.use_cases.history.lookup_at import look_up_at  # noqa: PLC0415  (as above)

    lookup_at = look_up_at(ctx, number, parse_moment_option(at, "--at"))
    write_lookup_at(lookup_at, pages, whole_number=whole_number)
    if output is Format.JSON:
        print_json(lookup_at_json(lookup_at))
    else:
        print(lookup_at_text(lookup_at, NumberFormat(is_masked=ctx.pipeline.is_running)))
    return bool(lookup_at.is_protected)
