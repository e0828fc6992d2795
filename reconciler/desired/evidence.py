"""What the entries of one file refer to as their evidence, and for which numbers."""

from collections.abc import Mapping

from reconciler.desired.documents import read_document
from reconciler.desired.nodes import ListNode, MapNode
from reconciler.desired.phones import listed_in
from reconciler.model.phone import is_e164

Cited = tuple[str, str]
"""A reference, and the list of the entries that name it."""


def evidence_in(path: str, data: bytes) -> Mapping[Cited, frozenset[str]]:
    """Give the numbers of each reference; none of a file that cannot be read."""
    root = read_document(path, data).root
    if not isinstance(root, MapNode) or not isinstance(list_id := root.values.get("listId"), str):
        return {}
    entries, defaults = root.values.get("entries"), root.values.get("defaults")
    otherwise = defaults.values.get("evidence") if isinstance(defaults, MapNode) else None
    found: dict[Cited, set[str]] = {}
    for node in entries.items if isinstance(entries, ListNode) else ():
        said = node.values.get("evidence", otherwise) if isinstance(node, MapNode) else None
        if isinstance(node, MapNode) and isinstance(said, str):
            texts = [text for listed in listed_in(node, "") for text in listed.texts]
            numbers = {text for text in texts if isinstance(text, str) and is_e164(text)}
            found.setdefault((said, list_id), set()).update(numbers)
    return {cited: frozenset(numbers) for cited, numbers in found.items()}
