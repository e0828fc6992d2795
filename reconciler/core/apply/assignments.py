"""Adds skills to those that the groups of lists stop. Never takes one away, and holds back no number."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from reconciler.core.apply.outcomes import Outcome
from reconciler.core.model.errors import CxoneRefused, DncError
from reconciler.core.model.provider import Failure, Provider, Verdict
from reconciler.core.planning.coverage import Assignment

_OUTCOMES = {
    None: Outcome.UNKNOWN,
    Verdict.ANSWERED: Outcome.APPLIED,
    Verdict.AMBIGUOUS: Outcome.UNKNOWN,
    Verdict.NOT_SENT: Outcome.NOT_ATTEMPTED,
}


def outcome_of(verdict: Verdict | None) -> Outcome:
    """Tell what became of an assignment by its answer; None: none came."""
    return _OUTCOMES.get(verdict, Outcome.REJECTED)


@dataclass(frozen=True, slots=True)
class AssignmentResult:
    """What became of one assignment, and why where it was not done. `applied`: it was seen afterwards."""

    assignment: Assignment
    outcome: Outcome
    failure: Failure | None = None

    def to_json(self) -> dict[str, Any]:
        """Say it as the report has it."""
        return {
            **self.assignment.to_json(),
            "outcome": self.outcome.value,
            "code": self.failure.code if self.failure else "",
            "message": self.failure.message if self.failure else "",
        }


def assign_missing(
    missing: Iterable[Assignment], provider: Provider, is_stopped: Callable[[], bool]
) -> tuple[AssignmentResult, ...]:
    """Assign one skill after the other. What CXone refuses for all of them is asked for once."""
    results: list[AssignmentResult] = []
    ended: Failure | None = None
    for assignment in missing:
        if ended is not None or is_stopped():
            results.append(AssignmentResult(assignment, Outcome.NOT_ATTEMPTED, ended))
            continue
        try:
            answer = provider.assign_skill(assignment.list_id, assignment.skill_id)
        except DncError as error:
            ended = Failure(error.rule, error.fact)
            is_refused = isinstance(error, CxoneRefused)
            outcome = Outcome.REJECTED if is_refused else Outcome.NOT_ATTEMPTED
            results.append(AssignmentResult(assignment, outcome, ended))
            continue
        results.append(AssignmentResult(assignment, outcome_of(answer.verdict), answer.cause))
    return tuple(results)
