"""Numbers that only CXone has, on their way into files: which entry each gets, and in which file."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from reconciler.config.tenant import Tenant
from reconciler.core.model.entries import FileEntries, Policy, ProjectedTerms, ReasonCode
from reconciler.core.model.errors import InvalidInput
from reconciler.lists.edit.canonical import write_empty_list
from reconciler.lists.edit.changes import Keys, inherited_keys, with_commented_numbers
from reconciler.lists.reader import Source, read_lists
from reconciler.use_cases.edits.edit_lock import is_portable
from reconciler.use_cases.edits.table_rows import Candidate, trial_files
from reconciler.use_cases.workspace.context import CommandContext, Today
from reconciler.use_cases.workspace.project import Project
from reconciler.use_cases.workspace.tenant_lists import TenantLists
from reconciler.use_cases.workspace.tree import Tree

MAX_FILE_NUMBERS = 5_000  # numbers a file: more is hard to review
SOURCE = "cxone"
_REASONS = frozenset(ReasonCode)
_POLICIES_WITH_END = frozenset({Policy.RELATIVE, Policy.ABSOLUTE})
_CODE = re.compile(r"[A-Za-z0-9_-]{1,40}")  # what CXone calls a reason may be anything
_DESCRIPTION = "Adopted from CXone. Who asked, and when, is not known yet."


@dataclass(frozen=True, slots=True)
class AdoptedEntry:
    """How a live entry stands in a file: its keys without the day, and what is remarked behind its number."""

    reason: str
    end: date | None = None
    comment: str = ""

    def keys(self, day: date) -> Keys:
        """Give the keys of an entry that was first seen on that day."""
        policy = Policy.NEVER if self.end is None else Policy.ABSOLUTE
        keys = {
            "reasonCode": self.reason,
            "expirationPolicy": policy.value,
            "source": SOURCE,
            "firstSeenOn": day.isoformat(),
        }
        if self.end is not None:
            keys["expirationDate"] = self.end.isoformat()
        return tuple(sorted(keys.items()))

    @property
    def without_end(self) -> "AdoptedEntry":
        """Give it without its end, for where a rule takes none: the stronger of the two."""
        return AdoptedEntry(self.reason, None, _remark(self.comment, f"in CXone until {self.end}"))


def adopted_entry_of(terms: ProjectedTerms, as_of: date) -> AdoptedEntry:
    """Say what CXone has as an entry: its reason; its end where it tells a usable one, else NEVER."""
    is_known = terms.reason_code in _REASONS
    reason = terms.reason_code if is_known else ReasonCode.UNKNOWN.value
    code_comment = (
        "" if is_known or not _CODE.fullmatch(terms.reason_code) else f"reason in CXone: {terms.reason_code}"
    )
    if terms.end is not None and terms.end >= as_of:
        return AdoptedEntry(reason, terms.end, code_comment)
    if terms.end is not None or terms.expiration_policy in _POLICIES_WITH_END:
        policy = terms.expiration_policy or "dated"
        return AdoptedEntry(
            reason, None, _remark(code_comment, f"{policy} in CXone, which does not tell its end")
        )
    return AdoptedEntry(reason, None, code_comment)


def _remark(*parts: str) -> str:
    return "; ".join(part for part in parts if part)


@dataclass(frozen=True, slots=True)
class UnreadableEntry:
    """A live entry that no file can have: its list, its number as CXone has it, and why."""

    list_id: str
    text: str
    reason: str


@dataclass(slots=True)
class AdoptResult:
    """The files that adopting writes, by path; the numbers of each list; what was there; what can't be."""

    files: dict[str, bytes] = field(default_factory=dict)
    added_counts: dict[str, int] = field(default_factory=dict)
    present_count: int = 0
    unreadable: list[UnreadableEntry] = field(default_factory=list)


LiveEntries = Mapping[str, Mapping[str, ProjectedTerms]]
"""What only CXone has: by list, then by number."""


def adopted_folder(tenant: str) -> str:
    """Name the folder of a tenant's adopted numbers."""
    return f"dnc-lists/adopted/{tenant}/"


def adopted_lists(ctx: CommandContext, project: Project, tenant: Tenant, tree: Tree) -> TenantLists:
    """Read the adopted files that a tree has, by the rules and the configuration of the plan."""
    adopted_path = adopted_folder(tenant.name)
    files = tree.read(lambda path: path.startswith(adopted_path) and project.is_list(path))
    sources = tuple(Source(path, data) for path, data in files.items())
    today = Today.at(ctx.clock())
    lists = read_lists(sources, project.rules, as_of=today.as_of, latest=today.latest)
    return TenantLists(ctx, project, tenant, today, sources, lists)


def adopt(tenant_lists: TenantLists, live_entries: LiveEntries) -> AdoptResult:
    """Put numbers into adopted files. Writes nothing; raises InvalidInput where a file can't be added to."""
    result = AdoptResult()
    for list_id, live in sorted(live_entries.items()):
        adopted_files = _AdoptedFiles(tenant_lists, list_id)
        new_numbers = {
            phone: terms for phone, terms in live.items() if phone not in adopted_files.active_terms
        }
        result.present_count += len(live) - len(new_numbers)
        groups = _groups_by_keys(tenant_lists, list_id, new_numbers, result)
        result.added_counts[list_id] = sum(map(len, groups.values()))
        result.files |= adopted_files.fill(groups)
    return result


CommentedGroups = Mapping[Keys, Mapping[str, str]]


def _groups_by_keys(
    tenant_lists: TenantLists, list_id: str, new_numbers: Mapping[str, ProjectedTerms], result: AdoptResult
) -> CommentedGroups:
    """Give each number the keys that the rules take; one with an end that they refuse goes without."""
    as_of, day = tenant_lists.today.as_of, _day(tenant_lists.ctx.clock())
    known_entries: dict[ProjectedTerms, AdoptedEntry] = {}
    entries = {
        phone: known_entries.setdefault(api_terms, adopted_entry_of(api_terms, as_of))
        for phone, api_terms in new_numbers.items()
    }
    for phone in _entry_errors(tenant_lists, list_id, entries, day):
        if entries[phone].end is not None:
            entries[phone] = entries[phone].without_end
    for phone, reason in _entry_errors(tenant_lists, list_id, entries, day).items():
        del entries[phone]
        result.unreadable.append(UnreadableEntry(list_id, phone, reason))
    groups: dict[Keys, dict[str, str]] = {}
    keys = {entry: entry.keys(day) for entry in set(entries.values())}
    for phone in sorted(entries):
        remark = entries[phone].comment
        groups.setdefault(keys[entries[phone]], {})[phone] = f"# {remark}" if remark else ""
    return groups


def _entry_errors(
    tenant_lists: TenantLists, list_id: str, entries: Mapping[str, AdoptedEntry], day: date
) -> dict[str, str]:
    """Judge the numbers as entries of a list, and name those that errors are found in."""
    keys = {entry: entry.keys(day) for entry in set(entries.values())}
    rows = [Candidate(0, (), phone, keys[entry]) for phone, entry in entries.items()]
    errors: dict[str, str] = {}
    for trial in trial_files(rows):
        for row, reason in trial.rejected_rows(
            tenant_lists.read_file("rows", trial.to_bytes(list_id)).findings
        ):
            errors.setdefault(row.phone, reason)
    return errors


def _day(now: datetime) -> date:
    return now.astimezone(UTC).date()


class _AdoptedFiles:
    """The adopted files of one list: each is filled up, and further ones are begun."""

    def __init__(self, tenant_lists: TenantLists, list_id: str) -> None:
        self._desk = tenant_lists
        self._list_id = list_id
        self._folder = adopted_folder(tenant_lists.tenant.name)
        self._data = {source.path: source.data for source in tenant_lists.sources}
        self._files = [f for f in tenant_lists.lists.declared_entries.files if f.list_id == list_id]
        active_files = tenant_lists.lists.declared_entries.active_on(tenant_lists.today.as_of).files
        self.active_terms = {phone for f in active_files if f.list_id == list_id for phone in f.numbers}

    def fill(self, groups: CommentedGroups) -> dict[str, bytes]:
        """Write the numbers into files of at most MOST."""
        remaining = [
            (keys, phone, remark)
            for keys, commented_numbers in groups.items()
            for phone, remark in commented_numbers.items()
        ]
        files: dict[str, bytes] = {}
        for file in self._files:
            free_places = max(0, MAX_FILE_NUMBERS - len(file.numbers))
            chosen = (
                []
                if self._has_unfit_defaults(file, groups)
                else [row for row in remaining if row[1] not in file.numbers]
            )
            if chosen := chosen[:free_places]:
                chosen_phones = {phone for _, phone, _ in chosen}
                remaining = [row for row in remaining if row[1] not in chosen_phones]
                files[file.path] = self._with_entries(file.path, self._data[file.path], chosen)
        paths = self._new_paths()
        for start in range(0, len(remaining), MAX_FILE_NUMBERS):
            path = next(paths)
            data = write_empty_list(path, self._list_id, _DESCRIPTION)
            files[path] = self._with_entries(path, data, remaining[start : start + MAX_FILE_NUMBERS])
        return files

    def _has_unfit_defaults(self, file: FileEntries, groups: CommentedGroups) -> bool:
        """Tell whether the file's defaults would say of these numbers what CXone does not."""
        data = self._data[file.path]
        return any(inherited_keys(file.path, data, dict(keys)) for keys in groups)

    def _with_entries(self, path: str, data: bytes, rows: list[tuple[Keys, str, str]]) -> bytes:
        groups: dict[Keys, dict[str, str]] = {}
        for keys, phone, remark in rows:
            groups.setdefault(keys, {})[phone] = remark
        entries_before = self._desk.read_valid_file(path, data).declared_entries
        new_data = with_commented_numbers(path, data, groups)
        entries_after = self._desk.read_valid_file(path, new_data).declared_entries
        terms_before = {phone: terms for f in entries_before.files for phone, terms in f.numbers.items()}
        terms_after = {phone: terms for f in entries_after.files for phone, terms in f.numbers.items()}
        added_phones = {phone for _, phone, _ in rows}
        if {
            phone_after: t for phone_after, t in terms_after.items() if phone_after not in added_phones
        } != terms_before or entries_after.releases != entries_before.releases:
            fact = "adding the numbers would change what the file says of others: nothing was written"
            raise InvalidInput(fact, "put the file in order first: dnc fmt", where=path)
        return new_data

    def _new_paths(self) -> Iterator[str]:
        """Name files that are not there: LIST.yaml, LIST-0002.yaml, and so on."""
        count = 0
        while True:
            count += 1
            path = f"{self._folder}{self._list_id}{f'-{count:04}' if count > 1 else ''}.yaml"
            if path in self._data or not is_portable(path.rpartition("/")[2]):
                continue
            if not self._desk.is_reached(path):
                fact = f"the lists of tenant {self._desk.tenant.name} do not reach this file"
                way_out = f"add {self._folder}**/*.yaml to its lists, so that what is adopted protects"
                raise InvalidInput(fact, way_out, where=path)
            yield path
