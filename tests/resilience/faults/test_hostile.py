"""A server that means harm, or has lost its mind: what it sends is bounded, and shown as what it is."""

import gzip
import socket
import threading
from contextlib import contextmanager

import pytest

from reconciler.core.model.errors import CxoneUnavailable, CxoneUnreadable, DncError
from reconciler.core.model.provider import Verdict, Write
from reconciler.sandbox.faults import Fault, FaultAction, RequestKind
from tests.resilience.faults.wired import LIST, LOCAL, number, put_right, set_up, untold, wired
from tests.unit.cxone.standin import SECRET, Reply, Time, connected, entry, pages, stand_in

LISTS = frozenset({"dnc-1"})
CHUNK = [Write("dnc-1", number(n), LOCAL) for n in range(3)]


@pytest.fixture
def script():
    with stand_in() as server:
        yield server


@pytest.mark.parametrize("kind", list(RequestKind))
def test_credentials_do_not_follow_a_redirect(kind):
    with wired() as made, stand_in() as elsewhere:
        stood = set_up(made)
        before = made.stored
        made.sandbox.plan(Fault(FaultAction.REDIRECT, kind, times=None, location=f"{elsewhere.url}/steal"))
        ended = made.apply()
        assert untold(made, ended, stood, before) == []
        assert (elsewhere.seen, elsewhere.tokens) == ([], [])
        assert put_right(made, stood) == []


@contextmanager
def raw(answer):
    """Serve bytes by hand: `answer` gets each connection after its request's head came in."""
    stop = threading.Event()

    def serve():
        while not stop.is_set():
            try:
                connection, _ = server.accept()
            except OSError:
                return
            with connection:
                try:
                    connection.settimeout(2)
                    connection.recv(65536)
                    answer(connection, stop)
                except OSError:
                    pass

    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        thread = threading.Thread(target=lambda: [serve() for _ in range(200) if not stop.is_set()])
        thread.start()
        try:
            yield type("Script", (), {"url": f"http://127.0.0.1:{server.getsockname()[1]}"})()
        finally:
            stop.set()
            thread.join()


def flood(head):
    def answer(connection, stop):
        connection.sendall(head)
        while not stop.is_set():
            connection.sendall(b"X" * 65536)

    return answer


def headers_without_end(connection, stop):
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    while not stop.is_set():
        connection.sendall(b"X-More: and more\r\n" * 1000)


ENDLESS = {
    "a body": flood(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n"),
    "a body with an absurd length": flood(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999\r\n\r\n"),
    "a header": flood(b"HTTP/1.1 200 OK\r\nX-Long: "),
    "a status line": flood(b"HTTP/1.1 200 "),
    "headers": headers_without_end,
    "no HTTP at all": lambda connection, _stop: connection.sendall(b"\x00\x01SSH-2.0-OpenSSH\r\n"),
}


@pytest.mark.parametrize("answer", ENDLESS.values(), ids=ENDLESS)
def test_what_has_no_end_is_ended(answer):
    with (
        raw(answer) as script,
        connected(script, Time()) as provider,
        pytest.raises(CxoneUnavailable) as caught,
    ):
        provider.total()
    assert "tried 8 times" in str(caught.value)


def test_a_bomb_is_not_unpacked(script):
    packed = gzip.compress(b'{"entity": [' + b" " * 20_000_000 + b"]}")
    assert len(packed) < 100_000
    script.otherwise = lambda seen: Reply(200, packed, {"Content-Encoding": "gzip"})
    with connected(script) as provider, pytest.raises(CxoneUnavailable, match="larger than any answer"):
        provider.total()


@pytest.mark.parametrize(
    "kind",
    ["text/html", "application/octet-stream", "text/plain; charset=utf-16", "image/png", "nonsense", ""],
)
def test_what_an_answer_calls_itself_does_not_matter(script, kind):
    found = pages([entry(1)])
    script.otherwise = lambda seen: Reply(200, found(seen).body, {"Content-Type": kind})
    script.token_replies.append(
        Reply(200, {"access_token": "token-1", "expires_in": 9}, {"Content-Type": kind})
    )
    with connected(script) as provider:
        assert provider.read(LISTS).entry_count == 1


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"id": 7}, "e"),
        ({"phone": 12125550101}, "u"),
        ({"phone": None}, "u"),
        ({"phone": ["+12125550101"]}, "u"),
        ({"reasonCode": 3}, "e"),
        ({"expirationPolicy": None}, "e"),
        ({"listId": 5}, "f"),
        ({"lastModifiedTime": 1795435200}, "e"),
        ({"added": {"by": [1, 2.5, None]}, "phone2": "+12125550102"}, "e"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_an_entry_of_other_types_hides_no_other(script, changes, found):
    script.otherwise = pages([entry(1), entry(2, **changes), entry(3)])
    with connected(script) as provider:
        live = provider.read(LISTS)
    assert (live.entry_count, live.complete) == (3, True)
    assert len(live.lists["dnc-1"]) == 2 + (found == "e")
    assert (len(live.unreadable), len(live.foreign)) == (found == "u", found == "f")


@pytest.mark.parametrize(
    "body", [{"entity": [], "total": "0", "page": 1}, {"entity": {}, "total": 0, "page": 1}]
)
def test_a_page_of_other_types_is_no_empty_list(script, body):
    script.otherwise = lambda seen: Reply(200, body)
    with connected(script) as provider, pytest.raises(CxoneUnreadable):
        provider.read(LISTS)


ESCAPES = "\x1b[2J\x1b]0;owned\x07\x9b31m\u202egnp.exe\u200b\u2066\r\n"


def test_terminal_escapes_from_cxone_reach_no_text(script):
    odd = entry(2, phone=f"+1{ESCAPES}", reasonCode=f"NATIONAL{ESCAPES}", expirationPolicy=ESCAPES)
    script.otherwise = pages([entry(1, reasonCode="NATIONAL\x00"), odd, entry(3, listId=f"agents{ESCAPES}"),
                              entry(4, reasonCode=f"STATE{ESCAPES}")])  # fmt: skip
    with connected(script) as provider:
        live = provider.read(LISTS)
        script.replies.append(Reply(400, {"message": ESCAPES, "error": ESCAPES}))
        refused = provider.upsert(CHUNK)
        said = {"phone": CHUNK[0].phone, "errorCode": ESCAPES, "errorMessage": ESCAPES}
        told = {"successes": 2, "failures": 1, "errors": [said]}
        script.replies.append(Reply(200, told))
        failed = provider.upsert(CHUNK)
    terms = [e.terms for e in live.lists["dnc-1"].values()]
    shown = [str(x) for t in terms for x in (t.reason_code, t.expiration_policy)]
    shown += [*live.foreign, *(u.text for u in live.unreadable), refused.cause.message]
    shown += [text for f in failed.failures.values() for text in (f.code, f.message)]
    assert [text for text in shown if any(sign in text for sign in ESCAPES if not sign.isprintable())] == []
    assert "owned" in "".join(shown)
    assert live.lists["dnc-1"][entry(1)["phone"]].terms.reason_code == "NATIONAL\ufffd"  # and never NATIONAL


@pytest.mark.parametrize("status", [400, 403, 404, 418, 500])
@pytest.mark.parametrize("what", ["sign-in", "read"])
def test_terminal_escapes_in_an_error(script, status, what):
    replies = script.token_replies if what == "sign-in" else script.replies
    replies.extend([Reply(status, {"error_description": f"{SECRET}{ESCAPES}"})] * 8)
    with connected(script) as provider, pytest.raises(DncError) as caught:
        provider.total()
    for finding in caught.value.findings:
        assert "\x1b" not in finding.message + str(caught.value)
        assert SECRET not in finding.message


def test_numbers_as_text_all_the_way_end_in_the_read_back():
    """Counts that are text say nothing that we would rely on: the entries are there, and a read shows it."""
    with wired() as made:
        stood = set_up(made)
        before = made.stored
        made.sandbox.plan(Fault(FaultAction.RETYPED, RequestKind.BULK, times=None))
        ended = made.apply()
        assert untold(made, ended, stood, before) == []
        assert made.desired.items() <= made.stored.items()
        assert ended.run.is_clean
        assert {s.answer.verdict for s in ended.run.tally.sent_requests if s.action != "delete"} == {
            Verdict.AMBIGUOUS
        }
        assert LIST in ended.run.live_after.lists
