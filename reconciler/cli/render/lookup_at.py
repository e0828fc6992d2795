"""Where a number was at a past moment: for reading, for machines, and as a page to print for counsel."""

from collections.abc import Iterator
from typing import Any

from reconciler.cli.render.html import page
from reconciler.cli.render.lookup import origin_said, terms_said
from reconciler.cli.render.masking import Shown
from reconciler.cli.render.messages import BLOCKED, REASONS, count, terms
from reconciler.core.model.entries import terms_json
from reconciler.use_cases.history.files_at_revision import LineThen
from reconciler.use_cases.history.lookup_at import OnListThen, Then
from reconciler.use_cases.history.report_walk import Look, Touch
from reconciler.use_cases.history.run_summary import RunSummary
from reconciler.use_cases.workspace.context import iso

_DONE = {"create": "put on", "update": "changed", "delete": "taken off"}


def then_json(found: Then) -> dict[str, Any]:
    """Say everything that is known, the number whole."""
    return {
        "format_version": "1.0",
        "tenant": found.tenant,
        "number": found.number,
        "at": iso(found.moment),
        "asked_at": iso(found.asked_at),
        "listed": found.is_listed,
        "protected": found.is_protected,
        "target": dict(found.record.target) if found.record.target else None,
        "report": _report_json(found.record.report),
        "under_way": _report_json(found.record.under_way),
        "failed": [_report_json(one) for one in found.record.failed],
        "first_report": _report_json(found.record.first),
        "chain": {
            "head": _report_json(found.chain.head),
            "reports_walked": found.chain.reports,
            "purges": list(found.chain.purges),
        },
        "files_unread": found.record.unread or None,
        "lists": [_list_json(one) for one in found.lists],
        "errored": False,
    }


def _report_json(one: RunSummary | None) -> dict[str, Any] | None:
    if one is None:
        return None
    return {
        "seq": one.seq,
        "path": one.path,
        "sha256": one.sha256,
        "status": one.status,
        "revision": one.revision,
        "started_at": iso(one.started_at),
        "finished_at": iso(one.finished_at),
        "verified": one.is_verified_without_gaps,
    }


def _list_json(one: OnListThen) -> dict[str, Any]:
    return {
        "list_id": one.list_id,
        "wanted": one.is_wanted,
        "left_live": one.live.left,
        "live": one.live.at_moment,
        "unmanaged": one.live.unmanaged,
        "terms": dict(one.live.terms) if one.live.terms else None,
        "on_since": _touch_json(one.on_since) if one.on_since else None,
        "seen_before": _look_json(one.looks.before),
        "seen_after": _look_json(one.looks.after),
        "there_after": one.looks.there_after,
        "kept": None if one.wanted.kept is None else list(one.wanted.kept),
        "holds": list(one.wanted.holds),
        "why_not": one.live.why_not or None,
        "claims": [_line_json(line) for line in one.wanted.lines],
        "touches": [_touch_json(touch) for touch in one.touches],
    }


def _look_json(look: Look | None) -> dict[str, Any] | None:
    return {"at": iso(look.at), "seq": look.by.seq, "report": look.by.path} if look else None


def _touch_json(touch: Touch) -> dict[str, Any]:
    return {
        "seq": touch.by.seq,
        "report": touch.by.path,
        "finished_at": iso(touch.by.finished_at),
        "action": touch.action,
        "direction": touch.direction,
        "reason": touch.reason,
        "before": touch.before,
        "after": touch.after,
        "outcome": touch.outcome,
    }


def _line_json(line: LineThen) -> dict[str, Any]:
    commit = line.commit
    return {
        "file": line.file,
        "line": line.line,
        "terms": terms_json(line.terms),
        "since": iso(commit.when) if commit else None,
        "commit": commit.sha if commit else None,
        "author": commit.author if commit else None,
        "merge_request": line.merge_request,
    }


def verdict(found: Then) -> str:
    """Say the answer in one sentence, without the number."""
    if found.record.report is None:
        return "nothing is known of that moment"
    if not found.lists:
        return "was on no list"
    if not found.is_listed:
        live = any(one.live.at_moment for one in found.lists)
        return "was in no file, though live" if live else "was on no list"
    if found.is_protected:
        return "was listed, and live everywhere it should be"
    if found.is_protected is None:
        return "was listed; whether it was live everywhere at that moment, nobody looked"
    return "was listed, and NOT live everywhere it should be"


def then_text(found: Then, shown: Shown) -> str:
    """Show it, the verdict first."""
    lines = [f"{shown.number(found.number)} at {when(found.moment)}: {verdict(found)}"]
    if found.record.report is None:
        return "\n".join([*lines, f"  {before_all(found)}"])
    lines += [f"  {line}" for line in knowledge(found)]
    for one in found.lists:
        lines.append(f"  {one.list_id}: {state(one)}")
        lines += [f"    {line}" for line in facts(one)]
        lines += [f"    report {t.by.seq}, {when(t.by.finished_at)}: {deed(t)}" for t in one.touches]
    return "\n".join([*lines, *(f"  {line}" for line in chain(found))])


def before_all(found: Then) -> str:
    """Say why nothing is known."""
    first = found.record.first
    if first is None:
        return f"there is no report of {found.tenant}: dnc apply writes the first"
    return f"the first report of {found.tenant} is of {when(first.finished_at)}: before it nobody looked"


def knowledge(found: Then) -> Iterator[str]:
    """Say which run tells this, and what is not known."""
    report = found.record.report
    if report is None:
        return
    yield f"as report {report.seq} left it ({report.status}, finished {when(report.finished_at)})"
    if not report.is_verified_without_gaps:
        yield "that run did not read every number back"
    for one in found.record.failed:
        yield f"report {one.seq}, {when(one.finished_at)}, is of no look into CXone ({one.status})"
    if run := found.record.under_way:
        began, ended = when(run.started_at), when(run.finished_at)
        yield f"a run was under way: {began} to {ended}"
    if found.record.unread:
        yield f"the files of {report.revision[:12]} can't be read any more: {found.record.unread}"


def state(one: OnListThen) -> str:
    """Say whether it was live."""
    live, there_after = one.live, one.looks.there_after
    absent = "NOT live" if one.is_wanted else "not on it"
    said = {True: "live", False: absent, None: "not known"}[live.at_moment]
    if live.at_moment is None and there_after is not None and live.left is not None:
        left, found = ("live" if there else "not there" for there in (live.left, there_after))
        said += f": left {left}, and {found} when somebody looked again"
    if live.terms:
        said += f", {terms(live.terms)}"
    return said


def facts(one: OnListThen) -> Iterator[str]:
    """Say since when, by whom, and between which looks."""
    for line in one.wanted.lines:
        yield f"{terms_said(line.terms, asked=True)}, {line.file}:{line.line}"
        origin = origin_said(line.commit, line.merge_request, unknown="its commit is not known")
        yield f"  {origin}"
    if one.wanted.kept is not None:
        yield f"kept without a line: {', '.join(BLOCKED.get(why, why) for why in one.wanted.kept) or 'held'}"
    if one.live.unmanaged:
        yield "added in CXone by an agent or a script: in no file"
    yield from (f"a hold names it: {matter}" for matter in one.wanted.holds)
    if one.live.why_not:
        yield f"CXone: {one.live.why_not}"
    if one.is_wanted and one.live.left:
        since = one.on_since
        put_on = f"report {since.by.seq}, {when(since.by.finished_at)}" if since else ""
        yield f"live since {put_on}" if since else "live when it was first seen: no run put it on"
    if one.live.left or one.looks.after:
        yield _looked(one)


def _looked(one: OnListThen) -> str:
    before, after = one.looks.before, one.looks.after
    last = f"last seen live {when(before.at)} (report {before.by.seq})" if before else "not seen live before"
    if after is None:
        return f"{last}; no report tells of a look since"
    found = "live" if one.looks.there_after else "not there"
    return f"{last}; next look {when(after.at)} (report {after.by.seq}): {found}; nobody looked in between"


def deed(touch: Touch) -> str:
    """Say what a run did to it."""
    done = _DONE[touch.action]
    outcome = "" if touch.outcome == "applied" else f", {touch.outcome}"
    what = terms(touch.before if touch.action == "delete" else touch.after)
    return f"{done}{outcome}: {what} ({REASONS.get(touch.reason, touch.reason)})"


def chain(found: Then) -> Iterator[str]:
    """Say how anybody finds the record, and what was checked of it."""
    report, head = found.record.report, found.chain.head
    if report is None or head is None:
        return
    yield f"report {report.seq}: {report.path}"
    yield f"  SHA-256 {report.sha256}"
    yield f"  files of {report.revision}"
    checked = "the chain's head" if head == report else f"every link from the head, report {head.seq}, holds"
    for seq in found.chain.purges:
        yield f"report {seq} continues the chain after a purge: what does not hold before it is named there"
    yield f"{checked} ({count(found.chain.reports, 'report')} read; head SHA-256 {head.sha256})"


def when(moment: Any) -> str:  # noqa: ANN401  (a datetime; the clock's own type is banned here)
    """Write a moment to the second, as people read it."""
    return f"{iso(moment)[:19]}Z"


def then_page(found: Then, shown: Shown) -> str:
    """Show it as one page without outside assets."""
    lists = [
        {
            "name": one.list_id,
            "state": state(one),
            "facts": [line.strip() for line in facts(one)],
            "touches": [
                {"seq": t.by.seq, "at": when(t.by.finished_at), "direction": t.direction, "deed": deed(t)}
                for t in one.touches
            ],
        }
        for one in found.lists
    ]
    number, moment = shown.number(found.number), iso(found.moment)
    return page(
        "then.html",
        title=f"{number} at {moment}",
        found=found,
        number=number,
        moment=moment,
        verdict="cannot be told" if found.record.report is None else verdict(found),
        target=_target(found),
        asked=when(found.asked_at),
        nothing=before_all(found),
        knowledge=list(knowledge(found)),
        lists=lists,
        chain=[line.strip() for line in chain(found)],
    )


def _target(found: Then) -> str:
    told = found.record.target or {}
    return ", ".join(str(told[name]) for name in ("organisation", "host") if told.get(name))
