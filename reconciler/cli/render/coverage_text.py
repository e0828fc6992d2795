"""Which skills honour the lists, for reading: in plans, notes, reports, `dnc status` and the site."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from reconciler.cli.render.messages import age_text
from reconciler.cli.terminal import escape_line
from reconciler.core.model.finding import count_text
from reconciler.core.planning.coverage import Coverage, shown_name

COVERAGE_TITLE = "Coverage"
_MOST_SKILLS = 20  # names in one line; JSON has them all
_OUTCOMES = {
    "applied": "added",
    "rejected": "NOT added, CXone refused",
    "unknown": "in doubt",
    "not-attempted": "not tried",
}


def coverage_lines(document: Mapping[str, Any], now: str | None = None) -> list[str]:
    """Say of a plan or a report which lists are not honoured by all skills, and which skills are added.

    Empty where every skill that should honour a list does. `now` is the document's moment: skills that were
    read before it get their age.
    """
    read_at = document.get("coverage_read_at")
    lines = [line for row in document.get("coverage", ()) if (line := _row_line(row))]
    if lines and read_at and now and datetime.fromisoformat(read_at) < datetime.fromisoformat(now):
        age = age_text(datetime.fromisoformat(read_at), datetime.fromisoformat(now))
        lines = [f"skills as read {age} before:", *lines]
    return [*lines, *_assignment_lines(document.get("assignments", ()))]


def standing_lines(coverage: Coverage | None) -> list[str]:
    """Say the same of what the newest report tells, without its age."""
    return coverage_lines(coverage.to_json()) if coverage else []


def _row_line(row: Mapping[str, Any]) -> str:
    if not row["uncovered"] and (row["honoured"] or not row["unstoppable"]):
        return ""
    parts = [f"honoured by {count_text(row['honoured'], 'skill')}"]
    if row["uncovered"]:
        parts.append(f"not by {_skill_names(row['uncovered'])}")
    if row["excepted"]:
        parts.append(f"{len(row['excepted']):,} excepted")
    if row["unstoppable"]:
        parts.append(f"no group stops {_skill_names(row['unstoppable'])}")
    return f"{row['list_id']} (group {_shown(row['group'])}): {'; '.join(parts)}"


def _skill_names(skills: Sequence[Mapping[str, Any]]) -> str:
    names = [
        (_shown(skill["name"]) or skill["skill_id"]) + (" (running)" if skill.get("running") else "")
        for skill in skills[:_MOST_SKILLS]
    ]
    rest = f" and {len(skills) - _MOST_SKILLS:,} more" if len(skills) > _MOST_SKILLS else ""
    return ", ".join(names) + rest


def _assignment_lines(rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for row in rows:
        outcome = _OUTCOMES[row["outcome"]] if "outcome" in row else "to be added"
        why = f" ({row['message']})" if row.get("message") else ""
        name = _shown(row["name"]) or row["skill_id"]
        yield f"+ {row['list_id']} (group {_shown(row['group'])}): scrubbed skill {name}, {outcome}{why}"


def _shown(name: str) -> str:
    return escape_line(shown_name(name))
