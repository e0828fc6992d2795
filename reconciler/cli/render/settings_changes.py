"""What differs in rules, in configuration and in entries' terms, key by key, in words."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from reconciler.cli.render.masking import NumberFormat, mask_reference
from reconciler.cli.terminal import escape_line
from reconciler.core.model.finding import count_text
from reconciler.core.model.nested_changes import nested_changes

_MAX_VALUE = 120  # characters
MAX_LINES = 20


def settings_title(settings: Mapping[str, Any]) -> str:
    """Name the section."""
    return f"Rules and configuration that differ from {escape_line(settings.get('compared_with', ''))}"


def settings_lines(
    settings: Mapping[str, Any] | None, number_format: NumberFormat, most: int = MAX_LINES
) -> Iterator[str]:
    """Say what differs, a line each; the rest by count."""
    changes: Sequence[Mapping[str, Any]] = settings["changes"] if settings else ()
    for change in changes[:most]:
        place = f"{change['file']}, {change['rule']}" if change["rule"] else change["file"]
        yield f"{place}: {change_text(change, number_format)}"
    rest_count = max(0, len(changes) - most) + (settings["more"] if settings else 0)
    if rest_count:
        yield f"{count_text(rest_count, 'more difference')}: see settings in the plan as JSON"


TERMS_TITLE = "Terms that change in git alone"


def terms_lines(
    rows: Sequence[Mapping[str, Any]], number_format: NumberFormat, most: int = MAX_LINES
) -> Iterator[str]:
    """Say which terms of which numbers change, a line for all that have it in common; the rest by count."""
    for row in rows[:most]:
        keys = ", ".join(
            f"{change.key} {_value_text(change.before or 'none')} → {_value_text(change.after or 'none')}"
            for change in nested_changes(row["before"], row["after"])
        )
        samples = f": {number_format.sample(row['phones'])}" if number_format.samples else ""
        yield escape_line(f"{row['list_id']}: {count_text(row['count'])}, {keys}{samples}")
    if len(rows) > most:
        rest_count = sum(row["count"] for row in rows[most:])
        yield f"{count_text(rest_count, 'more number')}: see terms_changes in the plan as JSON"


def change_text(change: Mapping[str, Any], number_format: NumberFormat) -> str:
    """Say one difference: `safety.maxRemovals 500 → 5000`."""
    before, after = (_value_text(change[side]) if side in change else None for side in ("before", "after"))
    key = f"{change['key']} " if change["key"] else ""
    text = (
        f"{key}added: {after}" if before is None else f"{key}removed: {before}" if after is None
        else f"{key}{before} → {after}"
    )  # fmt: skip
    line = escape_line(" ".join(text.split()))
    return mask_reference(line) if number_format.is_masked else line


def _value_text(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _MAX_VALUE else f"{text[:_MAX_VALUE]}…"
