"""A report as it is written: its content, and the same bytes for the same content."""

from collections.abc import Mapping, Sequence
from typing import Any, NotRequired, TypedDict

import orjson

from reconciler.audit.report import Report
from reconciler.audit.report_format import FORMAT_VERSION


class Content(TypedDict):
    """Everything in a report but its place in the chain, in the order of writing. Times are ISO 8601, UTC."""

    tool_version: str
    tenant: str
    target: Mapping[str, Any]  # dialect, organisation, host; groups: each list's own id, where it has one
    revision: str  # the commit that was applied
    held_revision: str | None  # the commit of the report that held was taken from
    as_of: str
    plan_digest: str
    actor: Mapping[str, Any]  # from git and CI_*, marked `asserted`
    pipeline: Mapping[str, Any] | None
    hashes: Mapping[str, str]  # of lists, rules and configuration
    safety: Mapping[str, Any]  # limits in force
    overrides: Mapping[str, Any]  # which of them were replaced for this run, and by whom
    started_at: str
    finished_at: str
    status: str  # complete, partial, interrupted, in-sync, failed
    summary: Mapping[str, Any]
    chunks: Sequence[Mapping[str, Any]]
    latency_ms: Mapping[str, float | None]  # p50, p95, max
    failures: Sequence[Mapping[str, Any]]  # every number with its code and message
    not_live: Sequence[Mapping[str, Any]]
    counted: NotRequired[Sequence[Mapping[str, Any]]]  # written and only counted: new until a reading saw it
    kept: Sequence[Mapping[str, Any]]  # the whole set, each time
    releases_used: Mapping[str, int]  # by list: numbers whose claim a release let go; the plan has them
    others: Mapping[str, int]  # by list: entries of others', found at the first claim, seen or written over
    touched: Mapping[str, int] | None  # by list: those seen; None where not all was read
    lingering_holds: Sequence[Mapping[str, Any]]  # gone from the files, in force until said for a day
    invalid: Sequence[Mapping[str, Any]]  # errors in files: what stands there was left out, by file and line
    restored: Sequence[Mapping[str, Any]]
    restored_windows: Sequence[Mapping[str, Any]]  # between which moments they can have been off
    adopted: Sequence[Mapping[str, Any]]  # by list: how many that others had added a claim names now
    renewed: Sequence[Mapping[str, Any]]  # by terms before and after: how many hold longer or stronger now
    read_back: Mapping[str, Any] | None  # how, at, rows read, mismatches, missing, whether removals were seen
    clock: Mapping[str, Any]  # ours and CXone's
    write_window: Mapping[str, str] | None  # when it can have written after its read, on CXone's clock
    early: NotRequired[Mapping[str, Any]]  # what it wrote before: numbers, requests, and its own window
    removed: Mapping[str, int]  # by list: what came off, or may have; the 7-day budget counts it
    done: Mapping[str, int]  # by kind: what arrived, by the read-back or by CXone's answers
    unverified: Mapping[str, int]  # by list: what was sent and not seen since
    stopped_by: str | None  # person, signal or deadline, where that left anything undone
    interrupted: Sequence[Mapping[str, Any]]  # runs before, of which no report told
    registry_twins: NotRequired[
        Sequence[str]
    ]  # lists where a number's entries, being several, hide a registry's
    unmanaged_after: NotRequired[int]  # entries of others that no file names, where all was read at the end
    requests: Mapping[str, Any]  # how many days they took, which were late, which are open
    alarms: Sequence[Mapping[str, Any]]  # what only time brought, and the run did not settle
    live: Mapping[str, Any]  # before and after, null where it was only counted: count and SHA-256, by list
    reasons: Mapping[str, Mapping[str, int]]  # by list and reason: how many were live afterwards
    error: Mapping[str, Any] | None  # of a run that failed: what it said, and its exit code
    actors: Mapping[str, Any]  # who stands behind the run and each exposing change, verified or asserted
    coverage: NotRequired[Sequence[Mapping[str, Any]]]  # by list: the skills that honour it, and that do not
    coverage_read_at: NotRequired[str | None]  # when skills were read; None: never
    coverage_names: NotRequired[Mapping[str, Any]]  # of dnc.yaml: the ids behind each, as bound and as found
    assignments: NotRequired[Sequence[Mapping[str, Any]]]  # skills to be added, and what became of it
    ran: Mapping[str, Any]  # program, Python, organisation and credential as far as told, clock skew
    reanchor: NotRequired[Mapping[str, Any]]  # of a chain that is continued after a purge: heads, why, breaks
    passed_over: NotRequired[Sequence[Mapping[str, str]]]  # reports whose signature does not count


def build_report(
    content: Content, *, seq: int, previous: Mapping[str, str] | None, plan_sha256: str
) -> bytes:
    """Write a report: the same content gives the same bytes."""
    head = {
        "format_version": FORMAT_VERSION,
        "tool_version": content["tool_version"],
        "seq": seq,
        "previous": previous,
        "tenant": content["tenant"],
        "plan_sha256": plan_sha256,
    }
    body = {name: content[name] for name in Content.__annotations__ if name in content and name not in head}  # type: ignore[literal-required]  # the TypedDict's own keys
    return dump(head | body)


def relink(
    report: Report,
    *,
    seq: int,
    previous: Mapping[str, str] | None,
    passed_over: Sequence[Mapping[str, str]] | None = None,
) -> bytes:
    """Write a report again at another place in the chain, otherwise unchanged but for what is passed over."""
    passed_over_field = {} if passed_over is None else {"passed_over": passed_over}
    return dump({**report.fields, "seq": seq, "previous": previous, **passed_over_field})


def dump(fields: Mapping[str, Any]) -> bytes:
    """Write JSON as every report is written."""
    options = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
    try:
        return orjson.dumps(fields, option=options)
    except TypeError:
        # An author's name or a variable need be no UTF-8, and must not cost the report of what was written.
        return orjson.dumps(_encodable(fields), option=options)


def _encodable(value: object) -> object:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, Mapping):
        return {_encodable(name): _encodable(item) for name, item in value.items()}
    return [_encodable(item) for item in value] if isinstance(value, list | tuple) else value
