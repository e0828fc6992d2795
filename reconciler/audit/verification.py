"""Verifies a record: chains without gaps, commits that only add, signatures, expectations."""

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

from reconciler.audit.breaks import Break, Record, contains_report, explained, records_of
from reconciler.audit.chain import Earlier, Place, earlier, tip_of
from reconciler.audit.report import StoredReport, parse
from reconciler.audit.report_files import report_of, sha256, tenant_of
from reconciler.core.model.errors import BrokenChain
from reconciler.core.model.finding import Finding, Severity
from reconciler.git.repository import Repository

RULE = BrokenChain.rule

_BATCH = 32  # plan files that are in memory at once

_STATUS = {"D": "removed", "M": "changed", "T": "changed the type of"}


@dataclass(frozen=True, slots=True)
class Head:
    """One tenant's chain on one branch: where it starts and ends, what is in it, who continued it.

    `first` and `sha256` name its first report and its newest by SHA-256; `known` names them all.
    """

    branch: str
    tenant: str
    reports: int
    sha256: str
    first: str
    finished_at: datetime
    known: frozenset[str] = field(repr=False)
    records: tuple[Record, ...] = ()

    def __str__(self) -> str:
        noun = "report" if self.reports == 1 else "reports"
        return f"{self.branch}: {self.tenant}: {self.reports} {noun}, the newest has SHA-256 {self.sha256}"


@dataclass(frozen=True, slots=True)
class Verification:
    """What was found wrong, where each chain ends, and whether only the newest report is too old.

    `remarks` are what is in order and must be seen all the same: chains that a purge broke and that were
    continued, anchors that lie before it.
    """

    problems: tuple[Finding, ...] = ()
    heads: tuple[Head, ...] = ()
    remarks: tuple[str, ...] = ()
    stale: tuple[Finding, ...] = ()

    def __add__(self, other: "Verification") -> "Verification":
        return Verification(
            self.problems + other.problems,
            self.heads + other.heads,
            self.remarks + other.remarks,
            self.stale + other.stale,
        )


def verify_branch(
    git: Repository, tip: str, folder: str, name: str, earlier: Mapping[str, Earlier] | None = None
) -> Verification:
    """Check every tenant's chain at a commit, and that no commit before it changed or removed anything.

    `name` is the branch, as people know it; `earlier` says by tenant where its chain was before.
    """
    blobs = git.listing(tip, folder)
    found = [finding(f"{name}:{path}", message) for path, message in _rewritten(git, tip, folder)]
    chains, unread = _chains(git, blobs, folder)
    found += [finding_of(error, name) for error in unread]
    heads, remarks = [], []
    for tenant, chain in chains.items():
        records = records_of(chain)
        remarks += [f"{name}: {tenant}: {record}" for record in records]
        try:
            before = earlier[tenant].end() if earlier and tenant in earlier else None
            first = earlier[tenant].chain.first(earlier[tenant].tenant) if earlier and before else chain[0]
        except BrokenChain as error:
            found.append(finding_of(error, name))
            continue
        found += [
            finding(f"{name}:{broken.path}", str(broken))
            for broken in _unexplained(git, chain, tenant, blobs, before)
        ]
        heads.append(_head(name, tenant, chain, records, first or chain[0]))
    return Verification(tuple(found), tuple(heads), tuple(remarks))


def chain_of(  # noqa: PLR0913, PLR0917  (where a chain is, and what is left out of it)
    git: Repository,
    tip: str,
    folder: str,
    tenant: str,
    before: StoredReport | None = None,
    without: Container[str] = frozenset(),
) -> tuple[list[StoredReport], list[Break]]:
    """Read one tenant's whole chain, and find its breaks that no record explains. Raises BrokenChain.

    `before` is the report that it goes on from, where it was elsewhere before; `without` names files that
    are to be left out of it.
    """
    blobs = git.listing(tip, folder)
    chains, unread = _chains(git, {path: blob for path, blob in blobs.items() if path not in without}, folder)
    for error in unread:
        raise error
    chain = chains.get(tenant, [])
    return chain, list(_unexplained(git, chain, tenant, blobs, before))


def _unexplained(
    git: Repository,
    chain: list[StoredReport],
    tenant: str,
    blobs: Mapping[str, str],
    before: StoredReport | None,
) -> Iterator[Break]:
    records = records_of(chain)
    seqs = {stored.path: stored.report.seq for stored in chain}
    found = (*_links(chain, tenant, before), *_plans(git, chain, blobs))
    return (broken for broken in found if not explained(broken, seqs, records))


def _chains(
    git: Repository, blobs: Mapping[str, str], folder: str
) -> tuple[dict[str, list[StoredReport]], list[BrokenChain]]:
    """Read every tenant's reports, in the order of the chain, but for what a record leaves out of it."""
    owners = {path: tenant for path in blobs if (tenant := tenant_of(path, folder))}
    data = git.read_blobs([blobs[path] for path in owners])
    read: dict[str, list[StoredReport]] = {}
    unread: dict[tuple[str, str], BrokenChain] = {}
    for path, tenant in owners.items():
        try:
            read.setdefault(tenant, []).append(parse(data[blobs[path]], path))
        except BrokenChain as error:
            unread[path, sha256(data[blobs[path]])] = error
    out = {link for chain in read.values() for record in records_of(chain) for link in record.left_out}
    chains = {
        tenant: sorted(
            (one for one in chain if (one.path, one.sha256) not in out),
            key=lambda one: (one.report.seq, one.path),
        )
        for tenant, chain in sorted(read.items())
    }
    errors = [error for link, error in unread.items() if link not in out]
    # One of which nothing could be read was said above.
    return {tenant: chain for tenant, chain in chains.items() if chain}, errors


def _head(
    name: str,
    tenant: str,
    chain: list[StoredReport],
    records: tuple[Record, ...],
    first: StoredReport,
) -> Head:
    newest = chain[-1]
    return Head(
        name,
        tenant,
        len(chain),
        newest.sha256,
        first=first.sha256,
        finished_at=newest.report.finished_at,
        known=frozenset(stored.sha256 for stored in chain),
        records=records,
    )


def finding_of(error: BrokenChain, branch: str) -> Finding:
    """Say an error as a finding on a branch."""
    return finding(f"{branch}:{error.where}", f"{error.fact}; {error.way_out}")


def finding(place: str, message: str) -> Finding:
    """Say that something of the record does not hold."""
    return Finding(place, 0, 0, "", RULE, Severity.ERROR, message)


def _rewritten(git: Repository, tip: str, folder: str) -> Iterator[tuple[str, str]]:
    for commit, status, path in git.log_changes(tip, folder):
        if status != "A":
            yield (
                path,
                f"the commit {commit} {_STATUS.get(status, 'changed')} it; reports are only ever added",
            )


def _links(chain: list[StoredReport], tenant: str, before: StoredReport | None) -> Iterator[Break]:
    due = before.report.seq + 1 if before else 1
    for stored in chain:
        report, link = stored.report, stored.report.previous
        if report.tenant != tenant:
            yield Break(stored.path, "tenant", "", report.tenant, tenant)
        if report.seq != due:
            yield Break(stored.path, "number", "", str(report.seq), str(due))
        if (link.path if link else None) != (before.path if before else None):
            yield Break(stored.path, "follows", "", link.path if link else "", before.path if before else "")
        elif link and before and link.sha256 != before.sha256:
            yield Break(stored.path, "report", before.path, link.sha256, before.sha256)
        before, due = stored, report.seq + 1


def _plans(git: Repository, chain: list[StoredReport], blobs: Mapping[str, str]) -> Iterator[Break]:
    waiting = iter(chain)
    while batch := list(islice(waiting, _BATCH)):
        names = {one.path: blobs[one.plan_path] for one in batch if one.plan_path in blobs}
        packed = git.read_blobs(list(names.values()))
        for one in batch:
            there = sha256(packed[names[one.path]]) if one.path in names else ""
            if there != one.report.plan_sha256:
                yield Break(one.plan_path, "plan", one.path, one.report.plan_sha256, there)


_GOOD, _NONE = "G", "N"
_SAID = {
    _NONE: "is not signed, and reports before it are",
    "U": "is signed by a key that is not among audit.signers",
    "B": "has a signature that does not fit it",
    "X": "has a signature that has expired",
    "Y": "is signed by a key that had expired",
    "R": "is signed by a key that was revoked",
}


def unsigned_in(
    git: Repository, tip: str, name: str, signers: bytes, records: Iterable[Record] = ()
) -> Iterator[Finding]:
    """Find the commits whose signatures do not count, from the first signed one on; or that there is none.

    A record with a good signature settles the reports that it passes over.
    """
    letters = git.signatures.of(tip, signers)
    began = [place for place, (_, letter) in enumerate(letters) if letter != _NONE]
    bad = [(sha, letter) for sha, letter in letters[began[0] :] if letter != _GOOD] if began else []
    settled = _settled(git, tip, dict(letters), tuple(records)) if bad else frozenset()
    for sha, letter in bad:
        if sha not in settled:
            yield finding(
                f"{name}:{sha}", f"this commit {_SAID.get(letter, 'has a signature that cannot be checked')}"
            )
    if not began:
        yield finding(
            name, "audit.signers is set, and no report is signed: set DNC_SIGNING_KEY where apply runs"
        )


def _settled(
    git: Repository, tip: str, letters: Mapping[str, str], records: tuple[Record, ...]
) -> frozenset[str]:
    """Name the commits that only add reports which good records pass over, or leave out."""
    added: dict[str, set[str]] = {}
    for commit, status, path in git.log_changes(tip) if records else ():
        added.setdefault(commit, set()).add(report_of(path) if status == "A" else "")
    good = {path for commit, paths in added.items() if letters.get(commit) == _GOOD for path in paths}
    links = (one.passed_over | one.left_out for one in records if one.stored.path in good)
    said = {path for some in links for path, _ in some}
    return frozenset(commit for commit, paths in added.items() if paths <= said)


@dataclass(frozen=True, slots=True)
class Expected:
    """`genesis`: the SHA-256 of each tenant's first report. `anchors`: commits or SHA-256 of reports.

    `due` names the tenants whose newest report must not be older than `since`; True: and that must have one.
    """

    genesis: Mapping[str, str] = field(default_factory=dict)
    anchors: tuple[str, ...] = ()
    due: Mapping[str, bool] = field(default_factory=dict)
    since: datetime | None = None


def judge(
    git: Repository, expected: Expected, heads: tuple[Head, ...], name: str, tip: str | None
) -> Verification:
    """Hold a branch against what is known of it; `tip` None: there is none."""
    problems = list(_starts(expected.genesis, heads, name))
    remarks: list[str] = []
    for anchor in expected.anchors:
        if any(anchor in head.known for head in heads) or _contains(git, tip, anchor):
            continue
        if any(contains_report(anchor, head.records) for head in heads):
            remarks.append(
                f"{name}: the anchor {anchor} lies before a purge; a record names what became of it"
            )
        else:
            problems.append(finding(name, _no_anchor(anchor)))
    return Verification(tuple(problems), (), tuple(remarks), tuple(_stale(expected, heads, name)))


def starts_right(genesis: str, first: str, head: Head) -> bool:
    """Tell whether a chain starts with the report that is pinned, or with what a purge made of it."""
    return first == genesis or contains_report(genesis, head.records)


def _starts(genesis: Mapping[str, str], heads: Iterable[Head], name: str) -> Iterator[Finding]:
    chains = {head.tenant: head for head in heads}
    for tenant, pinned in sorted(genesis.items()):
        head = chains.get(tenant)
        if head is None:
            yield finding(
                name, f"{tenant} has no report here, and audit.genesis pins its first one, {pinned}"
            )
        elif not starts_right(pinned, head.first, head):
            yield finding(
                name,
                f"the chain of {tenant} starts with {head.first}, and audit.genesis pins {pinned}: this is "
                "another chain, or its beginning is gone; restore the branch from a clone or bundle of it",
            )


def _no_anchor(anchor: str) -> str:
    return (
        f"the anchor {anchor} is not in any chain: reports were cut off or written anew since it was noted; "
        "restore the branch from a clone or bundle that has it"
    )


def _contains(git: Repository, tip: str | None, anchor: str) -> bool:
    return tip is not None and git.has_commit(anchor) and git.is_ancestor(anchor, tip)


def _stale(expected: Expected, heads: Iterable[Head], name: str) -> Iterator[Finding]:
    chains = {head.tenant: head for head in heads}
    if expected.since and not chains:
        yield finding(name, "there is no report at all: run dnc apply, and look at the schedule")
        return
    for tenant, must in expected.due.items() if expected.since else ():
        head = chains.get(tenant)
        if head is None and must:
            yield finding(name, f"{tenant} has no report: run dnc apply, and look at the schedule")
        elif head and expected.since and head.finished_at < expected.since:
            when = head.finished_at.isoformat(timespec="seconds")
            said = f"the newest report of {tenant} is of {when}: no run has left one since"
            yield finding(name, f"{said}; look at the schedule")


def examined(  # noqa: PLR0913, PLR0917  (where the chains are, and what is known of them)
    git: Repository,
    branch: str,
    folder: str,
    continues: Mapping[str, Place],
    expected: Expected,
    signers: bytes | None,
) -> Verification:
    """Check every chain and all history, of the local branch and the remote's."""
    known = Verification()
    tips: dict[str, str | None] = {}
    remote = git.remote()
    if remote is not None:
        name = f"{remote}/{branch}"
        try:
            tips[name] = git.fetch_branch(branch, grows_only=True)
        except BrokenChain as error:
            known = Verification((finding_of(error, name),))
            tips[name] = git.tracking_tip(branch)
    tips[branch] = git.branch_tip(branch)
    judged = next((name for name, tip in tips.items() if tip is not None), branch)
    try:
        before = earlier(git, continues, branch, folder)
        known += _before(git, branch, folder, continues)
    except BrokenChain as error:
        known += Verification((finding_of(error, branch),))
        before = {}
    for name, tip in tips.items():
        if tip is not None:
            known += _examined(git, tip, folder, name, before, signers)
    heads = tuple(head for head in known.heads if head.branch == judged)
    return known + judge(git, expected, heads, judged, tips[judged])


def _examined(  # noqa: PLR0913, PLR0917  (one branch of several)
    git: Repository,
    tip: str,
    folder: str,
    name: str,
    before: Mapping[str, Earlier],
    signers: bytes | None,
) -> Verification:
    found = verify_branch(git, tip, folder, name, before)
    if signers is None:
        return found
    records = [record for head in found.heads for record in head.records]
    return found + Verification(tuple(unsigned_in(git, tip, name, signers, records)))


def _before(git: Repository, branch: str, folder: str, continues: Mapping[str, Place]) -> Verification:
    """Check where chains were before, where that is not looked at anyway."""
    found = Verification()
    places = {(one.branch or branch, (one.path or folder).strip("/")) for one in continues.values()}
    for was, path in sorted(places - {(branch, folder)}):
        tip = tip_of(git, was, branch)
        if tip is not None:
            found += verify_branch(git, tip, path, f"{was}:{path}")
    return found
