"""`dnc import`."""

from pathlib import Path
from typing import Annotated

import typer

from reconciler.cli.call import complain, current, errors_told
from reconciler.desired.columns import FIELDS
from reconciler.model.terms import Policy, ReasonCode
from reconciler.reconcile.import_ import Imported
from reconciler.reconcile.import_ import import_ as run
from reconciler.reconcile.rows import Table

EXAMPLES = (
    "Examples: dnc import leads.csv --list dnc-list-01 --reason CUSTOMER_REQUESTED --policy NEVER "
    "--map phone=Tel --map requestedOn=Asked; dnc import 202.txt --list dnc-list-02 --reason NATIONAL "
    "--policy NEVER --jurisdiction US --source ftc-registry; dnc import calls.xlsx --profile vendor-a."
)
_PRINTED = 10


def import_(  # noqa: PLR0917  (an option each; Typer passes them by name)
    file: Annotated[Path, typer.Argument(help="CSV, TSV, XLSX, or the FTC's flat AAA,NNNNNNN.")],
    list_id: Annotated[
        str | None,
        typer.Option("--list", help="The listId that the numbers go on, where no profile says it."),
    ] = None,
    profile: Annotated[
        str | None, typer.Option(help="A name below imports in dnc.yaml: columns, codes, what to ignore.")
    ] = None,
    reason: Annotated[ReasonCode | None, typer.Option(help="Where no column reasonCode says it.")] = None,
    policy: Annotated[Policy | None, typer.Option(help="Where no column expirationPolicy says it.")] = None,
    requested_on: Annotated[str | None, typer.Option(help="The same for requestedOn.")] = None,
    evidence: Annotated[str | None, typer.Option(help="The same for evidence.")] = None,
    retention: Annotated[str | None, typer.Option(help="The same for retention.")] = None,
    until: Annotated[str | None, typer.Option(help="The same for expirationDate.")] = None,
    source: Annotated[str | None, typer.Option(help="The same for source.")] = None,
    jurisdiction: Annotated[str | None, typer.Option(help="The same for jurisdiction.")] = None,
    columns: Annotated[
        list[str] | None, typer.Option("--map", help=f"FIELD=COLUMN, FIELD one of {', '.join(FIELDS)}.")
    ] = None,
    batch: Annotated[
        str | None, typer.Option(help="The import's name; its day and content otherwise.")
    ] = None,
    rejects: Annotated[
        Path | None, typer.Option(help="Where refused rows go; FILE.rejects.csv otherwise.")
    ] = None,
) -> None:
    """Put the numbers of a table on a list, in new files of 5,000. Exit 8 when rows were refused."""
    around = current().surroundings()
    given = {"reasonCode": reason and reason.value, "expirationPolicy": policy and policy.value,
             "requestedOn": requested_on, "evidence": evidence, "retention": retention,
             "expirationDate": until, "source": source, "jurisdiction": jurisdiction}  # fmt: skip
    keys = {key: value for key, value in given.items() if value is not None}
    with errors_told():
        done = run(around, Table(file, list_id, keys, _named(columns or []), batch, rejects, profile))
        _show(done)
    raise typer.Exit(8 if done.refused else 0)


def _named(columns: list[str]) -> dict[str, str]:
    named: dict[str, str] = {}
    for said in columns:
        field, equals, title = said.partition("=")
        if not equals or field not in FIELDS or not title:
            raise typer.BadParameter(
                f"write FIELD=COLUMN, FIELD one of {', '.join(FIELDS)}", param_hint="--map"
            )
        named[field] = title
    return named


def _show(done: Imported) -> None:
    for reject in done.refused[:_PRINTED]:
        complain(f"line {reject.line}: {reject.why}")
    if more := len(done.refused[_PRINTED:]):
        complain(f"{more:,} more are in {done.rejects}")
    if done.refused:
        complain(
            f"refused rows: {done.rejects} (whole numbers: do not commit it). Correct and import that file"
        )
    if done.ignored:
        complain(f"columns that nothing was taken from: {', '.join(done.ignored)}")
    for path in done.files:
        print(path)
    left_out = sum(done.left_out.values())
    if left_out:
        counted = ", ".join(f"{value} ({count:,})" for value, count in sorted(done.left_out.items()))
        complain(f"rows that the profile ignores: {counted}")
    complain(
        f"batch {done.batch}: {done.read:,} rows read, {done.added:,} added, {done.present:,} already there, "
        f"{len(done.refused):,} refused" + (f", {left_out:,} ignored" if left_out else "")
    )
    if done.files:
        complain("next: commit these files; dnc plan shows what they change")
