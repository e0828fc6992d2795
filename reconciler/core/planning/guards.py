"""What has permission may still not go: by hand, over the budget, out of sight, or refused elsewhere."""

import math
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from reconciler.core.model.entries import Key, ReasonCode
from reconciler.core.model.live import Live
from reconciler.core.planning.change import Action, BlockedBy, Change, Reason
from reconciler.core.planning.inputs import Limits, PlanFacts
from reconciler.core.planning.state import LastApplied, TargetState

# A small list must be able to lose a few numbers, whatever one percent of it is.
LEAST_BUDGET = 5
# A list of this many held numbers or more is never emptied.
NEVER_EMPTIED = 10


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a run has met so far that bears on exposing changes.

    `recent_removals` counts, by list, what the reports of the last 7 days took off. `refused_phones` are
    phones whose protective change was refused. `general_block` blocks every exposing change, with its reason.
    `approved_changes` are the exposing (action, list, phone) that an earlier plan showed; None: no such plan
    binds this one. `blocked_before` says what that plan kept, and why: it keeps its reasons.
    `protective_sent`: protective changes have been sent, so a MOVED number is on its new list or it is not.
    `written_keys` are numbers that this run has written, no report telling of it yet: their last touch is
    ours. `young_lists` are lists whose chain of reports began less than 7 days ago: they have the least
    budget.
    """

    recent_removals: Mapping[str, int] = field(default_factory=dict)
    refused_phones: frozenset[str] = frozenset()
    general_block: BlockedBy | None = None
    approved_changes: frozenset[tuple[Action, str, str]] | None = None
    blocked_before: Mapping[Key, tuple[BlockedBy, ...]] = field(default_factory=dict)
    protective_sent: bool = False
    written_keys: Container[Key] = frozenset()
    young_lists: Container[str] = frozenset()

    def block_for(self, phone: str) -> BlockedBy | None:
        """Say why no claim on the number may end in this run, with a change in CXone or without."""
        return self.general_block or (BlockedBy.REFUSED_ELSEWHERE if phone in self.refused_phones else None)


def removal_budget(
    list_id: str, last_applied: LastApplied, limits: Limits, circumstances: Circumstances
) -> int:
    """Say how many exposing changes a list may still have: never fewer than none."""
    if not limits.max_removals or not limits.max_removal_percent:
        return 0
    size = 0 if list_id in circumstances.young_lists else last_applied.counts.get(list_id, 0)
    share = math.floor(min(limits.max_removals, size * limits.max_removal_percent / 100))
    return max(0, max(LEAST_BUDGET, share) - circumstances.recent_removals.get(list_id, 0))


@dataclass(frozen=True, slots=True)
class ListBudget:
    """A list's removals and its budget of the last 7 days.

    `limited_by` is what sets the limit: a key of `safety` in dnc.yaml, `least` (a small list) or `young` (a
    chain of reports of less than 7 days). `is_held_back`: none of the removals goes.
    """

    list_id: str
    wanted: int
    limit: int
    limited_by: str
    used: int
    left: int
    is_held_back: bool


@dataclass(frozen=True, slots=True)
class RemovalBudget:
    """What a plan would remove or weaken, as far as only the limits decide, against the limits.

    `wanted` counts it on all lists: `--allow-removals` must be this number. `allowed` is the number that was
    given; None: none was.
    """

    wanted: int = 0
    allowed: int | None = None
    lists: tuple[ListBudget, ...] = ()

    @property
    def is_mismatch(self) -> bool:
        """Tell whether a number was given, and is not the plan's."""
        return self.allowed is not None and self.allowed != self.wanted

    @property
    def is_holding_back(self) -> bool:
        """Tell whether the limits hold anything back."""
        return any(one.is_held_back for one in self.lists)


_LIST_GUARDS = frozenset({BlockedBy.BUDGET, BlockedBy.WOULD_EMPTY_LIST})


def budget_of(changes: Iterable[Change], setting: PlanFacts, circumstances: Circumstances) -> RemovalBudget:
    """Compare removals with the limits. `changes` are decided."""
    wanted: dict[str, int] = {}
    held_back: set[str] = set()
    for change in changes:
        is_authorized = change.is_exposing and change.reason is not Reason.VANISHED
        if is_authorized and _LIST_GUARDS.issuperset(change.blocked_by):
            wanted[change.list_id] = wanted.get(change.list_id, 0) + len(change.phones)
            held_back |= {change.list_id} if change.blocked_by else set()
    lists = (
        _list_budget(list_id, count, setting, circumstances, is_held_back=list_id in held_back)
        for list_id, count in sorted(wanted.items())
    )
    return RemovalBudget(sum(wanted.values()), setting.limits.allow, tuple(lists))


def _list_budget(
    list_id: str, wanted: int, setting: PlanFacts, circumstances: Circumstances, *, is_held_back: bool
) -> ListBudget:
    last_applied, limits = setting.last_applied, setting.limits
    unused = replace(circumstances, recent_removals={})
    return ListBudget(
        list_id,
        wanted,
        removal_budget(list_id, last_applied, limits, unused),
        _limited_by(list_id, last_applied, limits, circumstances),
        circumstances.recent_removals.get(list_id, 0),
        removal_budget(list_id, last_applied, limits, circumstances),
        is_held_back,
    )


def _limited_by(list_id: str, last_applied: LastApplied, limits: Limits, circumstances: Circumstances) -> str:
    if not limits.max_removals:
        return "maxRemovals"
    if not limits.max_removal_percent:
        return "maxRemovalPercent"
    if list_id in circumstances.young_lists:
        return "young"
    share = last_applied.counts.get(list_id, 0) * limits.max_removal_percent / 100
    if math.floor(min(limits.max_removals, share)) <= LEAST_BUDGET:
        return "least"
    return "maxRemovals" if limits.max_removals <= share else "maxRemovalPercent"


def apply_guards(
    changes: Iterable[Change],
    target_state: TargetState,
    setting: PlanFacts,
    live: Live,
    circumstances: Circumstances,
) -> tuple[Change, ...]:
    """Hold back what the guards do not let go; protective changes pass untouched."""
    decided: list[Change] = []
    candidates: list[Change] = []
    for change in changes:
        (candidates if change.is_exposing and change.is_allowed else decided).append(change)
    block = circumstances.general_block
    if block is not None and block in {
        BlockedBy.OTHER_CHAIN,
        BlockedBy.LATER_OPT_OUT,
        BlockedBy.INVALID_FILES,
    }:
        # What is held, meant, or the time is in doubt itself: nobody must take anything off by hand either.
        return (*decided, *(part for c in candidates for part in _block_all(c, block)))
    if not setting.limits.removable:
        by_hand = [part for c in candidates for part in _block_all(c, BlockedBy.UNSUPPORTED, by_hand=True)]
        return (*decided, *by_hand)
    number_guarded = _block_each(
        candidates, lambda key, change: _number_blocks(key, change, live, circumstances)
    )
    allowed = [c for c in number_guarded if c.is_allowed]
    decided.extend(c for c in number_guarded if not c.is_allowed)
    return (*decided, *_apply_list_guards(allowed, target_state, setting, circumstances))


def block_over_ceiling(changes: Sequence[Change], live: Live) -> tuple[Change, ...]:
    """Leave out the creates that exceed CXone's ceiling, and let the rest go.

    Of `changes`, in order of sending, the last are left out first, and what people asked for themselves last
    of all.
    """
    creates = [c for c in changes if c.is_allowed and c.action is Action.CREATE]
    capacity = None if live.ceiling is None else max(0, live.ceiling - live.entry_count)
    excess = 0 if capacity is None else sum(len(c.phones) for c in creates) - capacity
    if excess <= 0:
        return tuple(changes)
    left_out: dict[int, tuple[str, ...]] = {}
    creates.reverse()
    for change in sorted(creates, key=_is_direct):
        left_out[id(change)] = change.phones[max(0, len(change.phones) - excess) :] if excess > 0 else ()
        excess -= len(left_out[id(change)])
    blocks = frozenset({BlockedBy.OVER_CEILING})
    return tuple(part for c in changes for part in c.split(dict.fromkeys(left_out.get(id(c), ()), blocks)))


def _is_direct(change: Change) -> bool:
    """Tell whether the persons themselves asked not to be called."""
    return change.after is not None and change.after.reason_code is ReasonCode.CUSTOMER_REQUESTED


def _block_all(change: Change, block: BlockedBy, *, by_hand: bool = False) -> list[Change]:
    return change.split(dict.fromkeys(change.phones, frozenset({block})), by_hand=by_hand)


def _block_each(
    changes: Iterable[Change], blocks_for: Callable[[Key, Change], frozenset[BlockedBy]]
) -> list[Change]:
    return [
        part
        for c in changes
        for part in c.split({phone: blocks_for((c.list_id, phone), c) for phone in c.phones})
    ]


def _number_blocks(
    key: Key, change: Change, live: Live, circumstances: Circumstances
) -> frozenset[BlockedBy]:
    if blocks_before := circumstances.blocked_before.get(key):
        return frozenset(blocks_before)
    blocks = set()
    if key in live.unseen:
        blocks.add(BlockedBy.INCOMPLETE_READ)
    if key[1] in circumstances.refused_phones:
        blocks.add(BlockedBy.REFUSED_ELSEWHERE)
    if circumstances.general_block:
        blocks.add(circumstances.general_block)
    if (
        circumstances.approved_changes is not None
        and (change.action, *key) not in circumstances.approved_changes
    ):
        blocks.add(BlockedBy.SUPERSEDED)
    return frozenset(blocks)


def _apply_list_guards(
    changes: list[Change], target_state: TargetState, setting: PlanFacts, circumstances: Circumstances
) -> list[Change]:
    last_applied, limits = setting.last_applied, setting.limits
    total = sum(len(c.phones) for c in changes)
    if limits.allow is not None and (
        total == limits.allow or (circumstances.protective_sent and total < limits.allow)
    ):
        return changes  # exactly the plan's number; what others did since may only have made it smaller
    sizes: dict[str, int] = {}
    for c in changes:
        sizes[c.list_id] = sizes.get(c.list_id, 0) + len(c.phones)
    blocks_by_list: dict[str, frozenset[BlockedBy]] = {}
    for list_id, size in sizes.items():
        blocks = set()
        if limits.allow is not None or size > removal_budget(list_id, last_applied, limits, circumstances):
            blocks.add(BlockedBy.BUDGET)
        if last_applied.counts.get(list_id, 0) >= NEVER_EMPTIED and not _has_remaining(
            list_id, target_state, last_applied
        ):
            blocks.add(BlockedBy.WOULD_EMPTY_LIST)
        blocks_by_list[list_id] = frozenset(blocks)
    return _block_each(changes, lambda key, _: blocks_by_list[key[0]])


def _has_remaining(list_id: str, target_state: TargetState, last_applied: LastApplied) -> bool:
    """Tell whether any number that is held today is still wanted on the list."""
    return any((list_id, phone) in last_applied for phone in target_state.lists.get(list_id, {}))
