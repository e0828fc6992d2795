"""The error tree. Each class says who must act; the exit code is part of the fixed contract.

DncError                1   an unexpected error
├─ InvalidInput         4   an analyst or engineer: fix the file at the place named
├─ RepositoryProblem    4   an engineer: give git what is needed (commit, history, remote)
├─ BrokenChain          4   an auditor: the ledger is not what it was
│  └─ RewrittenHistory  7   whoever rewrote it, or --accept-history; protective changes were sent
├─ CxoneUnavailable     5   wait, or check the network and the CXone status; nothing was written
│  ├─ CxoneUnreadable   5   as above: signed in, but live cannot be read; `apply` goes on blind, with 8
│  └─ ReadStopped       5   whoever stopped the run: run it again; CXone is not the cause
├─ CxoneRefused         5   an engineer: credentials, scopes, organisation id
├─ NotApplicable        7   nobody, or whoever pinned this revision: a newer one takes its place
└─ NotDelivered         9   an engineer: the report exists but is not where it belongs
"""

from collections.abc import Sequence

from reconciler.core.model.finding import Finding, Severity


class DncError(Exception):
    """The fact and its limit, and the way out. `where` names a file, a call or a ref."""

    exit_code = 1
    rule = "DNC-ERROR"

    def __init__(self, fact: str, fix: str = "", *, where: str = "") -> None:
        super().__init__(fact)
        self.fact = fact
        self.fix = fix
        self.where = where

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        return f"{place}{self.fact}" + (f"\n  fix: {self.fix}" if self.fix else "")

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Say the error as findings, for the machine-readable answer."""
        message = f"{self.fact}; {self.fix}" if self.fix else self.fact
        return (Finding(self.where, 0, 0, "", self.rule, Severity.ERROR, message),)


class InvalidInput(DncError):
    """Lists, schema or configuration do not hold; carries every finding."""

    exit_code = 4
    rule = "INPUT"

    def __init__(
        self, fact: str, fix: str = "", *, where: str = "", findings: Sequence[Finding] = ()
    ) -> None:
        super().__init__(fact, fix, where=where)
        self._findings = tuple(findings)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Every finding, or the error itself where there are none."""
        return self._findings or super().findings


class RepositoryProblem(DncError):
    """The repository can't give what is needed: uncommitted, no history, a conflict, a silent remote."""

    exit_code = 4
    rule = "GIT"


class BrokenChain(DncError):
    """The audit chain does not verify."""

    exit_code = 4
    rule = "AUDIT"


class RewrittenHistory(BrokenChain):
    """History was rewritten since what was applied last, and nobody said that this is meant."""

    exit_code = 7


class CxoneUnavailable(DncError):
    """CXone could not be reached, or its answer cannot be understood."""

    exit_code = 5
    rule = "CXONE"


class CxoneUnreadable(CxoneUnavailable):
    """Signing in works, and live cannot be read: `apply` can still send what was never held."""


class ReadStopped(CxoneUnavailable):
    """We were asked to stop before CXone was read. Nothing is wrong with CXone."""

    rule = "STOPPED"

    def __init__(
        self,
        fact: str = "asked to stop before everything was read",
        fix: str = "run it again",
        *,
        where: str = "",
    ) -> None:
        super().__init__(fact, fix, where=where)


class CxoneRefused(DncError):
    """CXone answered, and refused us: credentials, scope, organisation."""

    exit_code = 5
    rule = "CXONE-ACCESS"


class NotApplicable(DncError):
    """This revision is not one to apply."""

    exit_code = 7
    rule = "REVISION"


class NotDelivered(DncError):
    """The audit report could not be committed or pushed."""

    exit_code = 9
    rule = "AUDIT-PUSH"
