"""The turn of one apply: in one clone, a tenant's runs go one after another."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from reconciler.git import turns
from reconciler.use_cases.reconcile.unreported_runs import journal_of
from reconciler.use_cases.workspace.context import STATE_FOLDER, CommandContext, iso
from reconciler.use_cases.workspace.files import make_private
from reconciler.use_cases.workspace.opening import open_committed, open_repository

WAIT_SECONDS = 600.0  # a run of many numbers takes longer; whoever waits is told of whom


@contextmanager
def hold_run_lock(ctx: CommandContext) -> Iterator[None]:
    """Wait for the run that is under way, and keep others from beginning one.

    Everything is read anew afterwards: the files, the commit and the reports are then those that it left.
    RepositoryProblem, naming the process that is under way, when the wait is over.
    """
    repository = open_repository(ctx)
    if repository is None:
        yield  # which the run itself says better
        return
    project = open_committed(ctx, repository, repository.head())
    tenant = project.tenant(ctx.options.tenant).name
    lock = journal_of(repository, project.configuration.audit, tenant, ctx.clock).path.with_suffix(".lock")
    with suppress(OSError):  # which taking the lock says better
        make_private(repository.own_folder(), lock.parent)
        if (ctx.folder / STATE_FOLDER).is_dir():
            make_private(ctx.folder / STATE_FOLDER)
    with turns.run_lock(
        lock,
        f"an apply of {tenant}",
        since=iso(ctx.clock()),
        seconds=WAIT_SECONDS,
        notify=ctx.say,
        stop_text=lambda: ctx.stop_text,
    ):
        yield
