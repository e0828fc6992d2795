"""Dialect `dnc-groups`: how its answers wrap what they say. Pure."""

from collections.abc import Mapping
from typing import Any

import orjson

from reconciler.cxone.wire import Response
from reconciler.cxone.words import plain, reason

_STATUS_HEADER = "icStatusDescription"  # public code: some errors say why only there


class Malformed(Exception):
    """What is wrong with an answer."""


def content(body: bytes) -> dict[str, Any]:
    """Give what an answer holds, with or without the `resultSet` around it. Raises Malformed.

    An empty body is an answer without data, as 204 is.
    """
    if not body.strip():
        return {}
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise Malformed("the answer is no JSON") from None
    if not isinstance(found, dict):
        raise Malformed("the answer is no JSON object")
    inner = found.get("resultSet", found)
    if inner is None:
        return {}
    if not isinstance(inner, dict):
        raise Malformed("the answer's `resultSet` is no JSON object")
    return inner


def objects(found: Mapping[str, Any], *names: str) -> list[dict[str, Any]]:
    """Give the array of objects under one of these names, none in an empty answer. Raises Malformed."""
    for name in names:
        if name in found:
            value = found[name] if found[name] is not None else []
            if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
                raise Malformed(f"the answer's `{name}` is no list of objects")
            return value
    if found and found.get("totalRecords") != 0:
        raise Malformed(f"the answer has no `{'` and no `'.join(names)}`")
    return []


def text(value: object) -> str:
    """Read an id or a number that may be text or an integer; anything else is empty."""
    if isinstance(value, str):
        return value.strip()
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""


def count(value: object) -> int | None:
    """Read a count that may be text; None where it is none."""
    digits = text(value)
    return int(digits) if digits.isascii() and digits.isdigit() else None


def truth(value: object) -> bool | None:
    """Read true or false, also as text; None where it is neither."""
    if isinstance(value, bool):
        return value
    return {"true": True, "false": False}.get(text(value).lower())


def said(response: Response) -> str:
    """Say why a server refused: in its body, or only in its header."""
    header = plain(response.headers.get(_STATUS_HEADER) or "")
    words = reason(response.body)
    # A body of JSON without any reason in it is given back as it is, and says less than the header.
    return header if header and (not words or words.startswith(("{", "["))) else words
