"""One note a merge request, edited in place, whoever else edits it at the same time."""

from collections.abc import Callable

from reconciler.gitlab.client import GitLabProblem
from reconciler.gitlab.notes import Note, Notes
from reconciler.gitlab.sections import Render, gathered, note, room, sections

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
