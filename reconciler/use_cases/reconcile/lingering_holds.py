"""Holds that went from the files: in force until a report has said so for a day, and said in every plan."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from reconciler.audit.report import StoredReport
from reconciler.core.model.entries import Hold
from reconciler.core.model.finding import Finding, Severity
from reconciler.core.planning.state import gone_holds, stands_in
from reconciler.use_cases.workspace.context import iso

RULE = "HOLD-01"
_LINGERS = timedelta(hours=24)  # after the first report that says that a hold is gone


def lingering_holds(
    then: Iterable[Hold], today: Sequence[Hold], newest: StoredReport | None, *, as_of: date, now: datetime
) -> tuple[Hold, ...]:
    """Give the holds that are in force though the files no longer have them.

    `then` are those that stood when the files were last applied, `newest` is the report of that: it names
    those that were gone already, and since when reports say so.
    """
    found = dict.fromkeys(gone_holds(then, today, as_of))
    for row in newest.report.lingering_holds if newest else ():
        hold = row.hold
        recent = now - row.since < _LINGERS
        if recent and hold.stands(as_of) and not stands_in(hold, today):
            found.setdefault(hold)
    return tuple(found)


def lingering_json(
    holds: Iterable[Hold], newest: StoredReport | None, started: datetime, *, latest: datetime
) -> list[dict[str, Any]]:
    """Say them for a report; `since` is when the first report that says so was begun.

    It is `latest` at most, the run's end by the later clock: what is later was told by a clock ahead.
    """
    rows = newest.report.lingering_holds if newest else ()
    known = {row.hold: min(row.since, latest) for row in rows}
    return [
        {
            "matter": hold.matter,
            "path": hold.path,
            "from": hold.since.isoformat(),
            "until": hold.until.isoformat() if hold.until else None,
            "list_id": hold.list_id,
            "everything": hold.everything,
            "phones": sorted(hold.phones),
            "since": iso(known.get(hold, started)),
        }
        for hold in holds
    ]


def hold_notes(holds: Iterable[Hold]) -> Iterator[Finding]:
    """Warn of each: whose it was, what it named, and how long it is still in force."""
    for hold in holds:
        what = "everything" if hold.everything else hold.list_id or f"{len(hold.phones):,} number(s)"
        message = (
            f"the hold of matter {hold.matter} on {what} was taken out, narrowed or shortened: it stays in "
            "force until a run at least 24 hours after the first report that says so. If that was not meant, "
            "put it back as it was"
        )
        yield Finding(hold.path, 0, 0, "", RULE, Severity.WARNING, message)
