"""Skills of a contact centre, which of them a DNC group stops, and which a tenant wants stopped."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

_MANUAL = "manual"  # NICE's help: an agent dials by hand, and no group is looked at

Chosen = Literal["all", "none"] | tuple[str, ...]
"""Which skills: every active outbound one, none, or those of these names or ids."""


@dataclass(frozen=True, slots=True)
class Skill:
    """One skill. `name` shows no sign that would hide; `strategy` is empty where CXone tells none.

    `is_dialling`: it places calls as far as its media type tells; chats and mails place none.
    """

    id: str
    name: str
    strategy: str = ""
    is_active: bool = True
    is_outbound: bool = True
    is_running: bool = True
    is_dialling: bool = True

    @property
    def can_call(self) -> bool:
        """Tell whether it is an active outbound skill, which may call a number."""
        return self.is_active and self.is_outbound and self.is_dialling

    @property
    def can_be_stopped(self) -> bool:
        """Tell whether a DNC group can stop its calls."""
        return self.strategy.strip().casefold() != _MANUAL


@dataclass(frozen=True, slots=True)
class GroupSkills:
    """The group of a list, with the ids of the skills that it stops, and of those that add numbers to it."""

    list_id: str
    group: str
    scrubbed: frozenset[str] = frozenset()
    contributing: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class UnmappedGroup:
    """A group that no list is, with the names of the skills that add numbers to it."""

    id: str
    name: str
    records: int
    contributing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SkillsReading:
    """What a reading of skills saw: every skill, the lists' groups, all others; and its requests."""

    skills: tuple[Skill, ...] = ()
    groups: tuple[GroupSkills, ...] = ()
    unmapped: tuple[UnmappedGroup, ...] = ()
    requests: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class CoverageSettings:
    """Which skills must honour which list: `coverage` of a tenant.

    `lists` has the choice of a list that has its own. `exceptions` are skills that need not, by name or id,
    each with the reference that says why. `assign`: what is missing is added.
    """

    skills: Chosen = "all"
    lists: Mapping[str, Chosen] = field(default_factory=dict)
    exceptions: Mapping[str, str] = field(default_factory=dict)
    assign: bool = False

    def chosen(self, list_id: str) -> Chosen:
        """Give the choice that holds for a list."""
        return self.lists.get(list_id, self.skills)

    @property
    def names(self) -> Iterator[str]:
        """Give every name or id that is written, each once."""
        choices = (self.skills, *self.lists.values())
        written = (name for choice in choices if not isinstance(choice, str) for name in choice)
        yield from dict.fromkeys((*written, *self.exceptions))
