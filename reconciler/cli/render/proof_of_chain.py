"""What was proved of the chains, and the anchors that show it from outside."""

from collections.abc import Iterator
from typing import Any

from reconciler.audit.verify import Head
from reconciler.model.finding import finding_json
from reconciler.reconcile.proof import Anchored, Proved
from reconciler.reconcile.reanchor import Reanchored


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


def reanchored_json(done: Reanchored) -> dict[str, Any]:
    """Say what is on record now."""
    return {
        "report": {"path": done.stored.path, "sha256": done.stored.sha256, "seq": done.stored.report.seq},
        "heads": dict(done.heads),
        "breaks": [{"path": one.path, "said": str(one)} for one in done.breaks],
        "first": done.first,
    }


def reanchored_text(done: Reanchored) -> str:
    """Show it, and what people have to do next."""
    report = done.stored.report
    return "\n".join(
        [
            f"report {report.seq} of {report.tenant} continues the chain: {done.stored.path}",
            *(f"  {old} became {new}" for old, new in done.heads.items()),
            f"  {len(done.breaks)} breaks before it are taken as explained:",
            *(f"    {one.path}: {one}" for one in done.breaks),
            f"The chain starts with {done.first}.",
            "Where audit.genesis pins another, change it by a merge request: until then nothing comes off.",
        ]
    )
