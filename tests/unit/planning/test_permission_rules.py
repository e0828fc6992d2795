"""Permission where edits look honest: kinds of claims, age and use of releases, and whose entry it is."""

from dataclasses import replace
from datetime import timedelta

import pytest

from reconciler.core.model.entries import Hold, Policy, ProjectedTerms, ReasonCode, Terms
from reconciler.core.model.entries import ReleaseReason as Why
from reconciler.core.planning.change import Action, BlockedBy, DriftKind
from reconciler.core.planning.guards import Circumstances, removal_budget
from reconciler.core.planning.inputs import Limits
from reconciler.core.planning.ports import ForeignEntry
from reconciler.core.planning.state import AppliedEntry, Retained
from tests.unit.planning.builders import (
    KEY,
    OFF,
    ONE,
    SINCE,
    TODAY,
    A,
    B,
    Case,
    Ledger,
    blocked,
    claims,
    day,
    entry,
    held,
    live,
    never,
    numbers,
    release,
    told,
    until,
)

NATIONAL, STATE, LOCAL = ReasonCode.NATIONAL, ReasonCode.STATE, ReasonCode.LOCAL
LATER = [(BlockedBy.LATER_OPT_OUT,)]
STAYS = [(BlockedBy.NO_RELEASE,)]


def letting(terms: Terms, *, why: Why = Why.CONSENT_GIVEN, on: int = 0, **ledger: object) -> Case:
    """Hold one claim whose line is gone, with a release of some days on."""
    before = held(claims(("a.yaml", A, ONE, terms)))
    now = claims(releases=[release(reason=why, on=day(on))])
    return Case(now, before, live({KEY: entry(terms)}), ledger=Ledger(**ledger))  # type: ignore[arg-type]


# Kinds.


def test_a_company_claim_in_place_of_a_registrys_keeps_the_registrys() -> None:
    """S1: an edit of one kind into the other is a vanished claim beside a new one."""
    before = held(claims(("a.yaml", A, ONE, never(NATIONAL))))
    now = claims(("a.yaml", A, ONE, never()), releases=[release()])
    plan = Case(now, before, live({KEY: entry(never(NATIONAL))})).plan()
    assert plan.target_state.retained[KEY].entries[0].terms == never(NATIONAL)


def test_a_registrys_end_counts_for_nothing() -> None:
    """S1: a later end does not make a claim stronger than a registry's."""
    dated = Terms(STATE, Policy.ABSOLUTE, day(5))
    assert dated.strength == never(STATE).strength
    assert dated.strength > until(day(900)).strength


def test_what_another_kind_of_release_would_let_go_does_not_move() -> None:
    """S6: MOVED needs a claim on the other list that the same releases let go."""
    now = claims(("b.yaml", B, ONE, never()), releases=[release(reason=Why.MOVED, to=B)])
    before = held(claims(("a.yaml", A, ONE, never(NATIONAL))))
    plan = Case(now, before, live({KEY: entry(never(NATIONAL)), (B, ONE): entry(never())})).plan()
    assert OFF[0] not in told(plan)


def test_what_ends_earlier_is_nothing_to_move_to() -> None:
    """S6: MOVED needs a claim on the other list that is as strong."""
    now = claims(("b.yaml", B, ONE, until(day(2))), releases=[release(reason=Why.MOVED, to=B)])
    before = held(claims(("a.yaml", A, ONE, never())))
    plan = Case(now, before, live({KEY: entry(never()), (B, ONE): entry(until(day(2)))})).plan()
    assert OFF[0] not in told(plan)


def test_weaker_terms_live_on_the_other_list_are_no_arrival() -> None:
    """S6: what the file says of the other list must be live there."""
    now = claims(("b.yaml", B, ONE, never()), releases=[release(reason=Why.MOVED, to=B)])
    before = held(claims(("a.yaml", A, ONE, never())))
    stands = live({KEY: entry(never()), (B, ONE): entry(ProjectedTerms("UNKNOWN", "ABSOLUTE"))})
    assert OFF[0] not in told(Case(now, before, stands, met=Circumstances(protective_sent=True)).plan())


# Age and use.


def test_a_release_from_before_the_request_does_not_fit() -> None:
    """S5: consent of the past says nothing of a request that came after it."""
    asked = replace(never(), requested_on=day(-1))
    assert blocked(letting(asked, on=-2).plan()) == LATER
    assert told(letting(asked, on=-1).plan()) == OFF


def test_a_release_from_before_an_earlier_request_as_told_by_reports_does_not_fit() -> None:
    asked = replace(never(), requested_on=day(-9))
    assert blocked(letting(asked, on=-5, asked=day(-2)).plan()) == LATER


def test_what_was_entered_in_error_may_be_let_off_from_before_its_request() -> None:
    asked = replace(never(), requested_on=day(-1))
    assert told(letting(asked, why=Why.ENTERED_IN_ERROR, on=-2).plan()) == OFF


def test_without_a_day_of_request_the_first_day_counts() -> None:
    assert blocked(letting(never(), on=-30).plan()) == LATER
    assert told(letting(never(), on=-20).plan()) == OFF


def test_without_a_day_of_request_the_numbers_first_day_is_not_enough() -> None:
    """A claim that took the place of a weaker one counts from its own first day."""
    later = SINCE + timedelta(days=15)
    assert blocked(letting(never(), on=-15, claimed=later).plan()) == LATER
    assert told(letting(never(), on=-7, claimed=later).plan()) == OFF


def test_after_a_permission_took_it_off_the_day_since_which_it_is_held_counts() -> None:
    asked = replace(never(), requested_on=day(-60))
    assert blocked(letting(asked, on=-40, was_off=True).plan()) == LATER
    assert told(letting(asked, on=-40).plan()) == OFF


def test_a_registrys_copy_is_not_let_off_from_before_it_was_taken() -> None:
    before = held(claims(("a.yaml", A, ONE, never(NATIONAL))))
    before = replace(before, files=(replace(before.files[0], retrieved_on=day(-1)),))
    case = letting(never(NATIONAL), why=Why.REGISTRY_REMOVED, on=-2)
    case.held = before
    assert blocked(case.plan()) == LATER


def test_a_release_that_a_report_names_as_used_is_used() -> None:
    """S5: a release lets off once."""
    assert blocked(letting(never(), spent=(release(),)).plan()) == STAYS


# Whose entry it is.


def test_a_release_of_our_claim_leaves_what_others_entered() -> None:
    """S24: the release ends our claim, and the entry stays until a release of the number."""
    case = letting(never(), why=Why.ENTERED_IN_ERROR, others_there=ForeignEntry("CUSTOMER_REQUESTED"))
    plan = case.plan()
    assert blocked(plan) == LATER
    assert plan.target_state.retained[KEY].entries[0].is_own_ended
    assert told(letting(never(), others_there=ForeignEntry("CUSTOMER_REQUESTED")).plan()) == OFF


def test_what_is_left_of_an_ended_claim_goes_by_a_release_of_the_number_only() -> None:
    """S24: ENTERED_IN_ERROR ends nothing of what others asked for."""
    ours = AppliedEntry("a.yaml", never(), SINCE, is_own_ended=True)
    before = replace(held(claims()), retained={KEY: Retained((ours,), (BlockedBy.LATER_OPT_OUT,))})
    for why, goes in ((Why.ENTERED_IN_ERROR, []), (Why.CONSENT_GIVEN, OFF)):
        now = claims(releases=[release(reason=why)])
        assert told(Case(now, before, live({KEY: entry(never())})).plan()) == goes


def test_our_date_ends_nothing_that_others_entered() -> None:
    """S2: CXone does not tell the end of what was there before our claim."""
    before = held(claims(("a.yaml", A, ONE, until(day(-1)))), as_of=day(-2))
    stands = live({KEY: entry(until(day(-1)))})
    case = Case(claims(), before, stands, ledger=Ledger(others_there=ForeignEntry("CUSTOMER_REQUESTED")))
    assert blocked(case.plan()) == LATER
    case.ledger = Ledger()
    assert told(case.plan()) == OFF


def test_what_a_run_wrote_over_is_no_older_than_the_run() -> None:
    """Our own time on somebody else's modification does not hide it."""
    asked = replace(never(), requested_on=day(-40))
    over = ForeignEntry("UNKNOWN", overwritten_at=SINCE)
    assert blocked(letting(asked, on=-30, others_there=over).plan()) == LATER
    assert told(letting(asked, on=-30).plan()) == OFF


def test_what_was_there_first_and_was_restored_is_no_older_than_our_claim() -> None:
    """Others took their entry off, and what we restored shows our own time."""
    asked, theirs = replace(never(), requested_on=day(-40)), ForeignEntry("CUSTOMER_REQUESTED")
    assert told(letting(asked, on=0, others_there=theirs).plan()) == OFF
    case = letting(asked, on=-30, others_there=theirs)
    assert blocked(case.plan()) == LATER
    case.live = live({KEY: entry(asked, SINCE - timedelta(days=35))})  # theirs still shows when it was
    assert told(case.plan()) == OFF


def test_an_opt_out_on_record_counts_while_its_entry_is_off() -> None:
    """Whether others have taken the entry off, or we have restored it by now, decides nothing."""
    back = [(Action.CREATE, A, (ONE,))]
    asked = replace(never(), requested_on=day(-40))
    before = held(claims(("a.yaml", A, ONE, until(day(-1)))), as_of=day(-2))
    for others, comes in (
        (ForeignEntry("UNKNOWN"), back),
        (ForeignEntry(is_modified=True, overwritten_at=SINCE), back),
        (None, []),
    ):
        case = letting(asked, on=-30, others_there=others)
        case.live = live()
        assert told(case.plan()) == comes
        lapsed = Case(claims(), before, live(), ledger=Ledger(others_there=others))
        assert told(lapsed.plan()) == comes


def test_a_registrys_entry_does_not_get_weaker_than_what_others_may_have_asked_for() -> None:
    """The registry's word ends its own entry, and our terms are over: theirs may have had no end."""
    ours, registry = AppliedEntry("a.yaml", until(day(-1)), SINCE), AppliedEntry("", never(NATIONAL))
    before = replace(held(claims()), retained={KEY: Retained((ours, registry), (BlockedBy.LATER_OPT_OUT,))})
    stands, removed = live({KEY: entry(never(NATIONAL))}), release(reason=Why.REGISTRY_REMOVED)
    case = Case(
        claims(releases=[removed]), before, stands, ledger=Ledger(others_there=ForeignEntry("UNKNOWN"))
    )
    assert told(case.plan()) == []
    assert case.plan().target_state.retained[KEY].entries == (ours, registry)
    case.desired = claims(releases=[removed, release()])
    assert told(case.plan()) == OFF


def test_a_registrys_entry_that_nobody_claims_is_kept_when_it_is_written_over() -> None:
    """S25: a claim that takes the place of a registry's entry does not take it away."""
    case = Case(
        claims(("a.yaml", A, ONE, never())), live=live({KEY: entry(never(NATIONAL), TODAY.isoformat())})
    )
    kept = case.plan().target_state.retained[KEY]
    assert [claim.terms for claim in kept.entries] == [never(NATIONAL)]


def test_a_registrys_entry_above_ours_is_kept_from_the_reading_that_saw_it() -> None:
    """An agent may change the entry, or take it off, before ours is written over it."""
    for ours in (until(day(5)), never(LOCAL), never(STATE)):
        national = live({KEY: entry(never(NATIONAL), TODAY.isoformat())})
        plan = Case(claims(("a.yaml", A, ONE, ours)), live=national).plan()
        retained = plan.target_state.retained.get(KEY, Retained((), ()))
        assert [kept.terms for kept in retained.entries] == [never(NATIONAL)]
        # No line of ours is gone or weaker: others have it stronger, and it stays as it is.
        assert plan.changes == ()
        assert [(drift.kind, drift.phones) for drift in plan.drift] == [(DriftKind.STRENGTHENED, (ONE,))]
        assert plan.unchanged == 1


@pytest.mark.parametrize(("ours", "theirs"), [(NATIONAL, NATIONAL), (NATIONAL, STATE), (STATE, STATE)])
def test_a_registrys_claim_explains_an_entry_that_asks_for_no_more(ours, theirs) -> None:
    case = Case(claims(("a.yaml", A, ONE, never(ours))), live=live({KEY: entry(never(theirs))}))
    assert case.plan().target_state.retained == {}


@pytest.mark.parametrize(
    ("codes", "reason"), [({"STATE", LOCAL}, STATE), ({"STATE", "NATIONAL", LOCAL}, NATIONAL)]
)
def test_a_registrys_twin_of_our_entry_is_a_claim_that_nobody_makes(codes, reason) -> None:
    """S25: the twins show as one entry with our reason code; a consent took both off."""
    twins = replace(live({KEY: entry(never())}), duplicate_codes={KEY: frozenset(codes)})
    case = Case(claims(("a.yaml", A, ONE, never())), live=twins)
    assert [claim.terms for claim in case.plan().target_state.retained[KEY].entries] == [never(reason)]
    consented = replace(letting(never()), live=twins)
    assert [claim.terms for claim in consented.plan().target_state.retained[KEY].entries] == [never(reason)]
    assert (
        told(replace(consented, live=replace(twins, duplicate_codes={KEY: frozenset({LOCAL})})).plan()) == OFF
    )


def test_a_states_claim_does_not_explain_an_entry_of_the_national_registry() -> None:
    """S25: a claim stands in for a registry's entry only where it is as strong."""
    entries = live({KEY: entry(never(NATIONAL), TODAY.isoformat())})
    both = claims(("a.yaml", A, ONE, never(STATE)), ("b.yaml", A, ONE, never()))
    kept = Case(both, held(both), entries).plan().target_state.retained[KEY]
    assert [claim.terms for claim in kept.entries] == [never(NATIONAL)]
    as_strong = claims(("a.yaml", A, ONE, never(NATIONAL)), ("b.yaml", A, ONE, never()))
    assert not Case(as_strong, held(as_strong), entries).plan().target_state.retained


def test_a_release_of_the_states_claim_says_nothing_of_the_national_registry() -> None:
    """S25: the registry that a release speaks of is our claim's, where we have one."""
    theirs = {KEY: Retained((AppliedEntry("", never(NATIONAL)),), STAYS[0])}
    now = claims(releases=[release(reason=Why.REGISTRY_REMOVED)])
    entries = live({KEY: entry(never(NATIONAL))})
    before = replace(held(claims(("a.yaml", A, ONE, never(STATE)))), retained=theirs)
    assert [claim.path for claim in Case(now, before, entries).plan().target_state.retained[KEY].entries] == [
        ""
    ]
    assert told(Case(now, replace(held(claims()), retained=theirs), entries).plan()) == OFF


def test_a_registrys_entry_and_its_twin_are_kept_once() -> None:
    twins = replace(live({KEY: entry(never(NATIONAL))}), duplicate_codes={KEY: frozenset({NATIONAL, LOCAL})})
    plan = Case(claims(("a.yaml", A, ONE, never())), live=twins).plan()
    assert [claim.terms for claim in plan.target_state.retained[KEY].entries] == [never(NATIONAL)]


def test_a_kept_row_that_git_does_not_have_lets_nothing_go() -> None:
    """S7: a report alone says of no number that its term is over."""
    over = AppliedEntry("a.yaml", until(day(-900)), SINCE, last_revision="r1")
    before = replace(held(claims()), retained={KEY: Retained((over,), (BlockedBy.NO_RELEASE,))})
    doubted = Ledger(vouches=False, accounts=True)
    case = Case(claims(), before, live({KEY: entry(until(day(-900)))}), ledger=doubted)
    assert blocked(case.plan()) == STAYS
    case.ledger = Ledger()
    assert told(case.plan()) == OFF


def test_a_report_that_leaves_out_what_was_kept_lets_nothing_go() -> None:
    """S7: what was held before must have gone by something that git has."""
    assert blocked(letting(never(), accounts=False).plan()) == STAYS


def test_what_a_claim_of_ours_that_has_ended_wrote_is_no_registrys_entry() -> None:
    """S24: what is left of a registry's claim goes by a release of the number."""
    ours = AppliedEntry("a.yaml", never(NATIONAL), SINCE, is_own_ended=True)
    before = replace(held(claims()), retained={KEY: Retained((ours,), (BlockedBy.LATER_OPT_OUT,))})
    assert told(Case(claims(releases=[release()]), before, live({KEY: entry(never(NATIONAL))})).plan()) == OFF


# Holds and budgets.


def test_a_hold_that_went_a_moment_ago_keeps_its_number() -> None:
    """S26: a hold that was taken out, ended early or narrowed goes on for a day."""
    case = letting(never())
    case.lingering = (Hold("LIT-7", TODAY, phones=frozenset({ONE})),)
    assert blocked(case.plan()) == [(BlockedBy.HOLD,)]


def test_the_chain_of_a_week_has_the_least_budget() -> None:
    before = held(claims(*(("a.yaml", A, phone, never()) for phone in numbers(50))))
    limits, young = Limits(max_removal_percent=50), frozenset({A})
    assert removal_budget(A, before, limits, Circumstances()) == 25
    assert removal_budget(A, before, limits, Circumstances(young_lists=young)) == 5
