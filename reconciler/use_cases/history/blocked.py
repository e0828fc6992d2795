"""`dnc blocked`: what guards keep in the newest run, and what they would keep of the files as they are.

CXone is not asked: the files are compared with what was last applied.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from reconciler.audit.ledger import Ledger
from reconciler.audit.report import StoredReport
from reconciler.audit.report_rows import BLOCKED, BY_HAND, NOT_REMOVED, FailureRow, RetainedRow
from reconciler.core.apply.outcomes import NO_CAPACITY
from reconciler.core.model.entries import Key
from reconciler.core.model.errors import DncError, InvalidInput
from reconciler.core.model.finding import Severity
from reconciler.core.planning.change import BlockedBy, Change
from reconciler.core.planning.guards import Circumstances, RemovalBudget
from reconciler.core.planning.plan import Plan, make_expected_plan
from reconciler.core.planning.ports import unasked
from reconciler.use_cases.history.compare import dialect_of
from reconciler.use_cases.reconcile.doubt import chain_doubts, doubt_block
from reconciler.use_cases.reconcile.invalid_files import errors_of_files
from reconciler.use_cases.reconcile.last_applied import load_past
from reconciler.use_cases.reconcile.rule_changes import excuse_applied, last_applied_sources
from reconciler.use_cases.reconcile.safety import SafetyLimits, approval_of, budget_json, limits_of
from reconciler.use_cases.workspace.context import CommandContext
from reconciler.use_cases.workspace.destination import say_rewritten_history
from reconciler.use_cases.workspace.opening import open_record, open_repository
from reconciler.use_cases.workspace.tenant_lists import TenantLists

# What CXone decides, or the run itself: the files do not tell whether it still holds.
_NOT_IN_FILES = frozenset(
    {
        BlockedBy.LATER_OPT_OUT,
        BlockedBy.INCOMPLETE_READ,
        BlockedBy.REFUSED_ELSEWHERE,
        BlockedBy.SUPERSEDED,
        BlockedBy.UNSUPPORTED,
    }
)


@dataclass(frozen=True, slots=True)
class FilesOutlook:
    """What the next run would keep of the files as they are, against the newest run.

    `new` are numbers that the newest run did not keep, `other_reason` those that it kept for another reason.
    `returned` are numbers of the newest run that the files list again, `authorized` those that they let go
    now: the next run removes them, unless CXone has a later opt-out. `by_hand` are numbers that people will
    have to remove, as far as the newest run does not say so.
    """

    new: tuple[Change, ...]
    other_reason: tuple[Change, ...]
    returned: tuple[Key, ...]
    authorized: tuple[Key, ...]
    by_hand: tuple[Key, ...]
    budget: RemovalBudget


@dataclass(frozen=True, slots=True)
class BlockedNumbers:
    """A tenant's blocked numbers. `report` is that of the newest run; None where there is none yet.

    `files` is what the files add to it; None where that cannot be told, for the reason in `problem`.
    `budget_json` is the removal budget with its command.
    """

    tenant: str
    report: StoredReport | None
    rows: tuple[RetainedRow, ...]
    left_out: tuple[FailureRow, ...]
    read_at: datetime
    files: FilesOutlook | None
    problem: str
    budget_json: Mapping[str, Any] | None

    def rows_of_kind(self, kind: str) -> tuple[RetainedRow, ...]:
        """Give the rows of the newest run that stay for one cause."""
        return tuple(row for row in self.rows if row.kind == kind)

    def count_of_kind(self, kind: str) -> int:
        """Count their numbers, each once."""
        return len(self.report.report.retained_of_kind(kind)) if self.report else 0

    @property
    def in_newest_run(self) -> int:
        """Count what guards keep in the newest run."""
        return self.count_of_kind(BLOCKED)

    @property
    def in_files(self) -> int | None:
        """Count what guards would keep of the files besides; None where that cannot be told."""
        return None if self.files is None else sum(len(change.phones) for change in self.files.new)

    @property
    def is_empty(self) -> bool:
        """Tell whether nothing stays that the files no longer ask for, as far as it can be told."""
        others = sum(self.count_of_kind(kind) for kind in (BY_HAND, NOT_REMOVED)) + len(self.left_out)
        return not (self.in_newest_run or self.in_files or others)


def blocked(ctx: CommandContext) -> BlockedNumbers:
    """List both. Raises RepositoryProblem where there is no repository, or the remote is silent."""
    record = open_record(ctx)
    ledger = record.ledger
    ledger.refresh()
    tenant = record.project.tenant(ctx.options.tenant)
    newest = ledger.newest(tenant.name)
    is_rewritten = say_rewritten_history(ctx, record, tenant) is not None
    outlook, problem = None, ""
    try:
        outlook = _outlook(ctx, ledger, newest, is_rewritten=is_rewritten)
    except DncError as error:
        problem = f"{error.fact}; fix: {error.fix}" if error.fix else error.fact
    report = newest.report if newest else None
    return BlockedNumbers(
        tenant.name,
        newest,
        report.retained if report else (),
        tuple(row for row in report.failures if row.code == NO_CAPACITY.code) if report else (),
        ctx.clock(),
        outlook,
        problem,
        budget_json(ctx, outlook.budget) if outlook else None,
    )


def _outlook(
    ctx: CommandContext, ledger: Ledger, newest: StoredReport | None, *, is_rewritten: bool
) -> FilesOutlook:
    """Compare what the next run would keep with what the newest run kept."""
    plan = _expected_plan(ctx, ledger, is_rewritten=is_rewritten)
    kept = newest.report.retained_of_kind(BLOCKED) if newest else {}
    new: list[Change] = []
    other_reason: list[Change] = []
    for change in plan.changes:
        if not change.blocked_by or change.by_hand:
            continue
        blocks = tuple(block.value for block in change.blocked_by)
        known = {phone: kept.get((change.list_id, phone)) for phone in change.phones}
        new += _part(change, [phone for phone, before in known.items() if before is None])
        other_reason += _part(
            change,
            [
                phone
                for phone, before in known.items()
                if before is not None and before != blocks and _NOT_IN_FILES.isdisjoint(before)
            ],
        )
    by_hand = {key for change in plan.changes if change.by_hand for key in change.keys}
    by_hand -= newest.report.retained_of_kind(BY_HAND).keys() if newest else set()
    going = {key[1:] for key in plan.exposing_keys}
    named = {key for change in plan.changes for key in change.keys}
    return FilesOutlook(
        tuple(new),
        tuple(other_reason),
        tuple(sorted(kept.keys() - named)),
        tuple(sorted(key for key in kept.keys() & going if BlockedBy.LATER_OPT_OUT not in kept[key])),
        tuple(sorted(by_hand)),
        plan.budget,
    )


def _part(change: Change, phones: list[str]) -> list[Change]:
    return [replace(change, phones=tuple(phones))] if phones else []


def _expected_plan(ctx: CommandContext, ledger: Ledger, *, is_rewritten: bool) -> Plan:
    """Plan the removals of the files as they are. Raises InvalidInput for files that are not valid.

    `is_rewritten`: history was, and a run would remove nothing.
    """
    tenant_lists = TenantLists.open(ctx)
    project, tenant, today = tenant_lists.project, tenant_lists.tenant, tenant_lists.today
    repository = open_repository(ctx)
    lists = excuse_applied(
        tenant_lists.lists,
        project,
        today,
        lambda: last_applied_sources(project, [tenant], repository, ledger),
    )
    if any(finding.severity is Severity.ERROR for finding in project.reach_findings([tenant])):
        raise InvalidInput("the tenant reaches no list file", "dnc validate shows it")
    past, now = load_past(tenant_lists, ledger), ctx.clock()
    lists, invalid = past.without_errors(lists, errors_of_files(lists.findings), today)
    safety = SafetyLimits.of(project.configuration.safety, past.newest)
    approval = approval_of(ctx, repository, None) if safety.in_force.approvals else unasked
    facts = replace(
        past.plan_facts(
            lists.declared_entries,
            dialect_of(tenant),
            as_of=today.as_of,
            now=now,
            limits=limits_of(safety, tenant, None),
        ),
        is_approved=approval,
    )
    circumstances = Circumstances(
        recent_removals=past.recent_removals(now),
        general_block=(BlockedBy.OTHER_CHAIN if is_rewritten else None)
        or doubt_block(chain_doubts(project.configuration.audit, ledger, tenant.name))
        or (BlockedBy.INVALID_FILES if invalid else None),
        young_lists=past.young_lists(now, past.last_applied.list_ids),
    )
    return make_expected_plan(facts, circumstances)
