"""`dnc add`."""

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

EXAMPLES = examples(
    'dnc add "(212) 555-0123" --list dnc-list-01 --reason CUSTOMER_REQUESTED --policy NEVER '
    "--requested-on 2026-11-02 --evidence CALL-8831",
    "dnc add +14165550142 --list dnc-list-01 --reason LOCAL --policy RELATIVE "
    "--requested-on 2026-10-30 --retention P5Y --file dnc-lists/local.yaml",
)


def add(  # noqa: PLR0917  (an option each; Typer passes them by name)
    numbers: Annotated[
        list[str], typer.Argument(help="In any common writing; without a country, of the tenant's region.")
    ],
    list_id: Annotated[str, typer.Option("--list", help="The listId that they go on.")],
    reason: Annotated[ReasonCode, typer.Option(help="Why they may not be called.")],
    policy: Annotated[
        Policy,
        typer.Option(
            help="NEVER has no end; ABSOLUTE needs --until, RELATIVE --requested-on and --retention."
        ),
    ],
    requested_on: Annotated[str | None, typer.Option(help="The day on which they asked, YYYY-MM-DD.")] = None,
    evidence: Annotated[str | None, typer.Option(help="Where the proof is: a reference, no names.")] = None,
    retention: Annotated[str | None, typer.Option(help="How long from --requested-on, such as P5Y.")] = None,
    until: Annotated[str | None, typer.Option(help="The last day, YYYY-MM-DD.")] = None,
    source: Annotated[str | None, typer.Option(help="The system that they come from; else dnc.")] = None,
    jurisdiction: Annotated[str | None, typer.Option(help="Whose rules hold: US, US-VA, GB …")] = None,
    file: Annotated[
        Path | None, typer.Option(help="The file; needed where several files claim the list.")
    ] = None,
    new_list: NewListOption = False,
    output: Output = Format.TEXT,
) -> None:
    """Put numbers on a list, in its file's sorted place. All or none; the same twice changes nothing."""
    ctx = current_options().context()
    given_keys = {"reasonCode": reason.value, "expirationPolicy": policy.value, "requestedOn": requested_on,
             "evidence": evidence, "retention": retention, "expirationDate": until, "source": source,
             "jurisdiction": jurisdiction}  # fmt: skip
    keys = {key: value for key, value in given_keys.items() if value is not None}
    with error_output(output):
        result = run(ctx, Addition(list_id, numbers, keys, file, new_list))
        if output is Format.JSON:
            print_json(to_answer(add_json(result, list_id)))
        else:
            _print_result(result, list_id, NumberFormat(is_masked=ctx.pipeline.is_running))


def _print_result(result: AddResult, list_id: str, number_format: NumberFormat) -> None:
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
