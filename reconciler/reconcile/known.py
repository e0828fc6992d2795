"""What is known of a tenant without asking CXone: the files as they lie here, and the newest report."""

from itertools import islice

from reconciler.audit.ledger import Ledger
from reconciler.audit.report import Report, StoredReport
from reconciler.model.errors import RepositoryProblem
from reconciler.model.provider import Target
from reconciler.reconcile.opening import open_ledger, open_repository
from reconciler.reconcile.past import Files, Past
from reconciler.reconcile.surroundings import Surroundings
from reconciler.reconcile.target import Desk

LOOKED_AT = 1_000  # reports back, for the last that read CXone back


def known_past(desk: Desk) -> Past:
    """Give the tenant's past as its newest report's own CXone has it.

    Where there is no repository, no report, or no way to the remote, nothing is held, and the last is said.
    """
    files = Files(desk.project, desk.tenant, desk.sources, desk.lists.claims)
    repository = open_repository(desk.around)
    ledger = open_ledger(desk.project, repository)
    if ledger is not None:
        try:
            ledger.refresh()
        except RepositoryProblem as problem:
            desk.around.say(f"warning: {problem.fact}; going by the files alone")
            ledger = None
    newest = ledger.newest(desk.tenant.name) if ledger else None
    told = newest.report["target"] if newest else {}
    target = Target(told.get("dialect", ""), told.get("organisation", ""), told.get("host", ""))
    groups: dict[str, str] = dict(told.get("groups", {}))
    return Past(repository, ledger, target, files, (), lambda list_id: groups.get(list_id, ""))


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


def meter_past(around: Surroundings, tenant: str, ledger: Ledger | None) -> None:
    """Tell when a run last saw CXone as it left it: known before CXone is asked, and also when it is down."""
    if around.meter is not None and ledger is not None:
        verified = last_verified(ledger, tenant)
        around.meter.of(tenant).verified_at = verified.finished_at if verified else None
