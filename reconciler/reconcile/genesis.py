"""Whether the chain that tells what is held starts where the configuration says; else nothing comes off."""

from reconciler.audit.breaks import records_of, was
from reconciler.audit.ledger import Ledger
from reconciler.desired.configuration import AuditSettings
from reconciler.model.errors import BrokenChain
from reconciler.model.finding import Finding, Severity


def other_chain(audit: AuditSettings, ledger: Ledger | None, tenant: str) -> str:
    """Say what is wrong with where the chain starts; empty where it is right, or nothing is pinned."""
    pinned = audit.genesis.get(tenant)
    if pinned is None or ledger is None:
        return ""
    first = ledger.first(tenant)
    if first is not None and first.sha256 == pinned:
        return ""
    if first is None:
        # Without any report nothing is held, so nothing could come off anyway.
        return f"audit.genesis pins the first report of {tenant}, and the audit branch has none of it"
    try:
        if was(pinned, records_of(ledger.reports(tenant))):
            return ""
    except BrokenChain:
        pass  # a chain that does not hold explains nothing
    return f"the chain of {tenant} starts with {first.sha256}, and audit.genesis pins {pinned}"


def chain_notes(doubt: str) -> tuple[Finding, ...]:
    """Say it in every plan, as an alarm: it holds nothing protective up."""
    if not doubt:
        return ()
    message = f"{doubt}: nothing comes off before an auditor has looked; run `dnc audit verify`"
    return (Finding("", 0, 0, "", BrokenChain.rule, Severity.ALARM, message),)
