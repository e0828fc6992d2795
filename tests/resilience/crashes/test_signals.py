"""SIGTERM and Ctrl-C: what is in flight is finished, waits end, the rest is not attempted, and it is told."""

import signal

import pytest

from reconciler.sandbox.faults import Fault, FaultAction, RequestKind
from tests.support.project import Project, entry, release
from tests.support.sandbox import phone
from tests.support.victim import Moments, end, journal_of, start, today

MANY = [phone(n) for n in range(12)]
SIGNALS = [signal.SIGTERM, signal.SIGINT]


@pytest.mark.parametrize("number", SIGNALS)
def test_the_chunk_in_flight_is_finished(project: Project, number):
    project.tenant(chunkSize=3, concurrency=1)
    project.list(entry(*MANY))
    moments = Moments(project, kinds=(RequestKind.BULK,))
    process = start(project, "apply", "--format", "json")
    moments.reset(2, lambda: process.send_signal(number))  # the second chunk has just arrived
    done = end(process)
    assert done.code == 8, done.err
    assert done.json["status"] == "interrupted"
    assert done.outcomes == {"applied": 6, "not-attempted": 6}
    assert set(project.live()) == set(MANY[:6])
    (report,) = project.reports(at="origin/dnc-audit")
    assert report["status"] == "interrupted"
    assert [c["verdict"] for c in report["chunks"]] == ["answered", "answered"]
    assert report["not_live"] == [{"list_id": "dnc-list-01", "phones": MANY[6:]}]
    assert report["interrupted"] == []
    assert not journal_of(project).exists()
    project.apply()
    assert set(project.live()) == set(MANY)
    assert project.run("audit", "verify").code == 0


@pytest.mark.parametrize("number", SIGNALS)
def test_a_long_wait_ends(project: Project, number):
    project.list(entry(*MANY))
    project.sandbox.plan(
        Fault(FaultAction.STATUS, RequestKind.BULK, status=429, retry_after="900", times=None)
    )
    moments = Moments(project, kinds=(RequestKind.BULK,))
    process = start(project, "apply")
    moments.reset(1, lambda: process.send_signal(number))
    done = end(process)
    assert done.code == 8, done.err
    assert project.live() == {}
    assert project.newest["status"] == "interrupted"


def test_nothing_comes_off_after_the_signal(project: Project):
    project.list(entry(*MANY))
    project.apply()
    project.list(entry(*MANY[4:]), releases=[release(*MANY[:4], on=today())])
    moments = Moments(project, kinds=(RequestKind.READ,))
    process = start(project, "apply")
    moments.reset(1, lambda: process.send_signal(signal.SIGTERM))
    done = end(process)
    assert done.code in {5, 8}, done.err
    assert set(project.live()) == set(MANY)
    assert project.asked("delete") == 0


def test_told_to_stop_while_it_waits_for_its_turn(project: Project):
    """Whoever waits has written nothing, and says who is under way."""
    project.list(entry(*MANY))
    moments = Moments(project, kinds=(RequestKind.BULK,))
    first = start(project, "apply")
    second = []

    def meanwhile() -> None:
        waiting = start(project, "apply")
        second.append(waiting)
        told = waiting.stderr.readline()
        assert f"process {first.pid}, since" in told, told
        waiting.send_signal(signal.SIGTERM)
        second.append(end(waiting))

    moments.reset(0, meanwhile)
    assert end(first).code == 0
    assert second[1].code == 4
    assert "stopped by a signal (the pipeline's cancel or time limit) while it waited" in second[1].err
    assert set(project.live()) == set(MANY)
    assert [r["seq"] for r in project.reports()] == [1]


def padded(project: Project) -> None:
    """Write lists that are large enough for CXone to be read while they are judged."""
    text = "".join(f'  - "{one}"\n' for one in MANY)
    terms = "reasonCode: LOCAL\n  expirationPolicy: NEVER\n  phones:\n"
    padding = f"{'#' * 99}\n" * 20_001
    project.write("dnc-lists/main.yaml", f"{padding}listId: dnc-list-01\nentries:\n- {terms}{text}")
    project.commit()


@pytest.mark.parametrize("number", SIGNALS)
def test_a_reading_that_was_begun_early_is_ended_and_nothing_is_changed(project: Project, number):
    padded(project)
    moments = Moments(project, kinds=(RequestKind.READ,))
    process = start(project, "apply")
    moments.reset(0, lambda: process.send_signal(number))
    done = end(process)
    assert done.code in {5, 8}, done.err
    assert project.live() == {}
    assert not journal_of(project).exists()


def test_a_reading_that_was_begun_early_does_not_outlive_an_interrupted_plan(project: Project):
    padded(project)
    project.sandbox.plan(
        Fault(FaultAction.STATUS, RequestKind.READ, status=503, retry_after="599", times=None)
    )
    moments = Moments(project, kinds=(RequestKind.READ,))
    process = start(project, "plan")
    moments.reset(1, lambda: process.send_signal(signal.SIGINT))
    done = end(process)
    assert done.code == 130, done.err
    assert project.asked("read") == 1
