"""`dnc scrub`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli.call import Format, current_options, parse_day_option, print_json
from reconciler.cli.options import examples
from reconciler.cli.output import Output, error_output, to_answer
from reconciler.cli.render.scrub import (
    certificate_text,
    scrub_json,
    scrub_text,
    verified_json,
)
from reconciler.use_cases.scrub.request import Basis, ScrubRequest

if TYPE_CHECKING:
    from reconciler.use_cases.workspace.context import CommandContext

EXAMPLES = examples(
    "dnc scrub leads.csv",
    "dnc scrub leads.xlsx -o out/leads.clean.csv --column Phone --list dnc-list-01",
    "dnc scrub --verify leads.certificate.json",
)


def scrub(  # noqa: PLR0917  (an option each; Typer passes them by name)
    file: Annotated[
        Path | None, typer.Argument(metavar="LEADS", help="The calling list: CSV, TSV or XLSX.")
    ] = None,
    clean: Annotated[
        Path | None,
        typer.Option(
            "-o", "--out", metavar="CLEAN", help="File for the rows to dial. Default: LEADS.clean.csv."
        ),
    ] = None,
    lists: Annotated[
        list[str] | None,
        typer.Option("--list", metavar="LIST", help="Count this list only. Default: every list."),
    ] = None,
    columns: Annotated[
        list[str] | None,
        typer.Option(
            "--column",
            metavar="COLUMN",
            help="Column with numbers, by title or place from 1. Default: every one that holds numbers.",
        ),
    ] = None,
    as_of: Annotated[
        str | None, typer.Option(metavar="DATE", help="Last day of the calls. Default: today.")
    ] = None,
    certificate: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The certificate. Default: LEADS.certificate.json."),
    ] = None,
    live: Annotated[bool, typer.Option("--live", help="Read CXone now.")] = False,
    record_only: Annotated[
        bool, typer.Option("--record-only", help="Use files and reports only, however old they are.")
    ] = False,
    allow_stale: Annotated[
        bool, typer.Option("--allow-stale", help="Continue with a registry's copy that is too old.")
    ] = False,
    verify: Annotated[
        Path | None,
        typer.Option(metavar="CERTIFICATE", help="Check a certificate and its files instead."),
    ] = None,
    output: Output = Format.TEXT,
) -> None:
    """Remove listed numbers from a calling list, before it is dialed.

    Writes the rows to dial, the blocked rows, the unreadable rows, and a certificate. Exits with 0 where
    every row is clean or blocked, with 8 where some are unreadable (none of these is clean), and with 3 where
    a registry's copy is stale or, with --verify, the certificate has expired.
    """
    if live and record_only:
        raise typer.BadParameter("name one of --live and --record-only", param_hint="--live")
    ctx = current_options().context()
    if verify is not None:
        others = (clean, lists, columns, as_of, certificate, live, record_only, allow_stale)
        if any(others):
            raise typer.BadParameter(
                "it takes a certificate, and LEADS if that was moved", param_hint="--verify"
            )
        _verify(ctx, verify, file, output)
    if file is None:
        raise typer.BadParameter("name the calling list", param_hint="LEADS")
    until = parse_day_option(as_of, "--as-of") if as_of else None
    basis = Basis.LIVE if live else Basis.RECORD_ONLY if record_only else Basis.READING
    request = ScrubRequest(
        file, clean, lists or (), columns or (), until, certificate, basis, allow_stale=allow_stale
    )
    _scrub(ctx, request, output)


def _scrub(ctx: "CommandContext", request: ScrubRequest, output: Format) -> None:
    from reconciler.use_cases.scrub.scrub import scrub as run  # noqa: PLC0415  (a usage error loads nothing)

    with error_output(output):
        result = run(ctx, request)
    code = 8 if result.has_unreadable else 0
    if output is Format.JSON:
        print_json(to_answer(scrub_json(result), code=code))
    else:
        print(scrub_text(result))
    raise typer.Exit(code)


def _verify(ctx: "CommandContext", certificate: Path, file: Path | None, output: Format) -> None:
    from reconciler.use_cases.scrub.verify import verify_certificate  # noqa: PLC0415  (as above)

    with error_output(output):
        result = verify_certificate(ctx, certificate, file)
    if output is Format.JSON:
        print_json(to_answer(verified_json(result), code=result.exit_code))
    else:
        print(certificate_text(result))
    raise typer.Exit(result.exit_code)
