"""DELETE /api/v2/dnc/entries/{id}."""

import pytest

from tests.support.sandbox import entry, phone


def test_an_entry_goes_once(sandbox):
    sandbox.sandbox.load([entry(0), entry(1)])
    entry_id = sandbox.read().json()["entity"][0]["id"]
    answer = sandbox.delete(entry_id)
    assert (answer.status_code, answer.content) == (204, b"")
    assert sandbox.delete(entry_id).status_code == 404
    assert [e.phone for e in sandbox.sandbox.entries()] == [phone(1)]
    assert sandbox.read().json()["total"] == 1


@pytest.mark.parametrize(
    "entry_id", ["dnc-0", "dnc-01", "dnc-9999", "1", "dnc-", "dnc-1x", "dnc-" + "9" * 30]
)
def test_an_unknown_id_is_404(sandbox, entry_id):
    sandbox.sandbox.load([entry(0)])
    assert sandbox.delete(entry_id).status_code == 404
    assert len(sandbox.sandbox.entries()) == 1


def test_an_id_is_never_given_twice(sandbox):
    sandbox.sandbox.load([entry(0)])
    first = sandbox.sandbox.entries()[0].id
    sandbox.delete(first)
    sandbox.sandbox.load([entry(0)])
    assert sandbox.sandbox.entries()[0].id != first


def test_a_tenant_that_cannot_remove_says_405(sandbox):
    sandbox.sandbox.load([entry(0)])
    sandbox.sandbox.conduct.deletes = False
    assert sandbox.delete(sandbox.sandbox.entries()[0].id).status_code == 405
    assert len(sandbox.sandbox.entries()) == 1
