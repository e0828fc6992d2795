"""`dnc doctor`: what a run needs, each with its fix. Reads only, and does not verify the chain."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Any

from reconciler.config.configuration import Tenant, resolve
from reconciler.config.connection_settings import GroupsSettings
from reconciler.core.model.errors import DncError, InvalidInput, RepositoryProblem, Unread
from reconciler.core.model.provider import Provider
from reconciler.cxone.groups.dialect import CEILING
from reconciler.cxone.groups.number_check import Probe
from reconciler.cxone.groups.provider import GroupsProvider
from reconciler.git.repository import Repository
from reconciler.gitlab.client import GitLab, GitLabProblem
from reconciler.rules.rule_set import editor_schemas
from reconciler.use_cases.reconcile.clock_skew import LIMIT_SECONDS, WAY_OUT, said, skew
from reconciler.use_cases.reconcile.safety import TOKEN
from reconciler.use_cases.workspace.connection import connect
from reconciler.use_cases.workspace.context import CommandContext, Today
from reconciler.use_cases.workspace.destination import demand_destination
from reconciler.use_cases.workspace.opening import open_project, open_repository
from reconciler.use_cases.workspace.project import SCHEMA_FOLDER, Project


class State(StrEnum):
    """How a check ended."""

    OK = "ok"
    WARNING = "warning"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at. `exit_code` is what a failure comes to."""

    name: str
    state: State
    said: str
    way_out: str = ""
    exit_code: int = 0


def ok(name: str, said: str) -> Check:
    """Say that something is as it should be."""
    return Check(name, State.OK, said)


def failed(name: str, error: DncError) -> Check:
    """Say an error as a check. Several findings are too many for a line: the first, and how many."""
    own = error.findings
    fact = f"{error.where}: {error.fact}" if error.where else error.fact
    if own and own[0].line:
        fact = f"{own[0]}" + (f" (and {len(own) - 1} more: dnc validate)" if len(own) > 1 else "")
    return Check(name, State.FAIL, fact, error.way_out, error.exit_code)


_WHERE = "Settings > Repository > Protected branches"
_NOBODY = 0  # GitLab's access level "No one"

Rule = Mapping[str, Any]


def protection(ctx: CommandContext, audit_branch: str) -> Iterator[Check]:
    """Look at the default branch and the audit branch, where a token can see them. Nothing without one."""
    pipeline = ctx.pipeline
    url, project, token = (pipeline.get(name) for name in ("CI_API_V4_URL", "CI_PROJECT_ID", TOKEN))
    if not (url and project and token):
        return
    try:
        with GitLab(url, project, token) as gitlab:
            rules = list(gitlab.pages("/protected_branches"))
    except GitLabProblem as problem:
        yield ok("protected branches", f"not seen: {problem.fact}; look yourself: {_WHERE}")
        return
    default = pipeline.get("CI_DEFAULT_BRANCH")
    if default is not None:
        yield _default(default, _reaching(rules, default))
    yield _audit(audit_branch, _reaching(rules, audit_branch))


def _default(branch: str, rules: Sequence[Rule]) -> Check:
    name = "default branch"
    remedy = f"{_WHERE}: {branch}, merge: Maintainers, push: nobody, force push: off"
    if not rules:
        said = f"{branch} is not protected: whoever may push passes by review"
        return Check(name, State.WARNING, said, remedy)
    if pushing := _pushing(rules):
        said = f"{branch} takes pushes of {', '.join(pushing)}: they pass by review"
        return Check(name, State.WARNING, said, remedy)
    return ok(name, f"{branch} takes merge requests only")


def _audit(branch: str, rules: Sequence[Rule]) -> Check:
    name = "audit protection"
    remedy = f"{_WHERE}: {branch}, merge: nobody, push: the bot of DNC_GIT_TOKEN, force push: off"
    if not rules:
        said = f"{branch} is not protected: whoever may push can rewrite the record"
        return Check(name, State.WARNING, said, remedy)
    if any(rule.get("allow_force_push") for rule in rules):
        return Check(name, State.WARNING, f"{branch} takes forced pushes: they rewrite the record", remedy)
    pushing = _pushing(rules)
    if not pushing:
        said = f"{branch} takes no push: an apply could not deliver its report (exit 9)"
        return Check(name, State.WARNING, said, remedy)
    return ok(name, f"{branch} takes pushes of {', '.join(pushing)}, none of them forced")


def _reaching(rules: Sequence[Rule], branch: str) -> list[Rule]:
    return [rule for rule in rules if fnmatchcase(branch, str(rule.get("name", "")).replace("[", "[[]"))]


def _pushing(rules: Sequence[Rule]) -> list[str]:
    """Say who may push, in GitLab's words."""
    levels = [level for rule in rules for level in rule.get("push_access_levels") or ()]
    allowed = [level for level in levels if level.get("access_level") != _NOBODY]
    return sorted({str(level.get("access_level_description") or "somebody") for level in allowed})


@dataclass(frozen=True, slots=True)
class Probed:
    """What was seen, and what to write below the tenant in dnc.yaml, by key."""

    checks: tuple[Check, ...]
    settings: Mapping[str, object]


def probe(provider: GroupsProvider, list_ids: frozenset[str], connection: GroupsSettings) -> Probed:
    """Read these lists' groups, look one number up, and say which settings fit. Raises as a read does."""
    found = provider.probe(list_ids)
    groups = {list_id: provider.own_id(list_id) for list_id in sorted(list_ids)}
    settings: dict[str, object] = {"numberForm": found.number_form or connection.number_form}
    if not connection.embedded and groups:
        settings["listIds"] = groups
    return Probed(tuple(_checks(found, connection, groups)), settings)


def _checks(found: Probe, connection: GroupsSettings, groups: Mapping[str, str]) -> Iterator[Check]:
    named = ", ".join(f"{list_id} is group {group}" for list_id, group in groups.items())
    yield ok("groups", named or "no list names one")
    yield _form(found, connection)
    yield _search(found, connection)
    yield ok("records", f"{found.records:,} of the {CEILING:,} of an environment, calling lists not counted")
    for warning in found.warnings:
        yield Check("group", State.WARNING, warning.message)


def _form(found: Probe, connection: GroupsSettings) -> Check:
    written = connection.number_form
    seen = f"{found.own:,} numbers as `numberForm: {written}`, {found.other:,} in the other form"
    if found.number_form is None:
        return Check(
            "numberForm",
            State.WARNING,
            f"no number of region {connection.region} to tell the form by",
            "add one number to the group in CXone, and run this again",
        )
    if found.number_form != written:
        return Check("numberForm", State.FAIL, seen, f"write numberForm: {found.number_form}", 4)
    return ok("numberForm", seen)


def _search(found: Probe, connection: GroupsSettings) -> Check:
    if found.search is None:
        return Check("search", State.WARNING, "no number to look up", "add one in CXone, and run this again")
    if not found.search and found.number_form != connection.number_form:
        return Check(
            "search", State.WARNING, "not found in the form that is set", "correct it, and run this again"
        )
    if not found.search:
        return Check(
            "search",
            State.WARNING,
            "a number that was read is not found by a search",
            "ask NICE for the right to search DNC groups: without it nothing is expired",
        )
    return ok("search", "a number that was read is found again")


USUAL_PACE = 200  # customer-supplied specification: 100 to 200 requests a minute, depending on tier


@dataclass(frozen=True, slots=True)
class Examined:
    """Every check, and what a probe found."""

    tenant: str
    checks: tuple[Check, ...]
    probed: Probed | None = None

    @property
    def exit_code(self) -> int:
        """Give the first failure's."""
        return next((check.exit_code for check in self.checks if check.state is State.FAIL), 0)


def doctor(ctx: CommandContext, *, with_probe: bool = False) -> Examined:
    """Look at everything that can be looked at; what fails stops only what needs it."""
    checks: list[Check] = []
    repository, found = _repository(ctx)
    checks += found
    try:
        project = open_project(ctx, repository)
        tenant = project.tenant(ctx.options.tenant)
    except DncError as error:
        return Examined(ctx.options.tenant or "", (*checks, failed("configuration", error)))
    checks.append(ok("configuration", f"{project.configuration_path}, tenant {tenant.name}"))
    checks += _schemas(project)
    checks += _remote(repository, project)
    checks += protection(ctx, project.configuration.audit.branch)
    checks.append(_pace(tenant))
    try:
        demand_destination(ctx, repository, project)
        tenant = resolve(tenant, ctx.environ)
    except (InvalidInput, RepositoryProblem) as error:
        return Examined(tenant.name, (*checks, failed("environment", error)))
    checks.append(ok("environment", "every variable that this tenant names is set"))
    probed: Probed | None = None
    try:
        with connect(tenant, ctx) as provider:
            met = tuple(_cxone(provider, tenant))
            checks += met
            if with_probe and all(check.state is not State.FAIL for check in met):
                probed = _probed(provider, project, tenant, Today.at(ctx.clock()))
                checks += probed.checks
    except DncError as error:
        checks.append(failed("probe" if with_probe else "cxone", error))
    return Examined(tenant.name, tuple(checks), probed)


def _repository(ctx: CommandContext) -> tuple[Repository | None, list[Check]]:
    try:
        repository = open_repository(ctx)
        if repository is None:
            raise InvalidInput("this is no git repository", "git init, commit, and again; apply needs one")
        repository.check_writable()
        if repository.head() is None:
            raise InvalidInput("there is no commit yet", "commit lists, schema and configuration first")
    except DncError as error:
        return None, [failed("git", error)]
    return repository, [ok("git", f"{repository.root}, a repository that takes commits")]


def _schemas(project: Project) -> Iterator[Check]:
    """Hold the schemas in the repository, where it has them for editors, against those of this version."""
    packaged = {f"{SCHEMA_FOLDER}{name}": data for name, data in editor_schemas().items()}
    own = project.tree.read(packaged.__contains__)
    other = sorted(path for path, data in own.items() if data != packaged[path])
    if other:
        yield Check(
            "schemas",
            State.WARNING,
            f"{', '.join(other)}: not this version's, and in force all the same",
            "dnc init --schemas, unless you wrote them so: what is new since is refused until then",
        )
    elif own:
        yield ok("schemas", "those for editors are this version's")


def _remote(repository: Repository | None, project: Project) -> Iterator[Check]:
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
        yield failed("remote", error)
        return
    yield ok("remote", f"{name} answers")
    if audit.branch in tips:
        yield ok("audit branch", f"{name} has {audit.branch}")
    else:
        yield Check("audit branch", State.OK, f"{name} has no {audit.branch} yet: the first apply makes it")
    if audit.push == "never":
        yield Check("audit push", State.WARNING, "audit.push is never: reports stay here", "dnc audit push")
        return
    try:
        repository.demand_push(audit.branch)
    except DncError as error:
        yield failed("audit push", error)
        return
    yield ok("audit push", f"{name} takes a push of ours; if {audit.branch} is protected, an apply shows")


def _pace(tenant: Tenant) -> Check:
    rate = tenant.connection.requests_per_minute
    said = f"{rate:,} requests a minute, {rate * tenant.connection.chunk_size * 60:,} numbers an hour at most"
    if tenant.embedded or rate <= USUAL_PACE:
        return ok("rate", said)
    remedy = f"ask NICE for this tenant's limit; without an answer requestsPerMinute: {USUAL_PACE // 2}"
    return Check("rate", State.WARNING, f"{said}: more than tenants are known to allow", remedy)


def _cxone(provider: Provider, tenant: Tenant) -> Iterator[Check]:
    """Sign in and read. Whether we may write, only a write tells."""
    try:
        entries = provider.total()
    except DncError as error:
        signed_in = isinstance(error, Unread) or error.where.startswith("GET ")  # every sign-in is a POST
        if signed_in:
            yield ok("sign-in", "CXone gives a token")
        yield failed("read" if signed_in else "sign-in", error)
        return
    target = provider.target
    yield ok("sign-in", f"organisation {target.organisation} at {target.host}")
    yield ok("read", f"{entries:,} rows")
    scope = "dnc:entries:write" if tenant.dialect == "entries" else "a role that may edit DNC groups"
    yield Check("write", State.OK, f"not tried: apply needs {scope}; removal: {tenant.removal}")
    yield _clock(provider)


def _clock(provider: Provider) -> Check:
    offset = provider.clock_offset()
    if offset is None:
        return Check(
            "clock",
            State.WARNING,
            "CXone's answers have no Date, so its clock is unknown",
            "watch this machine's",
        )
    seconds = abs(skew(offset))
    if seconds <= LIMIT_SECONDS:
        return ok("clock", f"within {seconds:.0f} s of CXone's")
    return Check("clock", State.WARNING, said(offset), WAY_OUT)


def _probed(provider: Provider, project: Project, tenant: Tenant, today: Today) -> Probed:
    settings = tenant.connection
    if not (isinstance(provider, GroupsProvider) and isinstance(settings, GroupsSettings)):
        return Probed((Check("probe", State.WARNING, "dialect entries has nothing to probe"),), {})
    sources = project.sources(tenant)
    # What is wrong in a file, `dnc validate` says: here only the lists that are named count.
    lists = project.read_lists(sources, today)
    return probe(provider, lists.claims.list_ids, settings)
