"""What a report says of lists: counts, a name for their content, turnover, and requests with their clock."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from itertools import islice
from typing import Any

from reconciler.audit.report import StoredReport
from reconciler.core.apply.outcomes import Outcome
from reconciler.core.apply.run import Run
from reconciler.core.model.deadline import Deadline
from reconciler.core.model.entries import (
    REGISTRY_REASONS,
    DeclaredEntries,
    Key,
    ProjectedTerms,
    Terms,
    terms_to_json,
)
from reconciler.core.model.entry_table import terms_by_phone
from reconciler.core.model.live import Live, LiveEntry
from reconciler.core.planning.change import Action, Change, Reason
from reconciler.core.planning.deadlines import (
    LiveRequest,
    OpenRequest,
    first_request_days,
    open_requests_to_json,
    summarize_durations,
)
from reconciler.core.planning.modifications import modification_of
from reconciler.core.planning.state import LastApplied
from reconciler.use_cases.reconcile.last_applied import Past
from reconciler.use_cases.reconcile.report.seen_modifications import seen_modifications
from reconciler.use_cases.workspace.context import iso

_LINES_AT_ONCE = 10_000  # joined to be hashed; a million at once would be 80 MB


def census(live: Live) -> dict[str, Any]:
    """Count each list, and name what is on it: SHA-256 of the sorted `phone,reasonCode,expirationPolicy`.

    Where the dialect carries an end, and there is one, it stands behind them.
    """
    return {
        list_id: {"count": len(entries), "sha256": content_hash(terms_by_phone(entries))}
        for list_id, entries in sorted(live.lists.items())
    }


def counts_by_reason(live: Live) -> dict[str, dict[str, int]]:
    """Count each list by reason, as far as the dialect carries one."""
    return {
        list_id: count_reasons(terms_by_phone(entries).values())
        for list_id, entries in sorted(live.lists.items())
    }


def count_reasons(terms: Iterable[ProjectedTerms]) -> dict[str, int]:
    """Count by reason. Terms are few and shared, so they are told apart by identity alone."""
    all_terms = list(terms)
    terms_by_id = dict(zip(map(id, all_terms), all_terms, strict=True))
    counts: Counter[str] = Counter()
    for terms_id, count in Counter(map(id, all_terms)).items():
        counts[terms_by_id[terms_id].reason_code] += count
    return {reason: count for reason, count in sorted(counts.items()) if reason}


def content_hash(terms: Mapping[str, ProjectedTerms]) -> str:
    """Name exactly these numbers with these terms: SHA-256 of their sorted lines."""
    lines = (f"{phone},{_terms_line(terms[phone])}\n" for phone in sorted(terms))
    digest = sha256()
    while chunk := "".join(islice(lines, _LINES_AT_ONCE)):
        digest.update(chunk.encode())
    return digest.hexdigest()


def _terms_line(terms: ProjectedTerms) -> str:
    end = f",{terms.end.isoformat()}" if terms.end else ""
    return f"{terms.reason_code},{terms.expiration_policy}{end}"


def live_requests_json(
    run: Run, day: date, waiting: Iterable[OpenRequest], *, told_before: Collection[Key] = frozenset()
) -> dict[str, Any]:
    """Say how many days the requests took that this run made live on that day, which were late, which wait.

    What was live before, put there by somebody else or put back by this run, is no request that took time;
    nor is what a report has told before (`told_before`), since it was only counted.
    """
    made_live = (
        request
        for request in _requests_made_live(run, day)
        if (request.list_id, request.phone) not in told_before
    )
    honour_counts = summarize_durations(made_live)
    return {
        "days": {"p50": honour_counts.p50, "p95": honour_counts.p95, "max": honour_counts.longest},
        "in_time": honour_counts.in_time,
        "took": {str(days): count for days, count in sorted(honour_counts.counts_by_days.items())},
        "late": list(_late_json(honour_counts.late)),
        "open": open_requests_to_json(waiting),
    }


def _late_json(requests: Iterable[LiveRequest]) -> Iterator[dict[str, Any]]:
    """Name the late ones, those alike together: a first import may have a million."""
    groups: dict[tuple[str, date, Deadline | None, int, int], list[str]] = {}
    for request in requests:
        key = (request.list_id, request.requested_on, request.due, request.days, request.days_late)
        groups.setdefault(key, []).append(request.phone)
    for (list_id, asked_on, due_date, days, days_late), phones in groups.items():
        yield {
            "list_id": list_id,
            "requested_on": asked_on.isoformat(),
            "due": due_date.due.isoformat() if due_date else None,
            "rule": due_date.rule if due_date else None,
            "days": days,
            "days_late": days_late,
            "phones": phones,
        }


def _requests_made_live(run: Run, live_on: date) -> Iterator[LiveRequest]:
    creates = [
        change
        for change in run.plan.changes
        if change.action is Action.CREATE and change.reason is Reason.DECLARED and change.is_allowed
    ]
    request_days = first_request_days(
        run.plan.target_state, (key for change in creates for key in _applied_keys(change, run))
    )
    for change in creates if request_days else ():
        for key in change.keys:
            if (day := request_days.get(key)) is not None:
                yield LiveRequest(*key, day, live_on, change.due)


def _applied_keys(change: Change, run: Run) -> Iterator[Key]:
    results = run.tally.results.for_list(change.action, change.list_id)
    for key in change.keys:
        result = results.get(key[1])
        if result is not None and result.outcome is Outcome.APPLIED:
            yield key


@dataclass(frozen=True, slots=True)
class Turnover:
    """`adopted`: live before, held by nobody, and named by a claim now. `renewed`: by terms before and after.

    `windows`: what was restored, with the moments between which it can have been off: when a run last saw it
    live (None: no run is known to have), and when this one saw that it was not. `others`: by list and reason
    code what had an entry of somebody else's when we first claimed it; the code is empty where none is told.
    `modified`: what we held and somebody else modified, each with the moment; not what a report tells
    already.
    """

    adopted: Mapping[str, tuple[str, ...]]
    renewed: Mapping[tuple[str, Terms, Terms], tuple[str, ...]]
    windows: Mapping[tuple[str, str | None, str], tuple[str, ...]]
    others: Mapping[tuple[str, str], tuple[str, ...]]
    modified: Mapping[Key, datetime]

    @property
    def adopted_json(self) -> list[dict[str, Any]]:
        """Count what was adopted, for the report."""
        return [{"list_id": list_id, "count": len(phones)} for list_id, phones in self.adopted.items()]

    @property
    def renewed_json(self) -> list[dict[str, Any]]:
        """Count what was renewed, for the report."""
        return [{**_renewed_json(renewal), "count": len(phones)} for renewal, phones in self.renewed.items()]

    @property
    def windows_json(self) -> list[dict[str, Any]]:
        """Say when the restored numbers can have been off."""
        return [
            {"list_id": list_id, "verified_at": verified_at, "seen_at": seen_at, "phones": list(phones)}
            for (list_id, verified_at, seen_at), phones in self.windows.items()
        ]

    @property
    def numbers_json(self) -> dict[str, list[dict[str, Any]]]:
        """Name what was adopted and renewed, for the plan beside the report."""
        adopted_rows = self.adopted.items()
        return {
            "adopted": [{"list_id": list_id, "phones": list(phones)} for list_id, phones in adopted_rows],
            "renewed": [
                {**_renewed_json(renewal), "phones": list(phones)} for renewal, phones in self.renewed.items()
            ],
            "others": [
                {"list_id": list_id, "reason": code or None, "phones": list(phones)}
                for (list_id, code), phones in self.others.items()
            ],
            "touched": [
                {"list_id": list_id, "at": modified_at, "phones": phones}
                for (list_id, modified_at), phones in self._modified_by_list.items()
            ],
        }

    @property
    def _modified_by_list(self) -> dict[tuple[str, str], list[str]]:
        rows: dict[tuple[str, str], list[str]] = {}
        for (list_id, phone), modified_at in sorted(self.modified.items()):
            rows.setdefault((list_id, iso(modified_at)), []).append(phone)
        return rows


def _renewed_json(renewal: tuple[str, Terms, Terms]) -> dict[str, Any]:
    return {"list_id": renewal[0], "before": terms_to_json(renewal[1]), "after": terms_to_json(renewal[2])}


def turnover(active: DeclaredEntries, past: Past, run: Run) -> Turnover:
    """Tell it of one run; `active` are in force. A file that is as it was held costs nothing."""
    last_applied = past.last_applied
    adopted_phones: dict[str, set[str]] = {}
    foreign_phones: dict[tuple[str, str], set[str]] = {}
    renewals: dict[tuple[str, Terms, Terms], set[str]] = {}
    for list_id, phone, terms in _new_entries(active, last_applied):
        was = _last_applied_terms(last_applied, (list_id, phone))
        if was is not None:
            if terms.strength > was.strength:
                renewals.setdefault((list_id, was, terms), set()).add(phone)
        elif (entry := run.live_before.get((list_id, phone))) is not None:
            was_not_live = (list_id, phone) in last_applied.not_live
            was_put_back = (list_id, phone) in past.put_back_last
            is_own = _is_own_entry(past, (list_id, phone), entry, is_written=was_not_live or was_put_back)
            if not was_not_live and not (was_put_back and is_own):
                adopted_phones.setdefault(list_id, set()).add(phone)
            if not is_own:
                # What a run without a report wrote over no longer shows what others had asked for.
                hidden = (list_id, phone) in past.overwritten_by_unreported_runs
                code = "" if hidden else _reason_code(run.live_before, (list_id, phone), entry)
                foreign_phones.setdefault((list_id, code), set()).add(phone)
    return Turnover(
        {list_id: tuple(sorted(phones)) for list_id, phones in sorted(adopted_phones.items())},
        {
            renewal: tuple(sorted(phones))
            for renewal, phones in sorted(renewals.items(), key=lambda i: repr(i[0]))
        },
        _restored_windows(past, _restored_keys(run), run.live_before.read_at),
        {renewal: tuple(sorted(phones)) for renewal, phones in sorted(foreign_phones.items())},
        seen_modifications(past, run),
    )


def _reason_code(live: Live, key: Key, entry: LiveEntry) -> str:
    """Give the reason code of others' entry; of several entries a registry's only if all are one's."""
    codes = live.duplicate_codes.get(key, frozenset()) | {entry.terms.reason_code}
    return min(codes - REGISTRY_REASONS or codes)


def _is_own_entry(past: Past, key: Key, entry: LiveEntry, *, is_written: bool) -> bool:
    """Tell whether an entry is what an earlier run wrote, though no report holds it; in doubt it is not.

    `is_written`: a report says that we sent it and that it was not live, or that we put back what we had
    removed. Runs without a report are asked, too.
    """
    modification = modification_of(entry) if is_written or past.unreported_runs else None
    return modification is not None and past.history.is_ours(key, modification.at)


def _new_entries(active: DeclaredEntries, last_applied: LastApplied) -> Iterator[tuple[str, str, Terms]]:
    """Give the claims that are not held word for word."""
    past_numbers = {(file.path, file.list_id): file.numbers for file in last_applied.files}
    for file in active.files:
        was = past_numbers.get((file.path, file.list_id), {})
        if was is not file.numbers:
            for phone, terms in file.numbers.items():
                if was.get(phone) != terms or (file.list_id, phone) in last_applied.not_live:
                    yield file.list_id, phone, terms


def _last_applied_terms(last_applied: LastApplied, key: Key) -> Terms | None:
    """Give the strongest terms under which a number is held."""
    if last_applied.revision is None:
        return None
    return max(
        (entry.terms for entry in last_applied.entries(key)), key=lambda terms: terms.strength, default=None
    )


def _restored_keys(run: Run) -> Iterator[Key]:
    return (key for change in run.plan.changes if change.reason is Reason.RESTORED for key in change.keys)


def _restored_windows(
    past: Past, restored_keys: Iterable[Key], seen_at: str
) -> dict[tuple[str, str | None, str], tuple[str, ...]]:
    waiting = set(restored_keys)
    keys_by_window: dict[Key, str] = {}
    for stored_report in past.recent_verified if waiting else ():
        live_keys = _live_at_report(past, stored_report, waiting)
        keys_by_window |= dict.fromkeys(live_keys, stored_report.report.verified_text)
        waiting -= live_keys
        if not waiting:
            break
    windows: dict[tuple[str, str | None, str], list[str]] = {}
    for key in sorted(keys_by_window.keys() | waiting):
        windows.setdefault((key[0], keys_by_window.get(key), seen_at), []).append(key[1])
    return {window: tuple(phones) for window, phones in windows.items()}


def _live_at_report(past: Past, stored_report: StoredReport, keys: Iterable[Key]) -> set[Key]:
    """Name those of the keys that a verified report tells as live."""
    report = stored_report.report
    files = past.declarations_at(report.revision).active_on(report.as_of).files
    retained, absent = report.retained_keys, report.absent_keys
    return {
        key
        for key in keys
        if key not in absent
        and (key in retained or any(key[1] in file.numbers for file in files if file.list_id == key[0]))
    }
