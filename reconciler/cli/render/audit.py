"""Reports of the ledger, what each says of its run, and what was verified of the chains."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from reconciler.audit.report import StoredReport
from reconciler.audit.verification import Head
from reconciler.cli.render.messages import count
from reconciler.core.model.finding import finding_json
from reconciler.use_cases.history.verify import Anchored, Proved, Reanchored

_SHOWN = 5  # of authors, merge requests and permissions; the report has them all


def ran_lines(ran: Mapping[str, Any], tool_version: str) -> Iterator[str]:
    """Say which program ran, what CXone called itself, and clocks that are too far apart."""
    if not ran:
        return  # a report of an earlier version
    package, organisation = ran["package"], ran["organisation"]
    records = {"same": ", as its RECORD says", "differs": ", NOT as its RECORD says"}
    yield (
        f"  with      dnc {tool_version} on {ran['python']}, files {package['sha256'][:12]}"
        f"{records.get(package['record'], '')}"
    )
    fingerprint = ran["credential"]["fingerprint"]
    yield (
        f"  against   organisation {organisation['told'] or 'not told by CXone'}; credential "
        f"{fingerprint or 'without a fingerprint: ' + ran['credential']['why']}"
    )
    skew = ran["clock_skew"]
    if skew["within"] is False:
        apart = f"{abs(skew['seconds']):,.0f} s apart from CXone's"
        yield f"  clock     {apart}, the limit is {skew['limit_seconds']} s"


def actor_lines(actors: Mapping[str, Any]) -> Iterator[str]:
    """Say who started the run, who wrote and brought what it applied, and who let numbers off."""
    if not actors:
        return  # a report of an earlier version
    started = actors["triggerer"]
    yield f"  started   {started['login']} ({started['how']}, by {started['by']})"
    yield from _several("authors", actors.get("authors", ()), _author)
    yield from _several("merged", actors.get("merge_requests", ()), _request)
    yield from _several("let off", actors.get("exposing", ()), _let_off)
    yield from _several("unknown", actors["unknown"], str)


def _several(word: str, rows: Iterable[Any], said: Callable[[Any], str]) -> Iterator[str]:
    told = iter(rows)
    for row in islice(told, _SHOWN):
        yield f"  {word:<9} {said(row)}"
    if more := sum(1 for _ in told):
        yield f"  {word:<9} and {more:,} more: --format json has them"


def _author(row: Mapping[str, Any]) -> str:
    return f"{row['name']} <{row['email']}>, {count(row['commits'], 'commit')} ({row['how']})"


def _request(row: Mapping[str, Any]) -> str:
    approvers = row.get("approvers")
    approved = "" if approvers is None else f", approved by {', '.join(approvers) or 'nobody'}"
    own = ", the author among them" if row.get("self_approved") else ""
    return f"{row['reference']} by {row['merger'] or 'nobody known'}{approved}{own} ({row['how']})"


def _let_off(row: Mapping[str, Any]) -> str:
    author = row["author"]["name"] if row["author"] else "nobody known"
    why = f"{row['release']} {row['evidence']}" if row["permission"] == "release" else "lapsed"
    by = f"{row['action']} {count(row['count'])} on {row['list_id']}: {why}, by {author}"
    request = row["merge_request"]
    parts = [
        by,
        f"commit {row['commit'][:12]}" if row["commit"] else "",
        request["reference"] if request else "",
        f"approvedBy {row['approved_by']}" if row.get("approved_by") else "",
        "APPROVED BY ITS AUTHOR" if row.get("self_approved") else "",
        f"kept: {', '.join(row['blocked_by'])}" if row["blocked_by"] else "",
    ]
    return ", ".join(part for part in parts if part)


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
            "Where audit.genesis pins another, change it by a merge request: until then nothing comes off.",
        ]
    )
