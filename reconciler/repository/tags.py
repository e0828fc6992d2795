"""Tags: finding them, here and at the remote, and putting new ones. None is ever moved."""

from reconciler.model.errors import RepositoryProblem
from reconciler.repository import commits
from reconciler.repository.git import Git
from reconciler.repository.remote import Remote


def found(git: Git, remote: Remote | None, pattern: str) -> dict[str, str]:
    """Find the commits of the tags that fit a pattern, by `place: name`: a place may have moved its own."""
    form = "--format=%(refname:strip=2) %(objectname) %(*objectname)"
    listed = git.line("for-each-ref", form, f"refs/tags/{pattern}")
    rows = (row.split(" ") for row in listed.split("\n") if row)
    tags = {f"here: {name}": peeled or sha for name, sha, peeled in rows}
    if remote is not None:
        tags |= {f"{remote.name}: {name}": sha for name, sha in remote.tags(pattern).items()}
    return tags


def put(git: Git, remote: Remote | None, name: str, sha: str) -> None:
    """Put a tag on a commit; RepositoryProblem where there is one of that name, or the remote refuses it."""
    if not commits.move_ref(git, f"refs/tags/{name}", sha, was=None, why="dnc: anchor"):
        raise RepositoryProblem(f"there is a tag {name} already", "wait a second, and run it again")
    if remote is not None:
        remote.push_tag(name)
