"""Adding skills to the groups of lists: what became of each."""

from dataclasses import dataclass, field

import pytest

from reconciler.core.apply.assignments import assign_missing
from reconciler.core.apply.outcomes import Outcome
from reconciler.core.model.errors import CxoneRefused, CxoneUnavailable
from reconciler.core.model.provider import Answer, Failure, Verdict
from reconciler.core.planning.coverage import Assignment

MISSING = tuple(Assignment("dnc-1", "One", skill, f"Skill {skill}") for skill in "123")


@dataclass
class Scripted:
    """Answers each assignment in turn; an error is raised."""

    answers: list[object]
    asked: list[tuple[str, str]] = field(default_factory=list)

    def assign_skill(self, list_id: str, skill_id: str) -> Answer:
        self.asked.append((list_id, skill_id))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def outcomes(*answers, is_stopped=lambda: False):
    provider = Scripted(list(answers))
    return [one.outcome.value for one in assign_missing(MISSING, provider, is_stopped)], len(provider.asked)


def test_each_has_its_own_outcome():
    refused = Answer(Verdict.REFUSED, cause=Failure("400", "no"))
    assert outcomes(Answer(Verdict.ANSWERED), refused, Answer(Verdict.AMBIGUOUS)) == (
        ["applied", "rejected", "unknown"],
        3,
    )


@pytest.mark.parametrize(
    ("error", "first"), [(CxoneRefused("403"), "rejected"), (CxoneUnavailable("gone"), "not-attempted")]
)
def test_what_stands_in_the_way_of_all_is_met_once(error, first):
    assert outcomes(error) == ([first, "not-attempted", "not-attempted"], 1)


def test_a_run_that_is_stopped_sends_no_more():
    stops = iter([False, True, True])
    found, asked = outcomes(Answer(Verdict.ANSWERED), is_stopped=lambda: next(stops))
    assert (found, asked) == (["applied", "not-attempted", "not-attempted"], 1)


def test_the_report_has_the_words_of_cxone():
    refused = Answer(Verdict.REFUSED, cause=Failure("400", "no scrub groups"))
    result = assign_missing(MISSING[:1], Scripted([refused]), lambda: False)[0]
    assert result.outcome is Outcome.REJECTED
    assert result.to_json() == {
        "list_id": "dnc-1",
        "group": "One",
        "skill_id": "1",
        "name": "Skill 1",
        "outcome": "rejected",
        "code": "400",
        "message": "no scrub groups",
    }
