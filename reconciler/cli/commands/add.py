"""`dnc add`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from reconciler.cli.call import Format, current_options, print_error, print_findings, print_json
from reconciler.cli.options import NewListOption, examples
from reconciler.cli.output import Output, error_output, to_answer
from reconciler.cli.render.edits import add_json
from reconciler.cli.render.masking import NumberFormat
from reconciler.core.model.entries import Policy, ReasonCode
from reconciler.use_cases.edits.add import Addition, AddResult
from reconciler.use_cases.edits.add import add as run
from reconciler.use_cases.workspace.context import CommandContext

EXAMPLES = examples(
    'dnc add "(212) 555-0123" --list dnc-list-01 --requested-on 2026-11-02 --evidence CALL-8831',
    "dnc add +14165550142 --list dnc-list-01 --reason LOCAL "
    "--requested-on 2026-10-30 --retention P5Y --file dnc-lists/local.yaml",
)


def add(  # noqa: PLR0917  (an option each; Typer passes them by name)
    numbers: Annotated[
        list[str],
        typer.Argument(
            metavar="NUMBER...",
            help="Phone numbers in any common format. Without a country code: of the tenant's region.",
        ),
    ],
    list_id: Annotated[
        str | None, typer.Option("--list", metavar="LIST", help="The list. Default: the only one there is.")
    ] = None,
    reason: Annotated[
        ReasonCode,
        typer.Option(metavar="REASON", help=f"Why they may not be called: {', '.join(ReasonCode)}."),
    ] = ReasonCode.CUSTOMER_REQUESTED,
    policy: Annotated[
        Policy | None,
        typer.Option(
            help="NEVER has no end (the default). ABSOLUTE ends on --until, RELATIVE after --retention."
        ),
    ] = None,
    requested_on: Annotated[
        str | None,
        typer.Option(metavar="DATE", help="The day of the request, YYYY-MM-DD. Asked for on a terminal."),
    ] = None,
    evidence: Annotated[
        str | None, typer.Option(metavar="REF", help="Where the proof is: a reference, no names.")
    ] = None,
    retention: Annotated[
        str | None, typer.Option(metavar="TERM", help="How long from --requested-on, such as P5Y.")
    ] = None,
    until: Annotated[str | None, typer.Option(metavar="DATE", help="The last day, YYYY-MM-DD.")] = None,
    source: Annotated[
        str | None, typer.Option(metavar="REF", help="The system that they come from. Default: dnc.")
    ] = None,
    jurisdiction: Annotated[
        str | None, typer.Option(metavar="CODE", help="Whose rules apply: US, US-VA, GB …")
    ] = None,
    file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The file. Needed where the list has several.")
    ] = None,
    new_list: NewListOption = False,
    output: Output = Format.TEXT,
) -> None:
    """Add numbers to a list.

    Writes them to the list's file, all or none. Adding the same number twice changes nothing.
    """
    ctx = current_options().context()
    policy = policy or (Policy.ABSOLUTE if until else Policy.RELATIVE if retention else Policy.NEVER)
    if requested_on is None and reason is ReasonCode.CUSTOMER_REQUESTED:
        requested_on = _ask_for_day(ctx)
    given_keys = {"reasonCode": reason.value, "expirationPolicy": policy.value, "requestedOn": requested_on,
             "evidence": evidence, "retention": retention, "expirationDate": until, "source": source,
             "jurisdiction": jurisdiction}  # fmt: skip
    keys = {key: value for key, value in given_keys.items() if value is not None}
    with error_output(output):
        result = run(ctx, Addition(list_id, numbers, keys, file, new_list))
        if output is Format.JSON:
            print_json(to_answer(add_json(result)))
        else:
            _print_result(result, NumberFormat(is_masked=ctx.pipeline.is_running))


def _ask_for_day(ctx: CommandContext) -> str | None:
    """Ask on a terminal on which day they asked: the deadline counts from it. Elsewhere nobody can answer."""
    if ctx.pipeline.is_running or not sys.stdin.isatty():
        return None
    today = ctx.clock().astimezone().date().isoformat()
    answer: str = typer.prompt("Day of the request, YYYY-MM-DD", default=today, err=True)
    return answer


def _print_result(result: AddResult, number_format: NumberFormat) -> None:
    list_id = result.list_id
    for number in result.numbers:
        print(f"{number_format.number(number)} added to {result.file}")
    for number, line in result.already_present.items():
        print(f"{number_format.number(number)} is there already, {result.file}:{line}")
    print_findings(result.warnings)
    if result.other_lists:
        print_error(f"{list_id} is a new list: no file named it. The others: {', '.join(result.other_lists)}")
    if result.numbers:
        terms = result.terms
        until = f", until {terms.end}" if terms.end else ""
        print_error(
            f"{len(result.numbers)} on {list_id}: {terms.reason_code} {terms.expiration_policy}{until}"
        )
        print_error(f"next: commit {result.file}; dnc plan shows what it changes")
