"""`dnc.yaml`: which tenants there are, how much may come off, and where the reports go."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal

from reconciler.config.connection_settings import DIALECTS, REFERENCE, URL_KEYS, EntriesSettings, url_problem
from reconciler.config.globs import (
    glob_problem,
    is_yaml,
    list_folder,
    matches,
    may_lead_to,
    similar_glob,
)
from reconciler.config.import_profile import ImportProfile, parse_profiles
from reconciler.config.tenant import (
    DEFAULT_LISTS,
    Tenant,
    coverage_from_yaml,
    resolve,
    with_known_variables,
)
from reconciler.core.model.errors import InvalidInput
from reconciler.core.model.finding import Finding, Severity, count_text, redact
from reconciler.rules.rule_set import Rules
from reconciler.rules.schema_errors import Step, pointer, rule_id_of, schema_error_to_finding, sentence
from reconciler.yaml_tree.documents import read_document
from reconciler.yaml_tree.nodes import MapNode, locate, plain, unpack

__all__ = [
    "AuditSettings",
    "Configuration",
    "Safety",
    "Tenant",
    "folder_filter",
    "matches",
    "misnamed_files",
    "possible_targets",
    "reach_findings",
    "read_configuration",
    "resolve",
    "shared_target_findings",
    "uncovered_files",
    "unread_folders",
]

Targets = set[tuple[str, ...]]
_ADOPTED_FOLDER = "dnc-lists/adopted/"  # filled by dnc pull, and empty until then
_EMBEDDED_PACE = 60_000  # requests a minute: the built-in CXone is nobody's quota
_PACE = 100  # customer-supplied specification: 100 to 200 requests a minute for each tenant
_INTEGERS = frozenset(
    {
        *("requestsPerMinute", "chunkSize", "concurrency", "daysAfter", "pageSize"),
        *("maxRemovals", "confirmAdditions", "approvals", "maxAgeHours"),
    }
)
_NUMBERS = frozenset({"maxRemovalPercent", "maxLossPercent"})
_BOOLEANS = {"true": True, "false": False}
_INTEGER = re.compile(r"-?[0-9]{1,12}")
_NUMBER = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,12})?")


@dataclass(frozen=True, slots=True)
class Safety:
    """How much may come off a list: numbers, and per cent of what it holds; and what people must say.

    A merge request that adds more than `confirm_additions` numbers is to be confirmed. `approvals` is how
    many people besides its author must have approved a release.
    """

    max_removals: int = 500
    max_removal_percent: float = 1.0
    confirm_additions: int = 10_000
    approvals: int = 0


@dataclass(frozen=True, slots=True)
class AuditSettings:
    """Where the reports go. `push: auto` pushes in CI, and commits only elsewhere.

    `genesis` pins the SHA-256 of each tenant's first report. `signers` is the file that says whose
    signatures on reports count. `continues` says by tenant where its chain was before (`branch`, `path`,
    `name`), and the SHA-256 of the newest report there (`head`).
    """

    branch: str = "dnc-audit"
    path: str = "audit"
    push: Literal["auto", "always", "never"] = "auto"
    genesis: Mapping[str, str] = field(default_factory=dict)
    signers: str = ""
    continues: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SavedReadSettings:
    """How old a saved reading of CXone may be that stands in for CXone in a merge request's plan."""

    max_age_hours: int = 26


@dataclass(frozen=True, slots=True)
class Configuration:
    """The whole configuration, every environment reference still unresolved.

    `audit_mark` is the place of `audit.branch`, where it is written.
    """

    path: str
    default_tenant: str
    tenants: Mapping[str, Tenant]
    safety: Safety = field(default_factory=Safety)
    audit: AuditSettings = field(default_factory=AuditSettings)
    imports: Mapping[str, ImportProfile] = field(default_factory=dict)
    saved_reads: SavedReadSettings = field(default_factory=SavedReadSettings)
    audit_mark: tuple[int, int] = field(default=(0, 0), compare=False)


def read_configuration(path: str, data: bytes | None, rules: Rules) -> Configuration:
    """Read `dnc.yaml`. Raises InvalidInput with every finding; `data` is None where there is no such file."""
    if data is None:
        raise InvalidInput(
            f"no {path} in this folder, or above it in the repository",
            "start a list repository with `dnc init FOLDER`, or name the file with --config FILE",
            where=path,
        )
    document = read_document(path, data)
    findings = list(document.findings)
    if isinstance(document.root, MapNode):
        findings += _schema_findings(path, document.root, rules)
    elif not findings:
        message = "this is no configuration: write defaultTenant and tenants"
        findings.append(Finding(path, 1, 1, "", "CONF-01", Severity.ERROR, message))
    if findings or not isinstance(document.root, MapNode):
        fact = f"{count_text(len(findings), 'error')} in the configuration"
        raise InvalidInput(fact, "correct them", where=path, findings=sorted(set(findings)))
    return _parse_configuration(path, document.root)


def possible_targets(tenant: Tenant, environ: Mapping[str, str], resolved_tenant: Tenant | None) -> Targets:
    """Give a tenant's target as it is written, with the variables that are set, and as it was resolved."""
    targets = {tenant.target, with_known_variables(tenant, environ).target}
    return (
        targets | {resolved_tenant.target}
        if resolved_tenant and resolved_tenant.name == tenant.name
        else targets
    )


def shared_target_findings(
    configuration: Configuration,
    list_ids: Mapping[str, Iterable[str]],
    environ: Mapping[str, str] | None = None,
    resolved_tenant: Tenant | None = None,
) -> tuple[Finding, ...]:
    """Find two tenants with one target and a list in common: each would undo what the other does (CONF-07).

    `list_ids` are the lists that each tenant's files name. Targets are compared as they are written, and with
    the variables that are set in `environ`; `resolved_tenant` is the tenant that was chosen, if one was.
    """
    owners: dict[tuple[str, ...], str] = {}
    findings = []
    for tenant in configuration.tenants.values():
        targets = possible_targets(tenant, environ or {}, resolved_tenant)
        for list_id in sorted(set(list_ids.get(tenant.name, ()))):
            cxone_list_id = tenant.own_list_id(list_id)
            owner_names = [
                owners.setdefault((*target, cxone_list_id), tenant.name) for target in sorted(targets)
            ]
            other_name = next((name for name in owner_names if name != tenant.name), tenant.name)
            if other_name != tenant.name:
                message = (
                    f"{tenant.name} and {other_name} have one target, and the list {cxone_list_id} "
                    "in common: "
                    "give the list to one of them"
                )
                place = f"/tenants/{tenant.name}"
                findings.append(
                    Finding(configuration.path, tenant.line, 0, place, "CONF-07", Severity.ERROR, message)
                )
    return tuple(findings)


def uncovered_files(paths: Iterable[str], configuration: Configuration) -> tuple[Finding, ...]:
    """Find YAML files below a list folder that no tenant's globs reach: nobody would be protected by them."""
    globs, folders = _globs_and_folders(configuration)
    findings = []
    for path in sorted(paths):
        list_folder = next((name for name in folders if path.startswith(name)), "")
        if list_folder and is_yaml(path) and not matches(globs, path):
            fix = f"add it to a tenant's lists, or move it out of {list_folder}"
            parent, _, name = path.rpartition("/")
            visible = f"{parent}/{name.lstrip('.').rpartition('.')[0]}.yaml"
            if matches(globs, visible):
                fix = f"name it {visible}"
            message = f"no tenant's lists reach this file, so its numbers are not protected: {fix}"
            findings.append(_not_read(path, message))
    return tuple(findings)


def reach_findings(
    tenant: Tenant, reached: Iterable[str], elsewhere: Callable[[], Iterable[str]], path: str
) -> Iterator[Finding]:
    """Find the patterns of a tenant that reach no file (CONF-11).

    A tenant without any file protects nobody: an error where there are list files that it may mean. `reached`
    are those of all tenants; `elsewhere` gives every list file there is, and is asked only where one may be
    meant. The pattern of a folder that `dnc pull` fills is not missed.
    """
    files = list(reached)
    empty = [place for place, glob in enumerate(tenant.lists) if not any(matches((glob,), f) for f in files)]
    if not empty:
        return
    every = sorted({*files, *elsewhere()})
    if len(empty) == len(tenant.lists):
        shown = ", ".join(tenant.lists)
        fact = f"the lists of tenant {tenant.name} reach no file ({shown}), so its numbers are not protected"
        severity = Severity.ERROR if every else Severity.WARNING
        ways = f"{_meant(tenant.lists, every)}write its first list file, or remove the tenant"
        yield _pattern_finding(path, tenant, 0, severity, f"{fact}: {ways}")
        return
    for place in empty:
        glob = tenant.lists[place]
        if not glob.startswith(_ADOPTED_FOLDER):
            fact = f"this pattern of tenant {tenant.name} reaches no file ({glob})"
            ways = f"{_meant([glob], every)}correct it, or remove it"
            yield _pattern_finding(path, tenant, place, Severity.WARNING, f"{fact}: {ways}")


def _meant(globs: Iterable[str], files: Iterable[str]) -> str:
    names = list(files)
    meant = next(filter(None, (similar_glob(glob, names) for glob in globs)), "")
    return f"did you mean {meant}? Else " if meant else ""


def _pattern_finding(path: str, tenant: Tenant, place: int, severity: Severity, message: str) -> Finding:
    line, column = tenant.list_marks[place] if tenant.list_marks else (tenant.line, 0)
    pointer_text = f"/tenants/{tenant.name}" + (f"/lists/{place}" if tenant.list_marks else "")
    return Finding(path, line, column, pointer_text, "CONF-11", severity, message)


def unread_folders(paths: Iterable[str], configuration: Configuration) -> tuple[Finding, ...]:
    """Find links and other repositories where lists would be: whatever lies in them protects nobody."""
    globs, folders = _globs_and_folders(configuration)
    message = (
        "a link to a folder, or another repository: its lists are not read. Put the files themselves here"
    )
    return tuple(
        _not_read(path, message)
        for path in sorted(paths)
        if not matches(globs, path)
        and any(path.startswith(name) or name.startswith(f"{path}/") for name in folders)
    )


def misnamed_files(paths: Iterable[str], configuration: Configuration) -> tuple[Finding, ...]:
    """Find list files whose name is no UTF-8: no report could name them, so none of theirs could come off."""
    globs, _ = _globs_and_folders(configuration)
    message = "its name is no UTF-8, so no report can name this file: rename it with git mv"
    return tuple(
        _not_read(path, message)
        for path in sorted(paths)
        if matches(globs, path) and path != path.encode(errors="replace").decode()
    )


def _not_read(path: str, said: str) -> Finding:
    return Finding(path, 0, 0, "", "LIST-05", Severity.ERROR, said)


def folder_filter(configuration: Configuration) -> Callable[[str], bool]:
    """Give the test for folders (ending in `/`) that are looked into: by a glob, or below a list folder."""
    globs, folders = _globs_and_folders(configuration)
    list_folders = tuple(folders)
    return lambda name: name.startswith(list_folders) or may_lead_to(globs, name)


def _globs_and_folders(configuration: Configuration) -> tuple[frozenset[str], list[str]]:
    """Give every tenant's globs, and the list folders, the deepest first."""
    globs = frozenset(glob for tenant in configuration.tenants.values() for glob in tenant.lists)
    return globs, sorted(
        {folder_path for glob in globs if (folder_path := list_folder(glob))}, key=len, reverse=True
    )


def _schema_findings(path: str, root: MapNode, rules: Rules) -> Iterator[Finding]:
    document = _typed_value(plain(root))
    for judge in rules.configuration:
        for error in judge.iter_errors(document):
            rule = rule_id_of(error, "CONF-01", "CONF-02")
            steps = tuple(error.absolute_path)
            message = f"{_profile_prefix(steps)}{sentence(error)}"
            yield schema_error_to_finding(error, root, steps, file=path, rule=rule, message=message)
    tenants = root.values.get("tenants")
    chosen = root.values.get("defaultTenant")
    if not isinstance(tenants, MapNode):
        return
    if isinstance(chosen, str) and chosen not in tenants.values:
        message = "the default tenant is none of the tenants: name one of them, or add it"
        yield _finding_at(path, root, ("defaultTenant",), "CONF-06", message)
    for name, tenant in tenants.values.items():
        if isinstance(tenant, MapNode):
            yield from _tenant_findings(path, root, name, tenant)


def _profile_prefix(steps: tuple[Step, ...]) -> str:
    """Name what a sentence about a profile is about: its keys are the same in each."""
    is_profile = len(steps) > 1 and steps[0] == "imports"
    return f"{'.'.join(redact(str(step)) for step in steps)}: " if is_profile else ""


def _tenant_findings(path: str, root: MapNode, name: str, tenant: MapNode) -> Iterator[Finding]:
    for key in URL_KEYS:
        url = tenant.values.get(key)
        if isinstance(url, str) and not REFERENCE.search(url) and (why := url_problem(url)):
            yield _finding_at(
                path, root, ("tenants", name, key), "CONF-04", f"{key} {why}: write https:// and a host"
            )
    globs = plain(tenant.values.get("lists"))
    for place, glob in enumerate(globs if isinstance(globs, list) else ()):
        if isinstance(glob, str) and (why := glob_problem(glob)):
            yield _finding_at(path, root, ("tenants", name, "lists", place), "CONF-05", f"the glob {why}")


def _finding_at(path: str, root: MapNode, steps: tuple[Step, ...], rule: str, message: str) -> Finding:
    line, column = unpack(locate(root, iter(steps)))
    return Finding(path, line, column, pointer(steps), rule, Severity.ERROR, message)


def _typed_value(value: Any, key: str = "") -> Any:  # noqa: ANN401  (plain YAML in, plain JSON out)
    """Turn the text of numbers and truth values into such, by key; what is none of them stays text."""
    if isinstance(value, dict):
        return {name: _typed_value(item, name) for name, item in value.items()}
    if isinstance(value, list):
        return [_typed_value(item) for item in value]
    if key in _INTEGERS and isinstance(value, str) and _INTEGER.fullmatch(value):
        return int(value)
    if key in _NUMBERS and isinstance(value, str) and _NUMBER.fullmatch(value):
        return float(value)
    return _BOOLEANS.get(value, value) if key in {"embedded", "assign"} and isinstance(value, str) else value


def _parse_configuration(path: str, root: MapNode) -> Configuration:
    settings = _typed_value(plain(root))
    safety, audit = settings.get("safety", {}), settings.get("audit", {})
    tenants = {
        name: _parse_tenant(
            name,
            tenant,
            unpack(locate(root, iter(("tenants", name)), key=True))[0],
            _list_marks(root, name, tenant),
        )
        for name, tenant in settings["tenants"].items()
    }
    return Configuration(
        path=path,
        default_tenant=settings["defaultTenant"],
        tenants=tenants,
        safety=Safety(**{_snake(key): value for key, value in safety.items()}),
        audit=_parse_audit(audit, settings["defaultTenant"]),
        imports=parse_profiles(settings.get("imports", {})),
        saved_reads=SavedReadSettings(
            **{_snake(key): value for key, value in settings.get("readings", {}).items()}
        ),
        audit_mark=unpack(locate(root, iter(("audit", "branch")))) if "branch" in audit else (0, 0),
    )


def _parse_audit(settings: Mapping[str, Any], default_tenant: str) -> AuditSettings:
    """One value of `genesis` is the default tenant's."""
    genesis = settings.get("genesis", {})
    pinned_genesis = genesis if isinstance(genesis, dict) else {default_tenant: genesis}
    return AuditSettings(**{**settings, "genesis": pinned_genesis})


def _list_marks(root: MapNode, name: str, said: Mapping[str, Any]) -> tuple[tuple[int, int], ...]:
    """Give line and column of each pattern; none where the default holds."""
    count = len(said.get("lists", ()))
    return tuple(unpack(locate(root, iter(("tenants", name, "lists", place)))) for place in range(count))


def _parse_tenant(
    name: str, said: Mapping[str, Any], line: int, list_marks: tuple[tuple[int, int], ...]
) -> Tenant:
    pace = _EMBEDDED_PACE if said.get("embedded", False) else _PACE
    given_fields: dict[str, Any] = {"requests_per_minute": pace} | {_snake(key): said[key] for key in said}
    given_fields["lists"] = tuple(said.get("lists", DEFAULT_LISTS))
    given_fields["coverage"] = coverage_from_yaml(said.get("coverage", {}))
    settings = DIALECTS[given_fields.pop("dialect", EntriesSettings.dialect)]
    of_connection = {one.name for one in fields(settings)} & given_fields.keys()
    connection = settings(**{name: given_fields.pop(name) for name in of_connection})
    return Tenant(name=name, connection=connection, line=line, list_marks=list_marks, **given_fields)


def _snake(key: str) -> str:
    return re.sub(r"(?=[A-Z])", "_", key).lower()
