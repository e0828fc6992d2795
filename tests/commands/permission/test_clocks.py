"""Clocks that are apart (S10): nothing exposing goes, and a term ends by the earlier of the two."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.support.groups_project import GroupsProject, grouped
from tests.support.project import LIST, Clock, Project, dated, entry, making, release
from tests.support.sandbox import phone

A, B, C = phone(1), phone(2), phone(3)
OTHERS = [phone(n) for n in range(20, 50)]
YEAR = timedelta(days=365)


@dataclass
class Machine:
    """This machine's clock, set to another time than CXone's."""

    cxone: Clock
    by: timedelta = field(default_factory=timedelta)

    def __call__(self) -> datetime:
        return self.cxone() + self.by

    def move(self, **by: float) -> None:
        self.cxone.move(**by)


def set_apart(project: Project, by: timedelta) -> Machine:
    project.clock = Machine(project.clock, by)  # type: ignore[assignment]
    return project.clock


def blocked(done) -> list[tuple[str, list[str]]]:
    return [(c["action"], c["blocked_by"]) for c in done.json["changes"] if c["direction"] == "exposing"]


@pytest.fixture
def lapsing(project: Project) -> Project:
    """A dated entry is live; it ends in half a year."""
    project.list(dated(A, until="2027-06-30"), entry(*OTHERS))
    project.apply()
    return project


def test_a_clock_a_year_ahead_ends_no_term(lapsing: Project):
    """S10: played as it was found."""
    set_apart(lapsing, YEAR)
    done = lapsing.plan()
    assert done.json["as_of"] == "2026-11-23"
    assert not blocked(done)
    (finding,) = (f for f in done.json["findings"] if f["rule"] == "CXONE-CLOCK")
    assert "ahead of CXone, the limit is 120 s" in finding["message"]
    assert "synchronize" in finding["message"]
    lapsing.list(dated(A, until="2027-06-30"), entry(*OTHERS, B))
    lapsing.apply()
    assert {A, B} <= lapsing.live().keys()
    assert lapsing.newest["as_of"] == "2026-11-23"


@pytest.mark.parametrize("ahead", [1, -1])
def test_a_release_waits_until_the_clocks_agree_and_is_not_spent(lapsing: Project, ahead):
    machine = set_apart(lapsing, ahead * timedelta(minutes=3))
    lapsing.list(dated(A, until="2027-06-30"), entry(*OTHERS[1:]), releases=[release(OTHERS[0])])
    assert blocked(lapsing.plan(code=6)) == [("delete", ["later-opt-out"])]
    lapsing.apply(code=6)
    assert OTHERS[0] in lapsing.live()
    machine.by = timedelta()
    lapsing.apply()
    assert OTHERS[0] not in lapsing.live()


@pytest.mark.parametrize("ahead", [1, -1])
def test_apart_by_less_than_the_limit_holds_nothing_back(lapsing: Project, ahead):
    set_apart(lapsing, ahead * timedelta(seconds=100))
    lapsing.list(dated(A, until="2027-06-30"), entry(*OTHERS[1:]), releases=[release(OTHERS[0])])
    lapsing.apply()
    assert OTHERS[0] not in lapsing.live()


@pytest.mark.parametrize("ahead", [1, -1])
def test_within_the_limit_too_a_term_ends_by_the_earlier_clock(lapsing: Project, ahead):
    """S10: the last day is over at UTC-12 by both clocks, or it is not over."""
    machine = set_apart(lapsing, ahead * timedelta(seconds=60))
    machine.cxone.move(days=220, seconds=-30)  # the first moment at which it is over, less half a minute
    machine.by = ahead * timedelta(seconds=60)
    lapsing.apply()
    assert A in lapsing.live()
    machine.cxone.move(seconds=120)
    lapsing.apply()
    assert A not in lapsing.live()


def test_a_machine_that_is_behind_ends_no_term_either(lapsing: Project):
    machine = set_apart(lapsing, timedelta(hours=-1))
    machine.cxone.move(days=300)
    assert blocked(lapsing.plan(code=6)) == [("delete", ["later-opt-out"])]
    lapsing.apply(code=6)
    assert A in lapsing.live()


def test_a_weaker_term_waits_as_well(lapsing: Project):
    set_apart(lapsing, timedelta(hours=1))
    lapsing.list(
        dated(A, until="2027-06-30"), dated(OTHERS[0]), entry(*OTHERS[1:]), releases=[release(OTHERS[0])]
    )
    assert blocked(lapsing.plan(code=6)) == [("update", ["later-opt-out"])]
    lapsing.apply(code=6)
    assert lapsing.live()[OTHERS[0]] == "CUSTOMER_REQUESTED NEVER"


@pytest.mark.parametrize("removal", ["none", "delete"])
def test_no_permission_to_remove_by_hand_or_by_count_passes_it(lapsing: Project, removal):
    lapsing.tenant(removal=removal)
    set_apart(lapsing, timedelta(hours=1))
    lapsing.list(dated(A, until="2027-06-30"), entry(*OTHERS[1:]), releases=[release(OTHERS[0])])
    done = lapsing.plan(code=6)
    assert blocked(done) == [("delete", ["later-opt-out"])]
    assert done.json["summary"]["by_hand"] == 0
    lapsing.apply("--allow-removals", "1", code=6)
    assert OTHERS[0] in lapsing.live()


def test_drift_goes_by_the_earlier_clock(lapsing: Project):
    set_apart(lapsing, YEAR)
    lapsing.agent("remove", A)
    done = lapsing.run("drift", "--format", "json").json
    assert done["as_of"] == "2026-11-23"
    assert [d["kind"] for d in done["drift"]] == ["removed"]


def test_a_date_that_is_given_stays_as_given(lapsing: Project):
    set_apart(lapsing, YEAR)
    done = lapsing.plan("--as-of", "2028-01-01", code=6)
    assert done.json["as_of"] == "2028-01-01"
    assert blocked(done) == [("delete", ["later-opt-out"])]


@pytest.mark.parametrize("ahead", [1, -1])
def test_a_clock_that_is_set_between_plan_and_read_back(lapsing: Project, ahead):
    """S10: the plan saw clocks that agree; what exposes is decided after that."""
    machine = set_apart(lapsing, timedelta())
    lapsing.list(dated(A, until="2027-06-30"), entry(*OTHERS[1:], B), releases=[release(OTHERS[0])])

    def jump() -> None:
        machine.by = ahead * timedelta(days=2)

    lapsing.on_read[2] = jump
    lapsing.apply(code=6)
    assert {OTHERS[0], B} <= lapsing.live().keys()
    assert lapsing.newest["write_window"] is None
    (kept,) = lapsing.newest["kept"]
    assert (kept["phones"], kept["blocked_by"]) == ([OTHERS[0]], ["later-opt-out"])
    lapsing.on_read.clear()
    machine.by = timedelta()
    lapsing.apply()
    assert OTHERS[0] not in lapsing.live()


def test_a_first_run_under_a_clock_ahead_hides_no_later_opt_out(project: Project):
    """S10: \"since it was first held\" would lie in the future, and every opt-out before it."""
    machine = set_apart(project, YEAR)
    project.list(dated(A, until="2026-12-10"), entry(*OTHERS))
    project.apply()
    machine.by = timedelta()
    project.clock.move(days=2)
    project.agent("modify", A, "COMPANY_POLICY", "ABSOLUTE")
    project.clock.move(days=30)
    project.apply(code=6)
    assert A in project.live()


def test_without_a_date_of_cxone_a_term_ends_as_before(lapsing: Project, monkeypatch):
    """Nothing else tells the time then; `dnc doctor` warns of it."""
    monkeypatch.setattr("reconciler.cxone.http.clock_offset.OffsetWatch.add", lambda *_: None)
    lapsing.clock.move(days=300)
    lapsing.apply()
    assert A not in lapsing.live()


@pytest.fixture
def groups(tmp_path: Path):
    with grouped(tmp_path) as made:
        made.list(dated(A, until="2027-06-30"), entry(*OTHERS))
        made.apply()
        yield made


def test_groups_wait_as_well(groups: GroupsProject):
    machine = set_apart(groups, YEAR)
    groups.list(dated(A, until="2027-06-30"), entry(*OTHERS[1:]), releases=[release(OTHERS[0])])
    done = groups.plan(code=6)
    assert done.json["as_of"] == "2026-11-23"
    assert blocked(done) == [("delete", ["later-opt-out"])]
    groups.apply(code=6)
    machine.by = timedelta()
    assert {A, OTHERS[0]} <= groups.live().keys()
    groups.apply()
    assert OTHERS[0] not in groups.live()


@pytest.mark.parametrize("ahead", [1, -1])
def test_what_groups_hold_is_over_by_cxones_clock(groups: GroupsProject, ahead):
    """S10: a record that ended is not live, and one that has not is, whatever this machine's clock says."""
    set_apart(groups, ahead * YEAR)
    if ahead < 0:
        groups.acts("expire", OTHERS[0])
        groups.clock.move(days=3)
    assert groups.plan().json["summary"]["create"] == (0 if ahead > 0 else 1)


def test_protective_changes_never_wait(tmp_path: Path):
    with making(tmp_path, ahead=-10_000) as project:
        project.list(entry(A), dated(B))
        project.apply()
        assert project.live(LIST).keys() == {A, B}
