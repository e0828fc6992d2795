"""Proves that a branch's reports are what was written: chains without gaps, and commits that only add."""

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

from reconciler.audit.breaks import Break, Record, explained, records_of
from reconciler.audit.earlier import Earlier
from reconciler.audit.port import GitPort
from reconciler.audit.report import StoredReport, parse, sha256, tenant_of
from reconciler.model.errors import BrokenChain
from reconciler.model.finding import Finding, Severity

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
    git: GitPort, tip: str, folder: str, name: str, earlier: Mapping[str, Earlier] | None = None
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
    git: GitPort,
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
    git: GitPort,
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
    git: GitPort, blobs: Mapping[str, str], folder: str
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


def _rewritten(git: GitPort, tip: str, folder: str) -> Iterator[tuple[str, str]]:
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


def _plans(git: GitPort, chain: list[StoredReport], blobs: Mapping[str, str]) -> Iterator[Break]:
    waiting = iter(chain)
    while batch := list(islice(waiting, _BATCH)):
        names = {one.path: blobs[one.plan_path] for one in batch if one.plan_path in blobs}
        packed = git.read_blobs(list(names.values()))
        for one in batch:
            there = sha256(packed[names[one.path]]) if one.path in names else ""
            if there != one.report.plan_sha256:
                yield Break(one.plan_path, "plan", one.path, one.report.plan_sha256, there)
