"""`dnc add`."""

from pathlib import Path
from typing import Annotated

import typer

from reconciler.cli.call import Format, complain, current, emit, show_findings
from reconciler.cli.options import examples
from reconciler.cli.output import Output, answer, told
from reconciler.cli.render.edits import added_json
from reconciler.cli.render.masking import Shown
from reconciler.core.model.entries import Policy, ReasonCode
from reconciler.use_cases.edits.add import Added, Wanted
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
    output: Output = Format.TEXT,
) -> None:
    """Put numbers on a list, in its file's sorted place. All or none; the same twice changes nothing."""
    ctx = current().context()
    given = {"reasonCode": reason.value, "expirationPolicy": policy.value, "requestedOn": requested_on,
             "evidence": evidence, "retention": retention, "expirationDate": until, "source": source,
             "jurisdiction": jurisdiction}  # fmt: skip
    keys = {key: value for key, value in given.items() if value is not None}
    with told(output):
        done = run(ctx, Wanted(list_id, numbers, keys, file))
        if output is Format.JSON:
            emit(answer(added_json(done, list_id)))
        else:
            _show(done, list_id, Shown(masked=ctx.pipeline.running))


def _show(done: Added, list_id: str, shown: Shown) -> None:
    for number in done.numbers:
        print(f"{shown.number(number)} added to {done.file}")
    for number, line in done.present.items():
        print(f"{shown.number(number)} is there already, {done.file}:{line}")
    show_findings(done.odd)
    if done.others:
        complain(f"{list_id} is a new list: no file named it. The others: {', '.join(done.others)}")
    if done.numbers:
        terms = done.terms
        until = f", until {terms.end}" if terms.end else ""
        complain(f"{len(done.numbers)} on {list_id}: {terms.reason_code} {terms.expiration_policy}{until}")
        complain(f"next: commit {done.file}; dnc plan shows what it changes")
