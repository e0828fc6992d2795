"""Where a number is, for reading and for machines."""

from collections.abc import Iterator
from typing import Any

from reconciler.cli.render.masking import NumberFormat
from reconciler.cli.render.messages import BLOCK_TEXTS, age_text, edit_commands
from reconciler.core.model.entries import Terms, terms_to_json
from reconciler.git.history import Commit
from reconciler.use_cases.history.lookup import ListLine, ListLookup, Lookup
from reconciler.use_cases.workspace.context import iso


def terms_text(terms: Terms, *, with_request: bool = False) -> str:
    """Say terms in a line; `with_request`: with the day on which the person asked."""
    until = f" until {terms.end}" if terms.end else ""
    requested_text = f", requested {terms.requested_on}" if with_request and terms.requested_on else ""
    source = f", source {terms.source}" if terms.source != "dnc" else ""
    return f"{terms.reason_code} {terms.expiration_policy}{until}{requested_text}{source}"


def origin_text(commit: Commit | None, merge_request: str | None, *, unknown: str) -> str:
    """Say since when, by which commit, whose, and in which merge request; `unknown` where there is none."""
    if commit is None:
        return unknown
    request = f", {merge_request}" if merge_request else ""
    return f"since {commit.when:%Y-%m-%d}: {commit.sha[:12]} by {commit.author}{request}"


def lookup_json(lookup: Lookup) -> dict[str, Any]:
    """Say everything that is known, the number whole."""
    return {
        "format_version": "1.0",
        "tenant": lookup.tenant,
        "number": lookup.number,
        "listed": lookup.is_listed,
        "protected": lookup.is_protected,
        "as_of": {
            "report": lookup.report,
            "seq": lookup.seq,
            "verified": lookup.verified,
            "finished_at": iso(lookup.reported_at) if lookup.reported_at else None,
            "age_seconds": round((lookup.looked_up_at - lookup.reported_at).total_seconds())
            if lookup.reported_at
            else None,
            "read_at": lookup.read_at,
        },
        "lists": [_list_json(list_lookup) for list_lookup in lookup.lists],
        "errored": False,
    }


def _list_json(list_lookup: ListLookup) -> dict[str, Any]:
    entry = list_lookup.entry
    return {
        "list_id": list_lookup.list_id,
        "wanted": list_lookup.is_expected,
        "live": list_lookup.live,
        "live_terms": None
        if entry is None
        else {
            "reasonCode": entry.reason_code or None,
            "expirationPolicy": entry.expiration_policy or None,
            "end": entry.end.isoformat() if entry.end else None,
        },
        "last_confirmed_live": iso(list_lookup.confirmed_at) if list_lookup.confirmed_at else None,
        "kept": None
        if list_lookup.retained is None
        else [reason.value for reason in list_lookup.retained.blocked_by],
        "holds": list(list_lookup.holds),
        "claims": [_line_json(line) for line in list_lookup.lines],
    }


def _line_json(line: ListLine) -> dict[str, Any]:
    commit = line.commit
    return {
        "file": line.file,
        "line": line.line,
        "terms": terms_to_json(line.terms),
        "rules": list(line.rules),
        "since": iso(commit.when) if commit else None,
        "commit": commit.sha if commit else None,
        "author": commit.author if commit else None,
        "merge_request": line.merge_request,
    }


def lookup_text(lookup: Lookup, number_format: NumberFormat) -> str:
    """Show it, the verdict first."""
    if not lookup.lists:
        return f"{number_format.number(lookup.number)} is on no list of {lookup.tenant}{_source_text(lookup)}"
    expected_lists = [list_lookup for list_lookup in lookup.lists if list_lookup.is_expected]
    if not expected_lists:
        verdict = "is in no file, though live"
    elif lookup.is_protected:
        verdict = "is listed, and live everywhere it should be"
    elif any(list_lookup.live is None for list_lookup in expected_lists):
        verdict = "is listed; nothing is known of CXone yet: dnc apply, or --live"
    else:
        verdict = "is listed, and NOT live everywhere it should be"
    lines = [f"{number_format.number(lookup.number)} {verdict}{_source_text(lookup)}"]
    for list_lookup in lookup.lists:
        lines += _list_lines(list_lookup, lookup, number_format)
    return "\n".join(lines)


def _source_text(lookup: Lookup) -> str:
    if lookup.read_at:
        return f", as read at {lookup.read_at}"
    if lookup.reported_at is None:
        return ", going by the files: there is no report yet"
    read_text = "" if lookup.verified else ", which did not read everything back"
    return f", as of report {lookup.seq}{read_text}, {age_text(lookup.reported_at, lookup.looked_up_at)} ago"


def _list_lines(list_lookup: ListLookup, lookup: Lookup, number_format: NumberFormat) -> Iterator[str]:
    state = {True: "live", False: "NOT live", None: "not known"}[list_lookup.live]
    confirmed_text = (
        f", last confirmed {iso(list_lookup.confirmed_at)[:19]}Z" if list_lookup.confirmed_at else ""
    )
    yield f"  {list_lookup.list_id}: {state}{confirmed_text}"
    for line in list_lookup.lines:
        yield f"    {terms_text(line.terms)}, {line.file}:{line.line}"
        origin = origin_text(line.commit, line.merge_request, unknown="not committed yet")
        yield f"      {origin}"
        if line.rules:
            yield f"      rules: {', '.join(line.rules)}"
    for matter in list_lookup.holds:
        yield f"    a hold names it: {matter}"
    if list_lookup.retained is not None and not list_lookup.lines:
        reasons = ", ".join(BLOCK_TEXTS[block.value] for block in list_lookup.retained.blocked_by)
        yield f"    no line in the files; {reasons or 'the next plan decides whether it may come off'}"
        yield from (
            f"      {command}"
            for command in edit_commands(list_lookup.list_id, [lookup.number], number_format)
        )
