"""Seeded faults in holds and in honour-by dates."""

from reconciler.core.model import entries
from reconciler.core.planning import deadlines, diff, state, verdict
from tests.properties.seeding import Fault

_Judge, _Table = verdict.EntryJudge, diff._DiffTable

ON_HOLD = "if any(hold.covers(key) for hold in self._holds):"
OTHERWISE = ON_HOLD[:-1] + " and "

HOLD_AND_DEADLINE_FAULTS = (
    # Holds
    Fault(
        "a hold keeps nothing",
        _Judge.verdict,
        ON_HOLD,
        "if False:",
        ("holds_hold", "live_from_first_entry_to_last_permission"),
    ),
    Fault(
        "a hold is ignored for releases",
        _Judge.verdict,
        ON_HOLD,
        OTHERWISE + "verdict.reason is not Reason.RELEASED:",
        ("holds_hold",),
    ),
    Fault(
        "a hold is ignored for lapses",
        _Judge.verdict,
        ON_HOLD,
        OTHERWISE + "verdict.reason is not Reason.LAPSED:",
        ("holds_hold",),
    ),
    Fault(
        "a hold is ignored for weakening",
        _Judge.verdict,
        ON_HOLD,
        OTHERWISE + "not any(key[1] in f.numbers for f in self.by_list.get(key[0], ())):",
        ("holds_hold",),
    ),
    Fault(
        "a hold is ignored where the number moves",
        _Judge.verdict,
        ON_HOLD,
        OTHERWISE + "not any(r.to for r in self._inputs.declared.releases.get(key, ())):",
        ("holds_hold",),
    ),
    Fault("a hold does not name everything", entries.Hold.covers, "self.everything or ", "", ("holds_hold",)),
    Fault(
        "a hold does not name its list",
        entries.Hold.covers,
        "key[0] == self.list_id",
        "False",
        ("holds_hold",),
    ),
    Fault(
        "a hold does not name its numbers",
        entries.Hold.covers,
        " or key[1] in self.phones",
        "",
        ("holds_hold",),
    ),
    Fault(
        "a hold ends a day early",
        entries.Hold.is_active,
        "as_of <= self.until",
        "as_of < self.until",
        ("holds_hold",),
    ),
    Fault(
        "a hold without an end does not stand",
        entries.Hold.is_active,
        "self.until is None or",
        "self.until is not None and",
        ("holds_hold",),
    ),
    Fault(
        "a hold stands for ever",
        entries.DeclaredEntries.active_on,
        "if hold.is_active(as_of)",
        "",
        (),
        ("holds.test_a_hold_stands_until_its_last_day_is_over_everywhere",),
    ),
    Fault(
        "a release that a hold held back counts as spent",
        _Judge._is_already_used,
        "BlockedBy.NO_RELEASE in retained.blocked_by",
        "bool({BlockedBy.NO_RELEASE, BlockedBy.HOLD} & set(retained.blocked_by))",
        (),
        ("holds.test_a_release_that_a_hold_alone_held_back_is_not_spent",),
    ),
    Fault(
        "a hold hides what else keeps the number",
        _Judge.verdict,
        "(*verdict.blocked_by, BlockedBy.HOLD)",
        "(BlockedBy.HOLD,)",
        (),
        ("holds.test_it_is_said_beside_what_else_keeps_the_number",),
    ),
    Fault(
        "a hold that went a moment ago is over",
        _Judge.__init__,
        "(*active.holds, *inputs.lingering_holds)",
        "active.holds",
        ("live_from_first_entry_to_last_permission",),
        ("rules.test_a_hold_that_went_a_moment_ago_keeps_its_number",),
    ),
    Fault(
        "a hold that names less stands in",
        state.is_covered,
        "return hold.phones <= frozenset().union(*(o.phones for o in same_matter))",
        "return bool(same_matter)",
        (),
        ("holds.test_only_what_names_as_much_and_as_long_stands_in",),
    ),
    Fault(
        "a hold that ends earlier stands in",
        state._ends_no_earlier,
        "hold.until >= other.until",
        "True",
        (),
        ("holds.test_only_what_names_as_much_and_as_long_stands_in",),
    ),
    # Honour-by dates
    Fault(
        "the order ignores deadlines",
        diff._place,
        "date.max if change.due is None else change.due.due",
        "date.max",
        ("earlier_deadlines_first",),
    ),
    Fault(
        "what has no deadline goes first",
        diff._place,
        "date.max if change.due is None",
        "date.min if change.due is None",
        ("earlier_deadlines_first",),
    ),
    Fault(
        "the list comes before the deadline",
        diff._place,
        "bool(change.blocked_by),",
        "bool(change.blocked_by), change.list_id,",
        ("earlier_deadlines_first",),
    ),
    Fault(
        "the last claim's deadline counts",
        _Table._nearest_deadlines,
        "due < dues[phone]",
        "True",
        ("earlier_deadlines_first",),
    ),
    Fault(
        "only the strongest claim has a deadline",
        _Table._due_deadline,
        "if len(self._target_state.active_files[list_id]) == 1:",
        "if True:",
        ("earlier_deadlines_first",),
    ),
    Fault(
        "one deadline stands for a group",
        _Table._add_change,
        "blocked_by, due)",
        "blocked_by, None)",
        ("earlier_deadlines_first",),
    ),
    Fault(
        "a restored number is a request anew",
        _Table._add_missing,
        "Reason.RESTORED, None, terms)",
        "Reason.RESTORED, None, terms, due=self._due_deadline(key, terms))",
        ("earlier_deadlines_first",),
        ("requests.test_a_restored_number_was_live_in_time_and_goes_after_requests",),
    ),
    Fault(
        "a request is open on its due date at the earliest",
        deadlines.open_requests,
        "as_of >= change.due.target",
        "as_of >= change.due.due",
        (),
        ("requests.test_numbers_of_one_deadline_and_list_are_said_together",),
    ),
    Fault(
        "a request is past on its last day",
        deadlines.open_requests,
        "as_of > due.due",
        "as_of >= due.due",
        (),
        ("requests.test_a_request_is_open_from_its_target_on_and_past_after_its_due_date",),
    ),
    Fault(
        "late from the last day on",
        deadlines.LiveRequest.days_late,
        "(self.live_on - self.due.due).days",
        "(self.live_on - self.due.due).days + 1",
        (),
        ("requests.test_late_is_live_after_the_honour_by_date",),
    ),
)
