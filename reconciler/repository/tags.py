"""Tags: finding them, here and at the remote, and putting new ones. None is ever moved."""

from reconciler.model.errors import RepositoryProblem
from reconciler.repository import commits
from reconciler.repository.git import Git
from reconciler.repository.remote import Remote


class Tags:
    """The tags of a clone, and of its remote where there is one."""

    def __init__(self, git: Git, remote: Remote | None) -> None:
        self._git = git
        self._remote = remote

    def found(self, pattern: str) -> dict[str, str]:
        """Find the commits of the tags that fit, by `place: name`: one place may have moved its own."""
        form = "--format=%(refname:strip=2) %(objectname) %(*objectname)"
        listed = self._git.line("for-each-ref", form, f"refs/tags/{pattern}")
        rows = (row.split(" ") for row in listed.split("\n") if row)
        tags = {f"here: {name}": peeled or sha for name, sha, peeled in rows}
        if self._remote is not None:
            there = self._remote.tags(pattern)
            tags |= {f"{self._remote.name}: {name}": sha for name, sha in there.items()}
        return tags

    def put(self, name: str, sha: str) -> None:
        """Put a new tag on a commit, and push it where there is a remote, never by force.

        RepositoryProblem where there is one of that name, or the remote refuses it.
        """
        if not commits.move_ref(self._git, f"refs/tags/{name}", sha, was=None, why="dnc: anchor"):
            raise RepositoryProblem(f"there is a tag {name} already", "wait a second, and run it again")
        if self._remote is not None:
            self._remote.push_tag(name)
