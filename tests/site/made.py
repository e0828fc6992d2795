"""Sites made by hand: reports as a ledger gives them, without any run."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import Any

from reconciler.audit.report import Report, StoredReport
from reconciler.audit.verification import ChainHead, Verification
from reconciler.core.model.finding import Finding, Severity
from reconciler.core.model.provider import Target
from reconciler.use_cases.history.run_summary import RunFigures
from reconciler.use_cases.history.site import (
    DeclaredCounts,
    FileCounts,
    Lapse,
    RemainingNumbers,
    Site,
    TenantRecord,
)

START = datetime(2026, 9, 1, 6, tzinfo=UTC)


def report(seq: int, at: datetime = START, **more: Any) -> StoredReport:
    """Make a report with everything that a page reads; `more` replaces fields."""
    revision = sha256(b"%d" % seq).hexdigest()[:40]
    fields = {
        "seq": seq, "tenant": "production", "status": "complete", "revision": revision, "previous": None,
        "started_at": (at - timedelta(seconds=4)).isoformat(), "finished_at": at.isoformat(),
        "actor": {"name": "ann"}, "pipeline": {"pipeline_source": "schedule"},
        "summary": {"create": 3, "update": 1, "delete": 0, "blocked": 0, "unmanaged": 2, "rejected": 0},
        "chunks": [{"attempts": 2, "conflicts": 1}], "latency_ms": {"p50": 20.0, "p95": 31.5, "max": 80.0},
        "failures": [], "not_live": [], "kept": [], "restored": [], "alarms": [],
        "read_back": {"how": "full"}, "requests": {"in_time": 3, "late": [], "open": []},
        "live": {"after": {"customers": {"count": 100 + seq}}},
        "reasons": {"customers": {"CUSTOMER_REQUESTED": 100 + seq}},
        **more,
    }  # fmt: skip
    name = f"audit/production/{at:%Y%m%dT%H%M%S.%f}Z-{revision[:12]}-00000000.json"
    return StoredReport(name, sha256(name.encode()).hexdigest(), Report(fields))


def record(reports: Iterable[StoredReport], tenant: str = "production", **more: Any) -> TenantRecord:
    """Make a tenant of reports, oldest first."""
    plain = TenantRecord(
        tenant=tenant, removal="delete",
        target=Target("entries", "acme", "cx.example"),
        runs=tuple(map(RunFigures.of, reports)), retained=(), failures=(), not_live=(), drift=(), alarms=(),
        files=FileCounts(), problems=(),
    )  # fmt: skip
    return replace(plain, **more)


def site(
    *records: TenantRecord, at: datetime, problems: tuple[Finding, ...] = (), remarks: tuple[str, ...] = ()
) -> Site:
    """Put tenants together."""
    heads = tuple(
        ChainHead(
            branch,
            one.tenant,
            len(one.runs),
            one.runs[-1].report.sha256,
            one.runs[0].report.sha256,
            at,
            frozenset(),
        )
        for branch in ("origin/dnc-audit", "dnc-audit")
        for one in records
        if one.runs
    )
    return Site(
        at, "0.1.0", "dnc-audit", "c0ffee" * 6 + "c0ff", Verification(problems, heads, remarks), records
    )


def daily(days: int, every: timedelta = timedelta(days=1)) -> list[StoredReport]:
    """Make a report a day; every fifth found somebody's deed, the seventh was in part, the ninth failed."""
    found = []
    for at in range(days):
        more: dict[str, Any] = {}
        if at % 5 == 4:
            more["restored"] = [{"list_id": "customers", "phones": ["+12125550101"]}]
        if at == 6:
            more |= {"status": "partial", "not_live": [{"list_id": "customers", "phones": ["+12125550102"]}]}
        if at == 8:
            more |= {
                "status": "failed", "error": {"fact": "CXone did not answer for +12125550103"}, "live": {},
                "read_back": None, "latency_ms": {"p50": None, "p95": None, "max": None}, "chunks": [],
            }  # fmt: skip
        if at == 9:
            more["actors"] = {"triggerer": {"login": "ben", "how": "verified", "by": "id_token"}}
        if at == 10:
            late = {"list_id": "customers", "phones": ["+12125550104", "+12125550105"], "rule": "US-IDNC-02",
                    "due": "2026-09-08", "days": 13, "days_late": 3}  # fmt: skip
            more["requests"] = {"in_time": 2, "late": [late], "open": []}
        found.append(report(at + 1, START + every * at, **more))
    return found


def golden() -> Site:
    """Make a site with something in every chapter."""
    reports = daily(12)
    waiting = [
        {"rule": "US-IDNC-02", "list_id": "customers", "due": due, "target": "2026-09-05", "past": past,
         "phones": ["+12125550106"]}
        for due, past in (("2026-09-11", True), ("2026-09-20", False))
    ]  # fmt: skip
    last = START + timedelta(days=12)
    reports.append(report(13, last, requests={"in_time": 0, "late": [], "open": waiting}))
    broken = Finding("dnc-audit:audit/production/a.json", 0, 0, "", "CHAIN", Severity.ERROR, "it is gone")
    full = record(
        reports,
        retained=(RemainingNumbers("customers", "no-release", 2),),
        failures=(RemainingNumbers("customers", "INVALID", 1),),
        not_live=(RemainingNumbers("customers", "", 1),),
        drift=(RemainingNumbers("customers", "unmanaged", 2),),
        alarms=("1 request for customers is late",),
        files=FileCounts(
            (DeclaredCounts("customers", (("CUSTOMER_REQUESTED", 113), ("STATE", 4)), 4),),
            (Lapse(date(2026, 9, 30), "customers", "LOCAL", 4, 1),),
            2,
        ),
        problems=(broken,),
    )
    continued = "dnc-audit: production: report 4 continues the chain after a purge"
    return site(
        full, record([], "canada"), at=last + timedelta(hours=5), problems=(broken,), remarks=(continued,)
    )
