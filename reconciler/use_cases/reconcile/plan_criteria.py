"""What decides which changes are planned, and which of them guards keep back."""

from dataclasses import dataclass, replace
from datetime import datetime

from reconciler.core.model.provider import ClockOffset, Provider
from reconciler.core.planning.change import BlockedBy
from reconciler.core.planning.cost import SendRate
from reconciler.core.planning.guards import Circumstances
from reconciler.core.planning.inputs import PlanFacts
from reconciler.core.planning.ports import unasked
from reconciler.rules.honour_by import RuleDeadlines
from reconciler.use_cases.reconcile.clock_skew import earlier_moment, is_too_far_apart
from reconciler.use_cases.reconcile.last_applied import Past
from reconciler.use_cases.reconcile.plan_inputs import PlanInputs
from reconciler.use_cases.reconcile.safety import ApprovalLookup, SafetyLimits, limits_of
from reconciler.use_cases.workspace.context import CommandContext, Today


@dataclass(frozen=True, slots=True)
class PlanCriteria:
    """The facts and circumstances that a plan is made by, the limits behind them, and the approvals."""

    setting: PlanFacts
    circumstances: Circumstances
    safety: SafetyLimits
    approval: ApprovalLookup


@dataclass(frozen=True, slots=True)
class CriteriaSource:
    """Makes the criteria, by the clocks as far as CXone's is known: before a read, and after it again.

    `block` holds back whatever exposes, `limits_allow` is `--allow-removals`.
    """

    ctx: CommandContext
    inputs: PlanInputs
    past: Past
    provider: Provider
    now: datetime
    safety: SafetyLimits
    approval: ApprovalLookup
    block: BlockedBy | None
    limits_allow: int | None

    def make(self, day_offset: ClockOffset | None = None) -> PlanCriteria:
        """Make the criteria that hold now. `day_offset` is the clocks' difference that the day goes by."""
        project, tenant, past = self.inputs.project, self.inputs.tenant, self.past
        offset = self.provider.clock_offset()
        day = Today.at(earlier_moment(self.now, day_offset or offset), self.ctx.options.as_of).as_of
        connection = tenant.connection
        declared = self.inputs.lists.declared_entries
        setting = replace(
            past.plan_facts(
                declared,
                self.provider.dialect,
                as_of=day,
                now=self.now,
                limits=limits_of(self.safety, tenant, self.limits_allow),
            ),
            rate=SendRate(connection.chunk_size, connection.requests_per_minute, connection.concurrency),
            deadlines=RuleDeadlines(project.rules, day),
            is_approved=self.approval if self.safety.in_force.approvals else unasked,
        )
        met = Circumstances(
            recent_removals=past.recent_removals(self.now),
            general_block=clock_block(offset) or self.block,
            young_lists=past.young_lists(self.now, past.last_applied.list_ids),
        )
        return PlanCriteria(setting, met, self.safety, self.approval)


def clock_block(offset: ClockOffset | None) -> BlockedBy | None:
    """Hold back where clocks are too far apart: whether an opt-out is later cannot be told then."""
    return BlockedBy.LATER_OPT_OUT if is_too_far_apart(offset) else None
