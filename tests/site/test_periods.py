from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.cli.render.site.chart import HEIGHT, Series, sparkline, stacked_areas, stacked_bars
from reconciler.cli.render.site.periods import group_by_period, split_into_periods

DAYS = st.dates(date(2000, 1, 1), date(2090, 1, 1))


@settings(deadline=None)
@given(DAYS, st.integers(0, 30_000), st.integers(6, 80))
def test_parts_are_few_and_leave_no_day_out(first, length, most):
    last = first + timedelta(days=length)
    parts = split_into_periods(first, last, max_periods=most)
    assert 1 <= len(parts) <= most
    assert (parts[0].first, parts[-1].last) == (first, last)
    for one, following in pairwise(parts):
        assert following.first == one.last + timedelta(days=1)
    assert sum(part.days for part in parts) == length + 1


@pytest.mark.parametrize(
    ("days", "longest"), [(62, 1), (63, 7), (430, 7), (440, 31), (2_000, 92), (9_000, 366)]
)
def test_parts_are_as_short_as_there_is_room(days, longest):
    first = date(2026, 1, 5)
    parts = split_into_periods(first, first + timedelta(days=days - 1), max_periods=62)
    assert max(part.days for part in parts) == longest


@settings(deadline=None)
@given(st.lists(st.integers(0, 400), max_size=40))
def test_every_item_is_in_the_part_of_its_day(offsets):
    first = date(2026, 1, 1)
    parts = split_into_periods(first, first + timedelta(days=400), max_periods=20)
    found = group_by_period(parts, offsets, lambda offset: first + timedelta(days=offset))
    assert sorted(offset for _, some in found for offset in some) == sorted(offsets)
    for part, some in found:
        assert all(part.first <= first + timedelta(days=offset) <= part.last for offset in some)


@settings(deadline=None)
@given(st.lists(st.none() | st.integers(0, 10**7), min_size=1, max_size=62))
def test_nothing_is_drawn_outside_the_field(values):
    parts = split_into_periods(
        date(2026, 1, 1), date(2026, 1, 1) + timedelta(days=len(values) - 1), max_periods=62
    )
    chart = stacked_bars("", parts, [Series("a", "a", values), Series("b", "b", values)])
    for bar in chart.bars:
        assert float(bar.y) >= -0.1
        assert float(bar.height) >= 0
        assert 0 <= float(bar.x) <= float(bar.x) + float(bar.width) <= 1000.1
    assert 1 <= len(chart.lines) <= 5
    told = stacked_areas("", parts, [Series("a", "a", values)])
    assert len(told.areas) == any(values)


def test_what_is_not_told_is_as_it_was_before():
    parts = split_into_periods(date(2026, 1, 1), date(2026, 1, 3), max_periods=62)
    (area,) = stacked_areas("", parts, [Series("a", "a", [2, None, 2])]).areas
    assert area.path == f"M0 {HEIGHT}V0H333.3V0H666.7V0H1000V{HEIGHT}H666.7V{HEIGHT}H333.3V{HEIGHT}H0Z"
    assert sparkline([None, 3]) == ""
