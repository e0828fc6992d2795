"""What is known of a tenant without asking CXone: the files as they lie here, and the newest report."""

from reconciler.audit.ledger import Ledger
from reconciler.model.errors import RepositoryProblem
from reconciler.model.provider import Target
from reconciler.reconcile.opening import open_ledger, open_repository, say_doubts
from reconciler.reconcile.past import Files, Past
from reconciler.reconcile.surroundings import Surroundings
from reconciler.reconcile.target import Desk
from reconciler.reconcile.verified import last_verified


def known_past(desk: Desk) -> Past:
    """Give the tenant's past as its newest report's own CXone has it.

    Where there is no repository, no report, or no way to the remote, nothing is held, and the last is said.
    """
    files = Files(desk.project, desk.tenant, desk.sources, desk.lists.claims)
    repository = open_repository(desk.around)
    ledger = open_ledger(desk.project, repository, desk.around, goes_on=True)
    if ledger is not None:
        try:
            ledger.refresh()
        except RepositoryProblem as problem:
            desk.around.say(f"warning: {problem.fact}; going by the files alone")
            ledger = None
    newest = ledger.newest(desk.tenant.name) if ledger else None
    if ledger:
        say_doubts(ledger, desk.tenant.name, desk.around)
    told = newest.report["target"] if newest else {}
    target = Target(told.get("dialect", ""), told.get("organisation", ""), told.get("host", ""))
    groups: dict[str, str] = dict(told.get("groups", {}))
    return Past(repository, ledger, target, files, (), lambda list_id: groups.get(list_id, ""))


def meter_past(around: Surroundings, tenant: str, ledger: Ledger | None) -> None:
    """Tell when a run last saw CXone as it left it: known before CXone is asked, and also when it is down."""
    if around.meter is not None and ledger is not None:
        verified = last_verified(ledger, tenant)
        around.meter.of(tenant).verified_at = verified.finished_at if verified else None
