"""SIGKILL at any moment, and `apply` again: it converges, the record is whole and tells of the death."""

from pathlib import Path
from random import Random

import pytest

from tests.support.project import Project, entry, release
from tests.support.sandbox import phone
from tests.support.victim import (
    Moments,
    calls_of_git,
    deadly_git,
    journal_of,
    runs_in,
    start,
    today,
)

SEEDS = range(3)
KILLS = 2  # in a row, before a run may end
MANY = [phone(n) for n in range(18)]
SOME = MANY[:6]


def killed(project: Project, moments: Moments, at: int) -> int:
    """Kill a run at one of CXone's moments; its exit code, as the shell has it."""
    process = start(project, "apply")
    moments.reset(at, process.kill)
    process.communicate(timeout=30)
    moments.reset(-1, lambda: None)
    return process.returncode


def told(project: Project) -> list[str]:
    """Name the runs of which reports tell: their own, and those that they say were interrupted."""
    return [
        started
        for report in project.reports()
        for started in (*(run["started_at"] for run in report["interrupted"]), report["started_at"])
    ]


@pytest.mark.parametrize("seed", SEEDS, ids="seed {}".format)
def test_whatever_request_it_dies_at(project: Project, seed):
    chance = Random(seed)
    moments = Moments(project)
    project.configure(lambda c: c.update(safety={"maxRemovals": 500, "maxRemovalPercent": 100}))
    project.list(entry(*SOME))
    project.apply()
    # What is written before the read is nobody's proof where its run dies: it waits here.
    late = entry(*MANY[6:9], reason="LOCAL")
    project.list(entry(*MANY[3:6], *MANY[9:]), late, releases=[release(*MANY[:3], on=today())])
    died: list[str] = []
    for _ in range(KILLS):
        killed(project, moments, chance.randrange(4, 28))
        died = list(dict.fromkeys([*died, *runs_in(journal_of(project))]))
        assert set(MANY[3:6]) <= set(project.live())  # what is held and wanted is never absent
    project.apply()
    assert set(project.live()) == set(MANY[3:])
    assert project.run("audit", "verify").code == 0
    assert not journal_of(project).exists()
    assert len(told(project)) == len(set(told(project)))
    assert set(died) <= set(told(project))
    # What the dead wrote is ours: a release lets it off, where an agent's touch would have kept it on.
    project.list(entry(*MANY[9:]), releases=[release(*MANY[:9], on=today())])
    project.apply("--allow-removals", "6")  # the chain is young, and three came off already
    assert set(project.live()) == set(MANY[9:])


@pytest.mark.parametrize("seed", SEEDS, ids="seed {}".format)
def test_whatever_it_asks_git_when_it_dies(project: Project, tmp_path: Path, seed):
    chance = Random(seed)
    project.list(entry(*SOME))
    counting = deadly_git(tmp_path / "counting", -1, before=True)
    project.apply(**counting)
    last = calls_of_git(tmp_path / "counting")
    project.list(entry(*MANY))
    died: list[str] = []
    for number in range(KILLS):
        # Most calls come before the first write; what is worth the most is in the second half.
        at = chance.randrange(last // 2, last)
        deadly = deadly_git(tmp_path / f"deadly{number}", at, before=chance.random() < 0.5)
        start(project, "apply", **deadly).communicate(timeout=30)
        died = list(dict.fromkeys([*died, *runs_in(journal_of(project))]))
        assert set(SOME) <= set(project.live())
    project.apply()
    assert set(project.live()) == set(MANY)
    assert project.run("audit", "verify").code == 0
    assert [r["seq"] for r in project.reports(at="origin/dnc-audit")] == list(
        range(1, len(project.reports()) + 1)
    )
    assert set(died) <= set(told(project))
    assert len(told(project)) == len(set(told(project)))


def test_the_next_report_tells_of_the_dead(project: Project):
    moments = Moments(project, kinds=("bulk",))
    first = project.list(entry(*MANY))
    assert killed(project, moments, 4) == -9  # one chunk is answered, at least one has not been
    found = project.run("plan", "--format", "json")
    assert found.code == 0
    project.list(entry(*MANY), name="again")
    project.apply()
    (report,) = project.reports()
    (run,) = report["interrupted"]
    assert run["revision"] == first
    assert run["chunks"]["sent"] >= 2
    assert run["chunks"]["unanswered"] >= 1
    assert run["numbers"] >= 6
    assert run["write_window"]["from"] < run["write_window"]["to"]
    assert run["started_at"] < report["started_at"]
    shown = project.run("audit", "show")
    assert "interrupted" in shown.out


def test_an_opt_out_after_the_death_still_wins(project: Project):
    """Only what the dead run can have written is ours; whoever touches a number later, opted out."""
    moments = Moments(project, kinds=("bulk",))
    project.list(entry(*SOME))
    assert killed(project, moments, 3) == -9
    project.clock.move(hours=2)
    project.agent("modify", SOME[0])
    project.clock.move(hours=-2)
    project.apply()
    project.list(entry(*SOME[3:]), releases=[release(*SOME[:3], on=today())])
    project.apply(code=6)
    assert set(project.live()) == {SOME[0], *SOME[3:]}


def test_what_the_dead_took_off_counts_for_the_budget(project: Project):
    project.configure(lambda c: c.update(safety={"maxRemovals": 6, "maxRemovalPercent": 100}))
    project.list(entry(*MANY))
    project.apply()
    moments = Moments(project, kinds=("delete",))
    project.list(entry(*MANY[4:]), releases=[release(*MANY[:4], on=today())])
    assert killed(project, moments, 7) == -9
    project.list(entry(*MANY[8:]), releases=[release(*MANY[:8], on=today())])
    project.apply(code=6)
    assert set(MANY[4:]) <= set(project.live())


def test_a_run_that_told_of_itself_is_not_told_of_again(project: Project):
    """It died between the report and the end of its journal."""
    project.list(entry(*SOME))
    moments = Moments(project, kinds=("bulk",))
    killed(project, moments, 2)
    left = journal_of(project).read_bytes()
    project.apply()
    journal_of(project).write_bytes(left)
    project.apply()
    assert len(project.reports()) == 1


def test_a_journal_that_was_cut_short_is_read_as_far_as_it_goes(project: Project):
    project.list(entry(*SOME))
    moments = Moments(project, kinds=("bulk",))
    killed(project, moments, 2)
    journal = journal_of(project)
    journal.write_bytes(journal.read_bytes()[:-7] + b"\xff\0{")
    project.apply()
    assert len(project.reports()[0]["interrupted"]) == 1
    assert set(project.live()) == set(SOME)


def test_a_registrys_entry_that_a_killed_run_wrote_over_is_kept(project: Project):
    """S25, and no report tells of the write: the journal does."""
    project.list(entry(*SOME))
    project.apply()
    project.agent("add", MANY[7], "NATIONAL")
    project.agent("add", MANY[8], "UNKNOWN")
    project.apply("--attest")  # a reading that shows it
    project.list(entry(*SOME, MANY[7]), entry(MANY[8], reason="NATIONAL"))
    moments = Moments(project)
    at = 0
    while project.live()[MANY[7]] == "NATIONAL NEVER":
        killed(project, moments, at)
        at += 1
        assert at < 40
    assert len(project.reports()) == 2
    project.apply()
    kept = {number: row["terms"]["reasonCode"] for row in project.newest["kept"] for number in row["phones"]}
    assert kept == {MANY[7]: "NATIONAL"}
