"""How rules and configuration differ from another state of the project, key by key."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from reconciler.core.model.errors import DncError
from reconciler.core.model.nested_changes import MISSING, NestedChange, nested_changes
from reconciler.rules.differences import MAX_FILE_BYTES, SettingsChange, rule_differences
from reconciler.use_cases.workspace.project import Project, rule_files
from reconciler.use_cases.workspace.tree import Tree
from reconciler.yaml_tree.documents import read_document
from reconciler.yaml_tree.nodes import plain

MAX_CHANGES = 500  # told one by one: a file that was written anew is to be read itself
_SECRET = re.compile(r"secret|password|token|key", re.IGNORECASE)
_REFERENCE = re.compile(r"\$\{[^{}]*\}")
HIDDEN = "(hidden)"


def settings_changes_json(project: Project, tree: Tree, name: str) -> dict[str, Any] | None:
    """Say what differs from a tree, which people call `name`; None where nothing does, or nobody can tell."""
    path = project.configuration_path
    changes: list[SettingsChange] = []
    try:
        overrides = rule_files(tree)
        data = tree.read(path.__eq__).get(path, b"")
        if data != project.configuration_data:
            changes += _configuration_changes(path, data, project.configuration_data)
        if overrides != project.overrides:
            changes += rule_differences(overrides, project.overrides)
    except (DncError, RecursionError):
        return None
    return {"compared_with": name, **changes_json(changes)} if changes else None


def _configuration_changes(path: str, before: bytes, after: bytes) -> Iterator[SettingsChange]:
    sides = [
        plain(read_document(path, data).root) if len(data) <= MAX_FILE_BYTES else f"{len(data)} bytes"
        for data in (before, after)
    ]
    for change in nested_changes(*sides):
        yield SettingsChange(path, "", _without_secrets(change))


def _without_secrets(change: NestedChange) -> NestedChange:
    """Hide what may be a secret: only a reference to a variable is none for sure."""
    before, after = (_shown_value(change.path, side) for side in (change.before, change.after))
    return NestedChange(change.path, before, after)


def _shown_value(path: Sequence[str | int], value: object) -> object:
    if isinstance(value, dict):
        return {key: _shown_value((*path, key), item) for key, item in value.items()}
    if isinstance(value, list):
        return [_shown_value(path, item) for item in value]
    is_secret = any(isinstance(step, str) and _SECRET.search(step) for step in path[-1:])
    is_known = value == MISSING or _REFERENCE.fullmatch(str(value))
    return HIDDEN if is_secret and not is_known else value


def changes_json(changes: Sequence[SettingsChange]) -> dict[str, Any]:
    """Say changes as JSON; of very many some, and how many there are besides."""
    return {
        "changes": [change_json(change) for change in changes[:MAX_CHANGES]],
        "more": max(0, len(changes) - MAX_CHANGES),
    }


def change_json(change: SettingsChange) -> dict[str, Any]:
    """Say one change; a side that has no such key is left out."""
    sides = {"before": change.change.before, "after": change.change.after}
    return {
        "file": change.file,
        "rule": change.rule or None,
        "key": change.change.key,
        **{side: value for side, value in sides.items() if value != MISSING},
    }
