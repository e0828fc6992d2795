"""Who can still be called after a run, as the last block of an answer: the numbers, and what to do."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from reconciler.cli.render.masking import NumberFormat
from reconciler.cli.terminal import escape_line
from reconciler.core.model.finding import count_text
from reconciler.core.model.run_result import ADVICE, Cause, OpenNumbers, Protection, StoppedBy

_SHOWN = 20  # numbers of one list and cause: somebody has to keep them out of the dialer
_CAUSE_TEXTS = {
    Cause.REJECTED: "rejected by CXone",
    Cause.MISSING: "sent, and the read-back does not find it",
    Cause.IN_DOUBT: "sent, and CXone's answer does not tell what became of it",
    Cause.NOT_READ: "sent, not read back",
    Cause.NOT_SEEN: "not seen by a read-back that did not add up",
    Cause.NOT_SENT: "not sent",
    Cause.OUT_OF_TIME: "not sent: the run's time limit was over",
    Cause.THROTTLED: "throttled by CXone over and over",
    Cause.NO_ROOM: "not sent: CXone takes no more entries",
    Cause.REMOVED: "removed or weakened in CXone by someone else during the run",
    Cause.NOT_LIVE: "not live in CXone",
}
_CAUSE_FIXES = {
    Cause.REJECTED: "CXone rejects it again until what its answer names is corrected.",
    Cause.MISSING: "If it is missing again, ask NICE: CXone took it and does not have it.",
    Cause.OUT_OF_TIME: "Give the next run more time: a longer --deadline.",
    Cause.THROTTLED: "Lower requestsPerMinute of this tenant, or see what else uses its allowance.",
    Cause.NO_ROOM: "Make room in CXone first: remove calling lists or groups that are not needed.",
}
_ANSWERED = frozenset({Cause.REJECTED, Cause.MISSING, Cause.IN_DOUBT})
_MAX_ANSWER = 200  # characters of what CXone said
_WHOLE = "All whole numbers: dnc audit show --format json, under not_live."


def protection_text(
    protection: Protection, number_format: NumberFormat, *, why: str = "", is_reported: bool = True
) -> str:
    """Say who can still be called, the worst last; empty where all is as the files say.

    `why` is what ended the run before its end: who stopped it, or what CXone did. `is_reported`: the newest
    report has the numbers.
    """
    return "\n".join(
        line
        for name, sentence in protection.sentences.items()
        for line in _block_lines(sentence, name, protection.parts[name], number_format, why)
        if is_reported or line.strip() != _WHOLE
    )


def protection_json(protection: Protection) -> dict[str, Any]:
    """Say it for machines; numbers are whole, as in the plan."""
    return {"verdict": protection.verdict, "sentences": list(protection.sentences.values())} | {
        name: [
            {
                "list_id": row.list_id,
                "cause": row.cause.value,
                "answer": row.answer,
                "phones": list(row.phones),
            }
            for row in rows
        ]
        for name, rows in protection.parts.items()
    }


def protection_counts_json(protection: Protection) -> dict[str, Any]:
    """Say it for machines by list, without any number."""
    counts: dict[str, dict[str, int]] = {name: {} for name in protection.parts}
    for name, rows in protection.parts.items():
        for row in rows:
            counts[name][row.list_id] = counts[name].get(row.list_id, 0) + row.count
    return {"verdict": protection.verdict, **counts}


def stopped_by_text(stopped_by: StoppedBy) -> str:
    """Say who stopped a run, to whoever reads the record later."""
    return {
        StoppedBy.PERSON: "the person who ran it (Ctrl-C)",
        StoppedBy.SIGNAL: "a signal (the pipeline's cancel or time limit)",
        StoppedBy.DEADLINE: "its own time limit (--deadline)",
    }[stopped_by]


def _block_lines(
    sentence: str, name: str, rows: Sequence[OpenNumbers], number_format: NumberFormat, why: str
) -> Iterator[str]:
    yield f"{sentence}."
    shown = replace(number_format, samples=max(number_format.samples, _SHOWN))
    for row in rows:
        numbers = f": {shown.sample(row.phones)}" if row.phones else ""
        yield f"  {row.list_id}: {count_text(row.count)}, {_cause_text(row, why, number_format)}{numbers}"
    yield f"  fix: {ADVICE[name]}"
    if name == "not_protected":
        for cause in dict.fromkeys(row.cause for row in rows if row.cause in _CAUSE_FIXES):
            yield f"       {_CAUSE_FIXES[cause]}"
        if shown.is_masked or any(len(row.phones) > shown.samples for row in rows):
            yield f"       {_WHOLE}"


def _cause_text(row: OpenNumbers, why: str, number_format: NumberFormat) -> str:
    text = _CAUSE_TEXTS[row.cause]
    detail = why if row.cause is Cause.NOT_SENT else row.answer if row.cause in _ANSWERED else ""
    detail = escape_line(" ".join(detail.split()))[:_MAX_ANSWER]
    return f"{text} ({number_format.text(detail)})" if detail else text
