"""`dnc import`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli.call import Format, current_options, print_json
from reconciler.cli.options import NewListOption, examples, parse_column_map
from reconciler.cli.output import Output, error_output, to_answer
from reconciler.cli.render.edits import import_json, print_import, print_snapshot, snapshot_json
from reconciler.cli.render.masking import NumberFormat
from reconciler.core.model.entries import Policy, ReasonCode
from reconciler.lists.tables.columns import MAPPABLE
from reconciler.lists.tables.table import TablePlace
from reconciler.use_cases.edits.import_table import ImportResult
from reconciler.use_cases.edits.import_table import import_ as run
from reconciler.use_cases.edits.table_rows import ImportTable, Vouching

if TYPE_CHECKING:
    from reconciler.use_cases.edits.registry_snapshot import SnapshotResult


EXAMPLES = examples(
    "dnc import leads.csv --list dnc-list-01 --reason CUSTOMER_REQUESTED --policy NEVER "
    "--map phone=Tel --map requestedOn=Asked",
    "dnc import calls.xlsx --profile vendor-a",
    "dnc import 202.txt --list dnc-list-02 --reason NATIONAL --policy NEVER "
    "--jurisdiction US --source ftc-registry --snapshot --retrieved-at 2026-11-20",
)


def import_(  # noqa: PLR0917  (an option each; Typer passes them by name)
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="CSV, TSV, XLSX, a registry's flat AAA,NNNNNNN or XML, also in ZIP or gzip; - is stdin.",
        ),
    ],
    list_id: Annotated[
        str | None,
        typer.Option("--list", metavar="LIST", help="The list. A profile may name it."),
    ] = None,
    profile: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="A profile of dnc.yaml (imports): columns, codes, what to ignore."),
    ] = None,
    reason: Annotated[
        ReasonCode | None,
        typer.Option(metavar="REASON", help="The reasonCode of rows whose column does not say it."),
    ] = None,
    policy: Annotated[Policy | None, typer.Option(help="The same for expirationPolicy.")] = None,
    requested_on: Annotated[
        str | None, typer.Option(metavar="DATE", help="The same for requestedOn.")
    ] = None,
    evidence: Annotated[str | None, typer.Option(metavar="REF", help="The same for evidence.")] = None,
    retention: Annotated[str | None, typer.Option(metavar="TERM", help="The same for retention.")] = None,
    until: Annotated[str | None, typer.Option(metavar="DATE", help="The same for expirationDate.")] = None,
    source: Annotated[
        str | None, typer.Option(metavar="REF", help="The same for source. With --snapshot: the registry.")
    ] = None,
    jurisdiction: Annotated[
        str | None, typer.Option(metavar="CODE", help="The same for jurisdiction.")
    ] = None,
    columns: Annotated[
        list[str] | None,
        typer.Option(
            "--map",
            metavar="FIELD=COLUMN",
            help=f"COLUMN is a title, or a number from 1. FIELD: {', '.join(MAPPABLE)}.",
        ),
    ] = None,
    phone_columns: Annotated[
        list[str] | None,
        typer.Option(
            "--phone-columns",
            metavar="COLUMNS",
            help="All columns with numbers, where a row has several: Home,Work.",
        ),
    ] = None,
    header_row: Annotated[
        int | None,
        typer.Option(min=0, metavar="N", help="The line with the column titles. 0: the file has none."),
    ] = None,
    sheet: Annotated[
        str | None, typer.Option(metavar="NAME", help="The sheet to read, where a workbook has several.")
    ] = None,
    expect_rows: Annotated[
        int | None, typer.Option(min=0, metavar="N", help="How many rows of data its sender says it has.")
    ] = None,
    sha256: Annotated[
        str | None, typer.Option("--sha256", metavar="HASH", help="The SHA-256 that its sender says it has.")
    ] = None,
    batch: Annotated[
        str | None,
        typer.Option(metavar="BATCH", help="A name for this import. Default: from its day and content."),
    ] = None,
    rejects: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The file for refused rows. Default: FILE.rejects.csv."),
    ] = None,
    whole: Annotated[
        bool, typer.Option("--snapshot", help="The file is a registry's whole list for its area codes.")
    ] = False,
    retrieved_at: Annotated[
        str | None,
        typer.Option(metavar="DATE", help="With --snapshot: the day on which the registry gave it out."),
    ] = None,
    max_loss: Annotated[
        float | None,
        typer.Option(
            min=0, max=2, metavar="PERCENT", help="With --snapshot: how much an area code may lose."
        ),
    ] = None,
    new_list: NewListOption = False,
    output: Output = Format.TEXT,
) -> None:
    """Add numbers from a CSV or Excel file.

    Writes new files of 5,000 numbers. Exits with 8 where rows were refused or in doubt.
    """
    _demand_usage(is_snapshot=whole, retrieved_at=retrieved_at, max_loss=max_loss, batch=batch)
    ctx = current_options().context()
    given_keys = {"reasonCode": reason and reason.value, "expirationPolicy": policy and policy.value,
             "requestedOn": requested_on, "evidence": evidence, "retention": retention,
             "expirationDate": until, "source": source, "jurisdiction": jurisdiction}  # fmt: skip
    keys = {key: value for key, value in given_keys.items() if value is not None}
    table = ImportTable(
        file,
        list_id,
        keys,
        parse_column_map(columns or [], MAPPABLE),
        batch,
        rejects,
        profile,
        new_list,
        phone_columns=[title.strip() for titles in phone_columns or [] for title in titles.split(",")],
        place=TablePlace(sheet, header_row),
        vouching=Vouching(expect_rows, sha256),
    )
    with error_output(output):
        if retrieved_at:
            from reconciler.use_cases.edits.registry_snapshot import snapshot  # noqa: PLC0415  (takes its time to load)

            code = _print_snapshot(snapshot(ctx, table, retrieved_at, max_loss), output)
        else:
            code = _print_import(run(ctx, table), output)
    raise typer.Exit(code)


def _print_import(result: ImportResult, output: Format) -> int:
    code = 8 if result.rows.refused else 0
    if output is Format.JSON:
        print_json(to_answer(import_json(result), code=code))
    else:
        print_import(result)
    return code


def _print_snapshot(result: "SnapshotResult", output: Format) -> int:
    code = 8 if result.rows.refused or result.doubts else 0
    if output is Format.JSON:
        print_json(to_answer(snapshot_json(result), code=code))
    else:
        print_snapshot(result, NumberFormat(is_masked=current_options().context().pipeline.is_running))
    return code


def _demand_usage(
    *, is_snapshot: bool, retrieved_at: str | None, max_loss: float | None, batch: str | None
) -> None:
    if is_snapshot and not retrieved_at:
        raise typer.BadParameter(
            "say when the registry gave it out: --retrieved-at 2026-11-20", param_hint="--snapshot"
        )
    if is_snapshot and batch:
        raise typer.BadParameter("a snapshot has none: an area code has its files", param_hint="--batch")
    if not is_snapshot and (retrieved_at or max_loss is not None):
        name = "--retrieved-at" if retrieved_at else "--max-loss"
        raise typer.BadParameter("only a snapshot has it: add --snapshot", param_hint=name)
