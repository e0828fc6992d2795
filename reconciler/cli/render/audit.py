"""Reports of the ledger, for reading."""

from collections.abc import Mapping, Sequence
from typing import Any

from reconciler.audit.report import StoredReport
from reconciler.cli.render.proof import actor_lines, ran_lines
from reconciler.cli.render.words import count

_WAYS_OUT = "; dnc blocked names them, with the commands that settle it"


def listed(reports: Sequence[StoredReport]) -> str:
    """Show reports, one a line, as they are given."""
    return "\n".join(_line(stored) for stored in reports)


def _line(stored: StoredReport) -> str:
    report = stored.report
    s = report["summary"]
    did = f"+{s['create']:,} ~{s['update']:,} -{s['delete']:,}"
    return (
        f"{report.seq:>5}  {report['finished_at'][:19]}Z  {report.revision[:12]}  {report['status']:<11} "
        f"{did:<18} {s['blocked']:,} blocked  {stored.path.rsplit('/', 1)[-1]}"
    )


def shown_report(stored: StoredReport) -> str:
    """Show one report: what ran, what it did, what is not as it should be."""
    report = stored.report
    s = report["summary"]
    latency = report["latency_ms"]
    lines = [
        f"report {report.seq} of {report.tenant}: {report['status']}",
        f"  file      {stored.path}",
        f"  sha256    {stored.sha256}",
        f"  revision  {report.revision} (held: {report['held_revision'] or 'nothing'})",
        f"  ran       {report['started_at']} to {report['finished_at']}",
        f"  by        {report['actor']['name']}, commit by {report['actor']['commit_author']} (asserted)",
        *actor_lines(report.get("actors", {})),
        *ran_lines(report.get("ran", {}), report["tool_version"]),
        f"  did       {_counts(s, 'create', 'update', 'delete')}",
        f"  outcome   {_counts(s, 'applied', 'rejected', 'unknown', 'not_attempted')}",
        f"  stays     {s['blocked']:,} blocked, {s['by_hand']:,} by hand{_WAYS_OUT * bool(s['blocked'])}",
        f"  not live  {count(sum(len(row['phones']) for row in report['not_live']))}",
        f"  writes    {count(len(report['chunks']), 'request')}, p95 {latency['p95'] or 0} ms",
        *([f"  failed    {_error(error)}"] if (error := report.get("error")) else []),
        *_reanchored(report.get("reanchor")),
        *([f"  note      {note}"] if (note := report["safety"].get("removal_note")) else []),
        *(_interrupted(run) for run in report.get("interrupted", ())),
    ]
    return "\n".join(lines)


def _reanchored(told: Mapping[str, Any] | None) -> list[str]:
    """Say what was replaced before this report, where it continues a chain after a purge."""
    if told is None:
        return []
    heads = (f"  replaced  {old} became {new}" for old, new in told["heads"].items())
    return [
        *heads,
        f"  why       {told['reason']} ({told['evidence']}), {count(len(told['breaks']), 'break')}",
    ]


def _interrupted(run: Mapping[str, Any]) -> str:
    doubtful = count(run["chunks"]["unanswered"], "request")
    return (
        f"  before    a run of {run['revision'][:12]} from {run['started_at']} was interrupted: "
        f"{count(run['numbers'])} sent, {doubtful} without an answer"
    )


def _error(error: Mapping[str, Any]) -> str:
    place = f"{error['where']}: " if error["where"] else ""
    return f"exit {error['exit_code']} at {(error['revision'] or '')[:12]}: {place}{error['fact']}"


def _counts(summary: Mapping[str, int], *names: str) -> str:
    return ", ".join(f"{summary[name]:,} {name.replace('_', ' ')}" for name in names)
