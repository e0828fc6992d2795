"""`dnc release`: every claim of numbers taken away, and the release that permits it written. All or none."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from reconciler.core.model.entries import (
    FITTING,
    NUMBER_RELEASES,
    Release,
    ReleaseReason,
    Terms,
    is_list_id,
    is_reference,
)
from reconciler.core.model.errors import InvalidInput
from reconciler.core.model.phone import mask
from reconciler.core.planning.state import AppliedEntry, LastApplied
from reconciler.lists.edit.changes import lines_of
from reconciler.lists.list_names import lookalike_name
from reconciler.lists.phone_input import read_numbers
from reconciler.rules.periods import parse_date
from reconciler.use_cases.edits.edit_lock import edit
from reconciler.use_cases.edits.file_changes import Edits, entries_of_number, entry_terms_of
from reconciler.use_cases.reconcile.last_applied import load_past
from reconciler.use_cases.workspace.context import CommandContext
from reconciler.use_cases.workspace.files import relative_path
from reconciler.use_cases.workspace.tenant_lists import TenantLists, unknown_list

FIRST_YEAR = 2003  # of requests, and so of releases (GEN-03 says it of entries)
PLACEHOLDER = "EVIDENCE"  # what the printed command says, to be replaced by whoever pastes it
_ListNumbers = tuple[str, Collection[str]]  # a list, and numbers of it


@dataclass(frozen=True, slots=True)
class ReleaseRequest:
    """What is released: numbers as typed, from which lists (none named: the only one), why, by which proof.

    `every_list` takes all lists that the numbers are on. `released_on` is a day as written; today otherwise.
    `target_list` is the other list of MOVED; without numbers, MOVED is about all that vanished here and are
    claimed there.
    """

    numbers: Sequence[str]
    reason: ReleaseReason
    evidence: str
    list_ids: tuple[str, ...] = ()
    every_list: bool = False
    released_on: str | None = None
    target_list: str | None = None
    file: Path | None = None


@dataclass(frozen=True, slots=True)
class RetainedNumber:
    """A number that stays on a list all the same, and why."""

    number: str
    list_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class ReleaseResult:
    """What was done: the files that changed, what was released by list, and which numbers stay where."""

    files: tuple[str, ...]
    released_numbers: Mapping[str, tuple[str, ...]]
    retained: tuple[RetainedNumber, ...]


@edit("dnc release")
def release(ctx: CommandContext, request: ReleaseRequest) -> ReleaseResult:
    """Release numbers. Raises InvalidInput, and writes nothing, where the release would not permit it."""
    tenant_lists = TenantLists.open(ctx)
    last_applied = load_past(tenant_lists).last_applied
    _demand_known_lists(tenant_lists, last_applied, request.list_ids)
    numbers = _released_numbers(tenant_lists, last_applied, request)
    lists = _numbers_by_list(tenant_lists, last_applied, request, numbers)
    day = _demand_valid(tenant_lists, request, lists)
    edits = Edits(tenant_lists)
    new_releases: set[Release] = set()
    for list_id, list_numbers in lists.items():
        _demand_fitting(tenant_lists, last_applied, request, day, (list_id, list_numbers))
        releases = [
            Release(list_id, number, day, request.reason, request.evidence, request.target_list)
            for number in list_numbers
        ]
        to_add = _releases_to_add(tenant_lists, releases)
        if to_add:
            path = (
                relative_path(request.file, ctx.folder)
                if request.file
                else release_file_of(tenant_lists, last_applied, list_id)
            )
            edits.add_releases(path, to_add)
            new_releases |= set(to_add)
        edits.remove_from_list(list_id, list_numbers)
    removed_entries = {
        key
        for list_id, list_numbers in lists.items()
        for key in entry_terms_of(tenant_lists.lists, list_id, list_numbers)
    }
    edits.write(dict.fromkeys(removed_entries), new_releases)
    retained = tuple(retained_numbers(tenant_lists, last_applied, lists))
    return ReleaseResult(
        tuple(edits.files),
        {list_name: tuple(numbers_of_list) for list_name, numbers_of_list in lists.items()},
        retained,
    )


def release_file_of(tenant_lists: TenantLists, last_applied: LastApplied, list_id: str) -> str:
    """Choose where a list's releases go: `releases/LIST.yaml` beside the highest of its files.

    Raises InvalidInput where the tenant's lists do not reach that.
    """
    paths = tenant_lists.files_of_list(list_id) or [
        file.path for file in last_applied.files if file.list_id == list_id
    ]
    paths += [
        entry.path
        for (name, _), retained in last_applied.retained.items()
        if name == list_id
        for entry in retained.entries
    ]
    highest = min(paths, key=lambda path: (path.count("/"), path), default=tenant_lists.new_file_folder)
    folder = highest.rpartition("/")[0]
    path = f"{folder}/releases/{list_id}.yaml" if folder else f"releases/{list_id}.yaml"
    if not tenant_lists.is_reached(path):
        fact = (
            f"the lists of tenant {tenant_lists.tenant.name} do not reach this file, so it would permit "
            "nothing"
        )
        raise InvalidInput(fact, "name one that they reach: --file FILE", where=path)
    return path


def retained_numbers(
    tenant_lists: TenantLists, last_applied: LastApplied, lists: Mapping[str, Collection[str]]
) -> Iterator[RetainedNumber]:
    """Say which lists keep the numbers all the same, and why."""
    active = tenant_lists.lists.declared_entries.active_on(tenant_lists.today.as_of)
    for number in sorted({number for list_numbers in lists.values() for number in list_numbers}):
        for list_id in sorted(list_id for list_id, list_numbers in lists.items() if number in list_numbers):
            for hold in active.holds:
                if hold.covers((list_id, number)):
                    yield RetainedNumber(number, list_id, f"a hold names it: {hold.matter}")
        for (list_id, _), entries in sorted(entries_of_number(tenant_lists.lists, number).items()):
            if number not in lists.get(list_id, ()):
                for path, terms in entries:
                    yield RetainedNumber(
                        number, list_id, f"{terms_text(terms)}, {_entry_position(tenant_lists, path, number)}"
                    )
        for (list_id, key), retained in last_applied.retained.items():
            if key == number and number not in lists.get(list_id, ()):
                reason_text = ", ".join(reason.value for reason in retained.blocked_by)
                yield RetainedNumber(number, list_id, f"its line is gone, and it is kept: {reason_text}")


def terms_text(terms: Terms) -> str:
    """Say terms in a few words."""
    until = f" until {terms.end}" if terms.end else ""
    return f"{terms.reason_code} {terms.expiration_policy}{until}"


def _entry_position(tenant_lists: TenantLists, path: str, number: str) -> str:
    data = next(source.data for source in tenant_lists.sources if source.path == path)
    line = lines_of(path, data, [number]).get(number)
    return f"{path}:{line}" if line else path


def _released_numbers(
    tenant_lists: TenantLists, last_applied: LastApplied, request: ReleaseRequest
) -> tuple[str, ...]:
    if request.numbers:
        return read_numbers(request.numbers, tenant_lists.tenant.region)
    if request.reason is not ReleaseReason.MOVED or not request.target_list or len(request.list_ids) != 1:
        raise InvalidInput(
            "no number is named", "name numbers; only MOVED with --list and --to finds them itself"
        )
    (list_id,) = request.list_ids
    target_numbers = {
        phone
        for file in tenant_lists.lists.declared_entries.files
        if file.list_id == request.target_list
        for phone in file.numbers
    }
    current_numbers = {
        phone
        for file in tenant_lists.lists.declared_entries.files
        if file.list_id == list_id
        for phone in file.numbers
    }
    past_numbers = {phone for file in last_applied.files if file.list_id == list_id for phone in file.numbers}
    past_numbers |= {number for name, number in last_applied.retained if name == list_id}
    moved_numbers = tuple(sorted((past_numbers - current_numbers) & target_numbers))
    if not moved_numbers:
        fact = f"no number was deleted from {list_id} that the files list on {request.target_list}"
        raise InvalidInput(fact, "name the numbers; dnc plan shows what was deleted")
    return moved_numbers


def _numbers_by_list(
    tenant_lists: TenantLists, last_applied: LastApplied, request: ReleaseRequest, numbers: Sequence[str]
) -> dict[str, list[str]]:
    """Say which numbers are released from which lists."""
    numbers_by_list: dict[str, list[str]] = {}
    for number in numbers:
        number_lists = _lists_of(tenant_lists, last_applied, number)
        if request.list_ids:
            chosen = [
                list_id
                for list_id in request.list_ids
                if list_id in number_lists or _has_release(tenant_lists, request, list_id, number)
            ]
        elif request.every_list or len(number_lists) == 1:
            chosen = sorted(number_lists - {request.target_list})
        else:
            fact = f"{mask(number)} is on {len(number_lists)} lists: {', '.join(sorted(number_lists))}"
            raise InvalidInput(
                fact
                if number_lists
                else f"{mask(number)} is on no list of tenant {tenant_lists.tenant.name}",
                "say which: --list LIST, or --all-lists"
                if number_lists
                else "check the number, and the tenant",
            )
        if not chosen:
            named_lists = " and ".join(request.list_ids) or "any list"
            raise InvalidInput(
                f"{mask(number)} is not on {named_lists}, neither in the files nor in what was last applied",
                f"it is on {', '.join(sorted(number_lists))}"
                if number_lists
                else "check the number, and the tenant",
            )
        for list_id in chosen:
            numbers_by_list.setdefault(list_id, []).append(number)
    return numbers_by_list


def _demand_known_lists(
    tenant_lists: TenantLists, last_applied: LastApplied, list_ids: Sequence[str]
) -> None:
    """Refuse a list that neither files nor reports name, with the one that may be meant."""
    known = tenant_lists.known_list_ids | last_applied.list_ids
    for list_id in list_ids:
        if list_id not in known:
            raise unknown_list(list_id, known, tenant_lists.tenant.name, "--list")


def _lists_of(tenant_lists: TenantLists, last_applied: LastApplied, number: str) -> set[str]:
    list_ids = {file.list_id for file in tenant_lists.lists.declared_entries.files if number in file.numbers}
    list_ids |= {file.list_id for file in last_applied.files if number in file.numbers}
    return list_ids | {list_id for list_id, other in last_applied.retained if other == number}


def _has_release(tenant_lists: TenantLists, request: ReleaseRequest, list_id: str, number: str) -> bool:
    """Tell whether such a release stands already: the same call twice changes nothing."""
    releases = tenant_lists.lists.declared_entries.releases.get((list_id, number), ())
    return any(
        (release.reason, release.evidence, release.to)
        == (request.reason, request.evidence, request.target_list)
        for release in releases
    )


def _releases_to_add(tenant_lists: TenantLists, releases: Sequence[Release]) -> list[Release]:
    """Leave out what the files have; raises InvalidInput where that has been used up by a standing claim."""
    to_add = []
    for release in releases:
        is_declared = release in tenant_lists.lists.declared_entries.releases.get(
            (release.list_id, release.phone), ()
        )
        if is_declared and entry_terms_of(tenant_lists.lists, release.list_id, [release.phone]):
            fact = f"this release of {mask(release.phone)} was in the files beside its entry: it is used"
            raise InvalidInput(fact, "a number that was added again needs other evidence, or another day")
        if not is_declared:
            to_add.append(release)
    return to_add


def _demand_valid(
    tenant_lists: TenantLists, request: ReleaseRequest, lists: Mapping[str, Collection[str]]
) -> date:
    """See that the release is well written, and give its day."""
    if request.evidence == PLACEHOLDER or not is_reference(request.evidence):
        fact = "evidence is a reference: letters, digits and . _ : / -, and it must be yours"
        raise InvalidInput(fact, "write where the proof is, such as FORM-221", where="--evidence")
    day = parse_date(request.released_on) if request.released_on else tenant_lists.ctx.clock().date()
    if day is None or day > tenant_lists.today.latest:
        raise InvalidInput("this is no day that has come", "write it as 2026-11-23", where="--on")
    if day.year < FIRST_YEAR:
        fact = f"{day} is before {FIRST_YEAR}, most likely a typing error: nothing was written"
        raise InvalidInput(fact, "write the day of the permission, as 2026-11-23", where="--on")
    if (request.reason is ReleaseReason.MOVED) != (request.target_list is not None):
        raise InvalidInput("MOVED names the other list, and no other reason does", "--reason MOVED --to LIST")
    if request.target_list is None:
        return day
    if not is_list_id(request.target_list) or request.target_list in lists:
        raise InvalidInput("this is not another list", "name the one that they moved to", where="--to")
    target_numbers = {
        phone
        for file in tenant_lists.lists.declared_entries.files
        if file.list_id == request.target_list
        for phone in file.numbers
    }
    absent = sorted({number for list_numbers in lists.values() for number in list_numbers} - target_numbers)
    if absent:
        fact = f"no file lists {mask(absent[0])} on {request.target_list}, so it would be on neither list"
        alike = lookalike_name(request.target_list, tenant_lists.known_list_ids)
        fix = f"did you mean {alike}? Else " if alike else ""
        raise InvalidInput(
            fact, f"{fix}add it there first: dnc add, --list {request.target_list}", where="--to"
        )
    return day


def _demand_fitting(
    tenant_lists: TenantLists,
    last_applied: LastApplied,
    request: ReleaseRequest,
    day: date,
    list_numbers: _ListNumbers,
) -> None:
    """Refuse a reason that does not fit all that is claimed or held, and say which would."""
    list_id, numbers = list_numbers
    for number in numbers:
        lines = entry_terms_of(tenant_lists.lists, list_id, [number]).values()
        entries = [*(AppliedEntry("", terms) for terms in lines), *last_applied.entries((list_id, number))]
        fitting = [_fitting_reasons(entry, tenant_lists.today.as_of, day) for entry in entries]
        pairs = zip(entries, fitting, strict=True)
        unfit = sorted(
            {_entry_description(entry, request.reason) for entry, fits in pairs if request.reason not in fits}
        )
        if unfit:
            common = sorted(frozenset(ReleaseReason).intersection(*fitting))
            fact = f"{request.reason} does not let {mask(number)} off {list_id}: it is there as "
            fix = (
                f"what fits: {', '.join(common)}" if common else "write a release for each, below `releases`"
            )
            raise InvalidInput(fact + " and ".join(unfit), fix, where="--reason")


def _fitting_reasons(entry: AppliedEntry, as_of: date, day: date) -> frozenset[ReleaseReason]:
    """Give the reasons that fit a claim. What a release of ours alone ended is kept for somebody else."""
    if entry.is_own_ended:
        return NUMBER_RELEASES
    end = entry.terms.effective_end
    is_over = end is not None and entry.terms.is_expired(as_of) and end < day
    ending = {ReleaseReason.MOVED} | ({ReleaseReason.TERM_ENDED} if is_over else set())
    return FITTING[entry.terms.reason_code] | ending


def _entry_description(entry: AppliedEntry, reason: ReleaseReason) -> str:
    """Say a claim, as far as it matters why the reason does not fit."""
    code = entry.terms.reason_code
    if entry.is_own_ended:
        return f"{code}, whose term is over and which stays for someone else's opt-out"
    if reason is not ReleaseReason.TERM_ENDED:
        return code
    return (
        f"{code}, which has no end" if entry.is_registry else f"{terms_text(entry.terms)}, which is not over"
    )
