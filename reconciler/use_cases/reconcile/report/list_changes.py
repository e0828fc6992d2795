"""What a report says of lists: counts, a name for their content, turnover, and requests with their clock."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from itertools import islice
from typing import Any

from reconciler.audit.report import StoredReport
from reconciler.core.apply.outcomes import Outcome
from reconciler.core.apply.run import Run
from reconciler.core.model.deadline import Deadline
from reconciler.core.model.entries import REGISTRY_REASONS, Carried, Claims, Key, Terms, terms_json
from reconciler.core.model.entry_table import terms_of
from reconciler.core.model.live import Live, LiveEntry
from reconciler.core.planning.change import Action, Change, Reason
from reconciler.core.planning.deadlines import LiveRequest, OpenRequest, honoured, requested_on, requests_json
from reconciler.core.planning.modifications import touch_of
from reconciler.core.planning.state import Held
from reconciler.use_cases.reconcile.last_applied import Past
from reconciler.use_cases.reconcile.report.seen_modifications import seen_touches
from reconciler.use_cases.workspace.context import iso

_LINES_AT_ONCE = 10_000  # joined to be hashed; a million at once would be 80 MB


def census(live: Live) -> dict[str, Any]:
    """Count each list, and name what is on it: SHA-256 of the sorted `phone,reasonCode,expirationPolicy`.

    Where the dialect carries an end, and there is one, it stands behind them.
    """
    return {
        list_id: {"count": len(entries), "sha256": named(terms_of(entries))}
        for list_id, entries in sorted(live.lists.items())
    }


def by_reason(live: Live) -> dict[str, dict[str, int]]:
    """Count each list by reason, as far as the dialect carries one."""
    return {
        list_id: reasons_of(terms_of(entries).values()) for list_id, entries in sorted(live.lists.items())
    }


def reasons_of(terms: Iterable[Carried]) -> dict[str, int]:
    """Count by reason. Terms are few and shared, so they are told apart by identity alone."""
    kept = list(terms)
    known = dict(zip(map(id, kept), kept, strict=True))
    found: Counter[str] = Counter()
    for one, count in Counter(map(id, kept)).items():
        found[known[one].reason_code] += count
    return {reason: count for reason, count in sorted(found.items()) if reason}


def named(terms: Mapping[str, Carried]) -> str:
    """Name exactly these numbers with these terms: SHA-256 of their sorted lines."""
    lines = (f"{phone},{_said(terms[phone])}\n" for phone in sorted(terms))
    told = sha256()
    while some := "".join(islice(lines, _LINES_AT_ONCE)):
        told.update(some.encode())
    return told.hexdigest()


def _said(terms: Carried) -> str:
    end = f",{terms.end.isoformat()}" if terms.end else ""
    return f"{terms.reason_code},{terms.expiration_policy}{end}"


def honoured_json(run: Run, on: date, waiting: Iterable[OpenRequest]) -> dict[str, Any]:
    """Say how many days the requests took that this run made live on that day, which were late, which wait.

    What was live before, put there by somebody else or put back by this run, is no request that took time.
    """
    found = honoured(_made_live(run, on))
    return {
        "days": {"p50": found.p50, "p95": found.p95, "max": found.longest},
        "in_time": found.in_time,
        "took": {str(days): count for days, count in sorted(found.took.items())},
        "late": list(_late(found.late)),
        "open": requests_json(waiting),
    }


def _late(requests: Iterable[LiveRequest]) -> Iterator[dict[str, Any]]:
    """Name the late ones, those alike together: a first import may have a million."""
    alike: dict[tuple[str, date, Deadline | None, int, int], list[str]] = {}
    for one in requests:
        key = (one.list_id, one.requested_on, one.due, one.days, one.days_late)
        alike.setdefault(key, []).append(one.phone)
    for (list_id, asked_on, due, days, days_late), phones in alike.items():
        yield {
            "list_id": list_id,
            "requested_on": asked_on.isoformat(),
            "due": due.due.isoformat() if due else None,
            "rule": due.rule if due else None,
            "days": days,
            "days_late": days_late,
            "phones": phones,
        }


def _made_live(run: Run, on: date) -> Iterator[LiveRequest]:
    new = [
        change
        for change in run.plan.changes
        if change.action is Action.CREATE and change.reason is Reason.DECLARED and change.goes
    ]
    asked = requested_on(run.plan.wanted, (key for change in new for key in _applied(change, run)))
    for change in new if asked else ():
        for key in change.keys:
            if (day := asked.get(key)) is not None:
                yield LiveRequest(*key, day, on, change.due)


def _applied(change: Change, run: Run) -> Iterator[Key]:
    results = run.tally.results.of(change.action, change.list_id)
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
    `touched`: what we held and somebody else modified, each with the moment; not what a report tells already.
    """

    adopted: Mapping[str, tuple[str, ...]]
    renewed: Mapping[tuple[str, Terms, Terms], tuple[str, ...]]
    windows: Mapping[tuple[str, str | None, str], tuple[str, ...]]
    others: Mapping[tuple[str, str], tuple[str, ...]]
    touched: Mapping[Key, datetime]

    @property
    def adopted_json(self) -> list[dict[str, Any]]:
        """Count what was adopted, for the report."""
        return [{"list_id": list_id, "count": len(phones)} for list_id, phones in self.adopted.items()]

    @property
    def renewed_json(self) -> list[dict[str, Any]]:
        """Count what was renewed, for the report."""
        return [{**_renewed(of), "count": len(phones)} for of, phones in self.renewed.items()]

    @property
    def windows_json(self) -> list[dict[str, Any]]:
        """Say when the restored numbers can have been off."""
        return [
            {"list_id": list_id, "verified_at": verified, "seen_at": seen, "phones": list(phones)}
            for (list_id, verified, seen), phones in self.windows.items()
        ]

    @property
    def numbers_json(self) -> dict[str, list[dict[str, Any]]]:
        """Name what was adopted and renewed, for the plan beside the report."""
        adopted = self.adopted.items()
        return {
            "adopted": [{"list_id": list_id, "phones": list(phones)} for list_id, phones in adopted],
            "renewed": [{**_renewed(of), "phones": list(phones)} for of, phones in self.renewed.items()],
            "others": [
                {"list_id": list_id, "reason": code or None, "phones": list(phones)}
                for (list_id, code), phones in self.others.items()
            ],
            "touched": [
                {"list_id": list_id, "at": at, "phones": phones}
                for (list_id, at), phones in self._touched.items()
            ],
        }

    @property
    def _touched(self) -> dict[tuple[str, str], list[str]]:
        rows: dict[tuple[str, str], list[str]] = {}
        for (list_id, phone), at in sorted(self.touched.items()):
            rows.setdefault((list_id, iso(at)), []).append(phone)
        return rows


def _renewed(of: tuple[str, Terms, Terms]) -> dict[str, Any]:
    return {"list_id": of[0], "before": terms_json(of[1]), "after": terms_json(of[2])}


def turnover(claims: Claims, past: Past, run: Run) -> Turnover:
    """Tell it of one run; `claims` are in force. A file that is as it was held costs nothing."""
    held = past.held
    adopted: dict[str, set[str]] = {}
    others: dict[tuple[str, str], set[str]] = {}
    renewed: dict[tuple[str, Terms, Terms], set[str]] = {}
    for list_id, phone, terms in _new(claims, held):
        was = _held(held, (list_id, phone))
        if was is not None:
            if terms.strength > was.strength:
                renewed.setdefault((list_id, was, terms), set()).add(phone)
        elif (entry := run.before.get((list_id, phone))) is not None:
            known = (list_id, phone) in held.not_live
            if not known:
                adopted.setdefault(list_id, set()).add(phone)
            if not _ours(past, (list_id, phone), entry, written=known):
                # What a run without a report wrote over no longer shows what others had asked for.
                hidden = (list_id, phone) in past.overwritten_unreported
                code = "" if hidden else _code(run.before, (list_id, phone), entry)
                others.setdefault((list_id, code), set()).add(phone)
    return Turnover(
        {list_id: tuple(sorted(phones)) for list_id, phones in sorted(adopted.items())},
        {of: tuple(sorted(phones)) for of, phones in sorted(renewed.items(), key=lambda i: repr(i[0]))},
        _windows(past, _restored(run), run.before.read_at),
        {of: tuple(sorted(phones)) for of, phones in sorted(others.items())},
        seen_touches(past, run),
    )


def _code(live: Live, key: Key, entry: LiveEntry) -> str:
    """Give the reason code of others' entry; of several entries a registry's only if all are one's."""
    codes = live.codes.get(key, frozenset()) | {entry.terms.reason_code}
    return min(codes - REGISTRY_REASONS or codes)


def _ours(past: Past, key: Key, entry: LiveEntry, *, written: bool) -> bool:
    """Tell whether an entry is what an earlier run wrote, though no report holds it; in doubt it is not.

    `written`: a report says that we sent it and that it was not live. Runs without a report are asked, too.
    """
    touch = touch_of(entry) if written or past.untold else None
    return touch is not None and past.history.ours(key, touch.at)


def _new(claims: Claims, held: Held) -> Iterator[tuple[str, str, Terms]]:
    """Give the claims that are not held word for word."""
    then = {(file.path, file.list_id): file.numbers for file in held.files}
    for file in claims.files:
        was = then.get((file.path, file.list_id), {})
        if was is not file.numbers:
            for phone, terms in file.numbers.items():
                if was.get(phone) != terms or (file.list_id, phone) in held.not_live:
                    yield file.list_id, phone, terms


def _held(held: Held, key: Key) -> Terms | None:
    """Give the strongest terms under which a number is held."""
    if held.revision is None:
        return None
    return max((claim.terms for claim in held.claims(key)), key=lambda terms: terms.strength, default=None)


def _restored(run: Run) -> Iterator[Key]:
    return (key for c in run.plan.changes if c.reason is Reason.RESTORED for key in c.keys)


def _windows(
    past: Past, restored: Iterable[Key], seen_at: str
) -> dict[tuple[str, str | None, str], tuple[str, ...]]:
    waiting = set(restored)
    found: dict[Key, str] = {}
    for stored in past.recent_verified if waiting else ():
        there = _live_then(past, stored, waiting)
        found |= dict.fromkeys(there, stored.report.verified_text)
        waiting -= there
        if not waiting:
            break
    windows: dict[tuple[str, str | None, str], list[str]] = {}
    for key in sorted(found.keys() | waiting):
        windows.setdefault((key[0], found.get(key), seen_at), []).append(key[1])
    return {window: tuple(phones) for window, phones in windows.items()}


def _live_then(past: Past, stored: StoredReport, keys: Iterable[Key]) -> set[Key]:
    """Name those of the keys that a verified report tells as live."""
    report = stored.report
    files = past.claims_at(report.revision).standing(report.as_of).files
    kept, absent = report.kept_keys, report.not_live_keys
    return {
        key
        for key in keys
        if key not in absent
        and (key in kept or any(key[1] in f.numbers for f in files if f.list_id == key[0]))
    }
