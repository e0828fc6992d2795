"""Which outbound skills honour a list, and which do not: a reading of skills in, rows and findings out.

Nothing here holds back a number: a skill that is missing is said, and added where the settings want that.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from reconciler.core.model.finding import Finding, Severity, count_text, join_names
from reconciler.core.model.outbound_skills import (
    CoverageSettings,
    GroupSkills,
    Skill,
    SkillsReading,
    UnmappedGroup,
)

COVERAGE_RULE = "CXONE-COVERAGE"
_IDLE = "has no scrubbed skill, so it blocks no call"
_MOST_NAMES = 50  # in one sentence; the plan has them all
_DIGITS = re.compile(r"\+?[0-9][0-9 ().-]{5,}[0-9]")  # what may be a phone number


@dataclass(frozen=True, slots=True)
class SkillRow:
    """One skill in a row. `reference` is that of its exception."""

    skill_id: str
    name: str
    strategy: str = ""
    running: bool = False
    reference: str = ""

    def to_json(self) -> dict[str, Any]:
        """Say it as plan and report have it: an exception with its reference."""
        named = {"skill_id": self.skill_id, "name": self.name}
        if self.reference:
            return {**named, "reference": self.reference}
        return {**named, "strategy": self.strategy, "running": self.running}


@dataclass(frozen=True, slots=True)
class CoverageRow:
    """One list: how many skills honour it, which do not and should, need not, and cannot be stopped.

    `contributing` counts the skills whose opt-outs its group gets. `is_wanted` is False where the settings
    want no skill for the list.
    """

    list_id: str
    group: str
    honoured: int = 0
    uncovered: tuple[SkillRow, ...] = ()
    excepted: tuple[SkillRow, ...] = ()
    unstoppable: tuple[SkillRow, ...] = ()
    contributing: int = 0
    is_wanted: bool = field(default=True, compare=False)

    def to_json(self) -> dict[str, Any]:
        """Say it as plan and report have it."""
        return {
            "list_id": self.list_id,
            "group": self.group,
            "honoured": self.honoured,
            "uncovered": [skill.to_json() for skill in self.uncovered],
            "excepted": [skill.to_json() for skill in self.excepted],
            "unstoppable": [skill.to_json() for skill in self.unstoppable],
            "contributing": self.contributing,
        }

    @property
    def identity(self) -> tuple[object, ...]:
        """What a report is due for where it differs: not which campaign runs at the moment."""
        parts = (self.uncovered, self.excepted, self.unstoppable)
        return (self.list_id, self.group, *(frozenset(one.skill_id for one in part) for part in parts))


def coverage_row_from_json(row: Mapping[str, Any]) -> CoverageRow:
    """Read a row of a report."""

    def skills(part: str) -> tuple[SkillRow, ...]:
        return tuple(SkillRow(**skill) for skill in row[part])

    return CoverageRow(
        row["list_id"],
        row["group"],
        row["honoured"],
        skills("uncovered"),
        skills("excepted"),
        skills("unstoppable"),
        row.get("contributing", 0),
    )


@dataclass(frozen=True, slots=True)
class NamedSkills:
    """The ids behind a name of `coverage`: those that count until dnc.yaml changes, and those found now."""

    ids: tuple[str, ...] = ()
    found: tuple[str, ...] = ()

    @property
    def is_odd(self) -> bool:
        """Tell whether no skill has the name, or another one than before."""
        return not self.found or not set(self.found) <= set(self.ids)


@dataclass(frozen=True, slots=True)
class Assignment:
    """A skill that is to be added to those that a list's group stops."""

    list_id: str
    group: str
    skill_id: str
    name: str

    def to_json(self) -> dict[str, str]:
        """Say it as plan and report have it."""
        return {"list_id": self.list_id, "group": self.group, "skill_id": self.skill_id, "name": self.name}


@dataclass(frozen=True, slots=True)
class Coverage:
    """What is known of the lists of one tenant. `read_at` is when, in ISO 8601; None: never.

    `names` are those of the settings, each with the ids behind it. `unmapped` are the groups that a skill
    adds numbers to and that no list is, `odd_lists` names of the settings that are no list.
    `refused` are the lists and skills that CXone did not bring together, as a report tells.
    """

    rows: tuple[CoverageRow, ...] = ()
    names: Mapping[str, NamedSkills] = field(default_factory=dict)
    read_at: str | None = None
    unmapped: tuple[UnmappedGroup, ...] = ()
    odd_lists: tuple[str, ...] = ()
    refused: frozenset[tuple[str, str]] = frozenset()

    @property
    def missing(self) -> tuple[Assignment, ...]:
        """Name what would have to be assigned."""
        return tuple(
            Assignment(row.list_id, row.group, skill.skill_id, skill.name)
            for row in self.rows
            for skill in row.uncovered
        )

    def uncovered_counts(self) -> dict[str, int]:
        """Count by list the skills that do not honour it and should."""
        return {row.list_id: len(row.uncovered) for row in self.rows}

    def to_json(self) -> dict[str, Any]:
        """Say it as a plan has it."""
        return {"coverage": [row.to_json() for row in self.rows], "coverage_read_at": self.read_at}

    def names_to_json(self) -> dict[str, dict[str, list[str]]]:
        """Say the ids behind the names, as a report keeps them."""
        return {
            name: {"ids": list(known.ids), "found": list(known.found)} for name, known in self.names.items()
        }


def no_coverage_json() -> dict[str, Any]:
    """Give what a plan has in these places where no skill was ever read."""
    return {**Coverage().to_json(), "assignments": []}


def coverage_from_json(fields: Mapping[str, Any]) -> Coverage | None:
    """Read what a report tells; None where its run did not look, and none before it did."""
    if fields.get("coverage_read_at") is None:
        return None
    names = fields.get("coverage_names", {}).items()
    return Coverage(
        tuple(map(coverage_row_from_json, fields["coverage"])),
        {name: NamedSkills(tuple(known["ids"]), tuple(known["found"])) for name, known in names},
        fields["coverage_read_at"],
        refused=frozenset(
            (row["list_id"], row["skill_id"])
            for row in fields.get("assignments", ())
            if row["outcome"] == "rejected"
        ),
    )


def judge_coverage(
    reading: SkillsReading,
    settings: CoverageSettings,
    read_at: str,
    *,
    bound: Mapping[str, NamedSkills] | None = None,
    elsewhere: Collection[str] = (),
) -> Coverage:
    """Say which skills honour which list.

    `bound` are the names of the last report, where dnc.yaml is as it was then: an exception holds for the ids
    that it was made for, and what must honour a list is both the old and the new. `elsewhere` are the names
    and ids of groups that another tenant's lists are.
    """
    # In an order of its own: CXone's may be another each time, and a report is due for what differs.
    callers = sorted((one for one in reading.skills if one.can_call), key=lambda one: (one.name, one.id))
    names = {name: _named(name, callers, bound or {}) for name in settings.names}
    rows = tuple(_row(group, settings, callers, names) for group in reading.groups)
    own_elsewhere = set(elsewhere)
    unmapped = tuple(
        group
        for group in reading.unmapped
        if group.contributing and not {group.id, group.name} & own_elsewhere
    )
    odd_lists = sorted(settings.lists.keys() - {group.list_id for group in reading.groups})
    return Coverage(rows, names, read_at, unmapped, tuple(odd_lists))


def with_assigned(reading: SkillsReading, assigned: Iterable[Assignment]) -> SkillsReading:
    """Give the reading as it is once these skills were seen assigned."""
    added: dict[str, set[str]] = {}
    for one in assigned:
        added.setdefault(one.list_id, set()).add(one.skill_id)
    groups = (replace(one, scrubbed=one.scrubbed | added.get(one.list_id, set())) for one in reading.groups)
    return replace(reading, groups=tuple(groups))


def is_worse(now: Coverage, last: Coverage | None) -> bool:
    """Tell whether anything is worse than the last report says: a further skill, or one that runs now.

    Also a name that lost its skill or got another one since. Without a report before, an alarm is worse.
    """
    if last is None:
        return any(finding.severity is Severity.ALARM for finding in coverage_findings(now))
    known = {(row.list_id, skill.skill_id): skill.running for row in last.rows for skill in row.uncovered}
    for row in now.rows:
        for skill in row.uncovered:
            was_running = known.get((row.list_id, skill.skill_id))
            if was_running is None or (skill.running and not was_running):
                return True
    return any(
        known_name.is_odd and known_name != last.names.get(name) for name, known_name in now.names.items()
    )


def is_changed(now: Coverage, last: Coverage | None) -> bool:
    """Tell whether a report has something to say that the last one did not."""
    if last is None:
        return now.read_at is not None
    return (
        {row.identity for row in now.rows} != {row.identity for row in last.rows}
        or now.names != last.names
        or is_worse(now, last)
    )


def coverage_findings(coverage: Coverage, *, age: str = "", is_assigned: bool = False) -> Iterator[Finding]:
    """Say what does not honour a list. `age` is put behind what an earlier run read.

    `is_assigned`: the settings let `apply` add what is missing.
    """
    aged = f" ({age})" if age else ""
    fix = "fix: assign them to the group in CXone, or write `assign: true` below `coverage` of the tenant"
    if is_assigned:
        fix = "fix: dnc apply adds them to the group"
    for row in coverage.rows:
        yield from _row_findings(row, aged, fix)
    if unstoppable := {skill.skill_id: skill for row in coverage.rows for skill in row.unstoppable}:
        count = len(unstoppable)
        yield _finding(
            Severity.WARNING,
            f"{count_text(count, 'manual outbound skill')} {'is' if count == 1 else 'are'} stopped by no DNC "
            f"group, so agents can call every number: {_names(unstoppable.values())}{aged}; fix: have agents "
            "look numbers up (dnc check), or write the skill under `except` of `coverage` with a reference",
        )
    yield from _unmapped_findings(coverage.unmapped)
    yield from _name_findings(coverage.names)
    for list_id in coverage.odd_lists:
        yield _finding(
            Severity.WARNING,
            f"coverage.lists names {list_id}, which is no list of this tenant; fix: correct it in dnc.yaml",
        )


def unknown_coverage(fact: str, fix: str) -> Finding:
    """Say that it is not known which skills honour a list."""
    return _finding(
        Severity.WARNING,
        f"it is unknown which skills honour the lists: skills could not be read ({fact}); fix: {fix}",
    )


def _named(name: str, callers: Iterable[Skill], bound: Mapping[str, NamedSkills]) -> NamedSkills:
    found = tuple(skill.id for skill in callers if name in {skill.id, skill.name})
    before = bound.get(name)
    return NamedSkills(before.ids if before and before.ids else found, found)


def _row(
    group: GroupSkills, settings: CoverageSettings, callers: Iterable[Skill], names: Mapping[str, NamedSkills]
) -> CoverageRow:
    chosen = settings.chosen(group.list_id)
    wanted = (
        frozenset().union(*({*names[name].ids, *names[name].found} for name in chosen))
        if not isinstance(chosen, str)
        else None
    )
    references = {
        skill_id: reference
        for name, reference in settings.exceptions.items()
        for skill_id in {*names[name].ids} & {*names[name].found}
    }
    parts: dict[str, list[SkillRow]] = {"uncovered": [], "excepted": [], "unstoppable": []}
    honoured = 0
    for skill in callers:
        if skill.id in group.scrubbed and skill.can_be_stopped:
            honoured += 1
        elif chosen == "none" or (wanted is not None and skill.id not in wanted):
            continue
        elif skill.id in references:
            reference = references[skill.id]
            parts["excepted"].append(SkillRow(skill.id, skill.name, reference=reference))
        else:
            part = "uncovered" if skill.can_be_stopped else "unstoppable"
            parts[part].append(SkillRow(skill.id, skill.name, skill.strategy, skill.is_running))
    return CoverageRow(
        group.list_id,
        group.group,
        honoured,
        **{part: tuple(skills) for part, skills in parts.items()},
        contributing=len(group.contributing),
        is_wanted=chosen != "none",
    )


def _row_findings(row: CoverageRow, aged: str, fix: str) -> Iterator[Finding]:
    start = f"list {row.list_id}: the DNC group {shown_name(row.group)}"
    is_idle = not row.honoured and row.is_wanted
    for is_running in (True, False):
        skills = [skill for skill in row.uncovered if skill.running is is_running]
        if not skills:
            continue
        count, running = count_text(len(skills), "outbound skill"), "running" if is_running else "not running"
        verb = "is" if len(skills) == 1 else "are"
        what = (
            f"{_IDLE}; {count} {verb} {running}"
            if is_idle
            else f"does not stop {count} that {verb} {running}"
        )
        severity = Severity.ALARM if is_running else Severity.WARNING
        yield _finding(severity, f"{start} {what}: {_names(skills)}{aged}; {fix}")
    if is_idle and not row.uncovered:
        yield _finding(
            Severity.WARNING,
            f"{start} {_IDLE}{aged}; fix: assign its skills in CXone",
        )


def _unmapped_findings(groups: Iterable[UnmappedGroup]) -> Iterator[Finding]:
    for group in groups:
        name, feeders = shown_name(group.name), list(map(shown_name, group.contributing[:_MOST_NAMES]))
        yield _finding(
            Severity.WARNING,
            f"the DNC group {name} ({count_text(group.records, 'record')}) is no list of this tenant, and "
            f"opt-outs of {join_names(sorted(feeders), 'and')} land in it: other skills may call them; fix: "
            f'dnc pull --group "{name}"',
        )


def _name_findings(names: Mapping[str, NamedSkills]) -> Iterator[Finding]:
    for name, known in sorted(names.items()):
        shown = shown_name(name)
        if not known.found:
            yield _finding(
                Severity.ALARM,
                f"coverage names {shown}, and no active outbound skill has this name or id; fix: correct it "
                "in dnc.yaml",
            )
        elif known.is_odd:
            others = [one for one in known.found if one not in known.ids]
            yield _finding(
                Severity.ALARM,
                f"coverage names {shown}: that was skill {join_names(list(known.ids), 'and')}, and is skill "
                f"{join_names(others, 'and')} now; an exception does not hold for it; fix: look at the "
                "skill, then write its id in dnc.yaml",
            )


def shown_name(name: str) -> str:
    """Show a name of CXone with what may be a phone number masked."""
    return _DIGITS.sub("•••", name)


def _names(skills: Collection[SkillRow]) -> str:
    shown = [shown_name(skill.name) or skill.skill_id for skill in skills]
    rest = f" and {len(shown) - _MOST_NAMES} more" if len(shown) > _MOST_NAMES else ""
    return ", ".join(shown[:_MOST_NAMES]) + rest


def _finding(severity: Severity, message: str) -> Finding:
    return Finding("", 0, 0, "", COVERAGE_RULE, severity, message)
