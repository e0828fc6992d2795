"""Seeded faults in the rules of permission: kinds, age and use of releases, whose entry, and the record."""

from reconciler.core.apply import run
from reconciler.core.model import entries
from reconciler.core.planning import permission, state, verdict
from tests.properties.seeding import Fault

_Judge = verdict.Judge

PERMISSION_RULE_FAULTS = (
    # Kinds
    Fault(
        "a line of another kind covers",
        state.HeldClaim.stood_in_for,
        "terms.registry == self.registry and ",
        "",
        ("live_from_first_entry_to_last_permission",),
        ("rules.test_a_company_claim_in_place_of_a_registrys_keeps_the_registrys",),
    ),
    Fault(
        "a registry's entry has an end",
        entries.Terms.effective_end,
        "None if self.registry else self.end",
        "self.end",
        ("live_from_first_entry_to_last_permission",),
        ("rules.test_a_registrys_end_counts_for_nothing",),
    ),
    Fault(
        "a registry's entry that nobody claims is taken away by what is written over it",
        permission._Sorted.keep_registry,
        "self.registry[key] = claim",
        "return",
        (),
        ("rules.test_a_registrys_entry_that_nobody_claims_is_kept_when_it_is_written_over",),
    ),
    # Age and use
    Fault(
        "a used release is as good as new",
        _Judge._spent,
        "if self._history.used(release):",
        "if False:",
        (),
        ("rules.test_a_release_that_a_report_names_as_used_is_used",),
    ),
    Fault(
        "a release may be older than the request",
        _Judge._is_older,
        "if asked is not None and on < asked and",
        "if False and",
        (),
        ("rules.test_a_release_from_before_the_request_does_not_fit",),
    ),
    Fault(
        "what reports tell of requests is not asked",
        _Judge._is_older,
        "days.append(self._history.latest_request(key, on, registry=claim.registry))",
        "pass",
        (),
        ("rules.test_a_release_from_before_an_earlier_request_as_told_by_reports_does_not_fit",),
    ),
    Fault(
        "without a day of request any release is young enough",
        _Judge._is_older,
        "return claim.asked_on is None or",
        "return",
        (),
        ("rules.test_without_a_day_of_request_the_first_day_counts",),
    ),
    Fault(
        "a claim is as old as the number",
        _Judge._is_older,
        "self._history.first_claimed(key, claim)",
        "self._history.first_held(key, claim)",
        (),
        ("rules.test_without_a_day_of_request_the_numbers_first_day_is_not_enough",),
    ),
    Fault(
        "that a permission took it off before is forgotten",
        _Judge._is_older,
        " or self._history.taken_off(key)",
        "",
        (),
        ("rules.test_after_a_permission_took_it_off_the_day_since_which_it_is_held_counts",),
    ),
    Fault(
        "a release may be older than the registry's copy",
        _Judge._is_older,
        "[c.asked_on for c in",
        "[c.terms.requested_on for c in",
        (),
        ("rules.test_a_registrys_copy_is_not_let_off_from_before_it_was_taken",),
    ),
    # MOVED
    Fault(
        "MOVED to anything that is claimed",
        _Judge._arrived,
        "if self._says_as_much(c, key, claim)",
        "if True",
        ("live_from_first_entry_to_last_permission",),
        (
            "rules.test_what_another_kind_of_release_would_let_go_does_not_move",
            "rules.test_what_ends_earlier_is_nothing_to_move_to",
        ),
    ),
    Fault(
        "MOVED to what is live as something weaker",
        _Judge._arrived,
        "return terms if self._dialect.strength(entry.terms) >= self._dialect.strength(carried) else None",
        "return terms",
        (),
        ("rules.test_weaker_terms_live_on_the_other_list_are_no_arrival",),
    ),
    # Whose entry it is
    Fault(
        "a release of our claim lets off what others entered",
        _Judge._ends_ours_only,
        "if others is None:",
        "if True:",
        ("live_from_first_entry_to_last_permission",),
        ("rules.test_a_release_of_our_claim_leaves_what_others_entered",),
    ),
    Fault(
        "any release lets off what an ended claim left",
        _Judge._fits,
        "if claim.ended:",
        "if False:",
        (),
        ("rules.test_what_is_left_of_an_ended_claim_goes_by_a_release_of_the_number_only",),
    ),
    Fault(
        "our date ends what others entered",
        _Judge._others_keep,
        "return entry is not None and",
        "return False and",
        ("live_from_first_entry_to_last_permission",),
        ("rules.test_our_date_ends_nothing_that_others_entered",),
    ),
    Fault(
        "what a run wrote over is forgotten",
        _Judge._opted_out_since,
        "others is not None and others.overwritten is not None and",
        "False and",
        (),
        ("rules.test_what_a_run_wrote_over_is_no_older_than_the_run",),
    ),
    # The record
    Fault(
        "a kept row is believed whatever git has",
        _Judge._believed,
        "not self._history.vouched(key, claim)",
        "False",
        (),
        ("rules.test_a_kept_row_that_git_does_not_have_lets_nothing_go",),
    ),
    Fault(
        "what a report leaves out is forgotten",
        _Judge._believed,
        "return self._history.accounted(key)",
        "return True",
        (),
        ("rules.test_a_report_that_leaves_out_what_was_kept_lets_nothing_go",),
    ),
    Fault(
        "what an ended claim wrote is a registry's entry",
        permission.unclaimed_registry,
        "(claim.terms for claim in held.claims(key))",
        "(claim.terms for claim in held.claims(key) if claim.registry)",
        (),
        ("rules.test_what_a_claim_of_ours_that_has_ended_wrote_is_no_registrys_entry",),
    ),
    Fault(
        "a release that was used is not told",
        run.Run.used,
        "if grant.releases and key not in waiting",
        "if False",
        (),
        ("run.test_a_removal_that_was_not_done_uses_no_release",),
    ),
    Fault(
        "what a guard kept from going is used",
        run.Run.used,
        " and key not in waiting",
        "",
        (),
        ("run.test_a_removal_that_was_not_done_uses_no_release",),
    ),
    Fault(
        "what was in doubt before the run is the run's",
        run._Wrote.__contains__,
        "key in self.plan.overwrites or key in self.tally.doubted",
        "key in self.plan.overwrites",
        (),
        ("run.test_a_write_in_doubt_does_not_claim_an_agents_in_the_same_run",),
    ),
)
