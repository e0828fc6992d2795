"""How the rule files of one side differ from those of another, rule by rule and key by key."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.core.model.nested_changes import MISSING, NestedChange, nested_changes
from reconciler.rules.rule_set import files_in_force

MAX_FILE_BYTES = 1_000_000  # bytes: the packaged files have a tenth of that together


@dataclass(frozen=True, slots=True)
class SettingsChange:
    """A key of a file that differs. `rule` is the rule that it is of; empty where it is of none."""

    file: str
    rule: str
    change: NestedChange


def rule_differences(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> Iterator[SettingsChange]:
    """Compare a repository's own rule files of two states; where one has none, the packaged one holds."""
    old_files, new_files = files_in_force(before), files_in_force(after)
    for name in sorted(old_files.keys() | new_files.keys()):
        old_data, new_data = old_files.get(name), new_files.get(name)
        if old_data == new_data:
            continue
        old_rules, old_rest = _parts(old_data)
        new_rules, new_rest = _parts(new_data)
        for rule in sorted(old_rules.keys() | new_rules.keys()):
            for change in _rule_changes(old_rules.get(rule), new_rules.get(rule)):
                yield SettingsChange(f"schema/{name}", rule, change)
        for change in nested_changes(old_rest, new_rest):
            yield SettingsChange(f"schema/{name}", "", change)


def _parts(data: bytes | None) -> tuple[dict[str, Any], object]:
    """Give the rules of a rule file by their ids, and what else a file says."""
    if data is None:
        return {}, {}
    if len(data) > MAX_FILE_BYTES:
        return {}, f"{len(data)} bytes"
    try:
        content = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return {}, "no JSON"
    if not isinstance(content, dict) or not isinstance(content.get("allOf"), list):
        return {}, content
    members = [member for member in content["allOf"] if isinstance(member, dict) and "id" in member]
    if len(members) < len(content["allOf"]):
        return {}, content
    rest = {key: value for key, value in content.items() if key != "allOf"}
    return {str(member["id"]): member for member in members}, rest


def _rule_changes(
    old_rule: Mapping[str, Any] | None, new_rule: Mapping[str, Any] | None
) -> tuple[NestedChange, ...]:
    """Compare one rule. One that is new or gone is said by its statement."""
    if old_rule is None or new_rule is None:
        return (NestedChange((), _statement(old_rule), _statement(new_rule)),)
    return nested_changes(old_rule, new_rule)


def _statement(rule: Mapping[str, Any] | None) -> str:
    return MISSING if rule is None else str(rule.get("statement", "a rule"))
