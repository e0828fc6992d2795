"""`dnc check --at`: where a number was at a past moment, from the reports and the plans stored beside them.

Which lists had it, and what runs did to it, was written down then and is read now. Only what stood in the
files is read from git, at the revision that the report names. Between two looks nobody looked, and the answer
says so.
"""

from datetime import datetime

from reconciler.model.errors import InvalidInput, RepositoryProblem
from reconciler.reconcile.case import Case
from reconciler.reconcile.clock import iso
from reconciler.reconcile.files_then import FilesThen
from reconciler.reconcile.moment import Then
from reconciler.reconcile.numbers import read_numbers
from reconciler.reconcile.opening import open_ledger, open_project, open_repository
from reconciler.reconcile.reported import Reported
from reconciler.reconcile.surroundings import Surroundings
from reconciler.reconcile.walk import Walk


def then(around: Surroundings, text: str, moment: datetime) -> Then:
    """Look a number up at a past moment.

    Raises InvalidInput for a number that can't be read and a moment that has not come, RepositoryProblem
    where there is no repository or its remote does not answer, BrokenChain where the chain does not hold.
    """
    now = around.clock()
    if moment > now:
        raise InvalidInput(
            f"{iso(moment)} has not come yet", "name a moment that is past: --at", where="--at"
        )
    repository = open_repository(around)
    project = open_project(around, repository)
    ledger = open_ledger(project, repository, around)
    if repository is None or ledger is None:
        raise RepositoryProblem("this is no git repository", "run this in the clone of the lists")
    tenant = project.tenant(around.tenant)
    (number,) = read_numbers([text], tenant.region, "nothing was looked up")
    ledger.refresh()
    walk = Walk(ledger, tenant.name, moment)
    if walk.newest is None:
        last = walk.later[-1] if walk.later else None
        first = Reported.of(last) if last else None
        return Then(tenant.name, number, moment, now, first=first, head=walk.head, reports=walk.count)
    case = Case(walk, FilesThen(repository, project, tenant, number), walk.newest)
    lists = tuple(case.lists())
    return Then(
        tenant.name,
        number,
        moment,
        now,
        report=Reported.of(walk.newest),
        target=walk.newest.report["target"],
        under_way=case.under_way,
        failed=tuple(Reported.of(stored) for stored in reversed(walk.failed)),
        head=walk.head,
        reports=walk.count,
        purges=tuple(walk.purges),
        unread=case.unread,
        lists=lists,
    )
