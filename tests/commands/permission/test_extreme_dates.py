"""Dates at both ends of the calendar: every one that a file may hold, a run can reckon with and report."""

import json
from datetime import UTC, date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.audit.json_shapes import DAY, RUN_DAY
from reconciler.core.planning.modifications import first_moment
from reconciler.use_cases.reconcile.reported_numbers import RecordWalk
from tests.support.project import Project, dated, entry, release
from tests.support.sandbox import phone

A, B, C = (phone(n) for n in range(1, 4))
OTHERS = [phone(n) for n in range(20, 50)]
EDGES = st.one_of(
    st.dates(max_value=date(1, 1, 4)), st.dates(min_value=date(9999, 12, 28)), st.dates(), st.just(date.min)
)


def hold(project: Project, **of: str) -> None:
    rows = [{"matter": "M-1", "from": "2026-11-20", "phones": [A], **of}]
    project.write("dnc-lists/hold.yaml", json.dumps({"holds": rows}))


@given(EDGES)
def test_no_day_is_beyond_the_calendar(day: date):
    """B23, B24: the shape takes it, and moments of it can be told in UTC and compared."""
    assert not DAY(day.isoformat())
    moment = first_moment(day)
    assert moment.astimezone(UTC) == moment
    assert day <= date(1, 1, 2) or moment == first_moment(day - timedelta(1)) + timedelta(1)
    assert list(RecordWalk(None, iter(())).since(day)) == []


@pytest.mark.parametrize("odd", ["0000-01-01", "10000-01-01", "2026-02-30", "", 5, None])
def test_what_is_no_day_is_refused(odd):
    assert DAY(odd)


@pytest.mark.parametrize("odd", ["1999-12-31", "2200-01-01", "9999-12-31"])
def test_the_day_of_a_run_has_bounds(odd):
    assert not DAY(odd)
    assert RUN_DAY(odd)


@pytest.mark.parametrize("until", ["2200-01-01", "9999-12-29", "9999-12-31"])
def test_an_end_far_away_is_kept_and_reported(project: Project, until: str):
    """B23: the line goes, and every run after it still writes its report."""
    project.list(dated(A, until=until), entry(*OTHERS))
    project.apply()
    project.list(entry(*OTHERS))
    project.apply(code=6)
    assert project.newest["kept"][0]["terms"]["end"] == until
    project.list(entry(*OTHERS, B))
    project.apply()
    assert {A, B} <= project.live().keys()
    assert len(project.reports()) == 3
    assert project.run("audit", "verify").code == 0


@pytest.mark.parametrize("until", ["2250-01-01", "9999-12-31"])
def test_a_hold_until_a_day_far_away_goes(project: Project, until: str):
    """B23: the report names the hold as one that lingers."""
    hold(project, until=until)
    project.list(entry(A, *OTHERS))
    project.apply()
    (project.folder / "dnc-lists/hold.yaml").unlink()
    project.list(entry(A, B, *OTHERS))
    project.apply()
    assert project.newest["lingering_holds"][0]["until"] == until


@pytest.mark.parametrize("on", ["0001-01-01", "0001-01-02", "1900-01-01"])
def test_a_release_of_long_ago_lets_nobody_off(project: Project, on: str):
    """B24: it is older than every request; what is new is sent all the same."""
    project.list(entry(A, requestedOn="2026-11-20", evidence="C-1"), entry(*OTHERS))
    project.apply()
    project.list(entry(*OTHERS, B), releases=[release(A, on=on)])
    done = project.apply(code=6)
    (off,) = (c for c in done.json["changes"] if c["direction"] == "exposing")
    assert off["blocked_by"] == ["later-opt-out"]
    assert {A, B} <= project.live().keys()


@pytest.mark.parametrize("first", ["0001-01-01", "0001-01-02"])
def test_a_request_and_a_hold_of_long_ago(project: Project, first: str):
    """B24: they are computed with like every other."""
    hold(project, **{"from": first, "until": first})
    project.list(entry(A, requestedOn=first, evidence="C-1"), dated(C, until="9999-12-31"), entry(*OTHERS))
    project.apply()
    (project.folder / "dnc-lists/hold.yaml").unlink()
    project.list(entry(*OTHERS, B), releases=[release(C, on=first)])
    assert project.run("apply").code in {0, 6}
    assert {A, B, C} <= project.live().keys()
    assert project.run("audit", "verify").code == 0
