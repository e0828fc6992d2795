"""A reading that was verified, kept for the plans of merge requests."""

from reconciler.audit.report import StoredReport
from reconciler.core.apply.outcomes import Outcome
from reconciler.core.apply.run import Run, apply_to_live
from reconciler.core.model.errors import DncError
from reconciler.core.model.live import Live
from reconciler.core.planning.change import Direction
from reconciler.cxone.saved_read import Stamp, save
from reconciler.use_cases.reconcile.live_read import load_for_patch, reading_key, saved_read_path
from reconciler.use_cases.reconcile.prepared_plan import PreparedPlan
from reconciler.use_cases.workspace.files import state_folder


def save_read_after(prepared: PreparedPlan, run: Run, stored_report: StoredReport | None) -> None:
    """Keep what live is after a run, where all that it did has been seen, or the totals say so."""
    if run.live_after.is_counted:
        _patch_read(prepared, run, stored_report)
        return
    doubt = run.error is not None or run.read_back == "failed" or any(run.tally.with_outcome(Outcome.UNKNOWN))
    if not doubt:
        save_read(prepared, run.live_after, stored_report or prepared.state.last_applied.newest)


def _patch_read(prepared: PreparedPlan, run: Run, stored_report: StoredReport | None) -> None:
    """Put what a run wrote and only counted into the reading that is kept, which keeps its age."""
    past, list_ids = prepared.state.last_applied, prepared.list_ids
    saved = load_for_patch(prepared.inputs.project, prepared.ctx, past, list_ids)
    if saved is not None:
        creates = run.plan.allowed_changes(Direction.PROTECTIVE)
        live = apply_to_live(saved.live, creates, run.tally, saved.dialect)
        save_read(prepared, live, stored_report or past.newest)


def save_read(prepared: PreparedPlan, live: Live, newest: StoredReport | None) -> None:
    """Keep a reading that adds up. That it cannot be kept is said, and ends nothing.

    The built-in CXone's is not kept: reading that costs nothing.
    """
    ctx, provider = prepared.ctx, prepared.state.provider
    tenant_settings = prepared.inputs.project.tenant(prepared.inputs.tenant.name)
    if tenant_settings.embedded or not live.complete or live.is_unread:
        return
    try:
        own_ids = {name: provider.tenant_list_id(name) for name in sorted(prepared.list_ids)}
        report = newest.sha256 if newest else None
        stamp = Stamp(
            tenant_settings.name, tenant_settings.connection.read_settings(), provider.target, own_ids, report
        )
        key = reading_key(ctx.environ)
        save(saved_read_path(state_folder(ctx.folder), tenant_settings), stamp, live, key)
    except (OSError, DncError) as error:
        ctx.say(f"warning: the reading is not kept for merge requests: {error}")
