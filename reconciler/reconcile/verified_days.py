"""On which days a run saw CXone as it left it. Pure."""

from collections.abc import Iterable
from datetime import date

from reconciler.audit.report import StoredReport
from reconciler.reconcile.period import day_of
from reconciler.reconcile.reported import Reported


def verified_days(reports: Iterable[StoredReport]) -> frozenset[date]:
    """Give the days, in UTC, on which a verified run was finished."""
    return frozenset(day_of(stored) for stored in reports if Reported.of(stored).verified)
