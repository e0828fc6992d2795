from datetime import timedelta
from email.utils import format_datetime

import pytest

from reconciler.core.model.provider import Failure
from reconciler.cxone.http.messages import RetryableFailure
from reconciler.cxone.http.retry import AttemptHistory, Retry, parse_retry_after
from reconciler.cxone.http.stop import Stopped
from tests.unit.cxone.standin import START, Time

BUSY = RetryableFailure(Failure("503", ""), is_ambiguous=True)
AWAY = RetryableFailure(Failure("unreachable", ""), is_unreachable=True)


def throttled(after: str | None = None) -> RetryableFailure:
    return RetryableFailure(Failure("429", ""), is_throttled=True, retry_after=after)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7),
        (" 1.5 ", 1.5),
        ("60", 60),
        ("300", 60),
        (format_datetime(START + timedelta(seconds=20), usegmt=True), 20),
        (format_datetime(START + timedelta(seconds=90), usegmt=True), 60),
        (format_datetime(START - timedelta(seconds=20), usegmt=True), None),
        ("Mon, 23 Nov 2026 12:00:09 -0000", 9),
        (None, None),
        ("", None),
        ("0", None),
        ("-5", None),
        ("soon", None),
        ("86400", None),
        ("99999999999999999999", None),
        ("1e3", None),
        ("nan", None),
        ("Fri, 31 Feb 2026 99:00:00 GMT", None),
    ],
)
def test_retry_after(header, seconds):
    assert parse_retry_after(header, START) == seconds


def run(time: Time, answers: list[object], **options: int):
    course = AttemptHistory()
    left = iter(answers)
    retry = Retry(time, lambda _least, most: most, monotonic=time.monotonic)
    answer = retry.run(lambda: next(left), history=course, now=time.clock, **options)
    return answer, course


def test_an_answer_ends_it_at_once(time):
    answer, course = run(time, ["done"])
    assert (answer, course.attempts, time.waits) == ("done", 1, [])


def test_eight_attempts_with_growing_waits(time):
    answer, course = run(time, [BUSY] * 9)
    assert (answer, course.attempts, course.is_ambiguous) == (BUSY, 8, True)
    assert time.waits == [0.5, 1, 2, 4, 8, 16, 32]


def test_the_wait_is_drawn_from_nothing_to_all(time):
    drawn = []

    def uniform(least: float, most: float) -> float:
        drawn.append((least, most))
        return 0.25 * most

    answers = iter([BUSY, BUSY, "done"])
    Retry(time, uniform, monotonic=time.monotonic).run(
        lambda: next(answers), history=AttemptHistory(), now=time.clock
    )
    assert drawn == [(0, 0.5), (0, 1)]
    assert time.waits == [0.125, 0.25]


def test_what_the_server_asks_for_is_waited(time):
    run(time, [throttled("7"), throttled("3600"), throttled("120"), "done"])
    assert time.waits == [7, 1, 60]


@pytest.mark.parametrize("hours", [-5, -0.01, 0.01, 5])
def test_a_date_counts_by_the_clock_of_whoever_gives_it(time, hours):
    theirs = START + timedelta(hours=hours)
    again = RetryableFailure(
        Failure("429", ""),
        is_throttled=True,
        retry_after=format_datetime(theirs + timedelta(seconds=20), usegmt=True),
        date=format_datetime(theirs, usegmt=True),
    )
    run(time, [again, "done"])
    assert time.waits == [20]


@pytest.mark.parametrize("date", [None, "", "soon"])
def test_without_theirs_a_date_counts_by_our_clock(time, date):
    asked = format_datetime(START + timedelta(seconds=20), usegmt=True)
    run(time, [RetryableFailure(Failure("429", ""), is_throttled=True, retry_after=asked, date=date), "done"])
    assert time.waits == [20]


def test_a_row_of_429_ends_it_where_told(time):
    answer, course = run(
        time, [throttled(), BUSY, throttled(), throttled(), throttled(), "done"], max_throttled=3
    )
    assert answer == throttled()
    assert course.attempts == 5


def test_a_host_that_does_not_listen_gets_twenty_seconds(time):
    answer, course = run(time, [AWAY] * 9)
    assert answer == AWAY
    assert sum(time.waits) == pytest.approx(20)
    assert course.attempts == 7
    assert not course.is_ambiguous


def test_twenty_seconds_count_from_the_first_refusal_in_a_row(time):
    answer, course = run(time, [BUSY, BUSY, BUSY, BUSY, AWAY, BUSY, AWAY, "done"])
    assert answer == "done"
    assert course.attempts == 8


def test_a_stop_ends_the_wait():
    time = Time(stop_after=0.4)
    with pytest.raises(Stopped):
        run(time, [BUSY, "done"])
