"""The record itself: how long the chain is, where it ends, and whether it holds."""

from collections.abc import Sequence

from reconciler.audit.verification import Head
from reconciler.cli.render.messages import count
from reconciler.cli.render.site.blocks import Block, Cell, Chapter, Sentences, Table, Text
from reconciler.core.model.finding import Finding
from reconciler.use_cases.history.site import Record, Site

SHOWN = 50  # problems that are spelled out


def chain(site: Site, record: Record) -> Chapter:
    """Show one tenant's chain, here and at the remote."""
    heads = [head for head in site.verification.heads if head.tenant == record.tenant]
    blocks: list[Block] = [verdict(site, record.problems)]
    blocks += problems(record.problems)
    blocks += remarks(site, record.tenant)
    blocks.append(_heads(heads))
    newest = record.newest
    if newest is not None:
        rows = (
            ("Newest report", Cell(newest.report.path, code=True)),
            ("Its SHA-256, the chain's head", Cell(newest.report.sha256, code=True)),
            ("Revision applied", Cell(newest.report.revision, code=True)),
            ("First report that this page tells of", Cell(record.runs[0].report.path, code=True)),
        )
        blocks.append(Table.of("Where the chain ends", "What|Value", rows))
    blocks.append(Text(
        "Check it yourself, in a clone: dnc audit verify. The reports are on the branch "
        f"{site.branch}, and each names the SHA-256 of the one before: nothing here has to be believed."
    ))  # fmt: skip
    return Chapter("chain", "The chain of reports", tuple(blocks))


def verdict(site: Site, found: Sequence[Finding]) -> Text:
    """Say whether it holds."""
    if found:
        return Text(
            f"The chain does not hold: {count(len(found), 'problem')}. What stands here may not be what was "
            "written; ask for the branch from a clone that still has it whole.",
            loud=True,
        )
    if not site.verification.heads:
        return Text("There is no report yet.")
    return Text("The chain holds: no report was changed or removed, here or at the remote.")


def problems(found: Sequence[Finding]) -> list[Block]:
    """Spell problems out."""
    told: list[Block] = (
        [Sentences(tuple(f"{one.file}: {one.message}" for one in found[:SHOWN]))] if found else []
    )
    if len(found) > SHOWN:
        told.append(Text(f"The first {SHOWN} of {len(found):,}; dnc audit verify lists all."))
    return told


def remarks(site: Site, tenant: str | None = None) -> list[Block]:
    """Say what is in order and must be seen all the same: chains that were continued after a purge."""
    own = f": {tenant}: "
    told = [
        one for one in site.verification.remarks if tenant is None or own in one or ": the anchor " in one
    ]
    head = Text("On record, and in order: the chain was continued after a purge.")
    return [head, Sentences(tuple(told[:SHOWN]))] if told else []


def _heads(heads: Sequence[Head]) -> Table:
    rows = ((Cell(head.branch, code=True), head.reports, Cell(head.sha256, code=True)) for head in heads)
    return Table.of("As verified when this page was made", "Branch|#Reports|SHA-256 of the newest", rows)
