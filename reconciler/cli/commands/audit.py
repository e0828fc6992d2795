"""`dnc audit`."""

import re
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from reconciler.audit.report import StoredReport
from reconciler.cli.call import Format, complain, current, day, emit, json_text
from reconciler.cli.options import examples, mapped, span
from reconciler.cli.output import Output, answer, own_file, told, write_own
from reconciler.cli.render.audit import (
    anchored_json,
    anchored_text,
    listed,
    proved_json,
    proved_text,
    reanchored_json,
    reanchored_text,
    shown_report,
)
from reconciler.cli.render.audit_answers import (
    board_json,
    board_markdown,
    board_text,
    compared_json,
    compared_text,
    references_csv,
    references_json,
    references_text,
    sums_text,
    write_csv,
    write_json,
)
from reconciler.cli.render.masking import Shown
from reconciler.cli.render.messages import count
from reconciler.use_cases.history.bundle import Month, bundle_month
from reconciler.use_cases.history.changes import export_changes
from reconciler.use_cases.history.compare import FIELDS, Asked
from reconciler.use_cases.history.compare import compare as run_compare
from reconciler.use_cases.history.evidence import references
from reconciler.use_cases.history.period import Period
from reconciler.use_cases.history.status import open_books
from reconciler.use_cases.history.summary import board
from reconciler.use_cases.history.verify import anchor as run_anchor
from reconciler.use_cases.history.verify import prove
from reconciler.use_cases.history.verify import reanchor as run_reanchor

From = Annotated[
    str | None, typer.Option("--from", metavar="DATE", help="The first day, in UTC; else the first report's.")
]
To = Annotated[str | None, typer.Option("--to", metavar="DATE", help="The last day; today otherwise.")]


def period(first: str | None, last: str | None) -> Period:
    """Read both. Raises a usage error for what is no date, or ends before it begins."""
    days = [day(text, option) if text else None for text, option in ((first, "--from"), (last, "--to"))]
    if days[0] and days[1] and days[1] < days[0]:
        raise typer.BadParameter(f"{last} is before {first}", param_hint="--to")
    return Period(*days)


ANCHOR_EXAMPLES = examples("dnc audit anchor", "dnc audit anchor --format json")


def anchor(output: Output = Format.TEXT) -> None:
    """Tag the record as it is, and print its hash for a place that the pipeline can't write."""
    with told(output):
        done = run_anchor(current().context())
        if output is Format.JSON:
            emit(answer(anchored_json(done)))
        else:
            print(anchored_text(done))


BUNDLE_EXAMPLES = examples(
    "dnc audit bundle --month 2026-11", "dnc audit bundle --month 2026-11 -o /archive/2026-11.bundle"
)
_MONTH = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])")


def bundle(
    month: Annotated[str, typer.Option(metavar="MONTH", help="A month, in UTC, as 2026-11.")],
    file: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="The file; FILE.manifest.json is put beside it."),
    ] = None,
    output: Output = Format.TEXT,
) -> None:
    """Write what the audit branch got in a month as a git bundle, verified, for write-once storage."""
    with told(output):
        made = bundle_month(current().context(), _month(month))
        path = file or Path(f"{made.branch.replace('/', '-')}-{made.month}.bundle")
        write_own(path, made.data)
        made.verify(str(path.absolute()))
        beside, manifest = path.with_name(f"{path.name}.manifest.json"), made.said_of(path.name)
        with own_file(beside) as out:
            out.write(json_text(manifest, indent=2) + "\n")
        if output is Format.JSON:
            emit({"errored": False, **manifest})
        else:
            reports = sum(one["reports"] for one in manifest["tenants"])
            told_of = f"{count(reports, 'report')} of {made.month}"
            print(f"{path}: {told_of}, verified by git, described by {beside}")
            print(f"  SHA-256 {manifest['bundle']['sha256']}")
            if not made.over:
                print("  the month is not over: make it again when it is")


def _month(text: str) -> Month:
    found = _MONTH.fullmatch(text)
    if found is None or found[1] in {"0000", "9999"}:
        raise typer.BadParameter(f"{text!r} is no month: write it as 2026-11", param_hint="--month")
    return Month(int(found[1]), int(found[2]))


COMPARE_EXAMPLES = examples(
    "dnc audit compare cxone-export.csv",
    "dnc audit compare cxone-export.csv --report 12 --map listId=Group",
    "dnc audit compare dnc-list-01.xlsx --list dnc-list-01 --format json",
)


def compare(
    export: Annotated[Path, typer.Argument(help="CSV, TSV or XLSX, as CXone gives it out.")],
    report: Annotated[str | None, typer.Option(help="Its number, or a part of its name; the newest.")] = None,
    columns: Annotated[
        list[str] | None, typer.Option("--map", help=f"FIELD=COLUMN, FIELD one of {', '.join(FIELDS)}.")
    ] = None,
    list_id: Annotated[
        str | None, typer.Option("--list", help="The list that is meant, where no column says it.")
    ] = None,
    output: Output = Format.TEXT,
) -> None:
    """Hold an export that you took out of CXone yourself against a report. Exit 3 where they differ."""
    ctx = current().context()
    asked = Asked(export, mapped(columns or [], FIELDS), list_id)
    with told(output):
        done = run_compare(ctx, asked, report)
        code = 0 if done.is_equal else 3
        if output is Format.JSON:
            emit(answer(compared_json(done), code=code))
        else:
            print(compared_text(done, Shown(masked=True)))
    raise typer.Exit(code)


EVIDENCE_EXAMPLES = examples("dnc audit evidence", "dnc audit evidence --format csv -o evidence.csv")


class ReferenceFormat(StrEnum):
    """How references are written."""

    TEXT = "text"
    CSV = "csv"
    JSON = "json"


_WRITE = {
    ReferenceFormat.TEXT: references_text,
    ReferenceFormat.CSV: references_csv,
    ReferenceFormat.JSON: references_json,
}


def evidence(
    output: Annotated[
        ReferenceFormat, typer.Option("--format", help="How it is written.")
    ] = ReferenceFormat.TEXT,
    file: Annotated[Path | None, typer.Option("-o", "--output", help="The file, for its owner only.")] = None,
) -> None:
    """Name what entries and releases refer to, and until when each must be kept."""
    with told(Format.JSON if output is ReferenceFormat.JSON else Format.TEXT):
        found = references(current().context())
        with own_file(file) if file else nullcontext(sys.stdout) as out:
            _WRITE[output](found, out)


EXPORT_EXAMPLES = examples(
    "dnc audit export --from 2026-11-01 --to 2026-11-30 -o changes.csv",
    "dnc audit export --exposing --from 2026-01-01",
)


class TableFormat(StrEnum):
    """How changes are written."""

    CSV = "csv"
    JSON = "json"


def export(
    first: From = None,
    last: To = None,
    *,
    exposing: Annotated[bool, typer.Option("--exposing", help="Only what came off or got weaker.")] = False,
    output: Annotated[TableFormat, typer.Option("--format", help="How it is written.")] = TableFormat.CSV,
    file: Annotated[Path | None, typer.Option("-o", "--output", help="The file, for its owner only.")] = None,
) -> None:
    """Write every change of a period, one row each, and hold the sums against the reports' own."""
    days = period(first, last)
    with told(Format(output) if output is TableFormat.JSON else Format.TEXT):
        exported = export_changes(current().context(), days, exposing=exposing)
        with own_file(file) if file else nullcontext(sys.stdout) as out:
            write_json(exported, out) if output is TableFormat.JSON else write_csv(exported, out)
        complain(sums_text(exported))
    for difference in exported.differences:
        complain(f"error: {difference}\n  way out: dnc audit verify")
    raise typer.Exit(4 if exported.differences else 0)


REANCHOR_EXAMPLES = examples(
    "dnc audit reanchor 3f0c2a9e2b7d4c1f8a6b3d9e7c5a1b2d3e4f5a6b=9a1b2c3d4e5f60718293a4b5c6d7e8f901234567 "
    '--reason "Order of the court to erase a number" --evidence ORDER-17',
)
_PAIR = re.compile("([0-9a-f]{40}|[0-9a-f]{64})=([0-9a-f]{40}|[0-9a-f]{64})")


def reanchor(
    reason: Annotated[str, typer.Option(help="Which purge or doubt this was, in a line.")],
    evidence: Annotated[str, typer.Option(help="A reference to the order or the incident.")],
    heads: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[OLD=NEW...]",
            help="What was, and what it became: commits, or reports' SHA-256. None: a doubt.",
        ),
    ] = None,
    output: Output = Format.TEXT,
) -> None:
    """Continue the chain after a purge of history or a doubt, by a record that verify shows ever after."""
    pairs = _pairs(heads or ())
    with told(output):
        done = run_reanchor(current().context(), pairs, reason, evidence)
        if output is Format.JSON:
            emit(answer(reanchored_json(done)))
        else:
            print(reanchored_text(done))


def _pairs(texts: Sequence[str]) -> dict[str, str]:
    found = [_PAIR.fullmatch(text.lower()) for text in texts]
    if bad := [text for text, pair in zip(texts, found, strict=True) if pair is None]:
        raise typer.BadParameter(f"{bad[0]!r}: write whole hashes, as OLD=NEW", param_hint="OLD=NEW")
    return {pair[1]: pair[2] for pair in found if pair}


SUMMARY_EXAMPLES = examples(
    "dnc audit summary --from 2026-11-01 --to 2026-11-30",
    "dnc audit summary --from 2026-10-01 --format markdown",
)


class PageFormat(StrEnum):
    """How the page is written."""

    TEXT = "text"
    MARKDOWN = "markdown"
    JSON = "json"


def summary(
    first: From = None,
    last: To = None,
    output: Annotated[PageFormat, typer.Option("--format", help="How it is printed.")] = PageFormat.TEXT,
) -> None:
    """Sum up a period on one page: requests, what was late and why, what came off, days verified, alarms."""
    days = period(first, last)
    ctx = current().context()
    with told(Format.JSON if output is PageFormat.JSON else Format.TEXT):
        found = board(ctx, days)
        if output is PageFormat.JSON:
            emit(board_json(found))
        elif output is PageFormat.MARKDOWN:  # a copy that travels
            print(board_markdown(found, Shown(masked=True)))
        else:
            print(board_text(found, Shown(masked=ctx.pipeline.running)))


VERIFY_EXAMPLES = examples(
    "dnc audit verify",
    "dnc audit verify --max-age 26h",
    "dnc audit verify --anchor 5f0c2a9e2b7d4c1f8a6b3d9e7c5a1b2d3e4f5a6b --format json",
)
_ANCHOR = re.compile("[0-9a-f]{40}|[0-9a-f]{64}")


def verify(
    anchors: Annotated[
        list[str] | None,
        typer.Option("--anchor", metavar="HASH", help="A commit or a report's SHA-256 that must be in it."),
    ] = None,
    max_age: Annotated[
        str | None, typer.Option(metavar="26h", help="How old the newest report may be (m, h, d).")
    ] = None,
    output: Output = Format.TEXT,
) -> None:
    """Check every chain, here and at the remote, and that no commit ever changed or removed a report.

    Exit 4 where one does not hold, 3 where the newest report is only too old.
    """
    known = tuple(_anchor(text) for text in anchors or ())
    most = span(max_age, "--max-age") if max_age else None
    with told(output):
        done = prove(current().context(), known, most)
        if output is Format.JSON:
            emit(proved_json(done))
        elif text := proved_text(done):
            print(text)
        for problem in (*done.found.problems, *done.found.stale):
            complain(f"error: {problem}")
    raise typer.Exit(done.exit_code)


def _anchor(text: str) -> str:
    if not _ANCHOR.fullmatch(text.lower()):
        raise typer.BadParameter(
            f"{text!r} is no hash: write all of a commit's 40 digits, or of a report's SHA-256",
            param_hint="--anchor",
        )
    return text.lower()


app = typer.Typer(no_args_is_help=True, help="The record: list reports, show one, verify the chain, push.")

# Each further command has a file of its own, `audit_NAME.py`, and is joined here.
app.command("compare", epilog=COMPARE_EXAMPLES)(compare)
app.command("verify", epilog=VERIFY_EXAMPLES)(verify)
app.command("anchor", epilog=ANCHOR_EXAMPLES)(anchor)
app.command("reanchor", epilog=REANCHOR_EXAMPLES)(reanchor)


@app.command("list", epilog=examples("dnc audit list", "dnc audit list --tenant production --format json"))
def list_reports(output: Output = Format.TEXT) -> None:
    """List the tenant's reports, newest first."""
    with told(output):
        books = open_books(current().context())
        reports = list(books.reports())
        if output is Format.JSON:
            emit({"tenant": books.tenant, "reports": [_entry(stored) for stored in reports]})
        else:
            print(listed(reports) or f"no report for {books.tenant} yet: dnc apply writes the first")


def _entry(stored: StoredReport) -> dict[str, Any]:
    report = stored.report
    return {
        "path": stored.path,
        "sha256": stored.sha256,
        "seq": report.seq,
        "status": report.status,
        "revision": report.revision,
        "finished_at": report.finished_text,
    }


@app.command("show", epilog=examples("dnc audit show", "dnc audit show 12", "dnc audit show --format json"))
def show(
    report: Annotated[
        str | None, typer.Argument(help="Its number, or a part of its name; the newest.")
    ] = None,
    output: Output = Format.TEXT,
) -> None:
    """Show one report."""
    with told(output):
        stored = open_books(current().context()).find(report)
        if output is Format.JSON:
            emit(dict(stored.report.fields))
        else:
            print(shown_report(stored))


@app.command("push", epilog=examples("dnc audit push"))
def push(output: Output = Format.TEXT) -> None:
    """Push the reports that a run could not push; of every tenant, in order."""
    with told(output):
        pushed = open_books(current().context(), fetch=False).push()
        if output is Format.JSON:
            emit({"pushed": list(pushed)})
        else:
            print(
                "\n".join(f"pushed {path}" for path in pushed) or "nothing waits: the remote has every report"
            )


app.command("evidence", epilog=EVIDENCE_EXAMPLES)(evidence)
app.command("summary", epilog=SUMMARY_EXAMPLES)(summary)
app.command("bundle", epilog=BUNDLE_EXAMPLES)(bundle)
app.command("export", epilog=EXPORT_EXAMPLES)(export)
