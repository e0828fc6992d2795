"""The provider against the built-in CXone: the two were written apart, from the same contract."""

from contextlib import contextmanager
from datetime import UTC, datetime

import pytest

from reconciler.config.connection_settings import EntriesSettings
from reconciler.core.model.entries import Policy, ProjectedTerms, ReasonCode, Terms
from reconciler.core.model.live import LiveEntry
from reconciler.core.model.provider import Verdict, Write
from reconciler.cxone.entries.provider import EntriesProvider
from reconciler.sandbox.entries.entry import Entry
from reconciler.sandbox.faults import Fault, FaultAction, RequestKind
from reconciler.sandbox.server import Sandbox
from reconciler.sandbox.tenant import Settings
from reconciler.sandbox.tokens import Client
from tests.unit.cxone.standin import SECRET, Time

LISTS = frozenset({"dnc-1"})
NEVER = Terms(ReasonCode.NATIONAL, Policy.NEVER, source="compliance-db")
DATED = Terms(ReasonCode.STATE, Policy.RELATIVE, source="compliance-db")


def number(n: int) -> str:
    return f"+1{200 + n // 100}55501{n % 100:02d}"


CHUNK = [Write("dnc-1", number(n), NEVER) for n in range(20)]


@contextmanager
def both(time: Time, **tenant: object):
    told = Settings(clients={"client-1": Client(SECRET)}, **tenant)
    with (
        Sandbox(None, clock=lambda: datetime.now(UTC), settings=told) as sandbox,
        sandbox.serve() as url,
        EntriesProvider(
            EntriesSettings(
                base_url=url,
                client_id="client-1",
                client_secret=SECRET,
                org_id="sandbox",
                requests_per_minute=1_000_000,
            ),
            clock=time.clock,
            stop=time,
            monotonic=time.monotonic,
            uniform=lambda _least, most: most,
        ) as provider,
    ):
        yield sandbox, provider


def test_what_is_written_is_read(time):
    with both(time) as (_, provider):
        answer = provider.upsert([*CHUNK, Write("dnc-2", number(30), DATED)])
        assert (answer.verdict, answer.failures) == (Verdict.ANSWERED, {})
        again = provider.upsert(CHUNK)
        assert (again.verdict, again.conflicts) == (Verdict.ANSWERED, {write.phone for write in CHUNK})
        live = provider.read(frozenset({"dnc-1", "dnc-2"}))
        assert (live.entry_count, provider.total(), live.complete) == (21, 21, True)
        assert set(live.lists["dnc-1"]) == {write.phone for write in CHUNK}
        found = live.lists["dnc-2"][number(30)]
        assert isinstance(found, LiveEntry)
        assert found.terms == ProjectedTerms("STATE", "NEVER") == provider.dialect.project(DATED)
        assert provider.clock_offset() is not None


def test_what_is_taken_off_is_gone(time):
    with both(time) as (sandbox, provider):
        provider.upsert(CHUNK)
        key = CHUNK[0].key
        entry_id = provider.read(LISTS).lists["dnc-1"][key[1]].id
        assert provider.remove(key, entry_id).verdict is Verdict.ANSWERED
        assert provider.remove(key, entry_id).verdict is Verdict.ANSWERED
        assert key[1] not in provider.read(LISTS).lists["dnc-1"]
        sandbox.conduct.deletes = False
        assert provider.remove(key, entry_id).verdict is Verdict.UNSUPPORTED


@pytest.mark.parametrize(
    "fault",
    [
        Fault(FaultAction.STATUS, status=503),
        Fault(FaultAction.STATUS, status=500, stored=True),
        Fault(FaultAction.STATUS, status=429, retry_after="5"),
        Fault(FaultAction.CUT),
        Fault(FaultAction.CUT, stored=True),
        Fault(FaultAction.TORN),
        Fault(FaultAction.HALF_JSON),
        Fault(FaultAction.HTML, stored=True),
        Fault(FaultAction.SHORT_COUNT, on=RequestKind.BULK),
        Fault(FaultAction.REVOKE),
        Fault(FaultAction.STATUS, on=RequestKind.TOKEN, status=503),
        Fault(FaultAction.HTML, on=RequestKind.TOKEN),
        Fault(FaultAction.STATUS, on=RequestKind.READ, status=502),
        Fault(FaultAction.CUT, on=RequestKind.READ),
        Fault(FaultAction.WRONG_TOTAL, on=RequestKind.READ, skip=1),
    ],
    ids=lambda fault: f"{fault.on}-{fault.action}-{fault.status}-{fault.stored}",
)
def test_one_fault_changes_nothing(time, fault):
    with both(time) as (sandbox, provider):
        provider.total()
        sandbox.plan(fault)
        assert provider.upsert(CHUNK).verdict is Verdict.ANSWERED
        live = provider.read(LISTS)
        assert (live.complete, set(live.lists["dnc-1"])) == (True, {write.phone for write in CHUNK})
        assert len(sandbox.entries()) == len(CHUNK)


def test_a_chunk_that_is_too_large(time):
    with both(time) as (sandbox, provider):
        sandbox.conduct.most_items = 5
        assert provider.upsert(CHUNK).verdict is Verdict.TOO_LARGE
        assert provider.upsert(CHUNK[:5]).verdict is Verdict.ANSWERED


def test_a_number_that_is_refused(time):
    with both(time) as (sandbox, provider):
        sandbox.conduct.refused[number(3)] = "INVALID_PHONE"
        answer = provider.upsert(CHUNK)
        assert {phone: failure.code for phone, failure in answer.failures.items()} == {
            number(3): "INVALID_PHONE"
        }


def test_many_pages_with_odd_entries(time):
    entries = [Entry(number(n), "NATIONAL", "NEVER", "dnc-1") for n in range(1700)]
    entries[700] = entries[700]._replace(modified=None)
    entries[900] = entries[900]._replace(phone="12125550100")
    entries[1200] = entries[1200]._replace(list_id="agents")
    entries[1600] = entries[1600]._replace(phone=number(5))
    with both(time) as (sandbox, provider):
        sandbox.load(entries)
        live = provider.read(LISTS)
    assert (live.entry_count, live.complete, len(live.lists["dnc-1"])) == (1700, True, 1697)
    assert live.lists["dnc-1"][number(700)].modified is None
    assert (len(live.unreadable), live.foreign) == (1, {"agents": 1})
    assert list(live.duplicate_ids) == [("dnc-1", number(5))]


def test_a_token_of_a_second(time):
    with both(time, token_seconds=1) as (_, provider):
        provider.total()
        time.seconds += 2
        provider.total()
        assert provider.statistics.sign_ins == 2
