"""The list files read as claims, releases and holds, with every finding of every file in one run."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType

from reconciler.core.model.entries import DeclaredEntries
from reconciler.core.model.finding import Finding, Severity, sort_findings
from reconciler.core.model.gc_pause import collector_off
from reconciler.lists.cross_file_rules import (
    company_findings,
    may_depend_on_other_files,
    release_rule_findings,
)
from reconciler.lists.left_out import ErrorPlace, without_errors
from reconciler.lists.list_file import ListFile
from reconciler.lists.phone_blocks import NUMBERING
from reconciler.lists.reading_state import Reading, ReadResult, RegulationError
from reconciler.lists.releases_holds import unknown_list_findings
from reconciler.rules.rule_set import Rules
from reconciler.yaml_tree.documents import read_document
from reconciler.yaml_tree.nodes import MapNode

__all__ = [
    "LeftOut",
    "Lists",
    "ParallelReads",
    "ReadResult",
    "RegulationError",
    "Source",
    "is_in_examples",
    "read_lists",
    "read_one_file",
]


@dataclass(frozen=True, slots=True)
class Source:
    """One list file: its path from the repository's root, and its bytes."""

    path: str
    data: bytes


ParallelReads = Mapping[str, Callable[[], ReadResult | None]]
"""By path what is read elsewhere, to be waited for; None where that did not come about."""

LeftOut = Mapping[str, Iterable[ErrorPlace]]
"""By path the errors of a file: what they stand in is left out."""


@dataclass(frozen=True, slots=True)
class Lists:
    """What the files say, what is wrong with them (by file and line), and how many numbers they claim.

    `regulation_errors` are the errors that regulations found, with the numbers that each is about.
    `depends_on_other_files`: a finding about these files may depend on what files say that were not read.
    `list_marks` has by file the name of its list, and where that stands.
    """

    declared_entries: DeclaredEntries
    findings: tuple[Finding, ...]
    number_count: int
    regulation_errors: tuple[RegulationError, ...] = ()
    depends_on_other_files: bool = False
    list_marks: Mapping[str, tuple[str, int]] = field(default_factory=dict)


def is_in_examples(path: str) -> bool:
    """Tell whether a file lies in a folder of examples, whose numbers are nobody's."""
    return "examples" in path.split("/")[:-1]


def read_lists(  # noqa: PLR0913  (what files are judged by)
    sources: Iterable[Source],
    rules: Rules,
    *,
    as_of: date,
    latest: date,
    is_example: Callable[[str], bool] = is_in_examples,
    parallel_reads: ParallelReads = MappingProxyType({}),
    left_out: LeftOut = MappingProxyType({}),
) -> Lists:
    """Read list files. Never raises for what they hold: everything wrong is a finding.

    `as_of` is the date at UTC-12, by which rules are in force; `latest` is the latest date that people may
    write (today at UTC+14). `is_example` tells which files hold no real numbers: there fictional ones are not
    odd. Claims whose term is over are there too: `Claims.standing` leaves them out. Where there are errors,
    the claims are those of the parts that can be understood; what stands at the errors that `left_out` names
    by path is none. `parallel_reads` gives by path what `read_one_file` found in files, so that these are not
    read here.
    """
    reading = Reading(rules=rules, as_of=as_of, latest=latest, is_example=is_example)
    with collector_off():
        read_all(reading, sources, parallel_reads, left_out)
        return _to_lists(reading)


def _to_lists(reading: Reading) -> Lists:
    declared_entries = DeclaredEntries(
        tuple(reading.files),
        {key: tuple(releases) for key, releases in reading.releases.items()},
        frozenset(reading.list_ids),
        tuple(reading.holds),
    )
    numbers = sum(len(file.numbers) for file in reading.files)
    reported = frozenset(reading.findings) if reading.regulation_errors else frozenset()
    regulation_errors = tuple(
        reading.regulation_errors[finding]
        for finding in sort_findings(reported & reading.regulation_errors.keys())
    )
    depends_on_other_files = may_depend_on_other_files(reading) or any(unknown_list_findings(reading))
    return Lists(
        declared_entries,
        tuple(sort_findings(reading.findings)),
        numbers,
        regulation_errors,
        depends_on_other_files,
        reading.list_marks,
    )


def read_one_file(source: Source, rules: Rules, *, as_of: date, latest: date, is_example: bool) -> ReadResult:
    """Read one file, for a reading of all that goes on elsewhere. The dates are those of `read_lists`."""
    reading = Reading(rules=rules, as_of=as_of, latest=latest, is_example=lambda _: is_example)
    with collector_off():
        _read_file(reading, source)
    return reading.result


def read_all(
    reading: Reading,
    sources: Iterable[Source],
    parallel_reads: ParallelReads = MappingProxyType({}),
    left_out: LeftOut = MappingProxyType({}),
) -> None:
    """Read the files one after the other, then judge what needs all of them."""
    for source in sources:
        is_elsewhere = source.path in parallel_reads and source.path not in left_out
        read_result = parallel_reads[source.path]() if is_elsewhere else None
        if read_result is None:
            _read_file(reading, source, left_out.get(source.path, ()))
        else:
            reading.merge(read_result)
    reading.findings += release_rule_findings(reading)
    reading.findings += company_findings(reading)
    reading.findings += unknown_list_findings(reading)


def _read_file(reading: Reading, source: Source, errors: Iterable[ErrorPlace] = ()) -> None:
    document = read_document(source.path, source.data)
    if isinstance(document.root, MapNode):
        root = without_errors(document.root, errors)
        file_findings = ListFile(reading, source.path, root).read() if root else []
        reading.findings += _without_duplicates(document.findings, file_findings)
        return
    reading.findings += document.findings
    if not document.findings:
        message = "this is no list: write listId, and entries or releases"
        reading.findings.append(Finding(source.path, 1, 1, "", "LIST-01", Severity.ERROR, message))


def _without_duplicates(
    yaml_findings: tuple[Finding, ...], file_findings: Iterable[Finding]
) -> Iterator[Finding]:
    """Say a thing once: where YAML itself went wrong nothing else counts, and a number is wrong once."""
    seen: set[object] = {(finding.line, finding.column) for finding in yaml_findings}
    yield from yaml_findings
    for finding in file_findings:
        place = (finding.line, finding.column)
        identity = (
            (place, finding.rule) if finding.rule == NUMBERING else (place, finding.rule, finding.message)
        )
        if place not in seen and identity not in seen:
            seen.add(identity)
            yield finding
