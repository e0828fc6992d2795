"""Changes to several list files as one: worked out and judged together, then all on the disk, or none."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from reconciler.core.model.entries import Key, Release, Terms
from reconciler.core.model.errors import InvalidInput
from reconciler.core.model.finding import Finding, Severity
from reconciler.lists.edit.changes import restore_lines, with_releases, without_numbers
from reconciler.lists.reader import Lists, Source, read_lists
from reconciler.use_cases.edits.edit_lock import write_list_files
from reconciler.use_cases.workspace.tenant_lists import TenantLists


@dataclass(slots=True)
class Edits:
    """What is to become of the desk's files. `files` are those that change; None: the file goes."""

    tenant_lists: TenantLists
    files: dict[str, bytes | None] = field(default_factory=dict)

    def data(self, path: str) -> bytes | None:
        """Give a file as it would be by now; None where there is none."""
        if path in self.files:
            return self.files[path]
        return next((source.data for source in self.tenant_lists.sources if source.path == path), None)

    def remove_from_list(self, list_id: str, numbers: Collection[str]) -> None:
        """Take the lines of these numbers out of all files of the list."""
        for file in self.tenant_lists.lists.declared_entries.files:
            file_numbers = [number for number in numbers if number in file.numbers]
            if file.list_id == list_id and file_numbers:
                self.remove_from_file(file.path, file_numbers)

    def remove_from_file(self, path: str, numbers: Collection[str]) -> None:
        """Take the lines of these numbers out of one file."""
        self.replace(path, without_numbers(path, self.readable_data(path), numbers))

    def add_releases(self, path: str, releases: Sequence[Release]) -> None:
        """Write releases, of which the same is said, into a file."""
        data = self.readable_data(path) if self.data(path) is not None else None
        self.replace(path, with_releases(path, data, releases))

    def restore_lines(self, path: str, past_data: bytes, numbers: Collection[str]) -> None:
        """Put lines back as an earlier state of the file had them."""
        self.replace(path, restore_lines(path, self.readable_data(path), past_data, numbers))

    def write(self, expected: Mapping[tuple[str, str, str], Terms | None], releases: set[Release]) -> None:
        """Write all files, or none.

        `expected` says which claims change (None: gone), and `releases` what is new. Raises InvalidInput,
        and writes nothing, where the files would say anything else, or have an error that they had not.
        """
        lists_after = self._read_changed()
        new_errors = _count_errors(lists_after) - _count_errors(self.tenant_lists.lists)
        if new_errors:
            new_findings = [
                finding
                for finding in lists_after.findings
                if (finding.file, finding.rule, finding.message) in new_errors
            ]
            fact = "the files would not be valid: nothing was written"
            raise InvalidInput(
                fact, "; ".join(_finding_text(shown_finding) for shown_finding in new_findings[:5])
            )
        # A file that is not written is read as before: only those that change are compared.
        expected_entries = {**_declared_entries(self.tenant_lists.lists, self.files), **expected}
        remaining_entries = {key: terms for key, terms in expected_entries.items() if terms is not None}
        expected_releases = _declared_releases(self.tenant_lists.lists) | releases
        if (
            _declared_entries(lists_after, self.files) != remaining_entries
            or _declared_releases(lists_after) != expected_releases
        ):
            fact = "the files would say something else of other numbers: nothing was written"
            raise InvalidInput(fact, "put them in order first: dnc fmt", where=", ".join(self.files))
        losing_paths = {path for (path, _, _), terms in expected.items() if terms is None}
        write_list_files(self.tenant_lists.ctx, self.files, self.tenant_lists.sources, losing_paths)

    def replace(self, path: str, data: bytes) -> None:
        """Give a file, which may be a new one, this content."""
        if data != self.data(path):
            self.files[path] = data

    def readable_data(self, path: str) -> bytes:
        """Give a file that can be edited. Raises InvalidInput where there is none, or its form has errors."""
        data = self.data(path)
        if data is None:
            raise InvalidInput("there is no such file", "name one of the list's files", where=path)
        regulation_findings = {
            regulation_error.finding for regulation_error in self.tenant_lists.lists.regulation_errors
        }
        broken = [
            finding
            for finding in self.tenant_lists.lists.findings
            if finding.file == path
            and finding.severity is Severity.ERROR
            and finding not in regulation_findings
        ]
        if broken:
            raise InvalidInput(
                f"{path} has errors: nothing was written",
                "correct them; dnc validate shows them all",
                findings=broken,
            )
        return data

    def _read_changed(self) -> Lists:
        sources = {source.path: source for source in self.tenant_lists.sources}
        for path, data in self.files.items():
            if data is None:
                sources.pop(path, None)
            else:
                sources[path] = Source(path, data)
        today, rules = self.tenant_lists.today, self.tenant_lists.project.rules
        in_order = [sources[path] for path in sorted(sources)]
        return read_lists(in_order, rules, as_of=today.as_of, latest=today.latest)


def entry_terms_of(lists: Lists, list_id: str, numbers: Collection[str]) -> dict[tuple[str, str, str], Terms]:
    """Give every claim of these numbers on a list, by file, list and number."""
    return {
        (file.path, list_id, number): file.numbers[number]
        for file in lists.declared_entries.files
        if file.list_id == list_id
        for number in numbers
        if number in file.numbers
    }


def entries_of_number(lists: Lists, number: str) -> dict[Key, list[tuple[str, Terms]]]:
    """Give a number's claims by list: the file, and the terms."""
    entries_by_list: dict[Key, list[tuple[str, Terms]]] = {}
    for file in lists.declared_entries.files:
        if number in file.numbers:
            entries_by_list.setdefault((file.list_id, number), []).append((file.path, file.numbers[number]))
    return entries_by_list


def _declared_entries(lists: Lists, paths: Collection[str]) -> dict[tuple[str, str, str], Terms]:
    return {
        (file.path, file.list_id, number): terms
        for file in lists.declared_entries.files
        if file.path in paths
        for number, terms in file.numbers.items()
    }


def _declared_releases(lists: Lists) -> set[Release]:
    return {release for releases in lists.declared_entries.releases.values() for release in releases}


def _count_errors(lists: Lists) -> Counter[tuple[str, str, str]]:
    return Counter(
        (finding.file, finding.rule, finding.message)
        for finding in lists.findings
        if finding.severity is Severity.ERROR
    )


def _finding_text(finding: Finding) -> str:
    return f"{finding.file}: {finding.message} [{finding.rule}]"
