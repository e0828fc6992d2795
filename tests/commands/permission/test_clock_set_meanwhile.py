"""Our clock is set between the plan and the writes: the run's own report is written all the same (B17)."""

from contextlib import ExitStack
from datetime import timedelta
from unittest.mock import patch

import pytest

from tests.commands.permission.test_clocks import set_apart
from tests.support.project import Project, dated, entry, release
from tests.support.sandbox import phone

A, B, C = (phone(n) for n in range(1, 4))
OTHERS = [phone(n) for n in range(20, 50)]


def late(*phones: str) -> dict[str, object]:
    """Make an entry that waits for the read."""
    return entry(*phones, reason="LOCAL")


@pytest.mark.parametrize("days", [-400, 3])
def test_the_report_of_an_early_write_is_never_lost(project: Project, days: int):
    project.list(entry(A), entry(*OTHERS))
    project.apply()
    machine = set_apart(project, timedelta())
    project.list(entry(A, B), entry(*OTHERS))
    project.on_read[1] = lambda: setattr(machine, "by", timedelta(days=days))
    project.apply()
    assert project.newest["early"]["numbers"] == 1
    assert project.newest["as_of"] == "2026-11-23"
    project.on_read.clear()
    machine.by = timedelta()
    assert not project.plan().json["changes"]
    assert project.run("audit", "verify").code == 0


@pytest.mark.parametrize("days", [-400, -3, 3, 400])
@pytest.mark.parametrize("told", [True, False], ids=["Date", "no-Date"])
def test_the_report_is_never_lost(project: Project, days: int, *, told: bool):
    """B17: either way, whether CXone's answers tell its time or not."""
    project.list(entry(A, requestedOn="2025-10-01", evidence="C-1"), dated(C), entry(*OTHERS))
    project.apply()
    machine = set_apart(project, timedelta())
    project.list(entry(A, requestedOn="2025-10-01", evidence="C-1"), dated(C), entry(*OTHERS), late(B))
    project.on_read[1] = lambda: setattr(machine, "by", timedelta(days=days))
    with ExitStack() as stack:
        if not told:
            stack.enter_context(patch("reconciler.sandbox.app.MutableHeaders"))
        project.apply()
    assert len(project.reports()) == 2
    assert project.newest["as_of"] <= "2026-11-23"
    project.on_read.clear()
    machine.by = timedelta()
    project.list(entry(*OTHERS, phone(4)), late(B))
    done = project.run("apply", "--format", "json")
    assert {A, B, C, phone(4)} <= project.live().keys()
    if days < 0 and not told:
        # Nothing but our clock tells the time of that report, and it is days before the one that it follows:
        # the chain is in doubt, and an auditor has to look.
        assert done.code == 4
        return
    assert done.code in {0, 6}, done.err
    assert len(project.reports()) == 3
    assert project.run("audit", "verify").code == 0


def test_a_release_still_lets_off_after_it(project: Project):
    """B17: the record stays one that decisions can be made on."""
    project.list(entry(A, requestedOn="2026-11-20", evidence="C-1"), entry(*OTHERS))
    project.apply()
    machine = set_apart(project, timedelta())
    project.list(entry(A, requestedOn="2026-11-20", evidence="C-1"), entry(*OTHERS), late(B))
    project.on_read[1] = lambda: setattr(machine, "by", timedelta(days=3))
    project.apply()
    project.on_read.clear()
    machine.by = timedelta()
    project.clock.move(days=5)
    project.list(entry(*OTHERS), late(B), releases=[release(A, on="2026-11-27")])
    project.apply()
    assert A not in project.live()


YEARS = 365.25  # days


@pytest.mark.parametrize("days", [-40 * YEARS, 200 * YEARS])
def test_a_clock_that_no_report_can_have_sends_nothing_and_is_named(project: Project, days: float):
    project.list(entry(A), dated(C), entry(*OTHERS))
    project.apply()
    project.list(entry(A), dated(C), entry(*OTHERS), late(B))
    project.clock.move(days=days)
    done = project.run("apply")
    assert done.code == 4
    assert "this machine's clock says" in done.err
    assert "nothing was sent" in done.err
    assert "NTP" in done.err
    project.clock.move(days=-days)
    assert {A, C} <= project.live().keys()
    assert B not in project.live()
    project.apply()
    assert B in project.live()
    assert project.run("audit", "verify").code == 0


@pytest.mark.parametrize("days", [-40 * YEARS, 200 * YEARS])
def test_a_clock_set_beyond_all_reports_in_a_run_spoils_no_later_report(project: Project, days: float):
    """The run itself may not be able to report; the next one tells of it, and goes on."""
    project.list(entry(A), entry(*OTHERS))
    project.apply()
    machine = set_apart(project, timedelta())
    project.list(entry(A), entry(*OTHERS), late(B))
    project.on_read[1] = lambda: setattr(machine, "by", timedelta(days=days))
    project.run("apply")
    project.on_read.clear()
    machine.by = timedelta()
    project.list(entry(A), entry(*OTHERS, C), late(B))
    project.apply()
    assert {A, B, C} <= project.live().keys()
    assert project.run("audit", "verify").code == 0
    project.apply()
    reports = project.reports()
    assert [report["seq"] for report in reports] == list(range(1, len(reports) + 1))


def test_a_clock_set_beyond_all_reports_after_the_writes_is_told_of_later(project: Project):
    project.list(entry(A), entry(*OTHERS))
    project.apply()
    machine = set_apart(project, timedelta())
    project.list(entry(A), entry(*OTHERS), late(B))
    project.on_read[2] = lambda: setattr(machine, "by", timedelta(days=200 * YEARS))  # the read-back
    done = project.run("apply")
    assert done.code == 9
    assert "this machine's clock says 2226-" in done.err
    project.on_read.clear()
    machine.by = timedelta()
    project.list(entry(A), entry(*OTHERS, C), late(B))
    project.apply()
    assert len(project.newest["interrupted"]) == 1
    assert {A, B, C} <= project.live().keys()
    assert project.run("audit", "verify").code == 0
