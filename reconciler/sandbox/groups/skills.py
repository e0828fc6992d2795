"""The sandbox's skills, and which of them each DNC group scrubs or takes numbers from."""

import sqlite3
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Literal, NamedTuple

SKILL_TABLES = """
CREATE TABLE IF NOT EXISTS skill (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    media INTEGER NOT NULL,
    strategy TEXT NOT NULL,
    active INTEGER NOT NULL,
    outbound INTEGER NOT NULL,
    running INTEGER NOT NULL,
    campaign TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS group_skill (
    group_id INTEGER NOT NULL,
    skill_id INTEGER NOT NULL,
    kind TEXT NOT NULL,
    PRIMARY KEY (group_id, skill_id, kind)
);
"""
PHONE = 4
_MEDIA_NAMES = {3: "Chat", PHONE: "Phone Call", 6: "Work Item"}
_SKILL = "SELECT id, name, media, strategy, active, outbound, running, campaign FROM skill"

SkillKind = Literal["scrubbed", "contributing"]
Transaction = Callable[[], AbstractContextManager[sqlite3.Connection]]


class Skill(NamedTuple):
    """One skill. `strategy` is empty where it dials nobody; 0 stands for the id of one that is new."""

    id: int
    name: str
    media: int = PHONE
    strategy: str = "Personal Connection"
    active: bool = True
    outbound: bool = True
    running: bool = True
    campaign: str = ""

    @property
    def can_be_scrubbed(self) -> bool:
        """Tell whether a group can stop its calls (NICE's help: not those of manual and inbound skills)."""
        return self.outbound and self.strategy != "Manual"


class SkillStore:
    """Skills and their groups. `transaction` is that of the groups' store."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def add(self, skill: Skill) -> int:
        """Add a skill; its id is given."""
        query = (
            "INSERT INTO skill (name, media, strategy, active, outbound, running, campaign) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)"
        )
        with self._transaction() as connection:
            return int(connection.execute(query, skill[1:]).lastrowid or 0)

    def find(self, name: str) -> Skill | None:
        """Find the first skill of a name."""
        return next((skill for skill in self.all_skills() if skill.name == name), None)

    def all_skills(self) -> list[Skill]:
        """List every skill, in the order in which they were added."""
        with self._transaction() as connection:
            return [_skill(row) for row in connection.execute(f"{_SKILL} ORDER BY id")]

    def of_group(self, group: int, kind: SkillKind) -> list[Skill]:
        """List the skills that a group scrubs, or takes numbers from."""
        where = "JOIN group_skill ON skill_id = id WHERE group_id = ? AND kind = ? ORDER BY id"
        with self._transaction() as connection:
            return [_skill(row) for row in connection.execute(f"{_SKILL} {where}", (group, kind))]

    def assign(self, group: int, skill: int, kind: SkillKind = "scrubbed") -> None:
        """Give a group a skill; one that it has already stays."""
        with self._transaction() as connection:
            connection.execute("INSERT OR IGNORE INTO group_skill VALUES (?, ?, ?)", (group, skill, kind))

    def unassign(self, group: int, skill: int, kind: SkillKind = "scrubbed") -> bool:
        """Take a skill from a group; False where the group does not have it."""
        query = "DELETE FROM group_skill WHERE group_id = ? AND skill_id = ? AND kind = ?"
        with self._transaction() as connection:
            return connection.execute(query, (group, skill, kind)).rowcount > 0


def skill_to_json(skill: Skill, *, ids_as_text: bool = False) -> dict[str, Any]:
    """Write a skill as the list of skills shows it."""
    return {
        "skillId": str(skill.id) if ids_as_text else skill.id,
        "skillName": skill.name,
        "mediaTypeId": str(skill.media) if ids_as_text else skill.media,
        "mediaTypeName": _MEDIA_NAMES.get(skill.media, "Other"),
        "isActive": skill.active,
        "isOutbound": skill.outbound,
        "outboundStrategy": skill.strategy or None,
        "isRunning": skill.running,
        "campaignName": skill.campaign,
    }


def _skill(row: tuple[Any, ...]) -> Skill:
    number, name, media, strategy, active, outbound, running, campaign = row
    return Skill(number, name, media, strategy, bool(active), bool(outbound), bool(running), campaign)
