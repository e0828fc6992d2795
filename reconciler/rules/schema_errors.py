"""From an error of `jsonschema` to a finding: rule, place and sentence."""

from collections.abc import Callable, Mapping
from typing import Any

from jsonschema import ValidationError

from reconciler.core.model.finding import Finding, Severity, join_names, redact
from reconciler.yaml_tree.nodes import ListNode, MapNode, locate, unpack

Step = str | int
_KINDS = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "array": "a list",
    "object": "keys and values",
    "boolean": "true or false",
}


def rule_id_of(error: ValidationError, structure: str, unknown_key: str) -> str:
    """Tell the rule: the one that the schema names, or the two for structure and unknown keys."""
    if error.validator == "additionalProperties":
        return unknown_key
    return str(_enclosing_schema(error).get("rule", structure))


def severity_beside(error: ValidationError) -> str | None:
    """Tell the severity that stands beside the failing keyword, if one does."""
    severity = _enclosing_schema(error).get("severity")
    return severity if isinstance(severity, str) else None


def sentence(error: ValidationError) -> str:
    """Say the fact and the way out, in the schema's own words where it has some."""
    says = _enclosing_schema(error).get("says")
    if isinstance(says, str):
        return says
    make = _SENTENCES.get(str(error.validator))
    return make(error) if make else error.message


def schema_error_to_finding(  # noqa: PLR0913  (a finding has this many sides)
    error: ValidationError,
    root: MapNode | ListNode,
    path: tuple[Step, ...],
    *,
    file: str,
    rule: str,
    message: str = "",
    severity: Severity = Severity.ERROR,
    citation: str = "",
) -> Finding:
    """Make the finding of an error whose path in the whole document is `path`."""
    is_key = error.validator == "additionalProperties"
    line, column = unpack(locate(root, iter(path), key=is_key))
    return Finding(file, line, column, pointer(path), rule, severity, message or sentence(error), citation)


def pointer(path: tuple[Step, ...]) -> str:
    """Write a path as a JSON pointer, without what must not be shown."""
    return "".join(f"/{step if isinstance(step, int) else redact(step)}" for step in path)


def _enclosing_schema(error: ValidationError) -> Mapping[str, Any]:
    """Give the schema that the failing keyword stands in."""
    return error.schema if isinstance(error.schema, dict) else {}


def _describe_place(error: ValidationError) -> str:
    steps = list(error.absolute_path)
    if not steps:
        return "the document"
    last = steps[-1]
    return f"item {last + 1} of {steps[-2]}" if isinstance(last, int) else redact(last)


def _of_type(error: ValidationError) -> str:
    allowed_types: Any = error.validator_value
    kinds = join_names(
        [
            _KINDS.get(kind, kind)
            for kind in ([allowed_types] if isinstance(allowed_types, str) else allowed_types)
        ]
    )
    if error.instance is None:
        return f"{_describe_place(error)} is empty: write {kinds}, or remove it"
    return f"{_describe_place(error)} is not {kinds}: write {kinds}"


def _of_enum(error: ValidationError) -> str:
    allowed: Any = error.validator_value
    choices = join_names([str(choice) for choice in allowed])
    if not isinstance(error.instance, str):
        return f"{_describe_place(error)} is empty or no text: use {choices}"
    return f"{_describe_place(error)} is {redact(error.instance)}: use {choices}"


def _of_bound(error: ValidationError) -> str:
    bound = "at least" if error.validator == "minimum" else "at most"
    return f"{_describe_place(error)} is {error.instance}: it must be {bound} {error.validator_value}"


_SENTENCES: Mapping[str, Callable[[ValidationError], str]] = {
    "type": _of_type,
    "enum": _of_enum,
    "const": lambda error: f"{_describe_place(error)} must be {error.validator_value}: write that",
    "minimum": _of_bound,
    "maximum": _of_bound,
    "pattern": lambda error: (
        f"{_describe_place(error)} is not written as {error.validator_value} asks: correct it"
    ),
    "format": lambda error: f"{_describe_place(error)} is no {error.validator_value}: correct it",
    "minItems": lambda error: (
        f"{_describe_place(error)} has too few items: write at least {error.validator_value}"
    ),
    "maxItems": lambda error: (
        f"{_describe_place(error)} has too many items: write at most {error.validator_value}"
    ),
    "not": lambda error: f"{_describe_place(error)} is not allowed here: remove it",
    "anyOf": lambda error: (
        f"{_describe_place(error)} is none of the forms that the schema allows: correct it"
    ),
    "oneOf": lambda error: (
        f"{_describe_place(error)} is not exactly one of the forms that the schema allows: correct it"
    ),
    "uniqueItems": lambda error: f"{_describe_place(error)} has an item twice: remove one",
}
