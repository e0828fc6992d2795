"""Which environment variables apply fills in (S8): CXone's own, and what was applied before."""

import pytest

from tests.support.project import Project, entry
from tests.support.recorder import Recorder
from tests.support.sandbox import phone

A, B, C = (phone(n) for n in range(3))
CANARY = "canary-0123456789"


@pytest.fixture
def applied(project: Project) -> Project:
    """A main on which A and B are applied."""
    project.list(entry(A, B))
    project.apply()
    return project


def test_apply_refuses_a_variable_that_is_new(applied: Project, attacker: Recorder):
    """S8: after a merge, too."""
    applied.tenant(clientSecret="${GITLAB_TOKEN}", baseUrl=attacker.url)
    applied.list(entry(A, B, C))
    done = applied.run("apply", "--format", "json", GITLAB_TOKEN=CANARY)
    assert done.code == 4
    for words in ("GITLAB_TOKEN", "clientSecret", "DNC_ALLOWED_VARIABLES"):
        assert words in done.err
    assert attacker.told == []
    assert applied.run("apply", GITLAB_TOKEN=CANARY, DNC_ALLOWED_VARIABLES="GITLAB_TOKEN").code == 5
    assert CANARY in attacker.told[0]


def test_one_that_was_applied_already_is_filled_in_and_said(applied: Project):
    applied.environ["ACME_ID"] = "dnc-tests"
    applied.tenant(clientId="${ACME_ID}")
    applied.apply(code=4)
    applied.apply(DNC_ALLOWED_VARIABLES="ACME_ID")
    applied.list(entry(A, B, C))
    done = applied.apply()
    assert C in applied.live()
    (found,) = (f for f in done.json["findings"] if f["rule"] == "CONF-10")
    assert (found["severity"], "ACME_ID" in found["message"]) == ("warning", True)
    applied.tenant(clientId="${ACME_ID}", orgId="${ACME_ORG}")
    assert "ACME_ORG" in applied.apply(code=4, ACME_ORG="sandbox").err


def test_what_was_never_applied_is_new(project: Project):
    project.environ["ACME_ID"] = "dnc-tests"
    project.tenant(clientId="${ACME_ID}")
    project.list(entry(A))
    assert "ACME_ID" in project.apply(code=4).err
    assert project.live() == {}


def test_by_hand_nothing_changes(applied: Project):
    applied.environ["ACME_ID"] = "dnc-tests"
    applied.tenant(clientId="${ACME_ID}")
    for call in (("plan",), ("drift",), ("doctor",)):
        assert applied.run(*call, CI="").code == 0, call
