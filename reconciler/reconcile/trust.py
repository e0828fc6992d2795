"""What a chain of reports is judged by besides itself: signers, the lists' history, where it was before."""

from collections.abc import Callable
from functools import cache

from reconciler.audit.belief import Trust
from reconciler.audit.places import Place
from reconciler.audit.report import StoredReport
from reconciler.desired.configuration import AuditSettings
from reconciler.model.errors import InvalidInput, RepositoryProblem
from reconciler.reconcile.surroundings import Surroundings
from reconciler.repository.repository import Repository


def trust_of(audit: AuditSettings, repository: Repository, around: Surroundings) -> Trust:
    """Say by what this project's chains are judged; nothing is read before it is asked for."""
    return Trust(
        signers=cache(lambda: signers_of(audit, repository, around)),
        strays=_strays(repository),
        continues={tenant: Place(**said) for tenant, said in audit.continues.items()},
    )


def signers_of(audit: AuditSettings, repository: Repository, around: Surroundings) -> bytes | None:
    """Read whose signatures count, off the remote's default branch: the pipeline's token must not say it."""
    if not audit.signers:
        return None
    where, sha = "HEAD", repository.head()
    if repository.remote() is not None:
        where, sha = repository.default_branch_tip(
            around.pipeline.get("CI_DEFAULT_BRANCH"), besides=audit.branch
        )
    found = repository.read_tree_files(sha, lambda path: path == audit.signers) if sha else {}
    if audit.signers not in found:
        fact = f"audit.signers names {audit.signers}, and {where} has no such file"
        raise InvalidInput(
            fact, "commit it there, a line for each signer: NAME KEYTYPE KEY", where=audit.signers
        )
    return found[audit.signers]


def _strays(repository: Repository) -> Callable[[StoredReport, StoredReport | None], str]:
    """Compare the revision of a report with history, and with that of the report before it."""

    def judge(stored: StoredReport, before: StoredReport | None) -> str:
        revision = stored.report.revision
        try:
            repository.ensure_commit(revision)
        except RepositoryProblem:
            return f"its revision {revision[:12]} is neither in this clone nor at the remote"
        if stored.report.get("reanchor") or stored.report["overrides"].get("accept_history") or not before:
            return ""
        last = before.report.revision
        if not repository.has_commit(last) or repository.is_ancestor(last, revision):
            return ""
        if repository.is_ancestor(revision, last):  # a run that was under way while a newer one reported
            return ""
        return (
            f"its revision {revision[:12]} is on another line than {last[:12]}, that of the report before it"
        )

    return judge
