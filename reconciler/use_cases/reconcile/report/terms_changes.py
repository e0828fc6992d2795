"""Entries whose terms change in git alone: CXone carries nothing of it, so no change of the plan shows it."""

from collections.abc import Iterator
from typing import Any

from reconciler.core.model.entries import FileEntries, Key, Terms, terms_to_json
from reconciler.core.planning.change import Action, Change
from reconciler.core.planning.inputs import PlanFacts
from reconciler.core.planning.plan import Plan

_Group = tuple[str, str, Terms, Terms]


def terms_changes_json(plan: Plan, setting: PlanFacts) -> list[dict[str, Any]]:
    """Compare the entries with those applied last, file by file; those of most numbers first.

    A file that is as it was costs nothing. Numbers that the plan updates in CXone are left out.
    """
    updated: frozenset[Key] = frozenset(
        key for change in plan.changes if _shows_terms(change, setting) for key in change.keys
    )
    past_files = {(file.path, file.list_id): file for file in setting.last_applied.files}
    groups: dict[_Group, list[str]] = {}
    for file in setting.declared.active_on(setting.as_of).files:
        past_file = past_files.get((file.path, file.list_id))
        if past_file is None or past_file.numbers is file.numbers:
            continue
        for phone, before, after in _differing_entries(past_file, file):
            if (file.list_id, phone) not in updated:
                groups.setdefault((file.list_id, file.path, before, after), []).append(phone)
    rows = [
        {
            "list_id": list_id,
            "file": path,
            "before": terms_to_json(before),
            "after": terms_to_json(after),
            "count": len(phones),
            "phones": sorted(phones),
        }
        for (list_id, path, before, after), phones in groups.items()
    ]
    return sorted(rows, key=lambda row: (-row["count"], row["list_id"], row["phones"]))


def _shows_terms(change: Change, setting: PlanFacts) -> bool:
    """Tell whether a change shows by itself how terms differ."""
    if change.action is not Action.UPDATE or change.after is None:
        return False
    return change.before != setting.dialect.project(change.after)


def _differing_entries(past_file: FileEntries, file: FileEntries) -> Iterator[tuple[str, Terms, Terms]]:
    """Give the numbers of both with other terms. Many numbers share terms: each pair is judged once."""
    past_terms = dict(past_file.numbers)
    are_equal: dict[tuple[int, int], bool] = {}
    for phone, after in file.numbers.items():
        before = past_terms.get(phone)
        if before is None or before is after:
            continue
        pair = (id(before), id(after))
        if pair not in are_equal:
            are_equal[pair] = before == after
        if not are_equal[pair]:
            yield phone, before, after
