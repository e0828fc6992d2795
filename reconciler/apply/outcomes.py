"""What an answer means for the numbers that were sent with it. Pure."""

from reconciler.apply.tally import Outcome, Result
from reconciler.model.provider import Answer, Failure, Verdict
from reconciler.planning.change import Action

DEADLINE = "DEADLINE"
NO_TIME = Failure(DEADLINE, "the time budget was used up before this was sent: the next run goes on")
NO_ROOM = Failure(
    "OVER_CEILING", "CXone takes no more entries, so this number is not protected: make room, then run again"
)
THROTTLED = Failure("429", "throttled over and over, single numbers too: the next run goes on")
NOT_FOUND = Failure("NOT_FOUND", "CXone counted it as stored, and the read-back does not find it")
NOT_TAKEN = Failure("NOT_TAKEN", "CXone has the number, but did not take these terms")
NOT_STORED = "NOT_STORED"


def outcome_of(answer: Answer, phone: str, action: Action) -> tuple[Outcome, Failure | None]:
    """Say what became of one number of a chunk, or of one removal."""
    match answer.verdict:
        case Verdict.ANSWERED:
            if phone in answer.failures:
                return Outcome.REJECTED, answer.failures[phone]
            # CXone has it exactly so: a create is on the list; an update's terms only the read-back shows.
            doubtful = phone in answer.conflicts and action is not Action.CREATE
            return (Outcome.UNKNOWN if doubtful else Outcome.APPLIED), None
        case Verdict.NOT_SENT:
            return Outcome.NOT_ATTEMPTED, None
        case Verdict.AMBIGUOUS:
            return Outcome.UNKNOWN, answer.why
        case Verdict.REFUSED if throttled(answer):
            return (
                Outcome.NOT_ATTEMPTED,
                answer.why,
            )  # turned away at the door, which is no word on the number
        case Verdict.TOO_LARGE | Verdict.REFUSED | Verdict.UNSUPPORTED:
            return Outcome.REJECTED, answer.why


def throttled(answer: Answer) -> bool:
    """Tell whether trying ended in a 429."""
    return answer.verdict is not Verdict.ANSWERED and _code(answer) == "429"


def conflicting(answer: Answer) -> bool:
    """Tell whether the whole answer was a 409: some of it may be stored, and smaller chunks tell more."""
    return answer.verdict is Verdict.AMBIGUOUS and _code(answer) == "409"


def smaller(size: int, chunk: int, answer: Answer) -> int:
    """Give the chunk size to go on with where one of `chunk` numbers was too large at `size`.

    Throttling says nothing against a chunk that is short anyway.
    """
    half = chunk // 2
    return min(size, max(1, half, size // 2 if throttled(answer) else 0))


def unseen(result: Result, otherwise: Failure) -> Failure:
    """Say why a number that was sent is not shown by the read-back.

    What CXone said it had stored, and did not, it refused. Where its answer was in doubt, it merely did not
    come to pass: that is no refusal, and never one to get used to.
    """
    if result.outcome is not Outcome.UNKNOWN or result.failure is None:
        return otherwise
    seen = f"{result.failure.code}: {result.failure.message}".removesuffix(": ")
    return Failure(NOT_STORED, f"sent, and the answer was in doubt ({seen}); the read-back does not show it")


def _code(answer: Answer) -> str:
    return answer.why.code if answer.why else ""
