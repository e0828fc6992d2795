"""How CXone's clock stands to ours, from the `Date` header of its answers."""

import threading
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from reconciler.core.model.provider import ClockOffset

_SECOND = timedelta(seconds=1)  # a Date header has whole seconds, cut off
_FIRST_YEAR, _LAST_YEAR = 1900, 9000


class OffsetWatch:
    """Narrows CXone's clock minus ours with every answer. Safe between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._least: timedelta | None = None
        self._most: timedelta | None = None
        self._text = ""
        self._date: datetime | None = None

    def add(self, date: str | None, sent: datetime, received: datetime) -> None:
        """Take one answer into account; an absent or unreadable date tells nothing."""
        if not date:
            return
        with self._lock:
            moment = self._parse(date)
            if moment is None:
                return
            least, most = moment - received, moment + _SECOND - sent
            self._least = least if self._least is None else max(self._least, least)
            self._most = most if self._most is None else min(self._most, most)

    def offset(self) -> ClockOffset | None:
        """Tell what all answers agree on; zero where the clocks agree as far as can be seen.

        Where they contradict each other (a clock was set meanwhile), what lies between the contradictions.
        """
        with self._lock:
            if self._least is None or self._most is None:
                return None
            least, most = self._least, self._most
        nothing = timedelta(0)
        if least <= nothing <= most:
            return ClockOffset(nothing, nothing)
        return ClockOffset(min(least, most), max(least, most))

    def to_cxone_time(self, own_time: datetime) -> datetime:
        """Give the moment of CXone's clock for one of ours, moved as little as its answers allow."""
        offset = self.offset()
        if offset is None or offset.least <= timedelta(0) <= offset.most:
            return own_time
        return own_time + (offset.most if offset.most < timedelta(0) else offset.least)

    def _parse(self, date: str) -> datetime | None:
        if date != self._text:  # hundreds of answers share a second
            try:
                moment = parsedate_to_datetime(date)
            except (ValueError, TypeError, OverflowError):
                moment = None
            if moment is not None and moment.tzinfo is None:
                moment = moment.replace(tzinfo=UTC)
            if moment is not None and not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
                moment = None  # no arithmetic goes that far
            self._text, self._date = date, moment
        return self._date
