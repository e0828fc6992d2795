"""Why what the reports say of held is in doubt: then nothing comes off, and every protective change goes."""

from reconciler.audit.ledger import Ledger
from reconciler.audit.trust import Doubt
from reconciler.config.configuration import AuditSettings
from reconciler.core.model.errors import BrokenChain, RewrittenHistory
from reconciler.core.model.finding import Finding, Severity
from reconciler.core.planning.change import BlockedBy

WAY_OUT = (
    "run `dnc audit verify`; restore the branch from a clone that has it whole, or, once an auditor has"
    " looked, run `dnc audit reanchor`"
)


def chain_doubts(audit: AuditSettings, ledger: Ledger | None, tenant: str) -> tuple[Doubt, ...]:
    """Say what is in doubt about a tenant's chain, as far as its reports were read; empty: nothing."""
    if ledger is None:
        return ()
    other = other_chain(audit, ledger, tenant)
    return (*([Doubt(other)] if other else []), *ledger.doubts(tenant))


def held_back(doubts: tuple[Doubt, ...]) -> BlockedBy | None:
    """Say what keeps everything on that would come off, because what is held is in doubt."""
    return BlockedBy.OTHER_CHAIN if doubts else None


def broken_chain(doubts: tuple[Doubt, ...]) -> BrokenChain | None:
    """Give the error with which a run ends whose report cannot be chained on; None where it can."""
    first = next((doubt for doubt in doubts if doubt.broken), None)
    if first is None:
        return None
    fact = f"{first.fact}: protective changes were sent, nothing was removed, and no report was written"
    return (RewrittenHistory if first.rewritten else BrokenChain)(fact, WAY_OUT, where=first.where)


def other_chain(audit: AuditSettings, ledger: Ledger, tenant: str) -> str:
    """Say what is wrong with where the chain starts; empty where it is right, or nothing is pinned.

    A record of a purge does not count here, as it does for `verify`: whoever writes a chain anew can write
    such a record, too. What is pinned is changed by a review, and until then nothing comes off.
    """
    pinned = audit.genesis.get(tenant)
    if pinned is None:
        return ""
    first = ledger.first(tenant)
    if first is not None and first.sha256 == pinned:
        return ""
    if first is None:
        return f"audit.genesis pins the first report of {tenant}, and the audit branch has none of it"
    return f"the chain of {tenant} starts with {first.sha256}, and audit.genesis pins {pinned}"


def chain_notes(doubts: tuple[Doubt, ...]) -> tuple[Finding, ...]:
    """Say it in every plan, as an alarm: it holds nothing protective up."""
    return tuple(
        Finding(
            doubt.where,
            0,
            0,
            "",
            BrokenChain.rule,
            Severity.ALARM,
            f"{doubt.fact}: nothing comes off before an auditor has looked; {WAY_OUT}",
        )
        for doubt in doubts
    )
