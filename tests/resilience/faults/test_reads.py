"""Reads that move, fail half-way, or fail altogether."""

import pytest

from reconciler.core.model.errors import CxoneRefused, CxoneUnavailable, CxoneUnreadable
from reconciler.sandbox.entries.agent import Act, Deed
from reconciler.sandbox.entries.entry import Entry
from reconciler.sandbox.faults import Fault, FaultAction, RequestKind
from tests.resilience.faults.wired import ADDED, LIST, STRONGER, number, put_right, set_up, untold, wired
from tests.unit.cxone.standin import Reply, Time, connected, entry, pages, stand_in

LISTS = frozenset({"dnc-1"})


@pytest.fixture
def script():
    with stand_in() as server:
        yield server


@pytest.mark.parametrize("skip", range(6))
def test_pages_that_move_hide_nobody(skip):
    """One entry goes and one comes before every page from some page on: no reading ever adds up."""
    moving = [
        Fault(
            FaultAction.SLOW,
            RequestKind.READ,
            skip=skip,
            times=None,
            acts=(
                Act(Deed.REMOVE, Entry(number(1_000), "", "", "agents")),
                Act(Deed.ADD, Entry(number(1_000), "NATIONAL", "NEVER", "agents")),
            ),
        )
    ]
    with wired() as made:
        stood = set_up(made)
        before = made.stored
        made.sandbox.plan(*moving)
        ended = made.apply()
        assert untold(made, ended, stood, before) == []
        assert made.desired.items() <= made.stored.items()
        assert put_right(made, stood) == []


@pytest.mark.parametrize("skip", [0, 1, 2])
@pytest.mark.parametrize(
    "fault",
    [
        Fault(FaultAction.STATUS, status=503),
        Fault(FaultAction.CUT),
        Fault(FaultAction.HTML),
        Fault(FaultAction.RETYPED),
    ],
    ids=lambda fault: fault.action,
)
def test_live_that_cannot_be_read_does_not_keep_new_numbers_out(fault, skip):
    with wired() as made:
        stood = set_up(made)
        before = made.stored
        made.sandbox.plan(Fault(fault.action, RequestKind.READ, skip=skip, times=None, status=fault.status))
        ended = made.apply()
        assert untold(made, ended, stood, before) == []
        assert isinstance(ended.run.error, CxoneUnreadable)
        assert made.stored.keys() - before.keys() == {(LIST, phone) for phone in ADDED}
        assert all(made.stored[LIST, phone].reason_code == "LOCAL" for phone in STRONGER)
        assert {a.kind for a in made.sandbox.requests.list_requests()} == {"token", "read", "bulk"}
        assert put_right(made, stood) == []


@pytest.mark.parametrize(
    "faults",
    [
        [Fault(FaultAction.STATUS, RequestKind.TOKEN, times=None)],
        [Fault(FaultAction.STATUS, RequestKind.TOKEN, status=401, times=None)],
        [Fault(FaultAction.STATUS, RequestKind.READ, status=403, times=None)],
        [
            Fault(FaultAction.STATUS, RequestKind.READ, times=None),
            Fault(FaultAction.STATUS, RequestKind.BULK, status=403, times=None),
        ],
    ],
    ids=["no sign-in", "wrong credentials", "no right to read", "no right to write"],
)
def test_what_an_engineer_must_see_to_writes_nothing(faults):
    with wired() as made:
        stood = set_up(made)
        before = made.stored
        made.sandbox.plan(*faults)
        ended = made.apply()
        assert ended.run is None
        assert untold(made, ended, stood, before) == []
        assert put_right(made, stood) == []


def test_only_a_read_that_was_signed_in_is_unread(script):
    script.otherwise = lambda seen: Reply(503)
    with connected(script) as provider, pytest.raises(CxoneUnreadable, match="tried 8 times") as caught:
        provider.read(LISTS)
    assert (caught.value.exit_code, caught.value.where.partition(" at ")[0]) == (5, "GET /api/v2/dnc/entries")
    script.token_replies.extend([Reply(503)] * 8)
    with connected(script) as provider, pytest.raises(CxoneUnavailable) as caught:
        provider.read(LISTS)
    assert not isinstance(caught.value, CxoneUnreadable)


def test_a_token_that_cannot_be_renewed_half_way_is_no_unread(script):
    found = pages([entry(n) for n in range(1200)])
    script.otherwise = lambda seen: Reply(401) if seen.query["page"] == "2" else found(seen)
    with connected(script, concurrency=1) as provider:
        provider.total()
        script.token_replies.extend([Reply(503)] * 8)
        with pytest.raises(CxoneUnavailable) as caught:
            provider.read(LISTS)
    assert not isinstance(caught.value, CxoneUnreadable)


def test_a_refusal_half_way_is_one(script):
    found = pages([entry(n) for n in range(1200)])
    script.otherwise = lambda seen: Reply(403) if seen.query["page"] == "3" else found(seen)
    with connected(script) as provider, pytest.raises(CxoneRefused):
        provider.read(LISTS)


def test_a_request_to_stop_is_no_unread(script):
    script.otherwise = lambda seen: Reply(503)
    with connected(script, Time(stop_after=1)) as provider, pytest.raises(CxoneUnavailable) as caught:
        provider.read(LISTS)
    assert not isinstance(caught.value, CxoneUnreadable)
