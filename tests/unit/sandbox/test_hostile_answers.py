"""Answers that mean harm: echoes, bodies without an end, other types, fields that nobody knows."""

import html

import pytest
import requests

from reconciler.sandbox.faults import Fault, FaultAction, RequestKind
from tests.support.sandbox import CLIENT_ID, CLIENT_SECRET, entry, sent

FORM = {"grant_type": "client_credentials", "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}


def test_any_text_as_anything(sandbox):
    sandbox.sandbox.plan(Fault(FaultAction.TEXT, status=418, body="\x1b[2J", content_type="text/plain"))
    answer = sandbox.read()
    assert (answer.status_code, answer.content) == (418, b"\x1b[2J")
    assert answer.headers["Content-Type"].startswith("text/plain")


@pytest.mark.parametrize("stored", [False, True])
def test_text_in_the_place_of_an_answer(sandbox, stored):
    sandbox.sandbox.plan(Fault(FaultAction.TEXT, RequestKind.BULK, status=200, body="null", stored=stored))
    assert sandbox.bulk([sent()]).text == "null"
    assert len(sandbox.sandbox.entries()) == stored


def test_an_echo_repeats_credentials_in_json_with_signs_escaped(sandbox):
    sandbox.sandbox.plan(Fault(FaultAction.ECHO, RequestKind.TOKEN, status=400))
    answer = sandbox.call("POST", "/api/v2/oauth/token", data=FORM)
    assert answer.status_code == 400
    assert CLIENT_SECRET in answer.json()["message"]
    assert b"s\\u0026c" in answer.content


def test_an_echo_repeats_the_token_as_a_page(sandbox):
    token = sandbox.sign_in()
    sandbox.sandbox.plan(Fault(FaultAction.ECHO, RequestKind.READ, status=200, content_type="text/html"))
    assert f"Bearer {token}" in html.unescape(sandbox.read().text)


def test_a_body_without_an_end(sandbox):
    sandbox.sandbox.plan(Fault(FaultAction.ENDLESS, RequestKind.READ))
    with requests.get(
        f"{sandbox.url}/api/v2/dnc/entries", stream=True, timeout=5, headers=sandbox.session.headers
    ) as answer:
        assert "Content-Length" not in answer.headers
        pieces = answer.iter_content(100_000)
        assert sum(len(next(pieces)) for _ in range(50)) > 1_000_000
    assert sandbox.read().status_code == 200


def test_numbers_as_text_and_text_as_numbers(sandbox):
    sandbox.sandbox.load([entry()])
    sandbox.sandbox.plan(Fault(FaultAction.RETYPED))
    body = sandbox.read().json()
    assert (body["total"], body["page"]) == ("1", "1")
    assert body["entity"][0]["phone"] == int(entry().phone)


def test_fields_that_nobody_knows(sandbox):
    sandbox.sandbox.load([entry()])
    sandbox.sandbox.plan(Fault(FaultAction.UNKNOWN_FIELDS))
    body = sandbox.read().json()
    assert (body["total"], body["version"], body["entity"][0]["version"]) == (1, 3.5, 3.5)


def test_what_has_no_body_stays_so(sandbox):
    sandbox.sandbox.load([entry()])
    sandbox.sandbox.plan(Fault(FaultAction.RETYPED, RequestKind.DELETE))
    assert sandbox.delete(sandbox.sandbox.entries()[0].id).status_code == 204


def test_they_can_be_asked_for_over_http(sandbox):
    order = {"action": "text", "status": 200, "body": "hello", "contentType": "text/plain", "on": "read"}
    assert sandbox.call("POST", "/_sandbox/faults", json=order).status_code == 204
    answer = sandbox.read()
    assert (answer.text, answer.headers["Content-Type"]) == ("hello", "text/plain; charset=utf-8")
