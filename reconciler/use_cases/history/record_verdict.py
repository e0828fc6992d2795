"""The verdict on the record, of each tenant and of all: is it whole, and who has its reports."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from reconciler.audit.verification import ChainHead, Verification
from reconciler.core.model.finding import Finding


class Verdict(StrEnum):
    """How a verification ended. NOTHING: there is no report, which is what a removed record looks like."""

    OK = "OK"
    FAILED = "FAILED"
    NOTHING = "NOTHING TO VERIFY"


@dataclass(frozen=True, slots=True)
class ChainCopies:
    """One tenant's chain in this clone and at the remote; a head is None where it has no report there.

    `remote` is the remote's name; empty: the repository has none. `continued` counts the reports that the
    chain goes on from, where the tenant has none under its own name yet.
    """

    remote: str = ""
    local: ChainHead | None = None
    at_remote: ChainHead | None = None
    continued: int = 0

    @property
    def head(self) -> ChainHead | None:
        """Where the chain ends: at the remote, else in this clone."""
        return self.at_remote or self.local

    @property
    def reports(self) -> int:
        """Count the reports of both."""
        head = self.head
        return head.reports + (self.not_at_remote if head is self.at_remote else 0) if head else 0

    @property
    def not_at_remote(self) -> int:
        """Count the reports that only this clone has; 0 where there is no remote to have them."""
        if not self.remote or self.local is None:
            return 0
        if self.at_remote is None:
            return self.local.reports
        return len(self.local.known_hashes - self.at_remote.known_hashes)

    @property
    def not_here(self) -> int:
        """Count the reports that this clone's own branch lacks."""
        if self.at_remote is None:
            return 0
        return len(self.at_remote.known_hashes - (self.local.known_hashes if self.local else frozenset()))

    @property
    def is_agreed(self) -> bool:
        """Tell whether both have reports, and the same."""
        return (
            self.local is not None
            and self.at_remote is not None
            and (self.local.reports, self.local.sha256) == (self.at_remote.reports, self.at_remote.sha256)
        )


def chain_copies(verification: Verification, branch: str, tenant: str) -> ChainCopies:
    """Find the two copies of a tenant's chain among what was verified. `branch` is the local branch."""
    heads = {head.branch: head for head in verification.heads if head.tenant == tenant}
    remote_branch = next((name for name in heads if name.endswith(f"/{branch}")), "")
    return ChainCopies(
        verification.remote or remote_branch.removesuffix(f"/{branch}"),
        heads.get(branch),
        heads.get(remote_branch),
        verification.continued.get(tenant, 0),
    )


def problems_of(
    tenant: str, problems: Iterable[Finding], folder: str, tenants: Iterable[str]
) -> tuple[Finding, ...]:
    """Give the problems that are this tenant's, or nobody's own. `folder` is where reports are."""
    others = [f"{folder.strip('/')}/{name}/" for name in tenants if name != tenant]
    return tuple(problem for problem in problems if not any(other in problem.file for other in others))


@dataclass(frozen=True, slots=True)
class TenantVerdict:
    """The verdict on one tenant's chain. `is_due`: without any report, the record as a whole does not pass.

    `is_too_old`: the newest report is older than it may be.
    """

    tenant: str
    copies: ChainCopies
    problems: tuple[Finding, ...]
    is_due: bool
    is_too_old: bool

    @property
    def verdict(self) -> Verdict:
        """A broken chain fails, and so does one that has stopped; none at all is nothing."""
        if self.problems:
            return Verdict.FAILED
        if self.copies.head is None and not self.copies.continued:
            return Verdict.NOTHING
        return Verdict.FAILED if self.is_too_old else Verdict.OK
