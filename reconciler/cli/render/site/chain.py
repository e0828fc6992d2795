"""The record itself: how long the chain is, where it ends, and whether it holds."""

from collections.abc import Sequence

from reconciler.audit.verification import ChainHead
from reconciler.cli.render.messages import no_report_text
from reconciler.cli.render.record_verdict import copies_text
from reconciler.cli.render.site.blocks import Block, Cell, Chapter, Sentences, Table, Text
from reconciler.core.model.finding import Finding, count_text
from reconciler.use_cases.history.site import Site, TenantRecord

MAX_PROBLEMS = 50  # problems that are spelled out
_HOLDS = "The chain holds: no report was changed or removed"


def chain_chapter(site: Site, record: TenantRecord) -> Chapter:
    """Show one tenant's chain, here and at the remote."""
    heads = [head for head in site.verification.heads if head.tenant == record.tenant]
    blocks: list[Block] = [chain_verdict(site, record.problems, [record.tenant])]
    blocks += problem_blocks(record.problems)
    blocks += remark_blocks(site, record.tenant)
    blocks.append(_heads_table(heads))
    newest = record.newest
    if newest is not None:
        rows = (
            ("Newest report", Cell(newest.report.path, code=True)),
            ("Its SHA-256, the chain's head", Cell(newest.report.sha256, code=True)),
            ("Revision applied", Cell(newest.report.revision, code=True)),
            ("First report on this page", Cell(record.runs[0].report.path, code=True)),
        )
        blocks.append(Table.of("Where the chain ends", "What|Value", rows))
    blocks.append(Text(
        "Check it yourself, in a clone: dnc audit verify. The reports are on the branch "
        f"{site.branch}, and each names the SHA-256 of the one before: nothing here has to be believed."
    ))  # fmt: skip
    return Chapter("chain", "The chain of reports", tuple(blocks))


def chain_verdict(site: Site, findings: Sequence[Finding], tenants: Sequence[str]) -> Text:
    """Say whether the chains of tenants hold, and where they were looked at."""
    if findings:
        return Text(
            f"The chain does not hold: {count_text(len(findings), 'problem')}. What is shown here may "
            "not be what was "
            "written; ask for the branch from a clone that still has it whole.",
            loud=True,
        )
    chains = [copies for copies in map(site.copies, tenants) if copies.head]
    if not chains:
        names = ", ".join(tenants) or "any tenant"
        sentence = no_report_text(names)
        return Text(f"{sentence[0].upper()}{sentence[1:]}.")
    if all(copies.is_agreed for copies in chains):
        return Text(f"{_HOLDS}, here or at the remote. Both were compared and agree.")
    return Text(f"{_HOLDS}. {copies_text(chains, site.branch)}")


def problem_blocks(findings: Sequence[Finding]) -> list[Block]:
    """Spell problems out."""
    problem_list: list[Block] = (
        [Sentences(tuple(f"{finding.file}: {finding.message}" for finding in findings[:MAX_PROBLEMS]))]
        if findings
        else []
    )
    if len(findings) > MAX_PROBLEMS:
        problem_list.append(
            Text(f"The first {MAX_PROBLEMS} of {len(findings):,}; dnc audit verify lists all.")
        )
    return problem_list


def remark_blocks(site: Site, tenant: str | None = None) -> list[Block]:
    """Say what is in order and must be seen all the same: chains that were continued after a purge."""
    tenant_mark = f": {tenant}: "
    tenant_remarks = [
        remark
        for remark in site.verification.remarks
        if tenant is None or tenant_mark in remark or ": the anchor " in remark
    ]
    head = Text("On record, and in order: the chain was continued after a purge.")
    return [head, Sentences(tuple(tenant_remarks[:MAX_PROBLEMS]))] if tenant_remarks else []


def _heads_table(heads: Sequence[ChainHead]) -> Table:
    rows = ((Cell(head.branch, code=True), head.reports, Cell(head.sha256, code=True)) for head in heads)
    return Table.of("As verified when this page was made", "Branch|#Reports|SHA-256 of the newest", rows)
