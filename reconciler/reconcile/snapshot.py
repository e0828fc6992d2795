"""`dnc import --snapshot`: the whole of a registry for its area codes. What is gone from it is released."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from reconciler.desired.accounting import accounting_doubts
from reconciler.desired.comparison import (
    MOST_LOSS,
    Comparison,
    Copy,
    area_code,
    compare,
    cut_off,
    lost_from,
)
from reconciler.desired.dates import day_of
from reconciler.desired.registry import Block, block_of
from reconciler.desired.trial import Candidate
from reconciler.model.claims import FileClaims
from reconciler.model.errors import InvalidInput
from reconciler.model.terms import REGISTRY_REASONS, Terms
from reconciler.reconcile.registry_files import RegistryFiles
from reconciler.reconcile.rejects import Reject
from reconciler.reconcile.release import Stays, said
from reconciler.reconcile.rows import Rows, Table, put_aside, read_rows
from reconciler.reconcile.surroundings import Surroundings
from reconciler.reconcile.target import Desk

_RETRIEVED = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2}))?"
)


@dataclass(frozen=True, slots=True)
class Taken:
    """What a snapshot changed.

    `released` are the numbers that are gone from it, `unchanged` the area codes of which nothing came off,
    with the reason, and `stays` the numbers that stay on the list all the same. `strangers` are files with
    numbers of the same source that are no part of any snapshot, with how many. `doubts` say what in the file
    cannot be accounted for: with one, nothing is released.
    """

    block: Block
    list_id: str
    read: int
    added: int
    present: int
    refused: tuple[Reject, ...]
    left_out: Mapping[str, int]
    rejects: Path | None
    ignored: tuple[str, ...]
    files: tuple[str, ...]
    evidence: str
    released: tuple[str, ...]
    unchanged: Mapping[str, str]
    stays: tuple[Stays, ...]
    strangers: Mapping[str, int]
    doubts: tuple[str, ...]


def snapshot(around: Surroundings, table: Table, retrieved_at: str, most_loss: float | None = None) -> Taken:
    """Take a snapshot in. `most_loss` (per cent) can only make the limit stricter.

    Raises InvalidInput, and writes nothing, where it is no table that can be read, or no registry's.
    """
    desk = Desk.open(around)
    rows = read_rows(desk, table)
    block = _block(desk, rows, retrieved_at)
    rows = _of_the_registry(rows, block)
    copies = tuple(_copies(desk, rows.list_id, block.name))
    limits = (MOST_LOSS, most_loss, rows.columns.profile.max_loss_percent)
    limit = min(limit for limit in limits if limit is not None)
    found = compare(copies, rows.numbers, retrieved_at, most_loss=limit, unread=rows.unread)
    lost = lost_from(copies, rows.numbers)
    cut = cut_off(lost, tuple(rows.numbers))
    doubts = tuple(_doubts(table.file.name, rows, lost, cut))
    if doubts:
        found = _nothing_gone(found, cut)
    files = RegistryFiles(desk, rows.list_id, block, copies)
    again = [number for numbers in found.gone.values() for number in numbers if files.had_released(number)]
    going = sorted({number for numbers in found.gone.values() for number in numbers} - set(again))
    files.release(going)
    added = files.add(rows.good)
    if not doubts:
        files.date(rows.numbers, found.unchanged)
    rejects = put_aside(table, rows)
    files.write()
    put_back = dict.fromkeys(again, "this snapshot released it before, and its line was put back")
    stays = [Stays(number, rows.list_id, why) for number, why in {**found.staying, **put_back}.items()]
    stays += _kept_elsewhere(desk, rows.list_id, going, {copy.path: copy for copy in copies})
    return Taken(
        block=block,
        list_id=rows.list_id,
        read=rows.read,
        added=added,
        present=len(rows.good) - added,
        refused=rows.refused,
        left_out=rows.left_out,
        rejects=rejects,
        ignored=rows.columns.ignored,
        files=files.changed,
        evidence=files.evidence,
        released=tuple(going),
        unchanged=found.unchanged,
        stays=tuple(sorted(stays, key=lambda one: (one.number, one.why))),
        strangers=dict(_strangers(desk, rows.list_id, block.name, {copy.path for copy in copies})),
        doubts=doubts,
    )


def _doubts(name: str, rows: Rows, lost: Collection[str], cut: Collection[str]) -> Iterator[str]:
    """Say why it is not certain that the file is whole, and that all of it was read."""
    yield from accounting_doubts(name, rows.data, rows.read + bool(rows.columns.header), lost)
    if rows.refused:
        yield f"{name}: {len(rows.refused):,} rows were refused"
    if cut:
        yield (
            f"{name}: {len(cut):,} missing numbers would stand after its last number: the file may be cut; "
            "if the registry confirms that it removed them, release them with dnc release"
        )


def _nothing_gone(found: Comparison, cut: Collection[str]) -> Comparison:
    """Let every area code keep what the file does not have, and name what may be cut off."""
    why = {code: f"it lost {len(gone):,}, and the file is in doubt" for code, gone in found.gone.items()}
    may_be_cut = dict.fromkeys(cut, "it is missing at the end of the file, which may be cut")
    return Comparison({}, {**found.unchanged, **why}, {**may_be_cut, **found.staying})


def _block(desk: Desk, rows: Rows, retrieved_at: str) -> Block:
    """Say what the snapshot is a copy of."""
    name = rows.keys.get("source")
    if name is None:
        fact = "nothing says of which registry this is a snapshot"
        raise InvalidInput(fact, "name it: --source ftc-registry, for one", where="--snapshot")
    day = day_of(retrieved_at) if _RETRIEVED.fullmatch(retrieved_at) else None
    if day is None or day > desk.today.latest:
        fact = "this is no day or time that has come"
        way_out = "write when the registry gave it out: 2026-11-20, or 2026-11-20T06:00:00Z"
        raise InvalidInput(fact, way_out, where="--retrieved-at")
    return Block(name, retrieved_at, rows.sha256, (), rows.columns.profile.fresh_for)


def _of_the_registry(rows: Rows, block: Block) -> Rows:
    """Refuse what no snapshot has: other reasons, other sources, numbers without an area code."""
    bad: dict[Candidate, str] = {}
    for row, terms in rows.good:
        if terms.reason_code not in REGISTRY_REASONS:
            bad[row] = f"{terms.reason_code} is no registry's reason: a snapshot has NATIONAL or STATE"
        elif terms.source != block.name:
            bad[row] = f"its source is another than {block.name}: a snapshot is of one registry"
        elif not area_code(row.phone):
            bad[row] = "no area code of +1, by which a snapshot goes: import it without --snapshot"
    return rows.without(bad)


def _copies(desk: Desk, list_id: str, name: str) -> Iterator[Copy]:
    """Find the files of the last snapshot: those of the list that say they are this registry's copy."""
    claims = {file.path: file for file in desk.lists.claims.files if file.list_id == list_id}
    for source in desk.sources:
        block = block_of(source.path, source.data) if source.path in claims else None
        if block and block.name == name:
            yield Copy(source.path, block, _own(claims[source.path], name))


def _own(file: FileClaims, name: str) -> dict[str, Terms]:
    return {number: terms for number, terms in file.numbers.items() if _is_of(terms, name)}


def _kept_elsewhere(
    desk: Desk, list_id: str, numbers: Sequence[str], copies: Mapping[str, Copy]
) -> Iterator[Stays]:
    """Say which numbers stay on the list although the registry lets them off: others claim or hold them."""
    standing = desk.lists.claims.standing(desk.today.as_of)
    here = [file for file in standing.files if file.list_id == list_id]
    for number in numbers:
        for file in here:
            is_own = file.path in copies and number in copies[file.path].numbers
            if number in file.numbers and not is_own:
                yield Stays(number, list_id, f"{said(file.numbers[number])}, {file.path}")
        for hold in standing.holds:
            if hold.names((list_id, number)):
                yield Stays(number, list_id, f"a hold names it: {hold.matter}")


def _strangers(desk: Desk, list_id: str, name: str, own: set[str]) -> Iterator[tuple[str, int]]:
    """Count the registry's numbers in files that no snapshot looks after."""
    for file in desk.lists.claims.files:
        if file.list_id == list_id and file.path not in own:
            count = sum(_is_of(terms, name) for terms in file.numbers.values())
            if count:
                yield file.path, count


def _is_of(terms: Terms, name: str) -> bool:
    return terms.source == name and terms.reason_code in REGISTRY_REASONS
