"""From the outcome of a write to the port's answer: whatever follows an ambiguous attempt keeps the doubt."""

from dataclasses import replace

from reconciler.cxone.client import Outcome, unavailable
from reconciler.cxone.wire import Request
from reconciler.model.provider import Answer, Failure, Verdict


def answered(outcome: Outcome[Answer], request: Request, host: str, *, divisible: bool) -> Answer:
    """Say what became of a write. Raises CxoneUnavailable and CxoneRefused only where nothing was stored.

    `divisible`: the caller can ask for less at once, so throttling without end is a matter of size.
    """
    found = outcome.value or _without_value(outcome, request, host, divisible=divisible)
    if found.verdict in {Verdict.REFUSED, Verdict.NOT_SENT} and outcome.ambiguous:
        found = replace(found, verdict=Verdict.AMBIGUOUS)
    return replace(
        found,
        attempts=outcome.course.attempts,
        latency_ms=outcome.latency_ms,
        started=outcome.started,
        ended=outcome.ended,
        in_doubt=outcome.ambiguous,
    )


def _without_value(outcome: Outcome[Answer], request: Request, host: str, *, divisible: bool) -> Answer:
    """Say what became of a write that brought no answer to keep."""
    error, again = outcome.error, outcome.again
    if outcome.stopped:
        return Answer(Verdict.NOT_SENT, why=Failure("stopped", "asked to stop"))
    if error is None and again is not None:
        if again.throttled and divisible:
            return Answer(Verdict.TOO_LARGE, why=again.why)
        if again.throttled:
            return Answer(Verdict.REFUSED, why=again.why)
        error = unavailable(again, outcome.course, request, host)
    if outcome.ambiguous:
        why = again.why if again else Failure(getattr(error, "rule", ""), str(getattr(error, "fact", "")))
        return Answer(Verdict.AMBIGUOUS, why=why)
    if error is None:
        raise AssertionError("an outcome has a value, an error, another attempt or a stop")
    raise error
