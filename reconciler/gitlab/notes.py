"""The notes of one merge request, and the one among them that is ours."""

from collections.abc import Iterator
from dataclasses import dataclass

from reconciler.gitlab.client import GitLab, GitLabProblem

MARKER = "<!-- dnc:note -->"


@dataclass(frozen=True, slots=True)
class Note:
    """One note: GitLab's id for it, and its Markdown."""

    id: int
    body: str


class Notes:
    """The notes of one merge request, seen by one token."""

    def __init__(self, gitlab: GitLab, merge_request: int) -> None:
        self._gitlab = gitlab
        self._path = f"/merge_requests/{merge_request}/notes"
        self._me = _me(gitlab)

    def ours(self) -> list[Note]:
        """Find the notes that we wrote, oldest first. What somebody else marked as ours is not.

        There is more than one where two tenants' jobs made theirs at the same moment.
        """
        return sorted(self._marked(), key=lambda note: note.id)

    def _marked(self) -> Iterator[Note]:
        for found in self._gitlab.pages(self._path, sort="asc", order_by="created_at"):
            body = str(found.get("body", ""))
            author = (found.get("author") or {}).get("id")
            if body.startswith(MARKER) and self._me in (None, author) and not found.get("system"):
                yield Note(int(found["id"]), body)

    def write(self, body: str) -> None:
        """Add a note."""
        self._gitlab.post(self._path, {"body": body})

    def edit(self, note: Note, body: str) -> None:
        """Write a note anew, in its place."""
        self._gitlab.put(f"{self._path}/{note.id}", {"body": body})

    def remove(self, note: Note) -> None:
        """Take a note away."""
        self._gitlab.delete(f"{self._path}/{note.id}")


def _me(gitlab: GitLab) -> int | None:
    """Tell which user the token is; None where it may not know: then the marker alone tells our note."""
    try:
        return gitlab.me()
    except GitLabProblem:
        return None
