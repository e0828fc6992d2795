"""Numbers that vanished from one list and are new on another: most likely they moved, and nobody said so."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from reconciler.planning.change import Action, BlockedBy, Change, Reason

FEWEST = 10  # fewer may be chance: one person's opt-out here, another's slip there


@dataclass(frozen=True, slots=True, order=True)
class Move:
    """Numbers, sorted, whose lines vanished from `list_id` without a release, while `to` gets them."""

    list_id: str
    to: str
    phones: tuple[str, ...]


def moves(changes: Iterable[Change]) -> Iterator[Move]:
    """Find what looks like a move between two lists, those of many numbers only."""
    gone: dict[str, set[str]] = {}
    new: dict[str, set[str]] = {}
    for change in changes:
        if change.reason is Reason.VANISHED and BlockedBy.NO_RELEASE in change.blocked_by:
            gone.setdefault(change.list_id, set()).update(change.phones)
        elif change.action is Action.CREATE and change.reason is Reason.DECLARED:
            new.setdefault(change.list_id, set()).update(change.phones)
    for list_id, phones in sorted(gone.items()):
        for to, arrived in sorted(new.items()):
            both = phones & arrived
            if to != list_id and len(both) >= FEWEST:
                yield Move(list_id, to, tuple(sorted(both)))
