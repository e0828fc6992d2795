"""How large a JSON Schema is once its references are followed: few lines can stand for millions of parts."""

from collections.abc import Mapping
from typing import Any

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
        referred = self._referred(reference) if isinstance(reference, str) else 0
        return 1 + referred + sum(self.size(value) for key, value in node.items() if key != "$defs")

    def _referred(self, reference: str) -> int:
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
