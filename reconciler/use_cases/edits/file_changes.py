"""Changes to several list files as one: worked out and judged together, then all on the disk, or none."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from reconciler.core.model.entries import Key, Release, Terms
from reconciler.core.model.errors import InvalidInput
from reconciler.core.model.finding import Finding, Severity
from reconciler.lists.edit.changes import put_back, with_releases, without_numbers
from reconciler.lists.reader import Lists, Source, read_lists
from reconciler.use_cases.workspace.files import put
from reconciler.use_cases.workspace.tenant_lists import Desk


@dataclass(slots=True)
class Edits:
    """What is to become of the desk's files. `files` are those that change; None: the file goes."""

    desk: Desk
    files: dict[str, bytes | None] = field(default_factory=dict)

    def data(self, path: str) -> bytes | None:
        """Give a file as it would be by now; None where there is none."""
        if path in self.files:
            return self.files[path]
        return next((source.data for source in self.desk.sources if source.path == path), None)

    def take_off(self, list_id: str, numbers: Collection[str]) -> None:
        """Take the lines of these numbers out of all files of the list."""
        for file in self.desk.lists.claims.files:
            here = [number for number in numbers if number in file.numbers]
            if file.list_id == list_id and here:
                self.take_out(file.path, here)

    def take_out(self, path: str, numbers: Collection[str]) -> None:
        """Take the lines of these numbers out of one file."""
        self.replace(path, without_numbers(path, self.readable(path), numbers))

    def permit(self, path: str, releases: Sequence[Release]) -> None:
        """Write releases, of which the same is said, into a file."""
        data = self.readable(path) if self.data(path) is not None else None
        self.replace(path, with_releases(path, data, releases))

    def bring_back(self, path: str, then: bytes, numbers: Collection[str]) -> None:
        """Put lines back as an earlier state of the file had them."""
        self.replace(path, put_back(path, self.readable(path), then, numbers))

    def write(self, expected: Mapping[tuple[str, str, str], Terms | None], releases: set[Release]) -> None:
        """Write all files, or none.

        `expected` says which claims change (None: gone), and `releases` what is new. Raises InvalidInput,
        and writes nothing, where the files would say anything else, or have an error that they had not.
        """
        after = self._after()
        worse = _errors(after) - _errors(self.desk.lists)
        if worse:
            found = [f for f in after.findings if (f.file, f.rule, f.message) in worse]
            fact = "the files would not be valid: nothing was written"
            raise InvalidInput(fact, "; ".join(_shown(one) for one in found[:5]))
        # A file that is not written is read as before: only those that change are compared.
        claimed = {**_claimed(self.desk.lists, self.files), **expected}
        standing = {key: terms for key, terms in claimed.items() if terms is not None}
        permitted = _released(self.desk.lists) | releases
        if _claimed(after, self.files) != standing or _released(after) != permitted:
            fact = "the files would say something else of other numbers: nothing was written"
            raise InvalidInput(fact, "put them in order first: dnc fmt", where=", ".join(self.files))
        put_together(self.desk, self.files)

    def replace(self, path: str, data: bytes) -> None:
        """Give a file, which may be a new one, this content."""
        if data != self.data(path):
            self.files[path] = data

    def readable(self, path: str) -> bytes:
        """Give a file that can be edited. Raises InvalidInput where there is none, or its form has errors."""
        data = self.data(path)
        if data is None:
            raise InvalidInput("there is no such file", "name one of the list's files", where=path)
        regulated = {one.finding for one in self.desk.lists.refused}
        broken = [
            f
            for f in self.desk.lists.findings
            if f.file == path and f.severity is Severity.ERROR and f not in regulated
        ]
        if broken:
            raise InvalidInput(
                f"{path} has errors: nothing was written",
                "correct them; dnc validate shows them all",
                findings=broken,
            )
        return data

    def _after(self) -> Lists:
        sources = {source.path: source for source in self.desk.sources}
        for path, data in self.files.items():
            if data is None:
                sources.pop(path, None)
            else:
                sources[path] = Source(path, data)
        today, rules = self.desk.today, self.desk.project.rules
        in_order = [sources[path] for path in sorted(sources)]
        return read_lists(in_order, rules, as_of=today.as_of, latest=today.latest)


def put_together(desk: Desk, files: Mapping[str, bytes | None]) -> None:
    """Write files one after the other; where one cannot be written, those before are put back."""
    folder = desk.ctx.folder
    before = {source.path: source.data for source in desk.sources}
    done: list[str] = []
    try:
        for path, data in files.items():
            done.append(path)
            if data is None:
                (folder / path).unlink(missing_ok=True)
            else:
                put(folder, path, data)
    except (OSError, InvalidInput) as error:
        for path in done[:-1]:
            if path in before:
                put(folder, path, before[path])
            else:
                (folder / path).unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise InvalidInput(
                f"cannot be removed: {error.strerror}", "check the folder's rights", where=done[-1]
            ) from error
        raise


def keys_of(lists: Lists, list_id: str, numbers: Collection[str]) -> dict[tuple[str, str, str], Terms]:
    """Give every claim of these numbers on a list, by file, list and number."""
    return {
        (file.path, list_id, number): file.numbers[number]
        for file in lists.claims.files
        if file.list_id == list_id
        for number in numbers
        if number in file.numbers
    }


def claims_of(lists: Lists, number: str) -> dict[Key, list[tuple[str, Terms]]]:
    """Give a number's claims by list: the file, and the terms."""
    found: dict[Key, list[tuple[str, Terms]]] = {}
    for file in lists.claims.files:
        if number in file.numbers:
            found.setdefault((file.list_id, number), []).append((file.path, file.numbers[number]))
    return found


def _claimed(lists: Lists, paths: Collection[str]) -> dict[tuple[str, str, str], Terms]:
    return {
        (file.path, file.list_id, number): terms
        for file in lists.claims.files
        if file.path in paths
        for number, terms in file.numbers.items()
    }


def _released(lists: Lists) -> set[Release]:
    return {release for found in lists.claims.releases.values() for release in found}


def _errors(lists: Lists) -> Counter[tuple[str, str, str]]:
    return Counter((f.file, f.rule, f.message) for f in lists.findings if f.severity is Severity.ERROR)


def _shown(finding: Finding) -> str:
    return f"{finding.file}: {finding.message} [{finding.rule}]"
