"""One reading of list files: what is shared by all files, and what was read so far."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, fields
from datetime import date

from reconciler.core.model.entries import FileClaims, Hold, Key, Release, Terms
from reconciler.core.model.finding import Finding
from reconciler.lists.phone_blocks import Block
from reconciler.rules.evaluation import Judge
from reconciler.rules.jurisdictions import Place
from reconciler.rules.rule_set import Rules
from reconciler.yaml_tree.nodes import MapNode


@dataclass(frozen=True, slots=True)
class Refused:
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
    block: Block


@dataclass(frozen=True, slots=True)
class Asked:
    """Where people's own requests are kept: a list, and for each kind of number whose rules hold."""

    file: str
    list_id: str
    mark: int
    stated: str | None
    place: Place | None


@dataclass(frozen=True, slots=True)
class HeldList:
    """Where a hold names a list."""

    file: str
    path: str
    mark: int
    list_id: str


@dataclass(slots=True)
class Found:
    """What files said, and what is wrong with each by itself."""

    files: list[FileClaims] = field(default_factory=list)
    releases: dict[Key, list[Release]] = field(default_factory=dict)
    release_nodes: list[ReleaseNode] = field(default_factory=list)
    holds: list[Hold] = field(default_factory=list)
    held_lists: list[HeldList] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    list_ids: set[str] = field(default_factory=set)
    findings: list[Finding] = field(default_factory=list)
    refused: dict[Finding, Refused] = field(default_factory=dict)

    def refuse(self, finding: Finding, list_id: str | None, phones: Iterable[str]) -> None:
        """Note an error that a regulation found."""
        self.refused[finding] = Refused(finding, list_id or "", tuple(phones))


@dataclass(slots=True, kw_only=True)
class Reading(Found):
    """What was read so far. `interned` has one object for all equal terms of all files.

    `examples` tells which files hold no real numbers: there fictional ones are not odd. `concerned` counts
    for the census, where one is taken.
    """

    rules: Rules
    as_of: date
    latest: date
    examples: Callable[[str], bool]
    judge: Judge = field(init=False)
    concerned: dict[str, int] | None = None
    interned: dict[Terms, Terms] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.judge = Judge(self.rules.regulations, self.as_of)

    @property
    def found(self) -> Found:
        """Give what was found, without what it was found with."""
        return Found(*(getattr(self, one.name) for one in fields(Found)))

    def intern(self, terms: Terms) -> Terms:
        """Give the one object of these terms."""
        return self.interned.setdefault(terms, terms)

    def add(self, found: Found) -> None:
        """Take over what was found in files that were read elsewhere."""
        self.files += (file.sharing(self.intern) for file in found.files)
        for key, releases in found.releases.items():
            self.releases.setdefault(key, []).extend(releases)
        self.release_nodes += found.release_nodes
        self.holds += found.holds
        self.held_lists += found.held_lists
        self.asked += found.asked
        self.list_ids |= found.list_ids
        self.findings += found.findings
        self.refused |= found.refused
