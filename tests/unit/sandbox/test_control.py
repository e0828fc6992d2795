"""The control API."""

import json
from urllib.parse import urlsplit

import pytest

from reconciler.sandbox.faults import RequestKind
from tests.support.sandbox import entry, phone, running, sent


def test_without_leave_there_is_no_control():
    with running(control=False) as server:
        for path in ("faults", "requests", "entries", "conduct", "tokens"):
            assert server.call("GET", f"/_sandbox/{path}").status_code == 404


def test_faults_are_planned_listed_met_and_cleared(sandbox):
    faults = [
        {"action": "status", "status": 429, "retryAfter": 3, "on": "read"},
        {"action": "cut", "times": None},
    ]
    assert sandbox.call("POST", "/_sandbox/faults", json=faults).status_code == 204
    listed = sandbox.call("GET", "/_sandbox/faults").json()
    assert listed == [
        {"action": "status", "on": "read", "times": 1},
        {"action": "cut", "on": None, "times": None},
    ]
    assert sandbox.read().headers["Retry-After"] == "3"
    assert sandbox.call("DELETE", "/_sandbox/faults").status_code == 204
    assert sandbox.read().status_code == 200


def test_a_fault_carries_acts(sandbox):
    act = {"act": "add", "listId": "l", "phone": phone(7)}
    sandbox.call("POST", "/_sandbox/faults", json={"action": "slow", "on": "read", "skip": 1, "acts": [act]})
    assert [sandbox.read().json()["total"] for _ in range(2)] == [0, 1]


@pytest.mark.parametrize(
    "body",
    [
        None,
        {"action": "explode"},
        {"action": "cut", "on": "everything"},
        {"action": "cut", "often": 2},
        {"action": "cut", "skip": True},
        {"action": "cut", "times": "2"},
        {"action": "status", "status": 1000},
        {"action": "slow", "acts": [{"act": "add"}]},
    ],
)
def test_a_fault_that_cannot_be_read_is_400_and_plans_nothing(sandbox, body):
    answer = sandbox.call("POST", "/_sandbox/faults", json=[{"action": "cut"}, body])
    assert (answer.status_code, sandbox.sandbox.faults.waiting_faults) == (400, ())


def test_conduct_is_set_and_goes_back(sandbox):
    conduct = {"refused": {phone(0): "NO"}, "ignored": [phone(1)], "deletes": False, "mostItems": 2}
    assert sandbox.call("PUT", "/_sandbox/conduct", json=conduct).status_code == 204
    assert sandbox.bulk([sent(0), sent(1)]).json()["successes"] == 1
    assert sandbox.bulk([sent(n) for n in range(3)]).status_code == 413
    assert sandbox.delete("dnc-1").status_code == 405
    sandbox.call("DELETE", "/_sandbox/faults")
    assert sandbox.bulk([sent(n) for n in range(3)]).json()["successes"] == 3


@pytest.mark.parametrize(
    "body", [[], {"refuse": {}}, {"refused": []}, {"ignored": "x"}, {"deletes": 0}, {"mostItems": "3"}]
)
def test_conduct_that_cannot_be_read_is_400(sandbox, body):
    assert sandbox.call("PUT", "/_sandbox/conduct", json=body).status_code == 400


def test_requests_are_logged_and_forgotten(sandbox):
    sandbox.read()
    sandbox.clock.move(seconds=2)
    sandbox.bulk([sent(0), sent(1)])
    assert sandbox.call("GET", "/_sandbox/requests").json() == [
        {
            "method": "GET",
            "path": "/api/v2/dnc/entries",
            "kind": "read",
            "time": "2026-11-23T12:00:00.250Z",
            "seconds": 0.0,
            "status": 200,
            "items": 0,
        },
        {
            "method": "POST",
            "path": "/api/v2/dnc/entries/bulk",
            "kind": "bulk",
            "time": "2026-11-23T12:00:02.250Z",
            "seconds": 2.0,
            "status": 201,
            "items": 2,
        },
    ]
    assert [asked.kind for asked in sandbox.sandbox.requests.list_requests(RequestKind.READ)] == [
        RequestKind.READ
    ]
    sandbox.call("DELETE", "/_sandbox/requests")
    assert sandbox.sandbox.requests.list_requests() == []


def test_an_agent_adds_modifies_and_removes(sandbox):
    base = {"listId": "dnc-list-01", "phone": phone(0)}
    acts = [
        {"act": "add", **base},
        {"act": "modify", **base, "reasonCode": "STATE", "lastModifiedTime": None},
    ]
    assert sandbox.call("POST", "/_sandbox/entries", json=acts).json() == {"done": 2, "missing": 0}
    (held,) = sandbox.call("GET", "/_sandbox/entries").json()
    assert (held["reasonCode"], held["source"], "lastModifiedTime" in held) == ("STATE", "agent", False)
    assert sandbox.call("POST", "/_sandbox/entries", json={"act": "remove", **base}).status_code == 200
    for act in ("remove", "modify"):
        assert sandbox.call("POST", "/_sandbox/entries", json={"act": act, **base}).status_code == 404
    assert sandbox.sandbox.entries() == []


def test_an_agents_time_is_now_or_as_given(sandbox):
    sandbox.clock.move(hours=1)
    given = {"act": "add", "listId": "l", "phone": phone(0), "lastModifiedTime": "2020-01-01T00:00:00Z"}
    now = {"act": "add", "listId": "l", "phone": phone(1)}
    sandbox.call("POST", "/_sandbox/entries", json=[given, now])
    times = [held.modified for held in sandbox.sandbox.entries()]
    assert times == ["2020-01-01T00:00:00Z", "2026-11-23T13:00:00.250Z"]


def test_an_agent_may_add_what_the_api_would_refuse(sandbox):
    odd = {"act": "add", "listId": "l", "phone": "ext. 12", "reasonCode": "WHATEVER"}
    sandbox.call("POST", "/_sandbox/entries", json=[odd, odd])
    assert [row["phone"] for row in sandbox.read().json()["entity"]] == ["ext. 12", "ext. 12"]


@pytest.mark.parametrize("body", ["x", {"act": "add"}, {"act": "burn", "listId": "l", "phone": "p"}])
def test_an_act_that_cannot_be_read_is_400(sandbox, body):
    assert sandbox.call("POST", "/_sandbox/entries", json=body).status_code == 400


def test_tokens_are_revoked(sandbox):
    assert sandbox.call("DELETE", "/_sandbox/tokens").status_code == 204
    assert sandbox.read().status_code == 401


def test_control_is_no_request_of_the_api(sandbox):
    sandbox.sandbox.load([entry()])
    sandbox.call("GET", "/_sandbox/entries")
    assert sandbox.sandbox.requests.list_requests() == []


ACT = {"act": "add", "listId": "l", "phone": phone(0)}


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "", None])
def test_a_form_that_needs_no_preflight_is_refused(sandbox, kind):
    """S20: a page of another site can send these without asking."""
    for path in ("entries", "faults", "groups", "records"):
        headers = {"Content-Type": kind}
        answer = sandbox.call("POST", f"/_sandbox/{path}", data=json.dumps(ACT), headers=headers)
        assert answer.status_code == 415
    assert sandbox.sandbox.entries() == []


@pytest.mark.parametrize(
    "host",
    ["attacker.example", "attacker.example:{port}", "localhost", "127.0.0.1:1", "localhost.evil:{port}", ""],
)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_another_name_for_this_machine_is_refused(sandbox, host, method):
    """S20: a rebound name."""
    port = urlsplit(sandbox.url).port
    path = "/_sandbox/requests" if method == "DELETE" else "/_sandbox/entries"
    answer = sandbox.call(method, path, headers={"Host": host.format(port=port)}, json=ACT)
    assert answer.status_code in {400, 403}
    assert sandbox.sandbox.entries() == []


@pytest.mark.parametrize("origin", ["https://attacker.example", "null", "http://localhost:1", ""])
def test_a_page_of_another_site_is_refused(sandbox, origin):
    for method, path in (("GET", "entries"), ("POST", "entries"), ("PUT", "conduct"), ("DELETE", "tokens")):
        answer = sandbox.call(method, f"/_sandbox/{path}", headers={"Origin": origin}, json=ACT)
        assert answer.status_code == 403
    assert sandbox.sandbox.entries() == []


def test_its_own_names_are_taken(sandbox):
    port = urlsplit(sandbox.url).port
    for name in ("localhost", "127.0.0.1", "[::1]"):
        own = {"Host": f"{name}:{port}", "Origin": f"http://{name}:{port}"}
        own["Content-Type"] = "application/json; charset=utf-8"
        assert sandbox.call("POST", "/_sandbox/entries", data=json.dumps(ACT), headers=own).ok


def test_the_api_itself_asks_for_none_of_that(sandbox):
    answer = sandbox.call("POST", "/api/v2/oauth/token", headers={"Host": "cxone.example", "Origin": "null"})
    assert answer.status_code not in {403, 415}
