"""How a run ended, as people must know it: who stopped it, and which numbers can still be called. Pure."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from reconciler.core.model.finding import count_text


class StoppedBy(StrEnum):
    """Who ended a run before its end."""

    PERSON = "person"  # SIGINT: Ctrl-C
    SIGNAL = "signal"  # SIGTERM
    DEADLINE = "deadline"  # --deadline


def stop_text(stopped_by: StoppedBy, *, in_pipeline: bool) -> str:
    """Say who stopped a run, to whoever reads its output."""
    match stopped_by:
        case StoppedBy.PERSON:
            return "stopped by you (Ctrl-C)"
        case StoppedBy.SIGNAL if in_pipeline:
            return "stopped by a signal (the pipeline's cancel or time limit)"
        case StoppedBy.SIGNAL:
            return "stopped by a signal (SIGTERM)"
        case StoppedBy.DEADLINE:
            return "stopped by its own time limit (--deadline)"


KINDS = ("added", "put_back", "changed", "removed", "weakened")
"""What can become of numbers in CXone; `put_back`: somebody else had removed or weakened them."""


class Cause(StrEnum):
    """Why a number is not as the files say after a run, or why that is unknown."""

    REJECTED = "rejected"  # CXone refused it
    MISSING = "missing"  # sent, and the read-back does not show it
    IN_DOUBT = "in-doubt"  # sent, and no answer tells what became of it
    NOT_READ = "not-read"  # CXone took it, and it was not read back
    NOT_SEEN = "not-seen"  # a read that did not add up lacks it: it may be there
    NOT_SENT = "not-sent"
    OUT_OF_TIME = "out-of-time"
    THROTTLED = "throttled"
    NO_ROOM = "no-room"  # CXone takes no more entries
    REMOVED = "removed"  # somebody else removed or weakened it during the run
    NOT_LIVE = "not-live"  # a report says no more than that


_CAUSES_BY_CODE = {
    "NOT_FOUND": Cause.MISSING,
    "NOT_STORED": Cause.MISSING,
    "DEADLINE": Cause.OUT_OF_TIME,
    "OVER_CEILING": Cause.NO_ROOM,
    "429": Cause.THROTTLED,
}
_CAUSES_BY_OUTCOME = {
    "applied": Cause.NOT_READ,
    "rejected": Cause.REJECTED,
    "unknown": Cause.IN_DOUBT,
    "not-attempted": Cause.NOT_SENT,
}


def cause_of(outcome: str, code: str = "") -> Cause:
    """Say why from an outcome and its code, as a run and a report have them."""
    cause = _CAUSES_BY_CODE.get(code)
    if outcome == "unknown" and cause is Cause.MISSING:
        return Cause.NOT_SEEN
    if outcome in {"rejected", "not-attempted"} and cause is not None:
        return cause
    return _CAUSES_BY_OUTCOME[outcome]


@dataclass(frozen=True, slots=True)
class OpenNumbers:
    """Numbers of one list with one cause; `answer` is what CXone, or this program, said of them.

    `unnamed` counts those that a report tells by count alone.
    """

    list_id: str
    cause: Cause
    answer: str
    phones: tuple[str, ...]
    unnamed: int = 0

    @property
    def count(self) -> int:
        """Count them."""
        return len(self.phones) + self.unnamed


@dataclass(frozen=True, slots=True)
class Protection:
    """What a run left otherwise than the files say.

    `not_protected` can still be called. `weaker` are in CXone under weaker terms than in the files.
    `not_verified` may be protected or not: no read has shown them since they were sent. `not_removed` had
    permission to be removed or weakened, and CXone did not confirm that.
    """

    not_protected: tuple[OpenNumbers, ...] = ()
    weaker: tuple[OpenNumbers, ...] = ()
    not_verified: tuple[OpenNumbers, ...] = ()
    not_removed: tuple[OpenNumbers, ...] = ()

    @property
    def parts(self) -> dict[str, tuple[OpenNumbers, ...]]:
        """Give all of them by name, the worst last."""
        return {
            "not_removed": self.not_removed,
            "not_verified": self.not_verified,
            "weaker": self.weaker,
            "not_protected": self.not_protected,
        }

    @property
    def verdict(self) -> str:
        """Name the worst of what concerns protection: `protected` where nothing does."""
        parts = [name for name, rows in self.parts.items() if rows and name != "not_removed"]
        return parts[-1] if parts else "protected"

    @property
    def sentences(self) -> dict[str, str]:
        """Say in a sentence each what is not as it should be, the worst last."""
        return {
            name: _SENTENCES[name].format(_numbers_text(rows)) for name, rows in self.parts.items() if rows
        }


_SENTENCES = {
    "not_removed": "NOT REMOVED: {}: CXone did not confirm the planned removal",
    "not_verified": "NOT VERIFIED: {}: confirmed by no read, so their protection is unknown",
    "weaker": "NOT FULLY PROTECTED: {}: in CXone under weaker terms than in the files",
    "not_protected": "NOT PROTECTED: {} can still be called",
}
ADVICE = {
    "not_removed": "They may be blocked still, which is safe. Run dnc apply again.",
    "not_verified": "Run dnc apply again to verify. Do not call them until then.",
    "weaker": "Run dnc apply again. Stop calling them once their term in CXone is over.",
    "not_protected": "Stop calling them by other means, then run dnc apply again.",
}
"""What to do, by the name of a part of `Protection`."""


def _numbers_text(rows: Iterable[OpenNumbers]) -> str:
    """Say how many numbers are on which lists: `1 number on a`, or `3 numbers (1 on a, 2 on b)`."""
    by_list: Counter[str] = Counter()
    phones: set[str] = set()
    unnamed = 0
    for row in rows:
        by_list[row.list_id] += row.count
        phones.update(row.phones)
        unnamed += row.unnamed
    count = len(phones) + unnamed
    numbers_text = count_text(count)
    if len(by_list) == 1:
        return f"{numbers_text} on {next(iter(by_list))}"
    lists_text = ", ".join(f"{number:,} on {list_id}" for list_id, number in sorted(by_list.items()))
    return f"{numbers_text} ({lists_text})"
