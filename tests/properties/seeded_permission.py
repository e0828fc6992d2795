"""Seeded faults in permission and in what is held."""

from reconciler.core.apply import run
from reconciler.core.planning import modifications, permission, state, verdict
from tests.properties.seeding import Fault

_Judge = verdict.Judge

PERMISSION_FAULTS = (
    # Permission
    Fault(
        "no permission is needed",
        _Judge._permission,
        "return Verdict(blocked_by=tuple(why or [BlockedBy.NO_RELEASE]))",
        "return Verdict(Reason.RELEASED)",
        (8, 14),
    ),
    Fault(
        "any release fits",
        _Judge._fits,
        "return release.reason in FITTING[claim.terms.reason_code]",
        "return True",
        (14,),
    ),
    Fault(
        "a spent release is as good as new",
        _Judge._spent,
        "return held.stood(key)",
        "return False",
        (14,),
        ("permission.test_a_release_beside_a_standing_claim_is_spent",),
    ),
    Fault(
        "a spent release is forgotten while the number is kept",
        _Judge._spent,
        "return later or BlockedBy.NO_RELEASE in kept.blocked_by",
        "return held.stood(key)",
        (14,),
        ("permission.test_a_spent_release_stays_spent_while_the_number_is_kept",),
    ),
    Fault(
        "MOVED without arrival",
        _Judge._arrived,
        "if terms is None or self._arriving:",
        "if True:",
        (),
        ("permission.test_moved_waits_until_what_is_live_there_says_as_much",),
    ),
    Fault(
        "MOVED to a list that it leaves too",
        _Judge._arrived,
        "for f in self.claiming(there)",
        "for f in self._setting.held.files if f.list_id == there[0] and there[1] in f.numbers",
        (14,),
        ("permission.test_a_number_that_is_about_to_leave_the_other_list_has_not_arrived",),
    ),
    Fault(
        "a later opt-out does not count",
        _Judge._opted_out_since,
        "return touch.latest >= since and",
        "return False and",
        (13,),
    ),
    Fault(
        "a later opt-out does not stop a lapse",
        _Judge._permission,
        "if not self._others_keep(key, claim):",
        "if True:",
        (13,),
    ),
    Fault(
        "stronger than held is no opt-out",
        _Judge._opted_out_since,
        "> held",
        "> (9, 9)",
        (14,),
        ("opt-out.test_stronger_than_held_is_a_later_opt_out",),
    ),
    Fault(
        "no usable time counts as untouched",
        _Judge._opted_out_since,
        "touch is None or since is None:\n        return True",
        "touch is None or since is None:\n        return False",
        (),
        ("opt-out.test_a_touch_nobody_can_date_counts",),
    ),
    Fault(
        "every touch is ours",
        _Judge._opted_out_since,
        "not self._history.ours(key, touch.at)",
        "False",
        (13,),
    ),
    Fault(
        "a release counts from the end of its day", modifications.first_moment, "time.min", "time.max", (13,)
    ),
    Fault(
        "what was written over passes for ours",
        modifications.overwrites,
        "c.action is Action.UPDATE",
        "False",
        (13, 14),
        ("opt-out.test_writing_over_somebody_elses_touch_is_told_apart",),
    ),
    Fault(
        "an end that moved earlier is a lapse",
        _Judge._permission,
        "claim.terms.over(self._setting.as_of)",
        "claim.terms.end",
        (8, 14),
    ),
    Fault(
        "a weaker line covers",
        state.HeldClaim.stood_in_for,
        "terms.strength >= self.terms.strength",
        "True",
        (8, 14),
    ),
    Fault(
        "one claim's permission is every claim's",
        permission._Sorted.sort,
        "if staying:",
        "if staying and not going:",
        (14,),
        ("permission.test_every_claim_needs_its_permission",),
    ),
    Fault(
        "weakening needs no permission",
        permission._with_kept,
        "best.strength > other.strength",
        "False",
        (8, 14),
        ("table.test_weakened_without_permission_is_restored_as_held",),
    ),
    Fault(
        "only lines of the same file are looked at",
        permission._doubtful,
        "seen: set[Key] = set(held.kept)",
        "return",
        (8, 14),
    ),
    Fault("kept is not carried over", state.Held.claims, "if key in self.kept:", "if False:", (14,)),
    Fault(
        "not live is held all the same",
        state.Held.claims,
        "if key not in self.not_live:",
        "if True:",
        (9,),
        ("table.test_a_number_that_was_not_live_is_not_held",),
    ),
    Fault(
        "what a guard kept is forgotten",
        run.Run.kept,
        "grant is not None and not",
        "grant is not None and False and not",
        (),
        ("run.test_removal_by_hand_stays_kept_until_somebody_does_it",),
    ),
    Fault(
        "any registry's claim explains any registry's entry",
        permission.unclaimed_registry,
        "terms.registry and terms.strength >= shown.strength",
        "terms.registry",
        (),
        ("rules.test_a_states_claim_does_not_explain_an_entry_of_the_national_registry",),
    ),
)
