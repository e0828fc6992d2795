"""Proves that a branch's reports are what was written: chains without gaps, and commits that only add."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from reconciler.audit.port import GitPort
from reconciler.audit.report import StoredReport, parse, sha256, tenant_of
from reconciler.model.errors import BrokenChain
from reconciler.model.finding import Finding, Severity

RULE = BrokenChain.rule

_BATCH = 32  # plan files that are in memory at once

_STATUS = {"D": "removed", "M": "changed", "T": "changed the type of"}


@dataclass(frozen=True, slots=True)
class Head:
    """The end of one tenant's chain on one branch."""

    branch: str
    tenant: str
    reports: int
    sha256: str

    def __str__(self) -> str:
        noun = "report" if self.reports == 1 else "reports"
        return f"{self.branch}: {self.tenant}: {self.reports} {noun}, the newest has SHA-256 {self.sha256}"


@dataclass(frozen=True, slots=True)
class Verification:
    """What was found wrong, and where each chain ends."""

    problems: tuple[Finding, ...] = ()
    heads: tuple[Head, ...] = ()

    def __add__(self, other: "Verification") -> "Verification":
        return Verification(self.problems + other.problems, self.heads + other.heads)


def verify_branch(git: GitPort, tip: str, folder: str, name: str) -> Verification:
    """Check every tenant's chain at a commit, and that no commit before it changed or removed anything.

    `name` is the branch, as people know it.
    """
    blobs = git.listing(tip, folder)
    reports: dict[str, list[StoredReport]] = {}
    found = [_finding(f"{name}:{path}", message) for path, message in _rewritten(git, tip, folder)]
    owners = {path: tenant for path in blobs if (tenant := tenant_of(path, folder))}
    data = git.read_blobs([blobs[path] for path in owners])
    for path, tenant in owners.items():
        try:
            reports.setdefault(tenant, []).append(parse(data[blobs[path]], path))
        except BrokenChain as error:
            found.append(finding_of(error, name))
    heads = []
    for tenant, stored in sorted(reports.items()):
        if not stored:
            continue  # none of them could be read, and that was said
        chain = sorted(stored, key=lambda one: (one.report.seq, one.path))
        problems = [*_links(chain, tenant), *_plans(git, chain, blobs)]
        found += [_finding(f"{name}:{path}", message) for path, message in problems]
        heads.append(Head(name, tenant, len(chain), chain[-1].sha256))
    return Verification(tuple(found), tuple(heads))


def finding_of(error: BrokenChain, branch: str) -> Finding:
    """Say an error as a finding on a branch."""
    return _finding(f"{branch}:{error.where}", f"{error.fact}; {error.way_out}")


def _finding(place: str, message: str) -> Finding:
    return Finding(place, 0, 0, "", RULE, Severity.ERROR, message)


def _rewritten(git: GitPort, tip: str, folder: str) -> Iterator[tuple[str, str]]:
    for commit, status, path in git.log_changes(tip, folder):
        if status != "A":
            yield (
                path,
                f"the commit {commit} {_STATUS.get(status, 'changed')} it; reports are only ever added",
            )


def _links(chain: list[StoredReport], tenant: str) -> Iterator[tuple[str, str]]:
    before: StoredReport | None = None
    for expected, stored in enumerate(chain, start=1):
        report, link = stored.report, stored.report.previous
        if report.tenant != tenant:
            yield stored.path, f"it is a report of the tenant {report.tenant}"
        if report.seq != expected:
            yield stored.path, f"it has number {report.seq} in the chain where {expected} is due"
        if (link.path if link else None) != (before.path if before else None):
            yield stored.path, f"it follows {link.path if link else 'nothing'}, not {_name(before)}"
        elif link and before and link.sha256 != before.sha256:
            yield stored.path, f"{before.path} has SHA-256 {before.sha256}, not {link.sha256} as said here"
        before = stored


def _name(stored: StoredReport | None) -> str:
    return stored.path if stored else "nothing, being the first"


def _plans(git: GitPort, chain: list[StoredReport], blobs: dict[str, str]) -> Iterator[tuple[str, str]]:
    waiting = iter(chain)
    while batch := list(islice(waiting, _BATCH)):
        names = {one.path: blobs[one.plan_path] for one in batch if one.plan_path in blobs}
        packed = git.read_blobs(list(names.values()))
        for one in batch:
            if one.path not in names:
                yield one.plan_path, "the plan beside the report is not there"
            elif sha256(packed[names[one.path]]) != one.report.plan_sha256:
                yield one.plan_path, "the plan is not the one that its report names by SHA-256"
