"""`dnc restore`: lines that vanished from the files, back as they were: a way out of a blocked change."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from reconciler.core.model.entries import Key, Terms
from reconciler.core.model.errors import DncError, InvalidInput
from reconciler.core.model.phone import mask
from reconciler.core.planning.state import AppliedEntry
from reconciler.git.repository import Repository
from reconciler.lists.phone_input import read_numbers
from reconciler.use_cases.edits.edit_lock import edit
from reconciler.use_cases.edits.file_changes import Edits
from reconciler.use_cases.reconcile.last_applied import Past, load_past
from reconciler.use_cases.workspace.context import CommandContext
from reconciler.use_cases.workspace.tenant_lists import TenantLists, unknown_list


@dataclass(frozen=True, slots=True)
class RestoredLine:
    """A line that is back: its number and list, the file that has it, and the commit that it came from."""

    number: str
    list_id: str
    file: str
    revision: str


@dataclass(frozen=True, slots=True)
class RestoreResult:
    """What was put back, and which of the numbers that were named had nothing missing."""

    restored_lines: tuple[RestoredLine, ...]
    already_present: tuple[str, ...]

    @property
    def files(self) -> tuple[str, ...]:
        """Name the files that changed."""
        return tuple(sorted({one.file for one in self.restored_lines}))


@edit("dnc restore")
def restore(ctx: CommandContext, numbers: Sequence[str], list_id: str | None) -> RestoreResult:
    """Put lines back; without numbers, all of a list that are kept for want of one. All or none.

    Raises InvalidInput where a line that vanished can be found in no revision.
    """
    tenant_lists = TenantLists.open(ctx)
    past = load_past(tenant_lists)
    if past.repository is None or past.repository.head() is None:
        raise InvalidInput("git has no commit here to take a line from", "write the number again: dnc add")
    if list_id is not None:
        _demand_known_list(tenant_lists, past, list_id)
    chosen = read_numbers(numbers, tenant_lists.tenant.region) if numbers else None
    vanished = dict(_vanished_entries(past, tenant_lists, frozenset(chosen) if chosen else None, list_id))
    search = _RevisionSearch(past.repository, past, tenant_lists)
    edits = Edits(tenant_lists)
    restored_lines: list[RestoredLine] = []
    sources = _group_by_source(search, vanished)
    _leave_out_ended(tenant_lists, search, sources, named=chosen is not None)
    for (path, revision, data), keys in sources.items():
        key_numbers = [number for _, number in keys]
        edits_to = _target_file(tenant_lists, edits, path, keys[0][0])
        weaker = [
            phone
            for phone in key_numbers
            if any(
                file.path == edits_to and phone in file.numbers
                for file in tenant_lists.lists.declared_entries.files
            )
        ]
        if weaker:
            edits.remove_from_file(edits_to, weaker)
        edits.restore_lines(edits_to, data, key_numbers)
        restored_lines += [RestoredLine(number, name, edits_to, revision) for name, number in keys]
    terms = {
        (line.file, line.list_id, line.number): search.terms[line.list_id, line.number]
        for line in restored_lines
    }
    named_numbers = chosen or ()
    restored_numbers = {line.number for line in restored_lines}
    already_present = tuple(number for number in named_numbers if number not in restored_numbers)
    _demand_declared(tenant_lists, already_present)
    edits.write(terms, set())
    return RestoreResult(
        tuple(sorted(restored_lines, key=lambda line: (line.list_id, line.number))), already_present
    )


def _demand_known_list(tenant_lists: TenantLists, past: Past, list_id: str) -> None:
    """Refuse a list that neither files nor reports name: nothing of it can have vanished."""
    known = tenant_lists.known_list_ids | past.last_applied.list_ids
    if list_id not in known:
        raise unknown_list(list_id, known, tenant_lists.tenant.name, "--list")


def _vanished_entries(
    past: Past, tenant_lists: TenantLists, numbers: frozenset[str] | None, list_id: str | None
) -> Iterator[tuple[Key, AppliedEntry | None]]:
    """Give what is held or kept and stands in no file any more, or weaker; None where only git may know."""
    active_entries: dict[Key, tuple[object, ...]] = {}
    for file in tenant_lists.lists.declared_entries.files:
        for number, terms in file.numbers.items():
            if numbers is None or number in numbers:
                key = (file.list_id, number)
                active_entries[key] = max(active_entries.get(key, ()), terms.strength)
    last_applied = past.last_applied
    keys = set(last_applied.retained)
    for held_file in last_applied.files:
        keys |= {
            (held_file.list_id, phone) for phone in held_file.numbers if numbers is None or phone in numbers
        }
    for key in sorted(keys):
        if (numbers is not None and key[1] not in numbers) or (list_id is not None and key[0] != list_id):
            continue
        entry = max(last_applied.entries(key), key=lambda one: one.terms.strength, default=None)
        if entry is not None and active_entries.get(key, ()) < entry.terms.strength:
            yield key, entry
    for number in sorted(numbers or ()):
        if number not in {phone for _, phone in keys} and not any(
            phone == number for _, phone in active_entries
        ):
            yield (list_id or "", number), None


@dataclass(slots=True)
class _RevisionSearch:
    """Looks for the newest revision in which a claim stood."""

    repository: Repository
    past: Past
    tenant_lists: TenantLists
    terms: dict[Key, Terms]

    def __init__(self, repository: Repository, past: Past, tenant_lists: TenantLists) -> None:
        self.repository, self.past, self.tenant_lists, self.terms = repository, past, tenant_lists, {}

    def find(self, key: Key, entry: AppliedEntry | None) -> tuple[Key, str, str, bytes]:
        """Give key, file, revision, and the file's bytes then. Raises InvalidInput where there is none."""
        for revision, path in self._places(key, entry):
            data = self._data(revision, path)
            if data is None or key[1].encode() not in data:
                continue
            for file in self.tenant_lists.read_file(path, data).declared_entries.files:
                terms = file.numbers.get(key[1])
                is_of_list = file.list_id == key[0] or not key[0]
                if terms and is_of_list and (entry is None or terms.strength >= entry.terms.strength):
                    self.terms[file.list_id, key[1]] = terms
                    return (file.list_id, key[1]), path, revision, data
        fact = f"no revision here has a line of {mask(key[1])}" + (f" on {key[0]}" if key[0] else "")
        raise InvalidInput(fact, "write it again: dnc add; nothing was written")

    def _places(self, key: Key, entry: AppliedEntry | None) -> Iterator[tuple[str, str]]:
        """Name where to look: HEAD, the revision that is held, then each change of the file, newest first."""
        if entry is None:
            yield from self._places_in_history(key[1])
            return
        yield "HEAD", entry.path
        if self.past.last_applied.revision:
            yield self.past.last_applied.revision, entry.path
        for revision in self.repository.revisions_of(entry.path):
            yield revision, entry.path

    def _places_in_history(self, number: str) -> Iterator[tuple[str, str]]:
        """Look where nothing is held: in HEAD, and before the commit that changed how often it stands."""
        commit = self.repository.introducing_commit(".", number)
        for revision in ("HEAD", *([f"{commit.sha}^"] if commit else ())):
            try:
                files = self.repository.files(revision, self.tenant_lists.project.is_list)
            except DncError:  # the first commit has no parent
                continue
            for file in files:
                yield revision, file.path

    def _data(self, revision: str, path: str) -> bytes | None:
        if not self.repository.has_commit(revision):
            return None
        return self.repository.read_tree_files(revision, path.__eq__).get(path)


def _group_by_source(
    search: _RevisionSearch, vanished: Mapping[Key, AppliedEntry | None]
) -> dict[tuple[str, str, bytes], list[Key]]:
    """Gather what comes back by the file and the revision that it comes from."""
    sources: dict[tuple[str, str, bytes], list[Key]] = {}
    for key, entry in vanished.items():
        source, path, revision, data = search.find(key, entry)
        sources.setdefault((path, revision, data), []).append(source)
    return sources


def _leave_out_ended(
    tenant_lists: TenantLists,
    search: _RevisionSearch,
    sources: dict[tuple[str, str, bytes], list[Key]],
    *,
    named: bool,
) -> None:
    """Leave out lines whose term is over: back in the file, they would protect nobody.

    Raises InvalidInput where the number was named.
    """
    as_of, count = tenant_lists.today.as_of, 0
    for source, keys in list(sources.items()):
        ended = [key for key in keys if search.terms[key].is_expired(as_of)]
        if ended and named:
            list_id, number = ended[0]
            end = search.terms[ended[0]].end
            fact = (
                f"the line of {mask(number)} on {list_id} ended on {end}: restored, it would protect no one"
            )
            raise InvalidInput(
                fact, "write a new one, with a later end or NEVER: dnc add; nothing was written"
            )
        count += len(ended)
        sources[source] = [key for key in keys if key not in ended]
        if not sources[source]:
            del sources[source]
    if count:
        tenant_lists.ctx.say(f"left out, because their term is over: {count:,} lines")


def _target_file(tenant_lists: TenantLists, edits: Edits, path: str, list_id: str) -> str:
    """Choose where lines go back: their own file; where that is gone, a new one of the same name."""
    if edits.data(path) is None:
        new_path, data = tenant_lists.target_file(list_id, tenant_lists.ctx.folder / path)
        edits.files[new_path] = data
        return new_path
    return path


def _demand_declared(tenant_lists: TenantLists, numbers: Sequence[str]) -> None:
    declared_numbers = {
        number for file in tenant_lists.lists.declared_entries.files for number in file.numbers
    }
    for number in numbers:
        if number not in declared_numbers:
            fact = f"{mask(number)} has no line that vanished"
            raise InvalidInput(fact, "write it again: dnc add; nothing was written")
