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
from reconciler.core.planning.change import PlanDirection, plan_direction
from reconciler.core.planning.plan import Plan
from reconciler.git.repository import Repository
from reconciler.lists.reader import Source, read_lists
from reconciler.rules.rule_set import Rules
from reconciler.use_cases.reconcile.offline_plan import HINDRANCE, OfflinePlan
from reconciler.use_cases.reconcile.plan_inputs import PlanInputs
from reconciler.use_cases.reconcile.prepared_plan import PlanState, PreparedPlan
from reconciler.use_cases.workspace.context import CommandContext
from reconciler.use_cases.workspace.project import SCHEMA_FOLDER, Project
from reconciler.use_cases.workspace.tree import GitTree
from reconciler.yaml_tree.documents import read_document
from reconciler.yaml_tree.nodes import MapNode, plain

ATTRIBUTES = ".gitattributes"
_REGULAR = "100644"
_NEW_FILE_KEYS = {"listId", "description", "defaults"}  # in a file that is there already they change entries
_SETTINGS = {*_NEW_FILE_KEYS, "registry", "confirmed"}
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
class ChangedParts:
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
        return ", ".join(changed_part.value for changed_part in Part if changed_part in self.parts)


def changed_parts(
    repository: Repository, project: Project, tree_before: str, tree_after: str
) -> ChangedParts:
    """Compare two trees; `project` is read from the later one. Files outside of its folder count as well."""
    blobs_before, blobs_after = (_blobs(repository, tree) for tree in (tree_before, tree_after))
    changed_names = sorted(
        name
        for name in blobs_before.keys() | blobs_after.keys()
        if blobs_before.get(name) != blobs_after.get(name)
    )
    lists = tuple(
        name
        for name in changed_names
        if project.is_list(name) and _is_regular(name, blobs_before, blobs_after)
    )
    parts = {_part_of(name, project.configuration_path) for name in changed_names if name not in lists}
    root_listings = (repository.listing(tree) for tree in (tree_before, tree_after))
    parts |= {_part_of(path, "") for path in _changes_outside(repository.prefix, *root_listings)}
    keys: set[Key] = set()
    if lists:
        was, is_now = (_read(repository, side, lists) for side in (blobs_before, blobs_after))
        for name in lists:
            sides = [_ListFileSide.read(name, side.get(name), project.rules) for side in (was, is_now)]
            parts |= set(_list_parts(*sides))
            keys |= {key for key, terms in sides[1].terms.items() if sides[0].terms.get(key) != terms}
    return ChangedParts(frozenset(parts), lists, frozenset(keys))


def _is_regular(name: str, *sides: Mapping[str, tuple[str, str]]) -> bool:
    """Tell whether it is a plain file wherever it is, and none that says how git gives files out."""
    is_plain = all(name not in side or side[name][0] == _REGULAR for side in sides)
    return is_plain and PurePosixPath(name).name != ATTRIBUTES


def _blobs(repository: Repository, tree: str) -> dict[str, tuple[str, str]]:
    return {file.path: (file.mode, file.sha) for file in repository.files(tree, lambda _: True)}


def _changes_outside(prefix: str, old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[str]:
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


def _part_of(name: str, configuration_path: str) -> Part:
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
class _ListFileSide:
    """One side of a list file: its keys; by number its terms, and what its line says with the defaults.

    `is_valid`: every number of it was understood.
    """

    exists: bool
    keys: Mapping[str, object]
    terms: Mapping[Key, Terms]
    lines: Mapping[Key, Mapping[str, object]]
    is_valid: bool

    @classmethod
    def read(cls, name: str, data: bytes | None, rules: Rules) -> "_ListFileSide":
        if data is None:
            return cls(exists=False, keys={}, terms={}, lines={}, is_valid=True)
        root = read_document(name, data).root
        keys = {key: plain(value) for key, value in root.values.items()} if isinstance(root, MapNode) else {}
        lists = read_lists([Source(name, data)], rules, as_of=date.min, latest=date.max)
        terms = {
            (file.list_id, phone): line_keys
            for file in lists.declared_entries.files
            for phone, line_keys in file.numbers.items()
        }
        lines = dict(_declared_lines(keys))
        return cls(
            exists=True,
            keys=keys,
            terms=terms,
            lines=lines,
            is_valid=bool(keys) and lines.keys() == terms.keys(),
        )


def _declared_lines(keys: Mapping[str, Any]) -> Iterator[tuple[Key, Mapping[str, object]]]:
    """Give what stands of each number, as far as it can be understood."""
    defaults = keys.get("defaults")
    default_values = defaults if isinstance(defaults, dict) else {}
    entries = keys.get("entries")
    for entry in entries if isinstance(entries, list) else ():
        if not isinstance(entry, dict):
            continue
        phones = entry.get("phones", [entry.get("phone")])
        line = {
            key: value for key, value in {**default_values, **entry}.items() if key not in {"phone", "phones"}
        }
        for phone in phones if isinstance(phones, list) else ():
            yield (str(keys.get("listId")), str(phone)), line


def _list_parts(old_side: _ListFileSide, new_side: _ListFileSide) -> Iterator[Part]:
    if not (old_side.is_valid and new_side.is_valid):
        yield Part.OTHER
    for key in old_side.keys.keys() | new_side.keys.keys():
        if old_side.keys.get(key) == new_side.keys.get(key):
            continue
        if key in {"releases", "holds"}:
            yield Part(key)
        elif key == "entries" or (key in _NEW_FILE_KEYS and not old_side.exists):
            yield Part.ENTRIES
        else:
            yield Part.SETTINGS if key in _SETTINGS else Part.OTHER
    for number, terms_before in old_side.terms.items():
        terms_after = new_side.terms.get(number)
        if (
            terms_after is None
            or old_side.lines.get(number) != new_side.lines.get(number)
            or terms_after != terms_before
        ):
            part = Part.WITHDRAWN if terms_after is None else _changed_entry_part(terms_before, terms_after)
            is_same = part is Part.ENTRIES and _keys_without_terms(
                old_side.lines, number
            ) != _keys_without_terms(new_side.lines, number)
            yield Part.CHANGED if is_same else part


def _changed_entry_part(terms_before: Terms, terms_after: Terms) -> Part:
    """Say what a line of the same number became: each claim counts for itself."""
    if (terms_before.reason_code in REGISTRY_REASONS) != (terms_after.reason_code in REGISTRY_REASONS):
        return Part.KIND
    if terms_after.strength < terms_before.strength:
        return Part.WITHDRAWN
    requested_before, requested_after = terms_before.requested_on, terms_after.requested_on
    is_later = requested_before is None or (
        requested_after is not None and requested_after >= requested_before
    )
    return Part.ENTRIES if terms_after.strength > terms_before.strength and is_later else Part.CHANGED


def _keys_without_terms(lines: Mapping[Key, Mapping[str, object]], number: Key) -> dict[str, object]:
    return {key: value for key, value in lines.get(number, {}).items() if key not in _TERMS}


@dataclass(frozen=True, slots=True)
class MergeRequestPlan:
    """One merge request, as planned. `head` is the SHA-256 of the newest report, None before the first.

    `tip` is the commit of its branch that was planned. `hindrance` says why people must merge it; None: it
    may merge by itself. `changed_parts` is empty outside of a merge request.
    """

    head: str | None
    tip: str
    changed_parts: str
    hindrance: str | None


def merge_request_plan(prepared: PreparedPlan) -> MergeRequestPlan:
    """Look at a plan as a merge request."""
    revision = prepared.heading.revision
    parts, is_up_to_date = _compare_with_target(prepared.ctx, prepared.inputs, revision)
    return _merge_request_plan(
        prepared.ctx,
        prepared.state.last_applied.newest,
        revision,
        parts,
        hindrance=next(_hindrances(prepared, parts, is_up_to_date=is_up_to_date), None),
    )


def offline_merge_request_plan(unread: OfflinePlan) -> MergeRequestPlan:
    """Look at a plan without CXone as a merge request, which people merge."""
    parts, _ = _compare_with_target(unread.ctx, unread.inputs, unread.revision)
    return _merge_request_plan(unread.ctx, unread.newest, unread.revision, parts, hindrance=HINDRANCE)


def _merge_request_plan(
    ctx: CommandContext,
    newest: StoredReport | None,
    revision: str | None,
    parts: ChangedParts | None,
    *,
    hindrance: str | None,
) -> MergeRequestPlan:
    # In a pipeline of merged results HEAD is the merge; GitLab tells the branch's own tip beside it.
    tip = ctx.pipeline.get("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA") or revision or ""
    head = newest.sha256 if newest else None
    return MergeRequestPlan(head, tip, "" if parts is None else str(parts), hindrance)


def _compare_with_target(
    ctx: CommandContext, inputs: PlanInputs, revision: str | None
) -> tuple[ChangedParts | None, bool]:
    """Compare the merged tree with its target, and tell whether the branch contains the target's tip."""
    target, repository, tree = ctx.pipeline.merge_target, inputs.repository, inputs.project.tree
    if target is None or repository is None or not isinstance(tree, GitTree):
        return None, False
    target_tip = repository.tracking_tip(target)
    if target_tip is None:
        return None, False
    is_up_to_date = repository.is_ancestor(target_tip, revision or target_tip)
    return changed_parts(repository, inputs.project, target_tip, tree.revision), is_up_to_date


def _hindrances(prepared: PreparedPlan, parts: ChangedParts | None, *, is_up_to_date: bool) -> Iterator[str]:
    """Say why people must merge this."""
    if prepared.state.live.is_saved:
        yield "its plan is of a saved reading, and only a new one lets it merge by itself"
    if parts is None:
        yield "this is no merge request's pipeline"
        return
    direction = plan_direction(prepared.plan.changes)
    if direction is not PlanDirection.PROTECTIVE:
        yield f"the plan's direction is {direction}, and only protective merges by itself"
    if not parts.only_adds:
        yield f"it changes {str(parts) or 'nothing'}; only entries that are added or strengthened merge so"
    if _is_of_another_tenant(prepared.inputs, parts.lists):
        yield "it changes a list file of another tenant, and this plan covers one tenant"
    if _meets_foreign_entry(prepared.state, prepared.plan, parts.keys):
        yield "CXone has, or may have, one of its numbers from someone else: a person must decide"
    if prepared.newly_blocked:
        yield "guards keep something that no report lists yet"
    if not is_up_to_date:
        yield "its branch is behind the target: rebase it"


def _is_of_another_tenant(inputs: PlanInputs, lists: Iterable[str]) -> bool:
    other_tenants = [
        tenant
        for tenant in inputs.project.configuration.tenants.values()
        if tenant.name != inputs.tenant.name and not tenant.embedded
    ]
    return any(
        not matches(inputs.tenant.lists, path)
        or any(matches(other_tenant.lists, path) for other_tenant in other_tenants)
        for path in lists
    )


def _meets_foreign_entry(state: PlanState, plan: Plan, keys: Iterable[Key]) -> bool:
    """Tell whether a claim meets a live entry that is not ours alone: its end would become that entry's."""
    last_applied, live = state.last_applied.last_applied, state.live
    return not live.complete or any(
        (live.get(key) is not None and key not in last_applied) or key in plan.overwrites for key in keys
    )
