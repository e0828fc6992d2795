"""`dnc audit verify` and `dnc audit anchor`: whether the record is whole, and what shows it from outside."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from reconciler.audit.expected import Expected
from reconciler.audit.report import StoredReport
from reconciler.audit.verify import Verification
from reconciler.model.errors import BrokenChain, InvalidInput
from reconciler.reconcile.opening import Record, open_record
from reconciler.reconcile.project import Project
from reconciler.reconcile.surroundings import Surroundings
from reconciler.reconcile.trust import signers_of


@dataclass(frozen=True, slots=True)
class Proved:
    """What was found, and which first reports are pinned."""

    found: Verification
    genesis: Mapping[str, str]

    @property
    def exit_code(self) -> int:
        """A chain that does not hold comes before one that is only old."""
        return 4 if self.found.problems else 3 if self.found.stale else 0


@dataclass(frozen=True, slots=True)
class Anchored:
    """A tag on the audit branch's tip, and the heads of the chains there. `pushed`: the remote has it."""

    tag: str
    commit: str
    heads: tuple[StoredReport, ...]
    pushed: bool


def prove(around: Surroundings, anchors: tuple[str, ...] = (), most: timedelta | None = None) -> Proved:
    """Check the chains, against what is pinned and anchored; with `most`, how old the newest reports are.

    The tags of earlier anchors are checked by themselves.
    """
    return _proved(open_record(around), around, anchors, most)


def anchor(around: Surroundings) -> Anchored:
    """Tag the audit branch's tip, and push the tag where there is a remote.

    Raises BrokenChain where the chain does not verify: an anchor would vouch for it.
    """
    record = open_record(around)
    found = _proved(record, around, (), None).found
    if found.problems:
        first = found.problems[0]
        raise BrokenChain(
            f"the chain does not verify, so it is not anchored: {first.message}",
            "run dnc audit verify, and call an auditor",
            where=first.file,
        )
    ledger, repository = record.ledger, record.repository
    ledger.refresh()
    if ledger.tip is None:
        raise InvalidInput("there is no report to anchor yet", "dnc apply writes the first")
    ledger.deliver(push=True)
    tag = _anchors(record).replace("*", f"{around.clock():%Y%m%dT%H%M%SZ}")
    repository.tags.put(tag, ledger.tip)
    newest = (ledger.newest(tenant) for tenant in sorted(record.project.configuration.tenants))
    return Anchored(
        tag, ledger.tip, tuple(stored for stored in newest if stored), repository.remote() is not None
    )


def _anchors(record: Record) -> str:
    """Say what the tags are called that `dnc audit anchor` makes, as a pattern."""
    return f"{record.ledger.branch}-anchor-*"


def _proved(record: Record, around: Surroundings, anchors: tuple[str, ...], most: timedelta | None) -> Proved:
    audit = record.project.configuration.audit
    tagged = sorted(record.repository.tags.found(_anchors(record)).values())
    expected = Expected(
        genesis=audit.genesis,
        anchors=tuple(dict.fromkeys((*anchors, *tagged))),
        due=_due(record.project, around),
        since=around.clock() - most if most is not None else None,
    )
    signers = signers_of(audit, record.repository, around)
    return Proved(record.ledger.verify(expected, signers), audit.genesis)


def _due(project: Project, around: Surroundings) -> Mapping[str, bool]:
    """Name the tenants that runs report of; True: one without any report is late, too."""
    if around.tenant is not None:
        return {project.tenant(around.tenant).name: True}
    return {tenant.name: not tenant.embedded for tenant in project.configuration.tenants.values()}
