"""Where chains were before a tenant, the branch or the folder got another name (`audit.continues`)."""

from collections.abc import Mapping
from dataclasses import dataclass

from reconciler.audit.chain import Chain
from reconciler.audit.earlier import Earlier
from reconciler.audit.port import GitPort


@dataclass(frozen=True, slots=True)
class Place:
    """Where a tenant's chain was, and the SHA-256 of its newest report there. Empty: as it is called now."""

    head: str
    branch: str = ""
    path: str = ""
    name: str = ""


def earlier(git: GitPort, places: Mapping[str, Place], branch: str, folder: str) -> Mapping[str, Earlier]:
    """Find the chains that tenants' chains go on from. RepositoryProblem where the remote does not answer."""
    return {
        tenant: Earlier(
            Chain(git, tip_of(git, place.branch, branch), (place.path or folder).strip("/")),
            place.name or tenant,
            place.head,
        )
        for tenant, place in places.items()
    }


def tip_of(git: GitPort, earlier: str, branch: str) -> str | None:
    """Find where an earlier branch ended: at the remote, or here where nothing was pushed.

    `branch` is the one of today, which was fetched before.
    """
    there = git.tracking_tip(branch) if git.remote() is not None else None
    if earlier and earlier != branch and git.remote() is not None:
        there = git.fetch_branch(earlier, grows_only=True)
    here = git.branch_tip(earlier or branch)
    return here if there is None or (here and git.is_ancestor(there, here)) else there
