"""`dnc apply`: make CXone match the commit, and write down what was done."""

from collections import Counter
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from reconciler.audit.journal import Journal, JournalledProvider
from reconciler.audit.ledger import Ledger
from reconciler.audit.report import StoredReport
from reconciler.core.apply.counted_run import finish_counted
from reconciler.core.apply.early import NOTHING_EARLY
from reconciler.core.apply.outcomes import Outcome
from reconciler.core.apply.run import (
    Run,
    carry_out,
)
from reconciler.core.apply.sender import UNSUPPORTED, Applier
from reconciler.core.apply.summary import done_counts, protection_after
from reconciler.core.apply.unread_run import carry_out_without_read, restrict_to_unread
from reconciler.core.model.entries import Key
from reconciler.core.model.errors import (
    BrokenChain,
    DncError,
    InvalidInput,
    NotDelivered,
    RepositoryProblem,
    RewrittenHistory,
)
from reconciler.core.model.live import Live
from reconciler.core.model.provider import NOT_EXPIRED, Failure, Provider
from reconciler.core.model.run_result import Protection, StoppedBy
from reconciler.core.planning.change import Action, BlockedBy
from reconciler.core.planning.guards import Circumstances, RemovalBudget, budget_of
from reconciler.core.planning.plan import Plan
from reconciler.use_cases.reconcile.doubt import chain_error
from reconciler.use_cases.reconcile.invalid_files import invalid_json
from reconciler.use_cases.reconcile.kept_read import save_read_after
from reconciler.use_cases.reconcile.live_read import discard_saved_read
from reconciler.use_cases.reconcile.plan_inputs import PlanInputs
from reconciler.use_cases.reconcile.prepared_plan import PreparedPlan, replan
from reconciler.use_cases.reconcile.put_back import restore_exposed
from reconciler.use_cases.reconcile.report.content import (
    content,
    failures,
    plan_with_outcomes,
    removed_counts,
    stopped_by,
)
from reconciler.use_cases.reconcile.report.list_changes import Turnover, turnover
from reconciler.use_cases.reconcile.run_metrics import meter_run
from reconciler.use_cases.reconcile.unreported_runs import journal_of, run_introduction_json
from reconciler.use_cases.workspace.context import CommandContext
from reconciler.use_cases.workspace.destination import default_branch, remote_counts

ChangeKey = tuple[Action, str, str]


@dataclass(frozen=True, slots=True)
class ApplyResult:
    """What became of an apply: the run, the report where one was due, and what went wrong at the end.

    `not_at_remote` counts the reports that only this clone has; None: there is no remote.
    """

    prepared: PreparedPlan
    run: Run
    status: str
    report: StoredReport | None
    delivery_problem: NotDelivered | None
    is_outdated: bool
    chain_problem: BrokenChain | None = None
    not_at_remote: int | None = None

    @property
    def stopped_by(self) -> StoppedBy | None:
        """Say who ended the run before its end, where anything was left for that."""
        return stopped_by(self.prepared, self.run)

    @property
    def protection(self) -> Protection:
        """Say which numbers can still be called, and which are not as the files say otherwise."""
        return protection_after(self.run)

    @property
    def problem(self) -> DncError | None:
        """Say what went wrong with the record of the run, if anything did."""
        return self.chain_problem or self.delivery_problem

    @property
    def head(self) -> dict[str, Any] | None:
        """Name the newest report after the run."""
        newest = self.report or self.prepared.state.last_applied.newest
        return newest.head if newest else None

    @property
    def exit_code(self) -> int:
        """The first that holds of 4, 8, 9, 7, 6, 0. 4: the chain of reports is broken."""
        is_rewritten = isinstance(self.chain_problem, RewrittenHistory)
        if self.chain_problem is not None and not is_rewritten:
            return self.chain_problem.exit_code
        if self._leaves_out_entries or (not self.run.is_clean and not self._has_only_known_refusals()):
            return 8
        if self.prepared.coverage.has_new_failures:
            return 8
        if self.delivery_problem is not None:
            return 9
        if self.is_outdated or is_rewritten:
            return 7
        kept_before = self.prepared.state.last_applied.retained_before
        return 6 if self.prepared.invalid or self.run.blocked_keys - kept_before else 0

    @property
    def _leaves_out_entries(self) -> bool:
        return any(file.leaves_out_claims for file in self.prepared.invalid)

    @property
    def next_budget(self) -> RemovalBudget:
        """Compare what is still to be removed with the limits of the next run.

        A number that was allowed and did not match is kept in it: it is what held the removals back.
        """
        criteria, run = self.prepared.criteria, self.run
        changes = []
        for change in run.final_plan.changes:
            if change.is_exposing:
                phones = (phone for phone in change.phones if not run.is_applied(change, phone))
                changes.append(replace(change, phones=tuple(phones)))
        removed = Counter(criteria.circumstances.recent_removals)
        removed.update(removed_counts(run))
        circumstances = replace(criteria.circumstances, recent_removals=removed)
        budget = budget_of((change for change in changes if change.phones), criteria.setting, circumstances)
        return budget if self.prepared.plan.budget.is_mismatch else replace(budget, allowed=None)

    def _has_only_known_refusals(self) -> bool:
        """Tell whether all that failed are refusals that the newest report already told, unchanged."""
        failed_keys = tuple(self.run.tally.with_outcome(Outcome.UNKNOWN, Outcome.NOT_ATTEMPTED))
        unsettled_keys = [key for key in failed_keys if key not in self.run.plan.exposing_keys]
        if self.run.error or self.run.read_back == "failed" or unsettled_keys:
            return False
        if self.run.is_in_doubt or self.run.is_out_of_time:
            return False
        past = self.prepared.state.last_applied
        failures_before = past.newest.report.failures if past.newest and not past.has_other_target else ()
        known_failures = {(failure.action, *failure.key, failure.code) for failure in failures_before}
        failures_now = {
            (failure["action"], failure["list_id"], failure["phone"], failure["code"])
            for failure in failures(self.run)
            if failure["code"] != UNSUPPORTED  # keeps a number on: a guard's matter, not a number unprotected
        }
        return failures_now <= known_failures


def apply(
    prepared: PreparedPlan,
    *,
    agreed_changes: frozenset[ChangeKey] | None,
    progress: Callable[[int], None] = lambda _: None,
) -> ApplyResult:
    """Carry the plan out, report, and deliver the report.

    `agreed_changes`: what a saved plan lets come off.
    """
    ctx, inputs, state = prepared.ctx, prepared.inputs, prepared.state
    ledger = state.last_applied.ledger
    if ledger is None or inputs.repository is None:
        raise RepositoryProblem("there is no repository to report to", "run this in a git clone")
    early = state.early
    started_at = early.started_at if early else ctx.clock()
    ledger.check_writable(started_at)
    plan = _bind_plan(prepared, agreed_changes)
    not_todays = agreed_changes is not None and agreed_changes != prepared.plan.exposing_keys
    if early:
        plan = replace(plan, overwrites=plan.overwrites | early.writes.overwrites(early.tally))
    planned_tip = ledger.tip
    audit = inputs.project.configuration.audit
    journal = early.journal if early else journal_of(inputs.repository, audit, inputs.tenant.name, ctx.clock)
    run_introduction = run_introduction_json(
        plan, prepared.heading.revision or "", state.provider.target, started_at
    )
    provider = JournalledProvider(
        state.provider,
        journal,
        overwrites=plan.overwrites,
        exposing=frozenset((list_id, phone) for _, list_id, phone in plan.exposing_keys),
    )

    blocks = plan.blocks

    def decide(
        live: Live, *, refused: frozenset[str], hold_back: BlockedBy | None, wrote: Container[Key]
    ) -> Plan:
        met = Circumstances(
            refused_phones=refused,
            general_block=hold_back,
            approved_changes=plan.exposing_keys,
            blocked_before=blocks,
            protective_sent=True,
            written_keys=wrote,
        )
        return replan(prepared, live, met)

    def may_expose() -> BlockedBy | None:
        return None if _is_still_newest(prepared, planned_tip) else BlockedBy.SUPERSEDED

    applier = Applier(
        provider,
        chunk_size=inputs.tenant.connection.chunk_size,
        concurrency=inputs.tenant.connection.concurrency,
        is_stopped=ctx.run.stop.is_set,
        is_out_of_time=ctx.run.budget.is_over if ctx.run.budget else lambda: False,
        progress=progress,
        futile_removals=_futile_removals(prepared),
        tally=early.tally if early else None,
    )
    early_writes = early.writes if early else NOTHING_EARLY
    progress(len(early_writes.seen))
    if plan.pending_count and not state.live.is_counted:
        discard_saved_read(ctx.folder, inputs.tenant)
    with journal.of_run(run_introduction, numbers=plan.pending_count):
        if state.live.is_counted:
            run = finish_counted(
                plan,
                applier.tally,
                early_writes,
                entry_count=state.live.entry_count,
                read_at=state.live.read_at,
            )
        elif state.unread is None:
            run = carry_out(
                plan,
                state.live,
                applier,
                provider,
                decide=decide,
                may_expose=may_expose,
                list_ids=prepared.list_ids,
                always_read_back=inputs.tenant.read_back == "full",
                early=early_writes,
            )
        else:
            run = carry_out_without_read(
                plan,
                applier,
                dialect=provider.dialect,
                decide=decide,
                error=state.unread,
                early=early_writes,
            )
        run = _put_back(prepared, run, applier)
        if run.error is not None and not run.tally.has_written and not run.tally.sent_requests:
            journal.forget()
            raise run.error  # nothing was written
        _settle_coverage(prepared, run, provider)
        return _write_report(prepared, run, journal, started_at=started_at, is_outdated=not_todays)


def _settle_coverage(prepared: PreparedPlan, run: Run, provider: Provider) -> None:
    """Read which skills honour the lists, and add what is missing: no number has waited for it."""
    ctx = prepared.ctx

    def is_over() -> bool:
        return ctx.run.stop.is_set() or bool(ctx.run.budget and ctx.run.budget.is_over())

    if run.error is None and not is_over() and not run.live_after.is_counted:
        prepared.coverage.read(prepared.list_ids)
        prepared.coverage.assign(provider, is_over)


def _futile_removals(prepared: PreparedPlan) -> Mapping[Key, Failure]:
    """Name the removals that CXone took before without effect, unless a person allows this run's removals."""
    past = prepared.state.last_applied
    if past.newest is None or past.has_other_target or prepared.criteria.setting.limits.allow is not None:
        return {}
    return {
        failure.key: Failure(failure.code, failure.message)
        for failure in past.newest.report.failures
        if failure.action == Action.DELETE and failure.code == NOT_EXPIRED
    }


def _put_back(prepared: PreparedPlan, run: Run, applier: Applier) -> Run:
    """Undo what the newest revision claims, and say so."""
    tips: list[str | None] = []

    def newest_revision() -> str | None:
        tips.append(_newest_revision(prepared.ctx, prepared.inputs))
        return tips[-1]

    done = restore_exposed(run, applier, prepared.state, prepared.heading, newest_revision)
    if count := sum(len(change.phones) for change in done.put_back):
        back = done_counts(done, done.put_back).get("put_back", 0)
        counts_text = f"of {count:,} that this run had removed, {back:,} went back on"
        if tips[-1]:
            prepared.ctx.say(f"a newer revision was merged meanwhile: {counts_text} for it")
        else:
            prepared.ctx.say(
                f"the newest revision could not be read at the remote: {counts_text}, in case it has them;"
                " a plan shows what no file has as unmanaged"
            )
    return done


def _bind_plan(prepared: PreparedPlan, agreed_changes: frozenset[ChangeKey] | None) -> Plan:
    """Bind the plan to a saved plan."""
    if agreed_changes is None:
        return prepared.plan
    met = Circumstances(approved_changes=agreed_changes, blocked_before=prepared.plan.blocks)
    plan = replan(prepared, prepared.state.live, met)
    return plan if prepared.state.unread is None else restrict_to_unread(plan)


def _is_still_newest(prepared: PreparedPlan, planned_tip: str | None) -> bool:
    """Tell whether the tenant's reports and the newest revision are still those that the plan saw."""
    ledger = prepared.state.last_applied.ledger
    if ledger is None:
        return False
    try:
        ledger.refresh()
        if not ledger.is_unchanged_since(prepared.inputs.tenant.name, since=planned_tip):
            return False
    except DncError:
        return False
    return _newest_revision(prepared.ctx, prepared.inputs) == prepared.heading.revision


def _newest_revision(ctx: CommandContext, inputs: PlanInputs) -> str | None:
    """Find the newest revision: the remote's, or HEAD where no remote counts; None if it can't be told."""
    if inputs.repository is None:
        return None
    try:
        if not remote_counts(inputs.repository, inputs.tenant):
            return inputs.repository.head()
        return default_branch(ctx, inputs.repository, inputs.project)[1]
    except DncError:
        return None


def _run_status(prepared: PreparedPlan, run: Run) -> str:
    if run.is_clean and prepared.invalid:
        return "partial"
    if run.is_clean:
        return "complete" if run.tally.sent_requests else "in-sync"
    return "interrupted" if prepared.ctx.run.stop.is_set() else "partial"


def _write_report(
    prepared: PreparedPlan, run: Run, journal: Journal, *, started_at: datetime, is_outdated: bool
) -> ApplyResult:
    status = _run_status(prepared, run)
    past = prepared.state.last_applied
    ledger = past.ledger
    if ledger is None:
        raise RepositoryProblem("there is no repository to report to", "run this in a git clone")
    finished_at = max(started_at, prepared.ctx.clock())  # a clock may have been set meanwhile
    stored_report: StoredReport | None = None
    if broken := chain_error(prepared.doubts):
        # The journal stays: once the chain holds again, the next report tells of this run.
        if not run.tally.sent_requests and not prepared.coverage.results:
            journal.forget()
        save_read_after(prepared, run, None)
        meter_run(prepared, run, status, None)
        return ApplyResult(prepared, run, status, None, None, is_outdated, broken)
    audit_push = prepared.inputs.project.configuration.audit.push
    push = audit_push == "always" or (audit_push == "auto" and prepared.ctx.pipeline.is_running)
    problem: NotDelivered | None = None
    try:
        claims = prepared.inputs.lists.declared_entries.active_on(prepared.criteria.setting.as_of)
        list_turnover = turnover(claims, past, run)
        if prepared.rewritten or _is_report_due(
            prepared, run, list_turnover
        ):  # else the next run would be asked to accept it again
            report_content = content(
                prepared, run, list_turnover, status=status, window=(started_at, finished_at)
            )
            journal.release_reserve()
            stored_report = ledger.append(
                report_content, plan_with_outcomes(prepared, run, list_turnover), at=finished_at
            )
            journal.finish()
        else:
            journal.forget()
        # Also where no report is due: one of a run before may still wait here.
        ledger.deliver(push=push, is_hurried=prepared.ctx.run.stop.is_set)
        ledger.demand_signed()
    except NotDelivered as error:
        problem = error
    finally:
        save_read_after(prepared, run, stored_report)
        meter_run(prepared, run, status, stored_report)
    return ApplyResult(
        prepared,
        run,
        status,
        stored_report,
        problem,
        is_outdated,
        not_at_remote=_count_unpushed(ledger, has_report=stored_report is not None),
    )


def _count_unpushed(ledger: Ledger, *, has_report: bool) -> int | None:
    """Count the reports that only this clone has. The run is over: what cannot be counted fails nothing."""
    if not ledger.has_remote:
        return None
    try:
        return len(ledger.unpushed_reports())
    except DncError:
        return int(has_report)


def _is_report_due(prepared: PreparedPlan, run: Run, list_turnover: Turnover) -> bool:
    """Tell whether a report is due: something was attempted, or lists, rules, configuration, kept differ.

    Kept differs, too, where a number stays for another reason than before. What others did to entries of ours
    is on record from the first run that sees it, and so is that what nobody had seen after an earlier run is
    verified now.
    """
    past = prepared.state.last_applied
    newest = past.newest
    if (
        run.tally.sent_requests
        or newest is None
        or past.has_other_target
        or newest.report.unverified
        or prepared.ctx.leaves_always_a_report
        or prepared.coverage.has_news
    ):
        return True
    if past.unreported_runs or list_turnover.modified:
        return True
    if invalid_json(prepared.invalid) != list(newest.report.invalid):
        return True
    if newest.report.hashes != prepared.inputs.project.content_hashes(prepared.inputs.sources):
        return True
    retained = run.retained
    if retained.keys() != past.retained_before:
        return True
    retained_before = past.last_applied.retained
    return any(
        key in retained_before and retained_before[key].blocked_by != value.blocked_by
        for key, value in retained.items()
    )


def exposing_from_json(document: dict[str, Any], prepared: PreparedPlan) -> frozenset[ChangeKey]:
    """Read from a saved plan what it lets come off. Raises InvalidInput for a plan of another tenant."""
    if document.get("tenant") != prepared.inputs.tenant.name or document.get("errored"):
        raise InvalidInput(
            "the saved plan is not one of this tenant, or failed", "make it again: dnc plan -o plan.json"
        )
    if document.get("numbers") == "masked":
        raise InvalidInput(
            "the saved plan is a copy with masked numbers", "make it again, without --numbers masked"
        )
    return frozenset(
        (Action(change["action"]), change["list_id"], phone)
        for change in document["changes"]
        if change["direction"] == "exposing" and not change["blocked_by"]
        for phone in change["phones"]
    )
