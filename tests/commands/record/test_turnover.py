"""What a report says of numbers that were restored, adopted and renewed, and of its read-back."""

import gzip
import json
import subprocess

import pytest

from tests.support.project import BRANCH, LIST, Project, dated, entry

A, B, C, D = (f"+1202555010{n}" for n in range(4))


def plan_beside(project: Project) -> dict:
    """Read the plan beside the newest report."""
    names = project.git("ls-tree", "-r", "--name-only", BRANCH, "audit/production/").splitlines()
    name = max(name for name in names if name.endswith(".plan.json.gz"))
    command = ["git", "-C", str(project.folder), "cat-file", "blob", f"{BRANCH}:{name}"]
    return json.loads(gzip.decompress(subprocess.run(command, check=True, capture_output=True).stdout))


def test_a_restored_number_was_off_since_a_run_last_saw_it(project: Project):
    project.list(entry(A, B))
    project.apply()
    seen = project.newest["read_back"]["at"]
    project.clock.move(hours=1)
    project.list(entry(A, B), name="second")  # a report of a run that had nothing to send
    project.apply()
    verified = project.newest["finished_at"]
    assert verified > seen
    project.clock.move(hours=2)
    project.agent("remove", A)
    project.apply()
    report = project.newest
    assert report["restored"] == [{"list_id": LIST, "phones": [A]}]
    (window,) = report["restored_windows"]
    assert (window["list_id"], window["phones"], window["verified_at"]) == (LIST, [A], verified)
    assert verified < window["seen_at"] <= report["finished_at"]


def test_a_number_of_an_agent_that_a_claim_names_is_adopted_once(project: Project):
    project.agent("add", C)
    project.agent("add", D)
    project.list(entry(A))
    project.apply()
    assert project.newest["adopted"] == []
    adopted = entry(C, firstSeenOn="2026-11-23")
    project.list(entry(A), adopted)
    project.apply()
    assert project.newest["adopted"] == [{"list_id": LIST, "count": 1}]
    assert plan_beside(project)["adopted"] == [{"list_id": LIST, "phones": [C]}]
    project.list(entry(A, B), adopted)
    project.apply()
    assert project.newest["adopted"] == []


def test_terms_that_hold_longer_are_renewed_although_cxone_never_learns_of_it(project: Project):
    project.list(dated(A, B, until="2027-06-30"))
    project.apply()
    project.list(dated(A, until="2028-06-30"), dated(B, until="2027-06-30"))
    project.apply()
    (renewed,) = project.newest["renewed"]
    assert (renewed["list_id"], renewed["count"]) == (LIST, 1)
    assert (renewed["before"]["end"], renewed["after"]["end"]) == ("2027-06-30", "2028-06-30")
    assert plan_beside(project)["renewed"][0]["phones"] == [A]
    project.list(dated(A, until="2028-06-30"), dated(B, until="2027-03-31"))  # weaker: not renewed
    project.apply(code=6)
    assert project.newest["renewed"] == []


def test_the_read_back_says_how_much_it_read_and_what_was_not_as_sent(project: Project):
    project.list(entry(A, B))
    project.apply()
    told = project.newest["read_back"]
    assert (told["how"], told["rows"], told["mismatches"], told["missing"]) == ("full", 2, 0, 0)
    project.on_read[2] = lambda: project.agent("remove", A)  # between the writes and the read-back
    project.list(entry(A, B), dated(C))
    done = project.run("apply", "--format", "json")
    told = project.newest["read_back"]
    assert done.code in {0, 8}
    assert (told["rows"], told["mismatches"]) == (2, 1)


@pytest.mark.parametrize(
    ("theirs", "noted"),
    [
        (("STATE", "UNKNOWN"), "UNKNOWN"),
        (("UNKNOWN", "STATE"), "UNKNOWN"),
        (("STATE", "NATIONAL"), "NATIONAL"),
    ],
)
def test_twins_of_others_are_noted_as_a_registrys_only_if_all_are(project: Project, theirs, noted):
    project.list(entry(B, C))
    project.apply()
    for code in theirs:
        project.agent("add", D, code)
    project.clock.move(days=1)
    project.list(entry(D, reason="NATIONAL"), entry(B, C))
    project.apply()
    assert [row["reason"] for row in plan_beside(project)["others"]] == [noted]
