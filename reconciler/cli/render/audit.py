"""Reports of the ledger, what each says of its run, and what was anchored or continued."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, TypeVar

from reconciler.audit.breaks import ReanchorRecord
from reconciler.audit.report import StoredReport
from reconciler.audit.report_people import Author, AuthorizationRow, Environment, MergeRequest, People
from reconciler.audit.report_rows import RunError, UnreportedRunRow, count_numbers
from reconciler.cli.render.coverage_text import coverage_lines
from reconciler.cli.render.protection import stopped_by_text
from reconciler.core.model.finding import count_text
from reconciler.use_cases.history.status import DeliveredReports
from reconciler.use_cases.history.verify import AnchorResult, ReanchorResult

_Item = TypeVar("_Item")
_SHOWN = 5  # of authors, merge requests and permissions; the report has them all


def _environment_lines(environment: Environment | None, tool_version: str) -> Iterator[str]:
    """Say which program ran, what CXone called itself, and clocks that are too far apart."""
    if environment is None:
        return  # a report of an earlier version
    records = {"same": ", as its RECORD says", "differs": ", NOT as its RECORD says"}
    yield (
        f"  with      dnc {tool_version} on {environment.python}, files {environment.package_sha256[:12]}"
        f"{records.get(environment.package_record, '')}"
    )
    fingerprint = environment.fingerprint
    yield (
        f"  against   organisation {environment.organisation or 'not told by CXone'}; credential "
        f"{fingerprint or 'without a fingerprint: ' + environment.why_no_fingerprint}"
    )
    if environment.seconds_apart is not None:
        apart = f"{environment.seconds_apart:,.0f} s apart from CXone's"
        yield f"  clock     {apart}, the limit is {environment.limit_seconds} s"


def _people_lines(people: People | None) -> Iterator[str]:
    """Say who started the run, who wrote and brought what it applied, and who let numbers off."""
    if people is None:
        return  # a report of an earlier version
    if started := people.triggerer:
        yield f"  started   {started.login} ({started.how}, by {started.by})"
    yield from _limited_lines("authors", people.authors, _author_text)
    yield from _limited_lines("merged", people.merge_requests, _request_text)
    yield from _limited_lines("removed", people.authorizations or (), _authorization)
    yield from _limited_lines("unknown", people.unknown, str)


def _limited_lines(word: str, rows: Iterable[_Item], line: Callable[[_Item], str]) -> Iterator[str]:
    row_iterator = iter(rows)
    for row in islice(row_iterator, _SHOWN):
        yield f"  {word:<9} {line(row)}"
    if rest_count := sum(1 for _ in row_iterator):
        yield f"  {word:<9} and {rest_count:,} more: --format json has them"


def _author_text(row: Author) -> str:
    return f"{row.name} <{row.email}>, {count_text(row.commits, 'commit')} ({row.how})"


def _request_text(row: MergeRequest) -> str:
    approvers = row.approvers
    approvers_text = "" if approvers is None else f", approved by {', '.join(approvers) or 'nobody'}"
    self_approved_text = ", the author among them" if row.is_self_approved else ""
    return f"{row.reference} by {row.merger or 'unknown'}{approvers_text}{self_approved_text} ({row.how})"


def _authorization(row: AuthorizationRow) -> str:
    why = f"{row.release} {row.evidence}" if row.is_release else "lapsed"
    by = f"{row.action} {count_text(row.count)} on {row.list_id}: {why}, by {row.author or 'unknown'}"
    request = row.merge_request
    parts = [
        by,
        f"commit {row.commit[:12]}" if row.commit else "",
        request.reference if request else "",
        f"approvedBy {row.approved_by}" if row.approved_by else "",
        "APPROVED BY ITS AUTHOR" if row.self_approved else "",
        f"kept: {', '.join(row.blocked_by)}" if row.blocked_by else "",
    ]
    return ", ".join(part for part in parts if part)


_BLOCKED_HINT = "; dnc blocked names them, with the commands that settle it"


_UNSEEN_REMOVALS = "what was removed or weakened: as CXone answered, and no read looked again"


def report_list_text(reports: Sequence[StoredReport]) -> str:
    """Show reports, one a line, as they are given. `dnc audit show REPORT` tells more of one."""
    if not reports:
        return ""
    head = f"{'REPORT':>6}  {'FINISHED (UTC)':<16}  {'COMMIT':<7}  {'STATUS':<11}  DONE"
    return "\n".join([head, *(_report_line(stored_report) for stored_report in reports)])


def _report_line(stored_report: StoredReport) -> str:
    report = stored_report.report
    actions = report.done_actions
    counts = (
        (actions["create"], "added"),
        (actions["update"], "changed"),
        (actions["delete"], "removed"),
        (report.blocked, "blocked"),
    )
    done = ", ".join(f"{count:,} {word}" for count, word in counts if count)
    finished = report.finished_text[:16].replace("T", " ")
    line = f"{report.seq:>6}  {finished:<16}  {report.revision[:7]}  {report.status:<11}  {done}"
    return line.rstrip()


def nothing_pushed_text(result: DeliveredReports) -> str:
    """Say why nothing was pushed, as far as it is known; empty where something was."""
    if result.paths:
        return ""
    if result.unasked:
        return f"nothing waits as far as this clone knows, and the remote was not asked: {result.unasked}"
    return "nothing waits: " + ("the remote has every report" if result.has_reports else "there is no report")


def report_text(stored_report: StoredReport) -> str:
    """Show one report: what ran, what it did, what is not as it should be."""
    report = stored_report.report
    p95, blocked = report.latency.p95 if report.latency else 0, report.blocked
    unverified, read_back = sum(report.unverified.values()), report.read_back
    lines = [
        f"report {report.seq} of {report.tenant}: {report.status}",
        f"  file      {stored_report.path}",
        f"  sha256    {stored_report.sha256}",
        f"  revision  {report.revision} (last applied: {report.last_applied_revision or 'nothing'})",
        f"  ran       {report.started_text} to {report.finished_text}",
        f"  by        {report.actor.name}, commit by {report.actor.commit_author} (asserted)",
        *_people_lines(report.people),
        *_environment_lines(report.environment, report.tool_version),
        *([f"  stopped   by {stopped_by_text(report.stopped_by)}"] if report.stopped_by else []),
        f"  planned   {_counts_text(report.actions)}",
        *([] if report.done is None else [f"  did       {_counts_text(report.done) or 'nothing'}"]),
        f"  outcome   {_counts_text(report.outcomes)}",
        f"  stays     {blocked:,} blocked, {report.by_hand:,} by hand{_BLOCKED_HINT * bool(blocked)}",
        f"  not live  {count_text(count_numbers(report.not_live))}",
        *([f"  not seen  {count_text(unverified)} sent, confirmed by no read"] if unverified else []),
        *([f"  not seen  {_UNSEEN_REMOVALS}"] if read_back and read_back.removals_seen is False else []),
        f"  writes    {count_text(len(report.chunks), 'request')}, p95 {p95 or 0} ms",
        *(f"  coverage  {line}" for line in coverage_lines(report.fields, report.started_text)),
        *([f"  failed    {_error_text(report.error)}"] if report.error else []),
        *_reanchor_lines(ReanchorRecord.of(stored_report)),
        *([f"  note      {report.removal_note}"] if report.removal_note else []),
        *map(_unreported_run_text, report.unreported_runs),
    ]
    return "\n".join(lines)


def _reanchor_lines(record: ReanchorRecord | None) -> list[str]:
    """Say what was replaced before this report, where it continues a chain after a purge."""
    if record is None:
        return []
    heads = (f"  replaced  {old_head} became {new_head}" for old_head, new_head in record.heads.items())
    return [
        *heads,
        f"  why       {record.reason} ({record.evidence}), {count_text(len(record.breaks), 'break')}",
    ]


def _unreported_run_text(run: UnreportedRunRow) -> str:
    doubtful = count_text(run.unanswered, "request")
    skills = (
        f"; skill {row['skill_id']} to the group of {row['list_id']}: {row['outcome']}"
        for row in run.assignments
    )
    return (
        f"  before    a run of {run.revision[:12]} from {run.started_at} was interrupted: "
        f"{count_text(run.numbers)} sent, {doubtful} without an answer" + "".join(skills)
    )


def _error_text(error: RunError) -> str:
    place = f"{error.where}: " if error.where else ""
    return f"exit {error.exit_code} at {error.revision[:12]}: {place}{error.fact}"


def _counts_text(numbers: Mapping[str, int]) -> str:
    return ", ".join(f"{number:,} {name.replace('_', ' ')}" for name, number in numbers.items())


def anchor_json(result: AnchorResult) -> dict[str, Any]:
    """Say what was tagged."""
    return {
        "tag": result.tag,
        "commit": result.commit,
        "pushed": result.is_pushed,
        "heads": [
            {"tenant": head.report.tenant, "seq": head.report.seq, "path": head.path, "sha256": head.sha256}
            for head in result.heads
        ],
    }


def anchor_text(result: AnchorResult) -> str:
    """Show it, with what to do with it."""
    tag_place = "here and at the remote" if result.is_pushed else "here"
    return "\n".join(
        [
            f"tag {result.tag}, {tag_place}",
            f"commit {result.commit}",
            *(
                f"{head.report.tenant}: report {head.report.seq}, SHA-256 {head.sha256}"
                for head in result.heads
            ),
            "Keep these lines where the pipeline's token can't write. Later, in any clone:",
            f"  dnc audit verify --anchor {result.commit}",
        ]
    )


def reanchor_json(result: ReanchorResult) -> dict[str, Any]:
    """Say what is on record now."""
    return {
        "report": {
            "path": result.stored_report.path,
            "sha256": result.stored_report.sha256,
            "seq": result.stored_report.report.seq,
        },
        "heads": dict(result.heads),
        "breaks": [{"path": chain_break.path, "said": str(chain_break)} for chain_break in result.breaks],
        "first": result.first_sha256,
    }


def reanchor_text(result: ReanchorResult) -> str:
    """Show it, and what people have to do next."""
    report = result.stored_report.report
    return "\n".join(
        [
            f"report {report.seq} of {report.tenant} continues the chain: {result.stored_report.path}",
            *(f"  {old_head} became {new_head}" for old_head, new_head in result.heads.items()),
            f"  {len(result.breaks)} breaks before it are taken as explained:",
            *(f"    {chain_break.path}: {chain_break}" for chain_break in result.breaks),
            f"The chain starts with {result.first_sha256}.",
            "Where audit.genesis pins another, change it by a merge request: until then nothing is removed.",
        ]
    )
