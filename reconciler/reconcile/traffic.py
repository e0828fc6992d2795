"""The traffic of a run in its report: every write request as it went, latencies, clocks, the write window."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from math import ceil
from typing import Any

from reconciler.apply.tally import Sent
from reconciler.model.provider import ClockOffset
from reconciler.planning.change import Action
from reconciler.reconcile.clock import iso
from reconciler.reconcile.skew import jumped


def chunk_json(sent: Sent) -> dict[str, Any]:
    """Say one write request: what it was, how it went, how long it took."""
    answer = sent.answer
    return {
        "action": sent.action,
        "size": sent.size,
        "attempts": answer.attempts,
        "latency_ms": round(answer.latency_ms, 1),
        "verdict": answer.verdict.value,
        "successes": sent.size - len(answer.failures) - len(answer.conflicts)
        if answer.verdict == "answered"
        else 0,
        "failures": len(answer.failures),
        "conflicts": len(answer.conflicts),
        "started": iso(answer.started) if answer.started else None,
        "ended": iso(answer.ended) if answer.ended else None,
    }


def latency_json(sent: Iterable[Sent]) -> dict[str, float | None]:
    """Sum up latencies in milliseconds, by nearest rank; None of no requests."""
    times = sorted(s.answer.latency_ms for s in sent)
    if not times:
        return {"p50": None, "p95": None, "max": None}
    at = {share: round(times[max(0, ceil(share * len(times)) - 1)], 1) for share in (0.5, 0.95, 1.0)}
    return {"p50": at[0.5], "p95": at[0.95], "max": at[1.0]}


def clock_json(offset: ClockOffset | None, now: datetime) -> dict[str, Any]:
    """Say how CXone's clock stood to ours, as far as its answers told."""
    if offset is None:
        return {"ours": iso(now), "cxone": None}
    return {
        "ours": iso(now),
        "cxone": iso(now + (offset.least + offset.most) / 2),
        "offset_seconds": [offset.least.total_seconds(), offset.most.total_seconds()],
    }


def write_window(sent: Iterable[Sent], offset: ClockOffset | None) -> dict[str, str] | None:
    """Say when this run can have written, on CXone's clock: a touch in it, of a number we wrote, is ours.

    Removals leave no entry that could show a touch, so only what was written counts.
    """
    times = [(s.answer.started, s.answer.ended) for s in sent if s.action != Action.DELETE.value]
    began = min((t for t, _ in times if t), default=None)
    ended = max((t for _, t in times if t), default=None)
    if began is None or ended is None or (offset is not None and jumped(offset)):
        return None  # between two times that a clock was set to lie touches of others
    least, most = (offset.least, offset.most) if offset else (timedelta(0), timedelta(0))
    return {"from": iso(began + least), "to": iso(ended + most)}
