"""What was proved of the chains, and the anchors that show it from outside."""

from collections.abc import Iterator
from typing import Any

from reconciler.audit.verify import Head
from reconciler.planning.plan import finding_json
from reconciler.reconcile.proof import Anchored, Proved


def proved_json(done: Proved) -> dict[str, Any]:
    """Say what was found."""
    found = done.found
    return {
        "verified": not (found.problems or found.stale),
        "exit_code": done.exit_code,
        "chains": [str(head) for head in found.heads],
        "heads": [
            {
                "branch": head.branch,
                "tenant": head.tenant,
                "reports": head.reports,
                "sha256": head.sha256,
                "first": head.first,
                "finished_at": head.finished_at.isoformat(),
            }
            for head in found.heads
        ],
        "remarks": list(found.remarks),
        "problems": [finding_json(p) for p in (*found.problems, *found.stale)],
    }


def proved_text(done: Proved) -> str:
    """Show each chain, where it starts, and what must be seen although it is in order."""
    return "\n".join([*_lines(done), *(f"! {remark}" for remark in done.found.remarks)])


def _lines(done: Proved) -> Iterator[str]:
    for head in done.found.heads:
        yield str(head)
        yield f"  starts with {head.first} ({_pinned(head, done)})"


def _pinned(head: Head, done: Proved) -> str:
    if head.tenant in done.genesis:
        return "audit.genesis pins it" if done.genesis[head.tenant] == head.first else "not what is pinned"
    return f"not pinned; in dnc.yaml: audit: {{genesis: {{{head.tenant}: SHA-256}}}}"


def anchored_json(done: Anchored) -> dict[str, Any]:
    """Say what was tagged."""
    return {
        "tag": done.tag,
        "commit": done.commit,
        "pushed": done.pushed,
        "heads": [
            {"tenant": one.report.tenant, "seq": one.report.seq, "path": one.path, "sha256": one.sha256}
            for one in done.heads
        ],
    }


def anchored_text(done: Anchored) -> str:
    """Show it, with what to do with it."""
    where = "here and at the remote" if done.pushed else "here"
    return "\n".join(
        [
            f"tag {done.tag}, {where}",
            f"commit {done.commit}",
            *(f"{one.report.tenant}: report {one.report.seq}, SHA-256 {one.sha256}" for one in done.heads),
            "Keep these lines where the pipeline's token can't write. Later, in any clone:",
            f"  dnc audit verify --anchor {done.commit}",
        ]
    )
