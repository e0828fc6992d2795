"""Where a number is, for reading and for machines."""

from collections.abc import Iterator
from typing import Any

from reconciler.cli.render.masking import Shown
from reconciler.cli.render.messages import BLOCKED, age, commands
from reconciler.core.model.entries import Terms, terms_json
from reconciler.git.history import Commit
from reconciler.use_cases.history.lookup import Line, OnList, Whereabouts
from reconciler.use_cases.workspace.context import iso


def terms_said(terms: Terms, *, asked: bool = False) -> str:
    """Say terms in a line; `asked`: with the day on which the person asked."""
    until = f" until {terms.end}" if terms.end else ""
    requested = f", requested {terms.requested_on}" if asked and terms.requested_on else ""
    source = f", source {terms.source}" if terms.source != "dnc" else ""
    return f"{terms.reason_code} {terms.expiration_policy}{until}{requested}{source}"


def origin_said(commit: Commit | None, merge_request: str | None, *, unknown: str) -> str:
    """Say since when, by which commit, whose, and in which merge request; `unknown` where there is none."""
    if commit is None:
        return unknown
    request = f", {merge_request}" if merge_request else ""
    return f"since {commit.when:%Y-%m-%d}: {commit.sha[:12]} by {commit.author}{request}"


def whereabouts_json(found: Whereabouts) -> dict[str, Any]:
    """Say everything that is known, the number whole."""
    return {
        "format_version": "1.0",
        "tenant": found.tenant,
        "number": found.number,
        "listed": found.is_listed,
        "protected": found.is_protected,
        "as_of": {
            "report": found.report,
            "seq": found.seq,
            "verified": found.verified,
            "finished_at": iso(found.told_at) if found.told_at else None,
            "age_seconds": round((found.asked_at - found.told_at).total_seconds()) if found.told_at else None,
            "read_at": found.read_at,
        },
        "lists": [_list_json(one) for one in found.lists],
        "errored": False,
    }


def _list_json(one: OnList) -> dict[str, Any]:
    entry = one.entry
    return {
        "list_id": one.list_id,
        "wanted": one.is_wanted,
        "live": one.live,
        "live_terms": None
        if entry is None
        else {
            "reasonCode": entry.reason_code or None,
            "expirationPolicy": entry.expiration_policy or None,
            "end": entry.end.isoformat() if entry.end else None,
        },
        "last_confirmed_live": iso(one.confirmed) if one.confirmed else None,
        "kept": None if one.kept is None else [reason.value for reason in one.kept.blocked_by],
        "holds": list(one.holds),
        "claims": [_line_json(line) for line in one.lines],
    }


def _line_json(line: Line) -> dict[str, Any]:
    commit = line.commit
    return {
        "file": line.file,
        "line": line.line,
        "terms": terms_json(line.terms),
        "rules": list(line.rules),
        "since": iso(commit.when) if commit else None,
        "commit": commit.sha if commit else None,
        "author": commit.author if commit else None,
        "merge_request": line.merge_request,
    }


def whereabouts_text(found: Whereabouts, shown: Shown) -> str:
    """Show it, the verdict first."""
    if not found.lists:
        return f"{shown.number(found.number)} is on no list of {found.tenant}{_as_of(found)}"
    wanted = [one for one in found.lists if one.is_wanted]
    if not wanted:
        verdict = "is in no file, though live"
    elif found.is_protected:
        verdict = "is listed, and live everywhere it should be"
    elif any(one.live is None for one in wanted):
        verdict = "is listed; nothing is known of CXone yet: dnc apply, or --live"
    else:
        verdict = "is listed, and NOT live everywhere it should be"
    lines = [f"{shown.number(found.number)} {verdict}{_as_of(found)}"]
    for one in found.lists:
        lines += _on_list(one, found, shown)
    return "\n".join(lines)


def _as_of(found: Whereabouts) -> str:
    if found.read_at:
        return f", as read at {found.read_at}"
    if found.told_at is None:
        return ", going by the files: there is no report yet"
    read = "" if found.verified else ", which did not read everything back"
    return f", as of report {found.seq}{read}, {age(found.told_at, found.asked_at)} ago"


def _on_list(one: OnList, found: Whereabouts, shown: Shown) -> Iterator[str]:
    state = {True: "live", False: "NOT live", None: "not known"}[one.live]
    confirmed = f", last confirmed {iso(one.confirmed)[:19]}Z" if one.confirmed else ""
    yield f"  {one.list_id}: {state}{confirmed}"
    for line in one.lines:
        yield f"    {terms_said(line.terms)}, {line.file}:{line.line}"
        origin = origin_said(line.commit, line.merge_request, unknown="not committed yet")
        yield f"      {origin}"
        if line.rules:
            yield f"      rules: {', '.join(line.rules)}"
    for matter in one.holds:
        yield f"    a hold names it: {matter}"
    if one.kept is not None and not one.lines:
        reasons = ", ".join(BLOCKED[why.value] for why in one.kept.blocked_by)
        yield f"    no line in the files; {reasons or 'the next plan decides whether it may come off'}"
        yield from (f"      {command}" for command in commands(one.list_id, [found.number], shown))
