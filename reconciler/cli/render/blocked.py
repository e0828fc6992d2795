"""What guards keep, in the newest run and in files that are not applied yet, for reading and for machines."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from reconciler.audit.report_rows import BLOCKED, BY_HAND, NOT_REMOVED, RetainedRow
from reconciler.cli.render.masking import NumberFormat
from reconciler.cli.render.messages import REASON_TEXTS, age_text, block_text, fix_text
from reconciler.core.model.entries import Key, Terms
from reconciler.core.model.finding import count_text
from reconciler.core.planning.change import Change
from reconciler.use_cases.history.blocked import BlockedNumbers, FilesOutlook

_NOT_ASKED = (
    "CXone was not asked: a later opt-out there, or a number that is gone already, shows in dnc plan."
)


def blocked_json(blocked_numbers: BlockedNumbers) -> dict[str, Any]:
    """Say what is kept, whole numbers and all."""
    files = blocked_numbers.files
    return {
        "format_version": "1.0",
        "tenant": blocked_numbers.tenant,
        "report": blocked_numbers.report.path if blocked_numbers.report else None,
        "errored": False,
        "counts": {"newest_run": blocked_numbers.in_newest_run, "in_files": blocked_numbers.in_files},
        "kept": [
            {
                "list_id": row.list_id,
                "blocked_by": list(row.blocked_by),
                "kind": row.kind,
                "file": row.path,
                "terms": dict(row.terms_json),
                "since": row.since,
                "phones": list(row.phones),
            }
            for row in blocked_numbers.rows
        ],
        "not_added": [
            {"list_id": row.key[0], "phone": row.key[1], "message": row.message}
            for row in blocked_numbers.left_out
        ],
        "in_files": None if files is None else _files_json(files),
        "problem": blocked_numbers.problem or None,
        "budget": blocked_numbers.budget_json,
    }


def _files_json(files: FilesOutlook) -> dict[str, Any]:
    return {
        "new": [_change_json(change) for change in files.new],
        "other_reason": [_change_json(change) for change in files.other_reason],
        "returned": _keys_json(files.returned),
        "authorized": _keys_json(files.authorized),
        "by_hand": _keys_json(files.by_hand),
    }


def _change_json(change: Change) -> dict[str, Any]:
    return {
        "list_id": change.list_id,
        "action": change.action.value,
        "reason": change.reason.value,
        "blocked_by": [block.value for block in change.blocked_by],
        "phones": list(change.phones),
    }


def _keys_json(keys: Iterable[Key]) -> list[dict[str, Any]]:
    return [{"list_id": list_id, "phones": phones} for list_id, phones in _by_list(keys).items()]


def _by_list(keys: Iterable[Key]) -> dict[str, list[str]]:
    phones: dict[str, list[str]] = {}
    for list_id, phone in keys:
        phones.setdefault(list_id, []).append(phone)
    return phones


def blocked_text(blocked_numbers: BlockedNumbers, number_format: NumberFormat) -> str:
    """Show what is kept, by list, with the fixes; the two counts first."""
    tenant = blocked_numbers.tenant
    if blocked_numbers.report is None:
        lines = [f"no report for {tenant} yet: dnc apply writes the first"]
        lines += [f"in your files: {blocked_numbers.problem}"] if blocked_numbers.problem else []
        return "\n".join(lines)
    report = blocked_numbers.report.report
    as_of = f"as of report {report.seq}, {age_text(report.finished_at, blocked_numbers.read_at)} ago"
    counts = f"in the newest run: {blocked_numbers.in_newest_run:,}; in your files, not applied yet: " + (
        "not known" if blocked_numbers.in_files is None else f"{blocked_numbers.in_files:,}"
    )
    if blocked_numbers.is_empty:
        lines = [f"no blocked removals on {tenant}, {as_of} ({counts})"]
    else:
        lines = [f"{tenant}, {as_of}: blocked {counts}"]
    lines += _run_lines(blocked_numbers, number_format)
    if blocked_numbers.files is None:
        lines += ["", f"In your files, not applied yet: not known. {blocked_numbers.problem}"]
    else:
        lines += _files_lines(blocked_numbers, blocked_numbers.files, number_format)
        lines += ["", _NOT_ASKED]
    return "\n".join(lines)


def _run_lines(blocked_numbers: BlockedNumbers, number_format: NumberFormat) -> Iterator[str]:
    """Show what the newest run kept, then what it left to people, and what it did not do."""
    budget = blocked_numbers.budget_json
    for kind, title in (
        (BLOCKED, "In the newest run"),
        (BY_HAND, "To remove by hand, in the newest run"),
        (NOT_REMOVED, "Authorized and not removed, in the newest run"),
    ):
        rows = blocked_numbers.rows_of_kind(kind)
        if rows:
            yield ""
            yield f"{title}: {count_text(blocked_numbers.count_of_kind(kind))}"
        for row in rows:
            yield from _row_lines(row, number_format, budget)
            if kind == NOT_REMOVED:
                yield "      its removal did not succeed: dnc audit show says why; fix: run dnc apply again"
    if blocked_numbers.left_out:
        yield ""
        yield f"Not added, and not protected: {count_text(len(blocked_numbers.left_out))}"
    for list_id, phones in _by_list(row.key for row in blocked_numbers.left_out).items():
        yield f"  {list_id}: {count_text(len(phones))}"
        yield f"      {number_format.sample(phones)}"
        yield _sentence("over-ceiling", list_id, phones, number_format, None)


def _row_lines(
    row: RetainedRow, number_format: NumberFormat, budget: Mapping[str, Any] | None
) -> Iterator[str]:
    yield f"  {row.list_id}: {count_text(len(row.phones))}, {_terms_text(row.entry.terms)}, from {row.path}"
    yield f"      {number_format.sample(row.phones)}"
    for block in row.blocked_by:
        yield _sentence(block, row.list_id, row.phones, number_format, budget)


def _terms_text(terms: Terms) -> str:
    until = f" until {terms.end}" if terms.end else ""
    return f"{terms.reason_code.value} {terms.expiration_policy.value}{until}"


def _files_lines(
    blocked_numbers: BlockedNumbers, files: FilesOutlook, number_format: NumberFormat
) -> Iterator[str]:
    """Show what the files add, and what they settle."""
    for title, changes in (
        ("In your files, not applied yet", files.new),
        ("Kept for another reason by your files, not applied yet", files.other_reason),
    ):
        if changes:
            yield ""
            yield f"{title}: {count_text(sum(len(change.phones) for change in changes))}"
        for change in changes:
            yield (
                f"  {change.list_id}: {count_text(len(change.phones))} ({REASON_TEXTS[change.reason.value]})"
            )
            yield f"      {number_format.sample(change.phones)}"
            for block in change.blocked_by:
                yield _sentence(
                    block.value, change.list_id, change.phones, number_format, blocked_numbers.budget_json
                )
    for title, keys in (
        ("Of the newest run, listed in your files again", files.returned),
        ("Of the newest run, released by your files: the next run removes them", files.authorized),
        ("To remove by hand, once your files are applied", files.by_hand),
    ):
        if keys:
            yield ""
            yield f"{title}: {count_text(len(keys))}"
        for list_id, phones in _by_list(keys).items():
            yield f"  {list_id}: {number_format.sample(phones)}"


def _sentence(
    block: str,
    list_id: str,
    phones: Sequence[str],
    number_format: NumberFormat,
    budget: Mapping[str, Any] | None,
) -> str:
    fix = fix_text(block, list_id, phones, number_format, budget)
    return f"      {block}: {block_text(block, list_id, budget)}; fix: {fix}"
