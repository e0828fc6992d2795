"""`dnc add`: numbers into a list's file, in sorted place. All of them or none; needs no CXone."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from reconciler.core.model.entries import Claims, Terms
from reconciler.core.model.errors import InvalidInput
from reconciler.core.model.finding import Finding, Severity
from reconciler.core.model.phone import mask
from reconciler.lists.edit.changes import KEYS, alone, lines_of, slipping_in, with_numbers
from reconciler.lists.phone_input import read_numbers
from reconciler.use_cases.workspace.context import CommandContext
from reconciler.use_cases.workspace.files import put
from reconciler.use_cases.workspace.tenant_lists import Desk

_LINE = re.compile(r", the first in line [0-9]+")  # of a file that nobody has


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be added: numbers as typed, to which list, and the entry's keys as they stand in a file."""

    list_id: str
    numbers: Sequence[str]
    keys: Mapping[str, str]
    file: Path | None = None


@dataclass(frozen=True, slots=True)
class Added:
    """What was done: the file, the numbers that are new in it, those that it had (with their lines).

    `terms` are those that hold of the new numbers, `odd` what the rules find odd about them, `others` the
    lists that there were when this list was new, empty for one that is not.
    """

    file: str
    numbers: tuple[str, ...]
    present: Mapping[str, int]
    terms: Terms
    odd: tuple[Finding, ...] = ()
    others: tuple[str, ...] = ()


def add(ctx: CommandContext, wanted: Wanted) -> Added:
    """Add numbers. Raises InvalidInput, and writes nothing, where one is bad or the result would not hold."""
    desk = Desk.open(ctx)
    numbers = read_numbers(wanted.numbers, desk.tenant.region)
    path, data = desk.target(wanted.list_id, wanted.file)
    before = desk.read(path, data).claims
    has = _claimed(before)
    new, odd = _judged(desk, path, data, wanted.keys, numbers)
    terms = new[numbers[0]]
    present = [number for number in numbers if number in has]
    places = lines_of(path, data, present) if present else {}
    _refuse_weaker(path, {n: has[n] for n in present if has[n].strength < terms.strength}, places)
    missing = tuple(number for number in numbers if number not in has)
    others = (
        () if desk.claiming(wanted.list_id) else tuple(sorted(desk.lists.claims.list_ids - {wanted.list_id}))
    )
    if missing:
        written = with_numbers(path, data, wanted.keys, missing, apart="evidence" in wanted.keys)
        after = desk.flawless(path, written).claims
        if _claimed(after) != has | dict.fromkeys(missing, terms) or after.releases != before.releases:
            fact = "adding the numbers would change what the file says of others: nothing was written"
            raise InvalidInput(
                fact, "put the file in order first: dnc fmt; or name another: --file", where=path
            )
        put(ctx.folder, path, written)
    return Added(path, missing, places, terms, odd if missing else (), others if missing else ())


def _judged(
    desk: Desk, path: str, data: bytes, keys: Mapping[str, str], numbers: Sequence[str]
) -> tuple[Mapping[str, Terms], tuple[Finding, ...]]:
    """Judge the new entry by itself. Raises InvalidInput with what is wrong with it, in no line of a file."""
    if slipped := slipping_in(path, data, keys):
        fact = f"the file's defaults would give {' and '.join(slipped)} to the numbers: nothing was written"
        raise InvalidInput(fact, "say these too, or name another file: --file FILE", where=path)
    read = desk.read(path, alone(path, data, keys, numbers))
    said = dict.fromkeys(_placeless(finding) for finding in read.findings)
    errors = tuple(finding for finding in said if finding.severity is Severity.ERROR)
    if errors:
        fact = "the entry would not be valid: nothing was written"
        raise InvalidInput(fact, "; ".join(str(error) for error in errors))
    return _claimed(read.claims), tuple(said)


def _placeless(finding: Finding) -> Finding:
    """Say a finding of no line, but of the key that it is about."""
    key = finding.path.rpartition("/")[2]
    said = _LINE.sub("", finding.message)
    message = f"{key}: {said}" if key in KEYS else said
    return replace(finding, file="", line=0, column=0, path="", message=message)


def _claimed(claims: Claims) -> dict[str, Terms]:
    return {number: terms for file in claims.files for number, terms in file.numbers.items()}


def _refuse_weaker(path: str, weaker: Mapping[str, Terms], lines: Mapping[str, int]) -> None:
    """Refuse what one file can't say: that a number it has is on the list under stronger terms too."""
    if not weaker:
        return
    number, terms = next(iter(weaker.items()))
    until = f", until {terms.end}" if terms.end else ""
    count = f"{len(weaker)} of the numbers are" if len(weaker) > 1 else f"{mask(number)} is"
    fact = f"{count} on the list here already, under weaker terms ({terms.reason_code}{until})"
    way_out = "change it there, or add to another file of the list: --file FILE; nothing was written"
    raise InvalidInput(fact, way_out, where=f"{path}:{lines[number]}")
