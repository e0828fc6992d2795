"""`dnc undo`: what an import added, and nothing else, taken back. The rest is named, with the reason."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from reconciler.core.model.entries import FileEntries, Key, Release, ReleaseReason
from reconciler.core.model.errors import InvalidInput
from reconciler.use_cases.edits.edit_lock import edit
from reconciler.use_cases.edits.file_changes import Edits
from reconciler.use_cases.edits.release import RetainedNumber, release_file_of
from reconciler.use_cases.reconcile.last_applied import Past, load_past
from reconciler.use_cases.workspace.context import CommandContext
from reconciler.use_cases.workspace.tenant_lists import TenantLists

_BATCH = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_EMPTY = re.compile(rb"(?m)^entries: \[\]\s*$")
_POSSIBLY_STORED = frozenset({"applied", "unknown"})


@dataclass(frozen=True, slots=True)
class UndoResult:
    """What was taken back, by list, the numbers that stay, and the files that changed or are gone."""

    released_numbers: Mapping[str, tuple[str, ...]]
    retained: tuple[RetainedNumber, ...]
    files: tuple[str, ...]


@dataclass(slots=True)
class _BatchHistory:
    """What the reports since a batch's first one tell: what we put on, and what somebody else touched.

    `applied` says whether any report was of a revision that had the batch.
    """

    created: set[Key] = field(default_factory=set)
    modified: dict[Key, str] = field(default_factory=dict)
    last_applied: set[Key] = field(default_factory=set)
    applied: bool = False


@edit("dnc undo")
def undo(ctx: CommandContext, batch: str) -> UndoResult:
    """Take a batch back. Raises InvalidInput, and writes nothing, where there is no such batch."""
    tenant_lists = TenantLists.open(ctx)
    files = _batch_files(tenant_lists, batch)
    past = load_past(tenant_lists)
    history = _read_history(past, {file.path for file in files})
    edits = Edits(tenant_lists)
    retained: list[RetainedNumber] = []
    removed_by_list: dict[str, list[str]] = {}
    for file in files:
        removed_numbers = []
        for number in file.numbers:
            reason = _retention_reason(tenant_lists, history, file, number)
            if reason:
                retained.append(RetainedNumber(number, file.list_id, reason))
            else:
                removed_numbers.append(number)
        if removed_numbers:
            edits.remove_from_file(file.path, removed_numbers)
            removed_by_list.setdefault(file.list_id, []).extend(removed_numbers)
    expected = {
        (batch_file.path, batch_file.list_id, batch_number): None
        for batch_file in files
        for batch_number in batch_file.numbers
        if batch_number in removed_by_list.get(batch_file.list_id, ())
    }
    new_releases: set[Release] = set()
    for list_id, numbers in removed_by_list.items():
        # What no run has applied is not held: it needs no permission to go.
        applied_numbers = sorted(number for number in numbers if (list_id, number) in history.created)
        day, evidence = ctx.clock().date(), f"undo:{batch}"
        releases = [
            Release(list_id, batch_number, day, ReleaseReason.ENTERED_IN_ERROR, evidence)
            for batch_number in applied_numbers
        ]
        if releases:
            edits.add_releases(release_file_of(tenant_lists, past.last_applied, list_id), releases)
            new_releases |= set(releases)
    for file in files:
        data = edits.files.get(file.path)
        if data is not None and _EMPTY.search(data):
            edits.files[file.path] = None
    if edits.files:
        edits.write(expected, new_releases)
    released_numbers = {list_id: tuple(sorted(numbers)) for list_id, numbers in removed_by_list.items()}
    return UndoResult(
        released_numbers, tuple(sorted(retained, key=lambda s: (s.list_id, s.number))), tuple(edits.files)
    )


def _batch_files(tenant_lists: TenantLists, batch: str) -> list[FileEntries]:
    """Find the files that `dnc import` wrote for a batch."""
    if not _BATCH.fullmatch(batch):
        raise InvalidInput("this is no name of a batch", "it is what dnc import printed", where="BATCH")
    batch_files = [
        file
        for file in tenant_lists.lists.declared_entries.files
        if re.fullmatch(
            rf"{re.escape(f'{file.list_id}-{batch}')}-[0-9]{{4}}\.yaml", file.path.rpartition("/")[2]
        )
    ]
    if not batch_files:
        fact = f"no file here is of the batch {batch}"
        raise InvalidInput(fact, "its files are named LIST-BATCH-0001.yaml and so on", where="BATCH")
    return batch_files


def _retention_reason(
    tenant_lists: TenantLists, history: _BatchHistory, file: FileEntries, number: str
) -> str:
    """Say why a number of the batch is left alone; empty where it may go."""
    key = (file.list_id, number)
    for other_file in tenant_lists.lists.declared_entries.files:
        if (
            other_file.list_id == file.list_id
            and other_file.path != file.path
            and number in other_file.numbers
        ):
            return f"{other_file.path} lists it too"
    if key in history.modified:
        return f"{history.modified[key]}: that counts as an opt-out"
    if history.applied and key in history.last_applied and key not in history.created:
        return "it was live or applied before the batch"
    return ""


def _read_history(past: Past, paths: set[str]) -> _BatchHistory:
    """Read the reports of all revisions that have the batch's files, newest first."""
    story = _BatchHistory()
    if past.ledger is None:
        return story
    for stored_report in past.reports:
        revision_numbers = _numbers_at(past, stored_report.report.revision, paths)
        if not revision_numbers:
            break
        story.applied = True
        story.last_applied |= revision_numbers
        _add_run(story, past.ledger.plan(stored_report))
    return story


def _add_run(history: _BatchHistory, plan: Mapping[str, Any]) -> None:
    """Add what one run's plan tells."""
    for change in plan["changes"]:
        if change["action"] != "create" or change.get("outcome") not in _POSSIBLY_STORED:
            continue
        if change["reason"] == "declared":
            history.created.update(_keys(change))
        else:
            reason = "someone removed it in CXone, and it was put back"
            history.modified |= dict.fromkeys(_keys(change), reason)
    for drift in plan["drift"]:
        if drift["kind"] in {"removed", "strengthened"}:
            history.modified |= dict.fromkeys(_keys(drift), f"someone else modified it ({drift['kind']})")
    for row in plan.get("overwrites", ()):
        history.modified |= dict.fromkeys(_keys(row), "someone else had modified it")


def _numbers_at(past: Past, revision: str, paths: set[str]) -> set[Key]:
    declared_entries = past.declarations_at(revision)
    return {
        (file.list_id, number)
        for file in declared_entries.files
        if file.path in paths
        for number in file.numbers
    }


def _keys(row: Mapping[str, Any]) -> Iterator[Key]:
    return ((row["list_id"], phone) for phone in row["phones"])
