"""A page for each schema: every key, what it takes, and what it means."""

import json
from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any

from script.referencing.markdown import GENERATED, cell, table

Schema = Mapping[str, Any]

_WORDS = {"string": "text", "array": "list", "object": "mapping", "boolean": "true or false"}


def schema_page(root: Schema, title: str, file: str, guide: str) -> str:
    """Write the keys of a schema, mapping by mapping."""
    parts = [
        f"# {title}",
        GENERATED,
        str(root["description"]),
        f"Read off [{file}](../../schema/{file}). In words, with the reasons: [guide]({guide}).",
    ]
    waiting = deque([("", root)])
    seen: set[int] = set()
    while waiting:
        place, node = waiting.popleft()
        if place:
            parts += [f"## `{place}`", str(node.get("description", ""))]
        required = set(node.get("required", ()))
        rows = []
        for key, said in node["properties"].items():
            value = _resolved(said, root)
            rows.append(
                (
                    f"`{key}`",
                    cell(_taken(value, root)),
                    "needed" if key in required else cell(_default(value)),
                    cell(value.get("description")),
                )
            )
            for inner, below in _below(value, root):
                if id(below["properties"]) not in seen:
                    seen.add(id(below["properties"]))
                    waiting.append((f"{place}.{key}{inner}".lstrip("."), below))
        parts.append(table(("key", "takes", "default", "means"), rows))
    return "\n\n".join(part for part in parts if part) + "\n"


def _resolved(node: Schema, root: Schema) -> Schema:
    """Follow references; what stands beside one counts before what it leads to."""
    while "$ref" in node:
        target = root["$defs"][node["$ref"].rpartition("/")[2]]
        node = {**target, **{key: value for key, value in node.items() if key != "$ref"}}
    return node


def _below(node: Schema, root: Schema) -> Iterator[tuple[str, Schema]]:
    """Give the mappings with keys of their own that stand right below a value."""
    if "properties" in node:
        yield "", node
    if "items" in node and "properties" in (items := _resolved(node["items"], root)):
        yield "[]", items
    for named in node.get("patternProperties", {}).values():
        if "properties" in (value := _resolved(named, root)):
            yield ".NAME", value


def _taken(node: Schema, root: Schema) -> str:
    """Say what a key takes."""
    if "enum" in node:
        return ", ".join(f"`{_said(value)}`" for value in node["enum"])
    if node.get("format") == "date":
        return "date, YYYY-MM-DD"
    either = node.get("anyOf") or node.get("oneOf")
    if "type" not in node and either:
        return " or ".join(dict.fromkeys(_taken(_resolved(one, root), root) for one in either))
    kinds = [node["type"]] if isinstance(node.get("type"), str) else list(node.get("type", ()))
    if "items" in node:
        return f"list of {_taken(_resolved(node['items'], root), root)}"
    if "string" in kinds:  # a number, too, is read as it is written
        kinds = [kind for kind in kinds if kind not in {"integer", "number"}]
    words = " or ".join(_WORDS.get(kind, kind) for kind in kinds)
    examples = ", ".join(f"`{_said(one)}`" for one in node.get("examples", ()))
    return f"{words}{_range(node)}" + (f" such as {examples}" if examples else "")


def _range(node: Schema) -> str:
    low, high = node.get("minimum"), node.get("maximum")
    if low is None and high is None:
        return ""
    return f", {low} to {high:,}" if high is not None else f", {low} or more"


def _default(node: Schema) -> str:
    return f"`{_said(node['default'])}`" if "default" in node else ""


def _said(value: object) -> str:
    """Write a value as it may stand in a file: text bare, everything else as JSON, which is YAML, too."""
    return value if isinstance(value, str) else json.dumps(value)
