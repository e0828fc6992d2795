"""One report in brief: what a page about hundreds of them keeps of each. Counts only, no number."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from reconciler.audit.report import Report, StoredReport

Reasons = tuple[tuple[str, int], ...]
"""How many numbers a list has by reason code; under an empty code those that a report does not divide."""

UNDIVIDED = ""


@dataclass(frozen=True, slots=True)
class Latency:
    """How long a run's write requests took, in milliseconds."""

    p50: float
    p95: float
    longest: float


@dataclass(frozen=True, slots=True)
class Waiting:
    """Requests of one list with one day to be live by. `days_late` is 0 while they are open.

    `past`: the day is over, and they are not live.
    """

    list_id: str
    rule: str
    due: date | None
    numbers: int
    days_late: int = 0
    past: bool = False


@dataclass(frozen=True, slots=True)
class Brief:
    """One run, as its report tells it. `in_time` None: the report does not count what was live by its day.

    `live` is what CXone had after the run, by list; empty where it was not read, and `unmanaged` None.
    """

    path: str
    sha256: str
    seq: int
    status: str
    revision: str
    started_at: datetime
    finished_at: datetime
    by: str
    scheduled: bool
    verified: bool
    created: int
    updated: int
    deleted: int
    failed: int
    kept: int
    not_live: int
    restored: int
    unmanaged: int | None
    writes: int
    again: int
    conflicts: int
    latency: Latency | None
    in_time: int | None
    late: tuple[Waiting, ...]
    open: tuple[Waiting, ...]
    live: Mapping[str, Reasons]
    error: str

    @property
    def day(self) -> date:
        """The day on which it ended, UTC."""
        return self.finished_at.date()


def brief(stored: StoredReport) -> Brief:
    """Sum up one report. What a report of an earlier version lacks is nothing, or not told."""
    report = stored.report
    summary, requests = report["summary"], report.get("requests") or {}
    chunks = report["chunks"]
    return Brief(
        path=stored.path,
        sha256=stored.sha256,
        seq=report.seq,
        status=str(report["status"]),
        revision=report.revision,
        started_at=datetime.fromisoformat(report["started_at"]),
        finished_at=report.finished_at,
        by=_by(report),
        scheduled=(report.get("pipeline") or {}).get("pipeline_source") == "schedule",
        verified=report.is_verified,
        created=summary.get("create", 0),
        updated=summary.get("update", 0),
        deleted=summary.get("delete", 0),
        failed=summary.get("rejected", 0) + summary.get("unknown", 0),
        kept=len({(row["list_id"], phone) for row in report["kept"] for phone in row["phones"]}),
        not_live=numbers_in(report["not_live"]),
        restored=numbers_in(report["restored"]),
        unmanaged=None if report.repeats else summary.get("unmanaged", 0),
        writes=len(chunks),
        again=sum(max(0, chunk["attempts"] - 1) for chunk in chunks),
        conflicts=sum(chunk["conflicts"] for chunk in chunks),
        latency=_latency(report["latency_ms"]),
        in_time=requests.get("in_time"),
        late=_late(requests.get("late", ())),
        open=_open(requests.get("open", ())),
        live=_live(report),
        error=_error(report.get("error")),
    )


def numbers_in(rows: Iterable[Mapping[str, Any]]) -> int:
    """Count the numbers of rows of a report."""
    return sum(len(row["phones"]) for row in rows)


def _by(report: Report) -> str:
    """Name who started the run, and say where GitLab vouches for it."""
    told: Mapping[str, Any] = (report.get("actors") or {}).get("triggerer") or {}
    name = told.get("login") or (report.get("actor") or {}).get("name") or "unknown"
    return f"{name} (verified)" if told.get("how") == "verified" else str(name)


def _latency(told: Mapping[str, float | None]) -> Latency | None:
    p50, p95, longest = (told.get(name) for name in ("p50", "p95", "max"))
    return None if p50 is None or p95 is None or longest is None else Latency(p50, p95, longest)


def _late(rows: Iterable[Mapping[str, Any]]) -> tuple[Waiting, ...]:
    """Join numbers of one list that were due on one day and went live on the same."""
    counts: dict[tuple[str, str, str, int], int] = {}
    for row in rows:
        key = (row["list_id"], row["rule"] or "", row["due"] or "", row["days_late"])
        counts[key] = counts.get(key, 0) + len(row["phones"])
    return tuple(
        Waiting(list_id, rule, _date(due), numbers, days_late)
        for (list_id, rule, due, days_late), numbers in sorted(counts.items())
    )


def _open(rows: Iterable[Mapping[str, Any]]) -> tuple[Waiting, ...]:
    return tuple(
        Waiting(row["list_id"], row["rule"], _date(row["due"]), len(row["phones"]), past=row["past"])
        for row in rows
    )


def _date(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


def _live(report: Report) -> dict[str, Reasons]:
    """Count what was live after the run; a failed run's report may tell of no reading."""
    after: Mapping[str, Any] = (report.get("live") or {}).get("after") or {}
    reasons: Mapping[str, Mapping[str, int]] = report.get("reasons") or {}
    return {list_id: _divided(told["count"], reasons.get(list_id, {})) for list_id, told in after.items()}


def _divided(count: int, reasons: Mapping[str, int]) -> Reasons:
    divided = {reason: n for reason, n in reasons.items() if n}
    rest = count - sum(divided.values())
    if rest > 0:
        divided[UNDIVIDED] = divided.get(UNDIVIDED, 0) + rest
    return tuple(sorted(divided.items()))


def _error(told: object) -> str:
    """Say why a run failed; nothing of one that did not."""
    return str(told.get("fact") or "") if isinstance(told, Mapping) else ""
