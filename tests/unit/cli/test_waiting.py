"""A sign of life after two seconds of silence: what is done, n of N; gone as soon as anything is printed."""

import io
import time

import pytest

from reconciler.cli.waiting import Phase, Waiting
from reconciler.cxone.http.stats import Statistics


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture(name="statistics")
def _statistics():
    return Statistics()


def until(condition):
    """Wait for a thread, for five seconds at most."""
    for _ in range(500):
        if condition():
            return True
        time.sleep(0.01)
    return False


@pytest.mark.parametrize(
    ("phase", "text"),
    [
        (Phase("reading CXone:", "rows"), "reading CXone:"),
        (Phase("reading CXone:", "rows", 3500, 6000), "reading CXone: 3,500 of 6,000 rows"),
        (Phase("sending", "numbers", 2000), "sending 2,000 numbers"),
    ],
)
def test_a_phase_says_n_of_n(phase, text):
    assert phase.text() == text


def test_a_silent_terminal_gets_a_line_that_goes_when_something_is_printed(statistics):
    stream, waiting = Terminal(), Waiting(silence=0.0, tick=0.01)
    statistics.begin_reading()
    statistics.count_rows(3500, 6000)
    statistics.count_retry(1.0)
    waiting.watch(statistics, stream)
    try:
        assert until(lambda: "reading CXone: 3,500 of 6,000 rows, 1 retry" in stream.getvalue())
        waiting.silence = 60.0
        waiting.hide()
        shown = stream.getvalue()
        assert shown.rstrip("\r").endswith("\x1b[2K")  # the line is cleared
        time.sleep(0.05)
        assert stream.getvalue() == shown
    finally:
        waiting.end()


def test_a_log_gets_whole_lines_and_only_after_a_long_silence(statistics):
    stream, waiting = io.StringIO(), Waiting(log_silence=0.0, tick=0.01)
    waiting.watch(statistics, stream)
    try:
        assert until(lambda: stream.getvalue().startswith("reading CXone:\n"))
    finally:
        waiting.end()
    assert "\x1b" not in stream.getvalue()


def test_sending_and_then_verifying(statistics):
    waiting = Waiting()
    waiting.watch(statistics, io.StringIO())
    try:
        with waiting.sending(6) as advance:
            advance(2)
            assert waiting.phase() == Phase("sending", "numbers", 2, 6)
            advance(4)
            statistics.begin_reading()
            statistics.count_rows(500, 6000)
            assert waiting.phase() == Phase("verifying", "rows", 500, 6000)
    finally:
        waiting.end()


def test_while_a_person_is_asked_nothing_is_shown(statistics):
    stream, waiting = Terminal(), Waiting(silence=0.0, tick=0.01)
    waiting.watch(statistics, stream)
    try:
        with waiting.paused():
            before = stream.getvalue()
            time.sleep(0.05)
            assert stream.getvalue() == before
    finally:
        waiting.end()
