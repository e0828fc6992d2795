"""Holds that went, told by clocks that were set to another time (B16)."""

import json
from datetime import timedelta

from tests.commands.permission.test_clocks import YEAR, set_apart
from tests.support.project import Project, entry, release
from tests.support.sandbox import phone

A, B, C = (phone(n) for n in range(1, 4))
OTHERS = [phone(n) for n in range(20, 50)]


def hold(project: Project) -> None:
    rows = [{"matter": "M-1", "from": "2026-10-01", "phones": [A]}]
    project.write("dnc-lists/hold.yaml", json.dumps({"holds": rows}))


def test_a_hold_that_went_while_the_clock_was_ahead(project: Project):
    """B16: its `since` comes back to the run's end, and it lingers for one day from then on."""
    hold(project)
    files = entry(A, requestedOn="2026-11-20", evidence="C-1"), entry(*OTHERS)
    project.list(*files)
    project.apply()
    machine = set_apart(project, YEAR)
    (project.folder / "dnc-lists/hold.yaml").unlink()
    project.list(*files, entry(B))
    project.apply()
    assert project.newest["lingering_holds"][0]["since"] > "2027"
    machine.by = timedelta()
    assert project.run("apply", "--attest", CXONE_CLIENT_SECRET="wrong").code == 5
    assert project.newest["status"] == "failed"
    project.list(*files, entry(B, C))
    project.apply()
    assert project.newest["lingering_holds"][0]["since"] <= project.newest["finished_at"]
    project.clock.move(days=2)
    project.list(entry(*OTHERS, B, C), releases=[release(A, on="2026-11-24")])
    project.apply()
    assert A not in project.live()
    assert project.run("audit", "verify").code == 0


def test_a_clock_set_back_ends_no_hold_sooner(project: Project):
    """B16: the other way round, the later of the two clocks counts."""
    hold(project)
    files = entry(A, requestedOn="2026-10-01", evidence="C-1"), entry(*OTHERS)
    project.list(*files)
    project.apply()
    (project.folder / "dnc-lists/hold.yaml").unlink()
    project.list(*files, entry(B))
    project.apply()
    machine = set_apart(project, -timedelta(days=30))
    project.list(*files, entry(B, C))
    project.apply()
    machine.by = timedelta()
    project.list(entry(*OTHERS, B, C), releases=[release(A, on="2026-11-24")])
    done = project.run("plan", "--format", "json")
    (off,) = (c for c in done.json["changes"] if c["direction"] == "exposing")
    assert off["blocked_by"] == ["hold"]
