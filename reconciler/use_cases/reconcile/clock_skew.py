"""How far this machine's clock and CXone's are apart, and what a run may still do then.

A lapse is a matter of the date, and a later opt-out one of moments: both need clocks that agree.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from reconciler.core.model.finding import Finding, Severity
from reconciler.core.model.provider import ClockOffset

LIMIT_SECONDS = 120  # beyond it, two people's clocks say different things of one opt-out
RULE = "CXONE-CLOCK"
FIX = "synchronize this machine's clock (NTP)"


def skew_seconds(offset: ClockOffset) -> float:
    """Say by how many seconds CXone's clock is ahead, at least; below 0 it is behind."""
    seconds_ahead, seconds_behind = offset.least.total_seconds(), -offset.most.total_seconds()
    return max(seconds_ahead, 0.0) or -max(seconds_behind, 0.0)


def has_jumped(offset: ClockOffset) -> bool:
    """Tell whether answers contradict each other by more than the limit: a clock was set during the run."""
    return (offset.most - offset.least).total_seconds() > LIMIT_SECONDS


def is_too_far_apart(offset: ClockOffset | None) -> bool:
    """Tell whether the clocks are too far apart for anything exposing. An unknown clock is not."""
    return offset is not None and (abs(skew_seconds(offset)) > LIMIT_SECONDS or has_jumped(offset))


def earlier_moment(now: datetime, offset: ClockOffset | None) -> datetime:
    """Give a moment of this machine's clock, or CXone's for it where that is earlier: lapses go by it.

    To the second, as CXone's clock is told.
    """
    if offset is None:
        return now
    return now + min(offset.least if has_jumped(offset) else offset.most, timedelta(0))


def format_skew(offset: ClockOffset) -> str:
    """Say a skew for people, as this machine sees itself."""
    if has_jumped(offset):
        return "this machine's clock or CXone's was set to another time during this run"
    seconds = skew_seconds(offset)
    return f"this machine is {abs(seconds):,.0f} s {'behind' if seconds > 0 else 'ahead of'} CXone"


def clock_findings(offset: ClockOffset | None) -> Iterator[Finding]:
    """Warn where the clocks are too far apart."""
    if offset is not None and is_too_far_apart(offset):
        sentence = (
            f"{format_skew(offset)}, the limit is {LIMIT_SECONDS} s: this run removes and weakens no "
            "entry, and "
            f"terms end by the earlier clock; {FIX}"
        )
        yield Finding("", 0, 0, "", RULE, Severity.WARNING, sentence)
