"""The rules in force: the packaged `schema/`, with a repository's own files in place of the same names."""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any

from jsonschema import SchemaError
from jsonschema.exceptions import best_match
from jsonschema.protocols import Validator
from referencing.exceptions import Unresolvable

from reconciler.core.model.errors import InvalidInput
from reconciler.core.model.finding import Finding, Severity
from reconciler.rules.keywords import Schema, ecma_pattern, validator
from reconciler.rules.rule import Rule, Scope, parse_rules, severest_part
from reconciler.rules.schema_errors import sentence

MOST = 100_000  # parts; the packaged schemas have a few hundred each


def expands_too_far(schema: Mapping[str, Any]) -> bool:
    """Tell whether judging may have to look at more than `MOST` parts. What refers to itself counts once."""
    return _Expansion(schema).size(schema) > MOST


class _Expansion:
    """Counts parts, each reference's target once, however often it is referred to."""

    def __init__(self, root: Mapping[str, Any]) -> None:
        self._root = root
        self._sizes: dict[str, int] = {}

    def size(self, node: object) -> int:
        """Count a part and all that it holds and refers to. Raises RecursionError for what is too deep."""
        if isinstance(node, list):
            return 1 + sum(map(self.size, node))
        if not isinstance(node, dict):
            return 1
        reference = node.get("$ref")
        referred = self._reference_size(reference) if isinstance(reference, str) else 0
        return 1 + referred + sum(self.size(value) for key, value in node.items() if key != "$defs")

    def _reference_size(self, reference: str) -> int:
        if reference not in self._sizes:
            self._sizes[reference] = 0  # while it is counted: it may refer to itself
            self._sizes[reference] = self.size(self._target(reference))
        return self._sizes[reference]

    def _target(self, reference: str) -> object:
        node: object = self._root
        for step in reference.removeprefix("#").split("/")[1:]:
            name = step.replace("~1", "/").replace("~0", "~")
            node = node.get(name) if isinstance(node, dict) else None
        return node


LIST_SCHEMA = "dnc-list.schema.json"
EFFECTIVE = "/$defs/effective"  # in it: what holds of a number once the defaults are filled in
CONFIGURATION_SCHEMA = "dnc.schema.json"
_RULE_SCHEMA = "regulation.schema.json"
_RULE_FOLDER = "regulations/"
_FIX = "correct the file, or remove it so that the packaged one holds"


@dataclass(frozen=True, slots=True)
class Rules:
    """What files are judged by.

    `looser_rules` says which packaged rules are missing or looser in the repository's own files; `digest` is
    the SHA-256 over all files in force; `is_packaged` says that the list schema is the packaged one, so that
    numbers and evidence, which it judges each for itself, need not be judged with every entry. The
    configuration is judged by the packaged schema, and by the repository's own beside it: the program relies
    on the former.
    """

    structure: Validator = field(repr=False)
    effective: Validator = field(repr=False)
    configuration: tuple[Validator, ...] = field(repr=False)
    regulations: tuple[Rule, ...]
    looser_rules: tuple[str, ...]
    digest: str
    is_packaged: bool

    @property
    def free_keys(self) -> frozenset[str]:
        """The keys of an entry whose well-written values no rule tells apart, but for what it finds itself.

        None where the list schema is a repository's own: it may look at anything.
        """
        if not self.is_packaged:
            return frozenset()
        of_entries = (rule for rule in self.regulations if rule.scope is Scope.ENTRY)
        sees_evidence = any(rule.condition.sees_evidence for rule in of_entries)
        return frozenset({"phone", "phones"} if sees_evidence else {"phone", "phones", "evidence"})

    def by_id(self, rule: str) -> Rule | None:
        """Look a regulation up."""
        return next((regulation for regulation in self.regulations if regulation.id == rule), None)


def load_rules(overrides: Mapping[str, bytes]) -> Rules:
    """Load the packaged rules, with a repository's own files in place of those of the same name.

    `overrides` is by path below `schema/`, e.g. `regulations/us.json`. Raises InvalidInput, naming the file,
    for one that is no JSON, no JSON Schema, or no rule file.
    """
    packaged = _packaged()
    own_files = {name: data for name, data in overrides.items() if name.endswith(".json")}
    files = {**packaged, **own_files}
    packaged_schemas = _shipped()
    unchanged = {name for name, data in own_files.items() if packaged.get(name) == data}
    contents = {
        name: packaged_schemas[name]
        if name not in own_files or name in unchanged
        else _parse_file(name, files[name])
        for name in sorted(files)
    }
    regulations = _regulations(contents)
    is_packaged = contents[LIST_SCHEMA] == packaged_schemas[LIST_SCHEMA]
    configurations = [packaged_schemas[CONFIGURATION_SCHEMA]]
    if contents[CONFIGURATION_SCHEMA] not in configurations:
        configurations.append(contents[CONFIGURATION_SCHEMA])
    return Rules(
        structure=_validator_of(LIST_SCHEMA, contents[LIST_SCHEMA]),
        effective=_validator_of(LIST_SCHEMA, contents[LIST_SCHEMA], EFFECTIVE),
        configuration=tuple(_validator_of(CONFIGURATION_SCHEMA, content) for content in configurations),
        regulations=regulations,
        looser_rules=tuple(_looser(contents, packaged_schemas, regulations)),
        digest=_digest(files),
        is_packaged=is_packaged,
    )


def files_in_force(overrides: Mapping[str, bytes]) -> Mapping[str, bytes]:
    """Give all rule files by path below `schema/`: the packaged ones, a repository's own in their place."""
    return {**_packaged(), **{name: data for name, data in overrides.items() if name.endswith(".json")}}


def editor_schemas() -> Mapping[str, bytes]:
    """Give the packaged schemas that editors complete and check by: of list files, of the configuration."""
    return {name: _packaged()[name] for name in (LIST_SCHEMA, CONFIGURATION_SCHEMA)}


@cache
def _packaged() -> Mapping[str, bytes]:
    """Read the packaged files: inside an installed wheel, else beside the package in a checkout."""
    package = Path(__file__).resolve().parent.parent
    folder = package / "schema"
    if not folder.is_dir():
        folder = package.parent / "schema"
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*.json"))}


@cache
def _shipped() -> Mapping[str, dict[str, Any]]:
    return {name: json.loads(data) for name, data in _packaged().items()}


@cache
def _shipped_rules() -> Mapping[str, tuple[Rule, ...]]:
    """Read the packaged rules, file by file. They are what the tests found them to be."""
    return {
        name: parse_rules(f"schema/{name}", content)
        for name, content in _shipped().items()
        if name.startswith(_RULE_FOLDER)
    }


def _parse_file(name: str, data: bytes) -> dict[str, Any]:
    try:
        content = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise _invalid(name, "this is not JSON") from error
    if not isinstance(content, dict):
        raise _invalid(name, "this is no JSON Schema: it must be an object")
    try:
        too_far = expands_too_far(content)
    except RecursionError as error:
        raise _invalid(name, "it is nested too deep") from error
    if too_far:
        raise _invalid(name, "its references expand to more parts than were written: refer less often")
    return content


def _validator_of(name: str, content: Schema, at: str = "") -> Validator:
    """Make a validator. A packaged schema is what the tests found it to be; checking it takes its time."""
    return validator(content, at=at) if content is _shipped()[name] else _checked_validator(name, content, at)


def _checked_validator(name: str, content: Schema, at: str = "") -> Validator:
    """Make a validator, and find out now, not in the middle of a list, whether it can be used."""
    try:
        for pattern in _strings(content, "pattern"):
            ecma_pattern(pattern)
        for reference in _strings(content, "$ref"):
            if not reference.startswith("#"):
                raise _invalid(name, f"it refers to {reference}, which is outside the file")
        judge = validator(content, at=at)
        type(judge).check_schema(dict(content))
        list(judge.iter_errors({}))
    except SchemaError as error:
        raise _invalid(name, f"this is no JSON Schema: {error.message}") from error
    except re.error as error:
        raise _invalid(name, f"a pattern cannot be read: {error}") from error
    except (Unresolvable, RecursionError) as error:
        raise _invalid(name, "it refers to a part that it has not, or to itself without end") from error
    return judge


def _regulations(contents: Mapping[str, Schema]) -> tuple[Rule, ...]:
    packaged_schemas = _shipped()
    meta_validator = None
    rules_by_id: dict[str, Rule] = {}
    for name, content in contents.items():
        if not name.startswith(_RULE_FOLDER):
            continue
        if content is packaged_schemas.get(name) and contents[_RULE_SCHEMA] is packaged_schemas[_RULE_SCHEMA]:
            rules = _shipped_rules()[name]
        else:
            meta_validator = meta_validator or _checked_validator(_RULE_SCHEMA, contents[_RULE_SCHEMA])
            rules = _own_rules(name, content, meta_validator)
        for rule in rules:
            if rule.id in rules_by_id:
                raise _invalid(name, f"{rule.id} is in {rules_by_id[rule.id].file} too")
            rules_by_id[rule.id] = rule
    return tuple(rules_by_id[key] for key in sorted(rules_by_id))


def _own_rules(name: str, content: Schema, meta: Validator) -> tuple[Rule, ...]:
    """Read a rule file of the repository's own. Raises InvalidInput for one that is none."""
    error = best_match(meta.iter_errors(content))
    if error is not None:
        place = "/".join(str(step) for step in error.absolute_path)
        raise _invalid(name, f"this is no rule file, at {place or 'its root'}: {sentence(error)}")
    _checked_validator(name, content)
    rules = parse_rules(f"schema/{name}", content)
    for rule in rules:
        if severity := severest_part(rule):
            raise _invalid(name, f"{rule.id} is {rule.severity}, a part of it {severity}: lower that part")
    return rules


def _looser(
    contents: Mapping[str, Schema], shipped: Mapping[str, Schema], regulations: tuple[Rule, ...]
) -> Iterator[str]:
    for name in sorted(shipped):
        if not name.startswith(_RULE_FOLDER) and contents[name] != shipped[name]:
            yield f"schema/{name} is not the packaged one"
    rules_by_id = {rule.id: rule for rule in regulations}
    for rule in chain.from_iterable(_shipped_rules().values()):
        own_rule = rules_by_id.get(rule.id)
        message = (
            own_rule.why_looser_than(rule)
            if own_rule
            else f"{rule.id} is missing from this repository's {rule.file}"
        )
        if message:
            yield message


def _digest(files: Mapping[str, bytes]) -> str:
    digest = hashlib.sha256()
    for name in sorted(files):
        digest.update(f"{name}\0{len(files[name])}\0".encode())
        digest.update(files[name])
    return digest.hexdigest()


def _strings(content: object, key: str) -> Iterator[str]:
    """Find every text under that key, wherever it stands."""
    if isinstance(content, dict):
        for name, value in content.items():
            if name == key and isinstance(value, str):
                yield value
            yield from _strings(value, key)
    elif isinstance(content, list):
        for item in content:
            yield from _strings(item, key)


def _invalid(name: str, fact: str) -> InvalidInput:
    return InvalidInput(fact, _FIX, where=f"schema/{name}")


def review_findings(rules: Rules, as_of: date) -> tuple[Finding, ...]:
    """Give an alarm for each rule in force whose `reviewDue` is over on `as_of`, the date at UTC-12."""
    return tuple(
        Finding(
            rule.file,
            0,
            0,
            "",
            rule.id,
            Severity.ALARM,
            f"was to be reviewed by {rule.review_due}: review it with counsel, then write the next date",
        )
        for rule in rules.regulations
        if rule.is_in_force(as_of) and rule.review_due < as_of
    )
