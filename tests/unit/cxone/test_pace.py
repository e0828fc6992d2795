import threading
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.cxone.http.pace import RateLimiter
from reconciler.cxone.http.stop import Stopped
from tests.unit.cxone.standin import Time


class Late(Time):
    """A time in which every wait takes a little longer than asked, as on a real machine."""

    def __init__(self, late: float) -> None:
        super().__init__()
        self.late = late

    def wait(self, timeout: float | None = None) -> bool:
        return super().wait((timeout or 0.0) + self.late)


def places(time: Time, rate: int, burst: int, number: int, rest: dict[int, float] | None = None):
    pace = RateLimiter(rate, burst, time, monotonic=time.monotonic)
    taken = []
    for index in range(number):
        time.seconds += (rest or {}).get(index, 0.0)
        pace.take()
        taken.append(time.seconds)
    return taken


def most_in_a_minute(taken: list[float]) -> int:
    most, first = 0, 0
    for last, moment in enumerate(taken):
        while taken[first] <= moment - 60:
            first += 1
        most = max(most, last - first + 1)
    return most


@settings(max_examples=60, deadline=None)
@given(
    rate=st.integers(1, 400),
    burst=st.integers(1, 32),
    rest=st.dictionaries(st.integers(0, 400), st.floats(0, 200), max_size=6),
    late=st.sampled_from([0.0, 0.001, 0.02]),
)
def test_no_sliding_minute_has_more_than_allowed(rate, burst, rest, late):
    taken = places(Late(late), rate, burst, min(3 * rate, 500), rest)
    assert most_in_a_minute(taken) <= rate


@pytest.mark.parametrize("rate", [1, 7, 10, 49, 60, 100, 200, 1000, 6000])
@pytest.mark.parametrize("burst", [1, 4, 32])
@pytest.mark.parametrize("late", [0.0, 0.0002])
def test_at_most_a_twentieth_is_wasted(rate, burst, late):
    number = 4 * rate if rate < 1000 else rate
    taken = places(Late(late), rate, burst, number + 1)
    assert (taken[-1] - taken[0]) <= 1.05 * number * 60 / rate


def test_a_high_rate_is_used_though_sleeps_are_late():
    taken = places(Late(0.001), 60_000, 1, 6001)  # a place each millisecond, and a millisecond late each time
    assert taken[-1] - taken[0] <= 1.05 * 6


def test_requests_are_spaced_after_the_burst():
    taken = places(Time(), 100, 4, 10)
    gaps = [b - a for a, b in pairwise(taken)]
    assert gaps[:3] == [0, 0, 0]
    assert gaps[3:] == pytest.approx([60 / 98] * 6, abs=0.001)


def test_a_million_a_minute_costs_no_wait_at_the_speed_of_a_socket():
    time = Time()
    pace = RateLimiter(1_000_000, 4, time, monotonic=time.monotonic)
    for _ in range(1000):
        pace.take()
        time.seconds += 0.0005
    assert time.waits == []


def test_a_stop_ends_the_wait():
    time = Time(stop_after=0.1)
    pace = RateLimiter(60, 1, time, monotonic=time.monotonic)
    pace.take()
    with pytest.raises(Stopped):
        pace.take()


def test_nothing_is_handed_out_after_a_stop():
    stop = threading.Event()
    stop.set()
    with pytest.raises(Stopped):
        RateLimiter(100, 4, stop).take()


def test_threads_share_one_allowance():
    time = Time()
    pace = RateLimiter(600, 4, time, monotonic=time.monotonic)
    threads = [threading.Thread(target=lambda: [pace.take() for _ in range(25)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert time.seconds - 1000 == pytest.approx(96 * 60 / 588, rel=0.01)
