"""What a plan says of numbers that seem to have moved from list to list: the release that lets them."""

from collections.abc import Iterator

from reconciler.model.finding import Finding, Severity
from reconciler.planning.moved import moves
from reconciler.planning.plan import Plan

MOVED = "LIST-MOVED"


def move_notes(plan: Plan) -> Iterator[Finding]:
    """Say for each pair of lists how many numbers seem to have moved, and the command that releases them."""
    for move in moves(plan.changes):
        command = f"dnc release --list {move.list_id} --reason MOVED --to {move.to} --evidence EVIDENCE"
        said = (
            f"{len(move.phones):,} numbers vanished from {move.list_id} and are new on {move.to}: if they "
            f"moved, add the release: `{command}`; until then they stay on both"
        )
        yield Finding("", 0, 0, "", MOVED, Severity.WARNING, said)
