"""A run that does not arrive in whole says last who can still be called, and counts nothing of it as done."""

import json
from unittest.mock import patch

import pytest

from reconciler.sandbox.faults import Fault, FaultAction, RequestKind
from tests.support.groups_project import grouped
from tests.support.project import LIST, Project, Result, entry, release
from tests.support.sandbox import phone

A, B, C, D = (phone(n) for n in range(4))
MANY = [phone(n) for n in range(12)]
STOP_CALLING = "fix: Stop calling them by other means, then run dnc apply again."
BULK_FAILS = Fault(FaultAction.STATUS, RequestKind.BULK, status=500, times=None)
READ_BACK_FAILS = Fault(FaultAction.STATUS, RequestKind.READ, status=500, times=None, skip=1)
REMOVAL_FAILS = Fault(FaultAction.STATUS, RequestKind.DELETE, status=500, times=None)


def last_block(text: str) -> str:
    """Give what a reader sees last, without scrolling."""
    return text.rstrip().split("\n\n")[-1]


def on_a_terminal(project: Project, *arguments: str, code: int) -> Result:
    done = project.run("apply", "--yes", *arguments, CI="")
    assert done.code == code, (done.out, done.err)
    return done


def test_a_rejected_number_is_named_last_and_never_counted_as_applied(project: Project):
    project.list(entry(A, B))
    project.sandbox.conduct.refused = {B: "INVALID_PHONE"}
    done = on_a_terminal(project, code=8)
    assert "applied" not in done.out + done.err
    assert "sent 2 of 2" in done.err
    assert "sent 2 of 2\n" in done.out
    assert "\nproduction: partial: 1 added, 1 rejected\n\n" in done.out
    assert "read back (full): 1 row live, 1 verified, 1 missing" in done.out
    block = last_block(done.out)
    assert block.startswith(f"NOT PROTECTED: 1 number on {LIST} can still be called.\n")
    assert f"  {LIST}: 1 number, rejected by CXone (INVALID_PHONE " in block
    assert f": {B}\n" in block
    assert STOP_CALLING in block
    assert "CXone rejects it again until what its answer names is corrected." in block
    assert A not in block


def test_numbers_are_masked_in_a_pipeline_and_the_command_for_whole_ones_is_named(project: Project):
    project.list(entry(A, B))
    project.list(entry(C), name="second", list_id="second")
    project.sandbox.conduct.refused = {B: f"NO {B}", C: "INVALID_PHONE"}
    done = project.run("apply")
    assert done.code == 8
    block = last_block(done.out)
    assert block.startswith(f"NOT PROTECTED: 2 numbers (1 on {LIST}, 1 on second) can still be called.\n")
    assert "+1 200 ••• ••01" in block
    assert "All whole numbers: dnc audit show --format json, under not_live." in block
    assert B not in done.out + done.err


def test_json_has_it_and_the_log_of_the_job_too(project: Project):
    project.list(entry(A, B))
    project.sandbox.conduct.refused = {B: "INVALID_PHONE"}
    done = project.apply(code=8)
    assert done.json["outcomes"] == {"applied": 1, "rejected": 1}
    assert done.json["done"] == {"added": 1}
    protection = done.json["protection"]
    assert protection["verdict"] == "not_protected"
    (row,) = protection["not_protected"]
    assert (row["list_id"], row["cause"], row["phones"]) == (LIST, "rejected", [B])
    assert (done.json["stopped_by"], done.json["not_live"]) == (None, [[LIST, B]])
    assert last_block(done.err).startswith("NOT PROTECTED: 1 number on ")
    assert B not in done.err


@pytest.mark.parametrize(
    ("cause", "words"),
    [
        ("ignored", "sent, and the read-back does not find it (NOT_FOUND"),
        (
            "in doubt",
            "sent, and the read-back does not find it (NOT_STORED sent, and the answer was",
        ),
    ],
)
def test_what_the_read_back_does_not_find_is_missing(project: Project, cause, words):
    project.list(entry(A))
    if cause == "ignored":
        project.sandbox.conduct.ignored = {A}
    else:
        project.sandbox.plan(BULK_FAILS)
    done = on_a_terminal(project, code=8)
    assert "sent 1 of 1\n" in done.out
    assert "\nproduction: partial: 1 missing\n\n" in done.out
    block = last_block(done.out)
    assert block.startswith("NOT PROTECTED: 1 number on ")
    assert words in block
    assert STOP_CALLING in block


def test_a_time_limit_that_ends_before_all_is_sent(project: Project):
    project.list(entry(A, B))
    done = on_a_terminal(project, "--deadline", "0s", code=8)
    assert "\nproduction: partial, stopped by its own time limit (--deadline): 2 not sent\n\n" in done.out
    block = last_block(done.out)
    assert block.startswith(f"NOT PROTECTED: 2 numbers on {LIST} can still be called.\n")
    assert "2 numbers, not sent: the run's time limit was over" in block
    assert "Give the next run more time: a longer --deadline." in block
    assert project.newest["stopped_by"] == "deadline"


def test_what_is_throttled_to_the_end(project: Project):
    project.list(entry(A, B))
    project.sandbox.plan(Fault(FaultAction.STATUS, RequestKind.BULK, status=429, times=None))
    block = last_block(on_a_terminal(project, code=8).out)
    assert block.startswith(f"NOT PROTECTED: 2 numbers on {LIST} can still be called.\n")
    assert "throttled by CXone over and over" in block
    assert "Lower requestsPerMinute" in block


def test_what_cxone_has_no_room_for(tmp_path):
    with grouped(tmp_path) as project, patch("reconciler.cxone.groups.group_read.CEILING", 1):
        project.list(entry(A, B))
        block = last_block(on_a_terminal(project, code=8).out)
        assert block.startswith(f"NOT PROTECTED: 1 number on {LIST} can still be called.\n")
        assert "not sent: CXone takes no more entries" in block
        assert "Make room in CXone first: remove calling lists or groups that are not needed." in block


def test_a_read_back_that_fails_claims_neither(project: Project):
    project.list(entry(A, B))
    project.sandbox.plan(READ_BACK_FAILS)
    done = on_a_terminal(project, code=8)
    assert "sent 2 of 2\n" in done.out
    assert "\nproduction: partial: 2 sent and not verified\n\n" in done.out
    assert "not verified: CXone could not be read back (2 sent). Run dnc apply again to verify." in done.out
    assert "tried 8 times, seen last: 500" in done.out
    assert "0 missing" not in done.out
    assert "NOT PROTECTED" not in done.out
    block = last_block(done.out)
    assert block.startswith(f"NOT VERIFIED: 2 numbers on {LIST}: ")
    assert "fix: Run dnc apply again to verify. Do not call them until then." in block
    assert project.newest["unverified"] == {LIST: 2}
    status = project.run("status")
    assert f"    NOT VERIFIED: 2 numbers on {LIST}: " in status.out
    assert status.out.startswith("! production: ")
    assert " 0 not live, 2 not verified, " in status.out
    assert "  not seen  2 numbers sent, confirmed by no read\n" in project.run("audit", "show").out
    assert project.run("site", "public").code == 0
    page = (project.folder / "public/tenant-production.html").read_text()
    assert "Not verified: 2 numbers sent and confirmed by no read" in page
    assert "2 numbers sent and not verified" in (project.folder / "public/index.html").read_text()
    project.sandbox.faults.clear()
    again = on_a_terminal(project, code=0)
    assert "NOT VERIFIED" not in again.out
    assert project.newest["unverified"] == {}
    assert "NOT VERIFIED" not in project.run("status").out


def test_a_read_back_that_fails_with_something_refused_says_both(project: Project):
    project.list(entry(A, B))
    project.sandbox.conduct.refused = {B: "INVALID_PHONE"}
    project.sandbox.plan(READ_BACK_FAILS)
    done = on_a_terminal(project, code=8)
    block = last_block(done.out)
    assert f"NOT VERIFIED: 1 number on {LIST}: " in block
    assert f"NOT PROTECTED: 1 number on {LIST} can still be called." in block
    assert block.index("NOT VERIFIED") < block.index("NOT PROTECTED")


def test_cxone_that_cannot_be_read_at_all(project: Project):
    project.list(entry(A))
    project.apply()
    project.list(entry(A, B))
    project.sandbox.plan(Fault(FaultAction.STATUS, RequestKind.READ, status=503, times=None))
    done = on_a_terminal(project, code=8)
    assert "not verified: CXone could not be read (1 sent). Run dnc apply again to verify." in done.out
    block = last_block(done.out)
    assert block.startswith(f"NOT VERIFIED: 1 number on {LIST}: ")
    assert "NOT PROTECTED" not in done.out


def test_weaker_terms_are_not_called_unprotected(project: Project):
    project.list(entry(A))
    project.apply()
    project.agent("modify", A, "UNKNOWN")
    project.sandbox.conduct.ignored = {A}
    block = last_block(on_a_terminal(project, code=8).out)
    assert block.startswith(f"NOT FULLY PROTECTED: 1 number on {LIST}: in CXone under weaker terms")
    assert "NOT_TAKEN" in block
    assert "NOT FULLY PROTECTED" in project.run("status").out


def test_a_removal_that_fails_leaves_nobody_unprotected(project: Project):
    project.list(entry(A, B))
    project.apply()
    project.list(entry(B), releases=[release(A)])
    project.sandbox.plan(REMOVAL_FAILS)
    done = on_a_terminal(project, code=8)
    assert "NOT PROTECTED" not in done.out
    block = last_block(done.out)
    assert block.startswith(f"NOT REMOVED: 1 number on {LIST}: CXone did not confirm the planned removal.")
    assert "\nproduction: partial: 1 in doubt\n\n" in done.out


def test_known_refusals_are_told_although_they_are_exit_0(project: Project):
    project.list(entry(A, B))
    project.sandbox.conduct.refused = {B: "INVALID_PHONE"}
    project.apply(code=8)
    done = on_a_terminal(project, code=0)
    block = last_block(done.out)
    assert block.startswith(f"NOT PROTECTED: 1 number on {LIST} can still be called.")
    assert "These refusals are known from the report before, so the exit code is 0." in block


def test_what_somebody_removes_during_the_run_is_told(project: Project):
    project.list(entry(A))
    project.apply()
    project.list(entry(A), entry(B, reason="LOCAL"))  # waits for the read
    project.on_read[2] = lambda: project.agent("remove", A)
    done = on_a_terminal(project, code=0)
    block = last_block(done.out)
    assert block.startswith(f"NOT PROTECTED: 1 number on {LIST} can still be called.")
    assert "removed or weakened in CXone by someone else during the run" in block


def test_status_names_them_with_what_to_do(project: Project):
    project.list(entry(A, B))
    project.sandbox.conduct.refused = {B: "INVALID_PHONE"}
    project.apply(code=8)
    done = project.run("status", CI="")
    assert f"    NOT PROTECTED: 1 number on {LIST} can still be called.\n" in done.out
    assert f"1 number, rejected by CXone (INVALID_PHONE this number is refused): {B}\n" in done.out
    assert STOP_CALLING in done.out
    assert B not in project.run("status").out
    (tenant,) = project.run("status", "--format", "json").json["tenants"]
    assert tenant["protection"]["verdict"] == "not_protected"
    assert tenant["protection"]["not_protected"] == {LIST: 1}
    assert B not in json.dumps(tenant)
    project.sandbox.conduct.refused = {}
    project.apply()
    assert "NOT PROTECTED" not in project.run("status").out


def test_what_was_done_is_said_by_kind(project: Project):
    project.list(entry(A, B))
    project.apply()
    project.agent("remove", A)
    project.list(entry(A, C, D), releases=[release(B)])
    done = on_a_terminal(project, code=0)
    assert done.out.startswith("sent 4 of 4\n")
    assert done.out.endswith("\nproduction: complete: 2 added, 1 put back, 1 removed\n")
    assert "read back (full): 4 rows live, 3 verified, 0 missing\n" in done.out
    assert "after the read-back: 1 removed, by CXone's answers; no read looked again\n" in done.out
    assert "  not seen  what was removed or weakened: as CXone answered" in project.run("audit", "show").out
    assert project.run("site", "public").code == 0
    page = (project.folder / "public/tenant-production.html").read_text()
    assert "no read of the run checked it: 2." in page
    report = project.newest
    assert report["done"] == {"added": 2, "put_back": 1, "removed": 1}
    assert report["read_back"]["rows"] == 4
    assert "  did       2 added, 1 put back, 1 removed\n" in project.run("audit", "show").out
    assert " 3 added, 1 removed" in project.run("audit", "list").out


def test_a_number_that_could_not_be_put_back_is_not_recorded_as_put_back(project: Project):
    project.list(entry(A, B))
    project.apply()
    project.agent("remove", A)
    project.sandbox.conduct.refused = {A: "INVALID_PHONE"}
    done = on_a_terminal(project, code=8)
    assert "\nproduction: partial: 1 rejected\n" in done.out
    assert project.newest["restored"] == []
    assert project.newest["done"] == {}
    assert "0 restored" in project.run("status").out
    shown = project.run("audit", "show").out
    assert "  planned   1 create, 0 update, 0 delete\n" in shown
    assert "  did       nothing\n" in shown


def test_a_plan_of_a_cxone_that_cannot_be_read_claims_nothing_of_it(project: Project):
    project.list(entry(A))
    project.apply()
    project.list(entry(A, B))
    project.sandbox.plan(Fault(FaultAction.STATUS, RequestKind.READ, status=503, times=None))
    done = project.apply(code=8)
    assert done.json["live"]["from"] == "unread"
    assert "1 to add; CXone could not be read, so the rest is unknown" in done.err
    for wrong in ("read 0 live rows", "did not add up", "unchanged", "unmanaged"):
        assert wrong not in done.err


def test_a_read_back_that_does_not_add_up_claims_neither(project: Project):
    project.list(entry(A, B))
    project.sandbox.conduct.ignored = {B}
    project.sandbox.plan(Fault(FaultAction.WRONG_TOTAL, RequestKind.READ, times=None, skip=1))
    done = on_a_terminal(project, code=8)
    assert "production: partial: 1 added, 1 in doubt\n" in done.out
    assert "1 verified, 1 not seen: the read did not add up" in done.out
    block = last_block(done.out)
    assert block.startswith(f"NOT VERIFIED: 1 number on {LIST}: ")
    assert "not seen by a read-back that did not add up" in block
