"""How far this machine's clock and CXone's are apart: later opt-outs are told by them."""

from collections.abc import Iterator

from reconciler.model.finding import Finding, Severity
from reconciler.model.provider import ClockOffset

LIMIT_SECONDS = 120  # beyond it, two people's clocks say different things of one opt-out
RULE = "CXONE-CLOCK"
WAY_OUT = "let this machine's clock be set by a time server: later opt-outs are told by it"


def skew(offset: ClockOffset) -> float:
    """Say by how many seconds CXone's clock is ahead, at least; below 0 it is behind."""
    ahead, behind = offset.least.total_seconds(), -offset.most.total_seconds()
    return max(ahead, 0.0) or -max(behind, 0.0)


def said(offset: ClockOffset) -> str:
    """Say a skew for people, as this machine sees itself."""
    seconds = skew(offset)
    return f"this machine is {abs(seconds):,.0f} s {'behind' if seconds > 0 else 'ahead of'} CXone"


def clock_notes(offset: ClockOffset | None) -> Iterator[Finding]:
    """Warn where the clocks are too far apart. Nothing waits for it."""
    if offset is not None and abs(skew(offset)) > LIMIT_SECONDS:
        sentence = f"{said(offset)}, the limit is {LIMIT_SECONDS} s; {WAY_OUT}"
        yield Finding("", 0, 0, "", RULE, Severity.WARNING, sentence)
