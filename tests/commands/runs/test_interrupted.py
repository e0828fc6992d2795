"""A run that is ended before its end says who ended it, and what is unknown since: CXone is not to blame."""

import os
import signal
from collections.abc import Callable

import pytest

from reconciler.sandbox.faults import Fault, FaultAction, RequestKind
from tests.commands.runs.test_not_protected import last_block, on_a_terminal
from tests.support.groups_project import grouped
from tests.support.lists import dated
from tests.support.project import LIST, Project, entry, release
from tests.support.sandbox import phone
from tests.support.victim import Moments

A, B, C, D = (phone(n) for n in range(4))
MANY = [phone(n) for n in range(12)]
WHOLE_SIGNAL = "stopped by a signal (the pipeline's cancel or time limit)"


def ask(number: int) -> Callable[[], None]:
    """Ask this process to stop, as a person or a pipeline does."""
    return lambda: os.kill(os.getpid(), number)


def test_ctrl_c_before_the_read_back(project: Project):
    project.list(entry(A, B))
    project.on_read[2] = ask(signal.SIGINT)
    done = on_a_terminal(project, code=8)
    assert "\nproduction: interrupted, stopped by you (Ctrl-C): 2 sent and not verified\n" in done.out
    assert (
        "not verified: stopped by you (Ctrl-C) before the read-back (2 sent). Run dnc apply again to verify."
        in done.out
    )
    for wrong in ("could not be read", "missing", "quieter", "NOT PROTECTED"):
        assert wrong not in done.out
    assert last_block(done.out).startswith(f"NOT VERIFIED: 2 numbers on {LIST}: ")
    report = project.newest
    assert (report["status"], report["stopped_by"], report["unverified"]) == (
        "interrupted",
        "person",
        {LIST: 2},
    )
    assert "  stopped   by the person who ran it (Ctrl-C)\n" in project.run("audit", "show").out
    assert "report 1: stopped by the person who ran it (Ctrl-C)" in project.run("status").out
    project.on_read.clear()
    on_a_terminal(project, code=0)  # as it says: run again to verify
    assert (project.newest["seq"], project.newest["stopped_by"], project.newest["unverified"]) == (
        2,
        None,
        {},
    )


@pytest.mark.parametrize(("ci", "words"), [("true", WHOLE_SIGNAL), ("", "stopped by a signal (SIGTERM)")])
def test_a_signal_is_no_person(project: Project, ci, words):
    project.list(entry(A))
    project.on_read[2] = ask(signal.SIGTERM)
    done = project.run("apply", "--yes", CI=ci)
    assert done.code == 8, done.err
    assert f"not verified: {words} before the read-back (1 sent)" in done.out
    assert project.newest["stopped_by"] == "signal"


def test_what_was_sent_and_what_was_not_are_told_apart(project: Project):
    project.tenant(chunkSize=3, concurrency=1)
    project.list(entry(*MANY))
    Moments(project, kinds=(RequestKind.BULK,)).reset(2, ask(signal.SIGINT))
    done = project.run("apply", "--yes", "--format", "json", CI="")
    assert done.code == 8, done.err
    assert done.outcomes == {"applied": 6, "not-attempted": 6}
    assert done.json["stopped_by"] == "person"
    assert "sent 6 of 12\n" in done.err
    assert "sent 7" not in done.err
    assert f"NOT VERIFIED: 6 numbers on {LIST}: " in done.err
    assert f"NOT PROTECTED: 6 numbers on {LIST} can still be called." in done.err
    assert "6 numbers, not sent (stopped by you (Ctrl-C)): " in done.err


def test_before_anything_was_sent_nobody_blames_cxone(project: Project):
    project.list(entry(A))
    project.on_read[1] = ask(signal.SIGINT)
    done = project.run("apply", "--yes", "--attest", "--format", "json", CI="")
    assert done.code == 5
    assert "error: stopped by you (Ctrl-C): nothing was sent to CXone" in done.err
    assert done.json["stopped_by"] == "person"
    assert done.json["findings"][0]["rule"] == "STOPPED"
    assert project.live() == {}


def test_a_stopped_run_that_leaves_a_report_says_by_whom(project: Project):
    project.list(entry(A))
    project.apply()
    project.list(entry(A), dated(B))
    project.on_read[1] = ask(signal.SIGTERM)
    done = project.run("apply", CI_PIPELINE_SOURCE="schedule")
    assert done.code == 5
    report = project.newest
    assert (report["status"], report["stopped_by"]) == ("failed", "signal")
    assert report["error"]["fact"].startswith(f"{WHOLE_SIGNAL}: nothing was sent")


def test_a_run_that_is_stopped_after_an_early_write_says_what_it_sent(project: Project):
    project.list(entry(A))
    project.apply()
    project.list(entry(A, B), dated(C))
    project.on_read[1] = ask(signal.SIGTERM)
    project.apply(code=8)
    report = project.newest
    assert (report["status"], report["stopped_by"]) == ("interrupted", "signal")
    assert (report["early"]["numbers"], report["unverified"]) == (1, {LIST: 1})
    assert set(project.live()) == {A, B}
    project.on_read.clear()
    project.apply()
    assert set(project.live()) == {A, B, C}


def test_a_removal_that_waits_is_not_blamed_on_a_busy_cxone(project: Project):
    project.list(entry(A, B))
    project.apply()
    project.list(entry(B, C), releases=[release(A)])
    project.on_read[2] = ask(signal.SIGINT)
    done = on_a_terminal(project, code=8)
    assert set(project.live()) == {A, B, C}
    assert "incomplete-read: CXone was not read completely" in done.out
    assert "run dnc apply again" in done.out


def test_removals_alone_that_are_stopped_have_sent_nothing(project: Project):
    project.list(entry(A, B))
    project.apply()
    project.list(entry(B), releases=[release(A)])
    project.on_read[2] = ask(signal.SIGINT)
    done = on_a_terminal(project, code=5)
    assert "error: stopped by you (Ctrl-C): nothing was sent to CXone" in done.err
    assert set(project.live()) == {A, B}


def test_a_failure_of_cxones_is_nobodys_request(project: Project):
    project.list(entry(A))
    project.sandbox.plan(Fault(FaultAction.STATUS, RequestKind.READ, status=500, times=None, skip=1))
    done = project.apply(code=8)
    assert done.json["stopped_by"] is None
    assert "stopped by" not in done.err
    assert project.newest["stopped_by"] is None


def test_a_run_that_was_done_before_the_signal_is_complete(project: Project):
    project.list(entry(A))
    project.on_read[2] = lambda: None
    Moments(project, kinds=(RequestKind.READ,)).reset(3, ask(signal.SIGTERM))  # the read-back is answered
    done = project.apply(code=0)
    assert (done.json["status"], done.json["stopped_by"]) == ("complete", None)


def test_it_is_the_same_in_the_other_dialect(tmp_path):
    with grouped(tmp_path) as project:
        project.list(entry(A))
        project.on_read[1] = ask(signal.SIGINT)
        done = on_a_terminal(project, code=5)
        assert "error: stopped by you (Ctrl-C): nothing was sent to CXone" in done.err
        project.on_read.clear()
        project.on_read[2] = ask(signal.SIGINT)
        done = on_a_terminal(project, code=8)
        assert "not verified: stopped by you (Ctrl-C) before the read-back (1 sent)" in done.out
        assert last_block(done.out).startswith(f"NOT VERIFIED: 1 number on {LIST}: ")
