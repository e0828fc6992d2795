import pytest

from reconciler.core.model.provider import Verdict
from reconciler.cxone.http.pace import RateLimiter
from reconciler.cxone.http.stop import Stopped, TimeBudget
from tests.unit.cxone.standin import Reply, Time, connected, entry, pages
from tests.unit.cxone.test_writing import CHUNK, STORED


def test_the_time_ends_by_itself(time):
    budget = TimeBudget(time, 10, monotonic=time.monotonic)
    assert (budget.is_set(), budget.wait(4), budget.is_set()) == (False, False, False)
    time.seconds += 6
    assert (budget.is_set(), budget.is_over()) == (True, True)


def test_a_wait_that_would_outlast_the_time_does_not_begin(time):
    budget = TimeBudget(time, 10, monotonic=time.monotonic)
    assert budget.wait(10)
    assert (time.waits, budget.is_over()) == ([], True)


def test_a_request_to_stop_is_not_the_end_of_the_time(time):
    budget = TimeBudget(time, 10, monotonic=time.monotonic)
    time.stopped = True
    assert (budget.is_set(), budget.wait(1), budget.is_over()) == (True, True, False)


def test_a_place_that_comes_too_late_is_not_waited_for(time):
    pace = RateLimiter(60, 1, time, monotonic=time.monotonic)
    pace.take()
    with pytest.raises(Stopped):
        pace.take(TimeBudget(time, 0.5, monotonic=time.monotonic))
    assert time.waits == []
    pace.take()  # the place is still there for whoever has the time


@pytest.mark.parametrize("asked", ["30", "Mon, 23 Nov 2026 12:00:30 GMT"])
def test_a_throttled_chunk_that_does_not_fit_is_not_sent_and_reads_go_on(script, time, asked):
    script.replies.append(Reply(429, headers={"Retry-After": asked}))
    script.otherwise = pages([entry(1)])
    budget = TimeBudget(time, 20, monotonic=time.monotonic)
    with connected(script, time, stop_writing=budget) as provider:
        assert provider.upsert(CHUNK).verdict is Verdict.NOT_SENT
        assert budget.is_over()
        assert provider.upsert(CHUNK).verdict is Verdict.NOT_SENT
        assert provider.remove(CHUNK[0].key, "1").verdict is Verdict.NOT_SENT
        assert provider.read(frozenset({"dnc-1"})).complete
    assert [seen.method for seen in script.seen] == ["POST", "GET"]
    assert time.waits == []


def test_a_doubt_that_does_not_fit_stays_one(script, time):
    script.replies.append(Reply(503, headers={"Retry-After": "30"}))
    with connected(script, time, stop_writing=TimeBudget(time, 20, monotonic=time.monotonic)) as provider:
        assert provider.upsert(CHUNK).verdict is Verdict.AMBIGUOUS


def test_what_fits_is_sent(script, time):
    script.replies.extend([Reply(429, headers={"Retry-After": "10"}), STORED])
    with connected(script, time, stop_writing=TimeBudget(time, 20, monotonic=time.monotonic)) as provider:
        assert provider.upsert(CHUNK).verdict is Verdict.ANSWERED
    assert time.waits == [10]


def test_no_wait_of_ours_is_longer_than_a_minute(script):
    """Whatever the server asks for: 60 s a wait, and 8 attempts."""
    time = Time()
    script.replies.extend([Reply(429, headers={"Retry-After": "599"})] * 8)
    with connected(script, time) as provider:
        assert provider.upsert(CHUNK[:1]).verdict is Verdict.REFUSED
    assert time.waits == [60] * 7
