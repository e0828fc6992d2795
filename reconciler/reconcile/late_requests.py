"""Requests that went live after their day, and what the record says of why."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from reconciler.audit.report import StoredReport
from reconciler.model.claims import Key
from reconciler.model.errors import RepositoryProblem
from reconciler.reconcile.files_then import FilesThen
from reconciler.reconcile.list_files import ListFiles
from reconciler.reconcile.period import Period, day_of

_LOOKED_UP = 20  # in git, each with its own search of history


@dataclass(frozen=True, slots=True)
class LateRequest:
    """One request: when it was made, due, and live; by which rule; and why late, as far as anything tells."""

    list_id: str
    phone: str
    requested_on: date
    due: date
    live_on: date
    days_late: int
    rule: str
    seq: int
    why: str


def late_requests(reports: Sequence[StoredReport], period: Period, files: ListFiles) -> Iterator[LateRequest]:
    """Give those that went live in the period. `reports` are older ones too, oldest first."""
    looked_up = 0
    tried: dict[Key, str] = {}  # what CXone answered, by the newest run before
    for stored in reports:
        late = stored.report.get("requests", {}).get("late", ()) if day_of(stored) in period else ()
        for row in late:
            for phone in row["phones"]:
                looked_up += 1
                key = (row["list_id"], phone)
                why = tried.get(key) or (
                    _entered(key, row["due"], stored, files) if looked_up <= _LOOKED_UP else "not looked up"
                )
                yield LateRequest(
                    *key,
                    date.fromisoformat(row["requested_on"]),
                    date.fromisoformat(row["due"]),
                    day_of(stored),
                    row["days_late"],
                    row["rule"],
                    stored.report.seq,
                    why,
                )
        tried |= _refused(stored)


def _refused(stored: StoredReport) -> dict[Key, str]:
    """Say what a run tried, and what CXone answered. One that failed repeats what the run before told."""
    if stored.report["status"] == "failed":
        return {}
    return {
        (failed["list_id"], failed["phone"]): (
            f"report {stored.report.seq} had tried: {failed['code'] or failed['outcome']}"
        )
        for failed in stored.report["failures"]
    }


def _entered(key: Key, due: str, stored: StoredReport, files: ListFiles) -> str:
    """Say when its entry came to git: after its day, or in time without a run that sent it."""
    report = stored.report
    then = FilesThen(files.repository, files.project, files.tenant, key[1])
    try:
        standing = then.standing(report.revision, date.fromisoformat(report["as_of"]))
        lines = list(then.lines(report.revision, standing, key[0]))
    except RepositoryProblem:
        return "its files are gone from this repository"
    entered = min((line.commit.when.date() for line in lines if line.commit), default=None)
    if entered is None:
        return "not known"
    if entered > date.fromisoformat(due):
        return f"its entry came to git on {entered}"
    return f"in git since {entered}, and no run sent it before report {report.seq}"
