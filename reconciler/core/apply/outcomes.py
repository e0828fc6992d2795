"""The outcome of each change in a run, and what an answer means for the numbers of its request. Pure."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, MutableMapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from reconciler.core.model.entries import Key
from reconciler.core.model.errors import DncError
from reconciler.core.model.provider import Answer, Failure, Verdict
from reconciler.core.planning.change import Action


class Outcome(StrEnum):
    """What became of one number's change: exactly one of these."""

    APPLIED = "applied"
    REJECTED = "rejected"
    UNKNOWN = "unknown"
    NOT_ATTEMPTED = "not-attempted"


@dataclass(frozen=True, slots=True)
class Result:
    """The outcome of one number's change, and CXone's words where it refused."""

    outcome: Outcome
    failure: Failure | None = None


@dataclass(frozen=True, slots=True)
class SentRequest:
    """One request as it went: for the report's `chunks`."""

    action: str
    size: int
    answer: Answer


ChangeKey = tuple[Action, str, str]


class Results(MutableMapping[ChangeKey, Result]):
    """Results by action, list and number. A million take a number and a shared result each."""

    def __init__(self) -> None:
        self.counts: Counter[Outcome] = Counter()
        self._groups: dict[tuple[Action, str], dict[str, Result]] = {}

    def __getitem__(self, key: ChangeKey) -> Result:
        return self._groups[key[:2]][key[2]]

    def __setitem__(self, key: ChangeKey, result: Result) -> None:
        action, list_id, phone = key
        group = self._groups.setdefault((action, list_id), {})
        if (previous := group.get(phone)) is not None:
            self.counts[previous.outcome] -= 1
        self.counts[result.outcome] += 1
        group[phone] = result

    def __delitem__(self, key: ChangeKey) -> None:
        self.counts[self._groups[key[:2]].pop(key[2]).outcome] -= 1

    def __iter__(self) -> Iterator[ChangeKey]:
        return ((*group, phone) for group, results in self._groups.items() for phone in results)

    def __len__(self) -> int:
        return sum(map(len, self._groups.values()))

    def for_list(self, action: Action, list_id: str) -> Mapping[str, Result]:
        """Give the results of one action on one list, by number."""
        return self._groups.get((action, list_id), {})

    def with_outcome(self, outcomes: Collection[Outcome]) -> Iterator[ChangeKey]:
        """Give the keys that ended so; of most outcomes there is none, and that is known without a look."""
        if not any(self.counts[outcome] for outcome in outcomes):
            return
        for group, results in self._groups.items():
            yield from ((*group, phone) for phone, result in results.items() if result.outcome in outcomes)


# Nearly every number of a run ends in one of these.
_SHARED = {outcome: Result(outcome) for outcome in Outcome}


@dataclass(slots=True)
class Tally:
    """Everything that a run did. Filled by one thread, the one that called.

    `doubtful` are the numbers of which CXone did not say that it stored what we sent, whatever a read showed
    afterwards, with the moment at which they were first asked for, on our clock: they may have been stored by
    somebody else before that.
    """

    results: Results = field(default_factory=Results)
    sent_requests: list[SentRequest] = field(default_factory=list)
    error: DncError | None = None
    doubtful: dict[Key, datetime] = field(default_factory=dict)

    def settle(self, key: ChangeKey, outcome: Outcome, failure: Failure | None = None) -> None:
        """Record one number's outcome."""
        self.results[key] = _SHARED[outcome] if failure is None else Result(outcome, failure)

    def with_outcome(self, *outcomes: Outcome) -> Iterator[ChangeKey]:
        """Give the changes that ended so."""
        return self.results.with_outcome(outcomes)

    def count_of(self, outcome: Outcome) -> int:
        """Count the changes that ended so."""
        return self.results.counts[outcome]

    @property
    def has_written(self) -> bool:
        """Tell whether anything may have been stored."""
        return any(self.with_outcome(Outcome.APPLIED, Outcome.UNKNOWN))


DEADLINE = "DEADLINE"
OUT_OF_TIME = Failure(DEADLINE, "the time limit was reached before this was sent: the next run continues")
NO_CAPACITY = Failure(
    "OVER_CEILING", "CXone takes no more entries, so this number is not protected: make room, then run again"
)
THROTTLED = Failure("429", "throttled repeatedly, single numbers too: the next run continues")
NOT_FOUND = Failure("NOT_FOUND", "CXone counted it as stored, and the read-back does not find it")
TERMS_NOT_TAKEN = Failure("NOT_TAKEN", "CXone has the number, but did not take these terms")
NOT_STORED = "NOT_STORED"


def outcome_of(answer: Answer, phone: str, action: Action) -> tuple[Outcome, Failure | None]:
    """Say what became of one number of a chunk, or of one removal."""
    match answer.verdict:
        case Verdict.ANSWERED:
            if phone in answer.failures:
                return Outcome.REJECTED, answer.failures[phone]
            # CXone has it exactly so: a create is on the list; an update's terms only the read-back shows.
            is_doubtful = phone in answer.conflicts and action is not Action.CREATE
            return (Outcome.UNKNOWN if is_doubtful else Outcome.APPLIED), None
        case Verdict.NOT_SENT:
            return Outcome.NOT_ATTEMPTED, None
        case Verdict.AMBIGUOUS:
            return Outcome.UNKNOWN, answer.cause
        case Verdict.REFUSED if is_throttled(answer):
            return (
                Outcome.NOT_ATTEMPTED,
                answer.cause,
            )  # throttled: says nothing about the number
        case Verdict.TOO_LARGE | Verdict.REFUSED | Verdict.UNSUPPORTED:
            return Outcome.REJECTED, answer.cause


def is_throttled(answer: Answer) -> bool:
    """Tell whether trying ended in a 429."""
    return answer.verdict is not Verdict.ANSWERED and _failure_code(answer) == "429"


def is_conflict(answer: Answer) -> bool:
    """Tell whether the whole answer was a 409: some of it may be stored, and smaller chunks tell more."""
    return answer.verdict is Verdict.AMBIGUOUS and _failure_code(answer) == "409"


def smaller_chunk_size(size: int, chunk: int, answer: Answer) -> int:
    """Give the chunk size to go on with where one of `chunk` numbers was too large at `size`.

    Throttling says nothing against a chunk that is short anyway.
    """
    half = chunk // 2
    return min(size, max(1, half, size // 2 if is_throttled(answer) else 0))


def failure_if_unseen(result: Result, default: Failure) -> Failure:
    """Say why a number that was sent is not shown by the read-back.

    What CXone said it had stored, and did not, it refused. Where its answer was in doubt, it merely did not
    come to pass: that is no refusal, and never one to get used to.
    """
    if result.outcome is not Outcome.UNKNOWN or result.failure is None:
        return default
    cause = f"{result.failure.code}: {result.failure.message}".removesuffix(": ")
    return Failure(NOT_STORED, f"sent, and the answer was in doubt ({cause}); the read-back does not show it")


def _failure_code(answer: Answer) -> str:
    return answer.cause.code if answer.cause else ""
