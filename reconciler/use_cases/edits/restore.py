"""`dnc restore`: lines that vanished from the files, back as they were: a way out of a blocked change."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from reconciler.core.model.entries import Key, Terms, is_list_id
from reconciler.core.model.errors import DncError, InvalidInput
from reconciler.core.model.phone import mask
from reconciler.core.planning.state import HeldClaim
from reconciler.git.repository import Repository
from reconciler.lists.phone_input import read_numbers
from reconciler.use_cases.edits.file_changes import Edits
from reconciler.use_cases.reconcile.last_applied import Past, known_past
from reconciler.use_cases.workspace.context import CommandContext
from reconciler.use_cases.workspace.tenant_lists import Desk


@dataclass(frozen=True, slots=True)
class Back:
    """A line that is back: its number and list, the file that has it, and the commit that it came from."""

    number: str
    list_id: str
    file: str
    revision: str


@dataclass(frozen=True, slots=True)
class Restored:
    """What was put back, and which of the numbers that were named had nothing missing."""

    back: tuple[Back, ...]
    present: tuple[str, ...]

    @property
    def files(self) -> tuple[str, ...]:
        """Name the files that changed."""
        return tuple(sorted({one.file for one in self.back}))


def restore(ctx: CommandContext, numbers: Sequence[str], list_id: str | None) -> Restored:
    """Put lines back; without numbers, all of a list that are kept for want of one. All or none.

    Raises InvalidInput where a line that vanished can be found in no revision.
    """
    desk = Desk.open(ctx)
    past = known_past(desk)
    if past.repository is None or past.repository.head() is None:
        raise InvalidInput("git has no commit here to take a line from", "write the number again: dnc add")
    if list_id is not None and not is_list_id(list_id):
        raise InvalidInput(
            "this is no name of a list", "write letters, digits and . _ - only", where="--list"
        )
    chosen = read_numbers(numbers, desk.tenant.region) if numbers else None
    gone = dict(_vanished(past, desk, frozenset(chosen) if chosen else None, list_id))
    found = _Search(past.repository, past, desk)
    edits = Edits(desk)
    back: list[Back] = []
    for (path, revision, data), keys in _by_source(found, gone).items():
        here = [number for _, number in keys]
        edits_to = _target(desk, edits, path, keys[0][0])
        weaker = [
            n for n in here if any(f.path == edits_to and n in f.numbers for f in desk.lists.claims.files)
        ]
        if weaker:
            edits.take_out(edits_to, weaker)
        edits.bring_back(edits_to, data, here)
        back += [Back(number, name, edits_to, revision) for name, number in keys]
    terms = {(one.file, one.list_id, one.number): found.terms[one.list_id, one.number] for one in back}
    edits.write(terms, set())
    named = chosen or ()
    moved = {one.number for one in back}
    present = tuple(number for number in named if number not in moved)
    _demand_somewhere(desk, present)
    return Restored(tuple(sorted(back, key=lambda one: (one.list_id, one.number))), present)


def _vanished(
    past: Past, desk: Desk, numbers: frozenset[str] | None, list_id: str | None
) -> Iterator[tuple[Key, HeldClaim | None]]:
    """Give what is held or kept and stands in no file any more, or weaker; None where only git may know."""
    standing: dict[Key, tuple[object, ...]] = {}
    for file in desk.lists.claims.files:
        for number, terms in file.numbers.items():
            if numbers is None or number in numbers:
                key = (file.list_id, number)
                standing[key] = max(standing.get(key, ()), terms.strength)
    held = past.held
    keys = set(held.kept)
    for held_file in held.files:
        keys |= {(held_file.list_id, n) for n in held_file.numbers if numbers is None or n in numbers}
    for key in sorted(keys):
        if (numbers is not None and key[1] not in numbers) or (list_id is not None and key[0] != list_id):
            continue
        claim = max(held.claims(key), key=lambda one: one.terms.strength, default=None)
        if claim is not None and standing.get(key, ()) < claim.terms.strength:
            yield key, claim
    for number in sorted(numbers or ()):
        if number not in {n for _, n in keys} and not any(n == number for _, n in standing):
            yield (list_id or "", number), None


@dataclass(slots=True)
class _Search:
    """Looks for the newest revision in which a claim stood."""

    repository: Repository
    past: Past
    desk: Desk
    terms: dict[Key, Terms]

    def __init__(self, repository: Repository, past: Past, desk: Desk) -> None:
        self.repository, self.past, self.desk, self.terms = repository, past, desk, {}

    def find(self, key: Key, claim: HeldClaim | None) -> tuple[Key, str, str, bytes]:
        """Give key, file, revision, and the file's bytes then. Raises InvalidInput where there is none."""
        for revision, path in self._places(key, claim):
            data = self._data(revision, path)
            if data is None or key[1].encode() not in data:
                continue
            for file in self.desk.read(path, data).claims.files:
                terms = file.numbers.get(key[1])
                known = file.list_id == key[0] or not key[0]
                if terms and known and (claim is None or terms.strength >= claim.terms.strength):
                    self.terms[file.list_id, key[1]] = terms
                    return (file.list_id, key[1]), path, revision, data
        fact = f"no revision here has a line of {mask(key[1])}" + (f" on {key[0]}" if key[0] else "")
        raise InvalidInput(fact, "write it again: dnc add; nothing was written")

    def _places(self, key: Key, claim: HeldClaim | None) -> Iterator[tuple[str, str]]:
        """Name where to look: HEAD, the revision that is held, then each change of the file, newest first."""
        if claim is None:
            yield from self._anywhere(key[1])
            return
        yield "HEAD", claim.path
        if self.past.held.revision:
            yield self.past.held.revision, claim.path
        for revision in self.repository.revisions_of(claim.path):
            yield revision, claim.path

    def _anywhere(self, number: str) -> Iterator[tuple[str, str]]:
        """Look where nothing is held: in HEAD, and before the commit that changed how often it stands."""
        commit = self.repository.introducing_commit(".", number)
        for revision in ("HEAD", *([f"{commit.sha}^"] if commit else ())):
            try:
                files = self.repository.files(revision, self.desk.project.is_list)
            except DncError:  # the first commit has no parent
                continue
            for file in files:
                yield revision, file.path

    def _data(self, revision: str, path: str) -> bytes | None:
        if not self.repository.has_commit(revision):
            return None
        return self.repository.read_tree_files(revision, path.__eq__).get(path)


def _by_source(
    found: _Search, gone: Mapping[Key, HeldClaim | None]
) -> dict[tuple[str, str, bytes], list[Key]]:
    """Gather what comes back by the file and the revision that it comes from."""
    sources: dict[tuple[str, str, bytes], list[Key]] = {}
    for key, claim in gone.items():
        known, path, revision, data = found.find(key, claim)
        sources.setdefault((path, revision, data), []).append(known)
    return sources


def _target(desk: Desk, edits: Edits, path: str, list_id: str) -> str:
    """Choose where lines go back: their own file; where that is gone, a new one of the same name."""
    if edits.data(path) is None:
        new, data = desk.target(list_id, desk.ctx.folder / path)
        edits.files[new] = data
        return new
    return path


def _demand_somewhere(desk: Desk, numbers: Sequence[str]) -> None:
    claimed = {number for file in desk.lists.claims.files for number in file.numbers}
    for number in numbers:
        if number not in claimed:
            fact = f"{mask(number)} has no line that vanished"
            raise InvalidInput(fact, "write it again: dnc add; nothing was written")
