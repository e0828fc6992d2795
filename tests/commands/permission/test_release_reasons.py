"""`dnc release` writes a reason only where it fits what is held: terms that are over, claims that ended."""

import pytest

from tests.support.project import LIST, Project, dated, entry, release
from tests.support.sandbox import phone

A = phone(1)
OTHERS = [phone(n) for n in range(20, 60)]


def released(project: Project, reason: str, *more: str):
    return project.run("release", A, "--list", LIST, "--reason", reason, "--evidence", "FORM-9", *more, CI="")


def kept_after_its_term(project: Project) -> None:
    """Have a term end that somebody else's touch keeps."""
    project.list(dated(A, until="2026-11-26"), entry(*OTHERS))
    project.apply()
    project.clock.move(days=1)
    project.agent("modify", A, reason="COMPANY_POLICY", policy="ABSOLUTE")
    project.clock.move(days=9)
    project.apply(code=6)
    assert project.newest["kept"][0]["blocked_by"] == ["later-opt-out"]


def test_a_term_that_is_over_is_released_as_such(project: Project):
    kept_after_its_term(project)
    assert "TERM_ENDED where its term is over" in project.run("blocked").out
    done = released(project, "TERM_ENDED")
    assert done.code == 0, done.err
    project.commit()
    assert project.plan().changes == [("delete", "exposing", "released", [A], [])]
    project.apply()
    assert A not in project.live()
    assert set(project.live()) == set(OTHERS)


def test_not_on_a_day_of_the_term(project: Project):
    kept_after_its_term(project)
    done = released(project, "TERM_ENDED", "--on", "2026-11-26")
    assert done.code == 4
    assert "COMPANY_POLICY ABSOLUTE until 2026-11-26, which is not over" in done.err


@pytest.mark.parametrize(
    ("line", "why", "fits"),
    [
        (dated(A), "COMPANY_POLICY ABSOLUTE until 2027-06-30, which is not over", "CONSENT_GIVEN"),
        (entry(A), "CUSTOMER_REQUESTED NEVER, which is not over", "CONSENT_GIVEN"),
        (entry(A, reason="NATIONAL"), "NATIONAL, which has no end", "REGISTRY_REMOVED"),
    ],
)
def test_a_term_that_is_not_over_is_not(project: Project, line, why, fits):
    project.list(line, entry(*OTHERS))
    project.apply()
    done = released(project, "TERM_ENDED")
    assert done.code == 4
    assert why in done.err
    assert fits in done.err
    assert "TERM_ENDED" not in done.err.partition("what fits")[2]
    assert not project.git("status", "--porcelain")


def test_a_claim_that_ended_leaves_an_opt_out_that_consent_lets_off(project: Project):
    """S24: an agent asked for the number, too; our registry's release ends our claim alone."""
    project.list(entry(*OTHERS))
    project.apply()
    project.agent("add", A, reason="UNKNOWN")
    project.clock.move(days=1)
    project.list(entry(A, reason="NATIONAL"), entry(*OTHERS))
    project.apply()
    project.clock.move(days=2)
    project.list(entry(*OTHERS), releases=[release(A, on="2026-11-26", reason="REGISTRY_REMOVED")])
    project.apply(code=6)
    (kept,) = project.newest["kept"]
    assert (kept["blocked_by"], kept["ended"]) == (["later-opt-out"], True)
    project.clock.move(days=2)
    refused = released(project, "REGISTRY_REMOVED")
    assert refused.code == 4
    assert "stays for someone else's opt-out" in refused.err
    assert "what fits: CONSENT_GIVEN, NUMBER_REASSIGNED" in refused.err
    assert released(project, "CONSENT_GIVEN").code == 0
    project.commit()
    project.apply()
    assert A not in project.live()
