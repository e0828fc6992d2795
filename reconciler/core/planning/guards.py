"""What has permission may still not go: by hand, over the budget, out of sight, or refused elsewhere."""

import math
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from reconciler.core.model.entries import Key, ReasonCode
from reconciler.core.model.live import Live
from reconciler.core.planning.change import Action, BlockedBy, Change
from reconciler.core.planning.inputs import Limits, Setting
from reconciler.core.planning.state import Held, Wanted

# A small list must be able to lose a few numbers, whatever one percent of it is.
LEAST_BUDGET = 5
# A list of this many held numbers or more is never emptied.
NEVER_EMPTIED = 10


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a run has met so far that bears on exposing changes.

    `removed_lately` counts, by list, what the reports of the last 7 days took off. `refused` are phones whose
    protective change was refused. `hold_back` blocks every exposing change, with its reason. `agreed` are
    the exposing (action, list, phone) that an earlier plan showed; None: no such plan binds this one.
    `arrived`: protective changes have been sent, so a MOVED number is on its new list or it is not. `wrote`
    are numbers that this run has written, no report telling of it yet: their last touch is ours. `young` are
    lists whose chain of reports began less than 7 days ago: they have the least budget.
    """

    removed_lately: Mapping[str, int] = field(default_factory=dict)
    refused: frozenset[str] = frozenset()
    hold_back: BlockedBy | None = None
    agreed: frozenset[tuple[Action, str, str]] | None = None
    arrived: bool = False
    wrote: Container[Key] = frozenset()
    young: Container[str] = frozenset()

    def holds_back(self, phone: str) -> BlockedBy | None:
        """Say why no claim on the number may end in this run, with a change in CXone or without."""
        return self.hold_back or (BlockedBy.REFUSED_ELSEWHERE if phone in self.refused else None)


def budget(list_id: str, held: Held, limits: Limits, met: Circumstances) -> int:
    """Say how many exposing changes a list may still have: never fewer than none."""
    if not limits.max_removals or not limits.max_removal_percent:
        return 0
    size = 0 if list_id in met.young else held.counts.get(list_id, 0)
    share = math.floor(min(limits.max_removals, size * limits.max_removal_percent / 100))
    return max(0, max(LEAST_BUDGET, share) - met.removed_lately.get(list_id, 0))


def guard(
    changes: Iterable[Change], wanted: Wanted, setting: Setting, live: Live, met: Circumstances
) -> tuple[Change, ...]:
    """Hold back what the guards do not let go; protective changes pass untouched."""
    done: list[Change] = []
    candidates: list[Change] = []
    for change in changes:
        (candidates if change.exposing and change.goes else done).append(change)
    doubt = met.hold_back
    if doubt is BlockedBy.OTHER_CHAIN or doubt is BlockedBy.LATER_OPT_OUT:
        # What is held, or the time, is in doubt itself: people must not take anything off by hand either.
        return (*done, *(part for c in candidates for part in _all(c, doubt)))
    if not setting.limits.removable:
        by_hand = [part for c in candidates for part in _all(c, BlockedBy.UNSUPPORTED, by_hand=True)]
        return (*done, *by_hand)
    by_number = _each(candidates, lambda key, change: _number_guards(key, change, live, met))
    going = [c for c in by_number if c.goes]
    done.extend(c for c in by_number if not c.goes)
    return (*done, *_list_guards(going, wanted, setting, met))


def within_ceiling(changes: Sequence[Change], live: Live) -> tuple[Change, ...]:
    """Leave out the creates that exceed CXone's ceiling, and let the rest go.

    Of `changes`, in order of sending, the last are left out first, and what people asked for themselves last
    of all.
    """
    creates = [c for c in changes if c.goes and c.action is Action.CREATE]
    room = None if live.ceiling is None else max(0, live.ceiling - live.entries)
    over = 0 if room is None else sum(len(c.phones) for c in creates) - room
    if over <= 0:
        return tuple(changes)
    left: dict[int, tuple[str, ...]] = {}
    creates.reverse()
    for change in sorted(creates, key=_is_direct):
        left[id(change)] = change.phones[max(0, len(change.phones) - over) :] if over > 0 else ()
        over -= len(left[id(change)])
    why = frozenset({BlockedBy.OVER_CEILING})
    return tuple(part for c in changes for part in c.split(dict.fromkeys(left.get(id(c), ()), why)))


def _is_direct(change: Change) -> bool:
    """Tell whether the persons themselves asked not to be called."""
    return change.after is not None and change.after.reason_code is ReasonCode.CUSTOMER_REQUESTED


def _all(change: Change, why: BlockedBy, *, by_hand: bool = False) -> list[Change]:
    return change.split(dict.fromkeys(change.phones, frozenset({why})), by_hand=by_hand)


def _each(changes: Iterable[Change], why: Callable[[Key, Change], frozenset[BlockedBy]]) -> list[Change]:
    return [
        part for c in changes for part in c.split({phone: why((c.list_id, phone), c) for phone in c.phones})
    ]


def _number_guards(key: Key, change: Change, live: Live, met: Circumstances) -> frozenset[BlockedBy]:
    why = set()
    if key in live.unseen:
        why.add(BlockedBy.INCOMPLETE_READ)
    if key[1] in met.refused:
        why.add(BlockedBy.REFUSED_ELSEWHERE)
    if met.hold_back:
        why.add(met.hold_back)
    if met.agreed is not None and (change.action, *key) not in met.agreed:
        why.add(BlockedBy.SUPERSEDED)
    return frozenset(why)


def _list_guards(going: list[Change], wanted: Wanted, setting: Setting, met: Circumstances) -> list[Change]:
    held, limits = setting.held, setting.limits
    total = sum(len(c.phones) for c in going)
    if limits.allow is not None and (total == limits.allow or (met.arrived and total < limits.allow)):
        return going  # exactly the plan's number; what others did since may only have made it smaller
    sizes: dict[str, int] = {}
    for c in going:
        sizes[c.list_id] = sizes.get(c.list_id, 0) + len(c.phones)
    why: dict[str, frozenset[BlockedBy]] = {}
    for list_id, size in sizes.items():
        reasons = set()
        if limits.allow is not None or size > budget(list_id, held, limits, met):
            reasons.add(BlockedBy.BUDGET)
        if held.counts.get(list_id, 0) >= NEVER_EMPTIED and not _anything_stays(list_id, wanted, held):
            reasons.add(BlockedBy.WOULD_EMPTY_LIST)
        why[list_id] = frozenset(reasons)
    return _each(going, lambda key, _: why[key[0]])


def _anything_stays(list_id: str, wanted: Wanted, held: Held) -> bool:
    """Tell whether any number that is held today is still wanted on the list."""
    return any((list_id, phone) in held for phone in wanted.lists.get(list_id, {}))
