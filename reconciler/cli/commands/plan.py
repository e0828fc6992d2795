"""`dnc plan`."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reconciler.cli.call import (
    FORMAT_HELP,
    Format,
    current_options,
    exit_on_errors,
    json_text,
    names_report,
    print_json,
)
from reconciler.cli.metrics import MetricsOption, metered_context
from reconciler.cli.options import examples
from reconciler.cli.output import write_text_file
from reconciler.cli.render.masking import NumberFormat, NumberMode, NumbersOption, document_copier
from reconciler.cli.render.plan_text import plan_text
from reconciler.cli.reports import PLAN_REPORTS, parse_report_options, write_plan
from reconciler.core.model.errors import DncError
from reconciler.use_cases.reconcile.live_read import ReadFrom
from reconciler.use_cases.reconcile.plan import PlanResult, failed_plan_json
from reconciler.use_cases.reconcile.plan import plan as run
from reconciler.use_cases.workspace.context import CommandContext

if TYPE_CHECKING:
    from reconciler.use_cases.reconcile.auto_merge import MergeRequestPlan


NoteOption = Annotated[
    bool, typer.Option("--note", help="Write the plan to the merge request's note. Needs GITLAB_TOKEN.")
]
AutoMergeOption = Annotated[
    bool,
    typer.Option("--auto-merge", help="Merge by itself if it only adds protection. Needs GITLAB_TOKEN."),
]


def update_merge_request(
    ctx: CommandContext,
    document: Mapping[str, Any],
    request: "MergeRequestPlan | None",
    *,
    note: bool,
    auto_merge: bool,
) -> None:
    """Tell the merge request, as far as was asked; `request` is None where there is no plan."""
    if not (note or auto_merge):
        return
    from reconciler.cli.render.note import Section  # noqa: PLC0415  (GitLab's client comes with these two)
    from reconciler.use_cases.operations.merge_request import post_note, set_auto_merge  # noqa: PLC0415

    if note:
        section = Section(
            document, request.head if request else None, request.changed_parts if request else ""
        )
        post_note(ctx, document["tenant"], section.text)
    if auto_merge:
        tip = request.tip if request else ""
        set_auto_merge(ctx, tip, hindrance=request.hindrance if request else "there is no plan")


EXAMPLES = examples(
    "dnc plan",
    "dnc plan --tenant production -o plan.json",
    "dnc plan --onto origin/main --report html=plan.html",
    "dnc plan --format json --detailed-exitcode",
    "dnc plan --reading saved",
)


def plan(  # noqa: PLR0917  (Typer calls it by keyword)
    out: Annotated[
        Path | None, typer.Option("-o", "--out", metavar="FILE", help="Write the plan as JSON to this file.")
    ] = None,
    onto: Annotated[
        str | None,
        typer.Option(
            metavar="REF", help="Plan the merge of HEAD with REF. In a merge request: its target branch."
        ),
    ] = None,
    as_of: Annotated[
        str | None, typer.Option(metavar="DATE", help="Plan as of this date (at UTC-12). Default: today.")
    ] = None,
    detailed_exitcode: Annotated[
        bool, typer.Option("--detailed-exitcode", help="Exit 3 when changes are pending.")
    ] = False,
    report: Annotated[
        list[str] | None,
        typer.Option(metavar="KIND=FILE", help=f"Write a report; KIND is one of {', '.join(PLAN_REPORTS)}."),
    ] = None,
    reading: Annotated[
        ReadFrom,
        typer.Option(
            help="live: read CXone; saved: what apply or drift read last; auto: saved in merge requests, "
            "where DNC_READING_KEY proves its origin and reading takes more than 20 requests."
        ),
    ] = ReadFrom.AUTO,
    numbers: NumbersOption = NumberMode.FULL,
    note: NoteOption = False,
    auto_merge: AutoMergeOption = False,
    metrics: MetricsOption = None,
    output: Annotated[Format, typer.Option("--format", help=FORMAT_HELP)] = Format.TEXT,
) -> None:
    """Show what apply would change. Reads only."""
    ctx = current_options().context(as_of=as_of, onto=onto)
    reports = report or []
    parse_report_options(reports, list(PLAN_REPORTS))

    def on_error(error: DncError) -> None:
        document = failed_plan_json(ctx, error)
        if output is Format.JSON:
            print_json(document)
        _write_file(document, out)
        write_plan(document, reports)
        update_merge_request(ctx, document, None, note=note, auto_merge=auto_merge)

    with metered_context(metrics, ctx, "plan") as ctx, exit_on_errors(on_error):
        copy = document_copier(numbers, ctx.environ)
        result = run(ctx, as_request=note or auto_merge, read_from=_read_from(reading, auto_merge=auto_merge))
        document = copy(result.document)
        _write_file(document, out)
        if output is Format.JSON:
            print_json(document)
        else:
            print(
                plan_text(
                    document,
                    NumberFormat(is_masked=ctx.pipeline.is_running and numbers is NumberMode.FULL),
                    names_report=names_report(ctx),
                )
            )
        write_plan(document, reports)
        update_merge_request(ctx, document, result.request, note=note, auto_merge=auto_merge)
        raise typer.Exit(_exit_code(result, detailed_exitcode=detailed_exitcode))


def _read_from(reading: ReadFrom, *, auto_merge: bool) -> ReadFrom:
    """Read CXone where a merge depends on what is found."""
    return ReadFrom.LIVE if auto_merge and reading is ReadFrom.AUTO else reading


def _exit_code(result: PlanResult, *, detailed_exitcode: bool) -> int:
    if result.has_newly_blocked:
        return 6
    return 3 if detailed_exitcode and result.pending else 0


def _write_file(document: Mapping[str, Any], out: Path | None) -> None:
    if out is not None:
        write_text_file(out, json_text(document) + "\n", "-o")
