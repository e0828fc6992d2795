"""Verifies a record: chains without gaps, commits that only add, signatures, expectations."""

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

from reconciler.audit.breaks import Break, ReanchorRecord, find_records, is_explained, was_replaced
from reconciler.audit.chain import PreviousChain, PreviousLocation, find_previous_chains, previous_tip
from reconciler.audit.report import StoredReport, parse_report
from reconciler.audit.report_files import report_path_of, sha256, tenant_of_path
from reconciler.core.model.errors import BrokenChain
from reconciler.core.model.finding import Finding, Severity
from reconciler.git.repository import Repository

RULE = BrokenChain.rule

_BATCH = 32  # plan files that are in memory at once

_STATUS = {"D": "removed", "M": "changed", "T": "changed the type of"}


@dataclass(frozen=True, slots=True)
class ChainHead:
    """One tenant's chain on one branch: where it starts and ends, what is in it, who continued it.

    `first` and `sha256` name its first report and its newest by SHA-256; `known_hashes` names them all.
    """

    branch: str
    tenant: str
    reports: int
    sha256: str
    first: str
    finished_at: datetime
    known_hashes: frozenset[str] = field(repr=False)
    records: tuple[ReanchorRecord, ...] = ()

    def __str__(self) -> str:
        noun = "report" if self.reports == 1 else "reports"
        return f"{self.branch}: {self.tenant}: {self.reports} {noun}, the newest has SHA-256 {self.sha256}"


@dataclass(frozen=True, slots=True)
class Verification:
    """What was found wrong, where each chain ends, and whether only the newest report is too old.

    `remarks` are what is in order and must be seen all the same: chains that a purge broke and that were
    continued, anchors that lie before it. `remote` is the name of the remote that was asked, empty where the
    repository has none. `continued` counts by tenant the reports of a chain that it goes on from, where the
    tenant has no report under its own name yet.
    """

    problems: tuple[Finding, ...] = ()
    heads: tuple[ChainHead, ...] = ()
    remarks: tuple[str, ...] = ()
    stale: tuple[Finding, ...] = ()
    remote: str = ""
    continued: Mapping[str, int] = field(default_factory=dict)

    def __add__(self, other: "Verification") -> "Verification":
        return Verification(
            self.problems + other.problems,
            self.heads + other.heads,
            self.remarks + other.remarks,
            self.stale + other.stale,
            self.remote or other.remote,
            {**self.continued, **other.continued},
        )


def verify_branch(
    git: Repository,
    tip: str,
    folder: str,
    name: str,
    previous_chains: Mapping[str, PreviousChain] | None = None,
) -> Verification:
    """Check every tenant's chain at a commit, and that no commit before it changed or removed anything.

    `name` is the branch, as people know it; `previous_chains` says by tenant where its chain was before.
    """
    blobs = git.listing(tip, folder)
    problems = [
        audit_finding(f"{name}:{path}", message) for path, message in _rewriting_commits(git, tip, folder)
    ]
    chains, unreadable = _read_chains(git, blobs, folder)
    problems += [chain_error_to_finding(error, name) for error in unreadable]
    heads, remarks = [], []
    for tenant, chain in chains.items():
        records = find_records(chain)
        remarks += [f"{name}: {tenant}: {record}" for record in records]
        try:
            previous = (
                previous_chains[tenant].last_report()
                if previous_chains and tenant in previous_chains
                else None
            )
            first = (
                previous_chains[tenant].chain.first(previous_chains[tenant].tenant)
                if previous_chains and previous
                else chain[0]
            )
        except BrokenChain as error:
            problems.append(chain_error_to_finding(error, name))
            continue
        problems += [
            audit_finding(f"{name}:{chain_break.path}", str(chain_break))
            for chain_break in _unexplained_breaks(git, chain, tenant, blobs, previous)
        ]
        heads.append(_chain_head(name, tenant, chain, records, first or chain[0]))
    return Verification(tuple(problems), tuple(heads), tuple(remarks))


def read_chain(  # noqa: PLR0913, PLR0917  (where a chain is, and what is left out of it)
    git: Repository,
    tip: str,
    folder: str,
    tenant: str,
    previous: StoredReport | None = None,
    excluded: Container[str] = frozenset(),
) -> tuple[list[StoredReport], list[Break]]:
    """Read one tenant's whole chain, and find its breaks that no record explains. Raises BrokenChain.

    `previous` is the report that it goes on from, where it was elsewhere before; `excluded` names files that
    are to be left out of it.
    """
    blobs = git.listing(tip, folder)
    chains, unreadable = _read_chains(
        git, {path: blob for path, blob in blobs.items() if path not in excluded}, folder
    )
    for error in unreadable:
        raise error
    chain = chains.get(tenant, [])
    return chain, list(_unexplained_breaks(git, chain, tenant, blobs, previous))


def _unexplained_breaks(
    git: Repository,
    chain: list[StoredReport],
    tenant: str,
    blobs: Mapping[str, str],
    previous: StoredReport | None,
) -> Iterator[Break]:
    records = find_records(chain)
    seqs = {stored.path: stored.report.seq for stored in chain}
    breaks = (*_link_breaks(chain, tenant, previous), *_plan_breaks(git, chain, blobs))
    return (broken for broken in breaks if not is_explained(broken, seqs, records))


def _read_chains(
    git: Repository, blobs: Mapping[str, str], folder: str
) -> tuple[dict[str, list[StoredReport]], list[BrokenChain]]:
    """Read every tenant's reports, in the order of the chain, but for what a record leaves out of it."""
    owners = {path: tenant for path in blobs if (tenant := tenant_of_path(path, folder))}
    data = git.read_blobs([blobs[path] for path in owners])
    reports_by_tenant: dict[str, list[StoredReport]] = {}
    unreadable: dict[tuple[str, str], BrokenChain] = {}
    for path, tenant in owners.items():
        try:
            reports_by_tenant.setdefault(tenant, []).append(parse_report(data[blobs[path]], path))
        except BrokenChain as error:
            unreadable[path, sha256(data[blobs[path]])] = error
    out = {
        link
        for chain in reports_by_tenant.values()
        for record in find_records(chain)
        for link in record.left_out
    }
    chains = {
        tenant: sorted(
            (report for report in chain if (report.path, report.sha256) not in out),
            key=lambda report: (report.report.seq, report.path),
        )
        for tenant, chain in sorted(reports_by_tenant.items())
    }
    errors = [error for link, error in unreadable.items() if link not in out]
    # One of which nothing could be read was said above.
    return {tenant: chain for tenant, chain in chains.items() if chain}, errors


def _chain_head(
    name: str,
    tenant: str,
    chain: list[StoredReport],
    records: tuple[ReanchorRecord, ...],
    first: StoredReport,
) -> ChainHead:
    newest = chain[-1]
    return ChainHead(
        name,
        tenant,
        len(chain),
        newest.sha256,
        first=first.sha256,
        finished_at=newest.report.finished_at,
        known_hashes=frozenset(stored.sha256 for stored in chain),
        records=records,
    )


def chain_error_to_finding(error: BrokenChain, branch: str) -> Finding:
    """Say an error as a finding on a branch."""
    return audit_finding(f"{branch}:{error.where}", f"{error.fact}; {error.fix}")


def audit_finding(place: str, message: str) -> Finding:
    """Say that something of the record does not hold."""
    return Finding(place, 0, 0, "", RULE, Severity.ERROR, message)


def _rewriting_commits(git: Repository, tip: str, folder: str) -> Iterator[tuple[str, str]]:
    for commit, status, path in git.log_changes(tip, folder):
        if status != "A":
            yield (
                path,
                f"the commit {commit} {_STATUS.get(status, 'changed')} it; reports are only ever added",
            )


def _link_breaks(chain: list[StoredReport], tenant: str, previous: StoredReport | None) -> Iterator[Break]:
    due = previous.report.seq + 1 if previous else 1
    for stored in chain:
        report, link = stored.report, stored.report.previous
        if report.tenant != tenant:
            yield Break(stored.path, "tenant", "", report.tenant, tenant)
        if report.seq != due:
            yield Break(stored.path, "number", "", str(report.seq), str(due))
        if (link.path if link else None) != (previous.path if previous else None):
            yield Break(
                stored.path, "follows", "", link.path if link else "", previous.path if previous else ""
            )
        elif link and previous and link.sha256 != previous.sha256:
            yield Break(stored.path, "report", previous.path, link.sha256, previous.sha256)
        previous, due = stored, report.seq + 1


def _plan_breaks(git: Repository, chain: list[StoredReport], blobs: Mapping[str, str]) -> Iterator[Break]:
    remaining = iter(chain)
    while batch := list(islice(remaining, _BATCH)):
        names = {report.path: blobs[report.plan_path] for report in batch if report.plan_path in blobs}
        packed = git.read_blobs(list(names.values()))
        for report in batch:
            actual_sha256 = sha256(packed[names[report.path]]) if report.path in names else ""
            if actual_sha256 != report.report.plan_sha256:
                yield Break(report.plan_path, "plan", report.path, report.report.plan_sha256, actual_sha256)


_GOOD, _NONE = "G", "N"
_SIGNATURE_FAULTS = {
    _NONE: "is not signed, and reports before it are",
    "U": "is signed by a key that is not among audit.signers",
    "B": "has a signature that does not fit it",
    "X": "has a signature that has expired",
    "Y": "is signed by a key that had expired",
    "R": "is signed by a key that was revoked",
}


def unsigned_findings(
    git: Repository, tip: str, name: str, signers: bytes, records: Iterable[ReanchorRecord] = ()
) -> Iterator[Finding]:
    """Find the commits whose signatures do not count, from the first signed one on; or that there is none.

    A record with a good signature settles the reports that it passes over.
    """
    letters = git.signatures.letters_of_history(tip, signers)
    began = [place for place, (_, letter) in enumerate(letters) if letter != _NONE]
    bad_commits = [(sha, letter) for sha, letter in letters[began[0] :] if letter != _GOOD] if began else []
    settled = _settled_commits(git, tip, dict(letters), tuple(records)) if bad_commits else frozenset()
    for sha, letter in bad_commits:
        if sha not in settled:
            yield audit_finding(
                f"{name}:{sha}",
                f"this commit {_SIGNATURE_FAULTS.get(letter, 'has a signature that cannot be checked')}",
            )
    if not began:
        yield audit_finding(
            name, "audit.signers is set, and no report is signed: set DNC_SIGNING_KEY where apply runs"
        )


def _settled_commits(
    git: Repository, tip: str, letters: Mapping[str, str], records: tuple[ReanchorRecord, ...]
) -> frozenset[str]:
    """Name the commits that only add reports which good records pass over, or leave out."""
    paths_by_commit: dict[str, set[str]] = {}
    for commit, status, path in git.log_changes(tip) if records else ():
        paths_by_commit.setdefault(commit, set()).add(report_path_of(path) if status == "A" else "")
    good = {
        path for commit, paths in paths_by_commit.items() if letters.get(commit) == _GOOD for path in paths
    }
    links = (record.passed_over | record.left_out for record in records if record.stored.path in good)
    settled_paths = {path for record_links in links for path, _ in record_links}
    return frozenset(commit for commit, paths in paths_by_commit.items() if paths <= settled_paths)


@dataclass(frozen=True, slots=True)
class Expectations:
    """`genesis`: the SHA-256 of each tenant's first report. `anchors`: commits or SHA-256 of reports.

    `due` names the tenants whose newest report must not be older than `since`; True: and that must have one.
    """

    genesis: Mapping[str, str] = field(default_factory=dict)
    anchors: tuple[str, ...] = ()
    due: Mapping[str, bool] = field(default_factory=dict)
    since: datetime | None = None


def check_expectations(
    git: Repository, expected: Expectations, heads: tuple[ChainHead, ...], name: str, tip: str | None
) -> Verification:
    """Hold a branch against what is known of it; `tip` None: there is none."""
    problems = list(_start_findings(expected.genesis, heads, name))
    remarks: list[str] = []
    for anchor in expected.anchors:
        if any(anchor in head.known_hashes for head in heads) or _is_contained(git, tip, anchor):
            continue
        if any(was_replaced(anchor, head.records) for head in heads):
            remarks.append(
                f"{name}: the anchor {anchor} lies before a purge; a record names what became of it"
            )
        else:
            problems.append(audit_finding(name, _missing_anchor_message(anchor)))
    return Verification(tuple(problems), (), tuple(remarks), tuple(_stale_findings(expected, heads, name)))


def is_expected_start(genesis: str, first: str, head: ChainHead) -> bool:
    """Tell whether a chain starts with the report that is pinned, or with what a purge made of it."""
    return first == genesis or was_replaced(genesis, head.records)


def _start_findings(genesis: Mapping[str, str], heads: Iterable[ChainHead], name: str) -> Iterator[Finding]:
    chains = {head.tenant: head for head in heads}
    for tenant, pinned in sorted(genesis.items()):
        head = chains.get(tenant)
        if head is None:
            yield audit_finding(
                name, f"{tenant} has no report here, and audit.genesis pins its first one, {pinned}"
            )
        elif not is_expected_start(pinned, head.first, head):
            yield audit_finding(
                name,
                f"the chain of {tenant} starts with {head.first}, and audit.genesis pins {pinned}: this is "
                "another chain, or its beginning is gone; restore the branch from a clone or bundle of it",
            )


def _missing_anchor_message(anchor: str) -> str:
    return (
        f"the anchor {anchor} is not in any chain: reports were cut off or written anew since it was noted; "
        "restore the branch from a clone or bundle that has it"
    )


def _is_contained(git: Repository, tip: str | None, anchor: str) -> bool:
    return tip is not None and git.has_commit(anchor) and git.is_ancestor(anchor, tip)


def _stale_findings(expected: Expectations, heads: Iterable[ChainHead], name: str) -> Iterator[Finding]:
    chains = {head.tenant: head for head in heads}
    if expected.since and not chains:
        yield audit_finding(name, "there is no report at all: run dnc apply, and look at the schedule")
        return
    for tenant, must in expected.due.items() if expected.since else ():
        head = chains.get(tenant)
        if head is None and must:
            yield audit_finding(name, f"{tenant} has no report: run dnc apply, and look at the schedule")
        elif head and expected.since and head.finished_at < expected.since:
            when = head.finished_at.isoformat(timespec="seconds")
            message = f"the newest report of {tenant} is of {when}: no run has left one since"
            yield audit_finding(name, f"{message}; look at the schedule")


def verify_branches(  # noqa: PLR0913, PLR0917  (where the chains are, and what is known of them)
    git: Repository,
    branch: str,
    folder: str,
    continues: Mapping[str, PreviousLocation],
    expected: Expectations,
    signers: bytes | None,
) -> Verification:
    """Check every chain and all history, of the local branch and the remote's."""
    remote = git.remote()
    verification = Verification(remote=remote or "")
    tips: dict[str, str | None] = {}
    if remote is not None:
        name = f"{remote}/{branch}"
        try:
            tips[name] = git.fetch_branch(branch, grows_only=True)
        except BrokenChain as error:
            verification += Verification((chain_error_to_finding(error, name),))
            tips[name] = git.tracking_tip(branch)
    tips[branch] = git.branch_tip(branch)
    judged_name = next((name for name, tip in tips.items() if tip is not None), branch)
    try:
        previous_chains = find_previous_chains(git, continues, branch, folder)
        verification += _verify_previous_locations(git, branch, folder, continues)
    except BrokenChain as error:
        verification += Verification((chain_error_to_finding(error, branch),))
        previous_chains = {}
    for name, tip in tips.items():
        if tip is not None:
            verification += _verify_signed_branch(git, tip, folder, name, previous_chains, signers)
    heads = tuple(head for head in verification.heads if head.branch == judged_name)
    verification += _check_continued(previous_chains, verification, tips, branch)
    return verification + check_expectations(git, expected, heads, judged_name, tips[judged_name])


def _check_continued(
    previous_chains: Mapping[str, PreviousChain],
    verification: Verification,
    branches: Container[str],
    branch: str,
) -> Verification:
    """Look at the chains that go on under another name and have no report there yet."""
    known_problems = {problem.message for problem in verification.problems}
    own_chains = {head.tenant for head in verification.heads if head.branch in branches}
    problems: list[Finding] = []
    continued: dict[str, int] = {}
    for tenant in previous_chains.keys() - own_chains:
        try:
            continued[tenant] = previous_chains[tenant].last_report().report.seq
        except BrokenChain as error:
            finding = chain_error_to_finding(error, branch)
            if finding.message not in known_problems:
                problems.append(finding)
    return Verification(tuple(problems), continued=continued)


def _verify_signed_branch(  # noqa: PLR0913, PLR0917  (one branch of several)
    git: Repository,
    tip: str,
    folder: str,
    name: str,
    previous_chains: Mapping[str, PreviousChain],
    signers: bytes | None,
) -> Verification:
    verification = verify_branch(git, tip, folder, name, previous_chains)
    if signers is None:
        return verification
    records = [record for head in verification.heads for record in head.records]
    return verification + Verification(tuple(unsigned_findings(git, tip, name, signers, records)))


def _verify_previous_locations(
    git: Repository, branch: str, folder: str, continues: Mapping[str, PreviousLocation]
) -> Verification:
    """Check where chains were before, where that is not looked at anyway."""
    verification = Verification()
    places = {
        (location.branch or branch, (location.path or folder).strip("/")) for location in continues.values()
    }
    for was, path in sorted(places - {(branch, folder)}):
        tip = previous_tip(git, was, branch)
        if tip is not None:
            verification += verify_branch(git, tip, path, f"{was}:{path}")
    return verification
