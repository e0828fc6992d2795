"""Why what the reports say of held is in doubt: then nothing comes off, and every protective change goes."""

from reconciler.audit.ledger import Ledger
from reconciler.audit.trust import Doubt
from reconciler.config.configuration import AuditSettings
from reconciler.core.model.errors import BrokenChain, RewrittenHistory
from reconciler.core.model.finding import Finding, Severity
from reconciler.core.planning.change import BlockedBy

FIX = (
    "run `dnc audit verify`; restore the branch from a clone that has it whole, or, once an auditor has"
    " looked, run `dnc audit reanchor`"
)

_SENT = "Protective changes were sent, nothing was removed or weakened, and no report was written"


def chain_doubts(audit: AuditSettings, ledger: Ledger | None, tenant: str) -> tuple[Doubt, ...]:
    """Say what is in doubt about a tenant's chain, as far as its reports were read; empty: nothing."""
    if ledger is None:
        return ()
    start_problem = chain_start_problem(audit, ledger, tenant)
    return (*([Doubt(start_problem)] if start_problem else []), *ledger.doubts(tenant))


def doubt_block(doubts: tuple[Doubt, ...]) -> BlockedBy | None:
    """Say what keeps everything on that would come off, because what is held is in doubt."""
    return BlockedBy.OTHER_CHAIN if doubts else None


def chain_error(doubts: tuple[Doubt, ...]) -> BrokenChain | None:
    """Give the error with which a run ends whose report cannot be chained on; None where it can."""
    breaks = [doubt for doubt in doubts if doubt.broken]
    if not breaks:
        return None
    # A chain that is broken stays so when the rewritten history is accepted.
    first_break = min(breaks, key=lambda doubt: doubt.rewritten)
    error_class = RewrittenHistory if first_break.rewritten else BrokenChain
    fact = f"{first_break.fact}. {_SENT}"
    return error_class(fact, first_break.fix or FIX, where=first_break.where)


def chain_start_problem(audit: AuditSettings, ledger: Ledger, tenant: str) -> str:
    """Say what is wrong with where the chain starts; empty where it is right, or nothing is pinned.

    A record of a purge does not count here, as it does for `verify`: whoever writes a chain anew can write
    such a record, too. What is pinned is changed by a review, and until then nothing comes off.
    """
    pinned_sha256 = audit.genesis.get(tenant)
    if pinned_sha256 is None:
        return ""
    first_report = ledger.first(tenant)
    if first_report is not None and first_report.sha256 == pinned_sha256:
        return ""
    if first_report is None:
        return f"audit.genesis pins the first report of {tenant}, and the audit branch has none of it"
    return f"the chain of {tenant} starts with {first_report.sha256}, and audit.genesis pins {pinned_sha256}"


def chain_findings(doubts: tuple[Doubt, ...]) -> tuple[Finding, ...]:
    """Say it in every plan, as an alarm: it holds nothing protective up."""
    return tuple(
        Finding(
            doubt.where,
            0,
            0,
            "",
            BrokenChain.rule,
            Severity.ALARM,
            _doubt_message(doubt),
        )
        for doubt in doubts
    )


def _doubt_message(doubt: Doubt) -> str:
    if doubt.rewritten:
        return (
            f"{doubt.fact}. Until that is accepted, apply sends protective changes only, releases nothing, "
            f"lets nothing lapse, and exits with 7; fix: {doubt.fix}"
        )
    return f"{doubt.fact}: nothing is removed before an auditor has looked; {FIX}"
