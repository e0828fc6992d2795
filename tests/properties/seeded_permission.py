"""Seeded faults in permission and in what is held."""

from reconciler.core.apply import run
from reconciler.core.planning import modifications, permission, state, verdict
from tests.properties.seeding import Fault

_Judge = verdict.EntryJudge

PERMISSION_FAULTS = (
    # Permission
    Fault(
        "no permission is needed",
        _Judge._authorization,
        "return EntryVerdict(blocked_by=tuple(blocks or [BlockedBy.NO_RELEASE]))",
        "return EntryVerdict(Reason.RELEASED)",
        ("nothing_goes_without_permission", "live_from_first_entry_to_last_permission"),
    ),
    Fault(
        "any release fits",
        _Judge._is_fitting,
        "return release.reason in FITTING[entry.terms.reason_code]",
        "return True",
        ("live_from_first_entry_to_last_permission",),
    ),
    Fault(
        "a spent release is as good as new",
        _Judge._is_already_used,
        "return last_applied.was_declared(key)",
        "return False",
        ("live_from_first_entry_to_last_permission",),
        ("permission.test_a_release_beside_a_standing_claim_is_spent",),
    ),
    Fault(
        "a spent release is forgotten while the number is kept",
        _Judge._is_already_used,
        "return has_later or BlockedBy.NO_RELEASE in retained.blocked_by",
        "return last_applied.was_declared(key)",
        ("live_from_first_entry_to_last_permission",),
        ("permission.test_a_spent_release_stays_spent_while_the_number_is_kept",),
    ),
    Fault(
        "MOVED without arrival",
        _Judge._moved_terms,
        "if terms is None or self._is_arriving:",
        "if True:",
        (),
        ("permission.test_moved_waits_until_what_is_live_there_says_as_much",),
    ),
    Fault(
        "MOVED to a list that it leaves too",
        _Judge._moved_terms,
        "for file in self.declaring_files(moved_key)",
        "for file in self._inputs.last_applied.files "
        "if file.list_id == moved_key[0] and moved_key[1] in file.numbers",
        ("live_from_first_entry_to_last_permission",),
        ("permission.test_a_number_that_is_about_to_leave_the_other_list_has_not_arrived",),
    ),
    Fault(
        "a later opt-out does not count",
        _Judge._was_modified_since,
        "return modification.latest >= since and",
        "return False and",
        ("later_opt_out_wins",),
    ),
    Fault(
        "a later opt-out does not stop a lapse",
        _Judge._authorization,
        "if not self._is_kept_for_others(key, entry):",
        "if True:",
        ("later_opt_out_wins",),
    ),
    Fault(
        "stronger than held is no opt-out",
        _Judge._was_modified_since,
        "> own_strength",
        "> (9, 9)",
        ("live_from_first_entry_to_last_permission",),
        ("opt-out.test_stronger_than_held_is_a_later_opt_out",),
    ),
    Fault(
        "no usable time counts as untouched",
        _Judge._was_modified_since,
        """modification is None or since is None:
        return True""",
        """modification is None or since is None:
        return False""",
        (),
        ("opt-out.test_a_touch_nobody_can_date_counts",),
    ),
    Fault(
        "every touch is ours",
        _Judge._was_modified_since,
        "not self._history.is_ours(key, modification.at)",
        "False",
        ("later_opt_out_wins",),
    ),
    Fault(
        "a release counts from the end of its day",
        modifications.first_moment,
        "time.min",
        "time.max",
        ("later_opt_out_wins",),
    ),
    Fault(
        "what was written over passes for ours",
        modifications.overwritten_keys,
        "c.action is Action.UPDATE",
        "False",
        ("later_opt_out_wins", "live_from_first_entry_to_last_permission"),
        ("opt-out.test_writing_over_somebody_elses_touch_is_told_apart",),
    ),
    Fault(
        "an end that moved earlier is a lapse",
        _Judge._authorization,
        "entry.terms.is_expired(self._inputs.as_of)",
        "entry.terms.end",
        ("nothing_goes_without_permission", "live_from_first_entry_to_last_permission"),
    ),
    Fault(
        "a weaker line covers",
        state.AppliedEntry.is_covered_by_terms,
        "terms.strength >= self.terms.strength",
        "True",
        ("nothing_goes_without_permission", "live_from_first_entry_to_last_permission"),
    ),
    Fault(
        "one claim's permission is every claim's",
        permission._EntryPartition.partition,
        "if retained:",
        "if retained and not authorized:",
        ("live_from_first_entry_to_last_permission",),
        ("permission.test_every_claim_needs_its_permission",),
    ),
    Fault(
        "weakening needs no permission",
        permission._with_retained,
        "best.strength > other.strength",
        "False",
        ("nothing_goes_without_permission", "live_from_first_entry_to_last_permission"),
        ("table.test_weakened_without_permission_is_restored_as_held",),
    ),
    Fault(
        "only lines of the same file are looked at",
        permission._candidate_keys,
        "seen: set[Key] = set(last_applied.retained)",
        "return",
        ("nothing_goes_without_permission", "live_from_first_entry_to_last_permission"),
    ),
    Fault(
        "kept is not carried over",
        state.LastApplied.entries,
        "if key in self.retained:",
        "if False:",
        ("live_from_first_entry_to_last_permission",),
    ),
    Fault(
        "not live is held all the same",
        state.LastApplied.entries,
        "if key not in self.not_live:",
        "if True:",
        ("what_is_not_ours_is_untouched",),
        ("table.test_a_number_that_was_not_live_is_not_held",),
    ),
    Fault(
        "what a guard kept is forgotten",
        run.Run.retained,
        "authorization is not None and not",
        "authorization is not None and False and not",
        (),
        ("run.test_removal_by_hand_stays_kept_until_somebody_does_it",),
    ),
    Fault(
        "any registry's claim explains any registry's entry",
        permission.undeclared_registry_entry,
        "terms.is_registry and terms.strength >= registry_terms.strength",
        "terms.is_registry",
        (),
        ("rules.test_a_states_claim_does_not_explain_an_entry_of_the_national_registry",),
    ),
)
