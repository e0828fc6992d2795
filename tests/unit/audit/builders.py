"""Reports for tests: their content, and a way to tamper with the branch that holds them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from reconciler.audit.ledger import Ledger
from reconciler.audit.report import StoredReport
from reconciler.audit.report_content import Content
from reconciler.git.repository import Repository
from tests.support.git import Clone

AT = datetime(2026, 11, 23, 10, 15, 0, 123456, tzinfo=UTC)
REVISION = "0123456789abcdef0123456789abcdef01234567"


def content(tenant: str = "production", at: datetime = AT, **changed: Any) -> Content:
    made: dict[str, Any] = {
        "tool_version": "0.1.0",
        "tenant": tenant,
        "target": {"dialect": "entries", "organisation": "acme", "host": "acme.my.cxone.com"},
        "revision": REVISION,
        "held_revision": None,
        "as_of": (at - timedelta(hours=12)).date().isoformat(),
        "plan_digest": "d" * 64,
        "actor": {"name": "ann", "how": "asserted"},
        "pipeline": None,
        "hashes": {"lists": "a", "rules": "b", "configuration": "c"},
        "safety": {"max_removals": 500, "max_removal_percent": 1},
        "overrides": {},
        "started_at": at.isoformat(),
        "finished_at": at.isoformat(),
        "status": "complete",
        "summary": dict.fromkeys(
            (
                "create",
                "update",
                "delete",
                "blocked",
                "by_hand",
                "applied",
                "rejected",
                "unknown",
                "not_attempted",
            ),
            0,
        ),
        "chunks": [],
        "latency_ms": {"p50": None, "p95": None, "max": None},
        "failures": [],
        "not_live": [],
        "kept": [],
        "restored": [],
        "restored_windows": [],
        "adopted": [],
        "renewed": [],
        "read_back": None,
        "clock": {},
        "write_window": None,
        "removed": {},
        "interrupted": [],
        "requests": {},
        "alarms": [],
        "live": {"before": {}, "after": {}},
        "reasons": {},
        "error": None,
        "actors": {},
        "ran": {},
    }
    return Content(**(made | changed))  # type: ignore[typeddict-item]


def plan(number: int = 0) -> bytes:
    return b'{"changes": [%d]}' % number


def open_ledger(clone: Clone, **options: Any) -> Ledger:
    """Open a ledger that does not wait between its tries."""
    repository = Repository.discover(clone.folder)
    assert repository is not None
    ledger = Ledger(repository, pause=lambda _: None, **options)
    ledger.refresh()
    return ledger


def fill(ledger: Ledger, count: int, tenant: str = "production") -> list[StoredReport]:
    """Append reports, an hour apart."""
    return [
        ledger.append(content(tenant, AT + timedelta(hours=n)), plan(n), at=AT + timedelta(hours=n))
        for n in range(count)
    ]


def seqs(ledger: Ledger, tenant: str = "production") -> list[int]:
    return [stored.report.seq for stored in ledger.reports(tenant)]
