"""Who touched a live entry last, and when: what a later opt-out is told by."""

import re
from collections.abc import Container, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone

from reconciler.core.model.entries import Key, Release
from reconciler.core.model.live import Live, LiveEntry
from reconciler.core.planning.change import Action, Change
from reconciler.core.planning.ports import ForeignEntry, History
from reconciler.core.planning.state import AppliedEntry

_EARLIEST_ZONE = timezone(timedelta(hours=14))
_LATEST_ZONE = timezone(timedelta(hours=-12))
_FIRST_DAY = date(1, 1, 2)  # the day before began in the year 0, which no moment can tell
_WITH_TIME = re.compile(r"[T ][0-9]{2}:?[0-9]{2}")


@dataclass(frozen=True, slots=True)
class CurrentHistory:
    """History up to this moment: what the reports tell, and what the run that is under way has written."""

    reported: History
    written_keys: Container[Key]

    def is_ours(self, key: Key, modified_at: datetime) -> bool:
        """Tell whether a run that reports having written this number, or this one, was writing then."""
        return key in self.written_keys or self.reported.is_ours(key, modified_at)

    def applied_since(self, key: Key, entry: AppliedEntry) -> datetime | None:
        """Say since when this file's claim has been held, as the reports tell."""
        return self.reported.applied_since(key, entry)

    def covered_since(self, key: Key, entry: AppliedEntry) -> datetime | None:
        """Say since when a claim at least as strong, of the same kind, has been held."""
        return self.reported.covered_since(key, entry)

    def is_used(self, release: Release) -> bool:
        """Tell whether a report names the release as what let a claim go."""
        return self.reported.is_used(release)

    def latest_request(self, key: Key, since: date, *, registry: bool) -> date | None:
        """Give the latest request, or registry's copy, under which reports since that day held the number."""
        return self.reported.latest_request(key, since, registry=registry)

    def was_removed(self, key: Key) -> bool:
        """Tell whether a permission of ours ever took the number off."""
        return self.reported.was_removed(key)

    def foreign_entry(self, key: Key) -> ForeignEntry | None:
        """Say what others have in the number's entry, as the reports tell."""
        return self.reported.foreign_entry(key)

    def is_confirmed_by_git(self, key: Key, entry: AppliedEntry) -> bool:
        """Tell whether git has a kept claim as the report says."""
        return self.reported.is_confirmed_by_git(key, entry)

    def is_accounted_for(self, key: Key) -> bool:
        """Tell whether every claim that reports held on the number went on, or went by what git permits."""
        return self.reported.is_accounted_for(key)


@dataclass(frozen=True, slots=True)
class Modification:
    """When an entry was touched: `at` as read, a time without a zone as UTC; `latest` in whichever zone."""

    at: datetime
    latest: datetime


def modification_of(entry: LiveEntry) -> Modification | None:
    """Read `lastModifiedTime`; None when it is no usable time. A day without a time is none."""
    return parse_modification(entry.modified)


def parse_modification(modified: str | None) -> Modification | None:
    """Read a `lastModifiedTime` as received; None when it is no usable time."""
    text = modified or ""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if _WITH_TIME.search(text) is None:
        return None
    if moment.tzinfo:
        return Modification(moment, moment)
    return Modification(moment.replace(tzinfo=UTC), moment.replace(tzinfo=_LATEST_ZONE))


def first_moment(day: date) -> datetime:
    """Give the first moment of a day anywhere on Earth (at UTC+14). One that UTC cannot tell counts later."""
    return datetime.combine(max(day, _FIRST_DAY), time.min, _EARLIEST_ZONE)


def last_day(moment: datetime) -> date:
    """Give the day of a moment where the day ends last (at UTC-12)."""
    return moment.astimezone(_LATEST_ZONE).date()


def overwritten_keys(changes: Iterable[Change], live: Live, history: History) -> frozenset[Key]:
    """Name the numbers that would be written over what somebody else touched last, or may have.

    Such a write leaves our time on their opt-out. A report must not count it among what the run wrote, or a
    release from before that opt-out would let the number off. A number that a read which did not add up lacks
    may well be there, whoever put it there.
    """
    return frozenset(
        key
        for c in changes
        if c.is_allowed and (c.action is Action.UPDATE or (c.action is Action.CREATE and not live.complete))
        for key in c.keys
        if _is_foreign(key, live, history)
    )


def _is_foreign(key: Key, live: Live, history: History) -> bool:
    entry = live.get(key)
    modification = None if entry is None else modification_of(entry)
    return modification is None or not history.is_ours(key, modification.at)
