"""Seeded faults in the rules of permission: kinds, age and use of releases, whose entry, and the record."""

from reconciler.core.apply import run
from reconciler.core.model import entries
from reconciler.core.planning import permission, state, verdict
from tests.properties.seeding import Fault
from tests.properties.world import World

_Judge = verdict.EntryJudge

PERMISSION_RULE_FAULTS = (
    # Kinds
    Fault(
        "a line of another kind covers",
        state.AppliedEntry.is_covered_by_terms,
        "terms.is_registry == self.is_registry and ",
        "",
        ("live_from_first_entry_to_last_permission",),
        ("rules.test_a_company_claim_in_place_of_a_registrys_keeps_the_registrys",),
    ),
    Fault(
        "a registry's entry has an end",
        entries.Terms.effective_end,
        "None if self.is_registry else self.end",
        "self.end",
        ("live_from_first_entry_to_last_permission",),
        ("rules.test_a_registrys_end_counts_for_nothing",),
    ),
    Fault(
        "a registry's entry that nobody claims is taken away by what is written over it",
        permission._EntryPartition.retain_registry_entry,
        "self.registry[key] = entry",
        "return",
        (),
        ("rules.test_a_registrys_entry_that_nobody_claims_is_kept_when_it_is_written_over",),
    ),
    Fault(
        "a registry's entry is held where ours is written over it, and not where ours is weaker",
        permission._overwritten_registry_entries,
        "if terms is None or",
        "if terms is None or terms.effective_end or",
        ("a_registrys_entry_beside_ours_hides_no_request",),
        ("rules.test_a_registrys_entry_above_ours_is_kept_from_the_reading_that_saw_it",),
    ),
    Fault(
        "the state's claim explains an entry of the national registry",
        permission._overwritten_registry_entries,
        "_explains(terms, ReasonCode.NATIONAL)",
        "terms.is_registry",
        (),
        ("rules.test_a_registrys_entry_above_ours_is_kept_from_the_reading_that_saw_it",),
    ),
    # Age and use
    Fault(
        "a used release is as good as new",
        _Judge._is_already_used,
        "if self._history.is_used(release):",
        "if False:",
        (),
        ("rules.test_a_release_that_a_report_names_as_used_is_used",),
    ),
    Fault(
        "a release may be older than the request",
        _Judge._is_older,
        "if requested is not None and released_on < requested and",
        "if False and",
        (),
        ("rules.test_a_release_from_before_the_request_does_not_fit",),
    ),
    Fault(
        "what reports tell of requests is not asked",
        _Judge._is_older,
        "days.append(self._history.latest_request(key, released_on, registry=entry.is_registry))",
        "pass",
        (),
        ("rules.test_a_release_from_before_an_earlier_request_as_told_by_reports_does_not_fit",),
    ),
    Fault(
        "without a day of request any release is young enough",
        _Judge._is_older,
        "return entry.request_day is None or",
        "return",
        (),
        ("rules.test_without_a_day_of_request_the_first_day_counts",),
    ),
    Fault(
        "a claim is as old as the number",
        _Judge._is_older,
        "self._history.covered_since(key, entry)",
        "self._history.first_held(key, entry)",
        (),
        ("rules.test_without_a_day_of_request_the_numbers_first_day_is_not_enough",),
    ),
    Fault(
        "that a permission took it off before is forgotten",
        _Judge._is_older,
        " or self._history.was_removed(key)",
        "",
        (),
        ("rules.test_after_a_permission_took_it_off_the_day_since_which_it_is_held_counts",),
    ),
    Fault(
        "a release may be older than the registry's copy",
        _Judge._is_older,
        "[c.request_day for c in",
        "[c.terms.requested_on for c in",
        (),
        ("rules.test_a_registrys_copy_is_not_let_off_from_before_it_was_taken",),
    ),
    # MOVED
    Fault(
        "MOVED to anything that is claimed",
        _Judge._moved_terms,
        "if self._is_equivalent(c, key, entry)",
        "if True",
        ("live_from_first_entry_to_last_permission",),
        (
            "rules.test_what_another_kind_of_release_would_let_go_does_not_move",
            "rules.test_what_ends_earlier_is_nothing_to_move_to",
        ),
    ),
    Fault(
        "MOVED to what is live as something weaker",
        _Judge._moved_terms,
        "return terms if self._dialect.strength(live_entry.terms) >= self._dialect.strength(projected) "
        "else None",
        "return terms",
        (),
        ("rules.test_weaker_terms_live_on_the_other_list_are_no_arrival",),
    ),
    # Whose entry it is
    Fault(
        "a release of our claim lets off what others entered",
        _Judge._is_own_entry_release,
        "if foreign_entry is None:",
        "if True:",
        ("live_from_first_entry_to_last_permission",),
        ("rules.test_a_release_of_our_claim_leaves_what_others_entered",),
    ),
    Fault(
        "any release lets off what an ended claim left",
        _Judge._is_fitting,
        "if entry.is_own_ended:",
        "if False:",
        (),
        ("rules.test_what_is_left_of_an_ended_claim_goes_by_a_release_of_the_number_only",),
    ),
    Fault(
        "our date ends what others entered",
        _Judge._is_kept_for_others,
        "return shown.end is None and",
        "return False and",
        ("live_from_first_entry_to_last_permission",),
        ("rules.test_our_date_ends_nothing_that_others_entered",),
    ),
    Fault(
        "what a run wrote over is forgotten",
        _Judge._is_on_record_since,
        "return others.overwritten_at >= since",
        "return False",
        ("live_from_first_entry_to_last_permission",),
        ("rules.test_what_a_run_wrote_over_is_no_older_than_the_run",),
    ),
    Fault(
        "what a run saw of others is not reported",
        World._touched,
        "found[key] = ",
        "_ = ",
        ("live_from_first_entry_to_last_permission",),
    ),
    Fault(
        "what others did to an entry is forgotten once it is ours again",
        _Judge._foreign_entry,
        """not None and self._history.is_ours(key, modification.at):
        return reported""",
        """not None and self._history.is_ours(key, modification.at):
        return None""",
        ("live_from_first_entry_to_last_permission",),
    ),
    Fault(
        "what was there before our claim is forgotten once it is ours again",
        _Judge._is_on_record_since,
        "return first is None or first > since",
        "return False",
        (),
        ("rules.test_what_was_there_first_and_was_restored_is_no_older_than_our_claim",),
    ),
    Fault(
        "what others asked for is forgotten while its entry is off",
        _Judge._was_modified_since,
        "if since is not None and self._is_on_record_since(key, entry, since):",
        "if since is not None and self._live.get(key) and self._is_on_record_since(key, entry, since):",
        (),
        ("rules.test_an_opt_out_on_record_counts_while_its_entry_is_off",),
    ),
    Fault(
        "a registry's word lets its entry get our weaker terms",
        permission._EntryPartition.partition,
        "if BlockedBy.LATER_OPT_OUT in blocked and",
        "if False and",
        ("a_registrys_entry_beside_ours_hides_no_request",),
        ("rules.test_a_registrys_entry_does_not_get_weaker_than_what_others_may_have_asked_for",),
    ),
    # The record
    Fault(
        "a kept row is believed whatever git has",
        _Judge._is_confirmed,
        "not self._history.is_confirmed_by_git(key, entry)",
        "False",
        (),
        ("rules.test_a_kept_row_that_git_does_not_have_lets_nothing_go",),
    ),
    Fault(
        "what a report leaves out is forgotten",
        _Judge._is_confirmed,
        "return self._history.is_accounted_for(key)",
        "return True",
        (),
        ("rules.test_a_report_that_leaves_out_what_was_kept_lets_nothing_go",),
    ),
    Fault(
        "what an ended claim wrote is a registry's entry",
        permission.undeclared_registry_entry,
        "(entry.terms for entry in last_applied.entries(key))",
        "(entry.terms for entry in last_applied.entries(key) if entry.is_registry)",
        (),
        ("rules.test_what_a_claim_of_ours_that_has_ended_wrote_is_no_registrys_entry",),
    ),
    Fault(
        "a release that was used is not told",
        run.Run.used_releases,
        "if authorization.releases and key not in unfinished",
        "if False",
        (),
        ("run.test_a_removal_that_was_not_done_uses_no_release",),
    ),
    Fault(
        "what a guard kept from going is used",
        run.Run.used_releases,
        " and key not in unfinished",
        "",
        (),
        ("run.test_a_removal_that_was_not_done_uses_no_release",),
    ),
    Fault(
        "what was in doubt before the run is the run's",
        run._WrittenKeys.__contains__,
        "key in self.plan.overwrites or key in self.tally.doubtful",
        "key in self.plan.overwrites",
        (),
        ("run.test_a_write_in_doubt_does_not_claim_an_agents_in_the_same_run",),
    ),
)
