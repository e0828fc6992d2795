"""A reading that was verified, kept for the plans of merge requests."""

from contextlib import suppress

from reconciler.audit.report import StoredReport
from reconciler.core.apply.outcomes import Outcome
from reconciler.core.apply.run import Run
from reconciler.core.model.errors import DncError
from reconciler.core.model.live import Live
from reconciler.cxone.saved_read import Stamp, save
from reconciler.use_cases.reconcile.live_read import place_of, reading_key
from reconciler.use_cases.reconcile.prepared_plan import Planned
from reconciler.use_cases.workspace.connection import state_folder
from reconciler.use_cases.workspace.context import STATE_FOLDER


def keep_after(made: Planned, run: Run, stored: StoredReport | None) -> None:
    """Keep what live is after a run, where all that it did has been seen, or the totals say so."""
    doubt = run.error is not None or run.read_back == "failed" or any(run.tally.having(Outcome.UNKNOWN))
    if not doubt:
        keep(made, run.after, stored or made.past.newest)


def discard(made: Planned) -> None:
    """Take the reading away before anything is written: a run that dies must not leave it behind."""
    with suppress(OSError):
        place_of(made.ctx.folder / STATE_FOLDER, made.tenant).unlink(missing_ok=True)


def keep(made: Planned, live: Live, newest: StoredReport | None) -> None:
    """Keep a reading that adds up. That it cannot be kept is said, and ends nothing.

    The built-in CXone's is not kept: reading that costs nothing.
    """
    written = made.project.tenant(made.tenant.name)
    if written.embedded or not live.complete or live.unread:
        return
    try:
        own_ids = {name: made.provider.own_id(name) for name in sorted(made.list_ids)}
        report = newest.sha256 if newest else None
        stamp = Stamp(written.name, written.connection.read_settings(), made.provider.target, own_ids, report)
        key = reading_key(made.ctx.environ)
        save(place_of(state_folder(made.ctx.folder), written), stamp, live, key)
    except (OSError, DncError) as error:
        made.ctx.say(f"warning: the reading is not kept for merge requests: {error}")
