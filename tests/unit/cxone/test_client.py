import gzip
import json
import logging
import re
import socket
import ssl
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from urllib.parse import parse_qs, quote_plus

import pytest
import requests
from structlog.testing import capture_logs
from urllib3.exceptions import MaxRetryError, ReadTimeoutError

from reconciler.core.model.entries import Policy, ReasonCode, Terms
from reconciler.core.model.errors import CxoneRefused, CxoneUnavailable
from reconciler.core.model.provider import ClockOffset, Target, Write
from reconciler.cxone.http import transport
from reconciler.cxone.http.clock_offset import OffsetWatch
from reconciler.cxone.http.sanitize import refusal_text, sanitize_masked
from tests.unit.cxone.standin import (
    SECRET,
    START,
    Reply,
    Seen,
    Time,
    connected,
    entry,
    pages,
    settings,
    stand_in,
)

PAGE = {"pageSize": "500", "page": "1"}
LISTS = frozenset({"dnc-1"})
CHUNK = [Write("dnc-1", "+12125550101", Terms(ReasonCode.NATIONAL, Policy.NEVER))]


def test_the_form_is_encoded_and_the_token_is_reused(script):
    script.otherwise = pages([entry(n) for n in range(1500)])
    with connected(script) as provider:
        provider.read(LISTS)
        provider.read(LISTS)
    assert len(script.tokens) == 1
    seen = script.tokens[0]
    assert seen.headers["content-type"] == "application/x-www-form-urlencoded"
    assert "authorization" not in seen.headers
    assert parse_qs(seen.body.decode()) == {
        "grant_type": ["client_credentials"],
        "client_id": ["client-1"],
        "client_secret": [SECRET],
    }
    assert {seen.headers["authorization"] for seen in script.seen} == {"Bearer token-1"}


def test_many_401_together_cost_one_token(script):
    script.otherwise = pages([entry(n) for n in range(8000)])
    with connected(script, concurrency=8) as provider:
        provider.total()
        script.valid = {"token-2"}
        assert provider.read(LISTS).complete
        assert provider.statistics.sign_ins == 2
    assert len(script.tokens) == 2


def test_threads_that_share_a_provider_share_its_token(script):
    script.otherwise = pages([entry(1)])
    script.valid = {"token-2"}
    with connected(script, concurrency=8) as provider, ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda _n: provider.total(), range(32))) == [1] * 32
    assert len(script.tokens) == 2


def test_a_401_that_stays_is_repeated_exactly_once(script):
    script.valid = set()
    with connected(script) as provider, pytest.raises(CxoneRefused, match="fetched just now"):
        provider.total()
    assert (len(script.seen), len(script.tokens)) == (2, 2)


def test_a_token_is_renewed_before_its_end(script, time):
    script.otherwise = pages([])
    with connected(script, time) as provider:
        provider.total()
        time.seconds += 3550
        provider.total()
    assert [seen.headers["authorization"] for seen in script.seen] == ["Bearer token-1", "Bearer token-2"]


@pytest.mark.parametrize("first", [Reply(500), Reply(429), Reply(cut=True), Reply(200, b"<html>")])
def test_a_sign_in_is_tried_again(script, time, first):
    script.token_replies.append(first)
    script.otherwise = pages([])
    with connected(script, time) as provider:
        assert provider.total() == 0
    assert len(script.tokens) == 2
    assert time.waits == [0.5]


def test_a_sign_in_that_never_succeeds(script):
    script.token_replies.extend([Reply(503)] * 8)
    with connected(script) as provider, pytest.raises(CxoneUnavailable, match="tried 8 times") as caught:
        provider.total()
    assert "POST /api/v2/oauth/token" in str(caught.value)
    assert len(script.tokens) == 8


@pytest.mark.parametrize("status", [400, 401, 403])
def test_wrong_credentials(script, status):
    said = f"client_secret {SECRET} or {quote_plus(SECRET)} is wrong"
    script.token_replies.append(Reply(status, {"error": "invalid_client", "error_description": said}))
    with connected(script) as provider, pytest.raises(CxoneRefused) as caught:
        provider.total()
    text = str(caught.value)
    assert "CXONE_CLIENT_SECRET" in text
    assert "clientId" in text
    assert f"({status}: client_secret [hidden] or [hidden] is wrong)" in text
    assert len(script.tokens) == 1


def test_a_wrong_address(script):
    script.token_replies.append(Reply(404))
    with connected(script) as provider, pytest.raises(CxoneRefused, match="baseUrl"):
        provider.total()


def test_a_redirect_is_not_followed_and_no_token_travels(script):
    with stand_in() as elsewhere:
        script.otherwise = lambda seen: Reply(307, headers={"Location": f"{elsewhere.url}/x"})
        with connected(script) as provider:
            with pytest.raises(CxoneUnavailable, match="redirects to another host"):
                provider.read(LISTS)
            with pytest.raises(CxoneUnavailable, match="redirects to another host"):
                provider.upsert(CHUNK)
        assert (elsewhere.seen, elsewhere.tokens) == ([], [])
    assert len(script.seen) == 2


def test_where_a_redirect_points_is_not_even_read(script):
    script.otherwise = lambda seen: Reply(302, headers={"Location": "http://[nonsense"})
    with connected(script) as provider, pytest.raises(CxoneUnavailable, match="redirects to another host"):
        provider.total()


def test_a_redirect_of_the_sign_in_is_not_followed(script):
    with stand_in() as elsewhere:
        script.token_replies.append(Reply(302, headers={"Location": f"{elsewhere.url}/x"}))
        with connected(script) as provider, pytest.raises(CxoneRefused, match="302"):
            provider.total()
        assert (elsewhere.seen, elsewhere.tokens) == ([], [])


def test_a_netrc_signs_nothing(script, tmp_path, monkeypatch):
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login someone password else\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    script.otherwise = pages([])
    with connected(script) as provider:
        provider.total()
    assert "authorization" not in script.tokens[0].headers
    assert script.seen[0].headers["authorization"] == "Bearer token-1"


def test_a_proxy_of_the_environment_holds(script, monkeypatch):
    monkeypatch.setenv("http_proxy", script.url)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    script.otherwise = pages([entry(1)])
    script.url = "http://acme.my.cxone.test"
    with connected(script) as provider:
        assert provider.total() == 1


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("packed", [False, True])
def test_a_body_comes_whole_however_it_is_sent(script, time, chunked, packed):
    body = json.dumps(pages([entry(n) for n in range(500)])(Seen("GET", "", PAGE, {}, b"")).body).encode()
    headers = {"Content-Encoding": "gzip"} if packed else {}
    content = gzip.compress(body) if packed else body
    script.replies.append(Reply(200, content, headers, chunked=chunked, torn=True))
    script.otherwise = lambda seen: Reply(200, content, headers, chunked=chunked)
    with connected(script, time) as provider:
        assert provider.read(LISTS).entry_count == 500
    assert len(script.seen) == 2  # half of it was noticed


def test_connections_are_used_again(script):
    script.otherwise = pages([entry(n) for n in range(1500)])
    with connected(script, concurrency=1) as provider:
        for _ in range(3):
            provider.read(LISTS)
    assert len(script.peers) == 1


def test_cookies_are_not_kept(script):
    found = pages([])
    script.otherwise = lambda seen: Reply(200, found(seen).body, {"Set-Cookie": "who=me; Path=/"})
    with connected(script) as provider:
        provider.total()
        provider.total()
    assert "cookie" not in script.seen[1].headers


def test_every_request_takes_a_place(script, time):
    script.token_replies.append(Reply(500))
    script.replies.extend([Reply(500), Reply(401)])
    script.otherwise = pages([])
    with connected(script, time, requests_per_minute=60, concurrency=1) as provider:
        provider.total()
        assert (provider.statistics.requests, provider.statistics.retries) == (6, 2)
        assert len(provider.statistics.latencies_ms) == 6
    assert sum(time.waits) >= 5 * 60 / 60  # six places at one a second


def test_secrets_and_numbers_stay_out_of_logs_and_reprs(script, time, caplog):
    script.otherwise = lambda seen: Reply(500, {"message": f"{SECRET} token-1x {CHUNK[0].phone}"})
    caplog.set_level(logging.DEBUG)
    with capture_logs() as events, connected(script, time) as provider:
        answer = provider.upsert(CHUNK)
        provider.remove(("dnc-1", CHUNK[0].phone), "id-of-entry")
        shown = repr((provider, settings(script.url), answer, provider.statistics, events)) + caplog.text
    assert {event["event"] for event in events} == {"cxone.request", "cxone.wait"}
    assert events[1] == {
        "event": "cxone.request",
        "log_level": "debug",
        "method": "POST",
        "path": "/api/v2/dnc/entries/bulk",
        "status": 500,
        "attempt": 1,
        "paced_seconds": 0.0,
        "latency_ms": 0.0,
    }
    for hidden in (SECRET, quote_plus(SECRET), "token-1", "2125550101", "id-of-entry"):
        assert hidden not in shown


@pytest.mark.parametrize(
    ("dates", "expected"),
    [
        ([], None),
        ([(0, 0.2, 0)], ClockOffset(timedelta(0), timedelta(0))),
        ([(0, 0.2, 10)], ClockOffset(timedelta(seconds=9.8), timedelta(seconds=11))),
        ([(0, 0.2, 10), (0.9, 1.1, 11)], ClockOffset(timedelta(seconds=9.9), timedelta(seconds=11))),
        ([(0, 0.2, -3)], ClockOffset(timedelta(seconds=-3.2), timedelta(seconds=-2))),
        ([(0, 30, 10)], ClockOffset(timedelta(0), timedelta(0))),
        ([(0, 0, 10), (1, 1, 31)], ClockOffset(timedelta(seconds=11), timedelta(seconds=30))),
    ],
)
def test_how_the_clocks_stand(dates, expected):
    watch = OffsetWatch()
    for sent, received, date in dates:
        text = format_datetime(START + timedelta(seconds=date), usegmt=True)
        watch.add(text, START + timedelta(seconds=sent), START + timedelta(seconds=received))
    assert watch.offset() == expected


@pytest.mark.parametrize("date", [None, "", "now", "Mon, 99 Nov 2026 12:00:00 GMT"])
def test_a_date_that_tells_nothing(date):
    watch = OffsetWatch()
    watch.add(date, START, START)
    assert watch.offset() is None


def test_the_offset_comes_from_the_answers(script):
    script.date = format_datetime(datetime(2026, 11, 23, 12, 1, tzinfo=UTC), usegmt=True)
    script.otherwise = pages([])
    with connected(script) as provider:
        assert provider.clock_offset() is None
        provider.total()
        assert provider.clock_offset() == ClockOffset(timedelta(seconds=60), timedelta(seconds=61))


def test_the_target():
    assert settings("https://acme.my.cxone.com/").target == Target("entries", "acme", "acme.my.cxone.com")
    assert settings("http://127.0.0.1:4", embedded=True).target == Target("entries", "acme", "embedded")
    assert SECRET not in repr(settings("https://acme.my.cxone.com"))


@pytest.mark.parametrize(
    ("error", "kind", "says"),
    [
        (
            requests.ConnectionError(MaxRetryError(None, "/", ssl.SSLCertVerificationError())),
            transport.Unusable,
            "cert",
        ),
        (requests.exceptions.InvalidURL("http://["), transport.Unusable, "no address"),
        (requests.exceptions.ProxyError("http://me:pw@proxy"), transport.Unreachable, "proxy"),
        (requests.ConnectTimeout(), transport.Unreachable, "5 s"),
        (requests.ReadTimeout(ReadTimeoutError(None, "/", "")), transport.Broken, "25 s"),
        (requests.exceptions.ChunkedEncodingError(), transport.Broken, "cut"),
        (ConnectionResetError(104, "reset"), transport.Broken, "cut"),
    ],
)
def test_what_the_wire_did_is_told_without_addresses(error, kind, says):
    told = transport._describe_error(error)
    assert type(told) is kind
    assert says in str(told)
    assert "pw" not in str(told)


def test_an_unknown_host(time, monkeypatch):
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)

    def unknown(*args: object, **more: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr("socket.getaddrinfo", unknown)
    with stand_in_less(time) as provider, pytest.raises(CxoneUnavailable, match="cannot be resolved"):
        provider.total()
    assert sum(time.waits) == 20


def stand_in_less(time: Time):
    script = type("Script", (), {"url": "http://nowhere.invalid"})()
    return connected(script, time)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", ""),
        (b'{"error": "invalid_client", "error_description": "wrong"}', "wrong"),
        (b'{"message": "a\\u0000b\\u001b[31m"}', "a b [31m"),
        (b'{"message": "+12125550101 and 123456"}', "+••• and 123456"),
        (b'{"code": 7}', '{"code": 7}'),
        (b"<html><title>502</title>\r\n<b>Bad</b>  gateway", "502 Bad gateway"),
        (b"\xff\xfe", "\ufffd\ufffd"),
        (b'{"message": "' + b"x" * 300 + b'"}', "x" * 199 + "…"),
    ],
)
def test_what_a_server_says(body, said):
    assert refusal_text(body) == said


def test_no_control_character_is_left():
    assert not re.search(r"[\x00-\x1f\x7f-\x9f\u202e]", sanitize_masked("".join(map(chr, range(0x2070)))))
