"""`dnc ci`."""

from pathlib import Path
from typing import Annotated

import typer

from reconciler.cli.call import Format, complain, current, json_text
from reconciler.cli.options import examples
from reconciler.cli.output import Output, answer, told
from reconciler.cli.render.gitlab_reports import child_pipeline
from reconciler.cli.render.messages import count
from reconciler.cli.render.note import gathered, read_plan
from reconciler.gitlab.notes import ALL
from reconciler.use_cases.operations.ci_tenants import Work, fan_out
from reconciler.use_cases.operations.merge_request import post_note

app = typer.Typer(no_args_is_help=True, help="Many tenants: a job for each, and their plans in one report.")
_Out = Annotated[Path | None, typer.Option("-o", "--out", help="Write it here; on stdout otherwise.")]


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
        typer.Option(help="Only tenants whose files, settings or rules HEAD changes against this commit."),
    ] = None,
    work: Annotated[
        Work | None, typer.Option(help="plan in merge requests and outside CI, apply elsewhere.")
    ] = None,
    common: Annotated[
        Path | None,
        typer.Option(
            "--with",
            exists=True,
            dir_okay=False,
            help="YAML to begin with: default, variables, what all jobs share.",
        ),
    ] = None,
    out: _Out = None,
    output: Output = Format.TEXT,
) -> None:
    """Write a child pipeline with a job for each tenant."""
    with told(output):
        found = fan_out(current().context(), since=changed_since, work=work)
        if output is Format.JSON:
            said = {"work": found.work.value, "tenants": list(found.tenants), "onto": found.onto}
            _write(f"{json_text(answer(said), indent=2)}\n", out)
            return
        shared = common.read_text(encoding="utf-8") if common else ""
        _write(child_pipeline(found, shared), out)
        complain(f"{count(len(found.tenants), 'tenant')} to {found.work}")


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
            help="What plan or apply wrote; named TENANT.json. None: no tenant has changed.",
        ),
    ] = None,
    note: Annotated[
        bool,
        typer.Option("--note", help="Write it into the merge request's note, too; needs GITLAB_TOKEN."),
    ] = False,
    out: _Out = None,
) -> None:
    """Merge the plans of many tenants into one Markdown report. Numbers are masked."""
    found = [read_plan(path) for path in plans or ()]
    _write(gathered(found), out)
    if note:
        # A merge request of no tenant gets no note; one that had changed some is told that it does not now.
        post_note(current().context(), ALL, lambda room: gathered(found, room), anew=bool(found))


def _write(text: str, out: Path | None) -> None:
    if out is None:
        print(text, end="")
        return
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise typer.BadParameter(f"{out}: {error.strerror}", param_hint="-o") from None
