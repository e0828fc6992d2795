"""`dnc audit verify`, `anchor`, `reanchor`: whether the record is whole, and how it goes on."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import orjson

from reconciler.audit.breaks import Break, break_json
from reconciler.audit.report import REANCHORED, StoredReport
from reconciler.audit.report_content import Content
from reconciler.audit.trust import Belief, links
from reconciler.audit.verification import Expected, Verification
from reconciler.core.model.entries import is_reference
from reconciler.core.model.errors import BrokenChain, InvalidInput
from reconciler.core.planning.plan import Heading, failed_json
from reconciler.git.repository import Repository
from reconciler.git.runner import SIGNING_KEY
from reconciler.use_cases.reconcile.failed_run import repeated
from reconciler.use_cases.reconcile.report.run_facts import ran_json
from reconciler.use_cases.reconcile.run_lock import in_turn
from reconciler.use_cases.workspace.context import CommandContext, Today, iso
from reconciler.use_cases.workspace.opening import Record, open_record, signers_of
from reconciler.use_cases.workspace.project import Project


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


def prove(ctx: CommandContext, anchors: tuple[str, ...] = (), most: timedelta | None = None) -> Proved:
    """Check the chains, against what is pinned and anchored; with `most`, how old the newest reports are.

    The tags of earlier anchors are checked by themselves.
    """
    return _proved(open_record(ctx), ctx, anchors, most)


def anchor(ctx: CommandContext) -> Anchored:
    """Tag the audit branch's tip, and push the tag where there is a remote.

    Raises BrokenChain where the chain does not verify: an anchor would vouch for it.
    """
    record = open_record(ctx)
    found = _proved(record, ctx, (), None).found
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
    tag = _anchors(record).replace("*", f"{ctx.clock():%Y%m%dT%H%M%SZ}")
    repository.tags.put(tag, ledger.tip)
    newest = (ledger.newest(tenant) for tenant in sorted(record.project.configuration.tenants))
    return Anchored(
        tag, ledger.tip, tuple(stored for stored in newest if stored), repository.remote() is not None
    )


def _anchors(record: Record) -> str:
    """Say what the tags are called that `dnc audit anchor` makes, as a pattern."""
    return f"{record.ledger.branch}-anchor-*"


def _proved(record: Record, ctx: CommandContext, anchors: tuple[str, ...], most: timedelta | None) -> Proved:
    audit = record.project.configuration.audit
    tagged = sorted(record.repository.tags.found(_anchors(record)).values())
    expected = Expected(
        genesis=audit.genesis,
        anchors=tuple(dict.fromkeys((*anchors, *tagged))),
        due=_due(record.project, ctx),
        since=ctx.clock() - most if most is not None else None,
    )
    signers = signers_of(audit, record.repository, ctx)
    return Proved(record.ledger.verify(expected, signers), audit.genesis)


def _due(project: Project, ctx: CommandContext) -> Mapping[str, bool]:
    """Name the tenants that runs report of; True: one without any report is late, too."""
    if ctx.options.tenant is not None:
        return {project.tenant(ctx.options.tenant).name: True}
    return {tenant.name: not tenant.embedded for tenant in project.configuration.tenants.values()}


@dataclass(frozen=True, slots=True)
class Reanchored:
    """The record, the breaks that it explains, and the SHA-256 of the report that the chain starts with."""

    stored: StoredReport
    heads: Mapping[str, str]
    breaks: tuple[Break, ...]
    first: str


def reanchor(ctx: CommandContext, heads: Mapping[str, str], reason: str, evidence: str) -> Reanchored:
    """Add the record to the tenant's chain, and push it where there is a remote.

    `heads` leads from what was to what it became: commits, or SHA-256 of reports. Raises InvalidInput for
    heads that do not fit the branch as it is, and for a reason or evidence that says nothing.
    """
    _demand_said(reason, evidence)
    started = ctx.clock()
    with in_turn(ctx):
        repository, project, ledger = open_record(ctx)
        ledger.refresh()
        tenant = project.tenant(ctx.options.tenant)
        _demand_key(ctx, project)
        # After a purge of unsigned reports nothing else is in doubt, and judging would fetch what is purged.
        judged = not heads or project.configuration.audit.signers
        believed = ledger.belief(tenant.name) if judged else Belief()
        chain, breaks = ledger.whole(tenant.name, without=() if heads else believed.broken)
        contradicting = {} if heads else ledger.contradicting(tenant.name)
        over = {**(believed.passed_over or {}), **contradicting}
        newest = next((one for one in reversed(chain) if one.path not in over), None)
        if newest is None or ledger.tip is None:
            raise InvalidInput(f"there is no report of {tenant.name} to go on from", "restore the branch")
        if heads:
            _demand_heads(heads, chain, ledger.tip, repository)
        elif not (over or believed.broken or breaks):
            fact = "nothing is in doubt, and no OLD=NEW says what a purge replaced"
            raise InvalidInput(fact, "name what was, and what it became", where="OLD=NEW")
        else:
            newest = newest if contradicting else believed.newest or newest
        content = _content(ctx, repository, newest, heads, started=started)
        content["ran"] = ran_json(project, tenant, ctx.environ, None)
        content["reanchor"] = {
            "heads": dict(heads),
            "reason": reason.strip(),
            "evidence": evidence,
            "breaks": [break_json(one) for one in sorted(breaks)],
            "passed_over": links(contradicting),
        }
        ledger.check_writable()
        stored = ledger.append(content, _plan(ctx.clock(), tenant.name, content), at=ctx.clock())
        ledger.deliver(push=True)
        ledger.demand_signed()
    return Reanchored(stored, heads, tuple(sorted(breaks)), chain[0].sha256)


def _demand_said(reason: str, evidence: str) -> None:
    if not reason.strip() or not reason.isprintable():
        raise InvalidInput("no reason is given", "say which purge this was, in a line", where="--reason")
    if not is_reference(evidence):
        raise InvalidInput(
            "this is no reference", "write one to the order, such as ORDER-17: letters, digits, . _ : / -",
            where="--evidence",
        )  # fmt: skip


def _demand_key(ctx: CommandContext, project: Project) -> None:
    """See that the record can be signed, where only signed reports count."""
    if project.configuration.audit.signers and not ctx.environ.get(SIGNING_KEY):
        raise InvalidInput(
            f"audit.signers is set, and {SIGNING_KEY} is not: the record would not count",
            "run it where reports are signed, or name the key there",
            where=SIGNING_KEY,
        )


def _demand_heads(
    heads: Mapping[str, str], chain: list[StoredReport], tip: str, repository: Repository
) -> None:
    """See that what was is gone, that what it became is there, and that one of these is the chain's end."""
    known = {stored.sha256 for stored in chain}

    def there(name: str) -> bool:
        if name in known:
            return True
        lines = [tip, repository.head()]
        return repository.has_commit(name) and any(end and repository.is_ancestor(name, end) for end in lines)

    for old, new in heads.items():
        if there(old):
            raise InvalidInput(
                f"{old} is still there: nothing has replaced it", "name what is gone", where="OLD"
            )
        if not there(new):
            raise InvalidInput(
                f"{new} is neither a report of the chain nor a commit of its branch or of HEAD's",
                "name what is there now",
                where="NEW",
            )
    if not {tip, chain[-1].sha256} & set(heads.values()):
        raise InvalidInput(
            "no NEW is where the chain ends now",
            f"name the branch's tip, OLD={tip}, or the newest report, OLD={chain[-1].sha256}",
            where="OLD=NEW",
        )


def _content(
    ctx: CommandContext,
    repository: Repository,
    newest: StoredReport,
    heads: Mapping[str, str],
    *,
    started: datetime,
) -> Content:
    """Repeat the newest report; its revision is what the purge made of it, where it is one of the heads."""
    content = repeated(ctx, repository, newest.report, started, status=REANCHORED)
    was = newest.report.revision
    content["revision"] = heads.get(was, was)
    if not repository.has_commit(content["revision"]):
        raise InvalidInput(
            f"{was[:12]}, the revision of the newest report, is gone: nothing would be held any more",
            f"say what it became, too: {was}=NEW",
            where="OLD=NEW",
        )
    return content


def _plan(now: datetime, tenant: str, content: Content) -> bytes:
    """Say that nothing was planned."""
    heading = Heading(
        tool_version=content["tool_version"],
        tenant=tenant,
        target=None,
        revision=content["revision"],
        held_revision=content["held_revision"],
        as_of=Today.at(now).as_of,
        created_at=iso(now),
    )
    return orjson.dumps({**failed_json(heading, ()), "errored": False, "overwrites": [], "interrupted": []})
