"""Tokens that end: by their time, by revocation, in many threads at once; and sign-ins that fail."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from reconciler.config.connection_settings import EntriesSettings
from reconciler.core.model.errors import CxoneRefused
from reconciler.core.model.provider import Verdict, Write
from reconciler.cxone.entries.provider import EntriesProvider
from reconciler.sandbox.faults import Fault, FaultAction, RequestKind
from tests.resilience.faults.wired import LIST, LOCAL, SECRET, number, put_right, set_up, untold, wired
from tests.unit.cxone.standin import Time

CHUNKS = [[Write(LIST, number(n), LOCAL)] for n in range(32)]


def provider_of(made, **changes) -> EntriesProvider:
    time = Time()
    told = {"base_url": made.url, "client_id": "client-1", "client_secret": SECRET, "org_id": "sandbox"}
    return EntriesProvider(
        EntriesSettings(**(told | {"requests_per_minute": 1_000_000, "concurrency": 8} | changes)),
        clock=time.clock,
        stop=time,
        monotonic=time.monotonic,
        uniform=lambda _least, most: most,
    )


def sign_ins(made) -> int:
    return len(made.sandbox.requests.list_requests(RequestKind.TOKEN))


@pytest.mark.parametrize("kind", [RequestKind.READ, RequestKind.BULK, RequestKind.DELETE])
@pytest.mark.parametrize("skip", [0, 1, 2])
def test_a_token_that_ends_in_the_middle_is_renewed_and_nothing_is_sent_twice_in_vain(kind, skip):
    with wired() as made:
        stood = set_up(made)
        before, began = made.stored, sign_ins(made)
        made.sandbox.plan(Fault(FaultAction.REVOKE, kind, skip=skip))
        ended = made.apply()
        assert ended.run.is_clean
        assert untold(made, ended, stood, before) == []
        met = kind is not RequestKind.DELETE or skip < 2
        assert sign_ins(made) - began == 1 + met
        assert put_right(made, stood) == []


def test_a_token_revoked_before_every_request_ends_the_run_with_its_remedy():
    with wired() as made:
        stood = set_up(made)
        before = made.stored
        made.sandbox.plan(Fault(FaultAction.REVOKE, RequestKind.READ, times=None))
        ended = made.apply()
        assert isinstance(ended.error, CxoneRefused)
        assert "credentials are active" in ended.error.fix
        assert untold(made, ended, stood, before) == []
        assert put_right(made, stood) == []


def test_many_that_meet_a_401_at_once_sign_in_once():
    with wired() as made, provider_of(made) as provider, ThreadPoolExecutor(8) as pool:
        provider.total()
        made.sandbox.tokens.revoke()
        together = threading.Barrier(8)

        def send(chunk):
            together.wait(timeout=10)
            return provider.upsert(chunk)

        answers = list(pool.map(send, CHUNKS))
        assert {a.verdict for a in answers} == {Verdict.ANSWERED}
        assert sign_ins(made) == 2
        assert len(made.stored) == len(CHUNKS)


@pytest.mark.parametrize(
    "fault",
    [
        Fault(FaultAction.STATUS, RequestKind.TOKEN, status=503),
        Fault(FaultAction.STATUS, RequestKind.TOKEN, status=429, retry_after="3"),
        Fault(FaultAction.CUT, RequestKind.TOKEN),
        Fault(FaultAction.HALF_JSON, RequestKind.TOKEN),
        Fault(FaultAction.RETYPED, RequestKind.TOKEN),
        Fault(FaultAction.UNKNOWN_FIELDS, RequestKind.TOKEN),
    ],
    ids=lambda fault: fault.action,
)
def test_a_sign_in_that_fails_once_and_then_works(fault):
    with wired() as made:
        stood = set_up(made)
        made.sandbox.plan(fault)
        assert made.apply().run.is_clean
        assert put_right(made, stood) == []


@pytest.mark.parametrize(
    "changes", [{"client_secret": "not it " + SECRET[-8:]}, {"client_id": "nobody"}], ids=["secret", "client"]
)
def test_wrong_credentials_fail_at_once_with_the_remedy(changes):
    with wired() as made, provider_of(made, **changes) as provider:
        with pytest.raises(CxoneRefused) as caught:
            provider.read(frozenset({LIST}))
        made.seen.error(caught.value)
        assert sign_ins(made) == 1
        assert len(made.sandbox.requests.list_requests()) == 1
    assert "CXONE_CLIENT_SECRET" in str(caught.value)
    assert made.seen.leaked == []


def test_credentials_that_are_withdrawn_in_the_middle_leave_the_rest_unattempted():
    with wired() as made:
        stood = set_up(made)
        before = made.stored
        made.sandbox.plan(
            Fault(FaultAction.REVOKE, RequestKind.BULK, skip=1),
            Fault(FaultAction.STATUS, RequestKind.TOKEN, status=401, skip=1, times=None),
        )
        ended = made.apply()
        assert isinstance(ended.run.tally.error, CxoneRefused)
        assert untold(made, ended, stood, before) == []
        assert len(made.stored) == len(before) + 4
        assert put_right(made, stood) == []
