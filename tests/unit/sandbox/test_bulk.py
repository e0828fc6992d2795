"""POST /api/v2/dnc/entries/bulk."""

import pytest

from tests.support.sandbox import entry, phone, running, sent


def codes(answer):
    return {error["phone"]: error["errorCode"] for error in answer.json()["errors"]}


def test_new_entries_are_created(sandbox):
    answer = sandbox.bulk([sent(n) for n in range(500)])
    assert answer.status_code == 201
    assert answer.json() == {"successes": 500, "failures": 0, "errors": []}
    assert len(sandbox.sandbox.entries()) == 500


def test_an_upsert_keeps_the_place_and_the_id_and_takes_the_time(sandbox):
    sandbox.bulk([sent(0), sent(1)])
    before = sandbox.sandbox.entries()[0]
    sandbox.clock.move(seconds=1)
    answer = sandbox.bulk([sent(0, reasonCode="STATE")])
    assert (answer.status_code, answer.json()["successes"]) == (200, 1)
    after = sandbox.sandbox.entries()[0]
    assert after == before._replace(reason_code="STATE", modified="2026-11-23T12:00:01.250Z")


def test_an_entry_that_is_there_exactly_so_is_a_duplicate_and_stays_untouched(sandbox):
    sandbox.bulk([sent(0)])
    before = sandbox.sandbox.entries()
    sandbox.clock.move(seconds=1)
    answer = sandbox.bulk([sent(0), sent(1)])
    assert answer.status_code == 201
    assert (answer.json()["successes"], answer.json()["failures"]) == (1, 1)
    assert codes(answer) == {phone(0): "DUPLICATE_ENTRY"}
    assert sandbox.sandbox.entries()[:1] == before


def test_one_number_can_stand_on_several_lists(sandbox):
    answer = sandbox.bulk([sent(0), sent(0, listId="dnc-list-02")])
    assert answer.json()["successes"] == 2
    assert {e.list_id for e in sandbox.sandbox.entries()} == {"dnc-list-01", "dnc-list-02"}


@pytest.mark.parametrize(
    ("reason", "code"), [("CUSTOMER_REQUESTED", "DUPLICATE_ENTRY"), ("STATE", "CONFLICT")]
)
def test_the_second_of_a_number_on_a_list_in_one_chunk_fails(sandbox, reason, code):
    answer = sandbox.bulk([sent(0), sent(0, reasonCode=reason)])
    assert (answer.json()["successes"], answer.json()["failures"]) == (1, 1)
    assert codes(answer) == {phone(0): code}
    assert [e.reason_code for e in sandbox.sandbox.entries()] == ["CUSTOMER_REQUESTED"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"phone": "2125550101"}, "INVALID_PHONE"),
        ({"phone": "+12125550101\n"}, "INVALID_PHONE"),
        ({"phone": "+1212555\u0660101"}, "INVALID_PHONE"),
        ({"reasonCode": "customer_requested"}, "INVALID_REASON_CODE"),
        ({"expirationPolicy": "SOON"}, "INVALID_EXPIRATION_POLICY"),
        ({"listId": ""}, "INVALID_LIST_ID"),
        ({"source": ""}, "INVALID_SOURCE"),
    ],
)
def test_an_invalid_entry_fails_by_itself(sandbox, change, code):
    answer = sandbox.bulk([sent(0, **change), sent(1)])
    assert (answer.json()["successes"], answer.json()["failures"]) == (1, 1)
    assert list(codes(answer).values()) == [code]
    assert [e.phone for e in sandbox.sandbox.entries()] == [phone(1)]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"{}",
        b"[]",
        b"[null]",
        b'[{"phone": "+12125550101"}]',
        b'[{"phone": 1, "reasonCode": "STATE", "expirationPolicy": "NEVER", "listId": "l", "source": "s"}]',
    ],
)
def test_a_body_that_is_no_chunk_is_400(sandbox, body):
    kind = {"Content-Type": "application/json"}
    assert sandbox.call("POST", "/api/v2/dnc/entries/bulk", data=body, headers=kind).status_code == 400


def test_a_sixth_field_is_400_and_nothing_is_stored(sandbox):
    assert sandbox.bulk([sent(0), sent(1, expirationDate="2030-01-01")]).status_code == 400
    assert sandbox.sandbox.entries() == []


def test_501_entries_are_400(sandbox):
    assert sandbox.bulk([sent(n) for n in range(501)]).status_code == 400


def test_another_media_type_is_415(sandbox):
    assert sandbox.call("POST", "/api/v2/dnc/entries/bulk", data="[]").status_code == 415


def test_a_body_that_is_too_large_is_413():
    with running(largest_body=1000) as server:
        server.sign_in()
        assert server.bulk([sent(n) for n in range(10)]).status_code == 413
        assert server.bulk([sent(0)]).status_code == 201


def test_the_source_is_kept_but_no_read_brings_it_back(sandbox):
    sandbox.bulk([sent(0, source="compliance-db")])
    assert sandbox.sandbox.entries()[0].source == "compliance-db"
    assert "source" not in sandbox.read().json()["entity"][0]


def test_an_update_reaches_both_of_a_number_that_is_there_twice(sandbox):
    sandbox.sandbox.load([entry(0), entry(0, reason_code="UNKNOWN")])
    same = sent(0, source=entry().source)
    assert sandbox.bulk([same]).json()["successes"] == 1
    assert [e.reason_code for e in sandbox.sandbox.entries()] == ["CUSTOMER_REQUESTED"] * 2
    assert codes(sandbox.bulk([same])) == {phone(0): "DUPLICATE_ENTRY"}
