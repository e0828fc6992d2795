"""Numbers that only CXone has, on their way into files: which entry each gets, and in which file."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from reconciler.config.tenant import Tenant
from reconciler.core.model.entries import Carried, FileClaims, Policy, ReasonCode
from reconciler.core.model.errors import InvalidInput
from reconciler.lists.edit.canonical import new_list
from reconciler.lists.edit.changes import Keys, slipping_in, with_remarked
from reconciler.lists.reader import Source, read_lists
from reconciler.use_cases.edits.import_table import Candidate, trials
from reconciler.use_cases.workspace.context import CommandContext, Today
from reconciler.use_cases.workspace.project import Project
from reconciler.use_cases.workspace.tenant_lists import Desk
from reconciler.use_cases.workspace.tree import Tree

MOST = 5_000  # numbers a file: more is hard to review
SOURCE = "cxone"
_REASONS = frozenset(ReasonCode)
_DATED = frozenset({Policy.RELATIVE, Policy.ABSOLUTE})
_CODE = re.compile(r"[A-Za-z0-9_-]{1,40}")  # what CXone calls a reason may be anything
_DESCRIPTION = "Adopted from CXone. Nobody here knows yet who asked, or when."


@dataclass(frozen=True, slots=True)
class Entry:
    """How a live entry stands in a file: its keys without the day, and what is remarked behind its number."""

    reason: str
    end: date | None = None
    remark: str = ""

    def keys(self, day: date) -> Keys:
        """Give the keys of an entry that was first seen on that day."""
        policy = Policy.NEVER if self.end is None else Policy.ABSOLUTE
        said = {
            "reasonCode": self.reason,
            "expirationPolicy": policy.value,
            "source": SOURCE,
            "firstSeenOn": day.isoformat(),
        }
        if self.end is not None:
            said["expirationDate"] = self.end.isoformat()
        return tuple(sorted(said.items()))

    @property
    def endless(self) -> "Entry":
        """Give it without its end, for where a rule takes none: the stronger of the two."""
        return Entry(self.reason, None, _remark(self.remark, f"in CXone until {self.end}"))


def entry_of(terms: Carried, as_of: date) -> Entry:
    """Say what CXone has as an entry: its reason; its end where it tells a usable one, else NEVER."""
    known = terms.reason_code in _REASONS
    reason = terms.reason_code if known else ReasonCode.UNKNOWN.value
    told = "" if known or not _CODE.fullmatch(terms.reason_code) else f"reason in CXone: {terms.reason_code}"
    if terms.end is not None and terms.end >= as_of:
        return Entry(reason, terms.end, told)
    if terms.end is not None or terms.expiration_policy in _DATED:
        policy = terms.expiration_policy or "dated"
        return Entry(reason, None, _remark(told, f"{policy} in CXone, which does not tell its end"))
    return Entry(reason, None, told)


def _remark(*parts: str) -> str:
    return "; ".join(part for part in parts if part)


@dataclass(frozen=True, slots=True)
class Refused:
    """A live entry that no file can have: its list, its number as CXone has it, and why."""

    list_id: str
    text: str
    why: str


@dataclass(slots=True)
class Adopted:
    """The files that adopting writes, by path; the numbers of each list; what was there; what can't be."""

    files: dict[str, bytes] = field(default_factory=dict)
    written: dict[str, int] = field(default_factory=dict)
    present: int = 0
    refused: list[Refused] = field(default_factory=list)


Found = Mapping[str, Mapping[str, Carried]]
"""What only CXone has: by list, then by number."""


def folder(tenant: str) -> str:
    """Name the folder of a tenant's adopted numbers."""
    return f"dnc-lists/adopted/{tenant}/"


def desk_of(ctx: CommandContext, project: Project, tenant: Tenant, tree: Tree) -> Desk:
    """Read the adopted files that a tree has, by the rules and the configuration of the plan."""
    here = folder(tenant.name)
    files = tree.read(lambda path: path.startswith(here) and project.is_list(path))
    sources = tuple(Source(path, data) for path, data in files.items())
    today = Today.at(ctx.clock())
    lists = read_lists(sources, project.rules, as_of=today.as_of, latest=today.latest)
    return Desk(ctx, project, tenant, today, sources, lists)


def adopt(desk: Desk, found: Found) -> Adopted:
    """Put numbers into adopted files. Writes nothing; raises InvalidInput where a file can't be added to."""
    done = Adopted()
    for list_id, live in sorted(found.items()):
        shelf = _Shelf(desk, list_id)
        new = {phone: terms for phone, terms in live.items() if phone not in shelf.standing}
        done.present += len(live) - len(new)
        groups = _judged(desk, list_id, new, done)
        done.written[list_id] = sum(map(len, groups.values()))
        done.files |= shelf.filled(groups)
    return done


Groups = Mapping[Keys, Mapping[str, str]]


def _judged(desk: Desk, list_id: str, new: Mapping[str, Carried], done: Adopted) -> Groups:
    """Give each number the keys that the rules take; one with an end that they refuse goes without."""
    as_of, day = desk.today.as_of, _day(desk.ctx.clock())
    known: dict[Carried, Entry] = {}
    entries = {phone: known.setdefault(t, entry_of(t, as_of)) for phone, t in new.items()}
    for phone in _wrong(desk, list_id, entries, day):
        if entries[phone].end is not None:
            entries[phone] = entries[phone].endless
    for phone, why in _wrong(desk, list_id, entries, day).items():
        del entries[phone]
        done.refused.append(Refused(list_id, phone, why))
    groups: dict[Keys, dict[str, str]] = {}
    keys = {entry: entry.keys(day) for entry in set(entries.values())}
    for phone in sorted(entries):
        remark = entries[phone].remark
        groups.setdefault(keys[entries[phone]], {})[phone] = f"# {remark}" if remark else ""
    return groups


def _wrong(desk: Desk, list_id: str, entries: Mapping[str, Entry], day: date) -> dict[str, str]:
    """Judge the numbers as entries of a list, and name those that errors are found in."""
    keys = {entry: entry.keys(day) for entry in set(entries.values())}
    rows = [Candidate(0, (), phone, keys[entry]) for phone, entry in entries.items()]
    wrong: dict[str, str] = {}
    for trial in trials(rows):
        for row, why in trial.refused(desk.read("rows", trial.data(list_id)).findings):
            wrong.setdefault(row.phone, why)
    return wrong


def _day(now: datetime) -> date:
    return now.astimezone(UTC).date()


class _Shelf:
    """The adopted files of one list: each is filled up, and further ones are begun."""

    def __init__(self, desk: Desk, list_id: str) -> None:
        self._desk = desk
        self._list_id = list_id
        self._folder = folder(desk.tenant.name)
        self._data = {source.path: source.data for source in desk.sources}
        self._files = [f for f in desk.lists.claims.files if f.list_id == list_id]
        standing = desk.lists.claims.standing(desk.today.as_of).files
        self.standing = {phone for f in standing if f.list_id == list_id for phone in f.numbers}

    def filled(self, groups: Groups) -> dict[str, bytes]:
        """Write the numbers into files of at most MOST."""
        left = [(keys, phone, remark) for keys, some in groups.items() for phone, remark in some.items()]
        files: dict[str, bytes] = {}
        for file in self._files:
            room = max(0, MOST - len(file.numbers))
            taken = [] if self._odd(file, groups) else [one for one in left if one[1] not in file.numbers]
            if taken := taken[:room]:
                gone = {phone for _, phone, _ in taken}
                left = [one for one in left if one[1] not in gone]
                files[file.path] = self._written(file.path, self._data[file.path], taken)
        paths = self._new_paths()
        for start in range(0, len(left), MOST):
            path = next(paths)
            data = new_list(path, self._list_id, _DESCRIPTION)
            files[path] = self._written(path, data, left[start : start + MOST])
        return files

    def _odd(self, file: FileClaims, groups: Groups) -> bool:
        """Tell whether the file's defaults would say of these numbers what CXone does not."""
        data = self._data[file.path]
        return any(slipping_in(file.path, data, dict(keys)) for keys in groups)

    def _written(self, path: str, data: bytes, some: list[tuple[Keys, str, str]]) -> bytes:
        groups: dict[Keys, dict[str, str]] = {}
        for keys, phone, remark in some:
            groups.setdefault(keys, {})[phone] = remark
        before = self._desk.flawless(path, data).claims
        written = with_remarked(path, data, groups)
        after = self._desk.flawless(path, written).claims
        known = {phone: terms for f in before.files for phone, terms in f.numbers.items()}
        now = {phone: terms for f in after.files for phone, terms in f.numbers.items()}
        added = {phone for _, phone, _ in some}
        if {p: t for p, t in now.items() if p not in added} != known or after.releases != before.releases:
            fact = "adding the numbers would change what the file says of others: nothing was written"
            raise InvalidInput(fact, "put the file in order first: dnc fmt", where=path)
        return written

    def _new_paths(self) -> Iterator[str]:
        """Name files that are not there: LIST.yaml, LIST-0002.yaml, and so on."""
        count = 0
        while True:
            count += 1
            path = f"{self._folder}{self._list_id}{f'-{count:04}' if count > 1 else ''}.yaml"
            if path in self._data:
                continue
            if not self._desk.reaches(path):
                fact = f"the lists of tenant {self._desk.tenant.name} do not reach this file"
                way_out = f"add {self._folder}**/*.yaml to its lists, so that what is adopted protects"
                raise InvalidInput(fact, way_out, where=path)
            yield path
