"""Dialect `dnc-groups`: what its wire carries. Pure.

The facts of this dialect are read from clients generated out of NICE's own OpenAPI files, from NICE's help
and developer pages, and from public code, in November 2026. What none of them tells is said to be unknown.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from reconciler.model.provider import Shape
from reconciler.model.terms import Carried, Terms

CEILING = 1_000_000  # NICE's help: records of a whole environment, calling lists and DNC together
_SHAPE = Shape(1000, one_list=True, per_removal=3)  # looked up, expired, looked up again
_ENDLESS = date.max.toordinal() + 1
REMOVAL_NOTE = (
    "taking a number off expires its record, which is not retroactive: calling lists loaded before stay "
    "scrubbed, lists loaded later can dial the number"
)


@dataclass(frozen=True, slots=True)
class GroupsDialect:
    """A record holds a number and an expiry, nothing else: reason, policy and source live only in git.

    `expiredDate` is written `days_after` days after the last day, and read back the same way: two days make
    sure that the last day is over at UTC-12, unless CXone counts further east than UTC+12.
    """

    days_after: int = 2
    name: str = "dnc-groups"
    removal_note: str = REMOVAL_NOTE
    shape: Shape = _SHAPE

    def carried(self, terms: Terms) -> Carried:
        """Reduce terms to their end. A registry's number never lapses, so its record gets no expiry."""
        return Carried(end=self._end(terms))

    def strength(self, carried: Carried) -> tuple[int, ...]:
        """Order by the end, none being longest."""
        return (carried.end.toordinal() if carried.end else _ENDLESS,)

    def wire(self, terms: Terms) -> Mapping[str, str]:
        """Say what a write sends besides number and group: the expiry, where there is one."""
        end = self._end(terms)
        return {} if end is None else {"expiredDate": (end + timedelta(self.days_after)).isoformat()}

    def uncarried(self, terms: Terms) -> tuple[str, ...]:
        """Name what stays in git: all but the number and its end."""
        told = {
            "reasonCode": terms.reason_code,
            "expirationPolicy": terms.expiration_policy,
            "expirationDate": None if terms.end == self._end(terms) else terms.end,
            "requestedOn": terms.requested_on,
            "source": terms.source,
            "jurisdiction": terms.jurisdiction,
        }
        return tuple(name for name, value in told.items() if value is not None)

    def end_of(self, expired: date) -> date:
        """Give the last day that an `expiredDate` as read stands for."""
        return date.fromordinal(max(1, expired.toordinal() - self.days_after))

    def _end(self, terms: Terms) -> date | None:
        end = terms.effective_end
        # What cannot be written down as a date so much later is no end that anybody will see.
        return end if end is not None and (date.max - end).days >= self.days_after else None
