"""What a report says of the run itself, for people: what ran, and who stands behind it."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from reconciler.cli.render.words import count

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
