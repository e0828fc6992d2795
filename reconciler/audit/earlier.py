"""What a chain meets besides reports: files that are none, and where it was before."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.audit.report import StoredReport
from reconciler.model.errors import BrokenChain

if TYPE_CHECKING:
    from reconciler.audit.chain import Chain


@dataclass(frozen=True, slots=True)
class Unread:
    """A file named like a report that is none, and what is wrong with it."""

    path: str
    sha256: str
    error: BrokenChain


@dataclass(frozen=True, slots=True)
class Earlier:
    """Where a tenant's chain was before it got another name, branch or folder, and the report it ended with.

    `head` is that report's SHA-256, as `audit.continues` says it.
    """

    chain: "Chain"
    tenant: str
    head: str

    def end(self) -> StoredReport:
        """Give the report that the chain goes on from. BrokenChain where the newest there is another one."""
        newest = self.chain.newest(self.tenant)
        if newest is None or newest.sha256 != self.head:
            found = f"ends with {newest.sha256}" if newest else "has no report"
            raise BrokenChain(
                f"audit.continues names the head {self.head}, and the chain of {self.tenant} {found}",
                "write the head that `dnc audit verify` printed there, or restore the earlier branch",
                where=newest.path if newest else self.tenant,
            )
        return newest
