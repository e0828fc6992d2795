"""Who touched a live entry last, and when: what a later opt-out is told by."""

import re
from collections.abc import Container, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone

from reconciler.core.model.entries import Key, Release
from reconciler.core.model.live import Live, LiveEntry
from reconciler.core.planning.change import Action, Change
from reconciler.core.planning.ports import History, Others
from reconciler.core.planning.state import HeldClaim

_EARLIEST_ZONE = timezone(timedelta(hours=14))
_LATEST_ZONE = timezone(timedelta(hours=-12))
_FIRST_DAY = date(1, 1, 2)  # the day before began in the year 0, which no moment can tell
_WITH_TIME = re.compile(r"[T ][0-9]{2}:?[0-9]{2}")


@dataclass(frozen=True, slots=True)
class Present:
    """History up to this moment: what the reports tell, and what the run that is under way has written."""

    past: History
    wrote: Container[Key]

    def ours(self, key: Key, touched: datetime) -> bool:
        """Tell whether a run that reports having written this number, or this one, was writing then."""
        return key in self.wrote or self.past.ours(key, touched)

    def first_held(self, key: Key, claim: HeldClaim) -> datetime | None:
        """Say since when this file's claim has been held, as the reports tell."""
        return self.past.first_held(key, claim)

    def first_claimed(self, key: Key, claim: HeldClaim) -> datetime | None:
        """Say since when a claim at least as strong, of the same kind, has been held."""
        return self.past.first_claimed(key, claim)

    def used(self, release: Release) -> bool:
        """Tell whether a report names the release as what let a claim go."""
        return self.past.used(release)

    def latest_request(self, key: Key, since: date, *, registry: bool) -> date | None:
        """Give the latest request, or registry's copy, under which reports since that day held the number."""
        return self.past.latest_request(key, since, registry=registry)

    def taken_off(self, key: Key) -> bool:
        """Tell whether a permission of ours ever took the number off."""
        return self.past.taken_off(key)

    def others(self, key: Key) -> Others | None:
        """Say what others have in the number's entry, as the reports tell."""
        return self.past.others(key)

    def vouched(self, key: Key, claim: HeldClaim) -> bool:
        """Tell whether git has a kept claim as the report says."""
        return self.past.vouched(key, claim)

    def accounted(self, key: Key) -> bool:
        """Tell whether every claim that reports held on the number went on, or went by what git permits."""
        return self.past.accounted(key)


@dataclass(frozen=True, slots=True)
class Touch:
    """When an entry was touched: `at` as read, a time without a zone as UTC; `latest` in whichever zone."""

    at: datetime
    latest: datetime


def touch_of(entry: LiveEntry) -> Touch | None:
    """Read `lastModifiedTime`; None when it is no usable time. A day without a time is none."""
    return moment_of(entry.modified)


def moment_of(modified: str | None) -> Touch | None:
    """Read a `lastModifiedTime` as received; None when it is no usable time."""
    text = modified or ""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if _WITH_TIME.search(text) is None:
        return None
    if moment.tzinfo:
        return Touch(moment, moment)
    return Touch(moment.replace(tzinfo=UTC), moment.replace(tzinfo=_LATEST_ZONE))


def first_moment(day: date) -> datetime:
    """Give the first moment of a day anywhere on Earth (at UTC+14). One that UTC cannot tell counts later."""
    return datetime.combine(max(day, _FIRST_DAY), time.min, _EARLIEST_ZONE)


def last_day(moment: datetime) -> date:
    """Give the day of a moment where the day ends last (at UTC-12)."""
    return moment.astimezone(_LATEST_ZONE).date()


def overwrites(changes: Iterable[Change], live: Live, history: History) -> frozenset[Key]:
    """Name the numbers that would be written over what somebody else touched last, or may have.

    Such a write leaves our time on their opt-out. A report must not count it among what the run wrote, or a
    release from before that opt-out would let the number off. A number that a read which did not add up lacks
    may well be there, whoever put it there.
    """
    return frozenset(
        key
        for c in changes
        if c.goes and (c.action is Action.UPDATE or (c.action is Action.CREATE and not live.complete))
        for key in c.keys
        if _theirs(key, live, history)
    )


def _theirs(key: Key, live: Live, history: History) -> bool:
    entry = live.get(key)
    touch = None if entry is None else touch_of(entry)
    return touch is None or not history.ours(key, touch.at)
