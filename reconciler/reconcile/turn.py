"""The turn of one apply: in one clone, a tenant's runs go one after another."""

from collections.abc import Iterator
from contextlib import contextmanager

from reconciler.reconcile.clock import iso
from reconciler.reconcile.interrupted import journal_of
from reconciler.reconcile.opening import open_committed, open_repository
from reconciler.reconcile.surroundings import Surroundings
from reconciler.repository import turn

WAIT_SECONDS = 600.0  # a run of many numbers takes longer; whoever waits is told of whom


@contextmanager
def in_turn(around: Surroundings) -> Iterator[None]:
    """Wait for the run that is under way, and keep others from beginning one.

    Everything is read anew afterwards: the files, the commit and the reports are then those that it left.
    RepositoryProblem, naming the process that is under way, when the wait is over.
    """
    repository = open_repository(around)
    if repository is None:
        yield  # which the run itself says better
        return
    project = open_committed(around, repository, repository.head())
    tenant = project.tenant(around.tenant).name
    with turn.in_turn(
        journal_of(repository, project.configuration.audit, tenant, around.clock).path.with_suffix(".lock"),
        f"an apply of {tenant}",
        since=iso(around.clock()),
        seconds=WAIT_SECONDS,
        say=around.say,
        stopped=around.stop.is_set,
    ):
        yield
