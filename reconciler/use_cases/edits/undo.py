"""`dnc undo`: what an import added, and nothing else, taken back. The rest is named, with the reason."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from reconciler.core.model.entries import FileClaims, Key, Release, ReleaseReason
from reconciler.core.model.errors import InvalidInput
from reconciler.use_cases.edits.file_changes import Edits
from reconciler.use_cases.edits.release import Stays, place_of
from reconciler.use_cases.reconcile.last_applied import Past, known_past
from reconciler.use_cases.workspace.context import CommandContext
from reconciler.use_cases.workspace.tenant_lists import Desk

_BATCH = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_EMPTY = re.compile(rb"(?m)^entries: \[\]\s*$")
_ARRIVED = frozenset({"applied", "unknown"})


@dataclass(frozen=True, slots=True)
class Undone:
    """What was taken back, by list, the numbers that stay, and the files that changed or are gone."""

    released: Mapping[str, tuple[str, ...]]
    stays: tuple[Stays, ...]
    files: tuple[str, ...]


@dataclass(slots=True)
class _Story:
    """What the reports since a batch's first one tell: what we put on, and what somebody else touched.

    `applied` says whether any report was of a revision that had the batch.
    """

    created: set[Key] = field(default_factory=set)
    touched: dict[Key, str] = field(default_factory=dict)
    held: set[Key] = field(default_factory=set)
    applied: bool = False


def undo(ctx: CommandContext, batch: str) -> Undone:
    """Take a batch back. Raises InvalidInput, and writes nothing, where there is no such batch."""
    desk = Desk.open(ctx)
    files = _files(desk, batch)
    past = known_past(desk)
    story = _told(past, {file.path for file in files})
    edits = Edits(desk)
    stays: list[Stays] = []
    going: dict[str, list[str]] = {}
    for file in files:
        here = []
        for number in file.numbers:
            why = _keeps(desk, story, file, number)
            if why:
                stays.append(Stays(number, file.list_id, why))
            else:
                here.append(number)
        if here:
            edits.take_out(file.path, here)
            going.setdefault(file.list_id, []).extend(here)
    expected = {
        (f.path, f.list_id, n): None for f in files for n in f.numbers if n in going.get(f.list_id, ())
    }
    new: set[Release] = set()
    for list_id, numbers in going.items():
        # What no run has applied is not held: it needs no permission to go.
        held = sorted(number for number in numbers if (list_id, number) in story.created)
        day, evidence = ctx.clock().date(), f"undo:{batch}"
        releases = [Release(list_id, n, day, ReleaseReason.ENTERED_IN_ERROR, evidence) for n in held]
        if releases:
            edits.permit(place_of(desk, past.held, list_id), releases)
            new |= set(releases)
    for file in files:
        data = edits.files.get(file.path)
        if data is not None and _EMPTY.search(data):
            edits.files[file.path] = None
    if edits.files:
        edits.write(expected, new)
    released = {list_id: tuple(sorted(numbers)) for list_id, numbers in going.items()}
    return Undone(released, tuple(sorted(stays, key=lambda s: (s.list_id, s.number))), tuple(edits.files))


def _files(desk: Desk, batch: str) -> list[FileClaims]:
    """Find the files that `dnc import` wrote for a batch."""
    if not _BATCH.fullmatch(batch):
        raise InvalidInput("this is no name of a batch", "it is what dnc import printed", where="BATCH")
    found = [
        file
        for file in desk.lists.claims.files
        if re.fullmatch(
            rf"{re.escape(f'{file.list_id}-{batch}')}-[0-9]{{4}}\.yaml", file.path.rpartition("/")[2]
        )
    ]
    if not found:
        fact = f"no file here is of the batch {batch}"
        raise InvalidInput(fact, "its files are named LIST-BATCH-0001.yaml and so on", where="BATCH")
    return found


def _keeps(desk: Desk, story: _Story, file: FileClaims, number: str) -> str:
    """Say why a number of the batch is left alone; empty where it may go."""
    key = (file.list_id, number)
    for other in desk.lists.claims.files:
        if other.list_id == file.list_id and other.path != file.path and number in other.numbers:
            return f"{other.path} claims it too"
    if key in story.touched:
        return f"{story.touched[key]}: that counts as an opt-out"
    if story.applied and key in story.held and key not in story.created:
        return "it was live before the batch, or held"
    return ""


def _told(past: Past, paths: set[str]) -> _Story:
    """Read the reports of all revisions that have the batch's files, newest first."""
    story = _Story()
    if past.ledger is None:
        return story
    for stored in past.reports:
        there = _numbers_at(past, stored.report.revision, paths)
        if not there:
            break
        story.applied = True
        story.held |= there
        _take_in(story, past.ledger.plan(stored))
    return story


def _take_in(story: _Story, plan: Mapping[str, Any]) -> None:
    """Add what one run's plan tells."""
    for change in plan["changes"]:
        if change["action"] != "create" or change.get("outcome") not in _ARRIVED:
            continue
        if change["reason"] == "declared":
            story.created.update(_keys(change))
        else:
            why = "somebody took it off in CXone, and it came back"
            story.touched |= dict.fromkeys(_keys(change), why)
    for drift in plan["drift"]:
        if drift["kind"] in {"removed", "strengthened"}:
            story.touched |= dict.fromkeys(_keys(drift), f"somebody else touched it ({drift['kind']})")
    for row in plan.get("overwrites", ()):
        story.touched |= dict.fromkeys(_keys(row), "somebody else had touched it")


def _numbers_at(past: Past, revision: str, paths: set[str]) -> set[Key]:
    claims = past.claims_at(revision)
    return {(f.list_id, number) for f in claims.files if f.path in paths for number in f.numbers}


def _keys(row: Mapping[str, Any]) -> Iterator[Key]:
    return ((row["list_id"], phone) for phone in row["phones"])
