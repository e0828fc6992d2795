"""What differs between two nested values, such as two rules or two configurations, key by key."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

MISSING = "\N{EN DASH}missing"
_LONG_LIST = 200  # items: a longer list is compared as a whole


class _Item(str):
    """An item of a list whose order says nothing: it is there or it is not."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class NestedChange:
    """One key whose value differs: its path, and the values on both sides; MISSING where it has none.

    An item that a list gained or lost has the list's path.
    """

    path: tuple[str | int, ...]
    before: object
    after: object

    @property
    def key(self) -> str:
        """The path as text: `safety.maxRemovals`, `then.anyOf[0].const`."""
        return "".join(map(_step, self.path)).removeprefix(".")


def nested_changes(before: object, after: object) -> tuple[NestedChange, ...]:
    """Compare two values as JSON has them; what is equal costs nothing but a look. Sorted by path."""
    left, right = _differing_parts(before, after)
    if left == right and _is_equal(left, right):
        return ()
    # It takes half a second to import, so only what shows a difference imports it.
    from deepdiff import DeepDiff  # noqa: PLC0415  (see above)

    difference = DeepDiff(left, right, view="tree", threshold_to_diff_deeper=0)
    kinds = (
        *("values_changed", "type_changes", "dictionary_item_added", "dictionary_item_removed"),
        *("iterable_item_added", "iterable_item_removed"),
    )
    changes = [
        NestedChange(
            tuple(step for step in item.path(output_format="list") if not isinstance(step, _Item)),
            MISSING if kind.endswith("_added") else _as_written(item.t1),
            MISSING if kind.endswith("_removed") else _as_written(item.t2),
        )
        for kind in kinds
        for item in difference.get(kind, ())
    ]
    return tuple(sorted(changes, key=lambda change: (change.key, repr(change.before), repr(change.after))))


def _differing_parts(before: Any, after: Any) -> tuple[Any, Any]:  # noqa: ANN401  (values as JSON has them)
    """Leave out what both have, so that only the rest is compared in depth."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        left, right = dict(before), dict(after)
        for key in before.keys() & after.keys():
            if _is_equal(before[key], after[key]):
                del left[key], right[key]
            else:
                left[key], right[key] = _differing_parts(before[key], after[key])
        return left, right
    if isinstance(before, list) and isinstance(after, list):
        if max(len(before), len(after)) > _LONG_LIST:
            return f"{len(before)} items", f"{len(after)} other items"
        items, other_items = _items(before), _items(after)
        if items is not None and other_items is not None and items.keys() != other_items.keys():
            return items, other_items
    return before, after


def _items(values: list[Any]) -> dict[_Item, object] | None:
    """Give the items of a list of texts and numbers that has each once."""
    if any(isinstance(value, dict | list) for value in values):
        return None
    items = {_Item(json.dumps(value)): value for value in values}
    return items if len(items) == len(values) else None


def _as_written(value: object) -> object:
    """Give a list as it was."""
    is_items = isinstance(value, dict) and any(isinstance(key, _Item) for key in value)
    return list(value.values()) if is_items and isinstance(value, dict) else value


def _is_equal(left: object, right: object) -> bool:
    """Compare as JSON does: true is not 1."""
    return json.dumps(left, sort_keys=True) == json.dumps(right, sort_keys=True)


def _step(step: str | int) -> str:
    if isinstance(step, int):
        return f"[{step}]"
    is_plain = step.replace("-", "").replace("_", "").replace("$", "").isalnum()
    return f".{step}" if is_plain else f"[{json.dumps(step, ensure_ascii=False)}]"
