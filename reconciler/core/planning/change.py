"""A change: a group of numbers with the same action for the same reason; and whether a plan only protects."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from reconciler.core.model.deadline import Deadline
from reconciler.core.model.entries import Key, ProjectedTerms, Terms


class Action(StrEnum):
    """What is done in CXone, in the order of sending."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"


class Direction(StrEnum):
    """Towards silence, or away from it. Protective sorts first, and is sent first."""

    PROTECTIVE = "protective"
    EXPOSING = "exposing"


class Reason(StrEnum):
    """Why a change is in the plan."""

    DECLARED = "declared"  # the files say so
    RESTORED = "restored"  # we held it, and somebody took it off or weakened it in CXone
    STRENGTHENED = "strengthened"  # the files hold more of it than they did
    CORRECTED = "corrected"  # equally strong, but other terms
    RELEASED = "released"  # a release permits it
    LAPSED = "lapsed"  # the term, as held, is over
    VANISHED = "vanished"  # the line is gone or weaker, and nothing permits it


class BlockedBy(StrEnum):
    """What keeps a change from happening, nearly always an exposing one; listed in this order."""

    NO_RELEASE = "no-release"
    RELEASE_DOES_NOT_FIT = "release-does-not-fit"
    LATER_OPT_OUT = "later-opt-out"
    BUDGET = "budget"
    WOULD_EMPTY_LIST = "would-empty-list"
    INCOMPLETE_READ = "incomplete-read"
    REFUSED_ELSEWHERE = "refused-elsewhere"
    UNSUPPORTED = "unsupported"
    SUPERSEDED = "superseded"
    HOLD = "hold"
    APPROVAL = "approval"
    OTHER_CHAIN = "other-chain"
    INVALID_FILES = "invalid-files"
    OVER_CEILING = "over-ceiling"  # of a protective change: CXone takes no more entries


_BLOCK_ORDER = {blocked: place for place, blocked in enumerate(BlockedBy)}


def in_block_order(reasons: Iterable[BlockedBy]) -> tuple[BlockedBy, ...]:
    """Put reasons into their fixed order, each once."""
    return tuple(sorted(set(reasons), key=_BLOCK_ORDER.__getitem__))


@dataclass(frozen=True, slots=True)
class Change:
    """Numbers of one list to which the same happens. `phones` is sorted; `after` stands for all of them.

    `by_hand` marks what `removal: none` leaves to people: it has permission, and this tool does not do it.
    `due` is set for creates: by when these requests, which are not live, are to be.
    """

    action: Action
    list_id: str
    direction: Direction
    reason: Reason
    before: ProjectedTerms | None
    after: Terms | None
    phones: tuple[str, ...]
    blocked_by: tuple[BlockedBy, ...] = ()
    by_hand: bool = False
    due: Deadline | None = None

    @property
    def is_allowed(self) -> bool:
        """Tell whether `apply` would do it."""
        return not self.blocked_by

    @property
    def is_exposing(self) -> bool:
        """Tell whether it takes protection away."""
        return self.direction is Direction.EXPOSING

    @property
    def keys(self) -> Iterator[Key]:
        """Give the (`listId`, `phone`) of every number in it."""
        return ((self.list_id, phone) for phone in self.phones)

    def split(
        self, blocks_by_phone: Mapping[str, frozenset[BlockedBy]], *, by_hand: bool = False
    ) -> "list[Change]":
        """Cut the group by what blocks each phone; phones that `blocks_by_phone` does not name stay so."""
        parts: dict[tuple[BlockedBy, ...], list[str]] = {}
        for phone in self.phones:
            more = blocks_by_phone.get(phone)
            key = in_block_order((*self.blocked_by, *more)) if more else self.blocked_by
            parts.setdefault(key, []).append(phone)
        return [
            replace(
                self, phones=tuple(phones), blocked_by=key, by_hand=self.by_hand or (by_hand and bool(key))
            )
            for key, phones in parts.items()
        ]


class DriftKind(StrEnum):
    """What CXone has that git does not, or the other way round."""

    REMOVED = "removed"
    STRENGTHENED = "strengthened"
    UNMANAGED = "unmanaged"


@dataclass(frozen=True, slots=True)
class Drift:
    """Numbers of one list that somebody else changed in CXone. `phones` is sorted."""

    kind: DriftKind
    list_id: str
    phones: tuple[str, ...]


class PlanDirection(StrEnum):
    """What a plan comes to as a whole, over everything that `apply` would send."""

    PROTECTIVE = "protective"
    EXPOSING = "exposing"
    NONE = "none"


def plan_direction(changes: Iterable[Change]) -> PlanDirection:
    """Give a plan's direction. One exposing change is enough for `exposing`; what guards keep is not sent."""
    exposing_flags = [change.is_exposing for change in changes if change.is_allowed]
    if not exposing_flags:
        return PlanDirection.NONE
    return PlanDirection.EXPOSING if any(exposing_flags) else PlanDirection.PROTECTIVE
