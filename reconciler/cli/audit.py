"""`dnc audit`."""

from typing import Annotated, Any

import typer

from reconciler.audit.report import StoredReport
from reconciler.cli import (
    audit_anchor,
    audit_bundle,
    audit_compare,
    audit_evidence,
    audit_export,
    audit_reanchor,
    audit_summary,
    audit_verify,
)
from reconciler.cli.answer import Output, told
from reconciler.cli.call import Format, current, emit
from reconciler.cli.examples import examples
from reconciler.cli.render.audit import listed, shown_report
from reconciler.reconcile.audit import open_books

app = typer.Typer(no_args_is_help=True, help="The record: list reports, show one, verify the chain, push.")

# Each further command has a file of its own, `audit_NAME.py`, and is joined here.
app.command("compare", epilog=audit_compare.EXAMPLES)(audit_compare.compare)
app.command("verify", epilog=audit_verify.EXAMPLES)(audit_verify.verify)
app.command("anchor", epilog=audit_anchor.EXAMPLES)(audit_anchor.anchor)
app.command("reanchor", epilog=audit_reanchor.EXAMPLES)(audit_reanchor.reanchor)


@app.command("list", epilog=examples("dnc audit list", "dnc audit list --tenant production --format json"))
def list_reports(output: Output = Format.TEXT) -> None:
    """List the tenant's reports, newest first."""
    with told(output):
        books = open_books(current().surroundings())
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
        "status": report["status"],
        "revision": report.revision,
        "finished_at": report["finished_at"],
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
        stored = open_books(current().surroundings()).find(report)
        if output is Format.JSON:
            emit(dict(stored.report.fields))
        else:
            print(shown_report(stored))


@app.command("push", epilog=examples("dnc audit push"))
def push(output: Output = Format.TEXT) -> None:
    """Push the reports that a run could not push; of every tenant, in order."""
    with told(output):
        pushed = open_books(current().surroundings(), fetch=False).push()
        if output is Format.JSON:
            emit({"pushed": list(pushed)})
        else:
            print(
                "\n".join(f"pushed {path}" for path in pushed) or "nothing waits: the remote has every report"
            )


app.command("evidence", epilog=audit_evidence.EXAMPLES)(audit_evidence.evidence)
app.command("summary", epilog=audit_summary.EXAMPLES)(audit_summary.summary)
app.command("bundle", epilog=audit_bundle.EXAMPLES)(audit_bundle.bundle)
app.command("export", epilog=audit_export.EXAMPLES)(audit_export.export)
