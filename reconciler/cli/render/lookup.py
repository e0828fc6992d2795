"""Whether a number may be called, and where it is listed: for reading and for machines."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from reconciler.cli.render.masking import NumberFormat
from reconciler.cli.render.messages import BLOCK_TEXTS, REASON_TEXTS, age_text, edit_commands
from reconciler.core.model.entries import Terms, terms_to_json
from reconciler.core.model.finding import finding_to_json
from reconciler.git.history import Commit
from reconciler.use_cases.history.lookup import ListLine, ListLookup, Lookup, LookupBasis
from reconciler.use_cases.history.lookup_answer import Answer
from reconciler.use_cases.history.number_files import Mention, MentionKind
from reconciler.use_cases.history.number_record import Removal
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


ANSWER_TEXTS = {
    Answer.DO_NOT_CALL: "DO NOT CALL",
    Answer.NOT_LISTED: "NOT LISTED",
    Answer.UNKNOWN: "UNKNOWN",
}
_LIVE_TEXTS = {True: "live", False: "not live", None: "not known"}


def removal_text(removal: Removal) -> str:
    """Say which run removed a number, on whose authority."""
    report = removal.report
    if removal.is_certain:
        start = f"removed by report {report.seq}"
    else:
        start = f"report {report.seq} was to remove it, and CXone's answer is not known"
    row = removal.authorization
    parts = [start]
    if row is not None and row.is_release:
        parts += [row.release, row.evidence]
        parts += [f"by {row.author}"] if row.author else []
        parts += [row.merge_request.reference] if row.merge_request and row.merge_request.reference else []
        parts += [f"approved by {' and '.join(row.approvers)}"] if row.approvers else []
    else:
        parts.append(REASON_TEXTS.get(removal.reason, removal.reason))
    return ", ".join([*parts, f"at {_moment_text(report.finished_at)}"])


def lookup_json(lookup: Lookup) -> dict[str, Any]:
    """Say everything that is known, the number whole."""
    basis, failure = lookup.basis, lookup.failure
    return {
        "format_version": "1.0",
        "tenant": lookup.tenant,
        "number": lookup.number,
        "answer": lookup.answer.value,
        "doubts": list(lookup.doubts),
        "listed": lookup.is_listed,
        "protected": lookup.is_protected,
        "as_of": {
            "report": basis.report,
            "seq": basis.seq,
            "verified": basis.verified,
            "finished_at": iso(basis.reported_at) if basis.reported_at else None,
            "age_seconds": round((basis.looked_up_at - basis.reported_at).total_seconds())
            if basis.reported_at
            else None,
            "unpushed": basis.is_unpushed,
            "last_read": {"at": iso(basis.read.at), "seq": basis.read.reported.seq} if basis.read else None,
            "read_at": basis.read_at,
        },
        "lists": [_list_json(list_lookup) for list_lookup in lookup.lists],
        "mentions": [
            {
                "kind": mention.kind.value,
                "list_id": mention.list_id or None,
                "file": mention.file,
                "source": mention.source or None,
            }
            for mention in lookup.mentions
        ],
        "errored": failure is not None,
        **(
            {
                "exit_code": failure.exit_code,
                "findings": [finding_to_json(finding) for finding in failure.findings],
            }
            if failure
            else {}
        ),
    }


def _list_json(list_lookup: ListLookup) -> dict[str, Any]:
    entry, record = list_lookup.entry, list_lookup.record
    return {
        "list_id": list_lookup.list_id,
        "wanted": list_lookup.is_expected,
        "live": list_lookup.live,
        "weaker": list_lookup.is_weaker,
        "live_terms": None
        if entry is None
        else {
            "reasonCode": entry.reason_code or None,
            "expirationPolicy": entry.expiration_policy or None,
            "end": entry.end.isoformat() if entry.end else None,
        },
        "last_confirmed_live": iso(record.confirmed_at) if record.confirmed_at else None,
        "unmanaged": record.unmanaged_at is not None,
        "refused": record.refusal,
        "unreported": record.is_written,
        "kept": None
        if list_lookup.retained is None
        else [reason.value for reason in list_lookup.retained.blocked_by],
        "removal_due": list_lookup.is_removal_due,
        "removed": _removal_json(record.removal) if record.removal else None,
        "holds": list(list_lookup.holds),
        "claims": [_line_json(line) for line in list_lookup.lines],
        "expired": [_line_json(line) for line in list_lookup.expired],
    }


def _removal_json(removal: Removal) -> dict[str, Any]:
    row = removal.authorization
    request = row.merge_request if row else None
    return {
        "seq": removal.report.seq,
        "report": removal.report.path,
        "finished_at": iso(removal.report.finished_at),
        "reason": removal.reason,
        "certain": removal.is_certain,
        "release": (row.release or None) if row else None,
        "evidence": (row.evidence or None) if row else None,
        "author": (row.author or None) if row else None,
        "merge_request": (request.reference or None) if request else None,
        "approvers": list(row.approvers) if row else [],
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
    """Show it, the answer first."""
    answer, number = lookup.answer, number_format.number(lookup.number)
    lines = [f"{ANSWER_TEXTS[answer]}: {number} {_verdict(lookup)}{_source_text(lookup.basis)}"]
    if answer is Answer.NOT_LISTED and lookup.basis.read_at is None:
        lines[0] += "; CXone was not asked now"
    for list_lookup in lookup.lists:
        lines += _list_lines(list_lookup, lookup, number_format)
    lines += [f"  {_mention_text(mention)}" for mention in lookup.mentions]
    lines += [f"  {line}" for line in _basis_lines(lookup.basis)]
    if answer is Answer.UNKNOWN or lookup.basis.report is None or lookup.failure:
        lines += [f"  not certain: {doubt}" for doubt in lookup.doubts]
    if answer is Answer.UNKNOWN and lookup.basis.read_at is None and lookup.failure is None:
        typed = "NUMBER" if number_format.is_masked else lookup.number
        lines.append(f"  fix: ask CXone: dnc check {typed} --live")
    return "\n".join(lines)


def _verdict(lookup: Lookup) -> str:
    expected_lists = [list_lookup for list_lookup in lookup.lists if list_lookup.is_expected]
    if any(list_lookup.lines for list_lookup in expected_lists):
        return _listed_verdict(lookup, expected_lists)
    has_expired = any(list_lookup.expired for list_lookup in lookup.lists)
    in_files = "has a line whose term is over" if has_expired else "is in no list file"
    if expected_lists:
        is_blocked = any(one.retained and one.retained.blocked_by for one in expected_lists)
        place = "CXone keeps it" if is_blocked else "no run has removed it from CXone yet"
        return f"{in_files}, and {place}" + ("" if lookup.is_protected else "; it is NOT live everywhere")
    if any(list_lookup.live for list_lookup in lookup.lists):
        return "has a line whose term is over, though live" if has_expired else "is in no file, though live"
    return f"{in_files}; {_other_reason(lookup)}" if lookup.answer is Answer.DO_NOT_CALL else _absence(lookup)


def _listed_verdict(lookup: Lookup, expected_lists: Sequence[ListLookup]) -> str:
    if any(list_lookup.live is None for list_lookup in expected_lists):
        return "is listed; nothing is known of CXone yet: dnc apply, or --live"
    if not lookup.is_protected:
        if all(list_lookup.live or list_lookup.record.unmanaged_at for list_lookup in expected_lists):
            return "is listed, and was seen live, though no run has applied its line yet"
        return "is listed, and NOT live everywhere it should be"
    if any(list_lookup.is_unseen for list_lookup in expected_lists):
        return "is listed, and CXone took it everywhere it should be live; no run has seen it there yet"
    return "is listed, and live everywhere it should be"


def _other_reason(lookup: Lookup) -> str:
    """Say why a number may not be called that no active line names and that was not seen live."""
    if any(list_lookup.record.refusal is not None for list_lookup in lookup.lists):
        return "the newest run was to add it, and CXone did not take it"
    if any(list_lookup.record.is_written for list_lookup in lookup.lists):
        return "a run that left no report may have added it to CXone"
    return _MENTION_VERDICTS[lookup.mentions[0].kind]


_MENTION_VERDICTS = {
    MentionKind.COMMITTED: "a commit that the working tree does not have lists it",
    MentionKind.FAULTY_FILE: "a file with errors has its digits",
    MentionKind.OTHER_TENANT: "another tenant lists it",
    MentionKind.HOLD: "a hold names it",
}


def _absence(lookup: Lookup) -> str:
    has_expired = any(list_lookup.expired for list_lookup in lookup.lists)
    if lookup.answer is Answer.UNKNOWN:
        place = "has a line whose term is over" if has_expired else f"is in no list file of {lookup.tenant}"
        return f"{place}; whether CXone has it is not known"
    absence = f"is on no list of {lookup.tenant}"
    return f"{absence}: the term of its line is over, and it is not live" if has_expired else absence


def _mention_text(mention: Mention) -> str:
    match mention.kind:
        case MentionKind.COMMITTED:
            return f"{mention.list_id}: in {mention.file} of {mention.source}, and not in the files here"
        case MentionKind.FAULTY_FILE:
            return f"{mention.file} has errors, and a line with the digits of this number: dnc validate"
        case MentionKind.OTHER_TENANT:
            return f"{mention.list_id} of tenant {mention.source}: {mention.file}"
        case MentionKind.HOLD:
            return f"a hold names it: {mention.source}, {mention.file}"


def _source_text(basis: LookupBasis) -> str:
    if basis.read_at:
        return f", as read at {basis.read_at}"
    if basis.reported_at is None:
        return ", going by the files alone"
    read_text = "" if basis.verified else ", which did not read everything back"
    return f", as of report {basis.seq}{read_text}, {age_text(basis.reported_at, basis.looked_up_at)} ago"


def _basis_lines(basis: LookupBasis) -> Iterator[str]:
    if basis.is_unpushed:
        yield f"report {basis.seq} is only in this clone, not at the remote: dnc audit push"
    if basis.read and basis.read_at is None:
        age = age_text(basis.read.at, basis.looked_up_at)
        yield f"CXone was last read in full by report {basis.read.reported.seq}, {age} ago"


def _list_lines(list_lookup: ListLookup, lookup: Lookup, number_format: NumberFormat) -> Iterator[str]:
    confirmation = _confirmation_text(list_lookup, lookup.basis)
    yield f"  {list_lookup.list_id}: {_state_text(list_lookup)}{confirmation}"
    for line in list_lookup.lines:
        yield from _line_lines(line)
    for line in list_lookup.expired:
        yield from _line_lines(line, f": its term is over, it ended on {line.terms.end}")
    yield from (f"    {line}" for line in _record_lines(list_lookup))
    for matter in list_lookup.holds:
        yield f"    a hold names it: {matter}"
    if list_lookup.retained is not None and not list_lookup.lines:
        reasons = ", ".join(BLOCK_TEXTS[block.value] for block in list_lookup.retained.blocked_by)
        in_files = "no active line" if list_lookup.expired else "no line"
        yield f"    {in_files} in the files; {reasons or 'the next run decides whether it is removed'}"
        yield from (
            f"      {command}"
            for command in edit_commands(list_lookup.list_id, [lookup.number], number_format)
        )


def _state_text(list_lookup: ListLookup) -> str:
    if list_lookup.is_unseen:
        return "sent, and CXone took it"
    if list_lookup.is_expected and list_lookup.live is False and list_lookup.record.unmanaged_at:
        return "seen live, and its line is not applied yet"
    if list_lookup.is_weaker:
        return "live, and weaker than the files have it"
    if list_lookup.is_expected and list_lookup.live is False:
        return "NOT live"
    return _LIVE_TEXTS[list_lookup.live]


def _confirmation_text(list_lookup: ListLookup, basis: LookupBasis) -> str:
    if list_lookup.record.confirmed_at:
        return f", last confirmed {_moment_text(list_lookup.record.confirmed_at)}"
    if basis.report is None or list_lookup.record.unmanaged_at or list_lookup.entry:
        return ""
    if basis.reports_looked_at:
        return f", not confirmed live by the last {basis.reports_looked_at} reports"
    return ", never confirmed live"


def _line_lines(line: ListLine, remark: str = "") -> Iterator[str]:
    yield f"    {terms_text(line.terms)}, {line.file}:{line.line}{remark}"
    origin = origin_text(line.commit, line.merge_request, unknown="not committed yet")
    yield f"      {origin}"
    if line.rules:
        yield f"      rules: {', '.join(line.rules)}"


def _record_lines(list_lookup: ListLookup) -> Iterator[str]:
    record = list_lookup.record
    if record.unmanaged_at:
        seen = f"seen in CXone at {_moment_text(record.unmanaged_at)}"
        origin = "added by an agent or a script, an opt-out"
        yield f"{seen}: {origin}" + ("" if list_lookup.lines else ", and no file names it (dnc pull)")
    if record.refusal is not None:
        words = f": {record.refusal}" if record.refusal else ""
        yield f"the newest run did not get it into CXone as the files have it{words}"
    if record.is_written:
        yield "a run that left no report may have added it"
    if list_lookup.is_removal_due:
        yield "its removal is authorized: the next run removes it"
    if record.removal:
        yield removal_text(record.removal)


def _moment_text(moment: datetime) -> str:
    return f"{iso(moment)[:19]}Z"
