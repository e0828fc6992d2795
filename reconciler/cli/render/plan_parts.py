"""The changes of a plan by what becomes of them: removed, blocked, left to people, left out, added."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Changes = Sequence[Mapping[str, Any]]

BLOCKED_TITLE = "Blocked: no longer in the files, kept in CXone"
BY_HAND_TITLE = "To remove by hand: dnc removes nothing from this tenant"
LEFT_OUT_TITLE = "Not added, and not protected"


@dataclass(frozen=True, slots=True)
class PlanParts:
    """A plan's changes, as its JSON has them, each in one part.

    `removed` is what goes or weakens, `blocked` what guards keep, `by_hand` what people are to remove,
    `left_out` what CXone has no room for, `added` what goes on or gets stronger.
    """

    removed: Changes
    blocked: Changes
    by_hand: Changes
    left_out: Changes
    added: Changes

    @property
    def kept(self) -> tuple[tuple[str, str, Changes], ...]:
        """Give the parts of which nothing is sent, each with its title and the word for its action."""
        return (
            (BLOCKED_TITLE, "blocked", self.blocked),
            (BY_HAND_TITLE, "by hand", self.by_hand),
            (LEFT_OUT_TITLE, "not added", self.left_out),
        )

    @property
    def left_out_count(self) -> int:
        """Count the numbers that CXone has no room for."""
        return sum(len(change["phones"]) for change in self.left_out)


def parts_of(changes: Changes) -> PlanParts:
    """Sort a plan's changes; their order stays."""
    parts: dict[str, list[Mapping[str, Any]]] = {name: [] for name in PlanParts.__annotations__}
    for change in changes:
        parts[_part_of(change)].append(change)
    return PlanParts(**parts)


def _part_of(change: Mapping[str, Any]) -> str:
    is_exposing, blocked_by = change["direction"] == "exposing", change["blocked_by"]
    if not blocked_by:
        return "removed" if is_exposing else "added"
    if not is_exposing:
        return "left_out"
    return "by_hand" if "unsupported" in blocked_by else "blocked"
