"""What is known of a branch outside of it: where a chain starts, what was in it once, how old it may be.

A chain that is consistent in itself may still be another one, or a shorter one. Only this shows it.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from reconciler.audit.breaks import was
from reconciler.audit.port import GitPort
from reconciler.audit.verify import Head, Verification, finding
from reconciler.model.finding import Finding


@dataclass(frozen=True, slots=True)
class Expected:
    """`genesis`: the SHA-256 of each tenant's first report. `anchors`: commits or SHA-256 of reports.

    `due` names the tenants whose newest report must not be older than `since`; True: and that must have one.
    """

    genesis: Mapping[str, str] = field(default_factory=dict)
    anchors: tuple[str, ...] = ()
    due: Mapping[str, bool] = field(default_factory=dict)
    since: datetime | None = None


def judge(
    git: GitPort, expected: Expected, heads: tuple[Head, ...], name: str, tip: str | None
) -> Verification:
    """Hold a branch against what is known of it; `tip` None: there is none."""
    problems = list(_starts(expected.genesis, heads, name))
    remarks: list[str] = []
    for anchor in expected.anchors:
        if any(anchor in head.known for head in heads) or _contains(git, tip, anchor):
            continue
        if any(was(anchor, head.records) for head in heads):
            remarks.append(
                f"{name}: the anchor {anchor} lies before a purge; a record names what became of it"
            )
        else:
            problems.append(finding(name, _no_anchor(anchor)))
    return Verification(tuple(problems), (), tuple(remarks), tuple(_stale(expected, heads, name)))


def starts_right(genesis: str, first: str, head: Head) -> bool:
    """Tell whether a chain starts with the report that is pinned, or with what a purge made of it."""
    return first == genesis or was(genesis, head.records)


def _starts(genesis: Mapping[str, str], heads: Iterable[Head], name: str) -> Iterator[Finding]:
    chains = {head.tenant: head for head in heads}
    for tenant, pinned in sorted(genesis.items()):
        head = chains.get(tenant)
        if head is None:
            yield finding(
                name, f"{tenant} has no report here, and audit.genesis pins its first one, {pinned}"
            )
        elif not starts_right(pinned, head.first, head):
            yield finding(
                name,
                f"the chain of {tenant} starts with {head.first}, and audit.genesis pins {pinned}: this is "
                "another chain, or its beginning is gone; restore the branch from a clone or bundle of it",
            )


def _no_anchor(anchor: str) -> str:
    return (
        f"the anchor {anchor} is not in any chain: reports were cut off or written anew since it was noted; "
        "restore the branch from a clone or bundle that has it"
    )


def _contains(git: GitPort, tip: str | None, anchor: str) -> bool:
    return tip is not None and git.has_commit(anchor) and git.is_ancestor(anchor, tip)


def _stale(expected: Expected, heads: Iterable[Head], name: str) -> Iterator[Finding]:
    chains = {head.tenant: head for head in heads}
    if expected.since and not chains:
        yield finding(name, "there is no report at all: run dnc apply, and look at the schedule")
        return
    for tenant, must in expected.due.items() if expected.since else ():
        head = chains.get(tenant)
        if head is None and must:
            yield finding(name, f"{tenant} has no report: run dnc apply, and look at the schedule")
        elif head and expected.since and head.finished_at < expected.since:
            when = head.finished_at.isoformat(timespec="seconds")
            said = f"the newest report of {tenant} is of {when}: no run has left one since"
            yield finding(name, f"{said}; look at the schedule")
