"""Everything that goes wrong in CXone: an apply gets over it, or says which numbers are not protected."""

import pytest

from reconciler.sandbox.faults import Fault, FaultAction, RequestKind
from tests.support.project import LIST, Project, entry, making, release
from tests.support.sandbox import phone

A, B, C, D = (phone(n) for n in range(4))
MANY = [phone(n) for n in range(40)]

PASSING = {
    "429": Fault(FaultAction.STATUS, RequestKind.BULK, status=429, times=2),
    "429 seconds": Fault(FaultAction.STATUS, RequestKind.BULK, status=429, retry_after="0.01"),
    "429 past date": Fault(
        FaultAction.STATUS, RequestKind.BULK, status=429, retry_after="Mon, 01 Jan 2001 00:00:00 GMT"
    ),
    "429 absurd": Fault(FaultAction.STATUS, RequestKind.BULK, status=429, retry_after="999999"),
    "429 nonsense": Fault(FaultAction.STATUS, RequestKind.BULK, status=429, retry_after="soon"),
    "429 over and over": Fault(FaultAction.STATUS, RequestKind.BULK, status=429, times=3),
    "429 on a read": Fault(FaultAction.STATUS, RequestKind.READ, status=429, times=2),
    "429 at sign-in": Fault(FaultAction.STATUS, RequestKind.TOKEN, status=429),
    "500 before": Fault(FaultAction.STATUS, RequestKind.BULK, status=500, times=2),
    "503 after": Fault(FaultAction.STATUS, RequestKind.BULK, status=503, stored=True, times=2),
    "502 on a read": Fault(FaultAction.STATUS, RequestKind.READ, status=502),
    "cut before": Fault(FaultAction.CUT, RequestKind.BULK),
    "cut after": Fault(FaultAction.CUT, RequestKind.BULK, stored=True),
    "cut read": Fault(FaultAction.CUT, RequestKind.READ),
    "torn": Fault(FaultAction.TORN, RequestKind.BULK),
    "torn read": Fault(FaultAction.TORN, RequestKind.READ),
    "half": Fault(FaultAction.HALF_JSON, RequestKind.BULK),
    "half read": Fault(FaultAction.HALF_JSON, RequestKind.READ),
    "half sign-in": Fault(FaultAction.HALF_JSON, RequestKind.TOKEN),
    "html": Fault(FaultAction.HTML, RequestKind.BULK),
    "html read": Fault(FaultAction.HTML, RequestKind.READ),
    "short count": Fault(FaultAction.SHORT_COUNT, RequestKind.BULK),
    "wrong total": Fault(FaultAction.WRONG_TOTAL, RequestKind.READ),
    "slow": Fault(FaultAction.SLOW, delay=0.05, times=3),
    "revoked": Fault(FaultAction.REVOKE, RequestKind.BULK),
    "413": Fault(FaultAction.STATUS, RequestKind.BULK, status=413),
    "409 as a whole": Fault(FaultAction.STATUS, RequestKind.BULK, status=409, stored=True),
    "409 and nothing stored": Fault(FaultAction.STATUS, RequestKind.BULK, status=409),
}


@pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING)
def test_what_passes_is_got_over(project: Project, fault):
    project.list(entry(*MANY))
    project.sandbox.plan(fault)
    done = project.run("apply", "--format", "json")
    assert done.code == 0, done.err
    assert set(project.live()) == set(MANY)
    assert done.outcomes == {"applied": 40}
    assert project.newest["not_live"] == []
    assert not project.sandbox.faults.waiting_faults
    assert project.plan().counts() == {"unchanged": 40}


@pytest.mark.parametrize("status", [500, 503])
def test_a_bulk_call_that_never_works(project: Project, status):
    """Ambiguous to the end, until the read-back says that nothing is there."""
    project.list(entry(A, B))
    project.sandbox.plan(Fault(FaultAction.STATUS, RequestKind.BULK, status=status, times=None))
    done = project.apply(code=8)
    assert done.json["status"] == "partial"
    assert project.newest["not_live"] == [{"list_id": LIST, "phones": [A, B]}]
    assert {f["phone"] for f in project.newest["failures"]} == {A, B}
    project.sandbox.faults.clear()
    assert project.plan().changes == [("create", "protective", "declared", [A, B], [])]
    project.apply()
    assert set(project.live()) == {A, B}


def test_throttled_to_the_end(project: Project):
    project.list(entry(A, B))
    project.sandbox.plan(Fault(FaultAction.STATUS, RequestKind.BULK, status=429, times=None))
    project.apply(code=8)
    assert project.newest["not_live"] == [{"list_id": LIST, "phones": [A, B]}]


def test_refused_numbers_are_known_after_the_first_time(project: Project):
    project.sandbox.conduct.refused = {A: "INVALID_PHONE"}
    project.list(entry(A, B))
    done = project.apply(code=8)
    (failure,) = project.newest["failures"]
    assert (failure["phone"], failure["code"]) == (A, "INVALID_PHONE")
    assert done.json["failures"] == project.newest["failures"]
    assert project.newest["not_live"] == [{"list_id": LIST, "phones": [A]}]
    assert set(project.live()) == {B}
    assert project.plan().changes == [("create", "protective", "declared", [A], [])]
    project.apply()
    assert project.newest["not_live"] == [{"list_id": LIST, "phones": [A]}]
    project.sandbox.conduct.refused = {A: "OTHER_CODE"}
    project.apply(code=8)
    project.sandbox.conduct.refused = {A: "OTHER_CODE", C: "INVALID_PHONE"}
    project.list(entry(A, B, C))
    project.apply(code=8)
    project.sandbox.conduct.refused = {}
    project.apply()
    assert set(project.live()) == {A, B, C}
    assert project.newest["not_live"] == []


def test_a_number_that_is_not_live_is_not_held(project: Project):
    """What was never live cannot have been removed by anybody."""
    project.sandbox.conduct.refused = {A: "INVALID_PHONE"}
    project.list(entry(A, B))
    project.apply(code=8)
    assert project.plan().drift == []
    project.list(entry(B))
    assert project.plan().changes == []


def test_counted_as_stored_and_not_there(project: Project):
    project.sandbox.conduct.ignored = {A}
    project.list(entry(A, B))
    project.apply(code=8)
    (failure,) = project.newest["failures"]
    assert (failure["phone"], failure["outcome"]) == (A, "rejected")
    assert project.newest["read_back"]["missing"] == 1


def test_terms_that_are_not_taken(project: Project):
    project.list(entry(A, B))
    project.apply()
    project.agent("modify", A, "UNKNOWN")
    project.sandbox.conduct.ignored = {A}
    project.apply(code=8)
    (failure,) = project.newest["failures"]
    assert (failure["phone"], failure["action"], failure["outcome"]) == (A, "update", "rejected")


def test_a_read_back_that_fails(project: Project):
    project.list(entry(A, B))
    project.sandbox.plan(Fault(FaultAction.STATUS, RequestKind.READ, status=500, times=None, skip=1))
    project.apply(code=8)
    assert set(project.live()) == {A, B}
    assert project.newest["read_back"]["how"] == "failed"
    project.sandbox.faults.clear()
    assert project.plan().counts() == {"unchanged": 2}


def test_a_removal_that_fails_once(project: Project):
    project.list(entry(A, B))
    project.apply()
    project.list(entry(B), releases=[release(A)])
    project.sandbox.plan(Fault(FaultAction.STATUS, RequestKind.DELETE, status=500, stored=True))
    project.apply()
    assert set(project.live()) == {B}
    assert project.plan().changes == []


def test_a_removal_that_never_works(project: Project):
    project.list(entry(A, B))
    project.apply()
    project.list(entry(B), releases=[release(A)])
    project.sandbox.plan(Fault(FaultAction.STATUS, RequestKind.DELETE, status=500, times=None))
    done = project.run("apply", "--format", "json")
    assert done.code == 8
    assert set(project.live()) == {A, B}
    project.sandbox.faults.clear()
    assert project.plan().changes == [("delete", "exposing", "released", [A], [])]
    project.apply()
    assert set(project.live()) == {B}


DOWN = {
    "nobody listens": ({"CXONE_BASE_URL": "http://127.0.0.1:9"}, "baseUrl"),
    "wrong secret": ({"CXONE_CLIENT_SECRET": "a wrong one"}, "client"),
    "another organisation": ({"CXONE_CLIENT_ID": "stranger"}, "orgId"),
    "no scope to read": ({"CXONE_CLIENT_ID": "writer"}, "dnc:entries:read"),
}


@pytest.mark.parametrize(("variables", "remedy"), DOWN.values(), ids=DOWN)
def test_cxone_cannot_be_used(project: Project, variables, remedy):
    project.list(entry(A))
    for command in ("plan", "apply", "drift"):
        done = project.run(command, "--format", "json", **variables)
        assert done.code == 5
        assert done.json["errored"] is True
        assert remedy in done.json["findings"][0]["message"]
        assert remedy in done.err
        assert "fix:" in done.err
        assert "a wrong one" not in done.err + done.out
    assert project.live() == {}
    assert project.tip() == ""


def test_no_scope_to_write(project: Project):
    project.list(entry(A))
    done = project.apply(code=5, CXONE_CLIENT_ID="reader")
    assert "dnc:entries:write" in done.err
    assert done.json["errored"] is True
    assert project.tip() == ""


def test_answers_that_cannot_be_understood(project: Project):
    project.list(entry(A))
    project.sandbox.plan(Fault(FaultAction.HTML, RequestKind.READ, times=None))
    done = project.plan(code=5)
    assert done.json["errored"] is True
    assert done.json["summary"] == dict.fromkeys(done.json["summary"], 0)


def test_a_redirect_is_not_followed(project: Project):
    project.list(entry(A))
    project.sandbox.plan(Fault(FaultAction.REDIRECT, RequestKind.READ, times=None))
    assert project.plan(code=5).json["errored"] is True


def test_the_rate_limit_is_kept(tmp_path):
    with making(tmp_path, requests_per_minute=6000) as project:
        project.tenant(requestsPerMinute=6000, chunkSize=1)
        project.list(entry(*MANY))
        project.apply()
        assert set(project.live()) == set(MANY)
        assert project.asked("bulk") == 40


def test_chunks_of_two_lists_have_no_phone_twice(project: Project):
    project.list(entry(A, B))
    project.list(entry(A, C), name="second", list_id="second")
    project.apply()
    assert sum(c["size"] for c in project.newest["chunks"]) == 4
    assert len(project.newest["chunks"]) == 2
    assert (set(project.live()), set(project.live("second"))) == ({A, B}, {A, C})
