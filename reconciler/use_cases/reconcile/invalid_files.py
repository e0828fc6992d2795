"""Broken list files: what is wrong in them is left out, and what they said when they were applied stands."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from reconciler.config.globs import is_yaml
from reconciler.core.model.entries import DeclaredEntries
from reconciler.core.model.finding import Finding, Severity
from reconciler.lists.left_out import ErrorPlace, with_earlier_claims
from reconciler.lists.reader import Source, read_lists
from reconciler.rules.rule_set import Rules

if TYPE_CHECKING:
    from reconciler.audit.report import Report

ReadFile = Callable[[str, str], bytes | None]
"""Gives a file at a revision; None where there was none."""


@dataclass(frozen=True, slots=True)
class InvalidFile:
    """A list file with errors. `held_at` is the revision that applied it last as a whole; None: none did."""

    path: str
    errors: tuple[Finding, ...]
    held_at: str | None = None

    @property
    def places(self) -> tuple[ErrorPlace, ...]:
        """Say where its errors stand."""
        return tuple(ErrorPlace(error.path, error.rule, error.line) for error in self.errors)

    @property
    def leaves_out_claims(self) -> bool:
        """Tell whether more than releases is left out."""
        return not all(place.is_of_release for place in self.places)


def errors_of_files(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Give the errors of list files that a report can name: these files alone are held back.

    A folder that cannot be looked into is no file: nobody knows what is in it.
    """
    return tuple(
        finding
        for finding in findings
        if finding.severity is Severity.ERROR and is_yaml(finding.file) and finding.file.isprintable()
    )


def invalid_files(errors: Iterable[Finding], newest: "Report | None") -> tuple[InvalidFile, ...]:
    """Give the files that errors stand in. `newest` is the newest report of this CXone."""
    by_path: dict[str, list[Finding]] = {}
    for error in errors:
        by_path.setdefault(error.file, []).append(error)
    held_at = {file.path: file.held_at for file in invalid_files_of(newest)} if newest else {}
    revision = newest.revision if newest else None
    return tuple(
        InvalidFile(path, tuple(found), held_at.get(path, revision)) for path, found in by_path.items()
    )


def invalid_files_of(report: "Report") -> tuple[InvalidFile, ...]:
    """Give the files that were broken at a report's revision."""
    errors: dict[tuple[str, str | None], list[Finding]] = {}
    for row in report.invalid:
        finding = Finding(
            row["file"], row["line"], 0, row["path"], row["rule"], Severity.ERROR, row["message"]
        )
        errors.setdefault((row["file"], row["held_at"]), []).append(finding)
    return tuple(InvalidFile(path, tuple(found), held_at) for (path, held_at), found in errors.items())


def invalid_json(files: Iterable[InvalidFile]) -> list[dict[str, Any]]:
    """Say the errors as a report has them: what stands there was left out."""
    return [
        {
            "file": error.file,
            "line": error.line,
            "path": error.path,
            "rule": error.rule,
            "message": error.message,
            "held_at": file.held_at,
        }
        for file in files
        for error in file.errors
    ]


def places_by_path(files: Iterable[InvalidFile]) -> dict[str, tuple[ErrorPlace, ...]]:
    """Give the places of errors by file, for the reader to leave out."""
    return {file.path: file.places for file in files}


@dataclass(frozen=True, slots=True)
class EarlierFiles:
    """Reads what broken files said when they were last applied as a whole."""

    read_file: ReadFile
    rules: Rules
    _known: dict[tuple[str, str], DeclaredEntries] = field(default_factory=dict)

    def complete(self, declared: DeclaredEntries, files: Iterable[InvalidFile]) -> DeclaredEntries:
        """Let the earlier claims of broken files stand beside what was read of them."""
        earlier = {file.path: self._said(file) for file in files}
        return with_earlier_claims(declared, earlier) if earlier else declared

    def _said(self, file: InvalidFile) -> DeclaredEntries:
        if file.held_at is None:
            return DeclaredEntries()
        key = (file.held_at, file.path)
        if key not in self._known:
            data = self.read_file(*key)
            sources = [] if data is None else [Source(file.path, data)]
            self._known[key] = read_lists(
                sources, self.rules, as_of=date.min, latest=date.max
            ).declared_entries
        return self._known[key]


def with_earlier_sources(
    sources: Sequence[Source], files: Iterable[InvalidFile], read_file: ReadFile
) -> tuple[Source, ...]:
    """Give files as they were applied, a broken one as it was last applied as a whole, or not at all."""
    by_path: Mapping[str, InvalidFile] = {file.path: file for file in files}
    found: list[Source] = []
    for source in sources:
        file = by_path.get(source.path)
        data = source.data if file is None else file.held_at and read_file(file.held_at, file.path)
        if data:
            found.append(Source(source.path, data))
    return tuple(found)
