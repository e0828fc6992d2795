"""What a merge request touches, and whether it may merge by itself."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import PurePosixPath
from typing import Any

from reconciler.audit.report import StoredReport
from reconciler.config.configuration import matches
from reconciler.core.model.entries import REGISTRY_REASONS, Key, Terms
from reconciler.core.planning.change import Lane, lane
from reconciler.core.planning.plan import Plan
from reconciler.git.repository import Repository
from reconciler.lists.reader import Source, read_lists
from reconciler.rules.rule_set import Rules
from reconciler.use_cases.reconcile.offline_plan import HINDRANCE, Unread
from reconciler.use_cases.reconcile.plan_inputs import PlanInputs
from reconciler.use_cases.reconcile.prepared_plan import PlanState, PreparedPlan
from reconciler.use_cases.workspace.context import CommandContext
from reconciler.use_cases.workspace.project import SCHEMA_FOLDER, Project
from reconciler.use_cases.workspace.tree import GitTree
from reconciler.yaml_tree.documents import read_document
from reconciler.yaml_tree.nodes import MapNode, plain

ATTRIBUTES = ".gitattributes"
_REGULAR = "100644"
_OF_NEW_FILES = {"listId", "description", "defaults"}  # in a file that is there already they change entries
_SETTINGS = {*_OF_NEW_FILES, "registry", "confirmed"}
# What may differ in a line whose terms get stronger; all else of a line that stands stays as it is.
_TERMS = {"reasonCode", "expirationPolicy", "expirationDate", "retention", "requestedOn", "evidence"}


class Part(StrEnum):
    """A part of a list repository. Only entries that add or strengthen may merge without people."""

    ENTRIES = "entries"
    WITHDRAWN = "withdrawn entries"  # a number's line is gone, or says less than before
    KIND = "entries between registry and company reasons"
    CHANGED = "changed entries"  # neither new nor stronger alone: another date, jurisdiction, or evidence
    SETTINGS = "list settings"
    RELEASES = "releases"
    HOLDS = "holds"
    CONFIGURATION = "configuration"
    RULES = "rules"
    PIPELINE = "pipeline"
    ATTRIBUTES = "git attributes"
    OTHER = "other files"


@dataclass(frozen=True, slots=True)
class Touched:
    """The parts that differ; none where the merge changes nothing.

    `lists` are the list files that differ, `keys` the numbers that they claim anew or under other terms.
    """

    parts: frozenset[Part]
    lists: tuple[str, ...] = ()
    keys: frozenset[Key] = frozenset()

    @property
    def only_adds(self) -> bool:
        """Tell whether it touches entries only, and takes none back."""
        return self.parts == {Part.ENTRIES}

    def __str__(self) -> str:
        return ", ".join(part.value for part in Part if part in self.parts)


def touched(repository: Repository, project: Project, before: str, after: str) -> Touched:
    """Compare two trees; `project` is read from the later one. Files outside of its folder count as well."""
    old, new = (_blobs(repository, tree) for tree in (before, after))
    changed = sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name))
    lists = tuple(name for name in changed if project.is_list(name) and _regular(name, old, new))
    parts = {_part(name, project.configuration_path) for name in changed if name not in lists}
    above = (repository.listing(tree) for tree in (before, after))
    parts |= {_part(path, "") for path in _outside(repository.prefix, *above)}
    keys: set[Key] = set()
    if lists:
        was, is_now = (_read(repository, side, lists) for side in (old, new))
        for name in lists:
            sides = [_File.read(name, side.get(name), project.rules) for side in (was, is_now)]
            parts |= set(_list_parts(*sides))
            keys |= {key for key, terms in sides[1].terms.items() if sides[0].terms.get(key) != terms}
    return Touched(frozenset(parts), lists, frozenset(keys))


def _regular(name: str, *sides: Mapping[str, tuple[str, str]]) -> bool:
    """Tell whether it is a plain file wherever it is, and none that says how git gives files out."""
    is_plain = all(name not in side or side[name][0] == _REGULAR for side in sides)
    return is_plain and PurePosixPath(name).name != ATTRIBUTES


def _blobs(repository: Repository, tree: str) -> dict[str, tuple[str, str]]:
    return {file.path: (file.mode, file.sha) for file in repository.files(tree, lambda _: True)}


def _outside(prefix: str, old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[str]:
    """Name what differs outside of the project's folder, from the repository's root."""
    for path in old.keys() | new.keys():
        if prefix and not path.startswith(prefix) and old.get(path) != new.get(path):
            yield path


def _read(
    repository: Repository, side: Mapping[str, tuple[str, str]], names: Sequence[str]
) -> dict[str, bytes]:
    shas = {name: side[name][1] for name in names if name in side}
    data = repository.read_blobs(list(shas.values()))
    return {name: data[sha] for name, sha in shas.items()}


def _part(name: str, configuration_path: str) -> Part:
    if PurePosixPath(name).name == ATTRIBUTES:
        return Part.ATTRIBUTES
    if name == configuration_path:
        return Part.CONFIGURATION
    if name.startswith(SCHEMA_FOLDER):
        return Part.RULES
    if name == ".gitlab-ci.yml" or name.startswith((".gitlab/", ".ci/", "templates/")):
        return Part.PIPELINE
    return Part.OTHER


@dataclass(frozen=True, slots=True)
class _File:
    """One side of a list file: its keys; by number its terms, and what its line says with the defaults.

    `sound`: every number of it was understood.
    """

    there: bool
    keys: Mapping[str, object]
    terms: Mapping[Key, Terms]
    lines: Mapping[Key, Mapping[str, object]]
    sound: bool

    @classmethod
    def read(cls, name: str, data: bytes | None, rules: Rules) -> "_File":
        if data is None:
            return cls(there=False, keys={}, terms={}, lines={}, sound=True)
        root = read_document(name, data).root
        keys = {key: plain(value) for key, value in root.values.items()} if isinstance(root, MapNode) else {}
        read = read_lists([Source(name, data)], rules, as_of=date.min, latest=date.max)
        terms = {(f.list_id, phone): said for f in read.claims.files for phone, said in f.numbers.items()}
        lines = dict(_lines(keys))
        return cls(
            there=True, keys=keys, terms=terms, lines=lines, sound=bool(keys) and lines.keys() == terms.keys()
        )


def _lines(keys: Mapping[str, Any]) -> Iterator[tuple[Key, Mapping[str, object]]]:
    """Give what stands of each number, as far as it can be understood."""
    defaults = keys.get("defaults")
    shared = defaults if isinstance(defaults, dict) else {}
    entries = keys.get("entries")
    for entry in entries if isinstance(entries, list) else ():
        if not isinstance(entry, dict):
            continue
        phones = entry.get("phones", [entry.get("phone")])
        line = {key: value for key, value in {**shared, **entry}.items() if key not in {"phone", "phones"}}
        for phone in phones if isinstance(phones, list) else ():
            yield (str(keys.get("listId")), str(phone)), line


def _list_parts(old: _File, new: _File) -> Iterator[Part]:
    if not (old.sound and new.sound):
        yield Part.OTHER
    for key in old.keys.keys() | new.keys.keys():
        if old.keys.get(key) == new.keys.get(key):
            continue
        if key in {"releases", "holds"}:
            yield Part(key)
        elif key == "entries" or (key in _OF_NEW_FILES and not old.there):
            yield Part.ENTRIES
        else:
            yield Part.SETTINGS if key in _SETTINGS else Part.OTHER
    for number, before in old.terms.items():
        after = new.terms.get(number)
        if after is None or old.lines.get(number) != new.lines.get(number) or after != before:
            part = Part.WITHDRAWN if after is None else _changed(before, after)
            same = part is Part.ENTRIES and _but_terms(old.lines, number) != _but_terms(new.lines, number)
            yield Part.CHANGED if same else part


def _changed(before: Terms, after: Terms) -> Part:
    """Say what a line of the same number became: each claim counts for itself."""
    if (before.reason_code in REGISTRY_REASONS) != (after.reason_code in REGISTRY_REASONS):
        return Part.KIND
    if after.strength < before.strength:
        return Part.WITHDRAWN
    asked, again = before.requested_on, after.requested_on
    is_later = asked is None or (again is not None and again >= asked)
    return Part.ENTRIES if after.strength > before.strength and is_later else Part.CHANGED


def _but_terms(lines: Mapping[Key, Mapping[str, object]], number: Key) -> dict[str, object]:
    return {key: value for key, value in lines.get(number, {}).items() if key not in _TERMS}


@dataclass(frozen=True, slots=True)
class Request:
    """One merge request, as planned. `head` is the SHA-256 of the newest report, None before the first.

    `tip` is the commit of its branch that was planned. `hindrance` says why people must merge it; None: it
    may merge by itself. `touched` is empty outside of a merge request.
    """

    head: str | None
    tip: str
    touched: str
    hindrance: str | None


def request(prepared: PreparedPlan) -> Request:
    """Look at a plan as a merge request."""
    revision = prepared.heading.revision
    found, fresh = _compared(prepared.ctx, prepared.inputs, revision)
    return _request(
        prepared.ctx,
        prepared.state.last_applied.newest,
        revision,
        found,
        hindrance=next(_hindrances(prepared, found, fresh=fresh), None),
    )


def unread_request(unread: Unread) -> Request:
    """Look at a plan without CXone as a merge request, which people merge."""
    found, _ = _compared(unread.ctx, unread.inputs, unread.revision)
    return _request(unread.ctx, unread.newest, unread.revision, found, hindrance=HINDRANCE)


def _request(
    ctx: CommandContext,
    newest: StoredReport | None,
    revision: str | None,
    found: Touched | None,
    *,
    hindrance: str | None,
) -> Request:
    # In a pipeline of merged results HEAD is the merge; GitLab tells the branch's own tip beside it.
    tip = ctx.pipeline.get("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA") or revision or ""
    head = newest.sha256 if newest else None
    return Request(head, tip, "" if found is None else str(found), hindrance)


def _compared(ctx: CommandContext, inputs: PlanInputs, revision: str | None) -> tuple[Touched | None, bool]:
    """Compare the merged tree with its target, and tell whether the branch contains the target's tip."""
    target, repository, tree = ctx.pipeline.merge_target, inputs.repository, inputs.project.tree
    if target is None or repository is None or not isinstance(tree, GitTree):
        return None, False
    before = repository.tracking_tip(target)
    if before is None:
        return None, False
    fresh = repository.is_ancestor(before, revision or before)
    return touched(repository, inputs.project, before, tree.revision), fresh


def _hindrances(prepared: PreparedPlan, found: Touched | None, *, fresh: bool) -> Iterator[str]:
    """Say why people must merge this."""
    if prepared.state.live.saved:
        yield "its plan is of a saved reading, and only a new one lets it merge by itself"
    if found is None:
        yield "this is no merge request's pipeline"
        return
    direction = lane(prepared.plan.changes)
    if direction is not Lane.PROTECTIVE:
        yield f"the plan's direction is {direction}, and only protective merges by itself"
    if not found.only_adds:
        yield f"it touches {str(found) or 'nothing'}; only entries that are added or strengthened merge so"
    if _of_another_tenant(prepared.inputs, found.lists):
        yield "it changes a list file of another tenant, and this plan covers one tenant"
    if _of_somebody_else(prepared.state, prepared.plan, found.keys):
        yield "CXone has, or may have, one of its numbers from somebody else: people look at it"
    if prepared.newly_blocked:
        yield "guards keep something that no report lists yet"
    if not fresh:
        yield "its branch is behind the target: rebase it"


def _of_another_tenant(inputs: PlanInputs, lists: Iterable[str]) -> bool:
    others = [
        tenant
        for tenant in inputs.project.configuration.tenants.values()
        if tenant.name != inputs.tenant.name and not tenant.embedded
    ]
    return any(
        not matches(inputs.tenant.lists, path) or any(matches(other.lists, path) for other in others)
        for path in lists
    )


def _of_somebody_else(state: PlanState, plan: Plan, keys: Iterable[Key]) -> bool:
    """Tell whether a claim meets a live entry that is not ours alone: its end would become that entry's."""
    held, live = state.last_applied.held, state.live
    return not live.complete or any(
        (live.get(key) is not None and key not in held) or key in plan.overwrites for key in keys
    )
