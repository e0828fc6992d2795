"""`dnc ci`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from reconciler.cli.call import Format, current_options, exit_on_errors, json_text, print_error
from reconciler.cli.help import GroupedCommands
from reconciler.cli.options import examples
from reconciler.cli.output import Output, error_output, to_answer, write_text_file
from reconciler.cli.render.gitlab_reports import child_pipeline
from reconciler.cli.render.note import read_plan, render_plans_report
from reconciler.cli.terminal import plain_stdout
from reconciler.core.model.finding import count_text
from reconciler.gitlab.notes import ALL_TENANTS
from reconciler.use_cases.operations.ci_tenants import Work, fan_out
from reconciler.use_cases.operations.merge_request import post_note

app = typer.Typer(cls=GroupedCommands, no_args_is_help=True, help="Pipelines of many tenants.")
_OutOption = Annotated[
    Path | None, typer.Option("-o", "--out", metavar="FILE", help="The file. Default: stdout.")
]


@app.command(
    "tenants",
    epilog=examples(
        "dnc ci tenants -o child.yml",
        "dnc ci tenants --changed-since origin/main --with .ci/tenants.yml -o child.yml",
    ),
)
def tenants(
    changed_since: Annotated[
        str | None,
        typer.Option(
            metavar="REF", help="Only tenants whose files, settings or rules changed since this commit."
        ),
    ] = None,
    work: Annotated[
        Work | None, typer.Option(help="Default: plan in merge requests and outside CI, else apply.")
    ] = None,
    common: Annotated[
        Path | None,
        typer.Option(
            "--with",
            exists=True,
            dir_okay=False,
            help="YAML to start with: default, variables, what all jobs share.",
        ),
    ] = None,
    out: _OutOption = None,
    output: Output = Format.TEXT,
) -> None:
    """Write a child pipeline: one job per tenant."""
    with error_output(output):
        fan_out_result = fan_out(current_options().context(), since=changed_since, work=work)
        if output is Format.JSON:
            tenants_json = {
                "work": fan_out_result.work.value,
                "tenants": list(fan_out_result.tenants),
                "onto": fan_out_result.target_branch,
            }
            encoding = sys.stdout.encoding if out is None else None
            _write(f"{json_text(to_answer(tenants_json), indent=2, encoding=encoding)}\n", out)
            return
        common_yaml = common.read_text(encoding="utf-8") if common else ""
        _write(child_pipeline(fan_out_result, common_yaml), out)
        print_error(f"{count_text(len(fan_out_result.tenants), 'tenant')} to {fan_out_result.work}")


@app.command(
    "gather",
    epilog=examples(
        "dnc ci gather plans/*.json -o plans.md",
        "dnc ci gather plans/*.json --note",
    ),
)
def gather(
    plans: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[PLAN.JSON...]",
            help="Files of plan or apply, named TENANT.json. None: no tenant changed.",
        ),
    ] = None,
    note: Annotated[
        bool,
        typer.Option("--note", help="Write it to the merge request's note, too. Needs GITLAB_TOKEN."),
    ] = False,
    out: _OutOption = None,
) -> None:
    """Merge plans of many tenants into one report.

    In Markdown; numbers are masked.
    """
    with exit_on_errors():
        tenant_plans = [read_plan(path) for path in plans or ()]
        _write(render_plans_report(tenant_plans), out)
        if note:
            # A merge request of no tenant gets no note; one that had changed some is told that it does not
            # now.
            post_note(
                current_options().context(),
                ALL_TENANTS,
                lambda room: render_plans_report(tenant_plans, room),
                as_new_note=bool(tenant_plans),
            )


def _write(text: str, out: Path | None) -> None:
    if out is None:
        with plain_stdout():
            print(text, end="")
        return
    write_text_file(out, text, "-o")
