"""`dnc audit`."""

import re
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from reconciler.audit.report import StoredReport
from reconciler.cli.call import (
    FORMAT_HELP,
    Format,
    current_options,
    json_text,
    parse_day_option,
    print_error,
    print_json,
)
from reconciler.cli.help import AuditCommands
from reconciler.cli.options import examples, parse_age, parse_column_map
from reconciler.cli.output import Output, error_output, open_private_file, to_answer, write_private_file
from reconciler.cli.render.audit import (
    anchor_json,
    anchor_text,
    nothing_pushed_text,
    reanchor_json,
    reanchor_text,
    report_list_text,
    report_text,
)
from reconciler.cli.render.audit_answers import (
    comparison_json,
    comparison_text,
    references_csv,
    references_json,
    references_note,
    references_text,
    summary_json,
    summary_markdown,
    summary_text,
    sums_text,
    write_csv,
    write_json,
)
from reconciler.cli.render.masking import NumberFormat
from reconciler.cli.render.messages import no_report_text
from reconciler.cli.render.record_verdict import (
    unverified_sentence,
    verdict_json,
    verdict_sentence,
    verify_json,
    verify_text,
)
from reconciler.cli.terminal import plain_stdout
from reconciler.core.model.finding import count_text
from reconciler.use_cases.history.bundle import Month, bundle_month
from reconciler.use_cases.history.changes import export_changes
from reconciler.use_cases.history.compare import FIELDS, ExportFile
from reconciler.use_cases.history.compare import compare as run_compare
from reconciler.use_cases.history.evidence import references
from reconciler.use_cases.history.period import Period
from reconciler.use_cases.history.record_verdict import Verdict
from reconciler.use_cases.history.status import open_reports
from reconciler.use_cases.history.summary import summarize_period
from reconciler.use_cases.history.verify import anchor as run_anchor
from reconciler.use_cases.history.verify import reanchor as run_reanchor
from reconciler.use_cases.history.verify import verify_chains

FromOption = Annotated[
    str | None,
    typer.Option("--from", metavar="DATE", help="The first day, in UTC. Default: the first report's."),
]
ToOption = Annotated[str | None, typer.Option("--to", metavar="DATE", help="The last day. Default: today.")]


def parse_period_options(first: str | None, last: str | None) -> Period:
    """Read both. Raises a usage error for what is no date, or ends before it begins."""
    days = [
        parse_day_option(text, option) if text else None
        for text, option in ((first, "--from"), (last, "--to"))
    ]
    if days[0] and days[1] and days[1] < days[0]:
        raise typer.BadParameter(f"{last} is before {first}", param_hint="--to")
    return Period(*days)


ANCHOR_EXAMPLES = examples("dnc audit anchor", "dnc audit anchor --format json")


def anchor(output: Output = Format.TEXT) -> None:
    """Tag the record; print its hash to keep elsewhere.

    Keep the hash where the pipeline cannot write.
    """
    with error_output(output):
        result = run_anchor(current_options().context())
        if output is Format.JSON:
            print_json(to_answer(anchor_json(result)))
        else:
            print(anchor_text(result))


BUNDLE_EXAMPLES = examples(
    "dnc audit bundle --month 2026-11", "dnc audit bundle --month 2026-11 -o /archive/2026-11.bundle"
)
_MONTH = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])")


def bundle(
    month: Annotated[str, typer.Option(metavar="MONTH", help="A month, in UTC, as 2026-11.")],
    file: Annotated[
        Path | None,
        typer.Option(
            "-o", "--out", metavar="FILE", help="The file; FILE.manifest.json is written beside it."
        ),
    ] = None,
    output: Output = Format.TEXT,
) -> None:
    """Write a month of reports as a git bundle.

    The bundle is verified; it is for write-once storage.
    """
    with error_output(output):
        month_bundle = bundle_month(current_options().context(), _parse_month(month))
        path = file or Path(f"{month_bundle.branch.replace('/', '-')}-{month_bundle.month}.bundle")
        write_private_file(path, month_bundle.data)
        month_bundle.verify(str(path.absolute()))
        beside, manifest = path.with_name(f"{path.name}.manifest.json"), month_bundle.manifest_for(path.name)
        with open_private_file(beside) as stream:
            stream.write(json_text(manifest, indent=2) + "\n")
        if output is Format.JSON:
            print_json({"errored": False, **manifest})
        else:
            reports = sum(tenant_row["reports"] for tenant_row in manifest["tenants"])
            told_of = f"{count_text(reports, 'report')} of {month_bundle.month}"
            print(f"{path}: {told_of}, verified by git, described by {beside}")
            print(f"  SHA-256 {manifest['bundle']['sha256']}")
            if not month_bundle.is_complete:
                print("  the month is not over: make it again when it is")


def _parse_month(text: str) -> Month:
    match = _MONTH.fullmatch(text)
    if match is None or match[1] in {"0000", "9999"}:
        raise typer.BadParameter(f"{text!r} is no month: write it as 2026-11", param_hint="--month")
    return Month(int(match[1]), int(match[2]))


COMPARE_EXAMPLES = examples(
    "dnc audit compare cxone-export.csv",
    "dnc audit compare cxone-export.csv --report 12 --map listId=Group",
    "dnc audit compare dnc-list-01.xlsx --list dnc-list-01 --format json",
)


def compare(
    export: Annotated[Path, typer.Argument(metavar="FILE", help="CSV, TSV or XLSX, as CXone exports it.")],
    report: Annotated[
        str | None,
        typer.Option(
            metavar="REPORT", help="Number, or part of the name, of the report. Default: the newest."
        ),
    ] = None,
    columns: Annotated[
        list[str] | None,
        typer.Option("--map", metavar="FIELD=COLUMN", help=f"FIELD is one of {', '.join(FIELDS)}."),
    ] = None,
    list_id: Annotated[
        str | None, typer.Option("--list", metavar="LIST", help="The list, where no column names it.")
    ] = None,
    output: Output = Format.TEXT,
) -> None:
    """Compare a CXone export with a report.

    For an export that you took out of CXone yourself. Exits with 3 where they differ.
    """
    ctx = current_options().context()
    export_file = ExportFile(export, parse_column_map(columns or [], FIELDS), list_id)
    with error_output(output):
        comparison = run_compare(ctx, export_file, report)
        code = 0 if comparison.is_equal else 3
        if output is Format.JSON:
            print_json(to_answer(comparison_json(comparison), code=code))
        else:
            print(comparison_text(comparison, NumberFormat(is_masked=True)))
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
        ReferenceFormat, typer.Option("--format", help="Output format.")
    ] = ReferenceFormat.TEXT,
    file: Annotated[
        Path | None, typer.Option("-o", "--out", metavar="FILE", help="The file, readable by you alone.")
    ] = None,
) -> None:
    """List references to evidence, and how long to keep each.

    Exit 3 where there is no report: nothing is known then.
    """
    with error_output(Format.JSON if output is ReferenceFormat.JSON else Format.TEXT):
        all_references = references(current_options().context())
        with open_private_file(file) if file else plain_stdout() as stream:
            _WRITE[output](all_references, stream)
        note = references_note(all_references)
        if note and (file or output is not ReferenceFormat.TEXT):
            print_error(note)
    raise typer.Exit(3 if note else 0)


EXPORT_EXAMPLES = examples(
    "dnc audit export --from 2026-11-01 --to 2026-11-30 -o changes.csv",
    "dnc audit export --exposing --from 2026-01-01",
)


class TableFormat(StrEnum):
    """How changes are written."""

    CSV = "csv"
    JSON = "json"


def export(
    first: FromOption = None,
    last: ToOption = None,
    *,
    exposing: Annotated[bool, typer.Option("--exposing", help="Only what was removed or weakened.")] = False,
    output: Annotated[TableFormat, typer.Option("--format", help="Output format.")] = TableFormat.CSV,
    file: Annotated[
        Path | None, typer.Option("-o", "--out", metavar="FILE", help="The file, readable by you alone.")
    ] = None,
) -> None:
    """Write every change of a period as CSV.

    One row a change; the sums are compared with those of the reports.

    Exit 3 where there is no report, 4 where the sums differ.
    """
    days = parse_period_options(first, last)
    with error_output(Format(output) if output is TableFormat.JSON else Format.TEXT):
        changes_export = export_changes(current_options().context(), days, exposing=exposing)
        with open_private_file(file) if file else plain_stdout() as stream:
            write_json(changes_export, stream) if output is TableFormat.JSON else write_csv(
                changes_export, stream
            )
        for remark in changes_export.remarks:
            print_error(f"warning: {remark}")
        print_error(sums_text(changes_export))
    for difference in changes_export.differences:
        print_error(f"error: {difference}\n  fix: dnc audit verify")
    raise typer.Exit(4 if changes_export.differences else 3 if changes_export.is_record_empty else 0)


REANCHOR_EXAMPLES = examples(
    "dnc audit reanchor 3f0c2a9e2b7d4c1f8a6b3d9e7c5a1b2d3e4f5a6b=9a1b2c3d4e5f60718293a4b5c6d7e8f901234567 "
    '--reason "Order of the court to erase a number" --evidence ORDER-17',
)
_PAIR = re.compile("([0-9a-f]{40}|[0-9a-f]{64})=([0-9a-f]{40}|[0-9a-f]{64})")


def reanchor(
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Which purge or doubt this was, in a line.")],
    evidence: Annotated[str, typer.Option(metavar="REF", help="A reference to the order or the incident.")],
    heads: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[OLD=NEW...]",
            help="Old and new commit, or a report's SHA-256. None: a doubt.",
        ),
    ] = None,
    output: Output = Format.TEXT,
) -> None:
    """Continue the chain after a purge or a doubt.

    Writes a record that `dnc audit verify` shows from then on.
    """
    pairs = _parse_heads(heads or ())
    with error_output(output):
        result = run_reanchor(current_options().context(), pairs, reason, evidence)
        if output is Format.JSON:
            print_json(to_answer(reanchor_json(result)))
        else:
            print(reanchor_text(result))


def _parse_heads(texts: Sequence[str]) -> dict[str, str]:
    matches = [_PAIR.fullmatch(text.lower()) for text in texts]
    if invalid_texts := [text for text, pair in zip(texts, matches, strict=True) if pair is None]:
        raise typer.BadParameter(
            f"{invalid_texts[0]!r}: write whole hashes, as OLD=NEW", param_hint="OLD=NEW"
        )
    return {pair[1]: pair[2] for pair in matches if pair}


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
    first: FromOption = None,
    last: ToOption = None,
    output: Annotated[PageFormat, typer.Option("--format", help=FORMAT_HELP)] = PageFormat.TEXT,
) -> None:
    """Sum up a period on one page.

    Requests, what was late and why, what was removed, days verified, alarms.

    Exit 3 where there is no report: nothing is known then.
    """
    days = parse_period_options(first, last)
    ctx = current_options().context()
    with error_output(Format.JSON if output is PageFormat.JSON else Format.TEXT):
        period_summary = summarize_period(ctx, days)
        if output is PageFormat.JSON:
            print_json(summary_json(period_summary))
        elif output is PageFormat.MARKDOWN:  # a copy that travels
            with plain_stdout():
                print(summary_markdown(period_summary, NumberFormat(is_masked=True)))
        else:
            print(summary_text(period_summary, NumberFormat(is_masked=ctx.pipeline.is_running)))
    raise typer.Exit(3 if period_summary.is_record_empty else 0)


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
        str | None,
        typer.Option(metavar="TIME", help="How old the newest report may be (m, h, d), such as 26h."),
    ] = None,
    output: Output = Format.TEXT,
) -> None:
    """Check that no report was changed or removed.

    Checks every chain of reports, here and at the remote, and every commit of the audit branch.

    The last line is the verdict: OK; FAILED (exit 4; 3 where the newest report is only too old); NOTHING TO
    VERIFY (exit 3), for a record without reports is what is left of one that was removed.
    """
    anchor_hashes = tuple(_parse_anchor(text) for text in anchors or ())
    age_limit = parse_age(max_age, "--max-age") if max_age else None
    with error_output(
        output,
        lambda error: verdict_json(Verdict.FAILED, unverified_sentence(error)),
        lambda error: f"{Verdict.FAILED}: {unverified_sentence(error)}",
    ):
        result = verify_chains(current_options().context(), anchor_hashes, age_limit)
        if output is Format.JSON:
            print_json(verify_json(result))
        elif text := verify_text(result):
            print(text)
        for problem in (*result.verification.problems, *result.verification.stale):
            print_error(f"error: {problem}")
        if output is not Format.JSON:
            print(f"{result.verdict}: {verdict_sentence(result)}")
    raise typer.Exit(result.exit_code)


def _parse_anchor(text: str) -> str:
    if not _ANCHOR.fullmatch(text.lower()):
        raise typer.BadParameter(
            f"{text!r} is no hash: write all of a commit's 40 digits, or of a report's SHA-256",
            param_hint="--anchor",
        )
    return text.lower()


app = typer.Typer(cls=AuditCommands, no_args_is_help=True, help="List, show and verify reports.")

# Each further command has a file of its own, `audit_NAME.py`, and is joined here.
app.command("compare", epilog=COMPARE_EXAMPLES)(compare)
app.command("verify", epilog=VERIFY_EXAMPLES)(verify)
app.command("anchor", epilog=ANCHOR_EXAMPLES)(anchor)
app.command("reanchor", epilog=REANCHOR_EXAMPLES)(reanchor)


@app.command("list", epilog=examples("dnc audit list", "dnc audit list --tenant production --format json"))
def list_reports(output: Output = Format.TEXT) -> None:
    """List reports, newest first."""
    with error_output(output):
        books = open_reports(current_options().context())
        reports = list(books.reports())
        if output is Format.JSON:
            print_json(
                {
                    "tenant": books.tenant,
                    "reports": [_report_row(stored_report) for stored_report in reports],
                    "note": None if reports else no_report_text(books.tenant),
                }
            )
        else:
            print(report_list_text(reports) or no_report_text(books.tenant))


def _report_row(stored_report: StoredReport) -> dict[str, Any]:
    report = stored_report.report
    return {
        "path": stored_report.path,
        "sha256": stored_report.sha256,
        "seq": report.seq,
        "status": report.status,
        "revision": report.revision,
        "finished_at": report.finished_text,
    }


@app.command("show", epilog=examples("dnc audit show", "dnc audit show 12", "dnc audit show --format json"))
def show(
    report: Annotated[
        str | None,
        typer.Argument(
            metavar="[REPORT]", help="Number, or part of the name, of the report. Default: the newest."
        ),
    ] = None,
    output: Output = Format.TEXT,
) -> None:
    """Show one report."""
    with error_output(output):
        stored_report = open_reports(current_options().context()).find(report)
        if output is Format.JSON:
            print_json(dict(stored_report.report.fields))
        else:
            print(report_text(stored_report))


@app.command("push", epilog=examples("dnc audit push"))
def push(output: Output = Format.TEXT) -> None:
    """Push the reports that a run could not push.

    Those of every tenant, in order.
    """
    with error_output(output):
        result = open_reports(current_options().context(), fetch=False).push()
        if output is Format.JSON:
            print_json({"pushed": list(result.paths), "note": nothing_pushed_text(result) or None})
        else:
            print("\n".join(f"pushed {path}" for path in result.paths) or nothing_pushed_text(result))


app.command("evidence", epilog=EVIDENCE_EXAMPLES)(evidence)
app.command("summary", epilog=SUMMARY_EXAMPLES)(summary)
app.command("bundle", epilog=BUNDLE_EXAMPLES)(bundle)
app.command("export", epilog=EXPORT_EXAMPLES)(export)
