"""`dnc release`: every claim of numbers taken away, and the release that permits it written. All or none."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from reconciler.core.model.entries import (
    FITTING,
    OF_THE_NUMBER,
    Release,
    ReleaseReason,
    Terms,
    is_list_id,
    is_reference,
)
from reconciler.core.model.errors import InvalidInput
from reconciler.core.model.phone import mask
from reconciler.core.planning.state import Held, HeldClaim
from reconciler.lists.edit.changes import lines_of
from reconciler.lists.phone_input import read_numbers
from reconciler.rules.periods import parse_date
from reconciler.use_cases.edits.file_changes import Edits, claims_of, keys_of
from reconciler.use_cases.reconcile.last_applied import known_past
from reconciler.use_cases.workspace.context import CommandContext
from reconciler.use_cases.workspace.files import relative
from reconciler.use_cases.workspace.tenant_lists import Desk

PLACEHOLDER = "EVIDENCE"  # what the printed command says, to be replaced by whoever pastes it
_Keys = tuple[str, Collection[str]]  # a list, and numbers of it


@dataclass(frozen=True, slots=True)
class Permit:
    """What is released: numbers as typed, from which lists (none named: the only one), why, by which proof.

    `every_list` takes all lists that the numbers are on. `on` is a day as written; today otherwise. `to` is
    the other list of MOVED; without numbers, MOVED is about all that vanished here and are claimed there.
    """

    numbers: Sequence[str]
    reason: ReleaseReason
    evidence: str
    list_ids: tuple[str, ...] = ()
    every_list: bool = False
    on: str | None = None
    to: str | None = None
    file: Path | None = None


@dataclass(frozen=True, slots=True)
class Stays:
    """A number that stays on a list all the same, and why."""

    number: str
    list_id: str
    why: str


@dataclass(frozen=True, slots=True)
class Released:
    """What was done: the files that changed, what was released by list, and which numbers stay where."""

    files: tuple[str, ...]
    released: Mapping[str, tuple[str, ...]]
    stays: tuple[Stays, ...]


def release(ctx: CommandContext, permit: Permit) -> Released:
    """Release numbers. Raises InvalidInput, and writes nothing, where the release would not permit it."""
    desk = Desk.open(ctx)
    held = known_past(desk).held
    numbers = _numbers(desk, held, permit)
    lists = _lists(desk, held, permit, numbers)
    day = _demand_sound(desk, permit, lists)
    edits = Edits(desk)
    new: set[Release] = set()
    for list_id, here in lists.items():
        _demand_fitting(desk, held, permit, day, (list_id, here))
        releases = [
            Release(list_id, number, day, permit.reason, permit.evidence, permit.to) for number in here
        ]
        missing = _missing(desk, releases)
        if missing:
            path = relative(permit.file, ctx.folder) if permit.file else place_of(desk, held, list_id)
            edits.permit(path, missing)
            new |= set(missing)
        edits.take_off(list_id, here)
    gone = {key for list_id, here in lists.items() for key in keys_of(desk.lists, list_id, here)}
    edits.write(dict.fromkeys(gone), new)
    stays = tuple(stays_of(desk, held, lists))
    return Released(tuple(edits.files), {k: tuple(v) for k, v in lists.items()}, stays)


def place_of(desk: Desk, held: Held, list_id: str) -> str:
    """Choose where a list's releases go: `releases/LIST.yaml` beside the highest of its files.

    Raises InvalidInput where the tenant's lists do not reach that.
    """
    paths = desk.claiming(list_id) or [file.path for file in held.files if file.list_id == list_id]
    paths += [claim.path for (name, _), kept in held.kept.items() if name == list_id for claim in kept.claims]
    highest = min(paths, key=lambda path: (path.count("/"), path), default=desk.home)
    folder = highest.rpartition("/")[0]
    path = f"{folder}/releases/{list_id}.yaml" if folder else f"releases/{list_id}.yaml"
    if not desk.reaches(path):
        fact = f"the lists of tenant {desk.tenant.name} do not reach this file, so it would permit nothing"
        raise InvalidInput(fact, "name one that they reach: --file FILE", where=path)
    return path


def stays_of(desk: Desk, held: Held, lists: Mapping[str, Collection[str]]) -> Iterator[Stays]:
    """Say which lists keep the numbers all the same, and why."""
    standing = desk.lists.claims.standing(desk.today.as_of)
    for number in sorted({number for here in lists.values() for number in here}):
        for list_id in sorted(list_id for list_id, here in lists.items() if number in here):
            for hold in standing.holds:
                if hold.names((list_id, number)):
                    yield Stays(number, list_id, f"a hold names it: {hold.matter}")
        for (list_id, _), claims in sorted(claims_of(desk.lists, number).items()):
            if number not in lists.get(list_id, ()):
                for path, terms in claims:
                    yield Stays(number, list_id, f"{said(terms)}, {_at(desk, path, number)}")
        for (list_id, other), kept in held.kept.items():
            if other == number and number not in lists.get(list_id, ()):
                why = ", ".join(reason.value for reason in kept.blocked_by)
                yield Stays(number, list_id, f"its line is gone, and it is kept: {why}")


def said(terms: Terms) -> str:
    """Say terms in a few words."""
    until = f" until {terms.end}" if terms.end else ""
    return f"{terms.reason_code} {terms.expiration_policy}{until}"


def _at(desk: Desk, path: str, number: str) -> str:
    data = next(source.data for source in desk.sources if source.path == path)
    line = lines_of(path, data, [number]).get(number)
    return f"{path}:{line}" if line else path


def _numbers(desk: Desk, held: Held, permit: Permit) -> tuple[str, ...]:
    if permit.numbers:
        return read_numbers(permit.numbers, desk.tenant.region)
    if permit.reason is not ReleaseReason.MOVED or not permit.to or len(permit.list_ids) != 1:
        raise InvalidInput(
            "no number is named", "name numbers; only MOVED with --list and --to finds them itself"
        )
    (list_id,) = permit.list_ids
    there = {n for f in desk.lists.claims.files if f.list_id == permit.to for n in f.numbers}
    here = {n for f in desk.lists.claims.files if f.list_id == list_id for n in f.numbers}
    moved = {n for f in held.files if f.list_id == list_id for n in f.numbers}
    moved |= {number for name, number in held.kept if name == list_id}
    found = tuple(sorted((moved - here) & there))
    if not found:
        fact = f"no number vanished from {list_id} that the files claim for {permit.to}"
        raise InvalidInput(fact, "name the numbers; dnc plan shows what vanished")
    return found


def _lists(desk: Desk, held: Held, permit: Permit, numbers: Sequence[str]) -> dict[str, list[str]]:
    """Say which numbers are released from which lists."""
    on: dict[str, list[str]] = {}
    for number in numbers:
        found = _lists_of(desk, held, number)
        if permit.list_ids:
            chosen = [
                list_id
                for list_id in permit.list_ids
                if list_id in found or _is_out(desk, permit, list_id, number)
            ]
        elif permit.every_list or len(found) == 1:
            chosen = sorted(found - {permit.to})
        else:
            fact = f"{mask(number)} is on {len(found)} lists: {', '.join(sorted(found))}"
            raise InvalidInput(
                fact if found else f"{mask(number)} is on no list of tenant {desk.tenant.name}",
                "say which: --list LIST, or --all-lists" if found else "check the number, and the tenant",
            )
        if not chosen:
            named = " and ".join(permit.list_ids) or "any list"
            raise InvalidInput(
                f"{mask(number)} is not on {named}, neither in the files nor as far as is held",
                f"it is on {', '.join(sorted(found))}" if found else "check the number, and the tenant",
            )
        for list_id in chosen:
            on.setdefault(list_id, []).append(number)
    return on


def _lists_of(desk: Desk, held: Held, number: str) -> set[str]:
    found = {file.list_id for file in desk.lists.claims.files if number in file.numbers}
    found |= {file.list_id for file in held.files if number in file.numbers}
    return found | {list_id for list_id, other in held.kept if other == number}


def _is_out(desk: Desk, permit: Permit, list_id: str, number: str) -> bool:
    """Tell whether such a release stands already: the same call twice changes nothing."""
    releases = desk.lists.claims.releases.get((list_id, number), ())
    return any((r.reason, r.evidence, r.to) == (permit.reason, permit.evidence, permit.to) for r in releases)


def _missing(desk: Desk, releases: Sequence[Release]) -> list[Release]:
    """Leave out what the files have; raises InvalidInput where that has been used up by a standing claim."""
    missing = []
    for one in releases:
        same = one in desk.lists.claims.releases.get((one.list_id, one.phone), ())
        if same and keys_of(desk.lists, one.list_id, [one.phone]):
            fact = f"this very release of {mask(one.phone)} stands already beside its claim: it is spent"
            raise InvalidInput(fact, "a number that was added again needs other evidence, or another day")
        if not same:
            missing.append(one)
    return missing


def _demand_sound(desk: Desk, permit: Permit, lists: Mapping[str, Collection[str]]) -> date:
    """See that the release is well written, and give its day."""
    if permit.evidence == PLACEHOLDER or not is_reference(permit.evidence):
        fact = "evidence is a reference: letters, digits and . _ : / -, and it must be yours"
        raise InvalidInput(fact, "write where the proof is, such as FORM-221", where="--evidence")
    day = parse_date(permit.on) if permit.on else desk.ctx.clock().date()
    if day is None or day > desk.today.latest:
        raise InvalidInput("this is no day that has come", "write it as 2026-11-23", where="--on")
    if (permit.reason is ReleaseReason.MOVED) != (permit.to is not None):
        raise InvalidInput("MOVED names the other list, and no other reason does", "--reason MOVED --to LIST")
    if permit.to is None:
        return day
    if not is_list_id(permit.to) or permit.to in lists:
        raise InvalidInput("this is not another list", "name the one that they moved to", where="--to")
    there = {n for f in desk.lists.claims.files if f.list_id == permit.to for n in f.numbers}
    absent = sorted({number for here in lists.values() for number in here} - there)
    if absent:
        fact = f"no file claims {mask(absent[0])} for {permit.to}, so it would be on neither list"
        raise InvalidInput(fact, f"add it there first: dnc add, --list {permit.to}", where="--to")
    return day


def _demand_fitting(desk: Desk, held: Held, permit: Permit, day: date, of: _Keys) -> None:
    """Refuse a reason that does not fit all that is claimed or held, and say which would."""
    list_id, numbers = of
    for number in numbers:
        lines = keys_of(desk.lists, list_id, [number]).values()
        claims = [*(HeldClaim("", terms) for terms in lines), *held.claims((list_id, number))]
        fitting = [_fitting(claim, desk.today.as_of, day) for claim in claims]
        pairs = zip(claims, fitting, strict=True)
        unfit = sorted(
            {_as_claimed(claim, permit.reason) for claim, fits in pairs if permit.reason not in fits}
        )
        if unfit:
            common = sorted(frozenset(ReleaseReason).intersection(*fitting))
            fact = f"{permit.reason} does not let {mask(number)} off {list_id}: it is there as "
            fix = (
                f"what fits: {', '.join(common)}" if common else "write a release for each, below `releases`"
            )
            raise InvalidInput(fact + " and ".join(unfit), fix, where="--reason")


def _fitting(claim: HeldClaim, as_of: date, day: date) -> frozenset[ReleaseReason]:
    """Give the reasons that fit a claim. What a release of ours alone ended is kept for somebody else."""
    if claim.ended:
        return OF_THE_NUMBER
    end = claim.terms.effective_end
    is_over = end is not None and claim.terms.over(as_of) and end < day
    ending = {ReleaseReason.MOVED} | ({ReleaseReason.TERM_ENDED} if is_over else set())
    return FITTING[claim.terms.reason_code] | ending


def _as_claimed(claim: HeldClaim, reason: ReleaseReason) -> str:
    """Say a claim, as far as it matters why the reason does not fit."""
    code = claim.terms.reason_code
    if claim.ended:
        return f"{code}, whose claim has ended and which stays for somebody else's opt-out"
    if reason is not ReleaseReason.TERM_ENDED:
        return code
    return f"{code}, which has no end" if claim.registry else f"{said(claim.terms)}, which is not over"
