"""`dnc doctor`: what a run needs, each with its remedy. Reads only, and does not verify the chain."""

from collections.abc import Iterator
from dataclasses import dataclass

from reconciler.cxone.groups_provider import GroupsProvider
from reconciler.desired.configuration import Tenant, resolve
from reconciler.desired.schema import editor_schemas
from reconciler.model.errors import DncError, InvalidInput, RepositoryProblem, Unread
from reconciler.model.provider import Provider
from reconciler.reconcile.check import Check, State, failed, ok
from reconciler.reconcile.clock import Today
from reconciler.reconcile.connection import connect
from reconciler.reconcile.destination import demand_destination
from reconciler.reconcile.opening import open_project, open_repository
from reconciler.reconcile.probe import Probed, probe
from reconciler.reconcile.project import SCHEMA_FOLDER, Project
from reconciler.reconcile.protection import protection
from reconciler.reconcile.skew import LIMIT_SECONDS, WAY_OUT, said, skew
from reconciler.reconcile.surroundings import Surroundings
from reconciler.repository.repository import Repository

USUAL_PACE = 200  # the seed: 100 to 200 requests a minute for each tenant, depending on tier


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


def doctor(around: Surroundings, *, with_probe: bool = False) -> Examined:
    """Look at everything that can be looked at; what fails stops only what needs it."""
    checks: list[Check] = []
    repository, found = _repository(around)
    checks += found
    try:
        project = open_project(around, repository)
        tenant = project.tenant(around.tenant)
    except DncError as error:
        return Examined(around.tenant or "", (*checks, failed("configuration", error)))
    checks.append(ok("configuration", f"{project.configuration_path}, tenant {tenant.name}"))
    checks += _schemas(project)
    checks += _remote(repository, project)
    checks += protection(around, project.configuration.audit.branch)
    checks.append(_pace(tenant))
    try:
        demand_destination(around, repository, project)
        tenant = resolve(tenant, around.environ)
    except (InvalidInput, RepositoryProblem) as error:
        return Examined(tenant.name, (*checks, failed("environment", error)))
    checks.append(ok("environment", "every variable that this tenant names is set"))
    probed: Probed | None = None
    try:
        with connect(tenant, around) as provider:
            met = tuple(_cxone(provider, tenant))
            checks += met
            if with_probe and all(check.state is not State.FAIL for check in met):
                probed = _probed(provider, project, tenant, around)
                checks += probed.checks
    except DncError as error:
        checks.append(failed("probe" if with_probe else "cxone", error))
    return Examined(tenant.name, tuple(checks), probed)


def _repository(around: Surroundings) -> tuple[Repository | None, list[Check]]:
    try:
        repository = open_repository(around)
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
    rate = tenant.requests_per_minute
    said = f"{rate:,} requests a minute, {rate * tenant.chunk_size * 60:,} numbers an hour at most"
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


def _probed(provider: Provider, project: Project, tenant: Tenant, around: Surroundings) -> Probed:
    if not isinstance(provider, GroupsProvider):
        return Probed((Check("probe", State.WARNING, "dialect entries has nothing to probe"),), {})
    sources = project.sources(tenant)
    # What is wrong in a file, `dnc validate` says: here only the lists that are named count.
    lists = project.read_lists(sources, Today.at(around.clock()))
    return probe(provider, lists.claims.list_ids, tenant)
