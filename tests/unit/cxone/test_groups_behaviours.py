"""Two runs against every behaviour that NICE leaves open, and against pairs of them.

The first creates and corrects, the second removes. Either what was wanted is so in CXone, or the run says
that it is not; a third run has nothing to do, or nothing that it has tried before.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from itertools import combinations, permutations, product
from types import MappingProxyType

import pytest

from reconciler.core.apply.outcomes import Outcome
from reconciler.core.apply.run import Run, carry_out
from reconciler.core.apply.sender import Applier
from reconciler.core.model.errors import InvalidInput
from reconciler.core.model.provider import NOT_EXPIRED
from reconciler.core.planning.change import Action
from reconciler.core.planning.guards import Circumstances
from reconciler.core.planning.inputs import Limits, PlanFacts
from reconciler.core.planning.plan import make_plan
from reconciler.core.planning.state import LastApplied
from reconciler.sandbox.faults import Fault, FaultAction, RequestKind
from tests.unit.cxone.groups_world import LIST, NEVER, World, national, number, until, world, writes
from tests.unit.cxone.standin import START
from tests.unit.planning.builders import Ledger, claims, held, release

GOES, ENDS, LATER, STAYS = 1, 2, 3, 4
LAST_DAY = date(2027, 3, 1)
FIRST = claims(
    ("a.yaml", LIST, number(GOES), NEVER),
    ("a.yaml", LIST, number(ENDS), until(LAST_DAY)),
    ("a.yaml", LIST, number(LATER), until(LAST_DAY)),
    ("a.yaml", LIST, number(STAYS), NEVER),
)
RELEASED_ON = date(2026, 11, 25)
SECOND = claims(
    ("a.yaml", LIST, number(ENDS), until(LAST_DAY)),
    ("a.yaml", LIST, number(LATER), until(LAST_DAY)),
    ("a.yaml", LIST, number(STAYS), NEVER),
    releases=[release(number(GOES), on=RELEASED_ON, list_id=LIST)],
)

# What a tenant may be like, several ways of each; the first is the one that needs no care.
BEHAVIOURS = {
    "search": [
        {},
        {"search": "lags"},
        {"search": "wants-body"},
        {"search": "wants-query"},
        {"search": "blind"},
        {"searches": False},
    ],
    "lag": [{}, {"search_lag": 3}, {"search_lag_seconds": 16}],
    "expiry": [{}, {"expire": "refuses-past"}, {"expire": "new-record"}, {"expires": False}],
    "days": [{}, {"expire_days": "not-past"}, {"expire_days": "none"}],
    "wrapping": [{}, {"wraps_expiry": True}, {"wrapping": "never"}, {"wrapping": "always"}],
    "shift": [{}, {"shift_hours": -10}, {"shift_hours": 5}, {"shift_hours": -13}],
    "dates": [{}, {"dates": "day"}, {"dates": "american"}],
    "text": [{}, {"text_values": True}],
    "empty": [{}, {"omits_empty": True}, {"no_content": True}],
    "order": [{}, {"order": "newest"}, {"order": "loose"}, {"order": "newest", "order_by": "refused"}],
    "page": [{}, {"most_records": 2}, {"most_records": 100, "refuses_more": True}],
    "form": [{}, {"form": "national"}],
    "skills": [{}, {"reads_skills": False}],
    "over": [{}, {"shows_over": False}],
}


Way = tuple[str, int]  # a behaviour, and which of its ways


def covering_pairs() -> list[dict[str, object]]:
    """Choose few tenants so that any two ways of two behaviours meet in one of them, greedily."""
    ways: dict[str, list[Way]] = {
        name: [(name, at) for at in range(len(BEHAVIOURS[name]))] for name in BEHAVIOURS
    }
    left = {pair for a, b in combinations(ways.values(), 2) for pair in product(a, b)}
    rows: list[dict[str, object]] = []
    while left:
        chosen: list[Way] = list(min(left))  # one pair that has not met yet, and what meets most with it
        for name in sorted(ways.keys() - {name for name, _ in chosen}):
            chosen.append(max(ways[name], key=partial(_count_new, left, chosen)))
        left -= set(permutations(chosen, 2))
        rows.append({k: v for name, at in chosen for k, v in BEHAVIOURS[name][at].items()})
    return rows


def _count_new(left: set[tuple[Way, Way]], chosen: list[Way], way: Way) -> tuple[int, Way]:
    return sum(pair in left for one in chosen for pair in ((one, way), (way, one))), way


SINGLE = [way for ways in BEHAVIOURS.values() for way in ways[1:]]


@dataclass
class Tenant:
    """A tenant, and how runs against it are planned."""

    world: World

    def run(self, declared, last_applied, *, as_of, futile=MappingProxyType({})) -> Run:
        provider = self.world.provider

        def decide(live, *, refused=frozenset(), hold_back=None, wrote=frozenset()):
            met = Circumstances(
                refused_phones=refused, general_block=hold_back, protective_sent=True, written_keys=wrote
            )
            return make_plan(self.facts(declared, last_applied, as_of), live, met)

        live = self.world.read()
        plan = make_plan(self.facts(declared, last_applied, as_of), live)
        applier = Applier(provider, chunk_size=100, concurrency=1, futile_removals=futile)
        return carry_out(
            plan,
            live,
            applier,
            provider,
            decide=decide,
            may_expose=lambda: None,
            list_ids=frozenset({LIST}),
        )

    def facts(self, declared, last_applied, as_of) -> PlanFacts:
        return PlanFacts(
            declared=declared,
            last_applied=last_applied,
            dialect=self.world.provider.dialect,
            history=Ledger(written=(START - timedelta(minutes=1), START + timedelta(hours=1)), since=START),
            as_of=as_of,
            limits=Limits(removable=True),
        )

    def in_force(self, n: int) -> bool:
        today = self.world.sandbox.groups.today
        stored = self.world.stored()
        return any(
            expired is None or expired > today
            for phone in (national(n), "1" + national(n))
            for expired in stored.get(phone, [])
        )

    def expiry_calls(self) -> int:
        return sum(asked.kind is RequestKind.DELETE for asked in self.world.asked())


def check(behaviours: dict[str, object]) -> None:
    with world() as w:
        for name, value in behaviours.items():
            setattr(w.quirks, name, value)
        tenant = Tenant(w)
        w.put(LATER, expired="2026-12-31")
        first = tenant.run(FIRST, LastApplied(), as_of=START.date())
        assert {result.outcome for result in first.tally.results.values()} == {Outcome.APPLIED}, first.tally
        assert (first.read_back, first.missing, first.final_plan.changes) == ("full", 0, ())
        again = tenant.run(FIRST, held(FIRST), as_of=START.date())
        assert (again.plan.changes, again.plan.drift) == ((), ())

        w.time.seconds += timedelta(days=2).total_seconds()
        second = tenant.run(SECOND, held(FIRST), as_of=RELEASED_ON)
        (result,) = second.tally.results.values()
        assert [change.action for change in second.plan.changes] == [Action.DELETE]
        assert (result.outcome is Outcome.APPLIED) is not tenant.in_force(GOES), result
        works = (
            behaviours.get("expires", True)
            and behaviours.get("expire") != "new-record"
            and behaviours.get("search") != "blind"
            and behaviours.get("searches", True)
        )
        assert (result.outcome is Outcome.APPLIED) is works, result
        assert works or result.failure is not None or second.error is not None
        assert all(tenant.in_force(n) for n in (ENDS, LATER, STAYS))
        calls, stored = tenant.expiry_calls(), w.stored()
        assert calls <= 3

        if works:
            third = tenant.run(SECOND, held(SECOND), as_of=RELEASED_ON)
            assert (third.plan.changes, third.plan.drift) == ((), ())
        else:
            failure = result.failure
            told = {(LIST, number(GOES)): failure} if failure and failure.code == NOT_EXPIRED else {}
            tenant.run(SECOND, held(FIRST), as_of=RELEASED_ON, futile=told)
            assert (tenant.expiry_calls(), w.stored()) == (calls, stored)


@pytest.mark.parametrize("behaviours", [{}, *SINGLE], ids=str)
def test_each_behaviour(behaviours):
    check(behaviours)


@pytest.mark.parametrize("behaviours", covering_pairs(), ids=str)
def test_every_two_behaviours_together(behaviours):
    check(behaviours)


def removed(w, *numbers: int):
    return w.provider.remove_together([(LIST, number(n)) for n in numbers])


@pytest.mark.parametrize("days", ["any", "not-past", "none"])
def test_fifteen_removals_take_three_expiry_calls_at_most(days):
    with world() as w:
        w.quirks.expire_days = days
        w.put(*range(20))
        w.read()
        before = len(w.asked())
        done = removed(w, *range(15))
        assert {answer.verdict.value for answer in done.answers.values()} == {"answered"}
        assert not any(answer.failures for answer in done.answers.values())
        calls = [asked for asked in w.asked() if asked.kind is RequestKind.DELETE]
        assert len(calls) == {"any": 1, "not-past": 2, "none": 3}[days]
        # The form's check, one search, and a read of the group before and after.
        assert len(w.asked()) - before == len(calls) + 4
        removed(w, 15)
        assert sum(asked.kind is RequestKind.DELETE for asked in w.asked()) == len(calls) + 1


def test_a_blind_search_refuses_many_removals_after_one_number():
    with world() as w:
        w.put(*range(20))
        w.read()
        w.quirks.search = "blind"
        done = removed(w, *range(15))
        assert {answer.cause.code for answer in done.answers.values()} == {"NOT_FOUND_BY_SEARCH"}
        assert all(w.stored()[national(n)] == [None] for n in range(15))
        assert len(w.asked(ending="/search")) <= 12


def test_an_opt_out_that_the_search_does_not_show_yet_is_not_taken_for_gone():
    # The number was expired and put back: an index that lags shows the old record only.
    with world() as w:
        w.put(9)
        w.put(1, expired="2026-11-01")
        w.quirks.search_lag_seconds = 3600
        w.time.seconds += 60
        w.put(1)
        w.read()
        (answer,) = removed(w, 1).answers.values()
        assert answer.cause.code == "NOT_FOUND_BY_SEARCH"


def test_a_search_that_lags_for_long_is_no_failed_expiry():
    with world() as w:
        w.quirks.most_records = 100
        w.put(*range(150))
        w.read()
        w.quirks.search_lag_seconds = 3600
        (answer,) = removed(w, 1).answers.values()
        assert (answer.verdict.value, answer.failures) == ("answered", {})
        assert w.time.waits[-3:] == [2, 5, 10]


def test_what_adds_a_record_is_ordered_once():
    with world() as w:
        w.quirks.expire = "new-record"
        w.put(1, 2)
        w.read()
        for _ in range(3):
            (answer,) = removed(w, 1).answers.values()
            assert answer.failures[number(1)].code == NOT_EXPIRED
            assert "delete the number from the group in CXone" in answer.failures[number(1)].message
            w.time.seconds += 3600
            w.read()
        assert len(w.stored()[national(1)]) == 2
        assert 10 not in w.time.waits  # that there are two records is evidence, and needs no other look
        # An agent who adds the number again, and a release after that, is another matter.
        w.put(1)
        w.read()
        removed(w, 1)
        assert len(w.stored()[national(1)]) == 4


def test_a_tenant_that_takes_fewer_numbers_a_call():
    with world() as w:
        w.put(*range(20))
        w.read()
        w.quirks.most_posted = 4
        done = removed(w, *range(10))
        assert not any(answer.failures for answer in done.answers.values())
        assert not any(w.stored()[national(n)] == [None] for n in range(10))


def test_a_tenant_without_a_group_is_told_after_one_answer():
    for quirks in ({"omits_empty": True}, {"text_values": True, "omits_empty": True}, {"no_content": True}):
        with world() as w:
            for name, value in quirks.items():
                setattr(w.quirks, name, value)
            with w.sandbox.groups.store._transaction() as connection:
                connection.execute("DELETE FROM dnc_group")
            with pytest.raises(InvalidInput, match="there is none at all"):
                w.read()
            assert len(w.asked(ending="/dnc-groups")) == 1


def test_groups_that_are_counted_and_not_listed_do_not_add_up():
    with world() as w:
        w.put(1)
        w.quirks.unlisted_groups = 2
        live = w.read()
        assert (live.complete, set(live.lists[LIST])) == (False, {number(1)})
        assert "2 DNC groups more than it lists" in live.warnings[0].message


def test_one_odd_record_refuses_no_run():
    for form, odd in (("national", "1" + national(1)), ("international", national(1))):
        with world(number_form=form) as w:
            w.sandbox.groups.store.load(w.group, [odd, "555"], w.sandbox.now())
            live = w.read()
            assert set(live.lists[LIST]) == {number(1)}
            assert w.provider.upsert(writes(2)).failures == {}


def test_a_page_counts_100_until_the_tenant_has_shown_more():
    with world() as w:
        assert w.provider.dialect.shape.page_size == 100
        w.sandbox.groups.store.load(w.group, [national(n) for n in range(150)], w.sandbox.now())
        w.read()
        assert w.provider.dialect.shape.page_size == 150
        w.quirks.most_records = 100
    with world() as w:
        w.quirks.most_records = 100
        w.sandbox.groups.store.load(w.group, [national(n) for n in range(150)], w.sandbox.now())
        w.read()
        assert w.provider.dialect.shape.page_size == 100


def test_a_full_environment_says_so_number_by_number():
    with world() as w:
        w.put(1)
        w.read()
        w.quirks.ceiling = 2
        answer = w.provider.upsert(writes(2, 3))
        assert set(answer.failures) == {number(3)}
        assert "takes no more records" in answer.failures[number(3)].message


def test_a_day_that_is_extended_by_one_is_sent_although_it_may_be_a_shift():
    with world() as w:
        tenant = Tenant(w)
        tenant.run(FIRST, LastApplied(), as_of=START.date())
        longer = claims(
            *[
                ("a.yaml", LIST, number(n), until(LAST_DAY + timedelta(1)) if n in {ENDS, LATER} else NEVER)
                for n in (GOES, ENDS, LATER, STAYS)
            ]
        )
        again = tenant.run(longer, held(FIRST), as_of=START.date())
        assert [change.action for change in again.plan.changes] == [Action.UPDATE]
        assert w.stored()[national(ENDS)] == ["2027-03-04"]


def test_a_search_that_shows_the_newest_record_only_is_not_believed_alone():
    with world() as w:
        w.put(1, 2)
        w.read()
        w.quirks.expire = "new-record"
        groups = w.sandbox.groups
        every = groups.search
        groups.search = lambda digits: every(digits)[-1:]
        (answer,) = removed(w, 1).answers.values()
        assert answer.failures[number(1)].code == NOT_EXPIRED


@pytest.mark.parametrize("shows_over", [True, False])
def test_what_somebody_expired_since_the_read_counts_as_gone(shows_over):
    with world() as w:
        w.put(*range(20))
        w.read()
        w.time.seconds += 60
        w.sandbox.groups.store.expire(w.group, national(0), "2026-11-01", w.sandbox.now())
        w.quirks.shows_over = shows_over
        done = removed(w, *range(10))
        assert {answer.verdict.value for answer in done.answers.values()} == {"answered"}
        assert w.stored()[national(0)] == ["2026-11-01"]
        assert w.stored()[national(1)] == ["2026-11-22"]


def test_a_blind_search_holds_up_no_write():
    with world() as w:
        w.put(*range(20))
        w.read()
        w.quirks.search = "blind"
        assert w.provider.upsert(writes(30)).failures == {}
        assert len(w.asked(ending="/search")) == 2
        assert w.time.waits[-1:] != [10]


def test_a_look_that_fails_after_some_were_seen_leaves_the_others_in_doubt():
    with world() as w:
        w.quirks.most_records = 100
        w.put(*range(350))
        w.read()
        removed(w, 9)
        w.sandbox.plan(Fault(FaultAction.STATUS, on=RequestKind.READ, skip=3, status=403))
        done = removed(w, 1, 2)
        assert [answer.verdict.value for answer in done.answers.values()] == ["ambiguous", "ambiguous"]
        assert w.stored()[national(1)] == ["2026-11-22"]


@pytest.mark.parametrize("hours", [-13, -10, 5, 13])
@pytest.mark.parametrize("dates", ["time", "day"])
def test_a_shown_day_beside_the_sent_one_is_nobody_elses_and_can_be_released(hours, dates):
    with world() as w:
        w.quirks.shift_hours, w.quirks.dates = hours, dates
        tenant = Tenant(w)
        dated = claims(*[("a.yaml", LIST, number(n), until(LAST_DAY)) for n in (GOES, STAYS)])
        assert tenant.run(dated, LastApplied(), as_of=START.date()).final_plan.changes == ()
        w.time.seconds += timedelta(days=2).total_seconds()
        left = claims(
            ("a.yaml", LIST, number(STAYS), until(LAST_DAY)),
            releases=[release(number(GOES), on=RELEASED_ON, list_id=LIST)],
        )
        run = tenant.run(left, held(dated), as_of=RELEASED_ON)
        assert {result.outcome for result in run.tally.results.values()} == {Outcome.APPLIED}
        assert (tenant.in_force(GOES), tenant.in_force(STAYS)) == (False, True)
