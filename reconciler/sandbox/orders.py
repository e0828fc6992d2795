"""What the control API is sent, read into faults, conduct and acts."""

from collections.abc import Callable
from types import UnionType
from typing import Any, TypeVar

import orjson

from reconciler.sandbox.agent import Act, Deed
from reconciler.sandbox.conduct import Conduct
from reconciler.sandbox.entry import NOW, Entry
from reconciler.sandbox.faults import Action, Fault, Kind

# What each field of a fault may be.
_TYPES: dict[str, type | UnionType] = {
    "action": str,
    "on": str | None,
    "times": int | None,
    "skip": int,
    "stored": bool,
    "status": int,
    "retryAfter": str | int | None,
    "by": int,
    "location": str,
    "body": str,
    "contentType": str,
    "delay": int | float,
    "acts": list,
}
_RENAMED = frozenset({"retryAfter", "contentType"})
# What a whole answer can have: those below 200 are followed by another.
_LEAST_STATUS, _MOST_STATUS = 200, 599

_T = TypeVar("_T")


class Unreadable(Exception):
    """What was sent to the control API cannot be read."""


def faults(body: bytes) -> list[Fault]:
    """Read one fault, or an array of them. Raises Unreadable."""
    return _each(body, _fault)


def acts(body: bytes) -> list[Act]:
    """Read one act, or an array of them. Raises Unreadable."""
    return _each(body, _act)


def conduct(body: bytes) -> Conduct:
    """Read a whole conduct; what is not named is as it should be. Raises Unreadable."""
    match _json(body):
        case {**content} if content.keys() <= {"refused", "ignored", "deletes", "mostItems"}:
            pass
        case _:
            raise Unreadable("conduct is an object of refused, ignored, deletes, mostItems")
    match content.get("refused", {}), content.get("ignored", []), content.get("deletes", True):
        case {**refused}, [*ignored], bool(deletes):
            pass
        case _:
            raise Unreadable("refused is an object of codes, ignored an array, deletes true or false")
    most = content.get("mostItems")
    if most is not None and (not isinstance(most, int) or isinstance(most, bool)):
        raise Unreadable("mostItems is a number")
    return Conduct({str(k): str(v) for k, v in refused.items()}, {str(i) for i in ignored}, deletes, most)


def _each(body: bytes, read: Callable[[Any], _T]) -> list[_T]:
    content = _json(body)
    return [read(item) for item in (content if isinstance(content, list) else [content])]


def _json(body: bytes) -> Any:  # noqa: ANN401  (any JSON)
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Unreadable("the body is not JSON") from error


def _fault(item: Any) -> Fault:  # noqa: ANN401  (any JSON)
    if not isinstance(item, dict) or not item.keys() <= _TYPES.keys():
        raise Unreadable(f"a fault is an object of {', '.join(_TYPES)}")
    for name, value in item.items():
        # True is an int, and nobody means it as one.
        if not isinstance(value, _TYPES[name]) or (isinstance(value, bool) and name != "stored"):
            raise Unreadable(f"{name} is of the wrong type")
    if not _LEAST_STATUS <= item.get("status", _LEAST_STATUS) <= _MOST_STATUS:
        raise Unreadable(f"status is {_LEAST_STATUS} to {_MOST_STATUS}")
    fields = {name: value for name, value in item.items() if name not in _RENAMED}
    try:
        fields["action"] = Action(item.get("action", ""))
        fields["on"] = None if item.get("on") is None else Kind(item["on"])
    except ValueError as error:
        raise Unreadable(str(error)) from error
    after = item.get("retryAfter")
    fields["retry_after"] = None if after is None else str(after)
    if "contentType" in item:
        fields["content_type"] = item["contentType"]
    fields["acts"] = tuple(_act(act) for act in item.get("acts", []))
    return Fault(**fields)


def _act(item: Any) -> Act:  # noqa: ANN401  (any JSON)
    try:
        deed = Deed(item["act"])
        entry = Entry(
            phone=str(item["phone"]),
            list_id=str(item["listId"]),
            reason_code=str(item.get("reasonCode", "CUSTOMER_REQUESTED")),
            expiration_policy=str(item.get("expirationPolicy", "NEVER")),
            source=str(item.get("source", "agent")),
            modified=item.get("lastModifiedTime", NOW),
        )
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise Unreadable("an act is an object with act (add, remove, modify), listId and phone") from error
    if not isinstance(entry.modified, str | None):
        raise Unreadable("lastModifiedTime is text or null")
    return Act(deed, entry)
