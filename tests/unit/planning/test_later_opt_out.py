"""The later opt-out: somebody else touched the live entry, and so takes the permission away."""

from datetime import UTC, datetime, timedelta

import pytest

from reconciler.core.model.entries import Policy, ReasonCode, Terms
from reconciler.core.model.live import LiveEntry
from reconciler.core.planning.change import BlockedBy
from tests.unit.planning.builders import (
    KEY,
    OFF,
    ONE,
    SINCE,
    TODAY,
    A,
    Case,
    Ledger,
    blocked,
    claims,
    day,
    entry,
    gone,
    held,
    kept,
    lapsing,
    live,
    never,
    told,
    until,
)


def first_moment() -> datetime:
    """Give the first moment of today anywhere: midnight at UTC+14."""
    return datetime(TODAY.year, TODAY.month, TODAY.day, tzinfo=UTC) - timedelta(hours=14)


@pytest.mark.parametrize(
    ("modified", "goes"),
    [
        (first_moment() - timedelta(seconds=1), True),
        (first_moment(), False),
        (first_moment() + timedelta(days=1), False),
        (None, False),
        ("yesterday", False),
        ("2026-11-01", False),
        ("2026-11-01T12:00:00Z", True),
        ("2026-11-21T21:59:59", True),  # at UTC-12, still before
        ("2026-11-21T22:00:00", False),
    ],
)
def test_a_touch_since_the_release_takes_the_permission_away(
    modified: datetime | str | None, goes: bool
) -> None:
    plan = gone(modified=modified).plan()
    assert told(plan) == (OFF if goes else [])
    if not goes:
        assert blocked(plan) == [(BlockedBy.LATER_OPT_OUT,)]


def test_our_own_touch_is_no_opt_out() -> None:
    case = gone(modified=first_moment() + timedelta(hours=2))
    case.ledger = Ledger(written=(first_moment(), first_moment() + timedelta(hours=3)))
    assert told(case.plan()) == OFF


def test_a_number_that_is_not_live_any_more_has_no_opt_out() -> None:
    case = gone()
    case.live = live()
    assert case.plan().changes == ()


def test_stronger_than_held_is_a_later_opt_out() -> None:
    case = gone(never(ReasonCode.LOCAL))
    case.live = live({KEY: entry(never())})
    assert case.plan().target_state.retained[KEY].blocked_by == (BlockedBy.LATER_OPT_OUT,)
    assert told(case.plan()) == []


@pytest.mark.parametrize(
    ("ledger", "modified", "goes"),
    [
        (Ledger(), SINCE, True),  # ours
        (Ledger(), SINCE - timedelta(days=1), False),  # before it was held: somebody else's, with its own end
        (Ledger(), SINCE + timedelta(days=1), False),
        (Ledger(since=None), SINCE + timedelta(days=1), False),  # nobody can tell since when
        (Ledger(), None, False),
    ],
)
def test_a_touch_since_the_claim_was_first_held_stops_its_lapse(
    ledger: Ledger, modified: datetime | None, goes: bool
) -> None:
    case = lapsing(-1, ledger=ledger)
    case.live = live({KEY: entry(until(day(-1)), modified)})
    assert told(case.plan()) == (OFF if goes else [])


def test_a_kept_claim_remembers_since_when() -> None:
    since = SINCE - timedelta(days=30)
    keeping = kept(until(day(-1)), why=BlockedBy.BUDGET)
    claim = keeping.entries[0]
    remembered = {KEY: type(keeping)((type(claim)(claim.path, claim.terms, since),), keeping.blocked_by)}
    stands: dict[tuple[str, str], LiveEntry] = {KEY: entry(until(day(-1)), since + timedelta(days=1))}
    plan = Case(claims(), held(claims(), kept=remembered), live(stands)).plan()
    assert blocked(plan) == [(BlockedBy.LATER_OPT_OUT,)]


# What we write over what somebody else touched.


def test_writing_over_somebody_elses_touch_is_told_apart() -> None:
    now = claims(("a.yaml", A, ONE, never()))
    weak = Terms(ReasonCode.UNKNOWN, Policy.NEVER)
    theirs = live({KEY: entry(weak, SINCE + timedelta(days=1))})
    ours = live({KEY: entry(weak, SINCE)})
    assert Case(now, held(now), theirs).plan().overwrites == {KEY}
    assert Case(now, held(now), ours).plan().overwrites == frozenset()
    assert Case(now, held(now), live()).plan().overwrites == frozenset()
    assert Case(now, held(now), live(unseen=[(A, "+12125550199")])).plan().overwrites == {KEY}


def test_a_touch_nobody_can_date_counts() -> None:
    for modified in (None, "", "yesterday"):
        assert told(gone(modified=modified).plan()) == []
