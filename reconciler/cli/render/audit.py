"""Reports of the ledger, what each says of its run, and what was verified of the chains."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, TypeVar

from reconciler.audit.breaks import Record
from reconciler.audit.report import StoredReport
from reconciler.audit.report_people import Author, Authorization, Environment, MergeRequest, People
from reconciler.audit.report_rows import RunError, UnreportedRun, count_numbers
from reconciler.audit.verification import Head
from reconciler.cli.render.messages import count
from reconciler.core.model.finding import finding_json
from reconciler.use_cases.history.verify import Anchored, Proved, Reanchored

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
    yield from _several("authors", people.authors, _author)
    yield from _several("merged", people.merge_requests, _request)
    yield from _several("let off", people.authorizations or (), _authorization)
    yield from _several("unknown", people.unknown, str)


def _several(word: str, rows: Iterable[_Item], line: Callable[[_Item], str]) -> Iterator[str]:
    told = iter(rows)
    for row in islice(told, _SHOWN):
        yield f"  {word:<9} {line(row)}"
    if more := sum(1 for _ in told):
        yield f"  {word:<9} and {more:,} more: --format json has them"


def _author(row: Author) -> str:
    return f"{row.name} <{row.email}>, {count(row.commits, 'commit')} ({row.how})"


def _request(row: MergeRequest) -> str:
    approvers = row.approvers
    approved = "" if approvers is None else f", approved by {', '.join(approvers) or 'nobody'}"
    own = ", the author among them" if row.is_self_approved else ""
    return f"{row.reference} by {row.merger or 'nobody known'}{approved}{own} ({row.how})"


def _authorization(row: Authorization) -> str:
    why = f"{row.release} {row.evidence}" if row.is_release else "lapsed"
    by = f"{row.action} {count(row.count)} on {row.list_id}: {why}, by {row.author or 'nobody known'}"
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


_WAYS_OUT = "; dnc blocked names them, with the commands that settle it"


def listed(reports: Sequence[StoredReport]) -> str:
    """Show reports, one a line, as they are given."""
    return "\n".join(_line(stored) for stored in reports)


def _line(stored: StoredReport) -> str:
    report = stored.report
    actions = report.actions
    did = f"+{actions['create']:,} ~{actions['update']:,} -{actions['delete']:,}"
    return (
        f"{report.seq:>5}  {report.finished_text[:19]}Z  {report.revision[:12]}  {report.status:<11} "
        f"{did:<18} {report.blocked:,} blocked  {stored.path.rsplit('/', 1)[-1]}"
    )


def shown_report(stored: StoredReport) -> str:
    """Show one report: what ran, what it did, what is not as it should be."""
    report = stored.report
    p95, blocked = report.latency.p95 if report.latency else 0, report.blocked
    lines = [
        f"report {report.seq} of {report.tenant}: {report.status}",
        f"  file      {stored.path}",
        f"  sha256    {stored.sha256}",
        f"  revision  {report.revision} (held: {report.held_revision or 'nothing'})",
        f"  ran       {report.started_text} to {report.finished_text}",
        f"  by        {report.actor.name}, commit by {report.actor.commit_author} (asserted)",
        *_people_lines(report.people),
        *_environment_lines(report.environment, report.tool_version),
        f"  did       {_counts(report.actions)}",
        f"  outcome   {_counts(report.outcomes)}",
        f"  stays     {blocked:,} blocked, {report.by_hand:,} by hand{_WAYS_OUT * bool(blocked)}",
        f"  not live  {count(count_numbers(report.not_live))}",
        f"  writes    {count(len(report.chunks), 'request')}, p95 {p95 or 0} ms",
        *([f"  failed    {_error(report.error)}"] if report.error else []),
        *_reanchored(Record.of(stored)),
        *([f"  note      {report.removal_note}"] if report.removal_note else []),
        *map(_interrupted, report.unreported_runs),
    ]
    return "\n".join(lines)


def _reanchored(record: Record | None) -> list[str]:
    """Say what was replaced before this report, where it continues a chain after a purge."""
    if record is None:
        return []
    heads = (f"  replaced  {old} became {new}" for old, new in record.heads.items())
    return [*heads, f"  why       {record.reason} ({record.evidence}), {count(len(record.breaks), 'break')}"]


def _interrupted(run: UnreportedRun) -> str:
    doubtful = count(run.unanswered, "request")
    return (
        f"  before    a run of {run.revision[:12]} from {run.started_at} was interrupted: "
        f"{count(run.numbers)} sent, {doubtful} without an answer"
    )


def _error(error: RunError) -> str:
    place = f"{error.where}: " if error.where else ""
    return f"exit {error.exit_code} at {error.revision[:12]}: {place}{error.fact}"


def _counts(numbers: Mapping[str, int]) -> str:
    return ", ".join(f"{number:,} {name.replace('_', ' ')}" for name, number in numbers.items())


def proved_json(done: Proved) -> dict[str, Any]:
    """Say what was found."""
    found = done.found
    return {
        "verified": not (found.problems or found.stale),
        "exit_code": done.exit_code,
        "chains": [str(head) for head in found.heads],
        "heads": [
            {
                "branch": head.branch,
                "tenant": head.tenant,
                "reports": head.reports,
                "sha256": head.sha256,
                "first": head.first,
                "finished_at": head.finished_at.isoformat(),
            }
            for head in found.heads
        ],
        "remarks": list(found.remarks),
        "problems": [finding_json(p) for p in (*found.problems, *found.stale)],
    }


def proved_text(done: Proved) -> str:
    """Show each chain, where it starts, and what must be seen although it is in order."""
    return "\n".join([*_lines(done), *(f"! {remark}" for remark in done.found.remarks)])


def _lines(done: Proved) -> Iterator[str]:
    for head in done.found.heads:
        yield str(head)
        yield f"  starts with {head.first} ({_pinned(head, done)})"


def _pinned(head: Head, done: Proved) -> str:
    if head.tenant in done.genesis:
        return "audit.genesis pins it" if done.genesis[head.tenant] == head.first else "not what is pinned"
    return f"not pinned; in dnc.yaml: audit: {{genesis: {{{head.tenant}: SHA-256}}}}"


def anchored_json(done: Anchored) -> dict[str, Any]:
    """Say what was tagged."""
    return {
        "tag": done.tag,
        "commit": done.commit,
        "pushed": done.pushed,
        "heads": [
            {"tenant": one.report.tenant, "seq": one.report.seq, "path": one.path, "sha256": one.sha256}
            for one in done.heads
        ],
    }


def anchored_text(done: Anchored) -> str:
    """Show it, with what to do with it."""
    where = "here and at the remote" if done.pushed else "here"
    return "\n".join(
        [
            f"tag {done.tag}, {where}",
            f"commit {done.commit}",
            *(f"{one.report.tenant}: report {one.report.seq}, SHA-256 {one.sha256}" for one in done.heads),
            "Keep these lines where the pipeline's token can't write. Later, in any clone:",
            f"  dnc audit verify --anchor {done.commit}",
        ]
    )


def reanchored_json(done: Reanchored) -> dict[str, Any]:
    """Say what is on record now."""
    return {
        "report": {"path": done.stored.path, "sha256": done.stored.sha256, "seq": done.stored.report.seq},
        "heads": dict(done.heads),
        "breaks": [{"path": one.path, "said": str(one)} for one in done.breaks],
        "first": done.first,
    }


def reanchored_text(done: Reanchored) -> str:
    """Show it, and what people have to do next."""
    report = done.stored.report
    return "\n".join(
        [
            f"report {report.seq} of {report.tenant} continues the chain: {done.stored.path}",
            *(f"  {old} became {new}" for old, new in done.heads.items()),
            f"  {len(done.breaks)} breaks before it are taken as explained:",
            *(f"    {one.path}: {one}" for one in done.breaks),
            f"The chain starts with {done.first}.",
            "Where audit.genesis pins another, change it by a merge request: until then nothing is removed.",
        ]
    )
