"""What others did to entries that we hold, as a run saw it: on record before anybody can take it away.

An entry that somebody modified and that somebody then removed comes back as one of ours. What it showed is
known from then on only by the report of a run that saw it.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from itertools import takewhile

from reconciler.audit.report import StoredReport
from reconciler.core.apply.run import Run
from reconciler.core.model.entries import Key
from reconciler.core.model.entry_table import phones_touched
from reconciler.core.model.live import Live
from reconciler.core.planning.modifications import Touch, moment_of, touch_of
from reconciler.use_cases.reconcile.last_applied import Past
from reconciler.use_cases.workspace.context import within

_FIRST = datetime(2000, 1, 1, tzinfo=UTC)
_LAST = datetime(2199, 12, 31, 23, 59, 59, tzinfo=UTC)


def seen_touches(past: Past, run: Run) -> Mapping[Key, datetime]:
    """Give the held numbers whose entry somebody else modified since the last look, each with the moment.

    On CXone's clock, in UTC; of a time without a zone the latest that it may be. What this run wrote itself
    is for the next one to judge: by then it is told by this run's write window.
    """
    if past.held.revision is None:
        return {}
    last = _last_look(past)
    found: dict[Key, datetime] = {}
    wrote = run.wrote | run.plan.overwrites
    for live in (run.before, run.after) if run.read_back == "full" else (run.before,):
        for key, at in _foreign(past, live, last):
            if key not in wrote or live is run.before:
                found[key] = max(at, found.get(key, at))
    return found


def _last_look(past: Past) -> StoredReport | None:
    """Find the newest report of a run that read all there was, and so saw every earlier modification."""
    reports = takewhile(past.history.here, past.history.walk)
    return next((stored for stored in reports if stored.report.touched is not None), None)


def _foreign(past: Past, live: Live, last: StoredReport | None) -> Iterator[tuple[Key, datetime]]:
    since = last.report.earliest_start if last else None

    def is_new(text: str | None) -> bool:
        touch = moment_of(text)
        return touch is not None and (since is None or touch.latest >= since)

    for list_id, entries in live.lists.items():
        for phone in phones_touched(entries, is_new):
            key = (list_id, phone)
            touch = touch_of(entries[phone])
            if touch is None or key not in past.held:
                continue
            at = _told(touch)
            if last and _is_known(past, last, key, touch):
                continue
            if past.history.ours(key, touch.at):
                continue
            first = past.history.first_held(key, next(past.held.claims(key)))
            if first is None or touch.latest >= first:
                yield key, at


def _told(touch: Touch) -> datetime:
    """Give the moment as a report has it: CXone may tell any, and a report only the years of runs."""
    return max(_FIRST, min(_LAST, touch.latest)).astimezone(UTC)


def _is_known(past: Past, last: StoredReport, key: Key, touch: Touch) -> bool:
    """Tell whether the run of the last look wrote the entry then, or its report has this very touch.

    What it wrote over somebody else's counts as theirs since the beginning of that run.
    """
    told, window = past.history.walk.plan(last), last.report.write_window
    if told["touched"].get(key) == _told(touch):
        return True
    is_certain = (key in told["wrote"] and key not in told["doubted"]) or key in told["overwrote"]
    return is_certain and window is not None and within(window, touch.at)
