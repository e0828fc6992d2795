"""Holds that went from the files: in force until a report has said so for a day, and said in every plan."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from reconciler.audit.report import StoredReport
from reconciler.core.model.entries import Hold
from reconciler.core.model.finding import Finding, Severity
from reconciler.core.planning.state import is_covered, removed_holds
from reconciler.use_cases.workspace.context import iso

RULE = "HOLD-01"
_LINGER_TIME = timedelta(hours=24)  # after the first report that says that a hold is gone


def lingering_holds(
    past_holds: Iterable[Hold],
    current_holds: Sequence[Hold],
    newest: StoredReport | None,
    *,
    as_of: date,
    now: datetime,
) -> tuple[Hold, ...]:
    """Give the holds that are in force though the files no longer have them.

    `past_holds` are those that stood when the files were last applied, `newest` is the report of that: it
    names those that were gone already, and since when reports say so.
    """
    lingering = dict.fromkeys(removed_holds(past_holds, current_holds, as_of))
    for row in newest.report.lingering_holds if newest else ():
        hold = row.hold
        recent = now - row.since < _LINGER_TIME
        if recent and hold.is_active(as_of) and not is_covered(hold, current_holds):
            lingering.setdefault(hold)
    return tuple(lingering)


def lingering_json(
    holds: Iterable[Hold], newest: StoredReport | None, started_at: datetime, *, latest: datetime
) -> list[dict[str, Any]]:
    """Say them for a report; `since` is when the first report that says so was begun.

    It is `latest` at most, the run's end by the later clock: what is later was told by a clock ahead.
    """
    rows = newest.report.lingering_holds if newest else ()
    known_since = {row.hold: min(row.since, latest) for row in rows}
    return [
        {
            "matter": hold.matter,
            "path": hold.path,
            "from": hold.since.isoformat(),
            "until": hold.until.isoformat() if hold.until else None,
            "list_id": hold.list_id,
            "everything": hold.everything,
            "phones": sorted(hold.phones),
            "since": iso(known_since.get(hold, started_at)),
        }
        for hold in holds
    ]


def lingering_hold_findings(holds: Iterable[Hold]) -> Iterator[Finding]:
    """Warn of each: whose it was, what it named, and how long it is still in force."""
    for hold in holds:
        hold_scope = "everything" if hold.everything else hold.list_id or f"{len(hold.phones):,} number(s)"
        message = (
            f"the hold of matter {hold.matter} on {hold_scope} was taken out, narrowed or shortened: "
            "it stays in "
            "force until a run at least 24 hours after the first report that says so. If that was not meant, "
            "put it back as it was"
        )
        yield Finding(hold.path, 0, 0, "", RULE, Severity.WARNING, message)
