"""What is known of a tenant without asking CXone: the files as they lie here, and the newest report."""

from reconciler.audit.report import StoredReport
from reconciler.model.errors import RepositoryProblem
from reconciler.model.provider import Target
from reconciler.reconcile.opening import open_ledger, open_repository
from reconciler.reconcile.past import Files, Past
from reconciler.reconcile.target import Desk


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
    if report["status"] in {"failed", "interrupted"}:
        return False
    told = report["read_back"]
    return bool(report["status"] == "in-sync" if told is None else told["how"] == "full")
