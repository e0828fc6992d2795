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
        self._own_user_id = _own_user_id(gitlab)

    def own_notes(self) -> list[Note]:
        """Find the notes that we wrote, oldest first. What somebody else marked as ours is not.

        There is more than one where two tenants' jobs made theirs at the same moment.
        """
        return sorted(self._marked_notes(), key=lambda note: note.id)

    def _marked_notes(self) -> Iterator[Note]:
        for row in self._gitlab.pages(self._path, sort="asc", order_by="created_at"):
            body = str(row.get("body", ""))
            author = (row.get("author") or {}).get("id")
            if body.startswith(MARKER) and self._own_user_id in (None, author) and not row.get("system"):
                yield Note(int(row["id"]), body)

    def write(self, body: str) -> None:
        """Add a note."""
        self._gitlab.post(self._path, {"body": body})

    def edit(self, note: Note, body: str) -> None:
        """Write a note anew, in its place."""
        self._gitlab.put(f"{self._path}/{note.id}", {"body": body})

    def remove(self, note: Note) -> None:
        """Take a note away."""
        self._gitlab.delete(f"{self._path}/{note.id}")


def _own_user_id(gitlab: GitLab) -> int | None:
    """Tell which user the token is; None where it may not know: then the marker alone tells our note."""
    try:
        return gitlab.user_id()
    except GitLabProblem:
        return None


LARGEST_NOTE = 59_000  # characters; GitLab takes a million, and is slow long before
ALL_TENANTS = "-all-"  # the section of all tenants together; they have names of their own
Render = Callable[[int], str]
"""Gives a tenant's section in at most so many characters."""

_SECTION = re.compile(
    r"^<!-- dnc:tenant ([a-z0-9-]+) -->\n(.*?)^<!-- dnc:end \1 -->$", re.MULTILINE | re.DOTALL
)
_FRAME = len("<!-- dnc:tenant  -->\n\n<!-- dnc:end  -->\n\n")


def split_sections(body: str) -> dict[str, str]:
    """Take a note apart: tenant to section."""
    return {tenant: text.rstrip("\n") for tenant, text in _SECTION.findall(body)}


def merge_sections(bodies: Iterable[str]) -> dict[str, str]:
    """Put together what several notes say; where two speak of one tenant, the later one."""
    merged: dict[str, str] = {}
    for body in bodies:
        merged |= split_sections(body)
    return merged


def build_note(parts: Mapping[str, str]) -> str:
    """Write the note: one section for each tenant, in order of name."""
    section_texts = [
        f"<!-- dnc:tenant {name} -->\n{text}\n<!-- dnc:end {name} -->\n"
        for name, text in sorted(parts.items())
    ]
    return "\n".join([MARKER, *section_texts])


def remaining_length(others: Mapping[str, str], tenant: str) -> int:
    """Tell how many characters the other tenants leave."""
    return max(0, LARGEST_NOTE - len(build_note(others)) - _FRAME - 2 * len(tenant))


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

    def write_section(self, tenant: str, render: Render, *, is_added: bool = True) -> None:
        """Write a tenant's section. Raises GitLabProblem when it does not stay there, try by try.

        Without `is_added` only where the note has one already.
        """
        last: GitLabProblem | None = None
        for round_ in range(ROUNDS):
            try:
                if not is_added and tenant not in merge_sections(
                    own_note.body for own_note in self._notes.own_notes()
                ):
                    return
                written = self._write_once(tenant, render)
                self._pause(self._uniform(*SETTLE))
                if self._is_in_place(tenant, written):
                    return
            except GitLabProblem as problem:
                if not problem.is_passing:
                    raise
                last = problem
                self._pause(self._uniform(0, _BACKOFF * 2**round_))
        raise last or GitLabProblem(
            "other jobs wrote over the note each time", "run the job again when they are done"
        )

    def _write_once(self, tenant: str, render: Render) -> str:
        own_notes = self._notes.own_notes()
        other_sections = merge_sections(own_note.body for own_note in own_notes)
        other_sections.pop(tenant, None)
        text = render(remaining_length(other_sections, tenant)).strip("\n")
        body = build_note({**other_sections, tenant: text})
        if not own_notes:
            self._notes.write(body)
        elif own_notes[0].body != body:
            self._notes.edit(own_notes[0], body)
        self._remove_extra(own_notes[1:])
        return text

    def _remove_extra(self, notes: list[Note]) -> None:
        """Take away what was made beside the first note; its sections are in that by now."""
        for extra in notes:
            self._notes.remove(extra)

    def _is_in_place(self, tenant: str, text: str) -> bool:
        own_notes = self._notes.own_notes()
        return len(own_notes) == 1 and split_sections(own_notes[0].body).get(tenant) == text
