"""However many requests a run needs, CXone never sees more in a sliding minute than it allows."""

import pytest

from reconciler.sandbox.faults import RequestKind
from tests.resilience.rate.paced import most_in_a_minute, numbers, pacing
from tests.support.project import entry

RATES = [(60, 32), (100, 1), (100, 4), (200, 8)]


@pytest.fixture(scope="module", params=RATES, ids=lambda rate: f"{rate[0]}-a-minute-{rate[1]}-at-once")
def paced(request, tmp_path_factory):
    """Give an apply that reads 120 pages, sends 100 chunks and reads back: minutes at every rate."""
    rate, at_once = request.param
    with pacing(
        tmp_path_factory.mktemp("paced"), requestsPerMinute=rate, concurrency=at_once, chunkSize=20
    ) as project:
        project.others(60_000)
        project.list(entry(*numbers(2_000)))
        project.rest()
        project.apply()
        yield project, rate


def test_no_sliding_minute_has_more_than_allowed(paced):
    project, rate = paced
    moments = [asked.seconds for asked in project.log()]
    assert len(moments) > 2 * 120
    assert most_in_a_minute(moments) <= rate
    assert all(asked.status < 400 for asked in project.log())


def test_at_most_a_twentieth_of_the_allowance_is_wasted(paced):
    project, rate = paced
    moments = [asked.seconds for asked in project.log()]
    assert moments[-1] - moments[0] <= 1.05 * len(moments) * 60 / rate


def test_reads_and_writes_share_the_allowance(paced):
    project, rate = paced
    turn = next(asked.seconds for asked in project.log() if asked.kind is RequestKind.BULK)
    around = [asked.kind for asked in project.log() if abs(asked.seconds - turn) < 30.5]
    assert set(around) == {RequestKind.READ, RequestKind.BULK}
    # A minute (the pace's is a second longer) of the last reads and the first writes: together they fill it.
    assert len(around) == pytest.approx(rate, rel=0.06)


def test_a_sign_in_takes_a_place_too(paced):
    project, _ = paced
    first, second, *_ = project.log()
    assert (first.kind, second.kind) == (RequestKind.TOKEN, RequestKind.READ)
