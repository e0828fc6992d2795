"""Where a number was at a past moment: for reading, for machines, and as a page to print for counsel."""

from collections.abc import Iterator
from typing import Any

from reconciler.cli.render.html import render_page
from reconciler.cli.render.lookup import ANSWER_TEXTS, origin_text, terms_text
from reconciler.cli.render.masking import NumberFormat
from reconciler.cli.render.messages import BLOCK_TEXTS, REASON_TEXTS, terms_summary
from reconciler.core.model.entries import terms_to_json
from reconciler.core.model.finding import count_text
from reconciler.use_cases.history.files_at_revision import LineAtRevision
from reconciler.use_cases.history.lookup_answer import Answer
from reconciler.use_cases.history.lookup_at import ListLookupAt, LookupAt
from reconciler.use_cases.history.report_walk import NumberChange, RunRead
from reconciler.use_cases.history.run_summary import RunSummary
from reconciler.use_cases.workspace.context import iso

_ACTION_WORDS = {"create": "added", "update": "changed", "delete": "removed"}


def lookup_at_json(lookup_at: LookupAt) -> dict[str, Any]:
    """Say everything that is known, the number whole."""
    return {
        "format_version": "1.0",
        "tenant": lookup_at.tenant,
        "number": lookup_at.number,
        "at": iso(lookup_at.moment),
        "asked_at": iso(lookup_at.looked_up_at),
        "answer": lookup_at.answer.value,
        "doubts": list(lookup_at.doubts),
        "listed": lookup_at.is_listed,
        "protected": lookup_at.is_protected,
        "target": dict(lookup_at.record.target) if lookup_at.record.target else None,
        "report": _report_json(lookup_at.record.report),
        "under_way": _report_json(lookup_at.record.under_way),
        "failed": [_report_json(reported) for reported in lookup_at.record.failed],
        "first_report": _report_json(lookup_at.record.first),
        "chain": {
            "head": _report_json(lookup_at.chain.head),
            "reports_walked": lookup_at.chain.reports,
            "purges": list(lookup_at.chain.purges),
            "unpushed": lookup_at.chain.unpushed,
        },
        "files_unread": lookup_at.record.unread or None,
        "holds": list(lookup_at.holds),
        "lists": [_list_json(reported) for reported in lookup_at.lists],
        "errored": False,
    }


def _report_json(reported: RunSummary | None) -> dict[str, Any] | None:
    if reported is None:
        return None
    return {
        "seq": reported.seq,
        "path": reported.path,
        "sha256": reported.sha256,
        "status": reported.status,
        "revision": reported.revision,
        "started_at": iso(reported.started_at),
        "finished_at": iso(reported.finished_at),
        "verified": reported.is_verified_without_gaps,
    }


def _list_json(list_lookup: ListLookupAt) -> dict[str, Any]:
    return {
        "list_id": list_lookup.list_id,
        "wanted": list_lookup.is_expected,
        "left_live": list_lookup.live.left,
        "live": list_lookup.live.at_moment,
        "unmanaged": list_lookup.live.unmanaged,
        "terms": dict(list_lookup.live.terms) if list_lookup.live.terms else None,
        "on_since": _number_change_json(list_lookup.added_by) if list_lookup.added_by else None,
        "seen_before": _read_json(list_lookup.looks.before),
        "seen_after": _read_json(list_lookup.looks.after),
        "there_after": list_lookup.looks.there_after,
        "kept": None if list_lookup.wanted.kept is None else list(list_lookup.wanted.kept),
        "holds": list(list_lookup.wanted.holds),
        "why_not": list_lookup.live.why_not or None,
        "claims": [_line_json(line) for line in list_lookup.wanted.lines],
        "pending": [_line_json(line) for line in list_lookup.pending],
        "touches": [_number_change_json(change) for change in list_lookup.changes],
    }


def _read_json(run_read: RunRead | None) -> dict[str, Any] | None:
    return (
        {"at": iso(run_read.at), "seq": run_read.reported.seq, "report": run_read.reported.path}
        if run_read
        else None
    )


def _number_change_json(change: NumberChange) -> dict[str, Any]:
    return {
        "seq": change.reported.seq,
        "report": change.reported.path,
        "finished_at": iso(change.reported.finished_at),
        "action": change.action,
        "direction": change.direction,
        "reason": change.reason,
        "before": change.before,
        "after": change.after,
        "outcome": change.outcome,
    }


def _line_json(line: LineAtRevision) -> dict[str, Any]:
    commit = line.commit
    return {
        "file": line.file,
        "line": line.line,
        "terms": terms_to_json(line.terms),
        "since": iso(commit.when) if commit else None,
        "commit": commit.sha if commit else None,
        "author": commit.author if commit else None,
        "merge_request": line.merge_request,
    }


def verdict(lookup_at: LookupAt) -> str:
    """Say the answer in one sentence, without the number."""
    if lookup_at.record.report is None:
        return "nothing is known of that moment"
    if lookup_at.is_listed:
        if lookup_at.is_protected:
            return "was listed, and live everywhere it should be"
        if lookup_at.is_protected is None:
            return "was listed; no run verified it in CXone at that time"
        return "was listed, and NOT live everywhere it should be"
    return _unlisted_verdict(lookup_at)


def _unlisted_verdict(lookup_at: LookupAt) -> str:
    if any(list_lookup.live.left or list_lookup.live.at_moment for list_lookup in lookup_at.lists):
        return "was in no file, though live"
    if any(list_lookup.pending for list_lookup in lookup_at.lists):
        return "was asked for by then, and no run had added it"
    if lookup_at.holds:
        return f"was on no list, but a hold named it: {', '.join(lookup_at.holds)}"
    if lookup_at.answer is Answer.UNKNOWN:
        return "was in no file; whether CXone had it is not known"
    return "was on no list"


def lookup_at_text(lookup_at: LookupAt, number_format: NumberFormat) -> str:
    """Show it, the answer first."""
    number, moment = number_format.number(lookup_at.number), moment_text(lookup_at.moment)
    lines = [f"{ANSWER_TEXTS[lookup_at.answer]}: {number} at {moment}: {verdict(lookup_at)}"]
    if lookup_at.record.report is None:
        return "\n".join([*lines, f"  {no_record_text(lookup_at)}"])
    lines += [f"  {line}" for line in source_lines(lookup_at)]
    for list_lookup in lookup_at.lists:
        lines.append(f"  {list_lookup.list_id}: {live_state(list_lookup)}")
        lines += [f"    {line}" for line in list_facts(list_lookup)]
        lines += [
            f"    report {change.reported.seq}, {moment_text(change.reported.finished_at)}: "
            f"{number_change_text(change)}"
            for change in list_lookup.changes
        ]
    return "\n".join([*lines, *(f"  {line}" for line in chain_lines(lookup_at))])


def no_record_text(lookup_at: LookupAt) -> str:
    """Say why nothing is known."""
    first = lookup_at.record.first
    if first is None:
        return f"there is no report of {lookup_at.tenant}: dnc apply writes the first"
    return (
        f"the first report of {lookup_at.tenant} is of {moment_text(first.finished_at)}: nothing is "
        "known of before"
    )


def source_lines(lookup_at: LookupAt) -> Iterator[str]:
    """Say which run tells this, and what is not known."""
    report = lookup_at.record.report
    if report is None:
        return
    yield f"as report {report.seq} left it ({report.status}, finished {moment_text(report.finished_at)})"
    if not report.is_verified_without_gaps:
        yield "that run did not read every number back"
    for reported in lookup_at.record.failed:
        yield (
            f"report {reported.seq}, {moment_text(reported.finished_at)}, is of no look into CXone "
            f"({reported.status})"
        )
    if run := lookup_at.record.under_way:
        started_at, ended_at = moment_text(run.started_at), moment_text(run.finished_at)
        yield f"a run was under way: {started_at} to {ended_at}"
    if lookup_at.record.unread:
        yield f"the files of {report.revision[:12]} can't be read any more: {lookup_at.record.unread}"
    if lookup_at.answer is Answer.UNKNOWN:
        yield from (f"not certain: {doubt}" for doubt in lookup_at.doubts)


def live_state(list_lookup: ListLookupAt) -> str:
    """Say whether it was live."""
    live, there_after = list_lookup.live, list_lookup.looks.there_after
    absent = "NOT live" if list_lookup.is_expected else "not on it"
    state_text = {True: "live", False: absent, None: "not known"}[live.at_moment]
    if live.at_moment is None and there_after is not None and live.left is not None:
        state_before, state_after = (
            "live" if is_present else "not there" for is_present in (live.left, there_after)
        )
        state_text += f": left {state_before}, and {state_after} when a run checked again"
    if live.terms:
        state_text += f", {terms_summary(live.terms)}"
    return state_text


def list_facts(list_lookup: ListLookupAt) -> Iterator[str]:
    """Say since when, by whom, and between which looks."""
    for line in list_lookup.wanted.lines:
        yield f"{terms_text(line.terms, with_request=True)}, {line.file}:{line.line}"
        origin = origin_text(line.commit, line.merge_request, unknown="its commit is not known")
        yield f"  {origin}"
    for line in list_lookup.pending:
        yield f"not applied by then: {terms_text(line.terms, with_request=True)}, {line.file}:{line.line}"
        yield f"  {origin_text(line.commit, line.merge_request, unknown='its commit is not known')}"
    if list_lookup.wanted.kept is not None:
        yield (
            "kept without a line: "
            f"{', '.join(BLOCK_TEXTS.get(block, block) for block in list_lookup.wanted.kept) or 'held'}"
        )
    if list_lookup.live.unmanaged:
        yield "added in CXone by an agent or a script: in no file"
    yield from (f"a hold names it: {matter}" for matter in list_lookup.wanted.holds)
    if list_lookup.live.why_not:
        yield f"CXone: {list_lookup.live.why_not}"
    if list_lookup.is_expected and list_lookup.live.left:
        since = list_lookup.added_by
        put_on = f"report {since.reported.seq}, {moment_text(since.reported.finished_at)}" if since else ""
        yield f"live since {put_on}" if since else "live when it was first seen: no run put it on"
    if list_lookup.live.left or list_lookup.looks.after:
        yield _reads_text(list_lookup)


def _reads_text(list_lookup: ListLookupAt) -> str:
    read_before, read_after = list_lookup.looks.before, list_lookup.looks.after
    last_text = (
        f"last seen live {moment_text(read_before.at)} (report {read_before.reported.seq})"
        if read_before
        else "not seen live before"
    )
    if read_after is None:
        return f"{last_text}; not checked since"
    state_after = "live" if list_lookup.looks.there_after else "not there"
    return (
        f"{last_text}; next look {moment_text(read_after.at)} (report {read_after.reported.seq}): "
        f"{state_after}; not checked in between"
    )


def number_change_text(change: NumberChange) -> str:
    """Say what a run did to it."""
    action_word = _ACTION_WORDS[change.action]
    outcome = "" if change.outcome == "applied" else f", {change.outcome}"
    changed_terms = terms_summary(change.before if change.action == "delete" else change.after)
    return f"{action_word}{outcome}: {changed_terms} ({REASON_TEXTS.get(change.reason, change.reason)})"


def chain_lines(lookup_at: LookupAt) -> Iterator[str]:
    """Say how anybody finds the record, and what was checked of it."""
    report, head = lookup_at.record.report, lookup_at.chain.head
    if report is None or head is None:
        return
    yield f"report {report.seq}: {report.path}"
    yield f"  SHA-256 {report.sha256}"
    yield f"  files of {report.revision}"
    checked_text = (
        "the chain's head" if head == report else f"every link from the head, report {head.seq}, holds"
    )
    for seq in lookup_at.chain.purges:
        yield f"report {seq} continues the chain after a purge: what does not hold before it is named there"
    if lookup_at.chain.unpushed:
        yield f"not at the remote: {count_text(lookup_at.chain.unpushed, 'report')} (dnc audit push)"
    yield f"{checked_text} ({count_text(lookup_at.chain.reports, 'report')} read; head SHA-256 {head.sha256})"


def moment_text(moment: Any) -> str:  # noqa: ANN401  (a datetime; the clock's own type is banned here)
    """Write a moment to the second, as people read it."""
    return f"{iso(moment)[:19]}Z"


def lookup_at_page(lookup_at: LookupAt, number_format: NumberFormat) -> str:
    """Show it as one page without outside assets."""
    lists = [
        {
            "name": list_lookup.list_id,
            "state": live_state(list_lookup),
            "facts": [line.strip() for line in list_facts(list_lookup)],
            "touches": [
                {
                    "seq": change.reported.seq,
                    "at": moment_text(change.reported.finished_at),
                    "direction": change.direction,
                    "deed": number_change_text(change),
                }
                for change in list_lookup.changes
            ],
        }
        for list_lookup in lookup_at.lists
    ]
    number, moment = number_format.number(lookup_at.number), iso(lookup_at.moment)
    return render_page(
        "then.html",
        title=f"{ANSWER_TEXTS[lookup_at.answer]}: {number} at {moment}",
        found=lookup_at,
        answer=ANSWER_TEXTS[lookup_at.answer],
        number=number,
        moment=moment,
        verdict="cannot be told" if lookup_at.record.report is None else verdict(lookup_at),
        target=_target_text(lookup_at),
        asked=moment_text(lookup_at.looked_up_at),
        nothing=no_record_text(lookup_at),
        knowledge=list(source_lines(lookup_at)),
        lists=lists,
        chain=[line.strip() for line in chain_lines(lookup_at)],
    )


def _target_text(lookup_at: LookupAt) -> str:
    target = lookup_at.record.target or {}
    return ", ".join(str(target[name]) for name in ("organisation", "host") if target.get(name))
