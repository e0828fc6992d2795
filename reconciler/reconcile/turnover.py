"""What came under our care since the report before, what was extended, and how long numbers were off.

Told in a report by counts; the plan beside it has the numbers.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from typing import Any

from reconciler.apply.run import Run
from reconciler.audit.report import StoredReport
from reconciler.model.claims import Claims, Key
from reconciler.model.live import Live, LiveEntry
from reconciler.model.terms import REGISTRY_REASONS, Terms, terms_json
from reconciler.planning.change import Reason
from reconciler.planning.held import Held
from reconciler.planning.touch import touch_of
from reconciler.reconcile.clock import iso
from reconciler.reconcile.past import Past
from reconciler.reconcile.planned import Planned
from reconciler.reconcile.seen import seen_touches
from reconciler.reconcile.verified import is_verified

_LOOKED_AT = 20  # reports back, for the one that saw a number live


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


def turnover(made: Planned, run: Run) -> Turnover:
    """Tell it of one run. A file that is as it was held costs nothing."""
    claims, held = made.lists.claims.standing(made.setting.as_of), made.past.held
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
            if not _ours(made.past, (list_id, phone), entry, written=known):
                # What a run without a report wrote over no longer shows what others had asked for.
                hidden = (list_id, phone) in made.past.overwritten_unreported
                code = "" if hidden else _code(run.before, (list_id, phone), entry)
                others.setdefault((list_id, code), set()).add(phone)
    return Turnover(
        {list_id: tuple(sorted(phones)) for list_id, phones in sorted(adopted.items())},
        {of: tuple(sorted(phones)) for of, phones in sorted(renewed.items(), key=lambda i: repr(i[0]))},
        _windows(made.past, _restored(run), run.before.read_at),
        {of: tuple(sorted(phones)) for of, phones in sorted(others.items())},
        seen_touches(made.past, run),
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
    for stored in islice(past.reports, _LOOKED_AT) if waiting else ():
        if not is_verified(stored):
            continue
        there = _live_then(past, stored, waiting)
        found |= dict.fromkeys(there, _looked_at(stored))
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
    files = past.claims_at(report.revision).standing(date.fromisoformat(report["as_of"])).files
    kept = {(row["list_id"], phone) for row in report["kept"] for phone in row["phones"]}
    absent = {(row["list_id"], phone) for row in report["not_live"] for phone in row["phones"]}
    return {
        key
        for key in keys
        if key not in absent
        and (key in kept or any(key[1] in f.numbers for f in files if f.list_id == key[0]))
    }


def _looked_at(stored: StoredReport) -> str:
    """Say when a verified run looked: at its read-back, or where it had nothing to send, at its end."""
    read_back = stored.report["read_back"]
    return str(read_back["at"] if read_back else stored.report["finished_at"])
