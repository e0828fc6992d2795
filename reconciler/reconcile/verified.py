"""Whether a run saw CXone as it left it, as its report tells."""

from itertools import islice

from reconciler.audit.ledger import Ledger
from reconciler.audit.report import Report, StoredReport

LOOKED_AT = 1_000  # reports back, for the last that read CXone back


def is_verified(stored: StoredReport) -> bool:
    """Tell whether a report's run saw CXone as it left it: it read it back, or had nothing to send."""
    report = stored.report
    if report.repeats or report["status"] == "interrupted":
        return False
    told = report["read_back"]
    return bool(report["status"] == "in-sync" if told is None else told["how"] == "full")


def last_verified(ledger: Ledger, tenant: str) -> Report | None:
    """Find the newest report whose run saw CXone as it left it; the last reports are looked at."""
    looked_at = islice(ledger.reports(tenant), LOOKED_AT)
    return next((stored.report for stored in looked_at if is_verified(stored)), None)
