"""`dnc add`: numbers into a list's file, in sorted place. All of them or none; needs no CXone."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from reconciler.core.model.entries import DeclaredEntries, Terms, is_list_id
from reconciler.core.model.errors import InvalidInput
from reconciler.core.model.finding import Finding, Severity
from reconciler.core.model.phone import mask
from reconciler.lists.edit.changes import ENTRY_KEYS, inherited_keys, lines_of, only_numbers, with_numbers
from reconciler.lists.phone_input import read_numbers
from reconciler.use_cases.edits.edit_lock import edit, write_list_files
from reconciler.use_cases.workspace.context import CommandContext
from reconciler.use_cases.workspace.ended_terms import IMPOSSIBLE_YEARS, ended_reason
from reconciler.use_cases.workspace.tenant_lists import TenantLists

_LINE = re.compile(r", the first in line [0-9]+")  # of a file that nobody has


@dataclass(frozen=True, slots=True)
class Addition:
    """What is to be added: numbers as typed, to which list, and the entry's keys as they stand in a file.

    `list_id` None: the only list that the tenant has. `is_new_list` says that the list may be one that
    nothing names yet.
    """

    list_id: str | None
    numbers: Sequence[str]
    keys: Mapping[str, str]
    file: Path | None = None
    is_new_list: bool = False


@dataclass(frozen=True, slots=True)
class AddResult:
    """What was done: list and file, the numbers that are new in it, those that it had (with their lines).

    `terms` are those that hold of the new numbers, `warnings` what the rules find odd about them,
    `other_lists` the lists that there were when this list was new, empty for one that is not.
    """

    list_id: str
    file: str
    numbers: tuple[str, ...]
    already_present: Mapping[str, int]
    terms: Terms
    warnings: tuple[Finding, ...] = ()
    other_lists: tuple[str, ...] = ()


@edit("dnc add")
def add(ctx: CommandContext, addition: Addition) -> AddResult:
    """Add numbers. Raises InvalidInput, and writes nothing, where one is bad or the result would not hold."""
    tenant_lists = TenantLists.open(ctx)
    numbers = read_numbers(addition.numbers, tenant_lists.tenant.region)
    list_id = addition.list_id or _only_list(tenant_lists)
    if not is_list_id(list_id):
        fact = "a list is named with letters, digits, dots, underscores and hyphens"
        raise InvalidInput(fact, "write such a name", where="--list")
    tenant_lists.demand_known_list(list_id, is_new=addition.is_new_list)
    path, data = tenant_lists.target_file(list_id, addition.file)
    entries_before = tenant_lists.read_file(path, data).declared_entries
    present_terms = _file_entries(entries_before)
    new_entries, warnings = _validate_entry(tenant_lists, path, data, addition.keys, numbers)
    terms = new_entries[numbers[0]]
    already_present = [number for number in numbers if number in present_terms]
    places = lines_of(path, data, already_present) if already_present else {}
    _refuse_weaker(
        path,
        {
            present_number: present_terms[present_number]
            for present_number in already_present
            if present_terms[present_number].strength < terms.strength
        },
        places,
    )
    to_add = tuple(number for number in numbers if number not in present_terms)
    other_lists = (
        ()
        if tenant_lists.files_of_list(list_id)
        else tuple(sorted(tenant_lists.lists.declared_entries.list_ids - {list_id}))
    )
    if to_add:
        new_data = with_numbers(path, data, addition.keys, to_add, separate="evidence" in addition.keys)
        entries_after = tenant_lists.read_valid_file(path, new_data).declared_entries
        if (
            _file_entries(entries_after) != present_terms | dict.fromkeys(to_add, terms)
            or entries_after.releases != entries_before.releases
        ):
            fact = "adding the numbers would change what the file says of others: nothing was written"
            raise InvalidInput(
                fact, "put the file in order first: dnc fmt; or name another: --file", where=path
            )
        write_list_files(ctx, {path: new_data}, tenant_lists.sources)
    return AddResult(
        list_id, path, to_add, places, terms, warnings if to_add else (), other_lists if to_add else ()
    )


def _only_list(tenant_lists: TenantLists) -> str:
    """Give the one list that the tenant has. Raises InvalidInput where it has none, or several."""
    list_ids = sorted(tenant_lists.lists.declared_entries.list_ids)
    if len(list_ids) == 1:
        return list_ids[0]
    name = tenant_lists.tenant.name
    fact = (
        f"{name} has {len(list_ids)} lists: {', '.join(list_ids)}" if list_ids else f"{name} has no list yet"
    )
    fix = "name one of them with --list" if list_ids else "name the first one: --list LIST --new-list"
    raise InvalidInput(fact, fix, where="--list")


def _validate_entry(
    tenant_lists: TenantLists, path: str, data: bytes, keys: Mapping[str, str], numbers: Sequence[str]
) -> tuple[Mapping[str, Terms], tuple[Finding, ...]]:
    """Judge the new entry by itself. Raises InvalidInput with what is wrong with it, in no line of a file."""
    if inherited := inherited_keys(path, data, keys):
        fact = f"the file's defaults would give {' and '.join(inherited)} to the numbers: nothing was written"
        raise InvalidInput(fact, "say these too, or name another file: --file FILE", where=path)
    lists = tenant_lists.read_file(path, only_numbers(path, data, keys, numbers))
    problems = dict.fromkeys(_without_line(finding) for finding in lists.findings)
    errors = tuple(
        finding
        for finding in problems
        if finding.severity is Severity.ERROR or finding.rule == IMPOSSIBLE_YEARS
    )
    if errors:
        fact = "the entry would not be valid: nothing was written"
        raise InvalidInput(fact, "; ".join(str(error) for error in errors))
    new_entries = _file_entries(lists.declared_entries)
    if reason := ended_reason(new_entries[numbers[0]], tenant_lists.today.as_of):
        raise InvalidInput("the entry would protect no one: nothing was written", reason)
    return new_entries, tuple(problems)


def _without_line(finding: Finding) -> Finding:
    """Say a finding of no line, but of the key that it is about."""
    key = finding.path.rpartition("/")[2]
    text = _LINE.sub("", finding.message)
    message = f"{key}: {text}" if key in ENTRY_KEYS else text
    return replace(finding, file="", line=0, column=0, path="", message=message)


def _file_entries(declared_entries: DeclaredEntries) -> dict[str, Terms]:
    return {number: terms for file in declared_entries.files for number, terms in file.numbers.items()}


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
