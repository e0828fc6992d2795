"""What of a tenant's chain may be believed: where it is in doubt, nothing comes off."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice

from reconciler.audit.breaks import ReanchorRecord
from reconciler.audit.chain import Chain, PreviousLocation, UnreadableReport
from reconciler.audit.report import StoredReport
from reconciler.audit.report_content import Content
from reconciler.core.model.errors import BrokenChain, DncError, RewrittenHistory
from reconciler.git.repository import Repository

GOOD, NONE = "G", "N"
_SHOWN = 3
_PAGE = 64  # signatures that are checked at once, after the newest

Signers = Callable[[], bytes | None]
ContradictionCheck = Callable[[StoredReport, StoredReport | None, bool], str]


@dataclass(frozen=True, slots=True)
class Trust:
    """What a chain is judged by besides itself.

    `signers` gives whose signatures count; None: none are asked for. `contradiction` says what is wrong with
    the revision and the moment of a report, given the report before it, and whether a newer one excuses that
    the revision is gone. `continues` says where tenants' chains were before.
    """

    signers: Signers = lambda: None
    contradiction: ContradictionCheck = lambda _, __, ___: ""
    continues: Mapping[str, PreviousLocation] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, order=True)
class Doubt:
    """Why what is held is in doubt. `broken`: no report can be chained on, an auditor must look first.

    `rewritten`: history was, and whoever applies has not said that this is meant. `fix` settles it; empty:
    that is the auditor's.
    """

    fact: str
    where: str = ""
    broken: bool = False
    rewritten: bool = False
    fix: str = ""

    @classmethod
    def of(cls, error: DncError) -> "Doubt":
        """Make one of an error: a broken chain is broken."""
        is_rewritten = isinstance(error, RewrittenHistory)
        return cls(
            error.fact,
            error.where,
            broken=isinstance(error, BrokenChain),
            rewritten=is_rewritten,
            fix=error.fix if is_rewritten else "",
        )


@dataclass(slots=True)
class ChainAssessment:
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
    def passed_over_links(self) -> list[Mapping[str, str]] | None:
        """Name what is passed over as the next report does."""
        return None if self.passed_over is None else report_links(self.passed_over)

    def with_passed_over(self, content: Content) -> Content:
        """Add to a report what is passed over; to a record, also what is no part of the chain.

        A record that names what a purge replaced takes broken links as explained, and leaves nothing out.
        """
        if "reanchor" not in content:
            return (
                content
                if self.passed_over_links is None
                else {**content, "passed_over": self.passed_over_links}
            )
        reanchor = content["reanchor"]
        out = {} if reanchor["heads"] else {"left_out": report_links(self.broken)}
        passed_over = [*(self.passed_over_links or []), *reanchor.get("passed_over", [])]
        return {**content, "reanchor": {**reanchor, "passed_over": passed_over, **out}, "passed_over": []}


@dataclass(slots=True)
class Excuse:
    """Why a revision may be gone: a newer report accepts rewritten history, or says what a purge replaced."""

    rewritten: bool = False
    replaced: set[str] = field(default_factory=set)

    def add(self, newer: StoredReport) -> None:
        """Take in what a newer report says."""
        self.rewritten |= newer.report.accepts_rewritten_history
        self.replaced |= (newer.report.fields.get("reanchor") or {"heads": {}})["heads"].keys()

    def covers(self, stored: StoredReport) -> bool:
        """Tell whether a report's revision may be gone."""
        return self.rewritten or stored.report.revision in self.replaced


def report_links(reports: Mapping[str, str]) -> list[Mapping[str, str]]:
    """Name reports by path and SHA-256."""
    return [{"path": path, "sha256": sha} for path, sha in sorted(reports.items())]


def settled_paths(stored: StoredReport) -> frozenset[str]:
    """Name the reports that one passes over, or settles, by their paths."""
    fields = stored.report.fields
    record = fields.get("reanchor") or {}
    named = (fields.get("passed_over", ()), record.get("passed_over", ()), record.get("left_out", ()))
    return frozenset(link["path"] for links in named for link in links)


def assess_chain(git: Repository, chain: Chain, tenant: str, trust: Trust) -> ChainAssessment:
    """Walk back from the tip to the newest report that is whole, follows the one before, and is signed."""
    assessment = ChainAssessment()
    try:
        signers = trust.signers()
        if signers is not None:
            _check_signatures(git, chain, tenant, signers, assessment)
    except DncError as error:
        assessment.doubts.append(Doubt(f"signatures cannot be checked: {error.fact}", error.where))
    passed_over = assessment.passed_over or {}
    records: list[ReanchorRecord] = []
    reports = (report for _, report in chain.added_reports(tenant))
    candidate = next(reports, None)
    while candidate is not None and assessment.newest is None:
        if isinstance(candidate, StoredReport) and (record := ReanchorRecord.of(candidate)):
            records.append(record)
        left_out = {path for record in records for path, _ in record.left_out}
        after = next(
            (next_candidate for next_candidate in reports if next_candidate.path not in left_out), None
        )
        try:
            stored = _check_report(chain, candidate, records, trust.contradiction, passed_over, after)
        except BrokenChain as error:
            assessment.doubts.append(Doubt.of(error))
            assessment.broken[candidate.path] = candidate.sha256
        else:
            assessment.last = assessment.last or stored
            assessment.newest = stored if stored.path not in passed_over else None
        candidate = after
    try:
        _demand_all_passed(chain, tenant, assessment)
    except BrokenChain as error:
        assessment.doubts.append(Doubt.of(error))
    return assessment


def _check_report(  # noqa: PLR0913, PLR0917  (what a report is judged by)
    chain: Chain,
    report: StoredReport | UnreadableReport,
    records: list[ReanchorRecord],
    contradiction_of: ContradictionCheck,
    passed_over: Mapping[str, str],
    after: StoredReport | UnreadableReport | None,
) -> StoredReport:
    """Give a report that is whole. BrokenChain where it is none, does not follow, or contradicts.

    `after` is what the branch added before it.
    """
    if isinstance(report, UnreadableReport):
        raise report.error
    previous = chain.previous_report(report, records)
    if previous is None and after is not None:
        raise BrokenChain("it begins the chain anew, and there are reports before it", where=report.path)
    if previous and after and previous.path != after.path:
        fact = f"it follows {previous.path}, and the branch added {after.path} since"
        raise BrokenChain(fact, where=report.path)
    trusted_previous = (
        previous if previous and previous.path not in passed_over.keys() | settled_paths(report) else None
    )
    if contradiction := contradiction_of(report, trusted_previous, False):  # noqa: FBT003
        raise BrokenChain(contradiction, where=report.path)
    return report


def _demand_all_passed(chain: Chain, tenant: str, assessment: ChainAssessment) -> None:
    """See that the chain passes every report of the branch. BrokenChain where it passes one by, unexplained.

    Only where their count is not the number of the last one is the whole chain read.
    """
    paths = set(chain.report_paths(tenant)) - assessment.broken.keys() if assessment.last else set()
    if assessment.last is None or len(paths) == assessment.last.report.seq - chain.continued_from(tenant):
        return
    records: list[ReanchorRecord] = []
    for stored in chain.reports(tenant, newest=assessment.last):
        paths.discard(stored.path)
        if record := ReanchorRecord.of(stored):
            records.append(record)
    for record in records:
        paths -= {path for path, _ in record.left_out}
        paths -= {
            path
            for broken in record.breaks
            for path in (broken.path, broken.about, broken.said, broken.found)
        }
    if paths:
        raise BrokenChain("the branch has this report, and the chain passes it by", where=min(paths))


def _check_signatures(
    git: Repository, chain: Chain, tenant: str, signers: bytes, assessment: ChainAssessment
) -> None:
    """Find what is passed over. A good report that names what it passed over speaks for all before it."""
    unsigned: list[tuple[str, StoredReport | UnreadableReport]] = []  # newest first, with git's letter
    passed_over: dict[str, str] = {}
    seen_count = good_count = 0
    for letter, report in _with_signature_letters(git, chain, tenant, signers):
        seen_count += 1
        if letter != GOOD or isinstance(report, UnreadableReport):
            unsigned.append((letter, report))
            continue
        good_count += 1
        passed_over |= {earlier_report.path: earlier_report.sha256 for _, earlier_report in unsigned}
        unsigned = []
        if (named_reports := report.report.fields.get("passed_over")) is not None:
            passed_over |= {link["path"]: link["sha256"] for link in named_reports}
            break
    else:
        # Reports of before anybody signed are taken as they are.
        while unsigned and unsigned[-1][0] == NONE:
            unsigned.pop()
        passed_over |= {earlier_report.path: earlier_report.sha256 for _, earlier_report in unsigned}
    assessment.passed_over = passed_over
    if seen_count and not good_count:
        assessment.doubts.append(Doubt("audit.signers is set, and no report has a good signature"))
    elif passed_over:
        remainder = f" and {len(passed_over) - _SHOWN} more" if len(passed_over) > _SHOWN else ""
        names = ", ".join(sorted(passed_over)[:_SHOWN]) + remainder
        assessment.doubts.append(Doubt(f"passed over, because the signature does not count: {names}"))


def _with_signature_letters(
    git: Repository, at: Chain, tenant: str, signers: bytes
) -> Iterator[tuple[str, StoredReport | UnreadableReport]]:
    """Give reports with git's letter for their commits, newest first; that one alone is mostly enough."""
    reports, size = at.added_reports(tenant), 1
    while page := list(islice(reports, size)):
        letters = git.signatures.letters_of_commits([commit for commit, _ in page if commit], signers)
        yield from ((letters.get(commit, NONE), report) for commit, report in page)
        size = _PAGE
