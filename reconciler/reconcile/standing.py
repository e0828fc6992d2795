"""What is refused today and stood when it was last applied: only time has passed, or a rule has changed.

Such an entry is an alarm and no error. It is on a list, and a list that can't be applied protects nobody
who was added since.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.desired.configuration import Tenant
from reconciler.desired.lists import Lists, Refused, Source
from reconciler.model.errors import DncError
from reconciler.model.finding import Finding, Severity, in_order
from reconciler.reconcile.clock import Today
from reconciler.reconcile.project import Project, sources_in
from reconciler.reconcile.tree import GitTree

if TYPE_CHECKING:  # validate loads neither where nothing is to be excused
    from reconciler.audit.ledger import Ledger
    from reconciler.repository.repository import Repository

_Judged = tuple[object, ...]


def excused(lists: Lists, project: Project, today: Today, then: Callable[[], Iterable[Source]]) -> Lists:
    """Give the lists, findings of what only time or a new rule refuses being alarms.

    `then` gives the files as they were last applied; they are read only where something is refused. Judged by
    today's rules on today's date, they show what would be refused had nobody edited anything since.
    """
    if not lists.refused:
        return lists
    stood = project.read_lists(then(), today)
    known = {judged for refused in stood.refused for judged in _judged(refused, stood)}
    alarms = {
        refused.finding: _alarm(refused.finding)
        for refused in lists.refused
        if all(judged in known for judged in _judged(refused, lists))
    }
    return replace(lists, findings=tuple(in_order(alarms.get(f, f) for f in lists.findings)))


def _judged(refused: Refused, lists: Lists) -> Iterator[_Judged]:
    """Name what was judged, number by number: rule, list and terms, in whichever file the line stands."""
    rule, file = refused.finding.rule, refused.finding.file
    if not refused.phones:
        yield (rule, file)
    claims = [f.numbers for f in lists.claims.files if f.path == file and f.list_id == refused.list_id]
    for phone in refused.phones:
        yield (rule, refused.list_id, phone, *(numbers.get(phone) for numbers in claims))


def _alarm(finding: Finding) -> Finding:
    message = f"{finding.message}; it was applied before, so it stays on: only time or a rule has changed"
    return replace(finding, severity=Severity.ALARM, message=message)


def last_applied(
    project: Project, tenants: Iterable[Tenant], repository: "Repository | None", ledger: "Ledger | None"
) -> tuple[Source, ...]:
    """Give the list files of the revisions that the newest reports name; none where none is known."""
    found: dict[Source, None] = {}
    for tenant in tenants:
        newest = ledger.newest(tenant.name) if ledger else None
        if newest is None or repository is None:
            continue
        try:
            repository.ensure_commit(newest.report.revision)
            tree = GitTree(repository, newest.report.revision)
            found.update(dict.fromkeys(sources_in(tree, project.tenant_at(tree, tenant))))
        except DncError:
            continue  # what can't be known excuses nothing
    return tuple(found)
