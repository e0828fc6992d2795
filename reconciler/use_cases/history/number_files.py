"""Where files name a number besides the active entries of the tenant's working tree."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from reconciler.config.configuration import Tenant
from reconciler.core.model.errors import InvalidInput, RepositoryProblem
from reconciler.core.model.finding import Severity
from reconciler.git.repository import Repository
from reconciler.lists.reader import Source, read_lists
from reconciler.rules.numbering import national_digits
from reconciler.use_cases.history.files_at_revision import FilesAtRevision, may_contain
from reconciler.use_cases.workspace.context import CommandContext
from reconciler.use_cases.workspace.destination import default_branch, remote_counts
from reconciler.use_cases.workspace.project import Project
from reconciler.use_cases.workspace.tenant_lists import TenantLists

_SEPARATORS = re.compile(rb"[ \t().\-/+\x80-\xff]+")  # what people put between digits, in any encoding


class MentionKind(StrEnum):
    """Why files name a number that is in no active entry of the tenant's working tree."""

    COMMITTED = "committed"  # an active entry of a commit that the working tree does not have
    FAULTY_FILE = "faulty-file"  # a file with errors has its digits
    OTHER_TENANT = "other-tenant"  # an active entry of a file that is another tenant's
    HOLD = "hold"  # a hold names it


@dataclass(frozen=True, slots=True)
class Mention:
    """One such place. `source`: the commit's branch, the other tenant, or the hold's matter."""

    kind: MentionKind
    file: str
    source: str = ""
    list_id: str = ""


@dataclass(frozen=True, slots=True)
class FileFacts:
    """The mentions of a number, and why a file may name it that shows none. Mentions are not complete."""

    mentions: tuple[Mention, ...] = ()
    doubts: tuple[str, ...] = ()


def read_file_facts(
    tenant_lists: TenantLists, repository: Repository | None, number: str, holds: Iterable[tuple[str, str]]
) -> FileFacts:
    """Look for the number everywhere in files. `holds` are the holds that name it: matter and file."""
    mentions = [Mention(MentionKind.HOLD, file, matter) for matter, file in holds]
    faulty_mentions, faulty_doubts = _faulty_files(tenant_lists, number)
    committed_mentions, committed_doubts = _committed(tenant_lists, repository, number)
    others = _other_tenants(tenant_lists, number)
    return FileFacts(
        tuple(dict.fromkeys([*committed_mentions, *faulty_mentions, *mentions, *others])),
        (*faulty_doubts, *committed_doubts),
    )


def _faulty_files(tenant_lists: TenantLists, number: str) -> tuple[list[Mention], list[str]]:
    """Find files with errors, which may name more numbers than could be understood."""
    findings = (*tenant_lists.lists.findings, *tenant_lists.project.unreached_findings())
    faulty = sorted({finding.file for finding in findings if finding.severity is Severity.ERROR})
    mentions = [
        Mention(MentionKind.FAULTY_FILE, path)
        for path in faulty
        if _has_digits(_data(tenant_lists, path), number)
    ]
    doubts = [
        f"{path} has errors, so what it lists is not certain (dnc validate shows them)" for path in faulty
    ]
    return mentions, doubts


def _data(tenant_lists: TenantLists, path: str) -> bytes:
    try:
        return tenant_lists.project.tree.read(path.__eq__).get(path, b"")
    except InvalidInput:  # a link, or more than can be read: a doubt, whatever it names
        return b""


def _has_digits(data: bytes, number: str) -> bool:
    """Tell whether a line has the number in any common writing."""
    return national_digits(number).encode() in _SEPARATORS.sub(b"", data)


def _committed(
    tenant_lists: TenantLists, repository: Repository | None, number: str
) -> tuple[list[Mention], list[str]]:
    """Find active entries of HEAD and of the remote's default branch: merged, and perhaps not applied yet."""
    if repository is None:
        return [], []
    project, tenant = tenant_lists.project, tenant_lists.tenant
    revisions, doubts = newest_revisions(tenant_lists.ctx, repository, project, tenant)
    files = FilesAtRevision(repository, project, tenant, number)
    mentions: list[Mention] = []
    for branch, revision in revisions.items():
        try:
            active = files.active_entries(revision, tenant_lists.today.as_of)
        except RepositoryProblem as problem:
            doubts.append(f"the files of {branch} could not be read: {problem.fact}")
            continue
        mentions += [Mention(MentionKind.COMMITTED, file.path, branch, file.list_id) for file in active.files]
    return mentions, doubts


def newest_revisions(
    ctx: CommandContext, repository: Repository, project: Project, tenant: Tenant
) -> tuple[dict[str, str], list[str]]:
    """Name the newest commits by branch, HEAD and the remote's default; and say what is not known of them."""
    head = repository.head()
    revisions = {"HEAD": head} if head else {}
    try:
        if remote_counts(repository, tenant):
            name, tip = default_branch(ctx, repository, project)
            revisions[f"{repository.remote()}/{name}"] = tip
    except RepositoryProblem as problem:
        return revisions, [f"the remote's default branch could not be read: {problem.fact}"]
    return revisions, []


def _other_tenants(tenant_lists: TenantLists, number: str) -> Iterator[Mention]:
    """Find active entries in files of other tenants only."""
    project, own_paths = tenant_lists.project, {source.path for source in tenant_lists.sources}
    digits, as_of = number.removeprefix("+").encode(), tenant_lists.today.as_of
    for tenant in project.configuration.tenants.values():
        for source in project.sources(tenant):
            if source.path not in own_paths and may_contain(source.data, digits):
                yield from _mentions_in(tenant_lists, source, tenant.name, number, as_of)


def _mentions_in(
    tenant_lists: TenantLists, source: Source, tenant: str, number: str, as_of: date
) -> Iterator[Mention]:
    lists = read_lists([source], tenant_lists.project.rules, as_of=as_of, latest=tenant_lists.today.latest)
    for file in lists.declared_entries.active_on(as_of).files:
        if number in file.numbers:
            yield Mention(MentionKind.OTHER_TENANT, source.path, tenant, file.list_id)
