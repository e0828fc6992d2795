"""The reports of a tenant as what they tell of single numbers: walked once, plans read where they matter.

Reports are walked from the newest back, once, and kept as far as they were walked: a decision rarely needs
more than the last few, and never more than those since the number was first held.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from reconciler.audit.ledger import Ledger
from reconciler.audit.report import Report, StoredReport
from reconciler.audit.report_rows import Window
from reconciler.core.model.entries import Key
from reconciler.core.planning.change import DriftKind

_WRITE_OUTCOMES = frozenset({"applied", "unknown"})
_DAY = timedelta(days=1)
_OLD_REPORTS_TO_STOP = 3  # reports: one clock that was set back must not hide what lies behind it
_REPORT_KEYS = frozenset(
    {
        *(
            "seq",
            "tenant",
            "revision",
            "as_of",
            "plan_sha256",
            "started_at",
            "finished_at",
            "write_window",
            "early",
        ),
        *(
            "target",
            "interrupted",
            "removed",
            "releases_used",
            "others",
            "touched",
            "kept",
            "invalid",
            "not_live",
            "counted",
            "clock",
            "status",
            "overrides",
        ),
    }
)


@dataclass
class RecordWalk:
    """A tenant's reports, newest first; each read once, its plan where it matters."""

    ledger: Ledger | None
    reports: Iterator[StoredReport]
    _read: list[StoredReport] = field(default_factory=list)
    _plans: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    def __iter__(self) -> Iterator[StoredReport]:
        place = 0
        while True:
            if place == len(self._read):
                stored_report = next(self.reports, None)
                if stored_report is None:
                    return
                slim = {
                    name: stored_report.report.fields[name]
                    for name in _REPORT_KEYS
                    if name in stored_report.report.fields
                }
                self._read.append(StoredReport(stored_report.path, stored_report.sha256, Report(slim)))
            yield self._read[place]
            place += 1

    def since(self, day: date) -> Iterator[StoredReport]:
        """Give the reports from the day before that one on."""
        first_moment, old_in_a_row = datetime.combine(max(day, date.min + _DAY), time.min, UTC) - _DAY, 0
        for stored_report in self:
            old_in_a_row = 0 if stored_report.report.latest_end >= first_moment else old_in_a_row + 1
            if old_in_a_row == _OLD_REPORTS_TO_STOP:
                return
            yield stored_report

    def plan_facts(self, stored_report: StoredReport) -> Mapping[str, Any]:
        """Read the plan beside a report, as far as the past of a number needs it."""
        if stored_report.path not in self._plans and self.ledger is not None:
            plan_json = self.ledger.plan(stored_report)
            changes = [change for change in plan_json["changes"] if change.get("outcome") in _WRITE_OUTCOMES]
            writes = [change for change in changes if change["action"] != "delete"]
            self._plans[stored_report.path] = {
                # Our time on what somebody else had touched would hide their opt-out: it is not ours alone.
                "wrote": keys_of(writes) - keys_of(plan_json.get("overwrites", ())),
                "early": keys_of(plan_json.get("early", ())),
                "overwrote": keys_of(plan_json.get("overwrites", ())),
                "interrupted_off": keys_of(plan_json.get("interrupted_off", ())),
                "unmanaged": keys_of(
                    row
                    for row in (*plan_json.get("drift", ()), *plan_json.get("unmanaged_after", ()))
                    if row.get("kind", DriftKind.UNMANAGED) == DriftKind.UNMANAGED
                ),
                "off": keys_of(change for change in changes if change["action"] == "delete"),
                "interrupted": {
                    number: {
                        key: datetime.fromisoformat(row["since"]) for row in rows for key in keys_of([row])
                    }
                    for number, rows in enumerate(plan_json.get("interrupted", ()))
                },
                "others": {
                    key: row["reason"] for row in plan_json.get("others", ()) for key in keys_of([row])
                },
                "touched": {
                    key: datetime.fromisoformat(row["at"])
                    for row in plan_json.get("touched", ())
                    for key in keys_of([row])
                },
                "used": frozenset(
                    (row["list_id"], phone, row["released_on"], row["reason"], row["evidence"])
                    for row in plan_json.get("releases_used", ())
                    for phone in row["phones"]
                ),
                "doubted": {
                    key: datetime.fromisoformat(row["since"])
                    for row in plan_json.get("doubted", ())
                    for key in keys_of([row])
                },
            }
        return self._plans.get(stored_report.path, {})


def write_window_of(walk: RecordWalk, stored_report: StoredReport, key: Key) -> Window | None:
    """Give when a run can have written a number: before its read, or after; each has a window."""
    report = stored_report.report
    if report.early_window is not None and key in walk.plan_facts(stored_report)["early"]:
        return report.early_window
    return report.write_window


def keys_of(rows: Iterable[Mapping[str, Any]]) -> frozenset[Key]:
    """Read the numbers of rows, each with its list."""
    return frozenset((row["list_id"], phone) for row in rows for phone in row["phones"])
