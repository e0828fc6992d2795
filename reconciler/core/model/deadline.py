"""The honour-by clock: by when a request must be live."""

from dataclasses import dataclass
from datetime import date
from typing import Protocol

from reconciler.core.model.entries import Terms


@dataclass(frozen=True, slots=True, order=True)
class Deadline:
    """By when a request is to be live, and by which rule. Ordered by the day, so that the nearest is first.

    `due` is the last day. `target` is the day from which a request that is not live is worth an alarm: the
    ceiling is not the aim.
    """

    due: date
    target: date
    rule: str


class DeadlineSource(Protocol):
    """What the regulations in force ask for a number under its terms."""

    def deadline(self, phone: str, terms: Terms) -> Deadline | None:
        """Give the nearest deadline; None where no rule has one for this number and these terms."""
        ...


class NoDeadlines:
    """Where no rule sets a deadline."""

    def deadline(self, phone: str, terms: Terms) -> Deadline | None:  # noqa: ARG002  (the port's signature)
        """Give none."""
        return None
