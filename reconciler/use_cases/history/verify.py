"""`dnc audit verify`, `anchor`, `reanchor`: whether the record is whole, and how it goes on."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import orjson

from reconciler.audit.breaks import Break, break_to_json
from reconciler.audit.report import REANCHORED, StoredReport
from reconciler.audit.report_content import Content
from reconciler.audit.trust import ChainAssessment, report_links
from reconciler.audit.verification import Expectations, Verification
from reconciler.core.model.entries import is_reference
from reconciler.core.model.errors import BrokenChain, InvalidInput
from reconciler.core.planning.plan import Heading, failed_plan_to_json
from reconciler.git.repository import Repository
from reconciler.git.runner import SIGNING_KEY
from reconciler.use_cases.history.record_verdict import (
    TenantVerdict,
    Verdict,
    chain_copies,
    problems_of,
)
from reconciler.use_cases.reconcile.failed_run import repeated_content
from reconciler.use_cases.reconcile.report.run_facts import program_json
from reconciler.use_cases.reconcile.run_lock import hold_run_lock
from reconciler.use_cases.workspace.context import CommandContext, Today, iso
from reconciler.use_cases.workspace.opening import Record, open_record, signers_of
from reconciler.use_cases.workspace.project import Project
from reconciler.yaml_tree.documents import read_document
from reconciler.yaml_tree.nodes import MapNode


@dataclass(frozen=True, slots=True)
class VerifyResult:
    """What was found, the verdict on each tenant, and which first reports are pinned.

    `unpinned` gives by tenant the SHA-256 of a first report that nothing pins; of no record in doubt.
    `has_audit_settings`: the configuration has an `audit` section, to which a pin is to be added.
    """

    verification: Verification
    genesis: Mapping[str, str]
    branch: str
    tenants: tuple[TenantVerdict, ...]
    unpinned: Mapping[str, str]
    has_audit_settings: bool

    @property
    def verdict(self) -> Verdict:
        """Judge the record as a whole: the worst of all that was looked at."""
        verdicts = {one.verdict for one in self.tenants}
        if self.verification.problems or Verdict.FAILED in verdicts:
            return Verdict.FAILED
        missing_due = any(one.verdict is Verdict.NOTHING and one.is_due for one in self.tenants)
        return Verdict.NOTHING if missing_due or Verdict.OK not in verdicts else Verdict.OK

    @property
    def exit_code(self) -> int:
        """A chain that does not hold comes before one that is only old, or not there."""
        if self.verification.problems:
            return 4
        return 3 if self.verification.stale or self.verdict is not Verdict.OK else 0


@dataclass(frozen=True, slots=True)
class AnchorResult:
    """A tag on the audit branch's tip, and the heads of the chains there. `is_pushed`: the remote has it."""

    tag: str
    commit: str
    heads: tuple[StoredReport, ...]
    is_pushed: bool


def verify_chains(
    ctx: CommandContext, anchors: tuple[str, ...] = (), max_age: timedelta | None = None
) -> VerifyResult:
    """Check the chains, against what is pinned and anchored; with `max_age`, how old the newest reports are.

    The tags of earlier anchors are checked by themselves.
    """
    return _verify_record(open_record(ctx), ctx, anchors, max_age)


def anchor(ctx: CommandContext) -> AnchorResult:
    """Tag the audit branch's tip, and push the tag where there is a remote.

    Raises BrokenChain where the chain does not verify: an anchor would vouch for it.
    """
    record = open_record(ctx)
    verification = _verify_record(record, ctx, (), None).verification
    if verification.problems:
        first_problem = verification.problems[0]
        raise BrokenChain(
            f"the chain does not verify, so it is not anchored: {first_problem.message}",
            "run dnc audit verify, and call an auditor",
            where=first_problem.file,
        )
    ledger, repository = record.ledger, record.repository
    ledger.refresh()
    if ledger.tip is None:
        raise InvalidInput("there is no report to anchor yet", "dnc apply writes the first")
    ledger.deliver(push=True)
    tag = _anchor_pattern(record).replace("*", f"{ctx.clock():%Y%m%dT%H%M%SZ}")
    repository.tags.create(tag, ledger.tip)
    newest = (ledger.newest(tenant) for tenant in sorted(record.project.configuration.tenants))
    return AnchorResult(
        tag,
        ledger.tip,
        tuple(stored_report for stored_report in newest if stored_report),
        repository.remote() is not None,
    )


def _anchor_pattern(record: Record) -> str:
    """Say what the tags are called that `dnc audit anchor` makes, as a pattern."""
    return f"{record.ledger.branch}-anchor-*"


def _verify_record(
    record: Record, ctx: CommandContext, anchors: tuple[str, ...], max_age: timedelta | None
) -> VerifyResult:
    audit = record.project.configuration.audit
    tagged_commits = sorted(record.repository.tags.find_tags(_anchor_pattern(record)).values())
    expected = Expectations(
        genesis=audit.genesis,
        anchors=tuple(dict.fromkeys((*anchors, *tagged_commits))),
        due=_tenants_due(record.project, ctx),
        since=ctx.clock() - max_age if max_age is not None else None,
    )
    signers = signers_of(audit, record.repository, ctx)
    verification = record.ledger.verify(expected, signers)
    verdicts = tuple(_tenant_verdicts(record.project, verification, ctx, expected))
    unpinned = {
        one.tenant: one.copies.head.first
        for one in verdicts
        if one.verdict is Verdict.OK and one.copies.head and one.tenant in expected.due.keys() - audit.genesis
    }
    has_settings = _has_audit_settings(record.project)
    return VerifyResult(verification, audit.genesis, audit.branch, verdicts, unpinned, has_settings)


def _tenants_due(project: Project, ctx: CommandContext) -> Mapping[str, bool]:
    """Name the tenants that runs report of; True: one without any report is late, too."""
    if ctx.options.tenant is not None:
        return {project.tenant(ctx.options.tenant).name: True}
    return {tenant.name: not tenant.embedded for tenant in project.configuration.tenants.values()}


def _tenant_verdicts(
    project: Project, verification: Verification, ctx: CommandContext, expected: Expectations
) -> Iterator[TenantVerdict]:
    """Judge the tenant that is named; else all that are due or have reports, under whatever name.

    While the default tenant is a built-in CXone with reports, the project is tried out: then a tenant that no
    run has reported of yet is mentioned, and the record passes all the same.
    """
    audit, tenants, since = project.configuration.audit, project.configuration.tenants, expected.since
    with_reports = {head.tenant for head in verification.heads if ":" not in head.branch}
    default = tenants[project.configuration.default_tenant]
    is_named = ctx.options.tenant is not None
    is_tried_out = default.embedded and default.name in with_reports and not is_named and since is None
    looked_at = set(expected.due) if is_named else with_reports | verification.continued.keys()
    looked_at |= {name for name, must in expected.due.items() if must}
    for name in sorted(looked_at) or [default.name]:
        copies = chain_copies(verification, audit.branch, name)
        is_old = since is not None and (copies.head is None or copies.head.finished_at < since)
        yield TenantVerdict(
            name,
            copies,
            problems_of(name, verification.problems, audit.path, {*tenants, *with_reports}),
            is_due=expected.due.get(name, False) and not is_tried_out,
            is_too_old=is_old and name in expected.due,
        )


def _has_audit_settings(project: Project) -> bool:
    root = read_document(project.configuration_path, project.configuration_data).root
    return isinstance(root, MapNode) and "audit" in root.values


@dataclass(frozen=True, slots=True)
class ReanchorResult:
    """The record, the breaks that it explains, and the SHA-256 of the report that the chain starts with."""

    stored_report: StoredReport
    heads: Mapping[str, str]
    breaks: tuple[Break, ...]
    first_sha256: str


def reanchor(ctx: CommandContext, heads: Mapping[str, str], reason: str, evidence: str) -> ReanchorResult:
    """Add the record to the tenant's chain, and push it where there is a remote.

    `heads` leads from what was to what it became: commits, or SHA-256 of reports. Raises InvalidInput for
    heads that do not fit the branch as it is, and for a reason or evidence that says nothing.
    """
    _demand_reason(reason, evidence)
    started_at = ctx.clock()
    with hold_run_lock(ctx):
        repository, project, ledger = open_record(ctx)
        ledger.refresh()
        tenant = project.tenant(ctx.options.tenant)
        _demand_key(ctx, project)
        # After a purge of unsigned reports nothing else is in doubt, and judging would fetch what is purged.
        needs_judgement = not heads or project.configuration.audit.signers
        belief = ledger.assessment(tenant.name) if needs_judgement else ChainAssessment()
        chain, breaks = ledger.read_chain(tenant.name, without=() if heads else belief.broken)
        contradicting = {} if heads else ledger.contradicting_reports(tenant.name)
        passed_over = {**(belief.passed_over or {}), **contradicting}
        newest = next(
            (chain_report for chain_report in reversed(chain) if chain_report.path not in passed_over), None
        )
        if newest is None or ledger.tip is None:
            raise InvalidInput(f"there is no report of {tenant.name} to continue from", "restore the branch")
        if heads:
            _demand_heads(heads, chain, ledger.tip, repository)
        elif not (passed_over or belief.broken or breaks):
            fact = "nothing is in doubt, and no OLD=NEW says what a purge replaced"
            raise InvalidInput(fact, "name what was, and what it became", where="OLD=NEW")
        else:
            newest = newest if contradicting else belief.newest or newest
        content = _reanchor_content(ctx, repository, newest, heads, started_at=started_at)
        content["ran"] = program_json(project, tenant, ctx.environ, None)
        content["reanchor"] = {
            "heads": dict(heads),
            "reason": reason.strip(),
            "evidence": evidence,
            "breaks": [break_to_json(chain_report) for chain_report in sorted(breaks)],
            "passed_over": report_links(contradicting),
        }
        ledger.check_writable()
        stored_report = ledger.append(content, _empty_plan(ctx.clock(), tenant.name, content), at=ctx.clock())
        ledger.deliver(push=True)
        ledger.demand_signed()
    return ReanchorResult(stored_report, heads, tuple(sorted(breaks)), chain[0].sha256)


def _demand_reason(reason: str, evidence: str) -> None:
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
    known_hashes = {stored_report.sha256 for stored_report in chain}

    def there(name: str) -> bool:
        if name in known_hashes:
            return True
        lines = [tip, repository.head()]
        return repository.has_commit(name) and any(end and repository.is_ancestor(name, end) for end in lines)

    for old_head, new_head in heads.items():
        if there(old_head):
            raise InvalidInput(
                f"{old_head} is still there: nothing has replaced it", "name what is gone", where="OLD"
            )
        if not there(new_head):
            raise InvalidInput(
                f"{new_head} is neither a report of the chain nor a commit of its branch or of HEAD's",
                "name what is there now",
                where="NEW",
            )
    if not {tip, chain[-1].sha256} & set(heads.values()):
        raise InvalidInput(
            "no NEW is where the chain ends now",
            f"name the branch's tip, OLD={tip}, or the newest report, OLD={chain[-1].sha256}",
            where="OLD=NEW",
        )


def _reanchor_content(
    ctx: CommandContext,
    repository: Repository,
    newest: StoredReport,
    heads: Mapping[str, str],
    *,
    started_at: datetime,
) -> Content:
    """Repeat the newest report; its revision is what the purge made of it, where it is one of the heads."""
    content = repeated_content(ctx, repository, newest.report, started_at, status=REANCHORED)
    was = newest.report.revision
    content["revision"] = heads.get(was, was)
    if not repository.has_commit(content["revision"]):
        raise InvalidInput(
            f"{was[:12]}, the revision of the newest report, is gone: no number would count as applied",
            f"say what it became, too: {was}=NEW",
            where="OLD=NEW",
        )
    return content


def _empty_plan(now: datetime, tenant: str, content: Content) -> bytes:
    """Say that nothing was planned."""
    heading = Heading(
        tool_version=content["tool_version"],
        tenant=tenant,
        target=None,
        revision=content["revision"],
        last_applied_revision=content["held_revision"],
        as_of=Today.at(now).as_of,
        created_at=iso(now),
    )
    return orjson.dumps(
        {**failed_plan_to_json(heading, ()), "errored": False, "overwrites": [], "interrupted": []}
    )
