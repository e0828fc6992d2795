"""The one note of a merge request: a section for each tenant, edited in place, whoever else edits it."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
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


LARGEST_NOTE = 59_000  # characters; GitLab takes a million, and is slow long before
ALL = "-all-"  # the section of all tenants together; they have names of their own
Render = Callable[[int], str]
"""Gives a tenant's section in at most so many characters."""

_SECTION = re.compile(
    r"^<!-- dnc:tenant ([a-z0-9-]+) -->\n(.*?)^<!-- dnc:end \1 -->$", re.MULTILINE | re.DOTALL
)
_FRAME = len("<!-- dnc:tenant  -->\n\n<!-- dnc:end  -->\n\n")


def sections(body: str) -> dict[str, str]:
    """Take a note apart: tenant to section."""
    return {tenant: text.rstrip("\n") for tenant, text in _SECTION.findall(body)}


def gathered(bodies: Iterable[str]) -> dict[str, str]:
    """Put together what several notes say; where two speak of one tenant, the later one."""
    found: dict[str, str] = {}
    for body in bodies:
        found |= sections(body)
    return found


def note(parts: Mapping[str, str]) -> str:
    """Write the note: one section for each tenant, in order of name."""
    told = [
        f"<!-- dnc:tenant {name} -->\n{text}\n<!-- dnc:end {name} -->\n"
        for name, text in sorted(parts.items())
    ]
    return "\n".join([MARKER, *told])


def room(others: Mapping[str, str], tenant: str) -> int:
    """Tell how many characters the other tenants leave."""
    return max(0, LARGEST_NOTE - len(note(others)) - _FRAME - 2 * len(tenant))


ROUNDS = 6
SETTLE = (0.5, 1.5)  # seconds; another job's look and write are over by then
_BACKOFF = 1.0


class Sticky:
    """The note. GitLab knows no conditional edit, so what was written is looked at again after a while.

    `pause` takes seconds, `uniform` gives a number between two: tests need neither wait nor chance.
    """

    def __init__(
        self, notes: Notes, *, pause: Callable[[float], object], uniform: Callable[[float, float], float]
    ) -> None:
        self._notes = notes
        self._pause = pause
        self._uniform = uniform

    def put(self, tenant: str, render: Render, *, anew: bool = True) -> None:
        """Write a tenant's section. Raises GitLabProblem when it does not stay there, try by try.

        Without `anew` only where the note has one already.
        """
        last: GitLabProblem | None = None
        for round_ in range(ROUNDS):
            try:
                if not anew and tenant not in gathered(found.body for found in self._notes.ours()):
                    return
                wrote = self._write(tenant, render)
                self._pause(self._uniform(*SETTLE))
                if self._stands(tenant, wrote):
                    return
            except GitLabProblem as problem:
                if not problem.passing:
                    raise
                last = problem
                self._pause(self._uniform(0, _BACKOFF * 2**round_))
        raise last or GitLabProblem(
            "other jobs wrote over the note each time", "run the job again when they are done"
        )

    def _write(self, tenant: str, render: Render) -> str:
        ours = self._notes.ours()
        others = gathered(found.body for found in ours)
        others.pop(tenant, None)
        text = render(room(others, tenant)).strip("\n")
        body = note({**others, tenant: text})
        if not ours:
            self._notes.write(body)
        elif ours[0].body != body:
            self._notes.edit(ours[0], body)
        self._spare(ours[1:])
        return text

    def _spare(self, notes: list[Note]) -> None:
        """Take away what was made beside the first note; its sections are in that by now."""
        for extra in notes:
            self._notes.remove(extra)

    def _stands(self, tenant: str, text: str) -> bool:
        ours = self._notes.ours()
        return len(ours) == 1 and sections(ours[0].body).get(tenant) == text
