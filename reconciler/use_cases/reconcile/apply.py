"""`dnc apply`: make CXone match the commit, and write down what was done."""

from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from reconciler.audit.journal import Journal, Journalled
from reconciler.audit.report import StoredReport
from reconciler.core.apply.outcomes import Outcome
from reconciler.core.apply.run import Run, carry_out, carry_out_blind, narrowed, patched
from reconciler.core.apply.sender import UNSUPPORTED, Applier
from reconciler.core.model.entries import Key, Terms, strongest_terms
from reconciler.core.model.errors import BrokenChain, DncError, InvalidInput, NotDelivered, RepositoryProblem
from reconciler.core.model.live import Live
from reconciler.core.model.provider import Dialect
from reconciler.core.planning.change import Action, BlockedBy, Change, Direction, Reason
from reconciler.core.planning.guards import Circumstances
from reconciler.core.planning.plan import Heading, Plan
from reconciler.use_cases.reconcile.doubt import broken_chain
from reconciler.use_cases.reconcile.kept_read import discard, keep_after
from reconciler.use_cases.reconcile.last_applied import Past
from reconciler.use_cases.reconcile.plan_inputs import PlanInputs
from reconciler.use_cases.reconcile.prepared_plan import PlanState, PreparedPlan, replan
from reconciler.use_cases.reconcile.report.content import content, failures, plan_with_outcomes
from reconciler.use_cases.reconcile.report.list_changes import Turnover, turnover
from reconciler.use_cases.reconcile.run_metrics import meter_run
from reconciler.use_cases.reconcile.unreported_runs import introduction, journal_of
from reconciler.use_cases.workspace.context import CommandContext
from reconciler.use_cases.workspace.destination import default_branch, remote_counts


def put_back(
    run: Run, applier: Applier, state: PlanState, heading: Heading, newest: Callable[[], str | None]
) -> Run:
    """Undo what this run took off or weakened and the newest revision claims.

    The look before the first removal saw no newer revision, and one may have been merged since: its own run
    found the number still live, and had nothing to do. `newest` gives None where it can't be told: then
    everything goes back on, and the next run decides again.
    """
    exposed = [key for key in run.plan.exposing if _done(run, key)]
    tip = newest() if exposed else heading.revision
    if tip == heading.revision:
        return run
    keys = [(list_id, phone) for _, list_id, phone in exposed]
    changes = _changes(state.provider.dialect, run, _claimed(state.last_applied, heading, tip, keys))
    if not changes:
        return run
    applier.upsert(changes)
    return replace(
        run,
        plan=replace(run.plan, changes=(*run.plan.changes, *changes)),
        after=patched(run.after, changes, run.tally, state.provider.dialect),
    )


def _done(run: Run, key: tuple[Action, str, str]) -> bool:
    result = run.tally.results.get(key)
    return result is not None and result.outcome in {Outcome.APPLIED, Outcome.UNKNOWN}


def _claimed(past: Past, heading: Heading, tip: str | None, keys: Iterable[Key]) -> Mapping[Key, Terms]:
    """Say with which terms a number is claimed at the tip; where it can't be read, as it was held."""
    try:
        lists = strongest_terms(past.claims_at(tip).standing(heading.as_of).files) if tip else None
    except DncError:
        lists = None
    if lists is None:
        held = {key: [claim.terms for claim in past.held.claims(key)] for key in keys}
        return {key: max(terms, key=lambda t: t.precedence) for key, terms in held.items() if terms}
    return {key: lists[key[0]][key[1]] for key in keys if key[1] in lists.get(key[0], {})}


def _changes(dialect: Dialect, run: Run, claimed: Mapping[Key, Terms]) -> tuple[Change, ...]:
    groups: dict[tuple[Action, str, Terms], list[str]] = {}
    for key, terms in sorted(claimed.items(), key=lambda item: item[0]):
        entry = run.after.get(key)
        if entry is None:
            groups.setdefault((Action.CREATE, key[0], terms), []).append(key[1])
        elif dialect.strength(dialect.carried(terms)) > dialect.strength(entry.terms):
            groups.setdefault((Action.UPDATE, key[0], terms), []).append(key[1])
    return tuple(
        Change(action, list_id, Direction.PROTECTIVE, Reason.RESTORED, None, terms, tuple(phones))
        for (action, list_id, terms), phones in groups.items()
    )


ChangeKey = tuple[Action, str, str]


@dataclass(frozen=True, slots=True)
class Applied:
    """What became of an apply: the run, the report where one was due, and what went wrong at the end."""

    prepared: PreparedPlan
    run: Run
    status: str
    report: StoredReport | None
    undelivered: NotDelivered | None
    not_todays: bool
    broken: BrokenChain | None = None

    @property
    def problem(self) -> DncError | None:
        """Say what went wrong with the record of the run, if anything did."""
        return self.broken or self.undelivered

    @property
    def head(self) -> dict[str, Any] | None:
        """Name the newest report after the run."""
        newest = self.report or self.prepared.state.last_applied.newest
        return newest.head if newest else None

    @property
    def exit_code(self) -> int:
        """The first that holds of 4, 8, 9, 7, 6, 0. 4: the chain of reports is broken."""
        if self.broken is not None:
            return self.broken.exit_code
        if not self.run.clean and not self._known_refusals_only():
            return 8
        if self.undelivered is not None:
            return 9
        if self.not_todays:
            return 7
        kept_before = self.prepared.state.last_applied.kept_before
        return 6 if (self.run.final.blocked | self.run.unsupported) - kept_before else 0

    def _known_refusals_only(self) -> bool:
        """Tell whether all that failed are refusals that the newest report already told, unchanged."""
        bad = tuple(self.run.tally.having(Outcome.UNKNOWN, Outcome.NOT_ATTEMPTED))
        unsettled = [key for key in bad if key not in self.run.plan.exposing]
        if self.run.error or self.run.read_back == "failed" or unsettled:
            return False
        if self.run.in_doubt or self.run.out_of_time:
            return False
        past = self.prepared.state.last_applied
        before = past.newest.report.failures if past.newest and not past.other_target else ()
        known = {(f.action, *f.key, f.code) for f in before}
        now = {
            (f["action"], f["list_id"], f["phone"], f["code"])
            for f in failures(self.run)
            if f["code"] != UNSUPPORTED  # keeps a number on: a guard's matter, not a number unprotected
        }
        return now <= known


def apply(
    prepared: PreparedPlan,
    *,
    agreed: frozenset[ChangeKey] | None,
    progress: Callable[[int], None] = lambda _: None,
) -> Applied:
    """Carry the plan out, report, and deliver the report.

    `agreed`: what a saved plan lets come off.
    """
    ctx, inputs, state = prepared.ctx, prepared.inputs, prepared.state
    ledger = state.last_applied.ledger
    if ledger is None or inputs.repository is None:
        raise RepositoryProblem("there is no repository to report to", "run this in a git clone")
    ledger.check_writable()
    plan = _bound(prepared, agreed)
    not_todays = agreed is not None and agreed != prepared.plan.exposing
    started = ctx.clock()
    planned_tip = ledger.tip
    journal = journal_of(inputs.repository, inputs.project.configuration.audit, inputs.tenant.name, ctx.clock)
    introduced = introduction(plan, prepared.heading.revision or "", state.provider.target, started)
    provider = Journalled(
        state.provider,
        journal,
        overwrites=plan.overwrites,
        exposing=frozenset((list_id, phone) for _, list_id, phone in plan.exposing),
    )

    def decide(
        live: Live, *, refused: frozenset[str], hold_back: BlockedBy | None, wrote: Container[Key]
    ) -> Plan:
        met = Circumstances(
            refused=refused, hold_back=hold_back, agreed=plan.exposing, arrived=True, wrote=wrote
        )
        return replan(prepared, live, met)

    def may_expose() -> BlockedBy | None:
        return None if _still_newest(prepared, planned_tip) else BlockedBy.SUPERSEDED

    applier = Applier(
        provider,
        chunk_size=inputs.tenant.connection.chunk_size,
        concurrency=inputs.tenant.connection.concurrency,
        stopped=ctx.run.stop.is_set,
        out_of_time=ctx.run.budget.over if ctx.run.budget else lambda: False,
        progress=progress,
    )
    if plan.pending:
        discard(ctx.folder, inputs.tenant)
    with journal.of_run(introduced, numbers=plan.pending):
        if state.unread is None:
            run = carry_out(
                plan,
                state.live,
                applier,
                provider,
                decide=decide,
                may_expose=may_expose,
                list_ids=prepared.list_ids,
                always_read_back=inputs.tenant.read_back == "full",
            )
        else:
            run = carry_out_blind(plan, applier, dialect=provider.dialect, decide=decide, error=state.unread)
        run = _put_back(prepared, run, applier)
        if run.error is not None and not run.tally.written and not run.tally.sent:
            journal.forget()
            raise run.error  # nothing was written
        return _report(prepared, run, journal, started=started, not_todays=not_todays)


def _put_back(prepared: PreparedPlan, run: Run, applier: Applier) -> Run:
    """Undo what the newest revision claims, and say so."""
    done = put_back(
        run, applier, prepared.state, prepared.heading, lambda: _tip(prepared.ctx, prepared.inputs)
    )
    count = sum(len(change.phones) for change in done.plan.changes[len(run.plan.changes) :])
    if count:
        prepared.ctx.say(
            f"a newer revision was merged meanwhile: {count:,} that had come off went back on for it"
        )
    return done


def _bound(prepared: PreparedPlan, agreed: frozenset[ChangeKey] | None) -> Plan:
    """Bind the plan to a rewritten history, or to a saved plan."""
    if not prepared.rewritten and agreed is None:
        return prepared.plan
    hold_back = BlockedBy.SUPERSEDED if prepared.rewritten else None
    plan = replan(prepared, prepared.state.live, Circumstances(hold_back=hold_back, agreed=agreed))
    return plan if prepared.state.unread is None else narrowed(plan)


def _still_newest(prepared: PreparedPlan, planned_tip: str | None) -> bool:
    """Tell whether the tenant's reports and the newest revision are still those that the plan saw."""
    ledger = prepared.state.last_applied.ledger
    if ledger is None:
        return False
    try:
        ledger.refresh()
        if not ledger.untouched(prepared.inputs.tenant.name, since=planned_tip):
            return False
    except DncError:
        return False
    return _tip(prepared.ctx, prepared.inputs) == prepared.heading.revision


def _tip(ctx: CommandContext, inputs: PlanInputs) -> str | None:
    """Find the newest revision: the remote's, or HEAD where no remote counts; None if it can't be told."""
    if inputs.repository is None:
        return None
    try:
        if not remote_counts(inputs.repository, inputs.tenant):
            return inputs.repository.head()
        return default_branch(ctx, inputs.repository, inputs.project)[1]
    except DncError:
        return None


def _status(run: Run, *, stopped: bool) -> str:
    if run.clean:
        return "complete" if run.tally.sent else "in-sync"
    return "interrupted" if stopped else "partial"


def _report(
    prepared: PreparedPlan, run: Run, journal: Journal, *, started: datetime, not_todays: bool
) -> Applied:
    status = _status(run, stopped=prepared.ctx.run.stop.is_set())
    past = prepared.state.last_applied
    ledger = past.ledger
    if ledger is None:
        raise RepositoryProblem("there is no repository to report to", "run this in a git clone")
    finished = max(started, prepared.ctx.clock())  # a clock may have been set meanwhile
    stored: StoredReport | None = None
    if broken := broken_chain(prepared.doubts):
        # The journal stays: once the chain holds again, the next report tells of this run.
        if not run.tally.sent:
            journal.forget()
        keep_after(prepared, run, None)
        meter_run(prepared, run, status, None)
        return Applied(prepared, run, status, None, None, not_todays, broken)
    push = prepared.inputs.project.configuration.audit.push
    try:
        claims = prepared.inputs.lists.claims.standing(prepared.criteria.setting.as_of)
        turned = turnover(claims, past, run)
        if prepared.rewritten or _due(
            prepared, run, turned
        ):  # else the next run would be asked to accept it again
            told = content(prepared, run, turned, status=status, window=(started, finished))
            journal.make_room()
            stored = ledger.append(told, plan_with_outcomes(prepared, run, turned), at=finished)
            journal.finish()
        else:
            journal.forget()
        # Also where no report is due: one of a run before may still wait here.
        ledger.deliver(
            push=push == "always" or (push == "auto" and prepared.ctx.pipeline.running),
            hurried=prepared.ctx.run.stop.is_set,
        )
        ledger.demand_signed()
    except NotDelivered as error:
        return Applied(prepared, run, status, stored, error, not_todays)
    finally:
        keep_after(prepared, run, stored)
        meter_run(prepared, run, status, stored)
    return Applied(prepared, run, status, stored, None, not_todays)


def _due(prepared: PreparedPlan, run: Run, turned: Turnover) -> bool:
    """Tell whether a report is due: something was attempted, or lists, rules, configuration, kept differ.

    What others did to entries of ours is on record from the first run that sees it.
    """
    past = prepared.state.last_applied
    newest = past.newest
    if run.tally.sent or newest is None or past.other_target or prepared.ctx.leaves_always_a_report:
        return True
    if past.untold or turned.touched:
        return True
    if newest.report.hashes != prepared.inputs.project.content(prepared.inputs.sources):
        return True
    return frozenset(run.kept) != past.kept_before


def exposing_of(document: dict[str, Any], prepared: PreparedPlan) -> frozenset[ChangeKey]:
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
