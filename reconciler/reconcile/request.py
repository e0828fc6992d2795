"""What a merge request's plan says beyond the plan: the record's head, what is touched, who may merge."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from reconciler.audit.report import StoredReport
from reconciler.desired.configuration import matches
from reconciler.model.claims import Key
from reconciler.planning.lane import Lane, lane
from reconciler.reconcile.planned import Planned
from reconciler.reconcile.project import Project
from reconciler.reconcile.surroundings import Surroundings
from reconciler.reconcile.touched import Touched, touched
from reconciler.reconcile.tree import GitTree
from reconciler.reconcile.withheld import HINDRANCE, Unread
from reconciler.repository.repository import Repository


@dataclass(frozen=True, slots=True)
class Request:
    """One merge request, as planned. `head` is the SHA-256 of the newest report, None before the first.

    `tip` is the commit of its branch that was planned. `hindrance` says why people must merge it; None: it
    may merge by itself. `touched` is empty outside of a merge request.
    """

    head: str | None
    tip: str
    touched: str
    hindrance: str | None


def request(made: Planned) -> Request:
    """Look at a plan as a merge request."""
    revision = made.heading.revision
    found, fresh = _compared(made.around, made.project, made.repository, revision)
    return _request(
        made.around,
        made.past.newest,
        revision,
        found,
        hindrance=next(_hindrances(made, found, fresh=fresh), None),
    )


def unread_request(made: Unread) -> Request:
    """Look at a plan without CXone as a merge request, which people merge."""
    revision = made.repository.head()
    found, _ = _compared(made.around, made.project, made.repository, revision)
    return _request(made.around, made.newest, revision, found, hindrance=HINDRANCE)


def _request(
    around: Surroundings,
    newest: StoredReport | None,
    revision: str | None,
    found: Touched | None,
    *,
    hindrance: str | None,
) -> Request:
    # In a pipeline of merged results HEAD is the merge; GitLab tells the branch's own tip beside it.
    tip = around.pipeline.get("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA") or revision or ""
    head = newest.sha256 if newest else None
    return Request(head, tip, "" if found is None else str(found), hindrance)


def _compared(
    around: Surroundings, project: Project, repository: Repository | None, revision: str | None
) -> tuple[Touched | None, bool]:
    """Compare the merged tree with its target, and tell whether the branch contains the target's tip."""
    target, tree = around.pipeline.merge_target, project.tree
    if target is None or repository is None or not isinstance(tree, GitTree):
        return None, False
    before = repository.tracking_tip(target)
    if before is None:
        return None, False
    fresh = repository.is_ancestor(before, revision or before)
    return touched(repository, project, before, tree.revision), fresh


def _hindrances(made: Planned, found: Touched | None, *, fresh: bool) -> Iterator[str]:
    """Say why people must merge this."""
    if made.live.saved:
        yield "its plan is of a saved reading, and only a new one lets it merge by itself"
    if found is None:
        yield "this is no merge request's pipeline"
        return
    direction = lane(made.plan.changes)
    if direction is not Lane.PROTECTIVE:
        yield f"the plan's direction is {direction}, and only protective merges by itself"
    if not found.only_adds:
        yield f"it touches {str(found) or 'nothing'}; only entries that are added or strengthened merge so"
    if _of_another_tenant(made, found.lists):
        yield "it changes a list file of another tenant, and this plan covers one tenant"
    if _of_somebody_else(made, found.keys):
        yield "CXone has, or may have, one of its numbers from somebody else: people look at it"
    if made.newly_blocked:
        yield "guards keep something that no report lists yet"
    if not fresh:
        yield "its branch is behind the target: rebase it"


def _of_another_tenant(made: Planned, lists: Iterable[str]) -> bool:
    others = [
        tenant
        for tenant in made.project.configuration.tenants.values()
        if tenant.name != made.tenant.name and not tenant.embedded
    ]
    return any(
        not matches(made.tenant.lists, path) or any(matches(other.lists, path) for other in others)
        for path in lists
    )


def _of_somebody_else(made: Planned, keys: Iterable[Key]) -> bool:
    """Tell whether a claim meets a live entry that is not ours alone: its end would become that entry's."""
    held, live = made.past.held, made.live
    return not live.complete or any(
        (live.get(key) is not None and key not in held) or key in made.plan.overwrites for key in keys
    )
