"""GET /api/v2/dnc/entries."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.sandbox.entries.agent import Deed
from reconciler.sandbox.entries.entry import Entry
from reconciler.sandbox.entries.store import Store
from tests.support.sandbox import entry, phone, running


def test_a_page_has_the_fields_of_the_contract(sandbox):
    sandbox.sandbox.load([entry()])
    body = sandbox.read().json()
    assert body.keys() == {"entity", "page", "total"}
    (row,) = body["entity"]
    assert row.pop("id")
    assert row == {
        "phone": phone(0),
        "reasonCode": "CUSTOMER_REQUESTED",
        "expirationPolicy": "NEVER",
        "listId": "dnc-list-01",
        "lastModifiedTime": "2026-11-23T12:00:00.250Z",
    }


def test_pages_hold_everything_once_in_the_order_in_which_it_came(sandbox):
    sandbox.sandbox.load(entry(n) for n in reversed(range(1201)))
    pages = [sandbox.read(page).json() for page in (1, 2, 3, 4)]
    assert [len(page["entity"]) for page in pages] == [500, 500, 201, 0]
    assert [page["page"] for page in pages] == [1, 2, 3, 4]
    assert {page["total"] for page in pages} == {1201}
    phones = [row["phone"] for page in pages for row in page["entity"]]
    assert phones == [phone(n) for n in reversed(range(1201))]


def test_an_empty_tenant_has_an_empty_first_page(sandbox):
    assert sandbox.read().json() == {"entity": [], "page": 1, "total": 0}


@pytest.mark.parametrize(
    "query",
    [
        "",
        "page=1",
        "pageSize=500",
        "pageSize=0&page=1",
        "pageSize=501&page=1",
        "pageSize=500&page=0",
        "pageSize=500&page=-1",
        "pageSize=5e2&page=1",
        "pageSize=500&page=1&page=2",
        "pageSize=500&page=1&listId=dnc-list-01",
    ],
)
def test_a_query_that_is_not_the_contracts_is_400(sandbox, query):
    assert sandbox.call("GET", f"/api/v2/dnc/entries?{query}").status_code == 400


def test_a_page_far_beyond_the_end_is_empty(sandbox):
    sandbox.sandbox.load([entry()])
    assert sandbox.read(page=10**17).json()["entity"] == []


def test_other_methods_and_paths_are_refused(sandbox):
    assert sandbox.call("PUT", "/api/v2/dnc/entries").status_code == 405
    assert sandbox.call("GET", "/api/v2/dnc/entries/").status_code == 404
    assert sandbox.call("GET", "/api/v2/dnc/lists").status_code == 404


def test_a_missing_time_is_left_out(sandbox):
    sandbox.sandbox.load([entry(modified=None)])
    assert "lastModifiedTime" not in sandbox.read().json()["entity"][0]


def test_the_date_is_the_sandboxs_clock_and_there_is_one_only(sandbox):
    assert sandbox.read().headers["Date"] == "Mon, 23 Nov 2026 12:00:00 GMT"
    sandbox.clock.move(days=1)
    assert sandbox.call("GET", "/nowhere").headers["Date"] == "Tue, 24 Nov 2026 12:00:00 GMT"


def test_one_connection_serves_many_requests(sandbox):
    ports = set()
    for _ in range(3):
        with sandbox.call("GET", "/api/v2/dnc/entries?pageSize=1&page=1", stream=True) as answer:
            ports.add(answer.raw.connection.sock.getsockname())
            assert answer.json()["total"] == 0
    assert len(ports) == 1


NUMBERS = st.lists(st.integers(0, 1199), max_size=30)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(gone=st.lists(NUMBERS, max_size=4), size=st.sampled_from([7, 100, 333, 500]))
def test_pages_are_slices_whatever_is_removed_and_added_in_between(gone, size):
    store = Store(None)
    try:
        expected = [str(n) for n in range(1200)]
        store.add([Entry(p, "STATE", "NEVER", "l") for p in expected], "t")
        for round_, removed in enumerate([[], *gone]):
            for number in removed:
                assert store.remove("l", str(number)) is (str(number) in expected)
                expected = [p for p in expected if p != str(number)]
            store.add([Entry(f"new-{round_}", "STATE", "NEVER", "l")], "t")
            expected.append(f"new-{round_}")
            for page in (1, 2, len(expected) // size, len(expected) // size + 1):
                rows, total = store.page(page, size)
                assert total == len(expected)
                assert [row.phone for row in rows] == expected[(page - 1) * size : page * size]
    finally:
        store.close()


def test_pages_follow_what_another_process_writes(tmp_path):
    """Two sandboxes on one file: each must see the other's removals in its pages and totals."""
    with running(tmp_path / "one.sqlite") as one, running(tmp_path / "one.sqlite") as other:
        one.sign_in()
        one.sandbox.load(entry(n) for n in range(600))
        assert len(one.read(2).json()["entity"]) == 100
        assert other.sandbox.act(Deed.REMOVE, entry(0))
        body = one.read(2).json()
        assert (body["total"], body["entity"][0]["phone"]) == (599, phone(501))
