"""Both sign-ins, discovery, and what is said where they fail."""

import base64
import logging

import pytest
from structlog.testing import capture_logs

from reconciler.core.model.errors import CxoneRefused, CxoneUnavailable
from reconciler.core.model.provider import Target
from reconciler.cxone.groups.connection import is_usable_url
from reconciler.cxone.groups.provider import GroupsProvider
from reconciler.sandbox.faults import Fault, FaultAction, RequestKind
from tests.unit.cxone.groups_world import APP, APP_SECRET, KEY, settings, world
from tests.unit.cxone.standin import SECRET, Reply

GRANT = {"client_id": APP, "client_secret": APP_SECRET}


def tried(w, path):
    return [asked.status for asked in w.asked(ending=path)]


def test_an_access_key_signs_in_once_and_finds_its_api():
    with world() as w:
        w.read()
        w.read()
        assert tried(w, "/access-key") == [200]
        assert tried(w, "/cxone-configuration") == [200]
        assert w.provider.target == Target("dnc-groups", "sandbox", w.url.removeprefix("http://"))


@pytest.mark.parametrize(("grant", "tries"), [("both", [200]), ("basic", [200]), ("form", [401, 200])])
def test_the_password_grant_takes_the_client_either_way(grant, tries):
    with world(**GRANT) as w:
        w.quirks.grant = grant
        w.read()
        assert tried(w, "/auth/token") == tries
        w.sandbox.tokens.revoke()
        w.read()
        assert tried(w, "/auth/token") == [*tries, 200]


def test_the_tenant_may_be_named_by_the_access_token():
    with world() as w:
        w.quirks.claim = "access_token"
        assert w.provider.target.organisation == "sandbox"


def test_a_token_that_names_no_tenant_needs_the_address():
    with world() as w:
        w.quirks.claim = "none"
        with pytest.raises(CxoneRefused, match=r"names no tenant.*\n.*apiUrl"):
            w.read()


def test_an_address_skips_discovery():
    with world() as w:
        w.quirks.claim = "none"
        with GroupsProvider(settings(w.url, api_url=w.url), clock=w.time.clock, stop=w.time) as provider:
            assert provider.read(frozenset({"dnc-1"})).complete
            assert provider.target.organisation == KEY
        assert tried(w, "/cxone-configuration") == []


def test_a_renewed_token_changes_nothing_of_the_target():
    with world() as w:
        before = w.provider.target
        w.time.seconds += 4000
        w.read()
        assert w.provider.target == before
        assert len(tried(w, "/access-key")) == 2


@pytest.mark.parametrize("in_header", [False, True])
def test_a_wrong_secret_is_said_with_its_way_out(in_header):
    with world(access_key_secret="wrong-secret") as w:
        w.quirks.errors_in_header = in_header
        with pytest.raises(CxoneRefused, match=r"refused \(401: unknown access key") as met:
            w.read()
        assert "accessKeySecret" in met.value.fix
        assert "wrong-secret" not in str(met.value)
        assert "/authentication/v1/token/access-key at 127.0.0.1" in met.value.where


def test_both_ways_of_the_grant_are_refused():
    with world(client_id=APP, client_secret="wrong-secret") as w:
        with pytest.raises(CxoneRefused, match="401"):
            w.read()
        assert tried(w, "/auth/token") == [401, 401]


def test_an_access_key_that_may_not():
    with world() as w:
        w.read()
        w.sandbox.plan(Fault(FaultAction.STATUS, on=RequestKind.READ, status=403))
        with pytest.raises(CxoneRefused, match="403"):
            w.read()


@pytest.mark.parametrize(
    "fault",
    [
        Fault(FaultAction.STATUS, on=RequestKind.TOKEN, status=503),
        Fault(FaultAction.CUT, on=RequestKind.TOKEN),
        Fault(FaultAction.HTML, on=RequestKind.TOKEN),
        Fault(FaultAction.STATUS, on=RequestKind.READ, status=429),
        Fault(FaultAction.HALF_JSON, on=RequestKind.READ),
        Fault(FaultAction.CUT, on=RequestKind.READ, skip=1),
        Fault(FaultAction.HALF_JSON, on=RequestKind.READ, skip=1),
        Fault(FaultAction.HALF_JSON, on=RequestKind.READ, skip=2),
        Fault(FaultAction.HALF_JSON, on=RequestKind.READ, skip=3),
        Fault(FaultAction.REVOKE, on=RequestKind.READ, skip=2),
        Fault(FaultAction.UNKNOWN_FIELDS, times=None),
    ],
    ids=lambda fault: f"{fault.action}-{fault.on}-{fault.skip}",
)
def test_one_fault_on_the_way_changes_nothing(fault):
    with world() as w:
        w.put(1)
        w.sandbox.plan(fault)
        live = w.read()
        assert (live.complete, live.entry_count, live.warnings) == (True, 1, ())


def test_a_host_that_does_not_listen_names_its_setting():
    with world(auth_url="http://127.0.0.1:9") as w, pytest.raises(CxoneUnavailable, match="authUrl"):
        w.read()


def test_a_wrong_version_is_said():
    with world(api_version="11.0") as w:
        with pytest.raises(CxoneRefused, match="404") as met:
            w.read()
        assert "apiVersion" in met.value.fix


@pytest.mark.parametrize("status", [400, 404])
def test_discovery_that_knows_no_such_tenant(status):
    with world() as w:
        w.sandbox.plan(Fault(FaultAction.STATUS, on=RequestKind.READ, status=status))
        with pytest.raises(CxoneRefused, match="discovery was answered") as met:
            w.read()
        assert "discoveryUrl" in met.value.fix


def test_discovery_may_not_send_a_token_anywhere(script, time):
    script.otherwise = lambda seen: (
        Reply(200, {"access_token": token(), "expires_in": 3600})
        if seen.method == "POST"
        else Reply(200, {"api_endpoint": "http://elsewhere.example"})
    )
    with (
        GroupsProvider(settings(script.url), clock=time.clock, stop=time) as provider,
        pytest.raises(CxoneRefused, match="api_endpoint"),
    ):
        provider.read(frozenset({"dnc-1"}))
    assert "authorization" not in script.seen[-1].headers


def token() -> str:
    claims = base64.urlsafe_b64encode(b'{"tenantId":"t-1"}').decode().rstrip("=")
    return f"e30.{claims}.signature"


@pytest.mark.parametrize(
    ("url", "good"),
    [
        ("https://api-na1.niceincontact.com", True),
        ("http://127.0.0.1:80", True),
        ("http://api.example", False),
        ("https://user@api.example", False),
        ("https://api.example/?q=1", False),
        ("https://", False),
        ("https://[", False),
        ("nonsense", False),
    ],
)
def test_where_a_token_may_go(url, good):
    assert is_usable_url(url) is good


def test_no_secret_and_no_number_is_logged(caplog):
    caplog.set_level(logging.DEBUG)
    with capture_logs() as logs, world(**GRANT) as w:
        w.put(1)
        w.read()
        w.provider.remove(("dnc-1", "+12005550101"), "1")
    for secret in (SECRET, APP_SECRET, "2005550101"):
        assert secret not in f"{caplog.text} {logs}"
    assert "/dnc-groups/search" in str(logs)
