"""What differs since a commit or branch: what HEAD brings on top of it, and what is not committed yet."""

from typing import TYPE_CHECKING

from reconciler.core.model.errors import RepositoryProblem
from reconciler.use_cases.workspace.context import CommandContext
from reconciler.use_cases.workspace.project import Project

if TYPE_CHECKING:
    from reconciler.git.repository import Repository


def is_known_commit(since: str) -> bool:
    """Tell a commit from none: GitLab's CI_COMMIT_BEFORE_SHA is all zeros before a first push."""
    return bool(since.strip("0"))


def tip_of(repository: "Repository", since: str) -> str:
    """Fetch a branch of the remote that `since` names; anything else is taken as it is.

    Raises RepositoryProblem where there is no such commit.
    """
    remote = repository.remote()
    if remote and since.startswith(f"{remote}/"):
        return repository.fetch_branch(since.removeprefix(f"{remote}/")) or since
    repository.ensure_commit(since)
    return since


def merge_tip(repository: "Repository", target_branch: str) -> str:
    """Name the commit that a merge is with: the remote's branch itself, and no tag or branch of that name.

    Raises RepositoryProblem where there is no such commit.
    """
    name = repository.remote()
    remote_branch = target_branch.removeprefix(f"{name}/")
    if not name or remote_branch == target_branch:
        return repository.describe(target_branch).sha
    tip = repository.tracking_tip(remote_branch) or repository.fetch_branch(remote_branch)
    if tip is None:
        raise RepositoryProblem(
            f"there is no {target_branch} to merge with", "name a branch as origin/BRANCH"
        )
    return tip


def changed_files(project: Project, ctx: CommandContext, since: str) -> frozenset[str] | None:
    """Name the files of the working tree that differ since a commit or branch, those that are gone too.

    None means that every file counts: a rule or the configuration differs, or it cannot be told what does.
    Which of them it is is said.
    """
    if not is_known_commit(since):
        ctx.say("there is no commit to compare with; so every file is judged")
        return None
    from reconciler.use_cases.workspace.opening import open_repository  # noqa: PLC0415  (the ledger comes with it)

    try:
        differing_paths = _differing_paths(project, open_repository(ctx), since)
    except RepositoryProblem as problem:
        ctx.say(f"warning: {problem.fact}; so every file is judged")
        return None
    deciding = sorted(filter(project.is_shared_input, differing_paths))
    if deciding:
        ctx.say(f"{deciding[0]} differs from {since}; so every file is judged")
        return None
    return differing_paths


def _differing_paths(project: Project, repository: "Repository | None", since: str) -> frozenset[str]:
    """Compare HEAD with where its branch left `since`, and the working tree with HEAD."""
    from reconciler.use_cases.workspace.opening import differing  # noqa: PLC0415  (the ledger comes with it)

    if repository is None:
        raise RepositoryProblem(f"there is no repository to find {since} in", "run this in a git clone")
    head = repository.head()
    if head is None:
        raise RepositoryProblem("there is no commit yet", "commit first")
    bases = repository.merge_bases(tip_of(repository, since), head)
    if not bases:
        raise RepositoryProblem(f"{since} and HEAD have no common history", "set GIT_DEPTH: 0 for the job")
    head_blobs = _blobs(repository, head)
    differing_paths = set(differing(project, repository, lambda path: _is_reached(project, path)))
    for base in bases:
        base_blobs = _blobs(repository, base)
        differing_paths |= {
            path
            for path in head_blobs.keys() | base_blobs.keys()
            if head_blobs.get(path) != base_blobs.get(path)
        }
    return frozenset(differing_paths)


def _is_reached(project: Project, path: str) -> bool:
    folder, slash, _ = path.rpartition("/")
    return not slash or project.is_reached(folder + slash)


def _blobs(repository: "Repository", rev: str) -> dict[str, tuple[str, str]]:
    return {file.path: (file.mode, file.sha) for file in repository.files(rev, lambda _: True)}
