"""`dnc fmt`: the list files in their one canonical form. Needs no CXone, and changes no claim."""

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

from reconciler.core.model.errors import InvalidInput
from reconciler.core.model.finding import Finding, Severity
from reconciler.lists.edit.canonical import canonical_list
from reconciler.lists.reader import read_lists
from reconciler.use_cases.edits.edit_lock import hold_edit_lock, write_list_files
from reconciler.use_cases.workspace.changed_files import changed_files
from reconciler.use_cases.workspace.context import CommandContext, Today
from reconciler.use_cases.workspace.files import select_sources
from reconciler.use_cases.workspace.project import Project
from reconciler.use_cases.workspace.tree import WorkingTree


@dataclass(frozen=True, slots=True)
class FmtResult:
    """How many files were looked at, which were not canonical, and why some were left alone."""

    files: int
    changed_paths: tuple[str, ...]
    findings: tuple[Finding, ...]


def fmt(
    ctx: CommandContext, paths: Sequence[Path] = (), *, since: str | None = None, check: bool = False
) -> FmtResult:
    """Put lists in order, or with `check` only tell which are not. One with errors is left alone.

    It is about all lists, those that are named, or those that differ `since` a commit or branch.
    """
    with nullcontext() if check else hold_edit_lock(ctx, "dnc fmt"):
        return _put_in_order(ctx, paths, since, check=check)


def _put_in_order(ctx: CommandContext, paths: Sequence[Path], since: str | None, *, check: bool) -> FmtResult:
    today = Today.at(ctx.clock())
    project = Project.read(WorkingTree(ctx.folder), ctx.options.configuration.name)
    differing = changed_files(project, ctx, since) if since is not None else None
    sources = select_sources(project, ctx.folder, paths, differing)
    formatted_files: dict[str, bytes] = {}
    findings: list[Finding] = []
    for source in sources:
        lists = read_lists((source,), project.rules, as_of=today.as_of, latest=today.latest)
        if errors := [finding for finding in lists.findings if finding.severity is Severity.ERROR]:
            findings += errors
            continue
        try:
            formatted_data = canonical_list(source.path, source.data)
        except InvalidInput as error:
            findings += error.findings
            continue
        if formatted_data != source.data:
            formatted_files[source.path] = formatted_data
    if not check:
        write_list_files(ctx, formatted_files, sources)
    return FmtResult(len(sources), tuple(formatted_files), tuple(findings))
