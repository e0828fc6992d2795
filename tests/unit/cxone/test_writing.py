import socket

import pytest

from reconciler.core.model.entries import Policy, ReasonCode, Terms
from reconciler.core.model.errors import CxoneRefused, CxoneUnavailable
from reconciler.core.model.provider import Failure, Verdict, Write
from reconciler.cxone.entries.provider import EntriesProvider
from tests.unit.cxone.standin import START, Reply, Time, connected, settings

TERMS = Terms(ReasonCode.NATIONAL, Policy.NEVER)
CHUNK = [Write("dnc-1", f"+1212555010{n}", TERMS) for n in range(3)]
STORED = Reply(200, {"successes": 3, "failures": 0, "errors": []})
DUPLICATES = Reply(
    200,
    {
        "successes": 0,
        "failures": 3,
        "errors": [{"phone": w.phone, "errorCode": "DUPLICATE_ENTRY", "errorMessage": ""} for w in CHUNK],
    },
)


def upsert(script, *replies, chunk=CHUNK, time=None):
    script.replies.extend(replies)
    with connected(script, time) as provider:
        return provider.upsert(chunk)


def test_a_chunk_is_sent(script):
    answer = upsert(script, STORED)
    assert (answer.verdict, answer.attempts, answer.cause) == (Verdict.ANSWERED, 1, None)
    assert (answer.started, answer.ended) == (START, START)
    seen = script.seen[0]
    assert (seen.method, seen.path) == ("POST", "/api/v2/dnc/entries/bulk")
    assert seen.headers["content-type"] == "application/json"
    assert [item["phone"] for item in seen.json] == [write.phone for write in CHUNK]


@pytest.mark.parametrize(
    "first",
    [
        Reply(500),
        Reply(503, {"message": "busy"}),
        Reply(cut=True),
        Reply(200, {"successes": 3, "failures": 0, "errors": []}, torn=True),
        Reply(200, b'{"successes": 3,'),
        Reply(200, b"<html>"),
        Reply(200, {"successes": 2, "failures": 0}),
        Reply(204),
    ],
    ids=["500", "503", "cut", "torn", "half", "html", "count", "204"],
)
def test_what_may_have_been_stored_is_sent_again(script, time, first):
    answer = upsert(script, first, DUPLICATES, time=time)
    assert answer.verdict is Verdict.ANSWERED
    assert answer.conflicts == {write.phone for write in CHUNK}
    assert answer.attempts == 2
    assert time.waits == [0.5]
    assert script.seen[0].body == script.seen[1].body
    assert (answer.ended - answer.started).total_seconds() == 0.5


def test_a_doubt_that_stays(script, time):
    answer = upsert(script, *[Reply(502, {"message": "bad gateway"})] * 9, time=time)
    assert answer.verdict is Verdict.AMBIGUOUS
    assert (answer.attempts, len(script.seen)) == (8, 8)
    assert answer.cause == Failure("502", "bad gateway")


@pytest.mark.parametrize(
    ("last", "verdict"),
    [
        (Reply(400, {"message": "no"}), Verdict.AMBIGUOUS),
        (Reply(403), Verdict.AMBIGUOUS),
        (Reply(401), Verdict.AMBIGUOUS),
        (Reply(302), Verdict.AMBIGUOUS),
        (Reply(413), Verdict.TOO_LARGE),
        (Reply(409), Verdict.AMBIGUOUS),
    ],
)
def test_what_follows_a_doubt_does_not_undo_it(script, last, verdict):
    answer = upsert(script, Reply(500), last, last)
    assert answer.verdict is verdict
    assert answer.cause is not None


def test_throttled_over_and_over_asks_for_smaller_chunks(script, time):
    answer = upsert(script, *[Reply(429, headers={"Retry-After": "2"})] * 4, time=time)
    assert (answer.verdict, answer.attempts) == (Verdict.TOO_LARGE, 3)
    assert time.waits == [2, 2]


def test_a_single_number_is_tried_to_the_end(script):
    answer = upsert(script, *[Reply(429)] * 9, chunk=CHUNK[:1])
    assert (answer.verdict, answer.attempts) == (Verdict.REFUSED, 8)
    assert answer.cause.code == "429"


def test_throttled_and_then_stored(script):
    answer = upsert(script, Reply(429), Reply(429), STORED)
    assert (answer.verdict, answer.attempts) == (Verdict.ANSWERED, 3)


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        (413, Verdict.TOO_LARGE),
        (409, Verdict.AMBIGUOUS),
        (400, Verdict.REFUSED),
        (404, Verdict.REFUSED),
        (422, Verdict.REFUSED),
    ],
)
def test_one_answer_is_enough(script, status, verdict):
    answer = upsert(script, Reply(status, {"message": "so it is"}))
    assert (answer.verdict, answer.attempts) == (verdict, 1)
    assert answer.cause == Failure(str(status), "so it is")


def test_a_missing_scope(script):
    with pytest.raises(CxoneRefused, match="may not do this"):
        upsert(script, Reply(403))


def test_a_request_to_stop_while_waiting(script):
    answer = upsert(script, Reply(429), time=Time(stop_after=0.1))
    assert (answer.verdict, answer.attempts) == (Verdict.NOT_SENT, 1)


def test_a_request_to_stop_in_doubt(script):
    answer = upsert(script, Reply(500), time=Time(stop_after=0.1))
    assert answer.verdict is Verdict.AMBIGUOUS


def test_nothing_is_sent_after_a_request_to_stop(script, time):
    time.stopped = True
    answer = upsert(script, time=time)
    assert (answer.verdict, answer.attempts) == (Verdict.NOT_SENT, 0)
    assert (script.seen, script.tokens) == ([], [])


def refused_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def test_a_host_that_does_not_listen(time):
    with (
        EntriesProvider(
            settings(f"http://127.0.0.1:{refused_port()}"),
            clock=time.clock,
            stop=time,
            monotonic=time.monotonic,
            uniform=lambda _least, most: most,
        ) as provider,
        pytest.raises(CxoneUnavailable, match="connection refused") as caught,
    ):
        provider.upsert(CHUNK)
    assert sum(time.waits) == 20
    assert "baseUrl" in str(caught.value)


@pytest.mark.parametrize(
    ("replies", "verdict", "attempts"),
    [
        ([Reply(204)], Verdict.ANSWERED, 1),
        ([Reply(200)], Verdict.ANSWERED, 1),
        ([Reply(404)], Verdict.ANSWERED, 1),
        ([Reply(405)], Verdict.UNSUPPORTED, 1),
        ([Reply(501)], Verdict.UNSUPPORTED, 1),
        ([Reply(400)], Verdict.REFUSED, 1),
        ([Reply(503), Reply(404)], Verdict.ANSWERED, 2),
        ([Reply(cut=True), Reply(204)], Verdict.ANSWERED, 2),
        ([Reply(500)] * 8, Verdict.AMBIGUOUS, 8),
        ([Reply(429)] * 8, Verdict.REFUSED, 8),
    ],
)
def test_removals(script, replies, verdict, attempts):
    script.replies.extend(replies)
    with connected(script) as provider:
        answer = provider.remove(("dnc-1", "+12125550101"), "a/b")
    assert (answer.verdict, answer.attempts) == (verdict, attempts)
    assert (script.seen[0].method, script.seen[0].path) == ("DELETE", "/api/v2/dnc/entries/a%2Fb")


@pytest.mark.parametrize("entry_id", ["", ".", ".."])
def test_an_id_that_would_name_what_lies_above_is_not_sent(script, entry_id):
    with connected(script) as provider:
        assert provider.remove(("dnc-1", "+12125550101"), entry_id).verdict is Verdict.REFUSED
    assert script.seen == []


def test_a_removal_may_need_a_scope(script):
    script.replies.append(Reply(403))
    with connected(script) as provider, pytest.raises(CxoneRefused, match="dnc:entries:write") as caught:
        provider.remove(("dnc-1", "+12125550101"), "secret-id")
    assert "secret-id" not in str(caught.value)
