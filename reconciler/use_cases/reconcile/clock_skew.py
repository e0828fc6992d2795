"""How far this machine's clock and CXone's are apart, and what a run may still do then.

A lapse is a matter of the date, and a later opt-out one of moments: both need clocks that agree.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from reconciler.core.model.finding import Finding, Severity
from reconciler.core.model.provider import ClockOffset

LIMIT_SECONDS = 120  # beyond it, two people's clocks say different things of one opt-out
RULE = "CXONE-CLOCK"
WAY_OUT = "synchronize this machine's clock (NTP)"


def skew(offset: ClockOffset) -> float:
    """Say by how many seconds CXone's clock is ahead, at least; below 0 it is behind."""
    ahead, behind = offset.least.total_seconds(), -offset.most.total_seconds()
    return max(ahead, 0.0) or -max(behind, 0.0)


def jumped(offset: ClockOffset) -> bool:
    """Tell whether answers contradict each other by more than the limit: a clock was set during the run."""
    return (offset.most - offset.least).total_seconds() > LIMIT_SECONDS


def apart(offset: ClockOffset | None) -> bool:
    """Tell whether the clocks are too far apart for anything exposing. An unknown clock is not."""
    return offset is not None and (abs(skew(offset)) > LIMIT_SECONDS or jumped(offset))


def earlier(now: datetime, offset: ClockOffset | None) -> datetime:
    """Give a moment of this machine's clock, or CXone's for it where that is earlier: lapses go by it.

    To the second, as CXone's clock is told.
    """
    if offset is None:
        return now
    return now + min(offset.least if jumped(offset) else offset.most, timedelta(0))


def said(offset: ClockOffset) -> str:
    """Say a skew for people, as this machine sees itself."""
    if jumped(offset):
        return "this machine's clock or CXone's was set to another time during this run"
    seconds = skew(offset)
    return f"this machine is {abs(seconds):,.0f} s {'behind' if seconds > 0 else 'ahead of'} CXone"


def clock_notes(offset: ClockOffset | None) -> Iterator[Finding]:
    """Warn where the clocks are too far apart."""
    if offset is not None and apart(offset):
        sentence = (
            f"{said(offset)}, the limit is {LIMIT_SECONDS} s: this run removes and weakens no entry, and "
            f"terms end by the earlier clock; {WAY_OUT}"
        )
        yield Finding("", 0, 0, "", RULE, Severity.WARNING, sentence)
