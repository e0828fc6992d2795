"""`dnc status` and `dnc audit`: what the newest reports say. Needs no CXone."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from reconciler.audit.ledger import Ledger
from reconciler.audit.report import Report, StoredReport
from reconciler.audit.report_rows import FailureRow, count_numbers
from reconciler.audit.trust import Doubt
from reconciler.config.configuration import Tenant
from reconciler.core.model.errors import InvalidInput, RepositoryProblem
from reconciler.core.model.finding import Finding
from reconciler.core.model.run_result import Cause, OpenNumbers, Protection, cause_of
from reconciler.core.planning.coverage import Coverage, coverage_from_json
from reconciler.use_cases.history.run_summary import UNFINISHED, Deviations
from reconciler.use_cases.workspace.audit_branch import audit_branch_findings
from reconciler.use_cases.workspace.context import CommandContext
from reconciler.use_cases.workspace.destination import say_rewritten_history
from reconciler.use_cases.workspace.opening import Record, open_record, say_doubts

_DATE_DIGITS = 8  # digits of a day, with which every report's name begins


@dataclass(frozen=True, slots=True)
class DeliveredReports:
    """The reports that were pushed. `has_reports`: there are some; `unasked`: why no remote was asked."""

    paths: tuple[str, ...]
    has_reports: bool
    unasked: str = ""


@dataclass(frozen=True, slots=True)
class ReportArchive:
    """The ledger, fetched, and the tenant that was asked for."""

    ledger: Ledger
    tenant: str

    def push(self) -> DeliveredReports:
        """Push the reports that only this clone has, in order. Raises NotDelivered.

        Where none waits, the remote is asked whether it has the branch: what this clone knows of it may be
        old. Raises BrokenChain where the remote lost it.
        """
        if not self.ledger.has_remote:
            raise RepositoryProblem(
                "the repository has no remote to push to", "add one: git remote add origin URL"
            )
        waiting = tuple(self.ledger.unpushed_reports())
        self.ledger.deliver(push=True, next_step="run it again in this clone")
        self.ledger.demand_vouched()
        self.ledger.demand_signed()
        unasked = ""
        if not waiting:
            try:
                self.ledger.refresh()
            except RepositoryProblem as problem:
                unasked = problem.fact
        return DeliveredReports(waiting, self.ledger.tip is not None, unasked)

    def reports(self) -> Iterator[StoredReport]:
        """Give the tenant's reports, newest first."""
        return self.ledger.reports(self.tenant)

    def find(self, name: str | None) -> StoredReport:
        """Find a report by number, by name or by a part of its name; the newest where none is named."""
        matching_report: StoredReport | None = None
        # A short number is a report's own, and no part of a name: names hold hexadecimal by chance.
        is_number = name is not None and name.isdigit() and len(name) < _DATE_DIGITS
        for stored_report in self.reports():
            if name is None or str(stored_report.report.seq) == name:
                return stored_report
            if matching_report is None and not is_number and name in stored_report.path:
                matching_report = stored_report
        if matching_report is not None:
            return matching_report
        raise InvalidInput(
            f"there is no report {name}" if name else f"there is no report of {self.tenant}",
            "dnc audit list shows them"
            if name
            else "dnc apply writes the first; if there was one before, it was removed: run dnc audit verify",
        )


def open_reports(ctx: CommandContext, *, fetch: bool = True) -> ReportArchive:
    """Open the audit branch, fetched. Raises RepositoryProblem when the remote does not answer.

    `fetch=False` is for `verify`, which fetches by itself and finds what the fetch cannot get over, and for
    `push`, which fetches where somebody else pushed first.
    """
    _, project, ledger = open_record(ctx)
    if fetch:
        ledger.refresh()
    return ReportArchive(ledger, project.tenant(ctx.options.tenant).name)


@dataclass(frozen=True, slots=True)
class Standing:
    """One tenant, as its reports tell it. `late` counts requests that are not live past their day.

    `newest` and `verified` are the newest report, and the newest that saw all that it left; None without
    one. `age` is that of the latter. `not_at_remote` counts the reports that only this clone has; None: there
    is no remote. `doubts` say why the reports may not be what was written. `coverage` is which skills honour
    the lists, as last read, `coverage_age` how long ago that was.
    """

    tenant: str
    newest: StoredReport | None
    verified: Report | None
    age: timedelta | None
    late: int
    deviations: Deviations
    protection: Protection = field(default_factory=Protection)
    not_at_remote: int | None = None
    doubts: tuple[Doubt, ...] = ()
    coverage: Coverage | None = None
    coverage_age: timedelta | None = None

    @property
    def needs_attention(self) -> bool:
        """Tell whether the newest run left something that people must see, whatever its age."""
        if self.newest is None:
            return True
        open_facts = (
            self.late,
            self.deviations.not_live,
            self.deviations.kept,
            self.not_at_remote,
            self.doubts,
            self.has_running_skills,
        )
        is_protected = self.protection.verdict == "protected"
        return any(open_facts) or not is_protected or self.newest.report.status in UNFINISHED

    @property
    def has_running_skills(self) -> bool:
        """Tell whether a skill that should honour a list did not, and ran, when skills were last read."""
        rows = self.coverage.rows if self.coverage else ()
        return any(skill.running for row in rows for skill in row.uncovered)

    def is_older(self, most: timedelta) -> bool:
        """Tell whether the last verified run is too long ago, or there was none."""
        return self.age is None or self.age > most


def status(ctx: CommandContext) -> tuple[Standing, ...]:
    """Look at the tenant that is named, or at all; a built-in CXone without reports is nobody's.

    Raises RepositoryProblem where there is no repository, or the remote does not answer.
    """
    record = open_record(ctx, goes_on=True)
    project = record.project
    record.ledger.refresh()
    every = project.configuration.tenants.values()
    tenants = [project.tenant(ctx.options.tenant)] if ctx.options.tenant else list(every)
    return tuple(_standings(tenants, record, ctx))


def configuration_findings(ctx: CommandContext, tenants: Collection[str]) -> tuple[Finding, ...]:
    """Say what in the configuration leaves nobody protected: of these tenants, by name, and of the record."""
    record = open_record(ctx, goes_on=True)
    project = record.project
    named = [tenant for name, tenant in project.configuration.tenants.items() if name in tenants]
    branch_findings = audit_branch_findings(project, ctx, lambda: record.repository)
    return (*project.reach_findings(named), *branch_findings)


def _standings(tenants: Iterable[Tenant], record: Record, ctx: CommandContext) -> Iterator[Standing]:
    now, ledger = ctx.clock(), record.ledger
    unpushed = Counter(ledger.unpushed_by_tenant()) if ledger.has_remote else None
    for tenant in tenants:
        newest = ledger.newest(tenant.name)
        say_doubts(ledger, tenant.name, ctx)
        if rewritten := say_rewritten_history(ctx, record, tenant):
            ledger.add_doubt(tenant.name, rewritten)
        if newest is None and tenant.embedded and ctx.options.tenant is None:
            continue
        standing = _standing(tenant.name, newest, ledger, now)
        yield replace(
            standing,
            not_at_remote=unpushed[tenant.name] if unpushed is not None else None,
            doubts=ledger.doubts(tenant.name),
        )


def _standing(tenant: str, newest: StoredReport | None, ledger: Ledger, now: datetime) -> Standing:
    if newest is None:
        return Standing(tenant, None, None, None, 0, Deviations(0, 0, 0))
    verified = ledger.last_verified(tenant)
    report = newest.report
    coverage = coverage_from_json(report.fields)
    return Standing(
        tenant,
        newest,
        verified,
        now - verified.finished_at if verified else None,
        late=count_numbers(row for row in report.requests.open if row.due < now.date()),
        deviations=Deviations.of(report),
        protection=reported_protection(report),
        coverage=coverage,
        coverage_age=_coverage_age(coverage, now),
    )


def _coverage_age(coverage: Coverage | None, now: datetime) -> timedelta | None:
    """Say how long ago skills were read."""
    return now - datetime.fromisoformat(coverage.read_at) if coverage and coverage.read_at else None


def reported_protection(report: Report) -> Protection:
    """Say which numbers can still be called by a report, and which its run has sent and not seen."""
    not_protected: dict[tuple[str, Cause, str], list[str]] = {}
    weaker: dict[tuple[str, Cause, str], list[str]] = {}
    failures = {failure.key: failure for failure in report.failures}
    default = Cause.NOT_SENT if report.stopped_by else Cause.NOT_LIVE
    for key in sorted(report.not_live_keys):
        failure = failures.get(key)
        if failure is None or failure.outcome != "unknown":
            not_protected.setdefault(_cause_key(key[0], failure, default), []).append(key[1])
    for key in sorted(failures.keys() - report.not_live_keys - report.retained_keys):
        if failures[key].action == "update" and failures[key].outcome != "unknown":
            weaker.setdefault(_cause_key(key[0], failures[key], default), []).append(key[1])
    return Protection(
        not_protected=_open_numbers(not_protected),
        weaker=_open_numbers(weaker),
        not_verified=tuple(
            OpenNumbers(list_id, Cause.NOT_READ, "", (), count)
            for list_id, count in sorted(report.unverified.items())
        ),
    )


def _cause_key(list_id: str, failure: FailureRow | None, default: Cause) -> tuple[str, Cause, str]:
    if failure is None:
        return list_id, default, ""
    answer = f"{failure.code} {failure.message}".strip()
    return list_id, cause_of(failure.outcome, failure.code), answer


def _open_numbers(groups: Mapping[tuple[str, Cause, str], list[str]]) -> tuple[OpenNumbers, ...]:
    return tuple(OpenNumbers(*group, tuple(phones)) for group, phones in sorted(groups.items()))


def meter_standings(ctx: CommandContext, standings: Iterable[Standing]) -> None:
    """Tell how tenants stand by their reports."""
    for one in standings:
        if ctx.run.meter is None or one.newest is None:
            continue
        told = ctx.run.meter.of_tenant(one.tenant)
        report = one.newest.report
        live = (one.verified or report).live_after
        told.entries = {list_id: found.count for list_id, found in live.items()}
        told.status = report.status
        told.waiting, told.late = count_numbers(report.requests.open), one.late
        told.blocked, told.not_live = one.deviations.kept, one.deviations.not_live
        told.not_at_remote = one.not_at_remote
        told.uncovered = one.coverage.uncovered_counts() if one.coverage else {}
        told.verified_at = one.verified.finished_at if one.verified else None
