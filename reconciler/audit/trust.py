"""What of a tenant's chain may be believed: where it is in doubt, nothing comes off."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice

from reconciler.audit.breaks import Record
from reconciler.audit.chain import Chain, Place, Unread
from reconciler.audit.report import StoredReport
from reconciler.audit.report_content import Content
from reconciler.core.model.errors import BrokenChain, DncError, RewrittenHistory
from reconciler.git.repository import Repository

GOOD, NONE = "G", "N"
_SHOWN = 3
_PAGE = 64  # signatures that are checked at once, after the newest

Signers = Callable[[], bytes | None]
Strays = Callable[[StoredReport, StoredReport | None, bool], str]


@dataclass(frozen=True, slots=True)
class Trust:
    """What a chain is judged by besides itself.

    `signers` gives whose signatures count; None: none are asked for. `strays` says what is wrong with the
    revision and the moment of a report, given the report before it, and whether a newer one excuses that the
    revision is gone. `continues` says where tenants' chains were before.
    """

    signers: Signers = lambda: None
    strays: Strays = lambda _, __, ___: ""
    continues: Mapping[str, Place] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, order=True)
class Doubt:
    """Why what is held is in doubt. `broken`: no report can be chained on, an auditor must look first.

    `rewritten`: history was, and whoever applies has not said that this is meant.
    """

    fact: str
    where: str = ""
    broken: bool = False
    rewritten: bool = False

    @classmethod
    def of(cls, error: DncError) -> "Doubt":
        """Make one of an error: a broken chain is broken."""
        kinds = (BrokenChain, RewrittenHistory)
        return cls(error.fact, error.where, *(isinstance(error, kind) for kind in kinds))


@dataclass(slots=True)
class Belief:
    """One tenant's chain at one tip: the newest report that is believed, and what is not.

    `passed_over` are reports by path, with their SHA-256, whose signature does not count: those since the
    last good one, and those that it names. None: nobody asks for signatures, or they could not be checked.
    `broken` are those after the newest that are none, do not follow, or contradict. `last` is the newest
    that does neither, signed or not.
    """

    newest: StoredReport | None = None
    passed_over: dict[str, str] | None = None
    broken: dict[str, str] = field(default_factory=dict)
    last: StoredReport | None = None
    doubts: list[Doubt] = field(default_factory=list)

    @property
    def links(self) -> list[Mapping[str, str]] | None:
        """Name what is passed over as the next report does."""
        return None if self.passed_over is None else links(self.passed_over)

    def said_in(self, content: Content) -> Content:
        """Add to a report what is passed over; to a record, also what is no part of the chain.

        A record that names what a purge replaced takes broken links as explained, and leaves nothing out.
        """
        if "reanchor" not in content:
            return content if self.links is None else {**content, "passed_over": self.links}
        said = content["reanchor"]
        out = {} if said["heads"] else {"left_out": links(self.broken)}
        over = [*(self.links or []), *said.get("passed_over", [])]
        return {**content, "reanchor": {**said, "passed_over": over, **out}, "passed_over": []}


@dataclass(slots=True)
class Excuse:
    """Why a revision may be gone: a newer report accepts rewritten history, or says what a purge replaced."""

    rewritten: bool = False
    replaced: set[str] = field(default_factory=set)

    def add(self, newer: StoredReport) -> None:
        """Take in what a newer report says."""
        self.rewritten |= newer.report.rewritten
        self.replaced |= (newer.report.fields.get("reanchor") or {"heads": {}})["heads"].keys()

    def covers(self, stored: StoredReport) -> bool:
        """Tell whether a report's revision may be gone."""
        return self.rewritten or stored.report.revision in self.replaced


def links(reports: Mapping[str, str]) -> list[Mapping[str, str]]:
    """Name reports by path and SHA-256."""
    return [{"path": path, "sha256": sha} for path, sha in sorted(reports.items())]


def named_in(stored: StoredReport) -> frozenset[str]:
    """Name the reports that one passes over, or settles, by their paths."""
    fields = stored.report.fields
    record = fields.get("reanchor") or {}
    named = (fields.get("passed_over", ()), record.get("passed_over", ()), record.get("left_out", ()))
    return frozenset(link["path"] for links in named for link in links)


def believe(git: Repository, at: Chain, tenant: str, trust: Trust) -> Belief:
    """Walk back from the tip to the newest report that is whole, follows the one before, and is signed."""
    found = Belief()
    try:
        signers = trust.signers()
        if signers is not None:
            _check_signatures(git, at, tenant, signers, found)
    except DncError as error:
        found.doubts.append(Doubt(f"signatures cannot be checked: {error.fact}", error.where))
    over = found.passed_over or {}
    records: list[Record] = []
    added = (report for _, report in at.added(tenant))
    one = next(added, None)
    while one is not None and found.newest is None:
        if isinstance(one, StoredReport) and (record := Record.of(one)):
            records.append(record)
        left = {path for record in records for path, _ in record.left_out}
        after = next((other for other in added if other.path not in left), None)
        try:
            stored = _whole(at, one, records, trust.strays, over, after)
        except BrokenChain as error:
            found.doubts.append(Doubt.of(error))
            found.broken[one.path] = one.sha256
        else:
            found.last = found.last or stored
            found.newest = stored if stored.path not in over else None
        one = after
    try:
        _demand_all_passed(at, tenant, found)
    except BrokenChain as error:
        found.doubts.append(Doubt.of(error))
    return found


def _whole(  # noqa: PLR0913, PLR0917  (what a report is judged by)
    at: Chain,
    one: StoredReport | Unread,
    records: list[Record],
    strays: Strays,
    over: Mapping[str, str],
    after: StoredReport | Unread | None,
) -> StoredReport:
    """Give a report that is whole. BrokenChain where it is none, does not follow, or contradicts.

    `after` is what the branch added before it.
    """
    if isinstance(one, Unread):
        raise one.error
    before = at.before(one, records)
    if before is None and after is not None:
        raise BrokenChain("it begins the chain anew, and there are reports before it", where=one.path)
    if before and after and before.path != after.path:
        fact = f"it follows {before.path}, and the branch added {after.path} since"
        raise BrokenChain(fact, where=one.path)
    believed = before if before and before.path not in over.keys() | named_in(one) else None
    if why := strays(one, believed, False):  # noqa: FBT003
        raise BrokenChain(why, where=one.path)
    return one


def _demand_all_passed(at: Chain, tenant: str, found: Belief) -> None:
    """See that the chain passes every report of the branch. BrokenChain where it passes one by, unexplained.

    Only where their count is not the number of the last one is the whole chain read.
    """
    names = set(at.names(tenant)) - found.broken.keys() if found.last else set()
    if found.last is None or len(names) == found.last.report.seq - at.follows(tenant):
        return
    records: list[Record] = []
    for stored in at.reports(tenant, newest=found.last):
        names.discard(stored.path)
        if record := Record.of(stored):
            records.append(record)
    for record in records:
        names -= {path for path, _ in record.left_out}
        names -= {path for one in record.breaks for path in (one.path, one.about, one.said, one.found)}
    if names:
        raise BrokenChain("the branch has this report, and the chain passes it by", where=min(names))


def _check_signatures(git: Repository, at: Chain, tenant: str, signers: bytes, found: Belief) -> None:
    """Find what is passed over. A good report that names what it passed over speaks for all before it."""
    unsigned: list[tuple[str, StoredReport | Unread]] = []  # newest first, with git's letter
    over: dict[str, str] = {}
    seen = good = 0
    for letter, one in _lettered(git, at, tenant, signers):
        seen += 1
        if letter != GOOD or isinstance(one, Unread):
            unsigned.append((letter, one))
            continue
        good += 1
        over |= {before.path: before.sha256 for _, before in unsigned}
        unsigned = []
        if (told := one.report.fields.get("passed_over")) is not None:
            over |= {link["path"]: link["sha256"] for link in told}
            break
    else:
        # Reports of before anybody signed are taken as they are.
        while unsigned and unsigned[-1][0] == NONE:
            unsigned.pop()
        over |= {before.path: before.sha256 for _, before in unsigned}
    found.passed_over = over
    if seen and not good:
        found.doubts.append(Doubt("audit.signers is set, and no report has a good signature"))
    elif over:
        more = f" and {len(over) - _SHOWN} more" if len(over) > _SHOWN else ""
        names = ", ".join(sorted(over)[:_SHOWN]) + more
        found.doubts.append(Doubt(f"passed over, because the signature does not count: {names}"))


def _lettered(
    git: Repository, at: Chain, tenant: str, signers: bytes
) -> Iterator[tuple[str, StoredReport | Unread]]:
    """Give reports with git's letter for their commits, newest first; that one alone is mostly enough."""
    added, size = at.added(tenant), 1
    while page := list(islice(added, size)):
        letters = git.signatures.among([commit for commit, _ in page if commit], signers)
        yield from ((letters.get(commit, NONE), one) for commit, one in page)
        size = _PAGE
