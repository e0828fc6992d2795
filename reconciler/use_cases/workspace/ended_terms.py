"""Terms that were over before their line was added: such an entry never protects anybody.

A line that merely ran out later lapses, and nothing is said of it. Which of the two it is, git tells: a line
that ran out later was in the files on its last day, or was applied.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from reconciler.core.model.entries import DeclaredEntries, FileEntries, Terms
from reconciler.core.model.errors import InvalidInput, RepositoryProblem
from reconciler.core.model.finding import Finding, Severity
from reconciler.core.model.phone import mask
from reconciler.lists.reader import Source, read_lists
from reconciler.use_cases.workspace.project import Project
from reconciler.use_cases.workspace.tree import GitTree

if TYPE_CHECKING:
    from reconciler.git.repository import Repository

RULE = "LIST-10"
IMPOSSIBLE_YEARS = "GEN-03"  # in a file it may be a warning; no command writes such a day
_LOOKS = 24  # at past states of the files; each costs a read of those that are concerned
_DAY_ENDS_LAST = timedelta(days=1, hours=12)  # after the day's midnight in UTC: at UTC-12

_Entry = tuple[str, str]  # a list, and a number on it
_Ended = dict[str, dict[_Entry, Terms]]  # by file


@dataclass(frozen=True, slots=True)
class PastFiles:
    """What may tell that a line is an old one: the repository, and the files as they were last applied.

    `open_repository` gives None outside of one. `read_applied` gives what stood at the newest report of a day
    or of one before it, and None where there are no reports.
    """

    open_repository: "Callable[[], Repository | None]"
    read_applied: Callable[[date], DeclaredEntries | None]


def ended_reason(terms: Terms, as_of: date) -> str:
    """Say why terms cannot be added on a day, and the fix; empty where they can."""
    if not terms.is_expired(as_of):
        return ""
    return (
        f"the term ended on {terms.end}, so it is over before it begins, and protects no one: "
        "write a later end or NEVER, or correct requestedOn"
    )


def ended_term_findings(
    project: Project, sources: Iterable[Source], files: Iterable[FileEntries], as_of: date, past: PastFiles
) -> Iterator[Finding]:
    """Find the entries whose term was over before they were added.

    `as_of` is today's date at UTC-12. Where it cannot be known when they were added, it is a warning.
    """
    ended = _ended_entries(files, as_of)
    if not ended:
        return
    severity = Severity.ERROR
    try:
        is_told = _drop_once_active(ended, project, past.open_repository())
    except RepositoryProblem:
        is_told = False
    if any(ended.values()):
        is_reported = _drop_once_applied(ended, past.read_applied)
        severity = Severity.ERROR if is_told or is_reported else Severity.WARNING
    data = {source.path: source.data for source in sources}
    for path, entries in sorted(ended.items()):
        if entries and path in data:
            yield from _findings_of_file(path, data[path], entries, severity)


def _ended_entries(files: Iterable[FileEntries], as_of: date) -> _Ended:
    ended: _Ended = {}
    for file in files:
        distinct = frozenset(terms for terms in file.distinct if terms.is_expired(as_of))
        if distinct:
            ended.setdefault(file.path, {}).update(
                {(file.list_id, phone): terms for phone, terms in file.numbers.items() if terms in distinct}
            )
    return ended


def _drop_once_active(ended: _Ended, project: Project, repository: "Repository | None") -> bool:
    """Leave out what stood in the files on its last day; tell whether git could say that of all.

    The own line of HEAD is looked at, so a merge counts on the day of the merge. Each look is at the last
    state before the earliest end that is left, and settles all that it has, whatever their ends.
    """
    head = repository.head() if repository is not None else None
    if repository is None or head is None:
        return True  # nothing was added before today
    late = _copy(ended)
    _drop_declared(late, _files_at(project, GitTree(repository, head), ended))
    _drop(ended, late)  # what HEAD has not was added today
    is_told = True
    for _ in range(_LOOKS):
        if not any(ended.values()):
            break
        first_end = min(terms.end for entries in ended.values() for terms in entries.values() if terms.end)
        moment = datetime.combine(first_end, datetime.min.time(), UTC) + _DAY_ENDS_LAST
        commit = repository.bundles.last_before(head, moment)
        if commit is None and repository.is_shallow:
            is_told = False
            break
        if commit is not None:
            _drop_declared(ended, _files_at(project, GitTree(repository, commit), ended))
        over = {
            path: {key: terms for key, terms in entries.items() if terms.end == first_end}
            for path, entries in ended.items()
        }
        _drop(ended, over)
        for path, entries in over.items():
            late[path] |= entries
    if is_told:
        ended.clear()  # after so many looks there is a doubt about the rest, and nothing is said of it
    for path, entries in late.items():
        ended.setdefault(path, {}).update(entries)
    return is_told


def _drop_once_applied(ended: _Ended, read_applied: Callable[[date], DeclaredEntries | None]) -> bool:
    """Leave out what was applied while its term ran; tell whether there are reports at all."""
    ends = {terms.end for entries in ended.values() for terms in entries.values() if terms.end}
    for end in sorted(ends)[:_LOOKS]:
        applied = read_applied(end)
        if applied is None:
            return False
        _drop_declared(ended, applied.files)
    return True


def _copy(ended: _Ended) -> _Ended:
    return {path: dict(entries) for path, entries in ended.items()}


def _drop(ended: _Ended, settled: _Ended) -> None:
    for path, entries in settled.items():
        for key in entries:
            ended[path].pop(key, None)


def _files_at(project: Project, tree: GitTree, ended: _Ended) -> tuple[FileEntries, ...]:
    """Read the files that are concerned as they were; all lists, where one of them had another name."""
    paths = {path for path, entries in ended.items() if entries}
    found = tree.read(paths.__contains__)
    if len(found) < len(paths):
        found = tree.read(project.is_list)
    sources = [Source(path, data) for path, data in found.items()]
    # Whatever was understood counts, also what today's rules refuse.
    return read_lists(sources, project.rules, as_of=date.min, latest=date.max).declared_entries.files


def _drop_declared(ended: _Ended, files: Iterable[FileEntries]) -> None:
    """Leave out what these files declare under the same terms, whichever file it is."""
    declared: dict[str, list[Mapping[str, Terms]]] = {}
    for file in files:
        declared.setdefault(file.list_id, []).append(file.numbers)
    for entries in ended.values():
        for key, terms in list(entries.items()):
            if any(numbers.get(key[1]) == terms for numbers in declared.get(key[0], ())):
                del entries[key]


def _findings_of_file(
    path: str, data: bytes, entries: Mapping[_Entry, Terms], severity: Severity
) -> Iterator[Finding]:
    """Say it once for each term, at the first number."""
    from reconciler.lists.edit.changes import lines_of  # noqa: PLC0415  (few files have such entries)

    lines: dict[str, int] = {}
    with suppress(InvalidInput):  # a form that cannot be edited line by line
        lines = lines_of(path, data, {phone for _, phone in entries})
    phones_by_terms: dict[Terms, list[str]] = {}
    for (_, phone), terms in entries.items():
        phones_by_terms.setdefault(terms, []).append(phone)
    for terms, phones in phones_by_terms.items():
        first = min(phones, key=lambda phone: (lines.get(phone, 0), phone))
        whose = mask(first) if len(phones) == 1 else f"{len(phones):,} numbers, the first of them here,"
        message = (
            f"the term of {whose} ended on {terms.end}, before this was added, so it protects no one: "
            "write a later end or NEVER, or correct requestedOn"
        )
        yield Finding(path, lines.get(first, 0), 0, "", RULE, severity, message)
