"""One reading of list files: what is shared by all files, and what was read so far."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, fields
from datetime import date

from reconciler.core.model.entries import FileEntries, Hold, Key, Release, Terms
from reconciler.core.model.finding import Finding
from reconciler.lists.phone_blocks import NumberBlock
from reconciler.rules.evaluation import RuleJudge
from reconciler.rules.jurisdictions import Place
from reconciler.rules.rule_set import Rules
from reconciler.yaml_tree.nodes import MapNode


@dataclass(frozen=True, slots=True)
class RegulationError:
    """An error that a regulation found, not the structure of the file, and the numbers that it is about.

    `list_id` is empty where the file names none that can be read.
    """

    finding: Finding
    list_id: str
    phones: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReleaseNode:
    """A release as it stands in a file, to be judged when all claims are read."""

    file: str
    path: str
    node: MapNode
    list_id: str
    block: NumberBlock


@dataclass(frozen=True, slots=True)
class RequestList:
    """Where people's own requests are kept: a list, and for each kind of number whose rules hold."""

    file: str
    list_id: str
    mark: int
    jurisdiction: str | None
    place: Place | None


@dataclass(frozen=True, slots=True)
class HoldList:
    """Where a hold names a list."""

    file: str
    path: str
    mark: int
    list_id: str


@dataclass(slots=True)
class ReadResult:
    """What files said, and what is wrong with each by itself."""

    files: list[FileEntries] = field(default_factory=list)
    releases: dict[Key, list[Release]] = field(default_factory=dict)
    release_nodes: list[ReleaseNode] = field(default_factory=list)
    holds: list[Hold] = field(default_factory=list)
    hold_lists: list[HoldList] = field(default_factory=list)
    request_lists: list[RequestList] = field(default_factory=list)
    list_ids: set[str] = field(default_factory=set)
    list_marks: dict[str, tuple[str, int]] = field(default_factory=dict)  # by file: its list, and where
    findings: list[Finding] = field(default_factory=list)
    regulation_errors: dict[Finding, RegulationError] = field(default_factory=dict)

    def add_regulation_error(self, finding: Finding, list_id: str | None, phones: Iterable[str]) -> None:
        """Note an error that a regulation found."""
        self.regulation_errors[finding] = RegulationError(finding, list_id or "", tuple(phones))


@dataclass(slots=True, kw_only=True)
class Reading(ReadResult):
    """What was read so far. `interned` has one object for all equal terms of all files.

    `is_example` tells which files hold no real numbers: there fictional ones are not odd. `concerned_counts`
    counts for the census, where one is taken.
    """

    rules: Rules
    as_of: date
    latest: date
    is_example: Callable[[str], bool]
    judge: RuleJudge = field(init=False)
    concerned_counts: dict[str, int] | None = None
    interned: dict[Terms, Terms] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.judge = RuleJudge(self.rules.regulations, self.as_of)

    @property
    def result(self) -> ReadResult:
        """Give what was found, without what it was found with."""
        return ReadResult(*(getattr(self, attribute.name) for attribute in fields(ReadResult)))

    def intern(self, terms: Terms) -> Terms:
        """Give the one object of these terms."""
        return self.interned.setdefault(terms, terms)

    def merge(self, result: ReadResult) -> None:
        """Take over what was found in files that were read elsewhere."""
        self.files += (file.with_shared_terms(self.intern) for file in result.files)
        for key, releases in result.releases.items():
            self.releases.setdefault(key, []).extend(releases)
        self.release_nodes += result.release_nodes
        self.holds += result.holds
        self.hold_lists += result.hold_lists
        self.request_lists += result.request_lists
        self.list_ids |= result.list_ids
        self.list_marks |= result.list_marks
        self.findings += result.findings
        self.regulation_errors |= result.regulation_errors
