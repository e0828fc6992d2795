"""The plan as a whole: order, counts, cost, digest, and its JSON."""

import json
import math
from datetime import timedelta

import pytest

from reconciler.core.model.entries import DeclaredEntries, ReasonCode
from reconciler.core.model.finding import Finding, Severity
from reconciler.core.model.live import Live, UnreadableEntry
from reconciler.core.model.provider import Target
from reconciler.core.planning.change import Action, BlockedBy
from reconciler.core.planning.cost import SendRate
from reconciler.core.planning.inputs import PlanFacts
from reconciler.core.planning.plan import (
    Heading,
    Plan,
    failed_plan_to_json,
    make_plan,
    plan_digest,
    plan_to_json,
)
from reconciler.core.planning.state import LastApplied
from tests.unit.planning.builders import (
    DIALECT,
    NOW,
    ONE,
    SINCE,
    THREE,
    TODAY,
    TWO,
    A,
    B,
    Case,
    Ledger,
    claims,
    day,
    entry,
    held,
    kept,
    live,
    never,
    numbers,
    release,
    until,
)

TARGET = Target("entries", "org-1", "cxone.test")
LOCAL = never(ReasonCode.LOCAL)


def everything() -> Plan:
    """Make a plan with one change of every kind: created, updated, deleted, weakened, blocked, unmanaged."""
    n = numbers(7)
    before = claims(*(("a.yaml", A, p, never()) for p in n[1:5]), ("a.yaml", A, n[5], LOCAL))
    now = claims(
        ("b.yaml", B, n[0], LOCAL),
        ("a.yaml", A, n[1], never()),
        ("a.yaml", A, n[2], LOCAL),
        ("a.yaml", A, n[5], LOCAL),
        releases=[release(n[2]), release(n[3])],
    )
    stands = {(A, n[1]): entry(LOCAL)} | {(A, p): entry(never()) for p in (n[2], n[3], n[4], n[6])}
    return Case(now, held(before), live(stands | {(A, n[5]): entry(LOCAL)})).plan()


def test_protective_changes_come_first_exposing_last_and_blocked_after_what_goes() -> None:
    plan = everything()
    assert [(c.action, c.is_exposing, c.is_allowed) for c in plan.changes] == [
        (Action.UPDATE, False, True),
        (Action.CREATE, False, True),
        (Action.UPDATE, True, True),
        (Action.DELETE, True, True),
        (Action.DELETE, True, False),
    ]


def test_the_summary_counts_numbers_by_what_becomes_of_them() -> None:
    plan = everything()
    assert plan.summary == {
        "create": 1,
        "update": 2,
        "delete": 1,
        "unchanged": 1,
        "unmanaged": 1,
        "blocked": 1,
        "by_hand": 0,
    }
    assert plan.pending_count == 4
    assert {action for action, _, _ in plan.exposing_keys} == {Action.UPDATE, Action.DELETE}


def test_numbers_of_one_fate_are_one_change_and_sorted() -> None:
    now = claims(*(("a.yaml", A, p, LOCAL) for p in (THREE, ONE, TWO)))
    assert Case(now).only().phones == (ONE, TWO, THREE)


def test_terms_that_the_wire_cannot_tell_apart_are_one_change() -> None:
    now = claims(("a.yaml", A, ONE, until(day(5))), ("a.yaml", A, TWO, until(day(6))))
    assert Case(now).only().phones == (ONE, TWO)


@pytest.mark.parametrize(
    ("count", "entries", "requests"),
    [(0, 900, 0), (1, 0, 2), (500, 0, 2), (501, 0, 4), (1, 100_500, 2), (1, 99_000, 200)],
)
def test_the_cost_counts_writes_and_the_read_back(count: int, entries: int, requests: int) -> None:
    now = claims(*(("a.yaml", A, p, LOCAL) for p in numbers(count)))
    plan = Case(now, live=Live(entry_count=entries)).plan()
    assert plan.cost.requests == requests
    burst = max(0, 4 - 1 - max(1, math.ceil(entries / 500)))  # less the sign-in and the pages read before
    assert plan.cost.seconds == pytest.approx(max(0, requests - burst) * 60 / 98, abs=0.06)


def test_the_cost_of_an_exposing_change_is_a_full_read_back() -> None:
    case = Case(
        claims(releases=[release()]), held(claims(("a.yaml", A, ONE, LOCAL))), live({(A, ONE): entry(LOCAL)})
    )
    case.live = Live(case.live.lists, entry_count=200_000)
    assert case.plan().cost.requests == 1 + 400


def test_the_cost_is_told_at_the_allowed_rate() -> None:
    setting = PlanFacts(
        claims(*(("a.yaml", A, p, LOCAL) for p in numbers(100))),
        LastApplied(),
        DIALECT,
        Ledger(),
        TODAY,
        rate=SendRate(chunk_size=10, requests_per_minute=60, concurrency=1),
    )
    cost = make_plan(setting, Live()).cost
    assert (cost.requests, cost.seconds) == (11, round(11 / 0.98, 1))


# The digest


def _digest(now: DeclaredEntries, *, tenant: str = "production", target: Target = TARGET) -> str:
    return plan_digest(Case(now).plan().changes, DIALECT, tenant, target)


def test_the_digest_changes_with_whatever_would_be_done() -> None:
    base = _digest(claims(("a.yaml", A, ONE, LOCAL)))
    others = [
        _digest(claims(("a.yaml", A, TWO, LOCAL))),
        _digest(claims(("a.yaml", B, ONE, LOCAL))),
        _digest(claims(("a.yaml", A, ONE, never()))),
        _digest(claims(("a.yaml", A, ONE, never(ReasonCode.LOCAL, "elsewhere")))),
        _digest(claims()),
        _digest(claims(("a.yaml", A, ONE, LOCAL)), tenant="sandbox"),
        _digest(claims(("a.yaml", A, ONE, LOCAL)), target=Target("entries", "org-2", "cxone.test")),
    ]
    assert base.startswith("sha256:")
    assert len({base, *others}) == len(others) + 1


def test_the_digest_does_not_tell_what_is_blocked() -> None:
    plan = everything()
    going = [c for c in plan.changes if c.is_allowed]
    assert plan_digest(plan.changes, DIALECT, "t", TARGET) == plan_digest(going, DIALECT, "t", TARGET)


# JSON


HEAD = Heading("0.1.0", "production", TARGET, "abc", None, TODAY, NOW.isoformat())


def test_the_plan_as_json() -> None:
    now = claims(("a.yaml", A, ONE, until(day(5), ReasonCode.NATIONAL)))
    stands = Live(
        {A: {TWO: entry(never())}},
        unreadable=(UnreadableEntry(A, "x"),),
        foreign={"x": 2, "y": 1},
        entry_count=5,
    )
    finding = Finding("a.yaml", 1, 2, "", "R-01", Severity.WARNING, "odd")
    told = plan_to_json(HEAD, Case(now, live=stands).plan(), stands, DIALECT, [finding])
    assert json.loads(json.dumps(told)) == told
    assert (told["applyable"], told["complete"], told["errored"]) == (True, True, False)
    assert told["live"] == {"entries": 5, "unreadable": 1, "foreign": 3, "read_at": ""}
    assert told["changes"] == [
        {
            "action": "create",
            "list_id": A,
            "direction": "protective",
            "reason": "declared",
            "before": None,
            "after": {"reasonCode": "NATIONAL", "expirationPolicy": "NEVER", "source": "dnc"},
            "blocked_by": [],
            "due": None,
            "phones": [ONE],
        }
    ]
    assert told["drift"] == [{"kind": "unmanaged", "list_id": A, "phones": [TWO]}]
    assert told["findings"][0]["severity"] == "warning"


def test_a_failure_is_the_same_document() -> None:
    finding = Finding("dnc.yaml", 0, 0, "", "INPUT", Severity.ERROR, "no")
    failed = failed_plan_to_json(HEAD, [finding])
    plan = plan_to_json(HEAD, Case(claims()).plan(), Live(), DIALECT, [])
    assert failed.keys() == plan.keys()
    assert failed["errored"]
    assert set(failed["summary"].values()) == {0}


# Held


def test_held_counts_distinct_numbers() -> None:
    before = claims(
        ("a.yaml", A, ONE, LOCAL),
        ("b.yaml", A, ONE, LOCAL),
        ("a.yaml", A, TWO, LOCAL),
        ("b.yaml", B, ONE, LOCAL),
    )
    keeping = {(A, ONE): kept(LOCAL), (A, THREE): kept(LOCAL), (B, ONE): kept(LOCAL, why=BlockedBy.BUDGET)}
    holding = held(before, not_live=[(A, TWO), (B, ONE), (B, THREE)], kept=keeping)
    assert holding.counts == {A: 2, B: 1}
    for list_id, count in holding.counts.items():
        assert sum((list_id, phone) in holding for phone in (ONE, TWO, THREE)) == count
    assert (A, TWO) not in holding
    assert holding.list_ids == {A, B}


def test_no_report_holds_nothing() -> None:
    assert (A, ONE) not in LastApplied()
    assert LastApplied().counts == {}


def test_a_claim_that_was_over_at_the_report_is_not_held() -> None:
    before = claims(("a.yaml", A, ONE, until(day(-3))))
    case = Case(
        claims(), held(before, as_of=day(-1)), live({(A, ONE): entry(LOCAL, SINCE + timedelta(days=1))})
    )
    assert case.plan().changes == ()
