"""Runs that are cut short by want of time or of sight: what was not done is told, and is the next run's."""

import pytest

from reconciler.cxone.http.stop import TimeBudget
from reconciler.sandbox.faults import Fault, FaultAction, RequestKind
from tests.support.project import Project, dated, entry, release
from tests.support.sandbox import phone
from tests.support.victim import today

MANY = [phone(n) for n in range(12)]


class Ticks:
    """A time budget that is used up once it has been asked about so often."""

    def __init__(self, monkeypatch, ticks: int) -> None:
        self.left = ticks
        monkeypatch.setattr(TimeBudget, "is_over", self.over)

    def over(self) -> bool:
        self.left -= 1
        return self.left < 0


def test_what_does_not_fit_is_the_next_runs(project: Project, monkeypatch):
    project.tenant(chunkSize=3, concurrency=1)
    project.list(entry(*MANY))
    Ticks(monkeypatch, 4)
    done = project.apply("--deadline", "50m", code=8)
    live = set(project.live())
    assert set() < live < set(MANY)
    assert done.json["status"] == "partial"
    assert {f["code"] for f in done.json["failures"]} == {"DEADLINE"}
    assert project.newest["read_back"]["how"] == "full"  # what was sent has been seen all the same
    assert {p for row in project.newest["not_live"] for p in row["phones"]} == set(MANY) - live
    monkeypatch.undo()
    project.apply("--deadline", "50m")
    assert set(project.live()) == set(MANY)


def test_no_time_at_all_is_no_known_refusal(project: Project):
    project.list(entry(*MANY))
    for _ in range(2):
        project.apply("--deadline", "0s", code=8)
    assert project.live() == {}
    project.apply("--deadline", "1h")
    assert set(project.live()) == set(MANY)


def test_removals_wait_for_a_run_that_has_time(project: Project):
    project.list(entry(*MANY))
    project.apply()
    project.list(entry(*MANY[4:]), releases=[release(*MANY[:4], on=today())])
    project.apply("--deadline", "0s", code=8)
    assert set(project.live()) == set(MANY)
    project.apply()
    assert set(project.live()) == set(MANY[4:])


@pytest.mark.parametrize("text", ["50", "m", "-1m", "1h30m", "0x1s", "50 m", ""])
def test_a_deadline_that_is_no_time(project: Project, text):
    project.list(entry(*MANY))
    done = project.run("apply", "--deadline", text)
    assert done.code == 2
    assert project.live() == {}


def test_live_cannot_be_read(project: Project):
    """What desired has and held has not is sent; nothing comes off, and nothing is forgotten."""
    project.list(entry(*MANY[:6]), dated(MANY[6]))
    project.apply()
    project.list(entry(*MANY[3:6], *MANY[7:]), releases=[release(*MANY[:3], on=today())])
    project.sandbox.plan(Fault(FaultAction.STATUS, RequestKind.READ, status=503, times=None))
    done = project.apply(code=8)
    assert done.json["status"] == "partial"
    assert set(project.live()) == set(MANY)
    assert project.newest["read_back"]["how"] == "failed"
    assert project.plan(code=5).json["errored"] is True  # a plan is not made blind
    project.sandbox.faults.clear()
    project.apply()  # the one whose line vanished stays, as the report before said
    assert set(project.live()) == set(MANY[3:])
    assert project.run("audit", "verify").code == 0


def test_live_cannot_be_read_and_nothing_is_new(project: Project):
    project.list(entry(*MANY))
    project.apply()
    project.sandbox.plan(Fault(FaultAction.STATUS, RequestKind.READ, status=503, times=None))
    done = project.apply(code=5)
    assert done.json["errored"] is True
    assert [r["seq"] for r in project.reports()] == [1]
