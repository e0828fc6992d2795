"""What became of every number: the outcomes, the requests as they went, and the error that ended a run."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from reconciler.model.errors import DncError
from reconciler.model.provider import Answer, Failure
from reconciler.planning.change import Action


class Outcome(StrEnum):
    """What became of one number's change: exactly one of these."""

    APPLIED = "applied"
    REJECTED = "rejected"
    UNKNOWN = "unknown"
    NOT_ATTEMPTED = "not-attempted"


@dataclass(slots=True)
class Result:
    """The outcome of one number's change, and CXone's words where it refused."""

    outcome: Outcome
    failure: Failure | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """One request as it went: for the report's `chunks`."""

    action: str
    size: int
    answer: Answer


ChangeKey = tuple[Action, str, str]


@dataclass(slots=True)
class Tally:
    """Everything that a run did. Filled by one thread, the one that called."""

    results: dict[ChangeKey, Result] = field(default_factory=dict)
    sent: list[Sent] = field(default_factory=list)
    error: DncError | None = None

    def settle(self, key: ChangeKey, outcome: Outcome, failure: Failure | None = None) -> None:
        """Record one number's outcome."""
        self.results[key] = Result(outcome, failure)

    def having(self, *outcomes: Outcome) -> Iterator[ChangeKey]:
        """Give the changes that ended so."""
        return (key for key, result in self.results.items() if result.outcome in outcomes)

    @property
    def written(self) -> bool:
        """Tell whether anything may have been stored."""
        return any(self.having(Outcome.APPLIED, Outcome.UNKNOWN))
