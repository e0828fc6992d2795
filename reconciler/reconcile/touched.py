"""What a merge request touches: the merged tree beside its target, file by file."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from reconciler.desired.documents import read_document
from reconciler.desired.lists import Source, read_lists
from reconciler.desired.nodes import MapNode, plain
from reconciler.desired.schema import Rules
from reconciler.model.claims import Key
from reconciler.model.terms import Terms
from reconciler.reconcile.project import SCHEMA_FOLDER, Project
from reconciler.repository.repository import Repository

_KEYS = {"releases", "holds"}
_ENTRY_KEYS = {"listId", "description", "confirmed", "defaults", "entries"}


class Part(StrEnum):
    """A part of a list repository. Only entries that add or strengthen may merge without people."""

    ENTRIES = "entries"
    WITHDRAWN = "withdrawn entries"  # a number's line is gone, or says less than before
    RELEASES = "releases"
    HOLDS = "holds"
    CONFIGURATION = "configuration"
    RULES = "rules"
    PIPELINE = "pipeline"
    OTHER = "other files"


@dataclass(frozen=True, slots=True)
class Touched:
    """The parts that differ; none where the merge changes nothing."""

    parts: frozenset[Part]

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
    lists = [name for name in changed if project.is_list(name)]
    parts = {_part(name, project.configuration_path) for name in changed if name not in lists}
    above = (repository.listing(tree) for tree in (before, after))
    parts |= {_part(path, "") for path in _outside(repository.prefix, *above)}
    if lists:
        was, is_now = (_read(repository, side, lists) for side in (old, new))
        parts |= set(_list_parts(was, is_now, project.rules))
    return Touched(frozenset(parts))


def _blobs(repository: Repository, tree: str) -> dict[str, tuple[str, str]]:
    return {file.path: (file.mode, file.sha) for file in repository.files(tree, lambda _: True)}


def _outside(prefix: str, old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[str]:
    """Name what differs outside of the project's folder, from the repository's root."""
    for path in old.keys() | new.keys():
        if prefix and not path.startswith(prefix) and old.get(path) != new.get(path):
            yield path


def _read(repository: Repository, side: Mapping[str, tuple[str, str]], names: list[str]) -> dict[str, bytes]:
    shas = {name: side[name][1] for name in names if name in side}
    data = repository.read_blobs(list(shas.values()))
    return {name: data[sha] for name, sha in shas.items()}


def _part(name: str, configuration_path: str) -> Part:
    if name == configuration_path:
        return Part.CONFIGURATION
    if name.startswith(SCHEMA_FOLDER):
        return Part.RULES
    if name == ".gitlab-ci.yml" or name.startswith((".gitlab/", ".ci/", "templates/")):
        return Part.PIPELINE
    return Part.OTHER


def _list_parts(old: Mapping[str, bytes], new: Mapping[str, bytes], rules: Rules) -> Iterator[Part]:
    for name in old.keys() | new.keys():
        before, after = (_keys(name, side.get(name)) for side in (old, new))
        for key in before.keys() | after.keys():
            if before.get(key) != after.get(key):
                yield Part(key) if key in _KEYS else Part.ENTRIES if key in _ENTRY_KEYS else Part.OTHER
        if _weaker(_claims(name, old, rules), _claims(name, new, rules)):
            yield Part.WITHDRAWN


def _keys(name: str, data: bytes | None) -> Mapping[str, object]:
    if data is None:
        return {}
    root = read_document(name, data).root
    # What cannot be read fails the plan by itself.
    return {key: plain(value) for key, value in root.values.items()} if isinstance(root, MapNode) else {}


def _claims(name: str, side: Mapping[str, bytes], rules: Rules) -> dict[Key, Terms]:
    if name not in side:
        return {}
    read = read_lists([Source(name, side[name])], rules, as_of=date.min, latest=date.max)
    return {(f.list_id, phone): terms for f in read.claims.files for phone, terms in f.numbers.items()}


def _weaker(old: Mapping[Key, Terms], new: Mapping[Key, Terms]) -> bool:
    """Tell whether some number's line in this file is gone or says less; each claim counts for itself."""
    return any(key not in new or new[key].strength < terms.strength for key, terms in old.items())
