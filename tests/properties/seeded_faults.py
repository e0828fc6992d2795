"""Seeded faults: one small mutation each, and the laws or tests that must notice it."""

from reconciler.core.apply import run, sender
from reconciler.core.model import entries
from reconciler.core.planning import change, chunks, diff, guards
from tests.properties.seeded_early_writes import EARLY_WRITE_FAULTS
from tests.properties.seeded_holds_and_deadlines import HOLD_AND_DEADLINE_FAULTS
from tests.properties.seeded_permission import PERMISSION_FAULTS
from tests.properties.seeded_permission_rules import PERMISSION_RULE_FAULTS
from tests.properties.seeding import Fault

_Table, _Look = diff._DiffTable, run._VerificationRead

DELETE_UNMANAGED = """if authorization is None:
        self._add_change(Action.DELETE, key, Direction.EXPOSING, Reason.VANISHED, live_terms, None)
    elif False:"""

FAULTS = (
    *PERMISSION_FAULTS,
    *HOLD_AND_DEADLINE_FAULTS,
    *PERMISSION_RULE_FAULTS,
    *EARLY_WRITE_FAULTS,
    # The table
    Fault(
        "what nobody holds is deleted",
        _Table._add_unexpected,
        "if authorization is None:",
        DELETE_UNMANAGED,
        (
            "what_is_not_ours_is_untouched",
            "nothing_goes_without_permission",
            "live_from_first_entry_to_last_permission",
        ),
    ),
    Fault(
        "live that is stronger is written over",
        _Table._add_different,
        "if actual > target_strength:",
        "if False:",
        (
            "nothing_goes_without_permission",
            "what_is_not_ours_is_untouched",
            "live_from_first_entry_to_last_permission",
        ),
    ),
    Fault(
        "live that is weaker is left",
        _Table._add_different,
        "if actual > target_strength:",
        "if actual != target_strength:",
        ("applying_converges", "live_from_first_entry_to_last_permission"),
    ),
    Fault(
        "a number that is missing is left",
        _Table._add_missing,
        "if key in self._last_applied:",
        "if key in self._last_applied:\n        return\n    if False:",
        ("applying_converges", "live_from_first_entry_to_last_permission"),
    ),
    Fault(
        "the order of strength is reversed",
        entries.strongest_terms,
        "> other.precedence",
        "< other.precedence",
        ("live_from_first_entry_to_last_permission",),
        ("table.test_several_claims_stand_with_the_strongest_terms",),
    ),
    Fault(
        "entries in the order of the files",
        diff._DiffTable.changes,
        "tuple(sorted(phones))",
        "tuple(phones)",
        (),
        ("plan.test_numbers_of_one_fate_are_one_change_and_sorted",),
    ),
    Fault(
        "between equals the last file wins",
        entries.strongest_terms,
        "terms.precedence > other.precedence",
        "terms.strength >= other.strength",
        ("digest_ignores_order",),
        ("table.test_between_equals_the_order_of_files_decides_nothing",),
    ),
    # Guards
    Fault(
        "a budget off by one",
        guards._apply_list_guards,
        "size > removal_budget(list_id, last_applied, limits, circumstances)",
        "size > 1 + removal_budget(list_id, last_applied, limits, circumstances)",
        (),
        ("guards.test_within_the_budget_all_go_and_over_it_none",),
    ),
    Fault(
        "the last days are forgotten",
        guards.removal_budget,
        " - circumstances.recent_removals.get(list_id, 0)",
        "",
        (),
        ("guards.test_what_the_last_days_took_off_counts",),
    ),
    Fault(
        "a chain that has just begun has a whole budget",
        guards.removal_budget,
        "0 if list_id in circumstances.young_lists else ",
        "",
        (),
        ("rules.test_the_chain_of_a_week_has_the_least_budget",),
    ),
    Fault(
        "a limit of 0 is a limit of 5",
        guards.removal_budget,
        "return 0",
        "return 5",
        (),
        ("guards.test_a_limit_of_none_holds_for_everything_but_what_is_allowed",),
    ),
    Fault(
        "more is allowed than the plan's number",
        guards._apply_list_guards,
        "total == limits.allow",
        "total <= limits.allow",
        (),
        ("guards.test_more_than_the_plans_number_is_not_it",),
    ),
    Fault(
        "a list is emptied",
        guards._has_remaining,
        "return any(",
        "return True or any(",
        (),
        ("guards.test_a_new_number_does_not_make_up_for_all_that_go",),
    ),
    Fault(
        "rows that nobody saw come off",
        guards._number_blocks,
        "key in live.unseen",
        "False",
        ("exposing_after_protective",),
    ),
    Fault(
        "a refusal does not hold back",
        guards._number_blocks,
        "key[1] in circumstances.refused_phones",
        "False",
        ("exposing_after_protective",),
    ),
    Fault(
        "an unknown does not hold back",
        run._exposing_block,
        "Outcome.UNKNOWN, Outcome.NOT_ATTEMPTED",
        "Outcome.REJECTED",
        ("exposing_after_protective",),
    ),
    Fault(
        "an earlier plan does not bind",
        guards._number_blocks,
        "circumstances.approved_changes is not None",
        "False",
        (),
        ("guards.test_only_what_an_earlier_plan_showed_goes",),
    ),
    Fault(
        "removal: none removes",
        guards.apply_guards,
        "if not setting.limits.removable:",
        "if False:",
        (),
        ("guards.test_without_removal_it_is_left_to_people_and_nothing_is_blocked",),
    ),
    Fault(
        "a blocked change goes",
        change.Change.is_allowed,
        "return not self.blocked_by",
        "return True",
        ("nothing_goes_without_permission", "live_from_first_entry_to_last_permission"),
    ),
    # Apply
    Fault(
        "exposing before protective",
        run.carry_out,
        "applier.upsert(waiting)",
        """applier.remove(plan.allowed_changes(Direction.EXPOSING), live)
    applier.upsert(waiting)""",
        ("exposing_after_protective",),
    ),
    Fault(
        "no second decision",
        run.carry_out,
        """final_plan = decide(after, refused=refused_phones, hold_back=block, wrote=written_keys)
    if""",
        """final_plan = plan
    if""",
        ("exposing_after_protective", "live_from_first_entry_to_last_permission"),
    ),
    Fault(
        "no read-back before what is exposing",
        _Look.read_back,
        "if not self.full and not _has_stored(sent, tally):",
        "if True:",
        ("exposing_after_protective",),
    ),
    Fault(
        "exposing changes are lost",
        sender.Applier.upsert,
        "changes = tuple(changes)",
        "changes = iter(tuple(changes))",
        ("applying_converges",),
    ),
    Fault(
        "a phone is twice in a chunk",
        chunks._pack,
        "if write.phone in phones:",
        "if False:",
        ("chunks_are_the_plan",),
    ),
    Fault(
        "a chunk is one too large",
        chunks._pack,
        "len(chunk) < size",
        "len(chunk) <= size",
        ("chunks_are_few",),
    ),
    Fault(
        "a chunk of one list is one too large",
        chunks._slices,
        "islice(writes, size)",
        "islice(writes, size + 1)",
        ("chunks_are_few",),
    ),
    Fault(
        "a phone that a chunk has closes the chunk",
        chunks._pack,
        "passed.append(write)",
        "passed.append(write); break",
        ("chunks_are_few",),
    ),
    Fault(
        "what waits goes behind all others",
        chunks._pack,
        "waiting.popleft() if waiting else next(writes, None)",
        "next(writes, None) or (waiting.popleft() if waiting else None)",
        ("chunks_are_few",),
    ),
    Fault(
        "copies of a phone go in the order of lists",
        chunks._most_copies_first,
        "level = copies.get(write.phone, 1)",
        "level = 1",
        ("chunks_are_few",),
    ),
    Fault(
        "a list's chunks do not wait for a nearer deadline",
        chunks.split_into_chunks,
        "sorted(chunks, key=lambda one: one[:2])",
        "chunks",
        ("chunks_are_few",),
    ),
    Fault(
        "the second half goes first",
        sender.Applier._halve,
        "put_first(chunk[:half], chunk[half:])",
        "put_first(chunk[half:], chunk[:half])",
        ("chunks_are_the_plan",),
    ),
    Fault(
        "half a chunk is lost",
        sender.Applier._halve,
        "put_first(chunk[:half], chunk[half:])",
        "put_first(chunk[:half])",
        ("chunks_are_the_plan", "every_change_has_one_outcome"),
    ),
    Fault(
        "what was never sent is not told",
        sender.Applier.upsert,
        "for chunk in queue:",
        "for chunk in ():",
        ("every_change_has_one_outcome",),
    ),
    Fault(
        "what the read-back does not find is applied",
        sender.Applier.verify,
        "if terms is None:",
        "if terms is None:\n                continue\n            if False:",
        ("every_change_has_one_outcome",),
    ),
    Fault(
        "twins stay behind",
        sender.Applier._remove_one,
        "(*live.duplicate_ids.get(key, ()), entry.id)",
        "(entry.id,)",
        (),
        ("applier.test_twins_go_before_the_entry_and_what_is_left_keeps_the_number_silent",),
    ),
)
