"""`dnc doctor`: what a run needs, each with its fix. Reads only, and does not verify the chain."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from reconciler.audit.report import Report
from reconciler.audit.report_files import tenant_of_path
from reconciler.config.configuration import AuditSettings, Tenant, resolve
from reconciler.core.model.errors import (
    BrokenChain,
    CxoneUnreadable,
    DncError,
    InvalidInput,
    RepositoryProblem,
)
from reconciler.core.model.finding import Severity, count_text
from reconciler.core.model.provider import Provider
from reconciler.git.repository import Repository
from reconciler.gitlab.client import GitLab, GitLabProblem
from reconciler.rules.rule_set import editor_schemas
from reconciler.use_cases.operations.health_check import Check, State, failed_check, passed_check
from reconciler.use_cases.operations.tenant_probe import ProbeResult, probe_tenant
from reconciler.use_cases.reconcile.clock_skew import FIX, LIMIT_SECONDS, format_skew, skew_seconds
from reconciler.use_cases.reconcile.safety import TOKEN
from reconciler.use_cases.reconcile.skill_coverage import CoverageLookup
from reconciler.use_cases.workspace.audit_branch import audit_branch_findings
from reconciler.use_cases.workspace.connection import connect
from reconciler.use_cases.workspace.context import CommandContext, Today
from reconciler.use_cases.workspace.destination import demand_destination
from reconciler.use_cases.workspace.opening import open_ledger, open_project, open_repository, refresh_ledger
from reconciler.use_cases.workspace.project import SCHEMA_FOLDER, Project

_SETTINGS_PAGE = "Settings > Repository > Protected branches"
_NO_ACCESS = 0  # GitLab's access level "No one"

Rule = Mapping[str, Any]


def protection_checks(ctx: CommandContext, audit_branch: str) -> Iterator[Check]:
    """Look at the default branch and the audit branch, where a token can see them. Nothing without one."""
    pipeline = ctx.pipeline
    url, project, token = (pipeline.get(name) for name in ("CI_API_V4_URL", "CI_PROJECT_ID", TOKEN))
    if not (url and project and token):
        return
    try:
        with GitLab(url, project, token) as gitlab:
            rules = list(gitlab.pages("/protected_branches"))
    except GitLabProblem as problem:
        yield passed_check("protected branches", f"not seen: {problem.fact}; look yourself: {_SETTINGS_PAGE}")
        return
    default = pipeline.get("CI_DEFAULT_BRANCH")
    if default is not None:
        yield _default_branch_check(default, _matching_rules(rules, default))
    yield _audit_branch_check(audit_branch, _matching_rules(rules, audit_branch))


def _default_branch_check(branch: str, rules: Sequence[Rule]) -> Check:
    name = "default branch"
    remedy = f"{_SETTINGS_PAGE}: {branch}, merge: Maintainers, push: no one, force push: off"
    if not rules:
        message = f"{branch} is not protected: whoever may push passes by review"
        return Check(name, State.WARNING, message, remedy)
    if pushing := _push_access(rules):
        message = f"{branch} takes pushes of {', '.join(pushing)}: they pass by review"
        return Check(name, State.WARNING, message, remedy)
    return passed_check(name, f"{branch} takes merge requests only")


def _audit_branch_check(branch: str, rules: Sequence[Rule]) -> Check:
    name = "audit protection"
    remedy = f"{_SETTINGS_PAGE}: {branch}, merge: no one, push: the bot of DNC_GIT_TOKEN, force push: off"
    if not rules:
        message = f"{branch} is not protected: whoever may push can rewrite the record"
        return Check(name, State.WARNING, message, remedy)
    if any(rule.get("allow_force_push") for rule in rules):
        return Check(name, State.WARNING, f"{branch} takes forced pushes: they rewrite the record", remedy)
    pushing = _push_access(rules)
    if not pushing:
        message = f"{branch} takes no push: an apply could not deliver its report (exit 9)"
        return Check(name, State.WARNING, message, remedy)
    return passed_check(name, f"{branch} takes pushes of {', '.join(pushing)}, none of them forced")


def _matching_rules(rules: Sequence[Rule], branch: str) -> list[Rule]:
    return [rule for rule in rules if fnmatchcase(branch, str(rule.get("name", "")).replace("[", "[[]"))]


def _push_access(rules: Sequence[Rule]) -> list[str]:
    """Say who may push, in GitLab's words."""
    levels = [level for rule in rules for level in rule.get("push_access_levels") or ()]
    allowed_levels = [level for level in levels if level.get("access_level") != _NO_ACCESS]
    return sorted({str(level.get("access_level_description") or "somebody") for level in allowed_levels})


USUAL_PACE = 200  # customer-supplied specification: 100 to 200 requests a minute, depending on tier


@dataclass(frozen=True, slots=True)
class DoctorResult:
    """Every check, and what a probe found."""

    tenant: str
    checks: tuple[Check, ...]
    probe_result: ProbeResult | None = None

    @property
    def exit_code(self) -> int:
        """Give the first failure's."""
        return next((check.exit_code for check in self.checks if check.state is State.FAIL), 0)


def doctor(ctx: CommandContext, *, with_probe: bool = False) -> DoctorResult:
    """Look at everything that can be looked at; what fails stops only what needs it."""
    checks: list[Check] = []
    repository, repository_checks = _repository_checks(ctx)
    checks += repository_checks
    try:
        project = open_project(ctx, repository)
        tenant = project.tenant(ctx.options.tenant)
    except DncError as error:
        return DoctorResult(ctx.options.tenant or "", (*checks, failed_check("configuration", error)))
    checks.append(passed_check("configuration", f"{project.configuration_path}, tenant {tenant.name}"))
    checks += _list_checks(project, tenant)
    checks += _schema_checks(project)
    branch_checks = _audit_branch_checks(ctx, repository, project)
    checks += branch_checks
    checks += [
        check
        for check in _remote_checks(repository, project)
        if check.name not in {failed.name for failed in branch_checks}
    ]
    checks += protection_checks(ctx, project.configuration.audit.branch)
    checks.append(_pace_check(tenant))
    try:
        demand_destination(ctx, repository, project)
        tenant = resolve(tenant, ctx.environ)
    except (InvalidInput, RepositoryProblem) as error:
        return DoctorResult(tenant.name, (*checks, failed_check("environment", error)))
    checks.append(passed_check("environment", "every variable that this tenant names is set"))
    probe_result: ProbeResult | None = None
    try:
        with connect(tenant, ctx) as provider:
            cxone_checks = tuple(_cxone_checks(provider, tenant))
            checks += cxone_checks
            if not any(check.state is State.FAIL for check in cxone_checks):
                newest = _newest_report(ctx, project, repository, tenant, provider)
                checks += _coverage_checks(ctx, project, tenant, provider, newest)
            if with_probe and any(check.state is State.FAIL for check in cxone_checks):
                checks.append(Check("probe", State.WARNING, "not made, since CXone could not be read"))
            elif with_probe:
                probe_result = probe_tenant(provider, project, tenant, Today.at(ctx.clock()))
                checks += probe_result.checks
    except DncError as error:
        checks.append(failed_check("probe" if with_probe else "cxone", error))
    return DoctorResult(tenant.name, tuple(checks), probe_result)


def _repository_checks(ctx: CommandContext) -> tuple[Repository | None, list[Check]]:
    try:
        repository = open_repository(ctx)
        if repository is None:
            raise InvalidInput("this is no git repository", "git init, commit, and again; apply needs one")
        repository.check_writable()
        if repository.head() is None:
            raise InvalidInput("there is no commit yet", "commit lists, schema and configuration first")
    except DncError as error:
        return None, [failed_check("git", error)]
    return repository, [passed_check("git", f"{repository.root}, a repository that takes commits")]


def _list_checks(project: Project, tenant: Tenant) -> Iterator[Check]:
    """See whether the tenant's patterns reach the list files that there are. A new project has none yet."""
    for finding in project.reach_findings([tenant]) if project.has_lists() else ():
        state, code = (State.FAIL, 4) if finding.severity is Severity.ERROR else (State.WARNING, 0)
        yield Check("lists", state, f"{finding}", f"correct lists of {tenant.name}", code)


def _schema_checks(project: Project) -> Iterator[Check]:
    """Hold the schemas in the repository, where it has them for editors, against those of this version."""
    packaged_schemas = {f"{SCHEMA_FOLDER}{name}": data for name, data in editor_schemas().items()}
    own_schemas = project.tree.read(packaged_schemas.__contains__)
    outdated_paths = sorted(path for path, data in own_schemas.items() if data != packaged_schemas[path])
    if outdated_paths:
        yield Check(
            "schemas",
            State.WARNING,
            f"{', '.join(outdated_paths)}: not this version's, and in force all the same",
            "dnc init --schemas, unless you wrote them so: what is new since is refused until then",
        )
    elif own_schemas:
        yield passed_check("schemas", "those for editors are this version's")


def _remote_checks(repository: Repository | None, project: Project) -> Iterator[Check]:
    """Look at the remote and its audit branch. Nothing is fetched or pushed."""
    if repository is None:
        return
    audit = project.configuration.audit
    try:
        name = repository.remote()
        if name is None:
            yield Check(
                "remote",
                State.WARNING,
                "no remote: reports stay in this clone alone",
                "add one: git remote add origin URL",
            )
            return
        tips = repository.remote_tips()
    except DncError as error:
        yield failed_check("remote", error)
        return
    yield passed_check("remote", f"{name} answers")
    try:
        yield _audit_copies_check(repository, audit, name, tips.get(audit.branch))
    except DncError as error:
        yield failed_check("audit branch", error)
    if audit.push == "never":
        yield Check("audit push", State.WARNING, "audit.push is never: reports stay here", "dnc audit push")
        return
    try:
        repository.demand_push(audit.branch)
    except DncError as error:
        yield failed_check("audit push", error)
        return
    yield passed_check(
        "audit push", f"{name} takes a push of ours; if {audit.branch} is protected, an apply shows"
    )


def _audit_copies_check(repository: Repository, audit: AuditSettings, remote: str, tip: str | None) -> Check:
    """Compare the remote's audit branch, as it is now, with what this clone has and knows of it."""
    check, branch = "audit branch", audit.branch
    known_tip, local_tip = repository.tracking_tip(branch), repository.branch_tip(branch)
    if tip is None and known_tip is not None:
        fix = f"dnc audit verify says how to restore it: call an auditor before you change {branch}"
        fact = f"{remote} had {branch}, and it is gone: reports were removed"
        return Check(check, State.FAIL, fact, fix, BrokenChain.exit_code)
    compared_tip = tip if tip is not None and repository.has_commit(tip) else known_tip
    changes = repository.log_changes(local_tip, beyond=compared_tip) if local_tip else []
    unpushed = sum(
        status == "A" and tenant_of_path(path, audit.path.strip("/")) is not None
        for _, status, path in changes
    )
    has_branch = f"{remote} has {branch}" if tip is not None else f"{remote} has no {branch} yet"
    if unpushed:
        fact = f"{has_branch}. Not at the remote: {count_text(unpushed, 'report')}"
        return Check(check, State.WARNING, fact, "dnc audit push")
    return passed_check(check, has_branch if tip is not None else f"{has_branch}: the first apply makes it")


def _audit_branch_checks(ctx: CommandContext, repository: Repository | None, project: Project) -> list[Check]:
    """See that the audit branch is none of the lists' own, also by what the remote says."""
    default = None
    with suppress(DncError):  # what the remote has to say of itself, another check says
        default = repository.remote_default_branch() if repository and repository.remote() else None
    findings = audit_branch_findings(project, ctx, lambda: repository, default or "")
    fix = f"write a branch of its own, such as {AuditSettings().branch}"
    return [Check("audit branch", State.FAIL, f"{finding}", fix, 4) for finding in findings]


def _pace_check(tenant: Tenant) -> Check:
    rate = tenant.connection.requests_per_minute
    message = (
        f"{rate:,} requests a minute, {rate * tenant.connection.chunk_size * 60:,} numbers an hour at most"
    )
    if tenant.embedded or rate <= USUAL_PACE:
        return passed_check("rate", message)
    remedy = f"ask NICE for this tenant's limit; without an answer requestsPerMinute: {USUAL_PACE // 2}"
    return Check("rate", State.WARNING, f"{message}: more than tenants are known to allow", remedy)


def _cxone_checks(provider: Provider, tenant: Tenant) -> Iterator[Check]:
    """Sign in and read. Whether we may write, only a write tells."""
    try:
        entries = provider.total()
    except DncError as error:
        signed_in = isinstance(error, CxoneUnreadable) or error.where.startswith(
            "GET "
        )  # every sign-in is a POST
        if signed_in:
            yield passed_check("sign-in", "CXone gives a token")
        yield failed_check("read" if signed_in else "sign-in", error)
        return
    target = provider.target
    yield passed_check("sign-in", f"organisation {target.organisation} at {target.host}")
    yield passed_check("read", f"{entries:,} rows")
    scope = "dnc:entries:write" if tenant.dialect == "entries" else "a role that may edit DNC groups"
    yield Check("write", State.UNKNOWN, f"not tried: apply needs {scope}; removal: {tenant.removal}")
    yield _clock_check(provider)


def _newest_report(
    ctx: CommandContext, project: Project, repository: Repository | None, tenant: Tenant, provider: Provider
) -> Report | None:
    """Find the newest report of this CXone: it keeps the skill behind each name of `coverage`."""
    with suppress(DncError):  # what is wrong with the record, other checks and commands say
        ledger = refresh_ledger(open_ledger(project, repository, ctx, goes_on=True), ctx, must=True)
        newest = ledger.newest(tenant.name) if ledger else None
        return newest.report if newest and newest.report.is_of_target(provider.target) else None
    return None


def _coverage_checks(
    ctx: CommandContext, project: Project, tenant: Tenant, provider: Provider, newest: Report | None
) -> Iterator[Check]:
    """See which outbound skills honour the lists, where this CXone tells of skills."""
    lists = project.read_lists(project.sources(tenant), Today.at(ctx.clock()))
    coverage = CoverageLookup(ctx, project, tenant, provider=provider, newest=newest)
    coverage.read(lists.declared_entries.list_ids)
    for finding in coverage.findings:
        fact, _, fix = finding.message.partition("; fix: ")
        yield Check("coverage", State.WARNING, fact, fix)
    rows = coverage.current.rows
    if rows and not coverage.findings:
        yield passed_check("coverage", f"every outbound skill honours {count_text(len(rows), 'list')}")


def _clock_check(provider: Provider) -> Check:
    offset = provider.clock_offset()
    if offset is None:
        return Check(
            "clock",
            State.WARNING,
            "CXone's answers have no Date, so its clock is unknown",
            "watch this machine's",
        )
    seconds = abs(skew_seconds(offset))
    if seconds <= LIMIT_SECONDS:
        return passed_check("clock", f"within {seconds:.0f} s of CXone's")
    return Check("clock", State.WARNING, format_skew(offset), FIX)
