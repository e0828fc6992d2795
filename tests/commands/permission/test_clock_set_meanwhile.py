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


@pytest.mark.parametrize("days", [-400, -3, 3, 400])
@pytest.mark.parametrize("told", [True, False], ids=["Date", "no-Date"])
def test_the_report_is_never_lost(project: Project, days: int, *, told: bool):
    """B17: either way, whether CXone's answers tell its time or not."""
    project.list(entry(A, requestedOn="2025-10-01", evidence="C-1"), dated(C), entry(*OTHERS))
    project.apply()
    machine = set_apart(project, timedelta())
    project.list(entry(A, requestedOn="2025-10-01", evidence="C-1"), dated(C), entry(*OTHERS, B))
    project.on_read[1] = lambda: setattr(machine, "by", timedelta(days=days))
    with ExitStack() as stack:
        if not told:
            stack.enter_context(patch("reconciler.sandbox.app.MutableHeaders"))
        project.apply()
    assert len(project.reports()) == 2
    assert project.newest["as_of"] <= "2026-11-23"
    project.on_read.clear()
    machine.by = timedelta()
    project.list(entry(*OTHERS, B, phone(4)))
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
    project.list(entry(A, requestedOn="2026-11-20", evidence="C-1"), entry(*OTHERS, B))
    project.on_read[1] = lambda: setattr(machine, "by", timedelta(days=3))
    project.apply()
    project.on_read.clear()
    machine.by = timedelta()
    project.clock.move(days=5)
    project.list(entry(*OTHERS, B), releases=[release(A, on="2026-11-27")])
    project.apply()
    assert A not in project.live()
