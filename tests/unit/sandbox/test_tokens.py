"""Who may call, and with what."""

import pytest

from reconciler.sandbox.faults import RequestKind
from tests.support.sandbox import CLIENT_ID, CLIENT_SECRET, running, sent

FORM = {"grant_type": "client_credentials", "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
TOKEN = "/api/v2/oauth/token"


def test_a_sign_in_gives_a_token_that_says_how_long_it_lasts(sandbox):
    answer = sandbox.call("POST", TOKEN, data=FORM)
    assert answer.status_code == 200
    assert answer.json().keys() == {"access_token", "expires_in", "token_type"}
    assert (answer.json()["expires_in"], answer.json()["token_type"]) == (3600, "Bearer")


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"client_secret": "wrong"}, 401),
        ({"client_id": "nobody"}, 401),
        ({"client_id": "nobody", "client_secret": ""}, 401),
        ({"grant_type": "password"}, 400),
        ({"scope": "dnc:entries:read"}, 400),
        ({"client_id": [CLIENT_ID, CLIENT_ID]}, 400),
    ],
)
def test_a_wrong_sign_in_is_refused(sandbox, change, status):
    assert sandbox.call("POST", TOKEN, data=FORM | change).status_code == status


def test_a_secret_that_is_not_encoded_is_a_wrong_one(sandbox):
    """The seed's own program writes its form with a format string."""
    form = f"grant_type=client_credentials&client_id={CLIENT_ID}&client_secret={CLIENT_SECRET}".encode()
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    assert sandbox.call("POST", TOKEN, data=form, headers=kind).status_code in (400, 401)


def test_a_sign_in_must_be_a_form(sandbox):
    assert sandbox.call("POST", TOKEN, json=FORM).status_code == 400


def test_no_token_and_an_unknown_one_are_401(sandbox):
    for header in (None, "Bearer unknown", "Basic dTpw", "Bearer"):
        sandbox.session.headers["Authorization"] = header
        assert sandbox.read().status_code == 401
        assert sandbox.bulk([sent()]).status_code == 401
        assert sandbox.delete("dnc-1").status_code == 401
    assert sandbox.sandbox.entries() == []


def test_a_token_ends_by_the_clock(sandbox):
    sandbox.clock.move(seconds=3599)
    assert sandbox.read().status_code == 200
    sandbox.clock.move(seconds=1)
    assert sandbox.read().status_code == 401
    sandbox.sign_in()
    assert sandbox.read().status_code == 200


def test_a_second_token_leaves_the_first_one_valid(sandbox):
    first = sandbox.sign_in()
    assert sandbox.sign_in() != first
    sandbox.session.headers["Authorization"] = f"Bearer {first}"
    assert sandbox.read().status_code == 200


def test_revoked_tokens_are_401(sandbox):
    sandbox.sandbox.tokens.revoke()
    assert sandbox.read().status_code == 401


def test_the_length_of_a_tokens_life_is_a_setting():
    with running(token_seconds=5) as server:
        server.sign_in()
        assert server.call("POST", TOKEN, data=FORM).json()["expires_in"] == 5
        server.clock.move(seconds=5)
        assert server.read().status_code == 401


@pytest.mark.parametrize(
    ("client", "secret", "read", "write"), [("reader", "r", 200, 403), ("writer", "w", 403, 201)]
)
def test_each_call_needs_its_scope(sandbox, client, secret, read, write):
    sandbox.sign_in(client, secret)
    assert sandbox.read().status_code == read
    assert sandbox.bulk([sent()]).status_code == write
    assert sandbox.delete("dnc-1").status_code == (204 if write == 201 else 403)


def test_another_organisations_client_is_403(sandbox):
    sandbox.sign_in("stranger", "s")
    assert sandbox.read().status_code == 403
    assert sandbox.bulk([sent()]).status_code == 403


@pytest.mark.parametrize(("host", "status"), [("acme.my.cxone.com", 200), ("other.my.cxone.com", 403)])
def test_a_host_that_names_another_organisation_is_403(sandbox, host, status):
    answer = sandbox.call(
        "GET", "/api/v2/dnc/entries", params={"pageSize": 1, "page": 1}, headers={"Host": host}
    )
    assert answer.status_code == status


def test_sign_ins_are_counted(sandbox):
    sandbox.sign_in()
    assert [asked.status for asked in sandbox.sandbox.requests.list_requests(RequestKind.TOKEN)] == [200]
