"""One tenant's record: the reports, and the list files at any revision that they name."""

from dataclasses import dataclass

from reconciler.audit.ledger import Ledger
from reconciler.reconcile.list_files import ListFiles
from reconciler.reconcile.opening import open_record
from reconciler.reconcile.surroundings import Surroundings


@dataclass(frozen=True, slots=True)
class Archive:
    """The ledger, fetched, and the files beside it."""

    tenant: str
    ledger: Ledger
    files: ListFiles


def open_archive(around: Surroundings) -> Archive:
    """Open both. Raises RepositoryProblem without a repository, or where its remote does not answer."""
    repository, project, ledger = open_record(around)
    ledger.refresh()
    tenant = project.tenant(around.tenant)
    return Archive(tenant.name, ledger, ListFiles(repository, project, tenant))
