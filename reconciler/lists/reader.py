"""The list files read as claims, releases and holds, with every finding of every file in one run."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from reconciler.core.model.entries import Claims
from reconciler.core.model.finding import Finding, Severity, in_order
from reconciler.core.model.gc_pause import collector_off
from reconciler.lists.cross_file_rules import company_findings, looks_beyond, release_rule_findings
from reconciler.lists.list_file import ListFile
from reconciler.lists.phone_blocks import NUMBERING
from reconciler.lists.reading_state import Found, Reading, Refused
from reconciler.lists.releases_holds import unknown_lists
from reconciler.rules.rule_set import Rules
from reconciler.yaml_tree.documents import read_document
from reconciler.yaml_tree.nodes import MapNode

__all__ = ["Elsewhere", "Found", "Lists", "Refused", "Source", "in_examples", "read_alone", "read_lists"]


@dataclass(frozen=True, slots=True)
class Source:
    """One list file: its path from the repository's root, and its bytes."""

    path: str
    data: bytes


Elsewhere = Mapping[str, Callable[[], Found | None]]
"""By path what is read elsewhere, to be waited for; None where that did not come about."""


@dataclass(frozen=True, slots=True)
class Lists:
    """What the files say, what is wrong with them (by file and line), and how many numbers they claim.

    `refused` are the errors that regulations found, with the numbers that each is about. `beyond`: a finding
    about these files may depend on what files say that were not read.
    """

    claims: Claims
    findings: tuple[Finding, ...]
    numbers: int
    refused: tuple[Refused, ...] = ()
    beyond: bool = False


def in_examples(path: str) -> bool:
    """Tell whether a file lies in a folder of examples, whose numbers are nobody's."""
    return "examples" in path.split("/")[:-1]


def read_lists(  # noqa: PLR0913  (what files are judged by)
    sources: Iterable[Source],
    rules: Rules,
    *,
    as_of: date,
    latest: date,
    examples: Callable[[str], bool] = in_examples,
    elsewhere: Elsewhere = MappingProxyType({}),
) -> Lists:
    """Read list files. Never raises for what they hold: everything wrong is a finding.

    `as_of` is the date at UTC-12, by which rules are in force; `latest` is the latest date that people may
    write (today at UTC+14). `examples` tells which files hold no real numbers: there fictional ones are not
    odd. Claims whose term is over are there too: `Claims.standing` leaves them out. Where there are errors,
    the claims are those of the parts that can be understood. `elsewhere` gives by path what `read_alone`
    found in files, so that these are not read here.
    """
    reading = Reading(rules=rules, as_of=as_of, latest=latest, examples=examples)
    with collector_off():
        read_all(reading, sources, elsewhere)
        return _told(reading)


def _told(reading: Reading) -> Lists:
    claims = Claims(
        tuple(reading.files),
        {key: tuple(found) for key, found in reading.releases.items()},
        frozenset(reading.list_ids),
        tuple(reading.holds),
    )
    numbers = sum(len(file.numbers) for file in reading.files)
    said = frozenset(reading.findings) if reading.refused else frozenset()
    refused = tuple(reading.refused[finding] for finding in in_order(said & reading.refused.keys()))
    beyond = looks_beyond(reading) or any(unknown_lists(reading))
    return Lists(claims, tuple(in_order(reading.findings)), numbers, refused, beyond)


def read_alone(source: Source, rules: Rules, *, as_of: date, latest: date, is_example: bool) -> Found:
    """Read one file, for a reading of all that goes on elsewhere. The dates are those of `read_lists`."""
    reading = Reading(rules=rules, as_of=as_of, latest=latest, examples=lambda _: is_example)
    with collector_off():
        _read(reading, source)
    return reading.found


def read_all(
    reading: Reading, sources: Iterable[Source], elsewhere: Elsewhere = MappingProxyType({})
) -> None:
    """Read the files one after the other, then judge what needs all of them."""
    for source in sources:
        found = elsewhere[source.path]() if source.path in elsewhere else None
        if found is None:
            _read(reading, source)
        else:
            reading.add(found)
    reading.findings += release_rule_findings(reading)
    reading.findings += company_findings(reading)
    reading.findings += unknown_lists(reading)


def _read(reading: Reading, source: Source) -> None:
    document = read_document(source.path, source.data)
    if isinstance(document.root, MapNode):
        found = ListFile(reading, source.path, document.root).read()
        reading.findings += _without_echoes(document.findings, found)
        return
    reading.findings += document.findings
    if not document.findings:
        said = "this is no list: write listId, and entries or releases"
        reading.findings.append(Finding(source.path, 1, 1, "", "LIST-01", Severity.ERROR, said))


def _without_echoes(unreadable: tuple[Finding, ...], found: Iterable[Finding]) -> Iterator[Finding]:
    """Say a thing once: where YAML itself went wrong nothing else counts, and a number is wrong once."""
    said: set[object] = {(finding.line, finding.column) for finding in unreadable}
    yield from unreadable
    for finding in found:
        place = (finding.line, finding.column)
        what = (place, finding.rule) if finding.rule == NUMBERING else (place, finding.rule, finding.message)
        if place not in said and what not in said:
            said.add(what)
            yield finding
