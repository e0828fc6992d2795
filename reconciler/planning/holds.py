"""Holds that the files had when they were last applied and have no longer, or not as long."""

from collections.abc import Iterable, Iterator
from datetime import date

from reconciler.model.claims import Hold


def gone_holds(then: Iterable[Hold], now: Iterable[Hold], as_of: date) -> Iterator[Hold]:
    """Give the holds of then that still stand by what they said, and that no hold of now stands in for.

    A hold that reaches the `until` that it had simply ends. One that was taken out, that names less, or whose
    `until` came nearer is gone, as is one whose matter is called otherwise.
    """
    today = tuple(now)
    for hold in dict.fromkeys(then):
        if hold.stands(as_of) and not stands_in(hold, today):
            yield hold


def stands_in(hold: Hold, others: Iterable[Hold]) -> bool:
    """Tell whether holds of the same matter name all that this one names, and as long."""
    same = [o for o in others if o.matter == hold.matter and _lasts(o, hold)]
    if any(o.everything for o in same):
        return True
    if hold.everything or (hold.list_id and all(o.list_id != hold.list_id for o in same)):
        return False
    return hold.phones <= frozenset().union(*(o.phones for o in same))


def _lasts(hold: Hold, other: Hold) -> bool:
    """Tell whether a hold ends no earlier than another."""
    return hold.until is None or (other.until is not None and hold.until >= other.until)
