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
from reconciler.core.model.entries import Key

_WRITTEN = frozenset({"applied", "unknown"})
_DAY = timedelta(days=1)
_OLD_IN_A_ROW = 3  # reports: one clock that was set back must not hide what lies behind it
_NEEDED = frozenset(
    {
        *("seq", "tenant", "revision", "as_of", "plan_sha256", "started_at", "finished_at", "write_window"),
        *(
            "target",
            "interrupted",
            "removed",
            "releases_used",
            "others",
            "touched",
            "kept",
            "not_live",
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
                stored = next(self.reports, None)
                if stored is None:
                    return
                slim = {name: stored.report.fields[name] for name in _NEEDED if name in stored.report.fields}
                self._read.append(StoredReport(stored.path, stored.sha256, Report(slim)))
            yield self._read[place]
            place += 1

    def since(self, day: date) -> Iterator[StoredReport]:
        """Give the reports from the day before that one on."""
        first, old = datetime.combine(max(day, date.min + _DAY), time.min, UTC) - _DAY, 0
        for stored in self:
            old = 0 if stored.report.latest_end >= first else old + 1
            if old == _OLD_IN_A_ROW:
                return
            yield stored

    def plan(self, stored: StoredReport) -> Mapping[str, Any]:
        """Read the plan beside a report, as far as the past of a number needs it."""
        if stored.path not in self._plans and self.ledger is not None:
            told = self.ledger.plan(stored)
            changes = [c for c in told["changes"] if c.get("outcome") in _WRITTEN]
            written = [c for c in changes if c["action"] != "delete"]
            self._plans[stored.path] = {
                # Our time on what somebody else had touched would hide their opt-out: it is not ours alone.
                "wrote": keys_of(written) - keys_of(told.get("overwrites", ())),
                "overwrote": keys_of(told.get("overwrites", ())),
                "interrupted_off": keys_of(told.get("interrupted_off", ())),
                "off": keys_of(c for c in changes if c["action"] == "delete"),
                "interrupted": {
                    number: {
                        key: datetime.fromisoformat(row["since"]) for row in rows for key in keys_of([row])
                    }
                    for number, rows in enumerate(told.get("interrupted", ()))
                },
                "others": {key: row["reason"] for row in told.get("others", ()) for key in keys_of([row])},
                "touched": {
                    key: datetime.fromisoformat(row["at"])
                    for row in told.get("touched", ())
                    for key in keys_of([row])
                },
                "used": frozenset(
                    (row["list_id"], phone, row["released_on"], row["reason"], row["evidence"])
                    for row in told.get("releases_used", ())
                    for phone in row["phones"]
                ),
                "doubted": {
                    key: datetime.fromisoformat(row["since"])
                    for row in told.get("doubted", ())
                    for key in keys_of([row])
                },
            }
        return self._plans.get(stored.path, {})


def keys_of(rows: Iterable[Mapping[str, Any]]) -> frozenset[Key]:
    """Read the numbers of rows, each with its list."""
    return frozenset((row["list_id"], phone) for row in rows for phone in row["phones"])
