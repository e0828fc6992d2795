"""Where a number is: as the newest report tells, or as CXone says."""

import pytest

from tests.support.project import LIST, entry

OTHER = "dnc-list-02"
A, B, C = "+12125550101", "+12125550102", "+12125550103"


@pytest.fixture
def listed(project):
    project.git("switch", "-qc", "intake")
    project.list(entry(A, requestedOn="2026-11-20", evidence="CALL-1"), entry(B), commit=False)
    project.commit(push=False)
    project.git("switch", "-q", "main")
    message = "Merge branch 'intake' into 'main'\n\nStop calling\n\nSee merge request sales/dnc!17"
    project.git("merge", "-q", "--no-ff", "intake", "-m", message)
    project.git("push", "-q", "origin", "HEAD")
    project.apply()
    return project


def test_a_number_that_is_protected(listed):
    listed.clock.move(hours=5)
    done = listed.run("check", "(212) 555-0101", CI="")
    assert done.code == 0, done.err
    said = f"DO NOT CALL: {A} is listed, and live everywhere it should be, as of report 1, 5 hours ago"
    assert done.out.startswith(said)
    assert f"  {LIST}: live, last confirmed 2026-11-23T12" in done.out
    assert "CUSTOMER_REQUESTED NEVER, dnc-lists/main.yaml:" in done.out
    assert "by Ann <ann@example.com>, sales/dnc!17" in done.out
    found = listed.run("check", A, "--format", "json").json
    (one,) = found["lists"]
    (claim,) = one["claims"]
    assert (found["listed"], found["protected"], one["live"]) == (True, True, True)
    assert 5 * 3600 <= found["as_of"]["age_seconds"] < 5 * 3600 + 120
    assert claim["merge_request"] == "sales/dnc!17"
    assert claim["commit"] == listed.git("rev-parse", "intake")
    assert any(rule.startswith("US-") for rule in claim["rules"]), claim["rules"]


def test_one_that_is_on_no_list(listed):
    done = listed.run("check", C, CI="")
    assert done.code == 3
    assert done.out.startswith(f"NOT LISTED: {C} is on no list of production, as of report 1")
    assert "CXone was not asked now" in done.out
    found = listed.run("check", C, "--format", "json").json
    assert (found["answer"], found["lists"], found["doubts"]) == ("not-listed", [], [])


def test_one_that_is_not_live_yet(listed):
    listed.list(entry(C), name="other", list_id=OTHER)
    done = listed.run("check", C, CI="")
    assert done.code == 3
    assert f"{OTHER}: NOT live" in done.out
    listed.apply()
    assert listed.run("check", C).code == 0


def test_stronger_terms_that_are_not_live_yet(project):
    project.list(entry(A, reason="UNKNOWN"))
    project.apply()
    project.list(entry(A))
    for arguments in ((), ("--live",)):
        done = project.run("check", A, *arguments)
        assert done.code == 3
        assert f"{LIST}: live, and weaker than the files have it" in done.out


def test_one_whose_line_is_gone_is_kept_with_the_ways_out(listed):
    listed.list(entry(A, requestedOn="2026-11-20", evidence="CALL-1"))
    before = listed.run("check", B, CI="")
    assert "is in no list file, and no run has removed it from CXone yet" in before.out
    assert "the next run decides" in before.out
    listed.apply(code=6)
    done = listed.run("check", B, CI="")
    assert done.code == 0
    assert done.out.startswith(f"DO NOT CALL: {B} is in no list file, and CXone keeps it")
    assert "listed" not in done.out
    assert f"dnc restore {B} --list {LIST}" in done.out
    assert listed.run("check", B, "--format", "json").json["lists"][0]["kept"] == ["no-release"]


def test_live_asks_cxone(listed):
    listed.agent("remove", A)
    assert listed.run("check", A).code == 0  # the report is older than that
    done = listed.run("check", A, "--live", CI="")
    assert done.code == 3
    assert f"{LIST}: NOT live" in done.out
    listed.agent("add", C)
    there = listed.run("check", C, "--live", CI="")
    assert (there.code, "is in no file, though live" in there.out) == (3, True)
    assert listed.run("check", B, "--live").code == 0


def test_what_a_pipeline_prints_is_masked(listed):
    done = listed.run("check", A)
    assert A not in done.out
    assert "+1 212 ••• ••01" in done.out


def test_before_the_first_report_it_says_so(project):
    project.list(entry(A))
    done = project.run("check", A)
    assert done.code == 3
    assert "there is no report yet" in done.out
    assert "not known" in done.out


def test_what_is_no_number(project):
    done = project.run("check", "nonsense", "--format", "json")
    assert done.code == 4
    assert done.json["errored"]
