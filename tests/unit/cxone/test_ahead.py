"""Pages that are read before anybody takes them: in order, few, and given up at once."""

import threading
import time as clock

import pytest

from reconciler.core.model.errors import CxoneUnavailable
from reconciler.cxone.entries.provider import EntriesProvider
from reconciler.cxone.http.paging import ReadAhead
from reconciler.cxone.http.stop import pause
from tests.unit.cxone.standin import Reply, Time, connected, entry, pages, settings

LISTS = frozenset({"dnc-1"})
PATIENCE = 10  # seconds


class Counted:
    """Pages without an end, or with one, that say how many were read."""

    def __init__(self, many=10**9, error=None):
        self.read = 0
        self.ended = threading.Event()
        self.many, self.error = many, error

    def __call__(self, stop):
        try:
            while self.read < self.many:
                if stop.is_set():
                    return
                self.read += 1
                yield self.read
            if self.error:
                raise self.error
        finally:
            self.ended.set()


def waited(look):
    until = clock.monotonic() + PATIENCE
    while not look():
        assert clock.monotonic() < until
        clock.sleep(0.001)


def test_all_are_given_in_order():
    assert list(ReadAhead(Counted(50), threading.Event(), 3)) == list(range(1, 51))


def test_no_more_are_read_than_there_is_room_for():
    pages_read = Counted()
    ahead = ReadAhead(pages_read, threading.Event(), 3)
    waited(lambda: pages_read.read == 4)  # the fourth waits for room
    clock.sleep(0.15)
    assert pages_read.read == 4
    ahead.close()
    assert pages_read.ended.wait(PATIENCE)


def test_an_error_comes_where_the_pages_are_taken():
    found = []
    with pytest.raises(ValueError, match="no"):
        found.extend(ReadAhead(Counted(2, ValueError("no")), threading.Event(), 5))
    assert found == [1, 2]


@pytest.mark.parametrize("which", ["stop", "close"])
def test_a_wait_ends_when_it_is_stopped_or_given_up(which):
    stop, waiting = threading.Event(), threading.Event()

    def reading(either):
        waiting.set()
        yield pause(either, 3600)

    ahead = ReadAhead(reading, stop, 1)
    assert waiting.wait(PATIENCE)
    began = clock.monotonic()
    stop.set() if which == "stop" else ahead.close()
    waited(lambda: not ahead._thread.is_alive())
    assert clock.monotonic() - began < PATIENCE


@pytest.mark.parametrize("number", [0, 1, 500, 501, 2600])
def test_a_reading_begun_ahead_asks_and_finds_the_same(script, number):
    script.otherwise = pages([entry(n) for n in range(number)])
    with connected(script) as provider:
        usual = provider.read(LISTS)
    asked = sorted(int(seen.query["page"]) for seen in script.seen)
    script.seen.clear()
    with connected(script) as provider:
        provider.read_ahead()
        assert provider.read(LISTS) == usual
        assert sorted(int(seen.query["page"]) for seen in script.seen) == asked
        assert provider.read(LISTS) == usual  # the second is no old one
        assert len(script.seen) == 2 * len(asked)


def test_it_is_as_of_the_moment_that_it_was_begun(script):
    script.otherwise = pages([entry(1)])
    time = Time()
    with connected(script, time) as provider:
        provider.read_ahead()
        waited(lambda: script.seen)
        time.wait(60)
        assert provider.read(LISTS).read_at.startswith("2026-11-23T12:00:00")
        assert provider.read(LISTS).read_at.startswith("2026-11-23T12:01:00")


def test_what_came_in_the_way_is_raised_by_the_reading_and_the_next_is_anew(script):
    script.otherwise = lambda seen: Reply(403)
    with connected(script) as provider:
        provider.read_ahead()
        waited(lambda: script.seen)
        with pytest.raises(Exception, match="403"):
            provider.read(LISTS)
        script.otherwise = pages([entry(1)])
        assert provider.read(LISTS).entry_count == 1


def test_what_nobody_takes_is_given_up_with_the_connection(script):
    script.otherwise = pages([entry(n) for n in range(5000)])
    with connected(script) as provider:
        provider.read_ahead()
        waited(lambda: script.seen)
        ahead = provider._ahead
    assert not ahead._thread.is_alive()
    assert provider._ahead is None


def test_a_wait_for_the_pace_is_given_up_with_the_connection(script):
    script.otherwise = lambda seen: Reply(503, headers={"Retry-After": "50"})
    stop, time = threading.Event(), Time()
    with EntriesProvider(settings(script.url), clock=time.clock, stop=stop) as provider:
        provider.read_ahead()
        waited(lambda: script.seen)
        ahead = provider._ahead
        assert ahead._thread.is_alive()  # it waits, for most of a minute
    assert not ahead._thread.is_alive()
    assert not stop.is_set()


def test_a_request_to_stop_ends_it(script):
    script.otherwise = lambda seen: Reply(503)
    with connected(script, Time(stop_after=3)) as provider:
        provider.read_ahead()
        with pytest.raises(CxoneUnavailable, match="asked to stop"):
            provider.read(LISTS)
