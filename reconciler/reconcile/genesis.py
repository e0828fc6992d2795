"""Whether the chain that tells what is held starts where the configuration says; else nothing comes off."""

from reconciler.audit.ledger import Ledger
from reconciler.desired.configuration import AuditSettings
from reconciler.model.errors import BrokenChain
from reconciler.model.finding import Finding, Severity


def other_chain(audit: AuditSettings, ledger: Ledger | None, tenant: str) -> str:
    """Say what is wrong with where the chain starts; empty where it is right, or nothing is pinned.

    A record of a purge does not count here, as it does for `verify`: whoever writes a chain anew can write
    such a record, too. What is pinned is changed by a review, and until then nothing comes off.
    """
    pinned = audit.genesis.get(tenant)
    if pinned is None or ledger is None:
        return ""
    first = ledger.first(tenant)
    if first is not None and first.sha256 == pinned:
        return ""
    if first is None:
        return f"audit.genesis pins the first report of {tenant}, and the audit branch has none of it"
    return f"the chain of {tenant} starts with {first.sha256}, and audit.genesis pins {pinned}"


def chain_notes(doubt: str) -> tuple[Finding, ...]:
    """Say it in every plan, as an alarm: it holds nothing protective up."""
    if not doubt:
        return ()
    message = f"{doubt}: nothing comes off before an auditor has looked; run `dnc audit verify`"
    return (Finding("", 0, 0, "", BrokenChain.rule, Severity.ALARM, message),)
