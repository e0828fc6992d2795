"""`dnc status`: one look at every tenant's newest reports. Needs no CXone."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from reconciler.audit.ledger import Ledger
from reconciler.audit.report import Report, StoredReport
from reconciler.desired.configuration import Tenant
from reconciler.reconcile.opening import open_record, say_doubts
from reconciler.reconcile.surroundings import Surroundings
from reconciler.reconcile.verified import last_verified


@dataclass(frozen=True, slots=True)
class Standing:
    """One tenant, as its reports tell it. `late` counts requests that are not live past their day.

    `newest` and `verified` are the newest report, and the newest that saw all that it left; None without
    one. `age` is that of the latter.
    """

    tenant: str
    newest: StoredReport | None
    verified: Report | None
    age: timedelta | None
    late: int
    blocked: int
    not_live: int
    restored: int

    def is_older(self, most: timedelta) -> bool:
        """Tell whether the last verified run is too long ago, or there was none."""
        return self.age is None or self.age > most


def status(around: Surroundings) -> tuple[Standing, ...]:
    """Look at the tenant that is named, or at all; a built-in CXone without reports is nobody's.

    Raises RepositoryProblem where there is no repository, or the remote does not answer.
    """
    _, project, ledger = open_record(around, goes_on=True)
    ledger.refresh()
    every = project.configuration.tenants.values()
    tenants = [project.tenant(around.tenant)] if around.tenant else list(every)
    return tuple(_standings(tenants, ledger, around))


def _standings(tenants: Iterable[Tenant], ledger: Ledger, around: Surroundings) -> Iterator[Standing]:
    now = around.clock()
    for tenant in tenants:
        newest = ledger.newest(tenant.name)
        say_doubts(ledger, tenant.name, around)
        if newest is None and tenant.embedded and around.tenant is None:
            continue
        yield _standing(tenant.name, newest, ledger, now)


def _standing(tenant: str, newest: StoredReport | None, ledger: Ledger, now: datetime) -> Standing:
    if newest is None:
        return Standing(tenant, None, None, None, 0, 0, 0, 0)
    verified = last_verified(ledger, tenant)
    report = newest.report
    waiting = report.get("requests", {}).get("open", ())
    return Standing(
        tenant,
        newest,
        verified,
        now - verified.finished_at if verified else None,
        late=sum(len(row["phones"]) for row in waiting if row["due"] < now.date().isoformat()),
        blocked=len({(row["list_id"], phone) for row in report["kept"] for phone in row["phones"]}),
        not_live=sum(len(row["phones"]) for row in report["not_live"]),
        restored=sum(len(row["phones"]) for row in report["restored"]),
    )


def meter_standings(around: Surroundings, standings: Iterable[Standing]) -> None:
    """Tell how tenants stand by their reports."""
    for one in standings:
        if around.meter is None or one.newest is None:
            continue
        told = around.meter.of(one.tenant)
        rows = one.newest.report.get("requests", {}).get("open", ())
        seen = one.verified or one.newest.report
        told.entries = {name: of["count"] for name, of in seen["live"]["after"].items()}
        told.status = one.newest.report["status"]
        told.waiting, told.late = sum(len(row["phones"]) for row in rows), one.late
        told.blocked, told.not_live = one.blocked, one.not_live
        told.verified_at = one.verified.finished_at if one.verified else None
