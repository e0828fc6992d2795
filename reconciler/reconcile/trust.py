"""What a chain of reports is judged by besides itself: signers, the lists' history, where it was before."""

from datetime import timedelta
from functools import cache

from reconciler.audit.belief import Strays, Trust
from reconciler.audit.places import Place
from reconciler.audit.report import StoredReport
from reconciler.desired.configuration import AuditSettings
from reconciler.model.errors import InvalidInput, RepositoryProblem
from reconciler.reconcile.clock import iso
from reconciler.reconcile.surroundings import Surroundings
from reconciler.repository.repository import Repository

_SLIP = timedelta(days=2)  # clocks may be set, but not by days from one report to the next


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


def _strays(repository: Repository) -> Strays:
    """Compare the revision and the moment of a report with history, and with the report before it."""

    @cache
    def there(revision: str) -> bool:
        try:
            repository.ensure_commit(revision)
        except RepositoryProblem:
            return False
        return True

    @cache
    def one_line(older: str, newer: str) -> bool:
        # The other way round: a run that was under way while a newer revision's reported.
        return repository.is_ancestor(older, newer) or repository.is_ancestor(newer, older)

    def judge(stored: StoredReport, before: StoredReport | None, excused: bool) -> str:  # noqa: FBT001
        revision = stored.report.revision
        if not excused and not there(revision):
            return f"its revision {revision[:12]} is neither in this clone nor at the remote"
        if stored.report.get("reanchor") or not before:
            return ""
        if stored.report.moment < before.report.moment - _SLIP:
            return (
                f"it says that it finished at {iso(stored.report.moment)}, and the report before it"
                f" at {iso(before.report.moment)}"
            )
        last = before.report.revision
        if excused or stored.report.rewritten or revision == last or not repository.has_commit(last):
            return ""
        if one_line(last, revision):
            return ""
        return (
            f"its revision {revision[:12]} is on another line than {last[:12]}, that of the report before it"
        )

    return judge
