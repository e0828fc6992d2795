"""Seeded faults in permission and in what is held."""

from reconciler.apply import run
from reconciler.model import terms
from reconciler.planning import held, permission, touch
from tests.laws.seeding import Fault

_Judge = permission._Judge

PERMISSION_FAULTS = (
    # Permission
    Fault(
        "no permission is needed",
        _Judge._permission,
        "return why or [BlockedBy.NO_RELEASE]",
        "return Reason.RELEASED",
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
        "return self._held.stood(key)",
        "return False",
        (14,),
    ),
    Fault(
        "a spent release is forgotten while the number is kept",
        _Judge._spent,
        "return later or BlockedBy.NO_RELEASE in kept.blocked_by",
        "return self._held.stood(key)",
        (14,),
        ("permission.test_a_spent_release_stays_spent_while_the_number_is_kept",),
    ),
    Fault("MOVED without arrival", _Judge._arrived, "return stays and ", "return True or ", (14,)),
    Fault(
        "MOVED to a list that it leaves too",
        _Judge._arrived,
        "return stays and ",
        "return ",
        (14,),
        ("permission.test_moving_to_and_fro_takes_a_number_off_neither_list",),
    ),
    Fault(
        "a later opt-out does not count",
        _Judge._opted_out_since,
        "return touch.latest >= since",
        "return False",
        (13,),
    ),
    Fault(
        "a later opt-out does not stop a lapse",
        _Judge._permission,
        "if not self._opted_out_since(key, since, held):",
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
    Fault("a release counts from the end of its day", touch.first_moment, "time.min", "time.max", (13,)),
    Fault(
        "what was written over passes for ours",
        touch.overwrites,
        "c.action is Action.UPDATE",
        "False",
        (13, 14),
    ),
    Fault(
        "a registry's entry lapses",
        terms.Terms.over,
        " and self.reason_code not in REGISTRY_REASONS",
        "",
        (14,),
    ),
    Fault(
        "an end that moved earlier is a lapse",
        _Judge._permission,
        "claim.terms.over(self._as_of)",
        "claim.terms.end",
        (8, 14),
    ),
    Fault("a weaker line covers", _Judge._covered, "terms.strength < claim.terms.strength", "False", (8, 14)),
    Fault("a line of another kind covers", _Judge._covered, "or same_kind", "or True", (14,)),
    Fault(
        "one claim's permission is every claim's",
        _Judge.judge,
        "if staying:",
        "if staying and not going:",
        (14,),
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
    Fault("kept is not carried over", held.Held.claims, "if key in self.kept:", "if False:", (14,)),
    Fault(
        "not live is held all the same",
        held.Held.claims,
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
        ("run.test_a_refusal_holds_its_phone_back_on_every_list",),
    ),
)
