"""Seeded faults of what is written before the read."""

from reconciler.core.apply import early
from reconciler.core.planning import counted
from reconciler.core.planning import early as choice
from reconciler.cxone.entries import dialect
from tests.properties.seeding import Fault

_LAWS = ("an_early_write_hides_no_request",)

EARLY_WRITE_FAULTS = (
    Fault(
        "an early write counts as our touch",
        early.EarlyWrites.overwrites,
        "self.keys - self.own",
        "set()",
        _LAWS,
    ),
    Fault(
        "totals alone tell that an early write is ours",
        early.EarlySender._own_keys,
        "after - self._before == len(new)",
        "after >= self._before",
        _LAWS,
    ),
    Fault(
        "a dated entry goes early",
        dialect._is_endless,
        "terms.expiration_policy is Policy.NEVER and terms.end is None",
        "True",
        _LAWS,
        ("choice.test_only_what_no_entry_can_exceed_goes",),
    ),
    Fault(
        "a weaker reason goes early",
        dialect.EntriesDialect.is_unsurpassed,
        "terms.reason_code is ReasonCode.CUSTOMER_REQUESTED and ",
        "",
        _LAWS,
        ("choice.test_only_what_no_entry_can_exceed_goes",),
    ),
    Fault(
        "what nobody holds yet is written early",
        choice._early_writes,
        "if facts.last_applied.revision is None:",
        "if False:",
        (),
        ("choice.test_nothing_is_early_where_nothing_is_held",),
    ),
    Fault(
        "an early refusal is forgotten",
        early.left_to_send,
        "if action is not Action.CREATE:",
        "if action is not Action.CREATE or result.outcome is Outcome.REJECTED:",
        ("exposing_after_protective", "every_change_has_one_outcome"),
        ("early.test_a_refusal_holds_back_what_exposes_the_phone",),
    ),
    Fault(
        "what went early goes again",
        early.left_to_send,
        "(change.list_id, p) not in done",
        "True",
        (),
        ("early.test_what_was_seen_is_not_sent_again",),
    ),
    Fault(
        "without a read what went early goes again",
        early.left_to_send,
        "(early.live is None and is_sent)",
        "False",
        (),
        ("early.test_without_a_read_nothing_is_sent_twice",),
    ),
    Fault(
        "what is permitted needs no read",
        counted._kept_as_before,
        """else:
                return None""",
        """else:
                same.append(key[1])""",
        (),
        ("counted.test_a_lapse_needs_the_read",),
    ),
    Fault(
        "terms that got stronger need no read",
        counted._is_anything_waiting,
        "projected != was and",
        "False and",
        (),
        ("counted.test_terms_that_got_stronger_wait_for_the_read",),
    ),
    Fault(
        "what was only counted has to raise the total",
        early.EarlySender._new_count,
        "if write.key not in self._counted",
        "if True",
        (),
        ("early.test_what_was_only_counted_need_not_raise_the_total",),
    ),
    Fault(
        "a total that did not rise is enough",
        early.EarlySender.send,
        "after - self._before >= self._new_count(",
        "after >= 0 * self._new_count(",
        (),
        ("early.test_a_total_that_does_not_rise_is_not_enough",),
    ),
)
